//! The virtual environments in `target` that hold the tools written in Python.
//!
//! Each is made once; again when its requirements have changed or an installation did not finish.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use crate::command::Command;

/// Where tools are installed.
#[derive(Debug)]
pub struct Environment {
    folder: PathBuf,
}

/// Which tools. What one needs may contradict what the other does, so that each has an environment of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tools {
    /// What checks `template.yaml`.
    Template,
    /// ministack, and what talks to it.
    Opinion,
}

impl Tools {
    fn folder(self) -> &'static str {
        match self {
            Self::Template => "target/venv",
            Self::Opinion => "target/venv-opinion",
        }
    }

    fn requirements(self) -> &'static str {
        match self {
            Self::Template => "xtask/requirements.txt",
            Self::Opinion => "tests/conformance/requirements.txt",
        }
    }
}

/// The environment with what the requirements of `tools` pin, installed now if need be.
///
/// # Errors
/// When there is no Python, or the tools cannot be installed.
pub fn environment(root: &Path, tools: Tools) -> Result<Environment, String> {
    let environment = Environment { folder: root.join(tools.folder()) };
    let requirements = root.join(tools.requirements());
    let wanted =
        fs::read_to_string(&requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    // Written last, so that what it says is installed.
    let installed = environment.folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(environment);
    }
    environment.install(root, &requirements)?;
    fs::write(&installed, wanted).map_err(|error| format!("{}: {error}", installed.display()))?;
    Ok(environment)
}

impl Environment {
    /// The tool `name` of this environment, with `arguments`.
    #[must_use]
    pub fn tool(&self, name: &str, arguments: &[&str]) -> Command {
        Command::new(self.program(name), arguments)
    }

    fn install(&self, root: &Path, requirements: &Path) -> Result<(), String> {
        Command::new(python()?, &["-m", "venv", "--clear"])
            .and(&self.folder)
            .run(root)
            .map_err(|error| format!("{error}; on Debian and Ubuntu the package python3-venv is needed"))?;
        self.tool("python", &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .and(requirements)
            .run(root)
    }

    /// Where the tool `name` is.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        let folder = if cfg!(windows) { "Scripts" } else { "bin" };
        self.folder.join(folder).join(name)
    }
}

fn python() -> Result<&'static str, String> {
    let answers = |name: &&str| {
        let output = process::Command::new(name).arg("--version").output();
        output.is_ok_and(|output| output.status.success())
    };
    ["python3", "python"]
        .into_iter()
        .find(answers)
        .ok_or_else(|| "neither python3 nor python runs; install Python 3.10 or later".to_owned())
}
