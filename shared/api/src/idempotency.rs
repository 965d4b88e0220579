//! The `Idempotency-Key` header, and the digest that tells a repetition from another request.

use penstock_domain::IdempotencyKey;
use sfv::{BareItem, Item, Parser};
use sha2::{Digest, Sha256};

use crate::body;
use crate::path::uuid;
use crate::problem::{Code, Detail, Problem};

const POINTER: &str = "header/idempotency-key";

/// Reads the key: a UUID, bare or as a quoted structured-field string (RFC 9651). Parameters mean nothing here and
/// are refused, so that nobody believes they do.
///
/// # Errors
/// `idempotency-key-missing` or `idempotency-key-malformed`.
pub fn parse_key(header: Option<&str>) -> Result<IdempotencyKey, Problem> {
    let Some(value) = header.map(str::trim).filter(|value| !value.is_empty()) else {
        let sentence = "Send a new UUID as Idempotency-Key with each new request, and the same one with its repetitions.";
        return Err(refused(Code::IdempotencyKeyMissing, sentence, "is missing"));
    };
    uuid(value).or_else(|| uuid(&quoted(value)?)).map(IdempotencyKey::from).ok_or_else(|| {
        let sentence = "The Idempotency-Key is not a UUID, bare or in double quotes.";
        refused(Code::IdempotencyKeyMalformed, sentence, crate::path::UUID_MUST)
    })
}

fn refused(code: Code, sentence: &str, reason: &str) -> Problem {
    Problem::new(code, sentence).with_details(vec![Detail::new(POINTER, reason)])
}

fn quoted(value: &str) -> Option<String> {
    let Item { bare_item, params } = Parser::new(value).parse().ok()?;
    match bare_item {
        BareItem::String(text) if params.is_empty() => Some(text.into()),
        _ => None,
    }
}

/// The digest of a request: SHA-256, in hexadecimal digits, of the action and the body's canonical JSON (RFC 8785).
/// Key order, white space and the notation of numbers do not matter; an empty body is an empty object.
///
/// # Errors
/// `body-too-large` or `malformed-json`. What else is wrong with a body is for its parser to say, before or after.
pub fn digest(action: &str, body: &[u8]) -> Result<String, Problem> {
    let text = body::well_formed(body::or_empty_object(body))?;
    // Numbers beyond a double and half surrogate pairs have no canonical form. No parser takes them; until it says
    // so, the body's own text stands for it.
    let canonical = canonical(text).unwrap_or_else(|| text.to_owned());
    let digest = Sha256::new().chain_update(action).chain_update("\n").chain_update(canonical).finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn canonical(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    serde_json_canonicalizer::to_string(&value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "3f2b8c1e-7a55-4c0d-9d2f-6a1e5b7c9d10";

    #[test]
    fn a_key_is_the_same_bare_or_quoted() {
        let key: IdempotencyKey = KEY.parse().unwrap();
        for header in [KEY.to_owned(), format!("\"{KEY}\""), format!("  {} ", KEY.to_uppercase())] {
            assert_eq!(parse_key(Some(&header)), Ok(key), "{header}");
        }
    }

    #[test]
    fn a_missing_key_and_a_malformed_one_are_two_problems() {
        for header in [None, Some(""), Some("  ")] {
            assert_eq!(parse_key(header).unwrap_err().code, Code::IdempotencyKeyMissing);
        }
        let others = [
            "1",
            "\"\"",
            &KEY.replace('-', ""),
            &format!("{KEY},{KEY}"),
            &format!("\"{KEY}\";a=1"),
            "?1",
            "\"é\"",
        ];
        for header in others {
            assert_eq!(parse_key(Some(header)).unwrap_err().code, Code::IdempotencyKeyMalformed, "{header}");
        }
    }

    #[test]
    fn notation_does_not_change_a_digest() {
        let digest = |body: &str| digest("createOrder", body.as_bytes()).unwrap();
        assert_eq!(digest(r#"{"a":12.5,"b":"é"}"#), digest("{ \"b\" : \"\\u00e9\",\n\"a\":1.250e1}"));
        assert_ne!(digest(r#"{"a":12.5}"#), digest(r#"{"a":12.51}"#));
        assert_eq!(digest(""), digest("{}"));
    }

    #[test]
    fn what_only_a_parser_can_refuse_has_a_digest_and_what_is_no_json_has_none() {
        for body in [r#"{"a":1e400}"#, r#"{"a":"\ud800"}"#] {
            assert!(digest("createOrder", body.as_bytes()).is_ok(), "{body}");
        }
        let large = vec![b' '; body::BODY_BYTES_MAX + 1];
        let deep = "[".repeat(100_000);
        for (body, code) in [
            (b"{\"a\":NaN}".as_slice(), Code::MalformedJson),
            (&[&large, b"{}".as_slice()].concat(), Code::BodyTooLarge),
            (deep.as_bytes(), Code::MalformedJson),
        ] {
            assert_eq!(digest("createOrder", body).unwrap_err().code, code);
        }
    }

    #[test]
    fn the_same_body_for_another_action_is_another_request() {
        assert_ne!(digest("placeOrder", b"{}"), digest("cancelOrder", b"{}"));
    }

    #[test]
    fn a_digest_stays_what_it_was_because_it_is_stored() {
        // printf 'createOrder\n{"a":1}' | sha256sum
        assert_eq!(
            digest("createOrder", b"{\"a\": 1.0}").unwrap(),
            "6af4a4d60b1c61ac16229ecd1a9f2f4e89ff2c124c0cb960aeb99feeb13bd8e8"
        );
    }
}
