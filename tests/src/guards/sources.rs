//! What source files say and do not say: the laptop knows nothing of orders, and a function's `main.rs` is thin.

use cargo_metadata::Metadata;

/// A `main.rs` that is longer does something.
pub const MAIN_LINES_MAX: usize = 25;

/// Files that name a crate which they should not know.
#[must_use]
pub fn knowing(files: &[(String, String)], crates: &[String]) -> Vec<String> {
    let named = |text: &str| {
        crates.iter().filter(|it| words(text).any(|word| word == it.as_str())).collect::<Vec<_>>()
    };
    files
        .iter()
        .flat_map(|(path, text)| named(text).into_iter().map(move |it| format!("{path} names {it}")))
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

/// Files longer than [`MAIN_LINES_MAX`].
#[must_use]
pub fn long(files: &[(String, String)]) -> Vec<String> {
    let lines = files.iter().map(|(path, text)| (path, text.lines().count()));
    lines
        .filter(|(_, lines)| *lines > MAIN_LINES_MAX)
        .map(|(path, lines)| format!("{path} has {lines} lines; a main.rs has at most {MAIN_LINES_MAX}"))
        .collect()
}

/// A binary of the workspace.
#[derive(Debug, Clone)]
pub struct Binary {
    /// The package it is of.
    pub package: String,
    /// Its own name.
    pub name: String,
    /// Whether `cargo test` links it.
    pub tested: bool,
}

/// The workspace's binaries.
#[must_use]
pub fn binaries(metadata: &Metadata) -> Vec<Binary> {
    let packages = metadata.workspace_packages().into_iter();
    packages
        .flat_map(|package| package.targets.iter().map(move |target| (package, target)))
        .filter(|(_, target)| target.is_bin())
        .map(|(package, target)| Binary {
            package: package.name.to_string(),
            name: target.name.clone(),
            tested: target.test,
        })
        .collect()
}

/// Functions whose binary is not one of the folder's name, which packaging needs, left alone by `cargo test`.
#[must_use]
pub fn misbuilt<'a>(functions: impl IntoIterator<Item = &'a String>, binaries: &[Binary]) -> Vec<String> {
    let fault = |function: &String| {
        let package = format!("penstock-{function}");
        let of: Vec<_> = binaries.iter().filter(|binary| binary.package == package).collect();
        match of.as_slice() {
            [binary] if binary.name == *function && !binary.tested => None,
            [binary] if binary.name == *function => {
                Some(format!("{package}: its binary needs `test = false`, or every test run links it"))
            }
            _ => Some(format!("{package}: should have one binary, {function}")),
        }
    };
    functions.into_iter().filter_map(fault).collect()
}
