//! Dead letters hold only what was poisoned on purpose, and redriving them completes: what is sound goes through, what is poisoned comes
//! back.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::Violation;
use crate::faults::outside::POISON_MARK;
use crate::run::World;
use crate::workload::client::Client;

const POISONED: &str = "dead letters are poisoned ones";
const REDRIVEN: &str = "redriving completes";
/// How long what was redriven may take to come back.
const BACK_AFTER: Duration = Duration::from_secs(60);

/// What is wrong with them.
pub(super) async fn judge(world: &World) -> Vec<Violation> {
    let tenant = &world.shops[0].tenant;
    let operator =
        Client::new("operator", tenant, &world.platform, &world.storm, &world.promises).operating();
    let before = dead_letters(&operator).await;
    let mut found: Vec<Violation> = before
        .iter()
        .filter(|(_, it)| !is_poison(it))
        .map(|(queue, it)| Violation::new(POISONED, format!("{queue} gave up {it}")))
        .collect();
    let mut queues: Vec<&String> = before.iter().map(|(queue, _)| queue).collect();
    queues.dedup();
    for queue in queues {
        let path = format!("/v1/dead-letters/{queue}/redrive");
        let told = operator.command(Method::POST, &path, None, &json!({})).await;
        if !told.is_accepted() {
            found.push(Violation::new(REDRIVEN, format!("of {queue} it was told {told:?}")));
        }
    }
    tokio::time::sleep(BACK_AFTER).await;
    let after = dead_letters(&operator).await;
    let poisoned = |letters: &[(String, Value)]| letters.iter().filter(|(_, it)| is_poison(it)).count();
    if poisoned(&after) != after.len() || after.len() != poisoned(&before) {
        let what = format!("{:?} were dead, and {:?} came back: {after:?}", tally(&before), tally(&after));
        found.push(Violation::new(REDRIVEN, what));
    }
    found
}

/// How many there are by queue.
fn tally(letters: &[(String, Value)]) -> BTreeMap<&str, usize> {
    letters.iter().fold(BTreeMap::new(), |mut tally, (queue, _)| {
        *tally.entry(queue.as_str()).or_default() += 1;
        tally
    })
}

/// Every dead letter with its queue.
async fn dead_letters(operator: &Client) -> Vec<(String, Value)> {
    let queues = operator.get("/v1/dead-letters").await.body;
    let mut found = vec![];
    for queue in queues["queues"].as_array().into_iter().flatten().filter(|it| it["deadLetters"] != 0) {
        let name = queue["queue"].as_str().unwrap_or_default();
        let listed = operator.get(&format!("/v1/dead-letters/{name}")).await.body;
        let letters = listed["deadLetters"].as_array().cloned().unwrap_or_default();
        found.extend(letters.into_iter().map(|it| (name.to_owned(), it)));
    }
    found
}

fn is_poison(letter: &Value) -> bool {
    letter["body"].as_str().is_some_and(|it| it.contains(POISON_MARK))
}
