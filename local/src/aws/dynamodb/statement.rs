//! A statement in PartiQL, as far as permissions and counts need to know it.

/// What a statement does, and to which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    /// What IAM calls it, e.g. `PartiQLUpdate`.
    pub(crate) action: &'static str,
    /// The table's name.
    pub(crate) table: &'a str,
}

impl<'a> Statement<'a> {
    /// Reads a statement that writes; nothing when it is another.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let text = text.trim_start();
        let (verb, rest) = text.split_once(char::is_whitespace)?;
        let (action, rest) = match verb.to_ascii_uppercase().as_str() {
            "UPDATE" => ("PartiQLUpdate", rest),
            "INSERT" => ("PartiQLInsert", after(rest, "INTO")?),
            "DELETE" => ("PartiQLDelete", after(rest, "FROM")?),
            _ => return None,
        };
        let rest = rest.trim_start();
        let table = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => rest.split_whitespace().next(),
        };
        Some(Self { action, table: table? })
    }
}

/// What comes after a word.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.trim_start().split_once(char::is_whitespace)?;
    first.eq_ignore_ascii_case(word).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_says_what_it_does_and_to_which_table() {
        for (text, action, table) in [
            (r#"UPDATE "a-b" SET x=1 WHERE "pk"='1'"#, "PartiQLUpdate", "a-b"),
            (" insert  into Music VALUE {'a':?}", "PartiQLInsert", "Music"),
            ("DELETE FROM \"a\" WHERE pk=1", "PartiQLDelete", "a"),
        ] {
            assert_eq!(Statement::of(text), Some(Statement { action, table }), "{text}");
        }
        for text in ["SELECT * FROM a", "INSERT a", "UPDATE", ""] {
            assert_eq!(Statement::of(text), None, "{text}");
        }
    }
}
