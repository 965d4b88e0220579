//! What is allowed, function by function, and what of it a test run used.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Grant, Permissions};

/// A line of the log that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {0} of the log of used permissions is not function, action and resource")]
pub struct UnreadableLog(usize);

/// Permissions against their use.
#[derive(Debug)]
pub struct Report {
    allowed: BTreeMap<String, Vec<Grant>>,
    used: BTreeSet<Grant>,
}

impl Report {
    /// Holds what is allowed against the log of what was used.
    ///
    /// # Errors
    /// When the log is none.
    pub fn new(permissions: &Permissions, log: &str) -> Result<Self, UnreadableLog> {
        let lines = log.lines().enumerate();
        let used =
            lines.map(|(at, line)| read(line).ok_or(UnreadableLog(at + 1))).collect::<Result<_, _>>()?;
        Ok(Self { allowed: permissions.allowed(), used })
    }

    /// What is allowed and was never used, a sentence each.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let all = self.allowed.values().flatten();
        all.filter(|it| !self.used.contains(it))
            .map(|it| format!("{} never uses {it}", it.function))
            .collect()
    }
}

fn read(line: &str) -> Option<Grant> {
    match line.split('\t').collect::<Vec<_>>().as_slice() {
        [function, action, resource] => Some(Grant {
            function: (*function).to_owned(),
            action: (*action).to_owned(),
            resource: (*resource).to_owned(),
        }),
        _ => None,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (function, grants) in &self.allowed {
            writeln!(f, "{function}")?;
            if grants.is_empty() {
                writeln!(f, "  nothing")?;
            }
            for grant in grants {
                let said = if self.used.contains(grant) { "used " } else { "NEVER" };
                writeln!(f, "  {said}  {grant}")?;
            }
        }
        Ok(())
    }
}
