//! That no function's build has the planted bugs: the simulation alone asks for them.

use std::path::Path;
use std::process::Command;

/// What has the bugs, behind a feature.
const DOMAIN: &str = "penstock-domain";
/// The feature, as `cargo tree` shows it.
const FEATURE: &str = r#"penstock-domain feature "planted""#;
/// What is built when nobody says what: the platform and all functions.
const FUNCTION: &str = "penstock-create-order v";

#[test]
fn no_function_is_built_with_planted_bugs() {
    let built = features(&[]);
    assert!(built.contains(FUNCTION), "this is not what is built: {built}");
    assert!(!built.contains(FEATURE), "{built}");
}

#[test]
fn the_simulation_is_built_with_them() {
    assert!(features(&["-p", "penstock-simulation"]).contains(FEATURE));
}

/// Who asks the domain for which of its features, in a build of these packages.
fn features(packages: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--offline", "--edges", "features", "--invert", DOMAIN]).args(packages);
    let output = tree.current_dir(root).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is text")
}
