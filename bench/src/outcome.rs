//! What a measurement found: a table for people, a line of JSON for machines, and the promises that were broken.

use std::fmt;

use serde_json::{Map, Value};

use crate::machine;

/// Broken promises shown; the first few tell, thousands drown.
const BROKEN_MAX: usize = 10;

/// The result of one measurement.
#[derive(Debug)]
pub(crate) struct Outcome {
    name: &'static str,
    rows: Vec<(String, Value)>,
    broken: Vec<String>,
}

impl Outcome {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, rows: Vec::new(), broken: Vec::new() }.row("machine", machine::describe())
    }

    /// Adds a number or a word to the table.
    pub(crate) fn row(mut self, what: impl Into<String>, value: impl Into<Value>) -> Self {
        self.rows.push((what.into(), value.into()));
        self
    }

    /// Adds what broke the promise; nothing when it was kept.
    pub(crate) fn broken(mut self, broken: impl IntoIterator<Item = String>) -> Self {
        self.broken.extend(broken);
        self
    }

    /// Whether every promise was kept.
    pub(crate) fn kept(&self) -> bool {
        self.broken.is_empty()
    }

    fn json(&self) -> Value {
        let mut json = Map::new();
        json.insert("measurement".to_owned(), self.name.into());
        json.extend(self.rows.iter().cloned());
        json.insert("kept".to_owned(), self.kept().into());
        json.into()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        for (what, value) in &self.rows {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            writeln!(f, "  {what:<44}{value}")?;
        }
        for broken in self.broken.iter().take(BROKEN_MAX) {
            writeln!(f, "  BROKEN: {broken}")?;
        }
        if let more @ 1.. = self.broken.len().saturating_sub(BROKEN_MAX) {
            writeln!(f, "  … and {more} more")?;
        }
        write!(f, "{}", self.json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_promise_shows_in_the_table_and_in_the_json() {
        let outcome = Outcome::new("load").row("orders", 3).broken(["order 2 is gone".to_owned()]);
        assert!(!outcome.kept());
        let text = outcome.to_string();
        assert!(text.contains("BROKEN: order 2 is gone"), "{text}");
        let json: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!((&json["orders"], &json["kept"]), (&3.into(), &false.into()));
    }
}
