//! Dependencies point one way: domain → application and api → platform → functions → local and tests.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, PackageId};

/// A package of the workspace.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// What it names in its manifest, for whatever purpose.
    pub names: BTreeSet<String>,
    /// What ends up in it, by way of others too.
    pub contains: BTreeSet<String>,
}

/// What a layer of the workspace may use.
struct Layer {
    /// Packages of the workspace; `functions` stands for all of them.
    uses: &'static [&'static str],
    /// Beginnings of names of crates that must not be in it.
    excludes: &'static [&'static str],
}

const AWS: [&str; 4] = ["aws-", "aws_", "lambda_", "serde_dynamo"];
const HTTP: [&str; 7] = ["axum", "h2", "http", "hyper", "reqwest", "rustls", "tower"];
const PURE: [&str; 17] = [
    AWS[0], AWS[1], AWS[2], AWS[3], HTTP[0], HTTP[1], HTTP[2], HTTP[3], HTTP[4], HTTP[5], HTTP[6], "async",
    "futures", "mio", "rusqlite", "socket2", "tokio",
];
const NO_OUTSIDE: [&str; 11] =
    [AWS[0], AWS[1], AWS[2], AWS[3], HTTP[0], HTTP[1], HTTP[2], HTTP[3], HTTP[4], HTTP[5], HTTP[6]];

/// The table of functions in it names what a tenant's settings are; [`super::sources::knowing`] keeps the rest of it from doing so.
const LOCAL: [&str; 6] = [
    "penstock-application",
    "penstock-domain",
    "penstock-platform",
    "penstock-replay",
    "penstock-sandbox",
    "functions",
];

/// The layer of a package; none for tests, benchmarks and tasks, which may use all.
fn layer(package: &str, functions: &BTreeSet<String>) -> Option<Layer> {
    let (uses, excludes): (&[&str], &[&str]) = match package {
        "penstock-domain" => (&[], &PURE),
        "penstock-application" => (&["penstock-domain"], &NO_OUTSIDE),
        "penstock-api" => (&["penstock-domain"], &PURE),
        "penstock-platform" => (&["penstock-domain", "penstock-application", "penstock-api"], &[]),
        "penstock-blobs" => (&["penstock-platform"], &[]),
        "penstock-documents" => (&["penstock-domain", "penstock-application"], &NO_OUTSIDE),
        // The sandbox is what their tests talk to.
        "penstock-outbound" => {
            (&["penstock-domain", "penstock-application", "penstock-platform", "penstock-sandbox"], &[])
        }
        "penstock-notify" => (
            &[
                "penstock-domain",
                "penstock-application",
                "penstock-platform",
                "penstock-outbound",
                "penstock-sandbox",
            ],
            &[],
        ),
        "penstock-replay" | "penstock-sandbox" => (&[], &AWS),
        "penstock-local" => (&LOCAL, &[]),
        _ if functions.contains(package) => (
            &[
                "penstock-domain",
                "penstock-application",
                "penstock-api",
                "penstock-platform",
                "penstock-blobs",
                "penstock-documents",
                "penstock-notify",
                "penstock-outbound",
            ],
            &[],
        ),
        _ => return None,
    };
    Some(Layer { uses, excludes })
}

/// Packages that use what their layer may not.
#[must_use]
pub fn wrong_ways(packages: &[Package], functions: &BTreeSet<String>) -> Vec<String> {
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    packages.iter().flat_map(|package| faults(package, &ours, functions)).collect()
}

fn faults(package: &Package, ours: &BTreeSet<&str>, functions: &BTreeSet<String>) -> Vec<String> {
    let Some(layer) = layer(&package.name, functions) else { return Vec::new() };
    let may = |name: &str| {
        layer.uses.contains(&name) || (layer.uses.contains(&"functions") && functions.contains(name))
    };
    let upwards = package.names.iter().filter(|name| ours.contains(name.as_str()) && !may(name));
    let outside = |name: &str| layer.excludes.iter().any(|beginning| name.starts_with(beginning));
    let foreign = package.contains.union(&package.names).filter(|name| outside(name));
    upwards.chain(foreign).map(|name| format!("{} must not depend on {name}", package.name)).collect()
}

/// The packages of a workspace.
#[must_use]
pub fn packages(metadata: &Metadata) -> Vec<Package> {
    let edges = edges(metadata);
    let names: BTreeMap<&PackageId, String> =
        metadata.packages.iter().map(|package| (&package.id, package.name.to_string())).collect();
    let workspace = metadata.workspace_packages().into_iter();
    workspace
        .map(|package| Package {
            name: package.name.to_string(),
            names: package.dependencies.iter().map(|dependency| dependency.name.clone()).collect(),
            contains: reached(&package.id, &edges).into_iter().map(|id| names[id].clone()).collect(),
        })
        .collect()
}

/// From each package to those that are linked into it.
fn edges(metadata: &Metadata) -> BTreeMap<&PackageId, Vec<&PackageId>> {
    let nodes = &metadata.resolve.as_ref().expect("cargo resolves unless told not to").nodes;
    let linked = |dependency: &&cargo_metadata::NodeDep| {
        dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
    };
    nodes
        .iter()
        .map(|node| (&node.id, node.deps.iter().filter(linked).map(|dependency| &dependency.pkg).collect()))
        .collect()
}

fn reached<'a>(
    from: &'a PackageId,
    edges: &BTreeMap<&'a PackageId, Vec<&'a PackageId>>,
) -> BTreeSet<&'a PackageId> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(package) = open.pop() {
        open.extend(edges[package].iter().filter(|dependency| seen.insert(**dependency)));
    }
    seen
}
