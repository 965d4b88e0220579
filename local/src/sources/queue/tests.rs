mod events;

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::aws::sqs::{Outgoing, wall_clock};
use crate::functions::Deployed;
use crate::handler::Handler;
use crate::planted::{Planted, planted_failure};
use crate::sources::filter::Filter;
use crate::template::Queue;

#[tokio::test]
async fn what_is_sent_is_handed_over_and_deleted() {
    let it = Setting::new(mapping(), |_| Ok(json!(null)));
    let running = it.start();
    it.send(25);
    it.drained().await;
    assert_eq!(it.taken(), (0..25).map(|it| it.to_string()).collect());
    assert!(it.batches().iter().all(|it| *it <= 10), "{:?}", it.batches());
    running.stop().await;
}

// On tokio's time, which passes only while all wait: a busy machine does not make it longer.
#[tokio::test(start_paused = true)]
async fn a_message_reaches_the_function_at_once() {
    let it = Setting::new(mapping(), |_| Ok(json!(null)));
    let _running = it.start();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let sent = Instant::now();
    it.send(1);
    it.drained().await;
    assert!(sent.elapsed() < Duration::from_millis(20), "{:?}", sent.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_window_waits_for_a_fuller_batch_and_a_full_one_leaves_at_once() {
    let wide = QueueMapping { window: Duration::from_millis(300), batch_size: 20, ..mapping() };
    let it = Setting::new(wide, |_| Ok(json!(null)));
    let _running = it.start();
    it.send(1);
    tokio::time::sleep(Duration::from_millis(30)).await;
    it.send(2);
    it.drained().await;
    assert_eq!(it.batches(), [3]);
    let sent = Instant::now();
    it.send(20);
    it.drained().await;
    assert_eq!(it.batches(), [3, 20]);
    assert!(sent.elapsed() < Duration::from_millis(20), "{:?}", sent.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_batchs_time_begins_with_its_first_message_and_not_after_the_window() {
    let window = Duration::from_millis(700);
    let it = Setting::new(QueueMapping { window, ..mapping() }, |_| Ok(json!(null)));
    let (_stop, stopping) = watch::channel(false);
    let mut reader =
        Reader::new(&it.sqs, &it.functions, it.mapping.clone(), Duration::from_secs(1), &stopping);
    let (later, collected) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            it.send(1);
            Instant::now()
        },
        reader.collect()
    );
    let (batch, received) = collected.unwrap();
    assert_eq!((batch.len(), received), (1, later));
    assert_eq!(received.elapsed(), window);
}

#[tokio::test]
async fn a_failed_batch_comes_back_after_its_visibility_timeout() {
    let failures = Mutex::new(1);
    let it = Setting::new(mapping(), move |_| {
        let failed = std::mem::take(&mut *failures.lock().unwrap()) == 1;
        if failed { Err(planted_failure()) } else { Ok(json!(null)) }
    });
    let _running = it.start();
    let sent = Instant::now();
    it.send(3);
    it.drained().await;
    assert!(sent.elapsed() >= Duration::from_millis(950), "{:?}", sent.elapsed());
    assert_eq!(it.receive_counts(), [1, 1, 1, 2, 2, 2]);
}

#[tokio::test]
async fn only_the_messages_that_failed_come_back() {
    let partial = QueueMapping { partial_failures: true, ..mapping() };
    let it = Setting::with_records(partial, |records| {
        let failed = records
            .iter()
            .filter(|it| it["body"] == "1" && it["attributes"]["ApproximateReceiveCount"] == "1");
        let failures: Vec<_> = failed.map(|it| json!({"itemIdentifier": it["messageId"]})).collect();
        Ok(json!({"batchItemFailures": failures}))
    });
    let _running = it.start();
    it.send(3);
    it.drained().await;
    assert_eq!(it.receive_counts(), [1, 1, 1, 2]);
}

#[tokio::test]
async fn a_poisonous_message_ends_as_a_dead_letter() {
    let it = Setting::new(mapping(), |bodies| {
        if bodies.contains(&"0".to_owned()) { Err(planted_failure()) } else { Ok(json!(null)) }
    });
    let _running = it.start();
    it.send(1);
    it.drained().await;
    assert_eq!(it.sqs.counts("dead").unwrap().visible, 1);
    assert_eq!(it.batches(), [1, 1]);
}

#[tokio::test]
async fn what_no_filter_lets_through_is_deleted() {
    let filters = vec![Filter::parse(r#"{"body": [{"prefix": "1"}]}"#).unwrap()];
    let it = Setting::new(QueueMapping { filters, ..mapping() }, |_| Ok(json!(null)));
    let _running = it.start();
    it.send(12);
    it.drained().await;
    assert_eq!(it.taken(), ["1", "10", "11"].map(str::to_owned).into());
}

#[tokio::test]
async fn no_more_batches_run_at_once_than_the_mapping_allows_and_as_many_do() {
    let most = Arc::new(Mutex::new((0, 0)));
    let slow = Planted::handler({
        let most = Arc::clone(&most);
        move |_| {
            let most = Arc::clone(&most);
            async move {
                {
                    let mut counts = most.lock().unwrap();
                    counts.0 += 1;
                    counts.1 = counts.1.max(counts.0);
                }
                tokio::time::sleep(Duration::from_millis(30)).await;
                most.lock().unwrap().0 -= 1;
                Ok(b"null".to_vec())
            }
        }
    });
    let limited = QueueMapping { concurrency_max: Some(4), batch_size: 1, ..mapping() };
    let it = Setting::of(limited, slow, None);
    let _running = it.start();
    it.send(40);
    it.drained().await;
    assert_eq!(most.lock().unwrap().1, 4);
}

#[tokio::test]
async fn a_throttled_function_gets_the_same_delivery_when_it_is_free_again() {
    let slow = Planted::handler(|_| async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        Ok(b"null".to_vec())
    });
    let it = Setting::of(QueueMapping { batch_size: 1, ..mapping() }, slow, Some(1));
    let _running = it.start();
    it.send(4);
    it.drained().await;
    assert_eq!(it.sqs.counts("dead").unwrap().visible, 0);
}

#[tokio::test]
async fn what_was_received_before_a_stop_is_finished() {
    let it = Setting::new(QueueMapping { window: Duration::from_secs(30), ..mapping() }, |_| Ok(json!(null)));
    let running = it.start();
    it.send(2);
    while it.sqs.counts("jobs").unwrap().in_flight < 2 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    running.stop().await;
    assert_eq!(it.batches(), [2]);
    assert_eq!(it.sqs.counts("jobs").unwrap().in_flight, 0);
}

#[test]
fn a_batch_is_cut_into_payloads_that_lambda_takes() {
    let parcel = |bytes: usize| Parcel {
        message: Message {
            message_id: String::new(),
            receipt_handle: String::new(),
            body: String::new(),
            attributes: BTreeMap::new(),
            message_attributes: BTreeMap::new(),
        },
        record: RawValue::from_string(format!("\"{}\"", "x".repeat(bytes))).unwrap(),
    };
    let mib = 1024 * 1024;
    let cut = payloads(vec![parcel(5 * mib), parcel(mib / 2), parcel(mib), parcel(mib)]);
    assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, for a machine that does nothing else: cargo test --release -- --ignored --nocapture from_send"]
async fn from_send_to_handler_start_it_takes_5_ms_and_rarely_30() {
    const MESSAGES: usize = 2_000;
    let sent_at = Arc::new(Mutex::new(BTreeMap::new()));
    let took = Arc::new(Mutex::new(Vec::new()));
    let handler = Planted::handler({
        let (sent_at, took) = (Arc::clone(&sent_at), Arc::clone(&took));
        move |payload: Vec<u8>| {
            let started = Instant::now();
            let event: Value = serde_json::from_slice(&payload).unwrap();
            let sent_at = sent_at.lock().unwrap();
            let bodies = event["Records"].as_array().unwrap().iter().map(|it| it["body"].as_str().unwrap());
            took.lock().unwrap().extend(bodies.map(|it| started - sent_at[it]));
            async { Ok(b"null".to_vec()) }
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let it = Setting::on(
        Sqs::open(&folder.path().join("sqs"), "http://127.0.0.1:0", wall_clock()).unwrap(),
        mapping(),
        handler,
        None,
    );
    let _running = it.start();
    for number in 0..MESSAGES {
        let body = number.to_string();
        sent_at.lock().unwrap().insert(body.clone(), Instant::now());
        it.sqs.send_batch("jobs", vec![Outgoing::new(body)]).unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    it.drained().await;
    let mut took = took.lock().unwrap().clone();
    took.sort();
    let [p50, p99] = [MESSAGES / 2, MESSAGES * 99 / 100].map(|it| took[it]);
    println!("from send to handler start: p50 {p50:?}, p99 {p99:?}");
    assert!(p50 <= Duration::from_millis(5) && p99 <= Duration::from_millis(30), "p50 {p50:?}, p99 {p99:?}");
}

/// A queue `jobs` with a dead-letter queue `dead`, a function that answers as told, and what it was given.
struct Setting {
    sqs: Sqs,
    functions: Functions,
    mapping: QueueMapping,
    given: Arc<Mutex<Vec<Vec<Value>>>>,
}

struct Running {
    task: tokio::task::JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Running {
    async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

impl Setting {
    fn new<F>(mapping: QueueMapping, answer: F) -> Self
    where
        F: Fn(&[String]) -> Result<Value, Failure> + Send + Sync + 'static,
    {
        let body = |it: &Value| it["body"].as_str().unwrap().to_owned();
        Self::with_records(mapping, move |records| answer(&records.iter().map(body).collect::<Vec<_>>()))
    }

    fn with_records<F>(mapping: QueueMapping, answer: F) -> Self
    where
        F: Fn(&[Value]) -> Result<Value, Failure> + Send + Sync + 'static,
    {
        let given = Arc::new(Mutex::new(vec![]));
        let handler = Planted::handler({
            let (given, answer) = (Arc::clone(&given), Arc::new(answer));
            move |payload: Vec<u8>| {
                let event: Value = serde_json::from_slice(&payload).unwrap();
                let records = event["Records"].as_array().unwrap().clone();
                let answered = answer(&records);
                given.lock().unwrap().push(records);
                async move { Ok(answered?.to_string().into_bytes()) }
            }
        });
        Self { given, ..Self::of(mapping, handler, None) }
    }

    fn of(mapping: QueueMapping, handler: Arc<dyn Handler>, reserved: Option<usize>) -> Self {
        Self::on(Sqs::memory("http://127.0.0.1:0", wall_clock()).unwrap(), mapping, handler, reserved)
    }

    fn on(sqs: Sqs, mapping: QueueMapping, handler: Arc<dyn Handler>, reserved: Option<usize>) -> Self {
        let redrive =
            json!({"deadLetterTargetArn": crate::aws::sqs::queue_arn("dead"), "maxReceiveCount": 2});
        let attributes = [("VisibilityTimeout", "1".to_owned()), ("RedrivePolicy", redrive.to_string())];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value)).into();
        let dead = Queue { name: "dead".into(), ..Queue::default() };
        sqs.create_queues(&[dead, Queue { name: "jobs".into(), attributes }]).unwrap();
        let deployed = Deployed { timeout: Duration::from_secs(5), handler };
        let reserved = reserved.map(|it| ("take".to_owned(), it)).into_iter().collect();
        let functions =
            Functions::new(BTreeMap::from([("take".to_owned(), deployed)])).with_reserved(&reserved);
        Self { sqs, functions, mapping, given: Arc::default() }
    }

    fn start(&self) -> Running {
        let (stop, stopping) = watch::channel(false);
        let visibility = Duration::from_secs(1);
        let reader = Reader::new(&self.sqs, &self.functions, self.mapping.clone(), visibility, &stopping);
        Running { task: tokio::spawn(reader.run()), stop }
    }

    fn send(&self, count: usize) {
        let messages: Vec<_> = (0..count).map(|it| Outgoing::new(it.to_string())).collect();
        for batch in messages.chunks(10) {
            let sent = self.sqs.send_batch("jobs", batch.to_vec()).unwrap();
            assert!(sent.iter().all(Result::is_ok));
        }
    }

    async fn drained(&self) {
        let empty = || {
            let counts = self.sqs.counts("jobs").unwrap();
            counts.visible + counts.in_flight + counts.delayed == 0
        };
        let all = async {
            while !empty() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), all).await.expect("the queue becomes empty");
    }

    fn taken(&self) -> BTreeSet<String> {
        let given = self.given.lock().unwrap();
        given.iter().flatten().map(|it| it["body"].as_str().unwrap().to_owned()).collect()
    }

    fn receive_counts(&self) -> Vec<u32> {
        let given = self.given.lock().unwrap();
        let count =
            |it: &Value| it["attributes"]["ApproximateReceiveCount"].as_str().unwrap().parse().unwrap();
        given.iter().flatten().map(count).collect()
    }

    fn batches(&self) -> Vec<usize> {
        self.given.lock().unwrap().iter().map(Vec::len).collect()
    }
}

fn mapping() -> QueueMapping {
    QueueMapping {
        name: "m".into(),
        function: "take".into(),
        queue: "jobs".into(),
        batch_size: 10,
        window: Duration::ZERO,
        partial_failures: false,
        concurrency_max: None,
        filters: vec![],
    }
}
