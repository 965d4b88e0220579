//! How our SQLite connections treat statements: each is planned once, and kept.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// Statements that a connection keeps planned: more than any of them has.
const STATEMENTS_KEPT: usize = 128;

/// Keeps statements planned, whatever their parameters' values are.
///
/// Without this guarantee SQLite takes a bound `LIMIT ?` into account, and plans the statement anew at each run. Source: "The SQLite Query
/// Planner Stability Guarantee", sqlite.org.
pub(super) fn keep_planned(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_with_a_limit_is_planned_once() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE a (b INTEGER); INSERT INTO a VALUES (1), (2), (3);").unwrap();
        assert_eq!(planned_again(&db), 2, "what is guarded against");
        keep_planned(&db).unwrap();
        assert_eq!(planned_again(&db), 0);
    }

    /// How often a statement that is run twice is planned besides the first time.
    fn planned_again(db: &Connection) -> i32 {
        let mut statement = db.prepare("SELECT b FROM a LIMIT ?1").unwrap();
        for limit in [1, 2] {
            let rows: Vec<i64> = statement.query_map([limit], |row| row.get(0)).unwrap().flatten().collect();
            assert_eq!(rows.len(), usize::try_from(limit).unwrap());
        }
        statement.get_status(StatementStatus::RePrepare)
    }
}
