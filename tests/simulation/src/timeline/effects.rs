//! What a call to AWS does about an order once it takes effect: a commit that it writes, a message that it sends.

use serde_json::Value;

use super::letters::{joined, letters, queue};
use super::watch::Watch;

/// The table of the ledger.
const LEDGER: &str = "penstock-orders";
/// How the names of queues end that hold what was given up.
const DEAD_LETTERS: &str = "-dead-letters";

/// What a call to AWS does about the order once it takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// It writes a commit.
    Commit(u64),
    /// It sends a message: its place in the request, and what it is.
    Message {
        /// By what the answer names it.
        entry: String,
        /// The queue.
        queue: String,
        /// What is sent.
        what: String,
        /// Whether it is given up.
        is_dead: bool,
    },
}

/// What a request to a service does about the order.
pub(super) fn effects(operation: &str, body: &[u8], watch: &Watch) -> Vec<Effect> {
    if !["PutItem", "SendMessageBatch"].contains(&operation) || !watch.is_about(body) {
        return vec![];
    }
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    match operation {
        "PutItem" => commit(&asked).into_iter().collect(),
        _ => sent(&asked, watch),
    }
}

fn commit(asked: &Value) -> Option<Effect> {
    let number = asked["Item"]["sk"]["N"].as_str()?.parse().ok()?;
    (asked["TableName"] == LEDGER).then_some(Effect::Commit(number))
}

fn sent(asked: &Value, watch: &Watch) -> Vec<Effect> {
    let queue = queue(asked["QueueUrl"].as_str().unwrap_or_default());
    let message = |entry: &Value| {
        let (letters, _) = letters(entry["MessageBody"].as_str().unwrap_or_default(), watch);
        let said = |name: &str| entry["MessageAttributes"][name]["StringValue"].as_str();
        let mut what = joined(&letters);
        if let Some(delay) = entry["DelaySeconds"].as_i64().filter(|it| *it > 0) {
            what.push_str(&format!(", kept back for {delay} s"));
        }
        if let Some(reason) = said("reason") {
            what.push_str(&format!(", since {reason}"));
        }
        let entry = entry["Id"].as_str().unwrap_or_default().to_owned();
        let is_dead = queue.ends_with(DEAD_LETTERS);
        (!letters.is_empty()).then(|| Effect::Message { entry, queue: queue.clone(), what, is_dead })
    };
    asked["Entries"].as_array().into_iter().flatten().filter_map(message).collect()
}

/// The entries of a batch that its answer says were not taken.
pub(super) fn not_taken(answer: &[u8]) -> Vec<String> {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let failed = answer["Failed"].as_array().into_iter().flatten();
    failed.filter_map(|it| it["Id"].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::letters::tests::{OTHER, OURS, event, watch};
    use super::*;

    #[test]
    fn a_commit_of_the_order_is_told_by_its_number_and_one_of_another_not_at_all() {
        let put = |order: &str| {
            json!({"TableName": LEDGER, "Item": {"pk": {"S": format!("acme#{order}")}, "sk": {"N": "3"}}})
                .to_string()
        };
        assert_eq!(effects("PutItem", put(OURS).as_bytes(), &watch()), [Effect::Commit(3)]);
        assert_eq!(effects("PutItem", put(OTHER).as_bytes(), &watch()), []);
    }

    #[test]
    fn of_messages_those_about_the_order_are_told_with_how_long_they_wait_and_why() {
        let entry = |id: &str, order: &str| {
            json!({
                "Id": id, "MessageBody": json!([event(order, 2)]).to_string(), "DelaySeconds": 5,
                "MessageAttributes": {"reason": {"StringValue": "no answer"}},
            })
        };
        let sent = json!({"QueueUrl": "http://localhost/1/penstock-payments", "Entries": [entry("0", OTHER), entry("1", OURS)]});
        let told = effects("SendMessageBatch", sent.to_string().as_bytes(), &watch());
        let what = "placed/2, kept back for 5 s, since no answer".to_owned();
        let (entry, queue) = ("1".to_owned(), "payments".to_owned());
        assert_eq!(told, [Effect::Message { entry, queue, what, is_dead: false }]);
    }

    #[test]
    fn what_a_batch_did_not_take_is_known_by_its_entry() {
        let answer = json!({"Successful": [{"Id": "0"}], "Failed": [{"Id": "1"}]});
        assert_eq!(not_taken(answer.to_string().as_bytes()), ["1"]);
    }
}
