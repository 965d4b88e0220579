use super::*;

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    for (body, place) in [
        (&b""[..], "line 1 column 0"),
        (b"{", "line 1 column 1"),
        (b"{\n  \"a\": NaN}", "line 2 column 8"),
        (b"{\"a\": Infinity}", "line 1 column 7"),
        (b"{\"a\": -Infinity}", "line 1 column 8"),
        (b"{\"a\": 01}", "line 1 column 8"),
        (b"{\"a\": 1,}", "line 1 column 9"),
        (b"{} {}", "line 1 column 4"),
        (b"{'a': 1}", "line 1 column 2"),
        (b"{\"a\": \"\n\"}", "line 1 column 7"),
        (b"{\"a\": \"\\x\"}", "line 1 column 9"),
        (b"\xef\xbb\xbf{}", "line 1 column 1"),
        (b"{\"a\": \"\xff\"}", "line 1 column"),
        (b"// a comment\n{}", "line 1 column 1"),
    ] {
        let problem = whole(body).unwrap_err();
        assert_eq!(problem.code, Code::MalformedJson, "{body:?}");
        assert!(problem.detail.contains(place), "{body:?}: {}", problem.detail);
    }
}

#[test]
fn a_body_nested_too_deeply_is_malformed_and_brackets_in_text_do_not_nest() {
    let nested = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
    assert_eq!(whole(nested(DEPTH_MAX).as_bytes()), Ok(()));
    assert_eq!(whole(nested(DEPTH_MAX + 1).as_bytes()).unwrap_err().code, Code::MalformedJson);
    assert_eq!(whole(nested(100_000).as_bytes()).unwrap_err().code, Code::MalformedJson);
    assert_eq!(whole(format!("\"\\\"{}\"", "[".repeat(DEPTH_MAX + 1)).as_bytes()), Ok(()));
}

#[test]
fn a_body_is_at_most_a_mebibyte() {
    let text = |length: usize| format!("\"{}\"", "a".repeat(length - 2));
    assert_eq!(whole(text(BODY_BYTES_MAX).as_bytes()), Ok(()));
    assert_eq!(whole(text(BODY_BYTES_MAX + 1).as_bytes()).unwrap_err().code, Code::BodyTooLarge);
}

#[test]
fn a_field_given_twice_is_refused_even_when_it_is_written_differently() {
    let pointers = refused(r#"{"a": 1, "\u0061": 2, "a/b~": 1, "a/b~": 1}"#);
    assert_eq!(
        pointers,
        [("/a", "is given twice"), ("/a~1b~0", "is given twice"), ("/a", UNKNOWN), ("/a~1b~0", UNKNOWN)]
            .map(|(pointer, reason)| (pointer.to_owned(), reason.to_owned()))
    );
}

#[test]
fn a_whole_number_is_one_in_any_notation() {
    for (text, expected) in
        [("5", Some(5)), ("5.0", Some(5)), ("5e0", Some(5)), ("0.5e1", Some(5)), ("50E-1", Some(5))]
    {
        assert_eq!(number(text), expected, "{text}");
    }
    for text in [
        "0",
        "-0",
        "-5",
        "10",
        "5.5",
        "1e400",
        "1e-400",
        "5e-1",
        "99999999999999999999999",
        "\"5\"",
        "true",
        "null",
        "[5]",
    ] {
        assert_eq!(number(text), None, "{text}");
    }
    assert_eq!(number(&format!("5.{}", "0".repeat(1_000))), Some(5));
    assert_eq!(number(&format!("1.{}1e0", "0".repeat(40))), None, "not rounded");
}

#[test]
fn half_a_surrogate_pair_is_no_text() {
    let refused = string(br#""\ud800""#).unwrap_err();
    assert_eq!(refused.details[0].reason, "must hold whole Unicode characters");
    assert_eq!(string(br#""\ud83d\ude00""#).unwrap(), "😀");
}

#[test]
fn each_kind_of_value_is_named_when_it_is_the_wrong_one() {
    for (text, kind) in [
        ("{}", "an object"),
        ("[]", "an array"),
        ("1", "a number"),
        ("true", "true or false"),
        ("null", "null"),
    ] {
        let refused = string(text.as_bytes()).unwrap_err();
        assert_eq!(refused.details[0].reason, format!("must be a string, not {kind}"));
    }
}

const UNKNOWN: &str = "is not a field of the contract";

fn whole(body: &[u8]) -> Result<(), Problem> {
    read(body, |_, _| Some(()))
}

fn string(text: &[u8]) -> Result<String, Problem> {
    read(text, |value, problems| value.string(problems))
}

fn number(text: &str) -> Option<u32> {
    read(text.as_bytes(), |value, problems| value.whole_number(1..=9, problems)).ok()
}

/// All fields of an object are unknown here.
fn refused(text: &str) -> Vec<(String, String)> {
    let end = |value: &Value<'_>, problems: &mut Problems| {
        value.object(problems)?.end(problems);
        Some(())
    };
    let details = read(text.as_bytes(), end).unwrap_err().details;
    details.into_iter().map(|detail| (detail.pointer, detail.reason)).collect()
}

#[test]
fn a_body_of_nothing_but_fields_is_refused_at_once() {
    let fields: Vec<_> = (0..100_000).map(|number| format!("\"{number}\":1")).collect();
    assert_eq!(refused(&format!("{{{}}}", fields.join(","))).len(), crate::problem::DETAILS_MAX);
}
