//! The repository as guards see it: folders, files and what cargo says of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a folder of the repository").to_owned()
}

/// The text of a file, by its path from the root.
#[must_use]
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of the folders in a folder.
#[must_use]
pub fn folders(path: &str) -> BTreeSet<String> {
    entries(&root().join(path)).into_iter().filter(|entry| entry.is_dir()).map(|entry| name(&entry)).collect()
}

/// Every file below a folder whose name ends with `ending`: its path from the root, and its text.
#[must_use]
pub fn files(path: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(path)];
    while let Some(folder) = open.pop() {
        for entry in entries(&folder) {
            if entry.is_dir() {
                open.push(entry);
            } else if name(&entry).ends_with(ending) {
                let path = entry.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
                found.push((path.clone(), text(&path)));
            }
        }
    }
    found.sort();
    found
}

/// What cargo says of the workspace and of all its dependencies, on every platform.
#[must_use]
pub fn metadata() -> Metadata {
    described(&["--locked"])
}

/// The same, of what is built for Lambda.
#[must_use]
pub fn metadata_for_lambda() -> Metadata {
    described(&["--locked", "--filter-platform", "aarch64-unknown-linux-gnu"])
}

fn described(options: &[&str]) -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(options.iter().map(ToString::to_string).collect::<Vec<_>>())
        .exec()
        .expect("cargo knows the workspace that it has just built")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("a folder can be listed").path()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().expect("a listed path has a name").to_string_lossy().into_owned()
}
