use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::aws::sqs::wall_clock;
use crate::functions::Deployed;
use crate::planted::{Planted, planted_failure};
use crate::sources::filter::Filter;
use crate::template::{Queue, Table};

#[tokio::test]
async fn what_is_written_is_delivered_in_order_and_trimmed() {
    let it = Setting::new(mapping(), |_| Ok(json!(null)));
    let running = it.start();
    it.write("a", 1..=250);
    running.streams.settled().await.unwrap();
    assert_eq!(it.delivered("a"), (1..=250).collect::<Vec<_>>());
    assert!(it.batches().iter().all(|it| *it <= 100), "{:?}", it.batches());
    assert_eq!(it.store.held("things").unwrap(), 1);
}

// On tokio's time, which passes only while all wait: a busy machine does not make it longer.
#[tokio::test(start_paused = true)]
async fn a_write_wakes_the_mapping_at_once() {
    let it = Setting::new(mapping(), |_| Ok(json!(null)));
    let running = it.start();
    running.streams.settled().await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    it.write("a", 1..=1);
    let delivered = tokio::time::timeout(Duration::from_millis(20), running.streams.settled()).await;
    delivered.expect("nothing sleeps while a record lies there").unwrap();
    assert_eq!(it.delivered("a"), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_window_waits_for_a_fuller_batch() {
    let it =
        Setting::new(StreamMapping { window: Duration::from_millis(200), ..mapping() }, |_| Ok(json!(null)));
    let running = it.start();
    it.write("a", 1..=1);
    tokio::time::sleep(Duration::from_millis(20)).await;
    it.write("a", 2..=3);
    running.streams.settled().await.unwrap();
    assert_eq!(it.batches(), [3]);
}

/// One shard is held up by what fails in it; the others go on, and each key's order is kept.
#[tokio::test(start_paused = true)]
async fn shards_are_read_at_a_pace_of_their_own() {
    const BAD: u32 = 1_000;
    let it = Setting::new(mapping(), |sorts| match sorts.contains(&BAD) {
        true => Err(planted_failure()),
        false => Ok(json!(null)),
    });
    it.write("a", BAD..=BAD);
    let others = ["b", "c", "d", "e", "f"];
    for sort in 1..=5 {
        others.iter().for_each(|pk| it.write(pk, sort..=sort));
    }
    let _running = it.start_on(4);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(it.succeeded_of("a"), [0; 0]);
    let done: Vec<_> = others.into_iter().filter(|pk| it.succeeded_of(pk) == [1, 2, 3, 4, 5]).collect();
    assert!(!done.is_empty(), "of five keys some are in another of four shards than the first");
}

/// The laptop's checkpoint goes by the mapping's own name; what more shards need is beside it.
#[tokio::test]
async fn more_shards_deliver_everything_once() {
    let it = Setting::new(mapping(), |_| Ok(json!(null)));
    let running = it.start_on(3);
    for pk in ["a", "b", "c", "d"] {
        it.write(pk, 1..=40);
    }
    running.streams.settled().await.unwrap();
    for pk in ["a", "b", "c", "d"] {
        assert_eq!(it.delivered(pk), (1..=40).collect::<Vec<_>>(), "{pk}");
    }
    assert_eq!(it.store.held("things").unwrap(), 1, "what all shards have passed is trimmed");
}

#[tokio::test]
async fn a_failed_batch_is_tried_again_before_anything_behind_it() {
    let failures = Mutex::new(2);
    let it = Setting::new(mapping(), move |_| {
        let mut left = failures.lock().unwrap();
        if *left > 0 {
            *left -= 1;
            return Err(planted_failure());
        }
        Ok(json!(null))
    });
    it.write("a", 1..=3);
    let running = it.start();
    running.streams.settled().await.unwrap();
    assert_eq!(it.delivered("a"), [1, 2, 3, 1, 2, 3, 1, 2, 3]);
    assert!(it.given_up().await.is_empty());
}

#[tokio::test]
async fn a_crash_of_the_function_is_a_failed_batch() {
    let crashes = Mutex::new(1);
    let it = Setting::new(mapping(), move |_| {
        let crash = std::mem::take(&mut *crashes.lock().unwrap());
        assert_eq!(crash, 0, "planted");
        Ok(json!(null))
    });
    it.write("a", 1..=2);
    let running = it.start();
    running.streams.settled().await.unwrap();
    assert_eq!(it.delivered("a"), [1, 2, 1, 2]);
}

#[tokio::test]
async fn bisecting_finds_the_poisonous_record_gives_up_it_alone_and_keeps_the_order() {
    let poisoned = StreamMapping { bisect: true, retries_max: Some(1), ..mapping() };
    let it =
        Setting::new(
            poisoned,
            |sorts| if sorts.contains(&3) { Err(planted_failure()) } else { Ok(json!(null)) },
        );
    it.write("a", 1..=5);
    let running = it.start();
    running.streams.settled().await.unwrap();
    let succeeded: Vec<u32> = it.succeeded();
    assert_eq!(succeeded, [1, 2, 4, 5]);
    let failed = it.given_up().await;
    assert_eq!(failed.len(), 1);
    let message = &failed[0];
    assert_eq!(message["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(message["DDBStreamBatchInfo"]["batchSize"], 1);
    let info = &message["DDBStreamBatchInfo"];
    assert_eq!(info["startSequenceNumber"], info["endSequenceNumber"]);
}

#[tokio::test]
async fn without_bisecting_the_whole_batch_is_given_up_and_the_next_goes_on() {
    let small = StreamMapping { batch_size: 2, retries_max: Some(1), ..mapping() };
    let it = Setting::new(
        small,
        |sorts| if sorts.contains(&1) { Err(planted_failure()) } else { Ok(json!(null)) },
    );
    it.write("a", 1..=4);
    let running = it.start();
    running.streams.settled().await.unwrap();
    assert_eq!(it.delivered("a"), [1, 2, 1, 2, 3, 4]);
    assert_eq!(it.given_up().await[0]["DDBStreamBatchInfo"]["batchSize"], 2);
}

#[tokio::test]
async fn a_partial_failure_goes_on_from_the_failed_record() {
    let failed_once = Mutex::new(false);
    let partial = StreamMapping { partial_failures: true, ..mapping() };
    let it = Setting::with_records(partial, move |records| {
        let third = records.iter().find(|it| sort(it) == 3);
        let already = std::mem::replace(&mut *failed_once.lock().unwrap(), true);
        match third {
            Some(third) if !already => {
                let number = &third["dynamodb"]["SequenceNumber"];
                Ok(json!({"batchItemFailures": [{"itemIdentifier": number}]}))
            }
            _ => Ok(json!({"batchItemFailures": []})),
        }
    });
    it.write("a", 1..=4);
    let running = it.start();
    running.streams.settled().await.unwrap();
    assert_eq!(it.delivered("a"), [1, 2, 3, 4, 3, 4]);
}

#[tokio::test]
async fn records_that_are_too_old_are_given_up_and_said_so() {
    let it = Setting::new(StreamMapping { age_max: Some(Duration::ZERO), ..mapping() }, |_| Ok(json!(null)));
    it.write("a", 1..=2);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let running = it.start();
    running.streams.settled().await.unwrap();
    assert!(it.delivered("a").is_empty());
    let failed = it.given_up().await;
    assert_eq!(failed[0]["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(failed[0]["DDBStreamBatchInfo"]["batchSize"], 2);
}

#[tokio::test]
async fn lanes_run_side_by_side_and_keep_each_items_order() {
    let parallel = StreamMapping { parallel: 4, batch_size: 5, ..mapping() };
    let it = Setting::new(parallel, |_| Ok(json!(null)));
    for sort in 1..=20 {
        for pk in ["a", "b", "c", "d", "e"] {
            it.write(pk, sort..=sort);
        }
    }
    let running = it.start();
    running.streams.settled().await.unwrap();
    for pk in ["a", "b", "c", "d", "e"] {
        assert_eq!(it.delivered(pk), (1..=20).collect::<Vec<_>>(), "{pk}");
    }
}

#[tokio::test]
async fn what_fits_into_one_batch_is_one_invocation_however_many_lanes_there_are() {
    let parallel = StreamMapping { parallel: 4, batch_size: 20, ..mapping() };
    let it = Setting::new(parallel, |_| Ok(json!(null)));
    for pk in ["a", "b", "c", "d", "e"] {
        it.write(pk, 1..=4);
    }
    let running = it.start();
    running.streams.settled().await.unwrap();
    assert_eq!(it.batches(), [20]);
}

#[tokio::test]
async fn a_batch_that_was_not_finished_is_delivered_again_after_a_restart_and_none_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let broken = Setting::at(Some(folder.path()), mapping(), |records| {
        if records.iter().any(|it| sort(it) > 100) { Err(planted_failure()) } else { Ok(json!(null)) }
    });
    let running = broken.start();
    broken.write("a", 1..=150);
    while !broken.delivered("a").contains(&150) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.stop().await;
    drop(broken);
    let repaired = Setting::at(Some(folder.path()), mapping(), |_| Ok(json!(null)));
    let running = repaired.start();
    running.streams.settled().await.unwrap();
    let delivered = repaired.delivered("a");
    assert_eq!(delivered.last(), Some(&150));
    assert!((101..=150).all(|it| delivered.contains(&it)), "{delivered:?}");
}

#[tokio::test]
async fn what_is_given_up_without_a_destination_holds_nothing_up() {
    let hopeless = StreamMapping { retries_max: Some(0), on_failure: None, ..mapping() };
    let it = Setting::new(hopeless, |_| Err(planted_failure()));
    it.write("a", 1..=2);
    let running = it.start();
    running.streams.settled().await.unwrap();
    assert!(it.given_up().await.is_empty());
}

#[tokio::test]
async fn a_record_that_no_filter_lets_through_is_passed_over() {
    let pattern = r#"{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "wanted"}]}}}}"#;
    let filters = vec![Filter::parse(pattern).unwrap()];
    let it = Setting::new(StreamMapping { filters, ..mapping() }, |_| Ok(json!(null)));
    it.write("unwanted", 1..=3);
    it.write("wanted", 1..=2);
    it.write("unwanted", 4..=4);
    let running = it.start();
    running.streams.settled().await.unwrap();
    assert_eq!(it.delivered("wanted"), [1, 2]);
    assert!(it.delivered("unwanted").is_empty());
    assert_eq!(it.store.held("things").unwrap(), 1);
}

/// A table `things`, a function that answers as told, and what it was given.
struct Setting {
    store: DynamoDb,
    queues: Sqs,
    functions: Functions,
    mapping: StreamMapping,
    given: Arc<Mutex<Vec<Given>>>,
}

struct Given {
    records: Vec<Value>,
    succeeded: bool,
}

struct Running {
    streams: Streams,
    stop: watch::Sender<bool>,
}

impl Running {
    async fn stop(self) {
        self.stop.send_replace(true);
        self.streams.stopped().await;
    }
}

impl Setting {
    fn new<F>(mapping: StreamMapping, answer: F) -> Self
    where
        F: Fn(&[u32]) -> Result<Value, crate::handler::Failure> + Send + Sync + 'static,
    {
        Self::with_records(mapping, move |records| answer(&records.iter().map(sort).collect::<Vec<_>>()))
    }

    fn with_records<F>(mapping: StreamMapping, answer: F) -> Self
    where
        F: Fn(&[Value]) -> Result<Value, crate::handler::Failure> + Send + Sync + 'static,
    {
        Self::at(None, mapping, answer)
    }

    fn at<F>(folder: Option<&Path>, mapping: StreamMapping, answer: F) -> Self
    where
        F: Fn(&[Value]) -> Result<Value, crate::handler::Failure> + Send + Sync + 'static,
    {
        let store = folder.map_or_else(DynamoDb::memory, |it| DynamoDb::open(&it.join("db"))).unwrap();
        store.create_tables(&[things()]).unwrap();
        let given = Arc::new(Mutex::new(vec![]));
        let handler = Planted::handler({
            let (given, answer) = (Arc::clone(&given), Arc::new(answer));
            move |payload: Vec<u8>| {
                let (given, answer) = (Arc::clone(&given), Arc::clone(&answer));
                async move {
                    let event: Value = serde_json::from_slice(&payload).unwrap();
                    let records = event["Records"].as_array().unwrap().clone();
                    let at = {
                        let mut given = given.lock().unwrap();
                        given.push(Given { records: records.clone(), succeeded: false });
                        given.len() - 1
                    };
                    let answered = answer(&records)?;
                    given.lock().unwrap()[at].succeeded = true;
                    Ok(answered.to_string().into_bytes())
                }
            }
        });
        let deployed = Deployed { timeout: Duration::from_secs(5), handler };
        let functions = Functions::new(BTreeMap::from([("follow".to_owned(), deployed)]));
        let queues = Sqs::memory("http://127.0.0.1:0", wall_clock()).unwrap();
        queues.create_queues(&[Queue { name: "gave-up".into(), ..Queue::default() }]).unwrap();
        Self { store, queues, functions, mapping, given }
    }

    fn start(&self) -> Running {
        self.start_on(1)
    }

    fn start_on(&self, shards: usize) -> Running {
        let (stop, stopping) = watch::channel(false);
        let mappings = [self.mapping.clone()];
        let streams =
            Streams::start(&self.store, &self.functions, &mappings, &self.queues, shards, &stopping).unwrap();
        Running { streams, stop }
    }

    fn write(&self, pk: &str, sorts: std::ops::RangeInclusive<u32>) {
        for sort in sorts {
            let item = json!({"pk": {"S": pk}, "sk": {"N": sort.to_string()}});
            let put = json!({"TableName": "things", "Item": item}).to_string();
            assert_eq!(self.store.answer("PutItem", put.as_bytes()).status, 200);
        }
    }

    /// What the failure queue was told.
    async fn given_up(&self) -> Vec<Value> {
        let told = self.queues.receive("gave-up", 10, Duration::ZERO, None).await.unwrap();
        told.iter().map(|it| serde_json::from_str(&it.body).unwrap()).collect()
    }

    /// The sort keys of `pk` in the order they were given, failed batches included.
    fn delivered(&self, pk: &str) -> Vec<u32> {
        let given = self.given.lock().unwrap();
        let records = given.iter().flat_map(|it| &it.records);
        records.filter(|it| it["dynamodb"]["Keys"]["pk"]["S"] == pk).map(sort).collect()
    }

    fn succeeded(&self) -> Vec<u32> {
        let given = self.given.lock().unwrap();
        given.iter().filter(|it| it.succeeded).flat_map(|it| &it.records).map(sort).collect()
    }

    fn succeeded_of(&self, pk: &str) -> Vec<u32> {
        let given = self.given.lock().unwrap();
        let records = given.iter().filter(|it| it.succeeded).flat_map(|it| &it.records);
        records.filter(|it| key(it) == pk).map(sort).collect()
    }

    fn batches(&self) -> Vec<usize> {
        self.given.lock().unwrap().iter().map(|it| it.records.len()).collect()
    }
}

fn key(record: &Value) -> &str {
    record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap()
}

fn sort(record: &Value) -> u32 {
    record["dynamodb"]["Keys"]["sk"]["N"].as_str().unwrap().parse().unwrap()
}

fn mapping() -> StreamMapping {
    StreamMapping {
        name: "m".into(),
        function: "follow".into(),
        table: "things".into(),
        batch_size: 100,
        window: Duration::ZERO,
        from_start: true,
        bisect: false,
        retries_max: None,
        age_max: None,
        partial_failures: false,
        parallel: 1,
        filters: vec![],
        on_failure: Some("gave-up".into()),
    }
}

fn things() -> Table {
    let create = json!({
        "TableName": "things",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
    });
    Table { name: "things".into(), create, streams: true, time_to_live: None }
}
