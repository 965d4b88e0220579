//! `ETag`, `If-Match` and `If-None-Match` (RFC 9110, section 13): an order's version as an entity tag.

use crate::problem::{Detail, Problem};

/// The entity tag of a version: `"3"`. Strong: the same version is the same bytes.
pub fn etag(version: u32) -> String {
    format!("\"{version}\"")
}

/// What `If-Match` asks for. Compared strongly: a weak tag never matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Condition);

/// What `If-None-Match` asks for. Compared weakly, since only reading is conditional on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfNoneMatch(Condition);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Any,
    OneOf(Vec<Tag>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    weak: bool,
    opaque: String,
}

impl IfMatch {
    /// Reads the header's value.
    ///
    /// # Errors
    /// `validation-failed` at `header/if-match`.
    pub fn parse(value: &str) -> Result<Self, Problem> {
        condition("if-match", value).map(Self)
    }

    /// Whether the order may be changed at `version`.
    pub fn matches(&self, version: u32) -> bool {
        self.0.has(version, |tag| !tag.weak)
    }
}

impl IfNoneMatch {
    /// Reads the header's value.
    ///
    /// # Errors
    /// `validation-failed` at `header/if-none-match`.
    pub fn parse(value: &str) -> Result<Self, Problem> {
        condition("if-none-match", value).map(Self)
    }

    /// Whether the caller has `version` already: answer 304.
    pub fn has(&self, version: u32) -> bool {
        self.0.has(version, |_| true)
    }
}

impl Condition {
    fn has(&self, version: u32, counts: impl Fn(&Tag) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| counts(tag) && tag.opaque == version.to_string()),
        }
    }
}

fn condition(header: &str, value: &str) -> Result<Condition, Problem> {
    let reason = "must be * or a list of entity tags such as \"3\"";
    let problem = || Problem::validation(vec![Detail::new(format!("header/{header}"), reason)]);
    match value.trim_matches([' ', '\t']) {
        "*" => Ok(Condition::Any),
        list => tags(list).map(Condition::OneOf).ok_or_else(problem),
    }
}

/// A list of entity tags: one at least, separated by commas, which may also stand inside a tag.
fn tags(list: &str) -> Option<Vec<Tag>> {
    let mut tags = Vec::new();
    let mut rest = list;
    loop {
        let (tag, after) = tag(rest)?;
        tags.push(tag);
        let after = after.trim_start_matches([' ', '\t']);
        if after.is_empty() {
            return Some(tags);
        }
        rest = after.strip_prefix(',')?.trim_start_matches([' ', '\t']);
    }
}

/// The first entity tag of a text, and what follows it.
fn tag(text: &str) -> Option<(Tag, &str)> {
    let (weak, text) = text.strip_prefix("W/").map_or((false, text), |text| (true, text));
    let (opaque, after) = text.strip_prefix('"')?.split_once('"')?;
    let allowed = opaque.chars().all(|character| character > ' ' && character != '\u{7f}');
    allowed.then(|| (Tag { weak, opaque: opaque.to_owned() }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_matches_its_own_tag() {
        assert!(IfMatch::parse(&etag(3)).unwrap().matches(3));
        assert!(!IfMatch::parse(&etag(3)).unwrap().matches(4));
        assert!(IfMatch::parse("*").unwrap().matches(4));
        assert!(IfMatch::parse(r#" "1" ,"a,b","4" "#).unwrap().matches(4));
    }

    #[test]
    fn a_weak_tag_allows_no_change_but_saves_a_reading() {
        assert!(!IfMatch::parse(r#"W/"3""#).unwrap().matches(3));
        assert!(IfNoneMatch::parse(r#"W/"3""#).unwrap().has(3));
    }

    #[test]
    fn another_notation_of_the_number_is_another_tag() {
        assert!(!IfMatch::parse(r#""03""#).unwrap().matches(3));
    }

    #[test]
    fn what_is_no_entity_tag_is_refused() {
        for value in
            ["", "3", "'3'", r#""3"#, r#""3" "4""#, r#""3","#, r#","3""#, r#"w/"3""#, r#""a b""#, "*, \"3\""]
        {
            let problem = IfMatch::parse(value).unwrap_err();
            assert_eq!(
                (problem.status(), problem.details[0].pointer.as_str()),
                (400, "header/if-match"),
                "{value}"
            );
            assert!(IfNoneMatch::parse(value).is_err(), "{value}");
        }
    }
}
