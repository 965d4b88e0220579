//! Ids in paths.

use uuid::Uuid;

use crate::problem::{Detail, Problem};

/// Reads the id that stands in a path as the parameter `name`.
///
/// # Errors
/// `validation-failed` at `path/<name>`, when it is not a UUID.
pub fn parse_id<Id: From<Uuid>>(name: &str, text: &str) -> Result<Id, Problem> {
    let problem = || Problem::validation(vec![Detail::new(format!("path/{name}"), UUID_MUST)]);
    uuid(text).map(Id::from).ok_or_else(problem)
}

/// What a UUID must look like, as the end of a sentence.
pub(crate) const UUID_MUST: &str = "must be a UUID such as 3f2b8c1e-7a55-4c0d-9d2f-6a1e5b7c9d10";

/// The length of a UUID in the one notation taken here, that of RFC 9562.
const UUID_LENGTH: usize = 36;

/// Reads a UUID with hyphens; braces, `urn:uuid:` and bare digits are other notations of other systems.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    (text.len() == UUID_LENGTH).then(|| Uuid::try_parse(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock_domain::OrderId;

    #[test]
    fn an_id_that_is_no_uuid_is_refused_where_it_stands() {
        for text in
            ["", "1", "3f2b8c1e7a554c0d9d2f6a1e5b7c9d10", "{3f2b8c1e-7a55-4c0d-9d2f-6a1e5b7c9d10}", "%00"]
        {
            let problem = parse_id::<OrderId>("orderId", text).unwrap_err();
            assert_eq!(problem.details[0].pointer, "path/orderId", "{text}");
        }
        assert!(parse_id::<OrderId>("orderId", "3F2B8C1E-7a55-4c0d-9d2f-6a1e5b7c9d10").is_ok());
    }
}
