//! IAM's patterns: `*` stands for any characters, `?` for any one.

/// Whether `text` is one of those `pattern` stands for.
///
/// Linear but for its stars: the last star seen takes one character more whenever what follows it does not fit.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while of < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(wanted) if *wanted == b'?' || *wanted == text[of] => {
                at += 1;
                of += 1;
            }
            _ => match star {
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    at = star_at + 1;
                    of = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|it| *it == b'*')
}

/// The same for actions, whose case does not matter.
pub(super) fn matches_action(pattern: &str, action: &str) -> bool {
    matches(&pattern.to_lowercase(), &action.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_characters_and_a_question_mark_is_one() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "anything"),
            ("s3:Get*", "s3:GetObject"),
            ("a*b*c", "a-b-b-c"),
            ("arn:*:table/t/index/*", "arn:aws:dynamodb:r:1:table/t/index/i"),
            ("secret:key-??????", "secret:key-a1B2c3"),
            ("plain", "plain"),
        ] {
            assert!(matches(pattern, text), "{pattern} is {text}");
        }
        for (pattern, text) in
            [("", "a"), ("s3:Get*", "s3:PutObject"), ("a?c", "ac"), ("a*b", "a-b-c"), ("plain", "plain/more")]
        {
            assert!(!matches(pattern, text), "{pattern} is not {text}");
        }
    }

    #[test]
    fn the_case_of_an_action_does_not_matter() {
        assert!(matches_action("DynamoDB:putitem", "dynamodb:PutItem"));
    }
}
