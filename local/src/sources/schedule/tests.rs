use std::collections::BTreeMap;

use tokio::sync::mpsc;

use super::*;
use crate::functions::Deployed;
use crate::planted::Planted;
use crate::sources::expression::Expression;

#[tokio::test]
async fn a_function_is_invoked_at_each_time_with_an_event_that_says_it() {
    let mut it = Setting::start(hourly(), "2026-11-20T10:59:30Z").await;
    for hour in ["2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z"] {
        it.clock.move_to(hour);
        let event = it.invoked().await;
        assert_eq!(event["time"], hour);
        assert_eq!((&event["source"], &event["detail"]), (&json!("aws.events"), &json!({})));
        assert_eq!(event["detail-type"], "Scheduled Event");
    }
}

#[tokio::test]
async fn what_was_missed_is_not_made_up() {
    let mut it = Setting::start(hourly(), "2026-11-20T10:59:30Z").await;
    it.clock.move_to("2026-11-20T15:30:00Z");
    assert_eq!(it.invoked().await["time"], "2026-11-20T11:00:00Z");
    it.clock.move_to("2026-11-20T16:00:00Z");
    assert_eq!(it.invoked().await["time"], "2026-11-20T16:00:00Z");
}

#[tokio::test]
async fn an_input_takes_the_place_of_the_event() {
    let input = Some(r#"{"depth":"full"}"#.to_owned());
    let mut it = Setting::start(Schedule { input, ..hourly() }, "2026-11-20T10:59:30Z").await;
    it.clock.move_to("2026-11-20T11:00:00Z");
    assert_eq!(it.invoked().await, json!({"depth": "full"}));
}

#[tokio::test]
async fn nothing_is_invoked_before_its_time_nor_after_the_stop() {
    let mut it = Setting::start(hourly(), "2026-11-20T10:59:30Z").await;
    it.clock.move_to("2026-11-20T10:59:59Z");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(it.events.try_recv().is_err());
    it.stop.send_replace(true);
    it.task.await.unwrap();
}

/// A function that hands on what it is invoked with, by a schedule, at a time that the test moves.
struct Setting {
    clock: Arc<Hands>,
    events: mpsc::UnboundedReceiver<Value>,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Setting {
    async fn start(schedule: Schedule, now: &str) -> Self {
        let (given, events) = mpsc::unbounded_channel();
        let handler = Planted::handler(move |payload| {
            given.send(serde_json::from_slice(&payload).unwrap()).unwrap();
            async { Ok(b"null".to_vec()) }
        });
        let deployed = Deployed { timeout: Duration::from_secs(5), handler };
        let functions = Functions::new(BTreeMap::from([("tick".to_owned(), deployed)]));
        let clock = Arc::new(Hands(Arc::new(watch::channel(now.parse().unwrap()).0)));
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(run(schedule, functions, Arc::clone(&clock) as Arc<dyn Clock>, stopping));
        // It looks at the clock before the test moves it.
        tokio::task::yield_now().await;
        Self { clock, events, stop, task }
    }

    async fn invoked(&mut self) -> Value {
        let event = tokio::time::timeout(Duration::from_secs(5), self.events.recv()).await;
        event.expect("the function is invoked").unwrap()
    }
}

/// A clock that stands still unless it is moved.
struct Hands(Arc<watch::Sender<Timestamp>>);

impl Hands {
    fn move_to(&self, time: &str) {
        self.0.send_replace(time.parse().unwrap());
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn until(&self, time: Timestamp) -> BoxFuture<'static, ()> {
        let mut moved = self.0.subscribe();
        async move {
            moved.wait_for(|it| *it >= time).await.unwrap();
        }
        .boxed()
    }
}

fn hourly() -> Schedule {
    Schedule {
        name: "hourly".into(),
        function: "tick".into(),
        expression: Expression::parse("cron(0 * * * ? *)", None).unwrap(),
        input: None,
        service: ScheduleService::Rule,
    }
}
