//! Ids that look like the provider's, follow from a seed, and are never given twice: how many there were is kept.

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

pub(crate) const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS given_ids (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL) STRICT;";

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 24;

/// The next id: the prefix, and 24 letters and digits.
pub(crate) fn next(db: &Connection, seed: u64, prefix: &str) -> rusqlite::Result<String> {
    let sql =
        "INSERT INTO given_ids VALUES (1, 1) ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count";
    let count: i64 = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    let digest = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(count.to_be_bytes()).finalize();
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    Ok(prefix.chars().chain(digest.iter().take(LENGTH).map(letter)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_the_seed_and_are_never_given_twice() {
        let ids = |seed| {
            let db = Connection::open_in_memory().unwrap();
            db.execute_batch(SCHEMA).unwrap();
            [next(&db, seed, "pi_").unwrap(), next(&db, seed, "pi_").unwrap()]
        };
        let [first, second] = ids(1);
        assert!(first.starts_with("pi_") && first.len() == 27, "{first}");
        assert_ne!(first, second);
        assert_eq!(ids(1), [first.clone(), second]);
        assert_ne!(ids(2)[0], first);
    }
}
