//! The suite, with a log of the permissions that it used, and what is said of that log afterwards.
//!
//! The log is written by the platform that the suite runs and read by a test of the suite's own: here it only has its place.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::command::{Command, everywhere};

/// The variable that tells the suite where the log is.
const VARIABLE: &str = "PENSTOCK_PERMISSIONS_LOG";
/// The test that holds what is allowed against the log; ignored, as it must come after the others.
pub(crate) const TEST: &str = "permissions::every_permission_is_used_by_a_test";

/// Runs the suite, then lists what each function may do and what of it was used.
///
/// # Errors
/// When a test fails, or a permission was never used.
pub fn run(root: &Path) -> Result<(), String> {
    let log = fresh_log(root)?;
    suite().with(VARIABLE, &log).run(root)?;
    check().and("--nocapture").with(VARIABLE, &log).run(root)
}

/// The suite, and then the test of what it used.
///
/// # Errors
/// When the log of the last run cannot be removed.
pub fn commands(root: &Path) -> Result<Vec<Command>, String> {
    let log = fresh_log(root)?;
    Ok(vec![suite().with(VARIABLE, &log), check().with(VARIABLE, &log)])
}

fn suite() -> Command {
    everywhere(&["test"]).and_all(&["--test", "*"])
}

fn check() -> Command {
    everywhere(&["test", "--quiet"]).and_all(&["--test", "suite", "--", "--ignored", "--exact", TEST])
}

/// Where the log is; what is there from before would say that this run used it.
fn fresh_log(root: &Path) -> Result<PathBuf, String> {
    let log = root.join("target/permissions.tsv");
    match fs::remove_file(&log) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(format!("{}: {error}", log.display())),
        _ => Ok(log),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_an_earlier_run_is_gone_before_the_suite_runs() {
        let root = std::env::temp_dir().join(format!("xtask-permissions-{}", std::process::id()));
        fs::create_dir_all(root.join("target")).expect("a folder for temporary files");
        fs::write(root.join("target/permissions.tsv"), "old").expect("it can be written");
        let log = fresh_log(&root).expect("it can be removed");
        assert!(!log.exists());
        assert_eq!(fresh_log(&root), Ok(log));
        fs::remove_dir_all(root).expect("it is ours");
    }
}
