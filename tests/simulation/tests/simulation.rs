//! That the simulation is one: nothing in it goes by the machine's clock or chance, and a seed tells all.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use object::{Object as _, ObjectSymbol as _};

/// What of the C library tells the time, or something that nobody can foresee.
const CLOCKS_AND_CHANCE: [&str; 9] = [
    "clock_gettime",
    "gettimeofday",
    "time",
    "ftime",
    "getrandom",
    "getentropy",
    "arc4random",
    "random",
    "rand",
];
/// Crates that read the processor's own counter, past the C library.
const PAST_THE_LIBRARY: [&str; 6] = ["quanta", "minstant", "fastant", "coarsetime", "tsc", "rdrand"];
/// What would do so in our own code.
const PAST_THE_LIBRARY_IN_CODE: [&str; 5] = ["_rdtsc", "core::arch", "std::arch", "asm!", "SYS_clock"];

#[test]
fn the_same_seed_writes_the_same_journal_byte_for_byte() {
    let (one, again) = (journal(7), journal(7));
    assert_eq!(one["lines"], again["lines"]);
    assert_eq!(one["digest"], again["digest"]);
    assert!(one["lines"].as_array().is_some_and(|it| it.len() > 200), "something happened");
    assert_eq!(one["violations"], serde_json::json!([]));
    assert_ne!(one["digest"], journal(8)["digest"]);
}

/// What a run of six lives comes to, each in a process of its own.
fn journal(seed: u64) -> serde_json::Value {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_simulate"))
        .args(["--apart", "--keeps", "--lives=6", &format!("--seed={seed}")])
        .output()
        .expect("the simulator starts");
    serde_json::from_slice(&run.stdout).expect("it tells what came of it")
}

#[test]
fn the_binary_takes_no_clock_and_no_chance_from_the_c_library() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_simulate")).expect("the binary can be read");
    let file = object::File::parse(&*binary).unwrap();
    let of = |undefined| -> BTreeSet<&str> {
        let symbols = file.dynamic_symbols().filter(|it| it.is_undefined() == undefined);
        symbols.filter_map(|it| it.name().ok()).collect()
    };
    let (wanted, own) = (of(true), of(false));
    let foreign: Vec<_> = CLOCKS_AND_CHANCE.iter().filter(|it| wanted.contains(**it)).collect();
    assert!(foreign.is_empty(), "the C library is asked for {foreign:?}");
    for ours in ["clock_gettime", "getrandom"] {
        assert!(own.contains(ours), "{ours} is not ours");
    }
}

#[test]
fn no_crate_and_no_line_of_ours_goes_past_the_c_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let locked: Vec<_> =
        PAST_THE_LIBRARY.iter().filter(|it| lock.contains(&format!("name = \"{it}\""))).collect();
    assert!(locked.is_empty(), "{locked:?}");
    for folder in ["shared", "functions", "local"] {
        for file in sources(&root.join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap();
            let found: Vec<_> = PAST_THE_LIBRARY_IN_CODE.iter().filter(|it| text.contains(**it)).collect();
            assert!(found.is_empty(), "{}: {found:?}", file.display());
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry").path());
    let of = |path: PathBuf| match path.is_dir() {
        true => sources(&path),
        false => vec![path],
    };
    entries.flat_map(of).filter(|it| it.extension().is_some_and(|it| it == "rs")).collect()
}
