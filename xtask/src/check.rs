//! The steps of `cargo xtask test`, in the order in which they find mistakes soonest.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::command::{Command, cargo, everywhere};
use crate::opinion;
use crate::permissions;
use crate::process;
use crate::python::{self, Tools};
use crate::report::Report;
use crate::simulation;

/// The environments of `samconfig.toml`.
const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];

/// A part of the whole test that can be run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `rustfmt`.
    Fmt,
    /// `clippy`.
    Lint,
    /// `cargo doc`.
    Docs,
    /// Unit and property tests.
    Unit,
    /// Integration, drift and budget tests.
    Suite,
    /// The end-to-end tests with functions in processes of their own.
    Process,
    /// Order lives on a virtual clock, with faults.
    Simulation,
    /// `cfn-lint` and `sam validate`.
    Template,
    /// The suite's tests over ministack.
    Opinion,
    /// What we embed, against AWS's documentation, with boto3.
    Conformance,
    /// A deployment into ministack.
    Rehearsal,
}

impl Step {
    /// Every step, in the order in which they run.
    pub const ALL: [Self; 11] = [
        Self::Fmt,
        Self::Lint,
        Self::Docs,
        Self::Unit,
        Self::Suite,
        Self::Process,
        Self::Simulation,
        Self::Template,
        Self::Opinion,
        Self::Conformance,
        Self::Rehearsal,
    ];

    /// What the command line calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Lint => "lint",
            Self::Docs => "docs",
            Self::Unit => "unit",
            Self::Suite => "suite",
            Self::Process => "process",
            Self::Simulation => "simulation",
            Self::Template => "template",
            Self::Opinion => "opinion",
            Self::Conformance => "conformance",
            Self::Rehearsal => "rehearsal",
        }
    }

    /// What it is for, in a line.
    #[must_use]
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Fmt => "code is formatted",
            Self::Lint => "clippy has nothing to say",
            Self::Docs => "documentation builds, with every link",
            Self::Unit => "unit and property tests of every package",
            Self::Suite => {
                "integration, drift and budget tests, over the platform in memory; no permission is left unused"
            }
            Self::Process => "the end-to-end tests pass with each function in a process of its own",
            Self::Simulation => {
                "order lives on a virtual clock with faults by a seed: known seeds, then fresh ones for two minutes"
            }
            Self::Template => "template.yaml passes cfn-lint and sam validate, for each environment",
            Self::Opinion => {
                "the adapters' and the end-to-end tests hold over ministack, an emulator nobody here wrote"
            }
            Self::Conformance => {
                "what we embed does what AWS documents, with boto3; ministack's differences are those listed"
            }
            Self::Rehearsal => {
                "template.yaml, deployed into ministack with the functions' binaries, takes an order"
            }
        }
    }

    /// Reads the steps that the command line names; none named means all.
    ///
    /// # Errors
    /// When a name is no step's; it names the steps there are.
    pub fn parse_all(names: &[String]) -> Result<Vec<Self>, String> {
        if names.is_empty() {
            return Ok(Self::ALL.to_vec());
        }
        names.iter().map(|name| Self::parse(name)).collect()
    }

    fn parse(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|step| step.name() == name).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|step| step.name()).collect();
            format!("there is no step `{name}`; there are {}", known.join(", "))
        })
    }

    /// The commands that it runs, one after the other.
    fn commands(self, root: &Path) -> Result<Vec<Command>, String> {
        Ok(match self {
            Self::Fmt => vec![cargo(&["fmt", "--all", "--check"])],
            Self::Lint => {
                vec![cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])]
            }
            Self::Docs => {
                vec![cargo(&["doc", "--workspace", "--no-deps"]).with("RUSTDOCFLAGS", "-D warnings")]
            }
            // Both select the whole workspace, so that one build of the dependencies serves both, and neither links a Lambda:
            // the one binary with tests is named, as `--bins` would link all of them, also those with `test = false`.
            Self::Unit => vec![everywhere(&["test"]).and_all(&["--lib", "--bin", "bench"])],
            Self::Suite => permissions::commands(root)?,
            Self::Process => process::commands(),
            Self::Simulation => simulation::commands(),
            Self::Template => template(&python::environment(root, Tools::Template)?),
            Self::Opinion => opinion::suite(&python::environment(root, Tools::Opinion)?),
            Self::Conformance => opinion::conformance(&python::environment(root, Tools::Opinion)?),
            Self::Rehearsal => opinion::rehearsal(&python::environment(root, Tools::Opinion)?, root)?,
        })
    }
}

fn template(tools: &python::Environment) -> Vec<Command> {
    let mut commands =
        vec![tools.tool("cfn-lint", &["--non-zero-exit-code", "informational", "template.yaml"])];
    commands.extend(ENVIRONMENTS.map(|environment| {
        tools.tool("sam", &["validate", "--lint", "--config-env", environment]).with("SAM_CLI_TELEMETRY", "0")
    }));
    commands
}

/// Runs `steps` in turn, says what each took, and stops at the first that fails.
///
/// # Errors
/// When one fails; it names the step and the command.
pub fn run(steps: &[Step]) -> Result<(), String> {
    let root = root();
    let mut report = Report::default();
    for step in steps {
        println!("== {}: {}", step.name(), step.purpose());
        let started = Instant::now();
        let outcome = step
            .commands(&root)
            .and_then(|commands| commands.iter().try_for_each(|command| command.run(&root)));
        report.add(step.name(), started.elapsed(), outcome.is_ok());
        if let Err(message) = outcome {
            print!("{report}");
            return Err(format!("{} failed: {message}", step.name()));
        }
    }
    print!("{report}");
    Ok(())
}

/// The repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_names_mean_every_step() {
        assert_eq!(Step::parse_all(&[]), Ok(Step::ALL.to_vec()));
    }

    #[test]
    fn steps_run_in_the_order_they_are_named() {
        let named = ["suite".to_owned(), "fmt".to_owned()];
        assert_eq!(Step::parse_all(&named), Ok(vec![Step::Suite, Step::Fmt]));
    }

    #[test]
    fn an_unknown_step_is_refused_with_those_there_are() {
        let message = Step::parse_all(&["tests".to_owned()]).unwrap_err();
        assert_eq!(
            message,
            "there is no step `tests`; there are fmt, lint, docs, unit, suite, process, simulation, template, opinion, conformance, rehearsal"
        );
    }
}
