//! Mutants: small changes of the rules and of the use cases, each of which some test must notice. Those that change nothing anybody could
//! notice are listed in `docs/mutants.md`, with the reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{Command, cargo};

/// The tool's version; another one makes other mutants.
const VERSION: &str = "27.1.0";
/// Where it is installed.
const TOOLS: &str = "target/tools";
/// Whose code is changed. The others are held by the suite, which is too slow for this.
const PACKAGES: [&str; 4] = ["--package", "penstock-domain", "--package", "penstock-application"];
/// What may survive, and why.
const LIST: &str = "docs/mutants.md";
/// How the tool ends when it ran: all were noticed, some survived, some made a test run for too long, which is noticed too.
const RAN: [i32; 3] = [0, 2, 3];

/// Makes mutants and holds those that survive against the list. With arguments for the tool (`--file`, `--shard`), only some are made.
///
/// # Errors
/// When the tool cannot be installed, the tests do not pass, or the survivors are not those listed.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let mutate = Command::new(tool(root)?, &["mutants", "--output", "target"]).and_all(&PACKAGES);
    let mutate = arguments.iter().fold(mutate, |command, argument| command.and(argument));
    let ended = mutate.status(root)?;
    if !ended.code().is_some_and(|code| RAN.contains(&code)) {
        return Err(format!("`{mutate}` ended with {ended}"));
    }
    let missed = read(root, "target/mutants.out/missed.txt")?;
    judge(&survivors(&missed), &listed(&read(root, LIST)?), arguments.is_empty())
}

/// The tool, installed now if need be.
fn tool(root: &Path) -> Result<PathBuf, String> {
    let install = ["install", "--locked", "--quiet", "--version", VERSION, "--root", TOOLS, "cargo-mutants"];
    cargo(&install).run(root)?;
    Ok(root.join(TOOLS).join("bin/cargo-mutants"))
}

fn read(root: &Path, file: &str) -> Result<String, String> {
    fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))
}

fn judge(survivors: &BTreeSet<String>, listed: &BTreeSet<String>, all: bool) -> Result<(), String> {
    let mut wrong: Vec<String> =
        survivors.difference(listed).map(|it| format!("no test notices: {it}")).collect();
    if all {
        wrong.extend(listed.difference(survivors).map(|it| format!("{LIST} lists, but it is noticed: {it}")));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// What survived, without lines and columns, which change with each edit.
fn survivors(missed: &str) -> BTreeSet<String> {
    let without_place = |line: &str| {
        let (place, what) = line.split_once(": ")?;
        Some(format!("{}: {what}", place.split(':').next()?))
    };
    missed.lines().filter_map(without_place).collect()
}

/// The first cell of each row, in backticks, where it names a mutant: another table counts packages.
fn listed(page: &str) -> BTreeSet<String> {
    let cell = |line: &str| Some(line.strip_prefix("| `")?.split_once("` |")?.0.replace("\\|", "|"));
    page.lines().filter_map(cell).filter(|it| it.contains(": ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSED: &str = "shared/domain/src/ids.rs:87:9: replace a -> b with c\n\
                          shared/domain/src/money.rs:9:1: replace | with ^ in d\n";

    #[test]
    fn survivors_are_named_without_their_lines() {
        let expected = [
            "shared/domain/src/ids.rs: replace a -> b with c",
            "shared/domain/src/money.rs: replace | with ^ in d",
        ];
        assert_eq!(survivors(MISSED), expected.map(str::to_owned).into());
    }

    #[test]
    fn a_survivor_is_listed_in_the_first_cell_of_a_row() {
        let page = "| package | made |\n| --- | --- |\n| `penstock-domain` | 2 |\n\
                    | mutant | why |\n| --- | --- |\n\
                    | `shared/domain/src/ids.rs: replace a -> b with c` | same |\n\
                    | `shared/domain/src/money.rs: replace \\| with ^ in d` | same |\n";
        assert_eq!(listed(page), survivors(MISSED));
    }

    #[test]
    fn who_survives_unlisted_is_told() {
        let told = judge(&survivors(MISSED), &BTreeSet::new(), false).expect_err("nothing is listed");
        assert_eq!(told.lines().count(), 2, "{told}");
    }

    #[test]
    fn the_list_names_nobody_who_was_noticed_when_all_were_made() {
        let listed = survivors(MISSED);
        assert_eq!(judge(&BTreeSet::new(), &listed, false), Ok(()));
        assert!(judge(&BTreeSet::new(), &listed, true).is_err());
    }
}
