//! Opaque cursors: where a list goes on.
//!
//! A cursor holds a position and belongs to one set of filters. It is not a secret and grants nothing: the tenant
//! comes from the token, never from here. The digest finds cursors that were cut, mixed up or made up by accident.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::problem::{Code, Detail, Problem};

/// The first byte. Another layout gets another number, so that old cursors are refused and not misread.
const VERSION: u8 = 1;
const DIGEST_BYTES: usize = 8;
/// The longest cursor that is read.
pub const LENGTH_MAX: usize = 1_024;

/// The cursor of a list.
pub struct Cursor;

impl Cursor {
    /// A cursor at `position`, for a list with these `filters` (any text that is equal for equal filters).
    pub fn encode(filters: &str, position: &[&str]) -> String {
        let position = serde_json::to_vec(position).expect("strings are JSON");
        let bytes = [&[VERSION], digest(filters, &position).as_slice(), &position].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position of a cursor, which has so many `parts`.
    ///
    /// # Errors
    /// `bad-cursor` when it is none of ours, or of a list with other filters.
    pub fn decode(text: &str, filters: &str, parts: usize) -> Result<Vec<String>, Problem> {
        position(text, filters).filter(|position| position.len() == parts).ok_or_else(bad_cursor)
    }
}

/// The problem of a cursor that is none of a list's.
pub fn bad_cursor() -> Problem {
    let sentence =
        "Use a nextCursor as it was answered, with the same filters; without a cursor the list begins anew.";
    Problem::new(Code::BadCursor, sentence)
        .with_details(vec![Detail::new("query/cursor", "is not a cursor of this list")])
}

fn position(text: &str, filters: &str) -> Option<Vec<String>> {
    let bytes = URL_SAFE_NO_PAD.decode(Some(text).filter(|text| text.len() <= LENGTH_MAX)?).ok()?;
    let (expected, position) = bytes.strip_prefix(&[VERSION])?.split_at_checked(DIGEST_BYTES)?;
    (digest(filters, position) == expected).then(|| serde_json::from_slice(position).ok()).flatten()
}

fn digest(filters: &str, position: &[u8]) -> [u8; DIGEST_BYTES] {
    let digest = Sha256::new().chain_update(filters).chain_update([0]).chain_update(position).finalize();
    *digest.first_chunk().expect("SHA-256 is longer")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POSITION: [&str; 2] = ["2010-12-01T08:26:00.000Z", "3f2b8c1e"];

    #[test]
    fn a_position_comes_back() {
        let cursor = Cursor::encode("status=DRAFT", &POSITION);
        assert_eq!(Cursor::decode(&cursor, "status=DRAFT", 2).unwrap(), POSITION);
    }

    #[test]
    fn a_cursor_of_other_filters_or_another_length_is_refused() {
        let cursor = Cursor::encode("status=DRAFT", &POSITION);
        for (filters, parts) in [("status=PENDING", 2), ("", 2), ("status=DRAFT", 1), ("status=DRAFT", 3)] {
            assert_eq!(Cursor::decode(&cursor, filters, parts).unwrap_err().code, Code::BadCursor);
        }
    }

    #[test]
    fn a_cut_cursor_is_refused_wherever_it_is_cut() {
        let cursor = Cursor::encode("", &POSITION);
        for length in 0..cursor.len() {
            assert!(Cursor::decode(&cursor[..length], "", 2).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn an_invented_cursor_is_refused(text in ".{0,200}") {
            prop_assert!(Cursor::decode(&text, "", 2).is_err());
        }

        #[test]
        fn any_position_comes_back(parts in prop::collection::vec(".{0,40}", 0..4), filters in ".{0,40}") {
            let position: Vec<&str> = parts.iter().map(String::as_str).collect();
            let cursor = Cursor::encode(&filters, &position);
            prop_assert_eq!(Cursor::decode(&cursor, &filters, parts.len()).unwrap(), parts);
        }
    }
}
