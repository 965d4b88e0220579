//! The second opinion: what runs against ministack, and what holds our own services against AWS's documentation.
//!
//! ministack is started and stopped by `tests/conformance/ministack.py`, around the command that needs it.

use std::fs;
use std::path::Path;

use crate::command::{Command, cargo, everywhere};
use crate::python::Environment;

const MINISTACK: &str = "tests/conformance/ministack.py";
const CASES: &str = "tests/conformance";
/// The tests that hold wherever the state is kept. What counts calls or reads streams is the laptop's alone.
const ANYWHERE: [&str; 6] = [
    "adapters::",
    "bad_input::",
    "catalogue::",
    "lists::",
    "orders::",
    "samples::every_sample_gets_its_reply",
];
/// Of those, what counts calls all the same.
const COUNTING: &str = "orders::a_history_longer_than_a_page_of_a_query_is_read_whole";
/// The test that runs the cases with boto3 over the platform; ignored, as it needs boto3.
const BOTO3: &str = "conformance::boto3::boto3_finds_what_aws_documents";
/// The variable that tells it which Python has boto3.
const PYTHON: &str = "PENSTOCK_PYTHON";

/// The suite's tests that hold anywhere, over ministack.
pub(crate) fn suite(tools: &Environment) -> Vec<Command> {
    vec![over_ministack(tools, suite_tests()).and_all(&ANYWHERE).and_all(&["--skip", COUNTING])]
}

/// The cases, over the platform and over ministack.
pub(crate) fn conformance(tools: &Environment) -> Vec<Command> {
    let ours = suite_tests().and_all(&["--ignored", "--exact", BOTO3]).with(PYTHON, tools.program("python"));
    let cases = tools
        .tool("python", &["-m", "pytest", "-q", "-p", "no:cacheprovider", "--against", "ministack", CASES]);
    vec![ours, over_ministack(tools, cases)]
}

/// The functions as they are deployed, each built with its own features only, and the deployment.
///
/// # Errors
/// When the functions' folders cannot be read.
pub(crate) fn rehearsal(tools: &Environment, root: &Path) -> Result<Vec<Command>, String> {
    let build = functions(root)?.iter().fold(cargo(&["build", "--quiet", "--bins"]), |build, function| {
        build.and("-p").and(format!("penstock-{function}"))
    });
    Ok(vec![build, tools.tool("python", &["tests/conformance/rehearsal", "target/debug"])])
}

fn suite_tests() -> Command {
    everywhere(&["test", "--quiet"]).and_all(&["--test", "suite", "--"])
}

fn over_ministack(tools: &Environment, command: Command) -> Command {
    tools.tool("python", &[MINISTACK]).and_command(command)
}

fn functions(root: &Path) -> Result<Vec<String>, String> {
    let unreadable = |error: std::io::Error| format!("functions/: {error}");
    let entries = fs::read_dir(root.join("functions")).map_err(unreadable)?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check, permissions};

    #[test]
    fn every_filter_names_tests_that_there_are() {
        // A filter that matches nothing succeeds, and says nothing.
        for filter in ANYWHERE.iter().chain([&COUNTING, &BOTO3, &permissions::TEST]) {
            assert_eq!(missing(filter), None, "{filter}");
        }
    }

    #[test]
    fn a_filter_of_no_test_is_found() {
        assert!(missing("nowhere::").is_some());
        assert!(missing("orders::nobody_tests_this").is_some());
        assert!(missing("conformance::boto3_finds_what_aws_documents").is_some(), "its module is left out");
        assert!(missing("permissions::every_permission_is_used").is_some(), "half a name");
    }

    #[test]
    fn every_function_is_built_for_the_rehearsal() {
        let names = functions(&check::root()).unwrap();
        assert!(names.contains(&"create-order".to_owned()), "{names:?}");
    }

    /// What a filter of the form `module::` or `module::test` names that is not there.
    fn missing(filter: &str) -> Option<String> {
        let (module, test) = filter.rsplit_once("::").expect("a filter names a module");
        let file = check::root().join(format!("tests/suite/{}.rs", module.replace("::", "/")));
        let Ok(text) = fs::read_to_string(&file) else { return Some(file.display().to_string()) };
        let named = if test.is_empty() { "async fn ".to_owned() } else { format!("fn {test}(") };
        (!text.contains(&named)).then_some(named)
    }
}
