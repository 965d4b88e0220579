//! What of the permissions was used, appended to a file when a variable names one: so that a whole test run can say what no
//! test ever needed.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use crate::template::{Scope, Statement};

/// The variable that names the file. Each line of it is a grant that was used: function, action and resource, as the
/// policy has them, between tabs.
pub const LOG_VARIABLE: &str = "PENSTOCK_PERMISSIONS_LOG";

/// One action pattern on one resource pattern that a function's policies allow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The function.
    pub function: String,
    /// The action, as the policy has it.
    pub action: String,
    /// The resource, as the policy has it.
    pub resource: String,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)
    }
}

/// All grants of a statement that allows.
pub(super) fn grants(function: &str, statement: &Statement) -> Vec<Grant> {
    let grant = |action: &String, resource: &String| Grant {
        function: function.to_owned(),
        action: action.clone(),
        resource: resource.clone(),
    };
    let resources = label(&statement.resources);
    let actions = label(&statement.actions);
    actions.iter().flat_map(|action| resources.iter().map(move |resource| grant(action, resource))).collect()
}

/// How a scope reads in a list: each pattern for itself, or all that it leaves out together.
pub(super) fn label(scope: &Scope) -> Vec<String> {
    match scope {
        Scope::In(patterns) => patterns.clone(),
        Scope::NotIn(patterns) => vec![format!("anything but {}", patterns.join(", "))],
    }
}

/// The grants used so far, if anybody wants to know.
#[derive(Debug, Default)]
pub(super) struct Usage(Option<Mutex<Log>>);

#[derive(Debug)]
struct Log {
    file: File,
    seen: BTreeSet<Grant>,
}

impl Usage {
    /// Appends to the file that [`LOG_VARIABLE`] names, if it is set.
    pub(super) fn from_environment() -> Self {
        let Some(path) = std::env::var_os(LOG_VARIABLE) else { return Self::default() };
        match File::options().create(true).append(true).open(&path) {
            Ok(file) => Self(Some(Mutex::new(Log { file, seen: BTreeSet::new() }))),
            Err(error) => {
                tracing::error!(path = ?path, error = error.to_string(), "used permissions are not logged");
                Self::default()
            }
        }
    }

    pub(super) fn used(&self, grant: Grant) {
        let Some(log) = &self.0 else { return };
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.seen.contains(&grant) {
            return;
        }
        // One write a line: several processes append to the same file.
        let line = format!("{}\t{}\t{}\n", grant.function, grant.action, grant.resource);
        if let Err(error) = log.file.write_all(line.as_bytes()) {
            tracing::error!(error = error.to_string(), "a used permission was not logged");
        }
        log.seen.insert(grant);
    }
}
