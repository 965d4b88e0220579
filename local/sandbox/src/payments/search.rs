//! The search query language, as far as it is about metadata: `metadata['order']:'7' AND metadata['tenant']:'acme'`.
//!
//! Source: "Search", Stripe documentation.

use super::error::Refusal;

/// The metadata that a query asks for.
pub(super) fn parse(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    let clauses: Option<Vec<_>> = query.split(" AND ").map(|it| clause(it.trim())).collect();
    clauses.ok_or_else(|| {
        let words = "The sandbox searches by metadata['name']:'value', several joined by AND.";
        Refusal::invalid("query", None, words)
    })
}

fn clause(text: &str) -> Option<(String, String)> {
    let (name, value) = text.strip_prefix("metadata[")?.split_once("]:")?;
    Some((quoted(name)?, quoted(value)?))
}

/// A text in single or double quotes, in which a backslash takes the next character as it is.
fn quoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|it| ['\'', '"'].contains(it))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut out = String::new();
    let mut escaped = false;
    for letter in inner.chars() {
        match letter {
            '\\' if !escaped => escaped = true,
            it if it == quote && !escaped => return None,
            it => {
                out.push(it);
                escaped = false;
            }
        }
    }
    (!escaped).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_found_by_name_and_value_in_either_quotes() {
        let parsed = parse(r#"metadata['order']:'a\'b' AND metadata["tenant"]:"acme""#).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(parsed, [pair("order", "a'b"), pair("tenant", "acme")]);
    }

    #[test]
    fn anything_else_is_refused() {
        for query in ["", "status:'succeeded'", "metadata['a']", "metadata['a']:'b", "metadata['a']:'b'c'"] {
            assert!(parse(query).is_err(), "{query}");
        }
    }
}
