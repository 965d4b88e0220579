//! The functions' binaries: where `cargo build` put them, beside the binary that runs.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Why there is no binary of a function.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// It has not been built.
    #[error("function {name} has no binary at {path}; build it with `cargo build --package penstock-{name}`")]
    Missing {
        /// The function.
        name: String,
        /// Where it was looked for.
        path: String,
    },
    /// The folder of this binary is not known.
    #[error("the folder of the running binary is not known")]
    Here(#[source] std::io::Error),
    /// Cargo could not build them.
    #[error("`cargo build` of the functions failed: {0}")]
    Build(String),
}

/// The binary of a function.
///
/// # Errors
/// When it is not there.
pub fn find(name: &str) -> Result<PathBuf, BinaryError> {
    let path = folder()?.join(name);
    if path.is_file() {
        Ok(path)
    } else {
        Err(BinaryError::Missing { name: name.to_owned(), path: path.display().to_string() })
    }
}

/// Has Cargo build the binaries of these functions, as this one was built, if this one stands in the workspace's `target/`.
/// Where there is no workspace, what is there has to do.
///
/// # Errors
/// When Cargo cannot.
pub fn build(names: &[&str]) -> Result<(), BinaryError> {
    let folder = folder()?;
    let root = folder.parent().and_then(Path::parent).filter(|it| it.join("Cargo.toml").is_file());
    let Some(root) = root else { return Ok(()) };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // With the package of this binary: without it, dependencies would have other features, and be compiled again.
    cargo.current_dir(root).args(["build", "--quiet", "--bins", "--package", env!("CARGO_PKG_NAME")]);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    for name in names {
        cargo.args(["--package", &format!("penstock-{name}")]);
    }
    match cargo.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(BinaryError::Build(status.to_string())),
        Err(error) => Err(BinaryError::Build(error.to_string())),
    }
}

/// `target/<profile>`: the running binary's folder, or above it when that is `deps`, where tests are.
fn folder() -> Result<PathBuf, BinaryError> {
    let here = std::env::current_exe().map_err(BinaryError::Here)?;
    let folder = here.parent().unwrap_or(Path::new("."));
    Ok(if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder }.to_owned())
}
