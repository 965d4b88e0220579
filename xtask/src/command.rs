//! A command line to run, which can say what it is.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::process::{self, ExitStatus};

/// A program, its arguments and the variables it gets besides ours.
#[derive(Debug, Clone)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
}

/// The cargo that runs us, with `arguments`.
#[must_use]
pub fn cargo(arguments: &[&str]) -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments)
}

/// A task of cargo's over all packages but the simulator, whose build alone has planted bugs in it.
#[must_use]
pub fn everywhere(task: &[&str]) -> Command {
    cargo(task).and_all(&["--workspace", "--exclude", SIMULATOR])
}

/// The package of the simulator.
pub const SIMULATOR: &str = "penstock-simulation";

impl Command {
    /// `program` with `arguments`.
    #[must_use]
    pub fn new(program: impl Into<OsString>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        Self { program: program.into(), arguments, variables: Vec::new() }
    }

    /// The same, with one more argument.
    #[must_use]
    pub fn and(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// The same, with more arguments.
    #[must_use]
    pub fn and_all(self, arguments: &[&str]) -> Self {
        arguments.iter().fold(self, |command, argument| command.and(argument))
    }

    /// The same, with another command as its last arguments: for a program that runs it.
    #[must_use]
    pub fn and_command(mut self, command: Self) -> Self {
        self.arguments.push(command.program);
        self.arguments.extend(command.arguments);
        self.variables.extend(command.variables);
        self
    }

    /// The same, with the variable `name` set.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Runs it in `folder`, its output shown.
    ///
    /// # Errors
    /// When it does not start or does not succeed.
    pub fn run(&self, folder: &Path) -> Result<(), String> {
        let status = self.status(folder)?;
        if status.success() { Ok(()) } else { Err(format!("`{self}` ended with {status}")) }
    }

    /// Runs it in `folder`, its output shown: how it ended.
    ///
    /// # Errors
    /// When it does not start.
    pub fn status(&self, folder: &Path) -> Result<ExitStatus, String> {
        println!("   {self}");
        let mut command = process::Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(folder);
        for name in std::env::vars_os().map(|(name, _)| name).filter(is_about_this_package) {
            command.env_remove(name);
        }
        command.status().map_err(|error| format!("`{self}` did not start: {error}"))
    }
}

/// `cargo run` describes xtask in variables. Build scripts watch them (ring's does), and would run again with every change of caller.
fn is_about_this_package(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = Path::new(&self.program).file_name().unwrap_or(&self.program);
        write!(f, "{}", program.to_string_lossy())?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", argument.to_string_lossy()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reads_as_one_would_type_it() {
        let command =
            Command::new("/usr/bin/cargo", &["doc"]).and("--no-deps").with("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(command.to_string(), "cargo doc --no-deps");
    }

    #[test]
    fn a_command_can_be_run_by_another() {
        let inner = Command::new("pytest", &["-q"]).with("PLACE", "here");
        let outer = Command::new("python", &["around.py"]).and_command(inner).and_all(&["-x", "tests"]);
        assert_eq!(outer.to_string(), "python around.py pytest -q -x tests");
        assert_eq!(outer.variables, [("PLACE", "here".into())]);
    }

    #[test]
    fn only_variables_about_xtask_itself_are_withheld() {
        assert!(is_about_this_package(&"CARGO_PKG_NAME".into()));
        assert!(!is_about_this_package(&"CARGO_TARGET_DIR".into()));
        assert!(!is_about_this_package(&"CARGO_HOME".into()));
    }
}
