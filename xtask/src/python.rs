//! The virtual environment in `target/venv` that holds the tools written in Python.
//!
//! Made once; again when `requirements.txt` has changed or an installation did not finish.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use crate::command::Command;

/// Where tools are installed.
#[derive(Debug)]
pub struct Environment {
    folder: PathBuf,
}

/// The environment with what `xtask/requirements.txt` pins, installed now if need be.
///
/// # Errors
/// When there is no Python, or the tools cannot be installed.
pub fn environment(root: &Path) -> Result<Environment, String> {
    let environment = Environment { folder: root.join("target/venv") };
    let requirements = root.join("xtask/requirements.txt");
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

    fn program(&self, name: &str) -> PathBuf {
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
