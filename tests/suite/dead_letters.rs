//! What operators do with what consumers gave up, and what other tenants' operators do not see of it.

use std::collections::{BTreeMap, BTreeSet};

use penstock_local::aws::sqs::{Attribute, Outgoing};
use penstock_local::{Options, Platform, TEMPLATE};
use penstock_tests::guards::consumers::queues;
use penstock_tests::guards::template::Template;
use penstock_tests::guards::tree;
use penstock_tests::shop::{Answer, send};
use serde_json::{Value, json};

const ORDER: &str = "13423f01-b4f1-5b6b-8ec2-9dd015e7a04f";
const REASON: &str = "the archive was full";

#[tokio::test(flavor = "multi_thread")]
async fn every_queue_is_listed_looked_into_and_redriven() {
    let desk = Operators::open().await;
    let names: BTreeSet<String> =
        queues(&Template::parse(&tree::text("template.yaml"))).into_iter().collect();
    let listed = desk.get("/v1/dead-letters", "acme", "platform-operator").await.json();
    let listed: BTreeSet<String> = column(&listed["queues"], "queue").into_iter().collect();
    assert_eq!(listed, names);
    for queue in &names {
        desk.bury(queue, &envelope("acme", 1), Some(REASON));
        assert_eq!(desk.dead("acme", queue).await.len(), 1, "{queue}");
        let all = desk.get("/v1/dead-letters", "acme", "platform-operator").await.json();
        assert_eq!(count(&all, queue), 1, "{queue}");
        desk.bury(queue, &envelope("bolt", 1), Some(REASON));
        let redriven = desk.redrive(queue, "acme", "operator", &json!({})).await;
        assert_eq!(
            (redriven.status, redriven.json()),
            (200, json!({"redriven": 1, "state": "done", "notFound": []})),
            "{queue}"
        );
        desk.bury(queue, &envelope("acme", 2), Some(REASON));
        let moving = desk.redrive(queue, "acme", "platform-operator", &json!({})).await;
        assert_eq!((moving.status, moving.text_at("/state")), (202, "moving".to_owned()), "{queue}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_says_what_it_is_and_why_it_is_dead() {
    let desk = Operators::open().await;
    desk.bury("archive-events", &envelope("acme", 3), Some(REASON));
    let dead = desk.dead("acme", "archive-events").await;
    let [letter] = dead.as_slice() else { panic!("{dead:?}") };
    assert_eq!(letter["reason"], REASON);
    assert_eq!((&letter["attempts"], &letter["function"]), (&json!(5), &json!("archive-events")));
    assert_eq!(letter["failedAt"], "2026-11-20T12:00:00.000Z");
    assert_eq!((&letter["tenant"], &letter["subjects"]), (&json!("acme"), &json!([ORDER])));
    assert_eq!(letter["letters"][0]["id"], format!("acme/{ORDER}/3"));
    assert_eq!(desk.dead("acme", "archive-events").await.len(), 1, "a look takes nothing away");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_the_function_has_no_reason_of_its_own() {
    let desk = Operators::open().await;
    desk.bury("archive-events", &envelope("acme", 1), None);
    let dead = desk.dead("acme", "archive-events").await;
    assert_eq!(dead[0]["reason"], "the function did not finish");
    assert_eq!((dead[0].get("attempts"), dead[0].get("failedAt")), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_operator_neither_sees_nor_redrives_what_is_anothers() {
    let desk = Operators::open().await;
    let foreign = [envelope("bolt", 1), "no json".to_owned(), mixed(), r#"[{"tenant":"acme"}]"#.to_owned()];
    for body in &foreign {
        desk.bury("archive-events", body, Some(REASON));
    }
    desk.bury("archive-events", &envelope("acme", 1), Some(REASON));
    let all = desk.get("/v1/dead-letters/archive-events", "acme", "platform-operator").await.json();
    assert_eq!(all["deadLetters"].as_array().unwrap().len(), 5);
    let own = desk.dead("acme", "archive-events").await;
    assert_eq!(column(&json!(own), "tenant"), ["acme"]);
    let counted = desk.get("/v1/dead-letters", "acme", "operator").await.json();
    assert_eq!(count(&counted, "archive-events"), 1);
    let counted = desk.get("/v1/dead-letters", "cask", "operator").await.json();
    assert_eq!(count(&counted, "archive-events"), 0);

    // By id as well: what is another's is not there.
    let others: Vec<String> = column(&all["deadLetters"], "id");
    let ids: Vec<&String> = others.iter().filter(|id| json!(id) != own[0]["id"]).collect();
    let refused = desk.redrive("archive-events", "acme", "operator", &json!({"ids": ids})).await.json();
    assert_eq!((&refused["redriven"], refused["notFound"].as_array().unwrap().len()), (&json!(0), 4));
    let redriven = desk.redrive("archive-events", "acme", "operator", &json!({})).await.json();
    assert_eq!(redriven["redriven"], 1);
    let all = desk.get("/v1/dead-letters/archive-events", "acme", "platform-operator").await.json();
    assert_eq!(all["deadLetters"].as_array().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_is_redriven_by_its_id_and_done_then() {
    let desk = Operators::open().await;
    for sequence in 1..=3 {
        desk.bury("archive-events", &envelope("acme", sequence), Some(REASON));
    }
    let dead = desk.dead("acme", "archive-events").await;
    let second = dead.iter().find(|it| it["letters"][0]["sequence"] == "0000000002").unwrap();
    let body = json!({"ids": [second["id"], "00000000-0000-4000-8000-000000000000"]});
    let redriven = desk.redrive("archive-events", "acme", "operator", &body).await.json();
    let not_found = json!(["00000000-0000-4000-8000-000000000000"]);
    assert_eq!(redriven, json!({"redriven": 1, "state": "done", "notFound": not_found}));
    desk.platform.drained().await.unwrap();
    let left = desk.dead("acme", "archive-events").await;
    let left: BTreeSet<_> = left.iter().map(|it| it["letters"][0]["sequence"].as_str().unwrap()).collect();
    assert_eq!(left, ["0000000001", "0000000003"].into());
    let put = desk.platform.calls().of("archive-events").into_iter().filter(|it| it.operation == "PutObject");
    assert_eq!(put.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_dead_at_once_with_its_reason_and_again_when_it_is_redriven() {
    let desk = Operators::open().await;
    let messages = vec![Outgoing::new("no json")];
    assert!(desk.platform.queues().send_batch("penstock-archive-events", messages).unwrap()[0].is_ok());
    desk.platform.drained().await.unwrap();
    for _ in 0..2 {
        let found = desk.get("/v1/dead-letters/archive-events", "acme", "platform-operator").await.json();
        let letter = &found["deadLetters"][0];
        assert!(letter["reason"].as_str().unwrap().contains("no array of envelopes"), "{found}");
        assert_eq!((&letter["body"], &letter["attempts"]), (&json!("no json"), &json!(1)));
        let body = json!({"ids": [letter["id"]]});
        let redriven = desk.redrive("archive-events", "acme", "platform-operator", &body).await;
        assert_eq!(redriven.json()["redriven"], 1, "{}", redriven.text);
        desk.platform.drained().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_does_not_send_round_and_round_what_dies_again_meanwhile() {
    let desk = Operators::open().await;
    // Of the tenant's own, and yet poison to the archive: its sequence is not the one of its id.
    let poison = envelope("acme", 1).replace("0000000001", "0000000009");
    for _ in 0..25 {
        desk.bury("archive-events", &poison, Some(REASON));
    }
    let redriven = desk.redrive("archive-events", "acme", "operator", &json!({})).await.json();
    assert_eq!((&redriven["redriven"], &redriven["state"]), (&json!(25), &json!("done")));
    desk.platform.drained().await.unwrap();
    assert_eq!(desk.platform.queues().counts("penstock-archive-events-dead-letters").unwrap().visible, 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_are_let_in_and_only_to_queues_that_are_there() {
    let desk = Operators::open().await;
    for path in ["/v1/dead-letters", "/v1/dead-letters/stock"] {
        let refused = desk.get(path, "acme", "pricing").await;
        assert_eq!((refused.status, refused.code()), (403, "forbidden".to_owned()), "{path}");
    }
    assert_eq!(desk.redrive("stock", "acme", "pricing", &json!({})).await.code(), "forbidden");
    for queue in ["wishes", "STOCK", "stock-dead-letters"] {
        let path = format!("/v1/dead-letters/{queue}");
        assert_eq!(desk.get(&path, "acme", "operator").await.code(), "queue-not-found", "{queue}");
        let redriven = desk.redrive(queue, "acme", "platform-operator", &json!({})).await;
        assert_eq!(redriven.code(), "queue-not-found", "{queue}");
    }
    let limit = desk.get("/v1/dead-letters/stock?limit=0", "acme", "operator").await;
    assert_eq!(limit.pointers(), ["query/limit"]);
    let bad = desk.redrive("stock", "acme", "operator", &json!({"ids": ["a"], "all": 1})).await;
    assert_eq!(bad.pointers(), ["/ids/0", "/all"]);
}

/// A platform, and operators of any tenant on it.
struct Operators {
    platform: Platform,
    http: reqwest::Client,
}

impl Operators {
    async fn open() -> Self {
        // Nobody waits for fuller batches of the archive here.
        let template =
            TEMPLATE.replace("BatchSize: 100\n      MaximumBatchingWindowInSeconds: 1\n", "BatchSize: 10\n");
        let options = Options { template, ..penstock_tests::runtime::options() };
        Self { platform: Platform::start(options).await.unwrap(), http: reqwest::Client::new() }
    }

    /// Lays a message among the dead, as a function does, or as SQS does without a reason.
    fn bury(&self, queue: &str, body: &str, reason: Option<&str>) {
        let text = |value: &str| Attribute {
            data_type: "String".to_owned(),
            string_value: Some(value.to_owned()),
            binary_value: None,
        };
        let said = |reason: &str| {
            let said = [
                ("reason", reason),
                ("attempts", "5"),
                ("function", "archive-events"),
                ("failedAt", "2026-11-20T12:00:00Z"),
            ];
            said.map(|(name, value)| (name.to_owned(), text(value))).into()
        };
        let attributes = reason.map_or_else(BTreeMap::new, said);
        let message = Outgoing { body: body.to_owned(), attributes, ..Outgoing::default() };
        let dead_letters = format!("penstock-{queue}-dead-letters");
        assert!(self.platform.queues().send_batch(&dead_letters, vec![message]).unwrap()[0].is_ok());
    }

    async fn get(&self, path: &str, tenant: &str, role: &str) -> Answer {
        send(self.http.get(self.url(path)).bearer_auth(self.token(tenant, role))).await
    }

    /// What a tenant's own operator sees of a queue's dead letters.
    async fn dead(&self, tenant: &str, queue: &str) -> Vec<Value> {
        let list = self.get(&format!("/v1/dead-letters/{queue}"), tenant, "operator").await;
        assert_eq!(list.status, 200, "{}", list.text);
        list.json()["deadLetters"].as_array().unwrap().clone()
    }

    async fn redrive(&self, queue: &str, tenant: &str, role: &str, body: &Value) -> Answer {
        let path = self.url(&format!("/v1/dead-letters/{queue}/redrive"));
        send(self.http.post(path).bearer_auth(self.token(tenant, role)).json(body)).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.platform.url())
    }

    fn token(&self, tenant: &str, role: &str) -> String {
        self.platform.token(tenant, "an-operator", &[role]).unwrap().token
    }
}

fn column(rows: &Value, name: &str) -> Vec<String> {
    rows.as_array().unwrap().iter().filter_map(|it| it[name].as_str().map(str::to_owned)).collect()
}

fn count(queues: &Value, queue: &str) -> u64 {
    let rows = queues["queues"].as_array().unwrap();
    rows.iter().find(|it| it["queue"] == queue).unwrap()["deadLetters"].as_u64().unwrap()
}

fn mixed() -> String {
    let letters = [envelope("acme", 8), envelope("bolt", 8)].map(|it| it[1..it.len() - 1].to_owned());
    format!("[{}]", letters.join(","))
}

/// A message of one event.
fn envelope(tenant: &str, sequence: u32) -> String {
    let envelope = json!({
        "specversion": "1.0",
        "id": format!("{tenant}/{ORDER}/{sequence}"),
        "source": "urn:penstock:orders",
        "type": "penstock.order.placed",
        "subject": ORDER,
        "time": "2010-12-01T08:26:00Z",
        "datacontenttype": "application/json",
        "tenant": tenant,
        "sequence": format!("{sequence:010}"),
        "version": sequence,
        "correlationid": "c",
        "data": {"sequence": sequence},
    });
    format!("[{envelope}]")
}
