//! That what happened to one order can be told, and that a run does not care whether it is.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const SEED: &str = "--seed=1";
const LIVES: &str = "--lives=4";
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[test]
fn a_timeline_tells_the_commits_in_order_the_faults_and_what_the_client_was_told() {
    let folder = folder("told");
    let mut orders = orders(&folder).into_iter().map(|order| (timeline(&order), order));
    let (timeline, order) = orders
        .find(|(timeline, _)| count(timeline, "Faults") > 0)
        .expect("the weather of the seed does not spare everybody");
    let told = simulate(&["--order", &order, "--out", text_of(&folder)]);
    assert!(told.status.success(), "{told:?}");
    let file = |ending: &str| std::fs::read_to_string(folder.join(format!("seed-1-order-{order}.{ending}")));
    let (text, page) = (file("txt").unwrap(), file("html").unwrap());
    assert_commits(&text, &timeline);
    for lane in ["Clients", "Functions", "Queues"] {
        assert!(count(&timeline, lane) > 0, "{lane}: {text}");
    }
    let fault = list(&timeline["entries"]).iter().find(|it| it["lane"] == "Faults").expect("there is one");
    assert!(page.contains(fault["who"].as_str().expect("somebody")), "{page}");
    assert!(text.contains("POST /v1/orders → "), "{text}");
    assert!(page.contains(&order) && page.contains("Of this order, all holds"), "{page}");
    std::fs::remove_dir_all(folder).unwrap();
}

fn count(timeline: &Value, lane: &str) -> usize {
    list(&timeline["entries"]).iter().filter(|it| it["lane"] == lane).count()
}

/// Each commit of the ledger has its entry, and they come in order.
fn assert_commits(text: &str, timeline: &Value) {
    let commits = list(&timeline["commits"]);
    let entries = list(&timeline["entries"]).iter();
    let told: Vec<_> = entries.filter_map(|it| it["who"].as_str()?.strip_prefix("commit ")).collect();
    let numbers: Vec<_> = (1..=commits.len()).map(|it| it.to_string()).collect();
    assert_eq!(told, numbers, "{text}");
    assert!(!commits.is_empty() && text.contains("created"), "{text}");
}

#[test]
fn a_run_goes_the_same_way_whether_an_order_is_watched_or_not() {
    let folder = folder("same");
    let order = orders(&folder).remove(0);
    let (watched, unwatched) = (outcome(&["--order", &order]), outcome(&[]));
    assert_eq!(watched["digest"], unwatched["digest"]);
    assert_eq!(watched["timeline"], timeline(&order), "and is told the same");
    assert!(unwatched["timeline"].is_null() && unwatched["orders"] == serde_json::json!([]));
}

#[test]
fn who_asks_for_an_order_that_is_not_there_is_told_which_are() {
    let folder = folder("unknown");
    let refused = simulate(&["--order", NOBODY, "--out", text_of(&folder)]);
    assert!(!refused.status.success());
    let words = String::from_utf8(refused.stderr).expect("it is text");
    assert!(words.contains(&format!("there is no order {NOBODY} in this run")), "{words}");
    assert!(words.contains("cargo xtask simulate --seed 1 --lives 4 --order "), "{words}");
    assert!(!folder.exists(), "nothing is written");
}

/// The orders of the run, as who asks for none of them is told.
fn orders(folder: &Path) -> Vec<String> {
    let refused = simulate(&["--order", NOBODY, "--out", text_of(folder)]);
    let words = String::from_utf8(refused.stderr).expect("it is text");
    let named = words.lines().skip(1).filter_map(|it| it.split_once("--order ")).map(|it| it.1.to_owned());
    named.collect()
}

fn timeline(order: &str) -> Value {
    outcome(&["--order", order])["timeline"].take()
}

fn outcome(arguments: &[&str]) -> Value {
    let run = simulate(&[&["--apart"], arguments].concat());
    serde_json::from_slice(&run.stdout).expect("it tells what came of it")
}

fn simulate(arguments: &[&str]) -> Output {
    let mut run = Command::new(env!("CARGO_BIN_EXE_simulate"));
    run.args([SEED, LIVES]).args(arguments).output().expect("the simulator starts")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text_of(folder: &Path) -> &str {
    folder.to_str().expect("its name is text")
}

/// A folder of a test's own, which is not there yet.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("it can be removed");
    }
    folder
}
