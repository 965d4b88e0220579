//! Every dependency may be used under a licence that asks nothing of our users.

use cargo_metadata::Metadata;
use spdx::{Expression, ParseMode};

/// Licences that permit use, change and sale without disclosing source. Where a choice is offered, one of these is ours.
const PERMITTED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Each package of a workspace and of its dependencies, with the licence it states.
#[must_use]
pub fn stated(metadata: &Metadata) -> Vec<(String, Option<String>)> {
    let packages = metadata.packages.iter();
    packages
        .map(|package| (format!("{} {}", package.name, package.version), package.license.clone()))
        .collect()
}

/// Packages that state no licence, one that cannot be read, or none that is permitted.
#[must_use]
pub fn refused(packages: &[(String, Option<String>)]) -> Vec<String> {
    packages
        .iter()
        .filter_map(|(package, licence)| Some(format!("{package}: {}", fault(licence.as_deref())?)))
        .collect()
}

fn fault(licence: Option<&str>) -> Option<String> {
    let Some(licence) = licence else { return Some("states no licence".to_owned()) };
    // Lax: crates of before 2018 write `MIT/Apache-2.0`.
    match Expression::parse_mode(licence, ParseMode::LAX) {
        Err(error) => Some(format!("`{licence}` cannot be read: {}", error.reason)),
        Ok(expression) if expression.evaluate(is_permitted) => None,
        Ok(_) => Some(format!("`{licence}` is not permitted")),
    }
}

fn is_permitted(requirement: &spdx::LicenseReq) -> bool {
    requirement.license.id().is_some_and(|id| PERMITTED.contains(&id.name))
}
