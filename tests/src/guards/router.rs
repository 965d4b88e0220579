//! The routes that `cargo lambda watch` knows, from the workspace's metadata, and what it gives functions as variables.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::template::Function;

/// The template's routes as the metadata has them: a function for a path, or one for each method where there are several.
/// The default route is left out: `cargo lambda watch` itself answers for what it has no route for.
#[must_use]
pub fn wanted(functions: &[Function]) -> BTreeSet<String> {
    let mut by_path: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for function in functions {
        for route in &function.routes {
            if let Some((method, path)) = route.key.split_once(' ') {
                by_path.entry(path).or_default().push((method, &function.folder));
            }
        }
    }
    let lines = |(path, routes): (&&str, &Vec<(&str, &str)>)| match routes.as_slice() {
        [(_, function)] => vec![format!("{path} = {function}")],
        several => several.iter().map(|(method, function)| format!("{method} {path} = {function}")).collect(),
    };
    by_path.iter().flat_map(lines).collect()
}

/// The routes of the workspace's metadata.
///
/// # Panics
/// When the text is not TOML.
#[must_use]
pub fn configured(manifest: &str) -> BTreeSet<String> {
    let manifest: toml::Table = toml::from_str(manifest).expect("Cargo.toml is TOML");
    let path = ["workspace", "metadata", "lambda", "watch", "router"];
    let mut names = path.into_iter();
    let first = names.next().and_then(|name| manifest.get(name));
    let router = names.fold(first, |table, name| table?.get(name)).and_then(Value::as_table);
    router.into_iter().flatten().flat_map(|(path, route)| lines(path, route)).collect()
}

fn lines(path: &str, route: &Value) -> Vec<String> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("?").to_owned();
    match route {
        Value::Array(routes) => {
            let line =
                |it: &Value| format!("{} {path} = {}", text(it.get("method")), text(it.get("function")));
            routes.iter().map(line).collect()
        }
        function => vec![format!("{path} = {}", text(Some(function)))],
    }
}

/// The variables of a file of them, `NAME=VALUE` a line.
#[must_use]
pub fn variables(file: &str) -> BTreeSet<String> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}
