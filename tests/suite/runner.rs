//! What becomes of a queue's letters, whatever their consumer does with them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use penstock_api::envelope::{Cause, Step};
use penstock_local::aws::faults::refusal;
use penstock_platform::queue::consumer::{Consumer, NotDone, Taken, each};
use penstock_platform::queue::{Letter, NewLetter};
use penstock_tests::desk::{Desk, VISIBILITY};
use serde_json::Value;

const ORDER: &str = "13423f01-b4f1-5b6b-8ec2-9dd015e7a04f";

#[tokio::test]
async fn one_bad_letter_among_ten_is_given_up_alone_with_its_reason_and_done_when_redriven() {
    let (clerk, books) = clerk(|letter| match number(letter) {
        7 => Err(NotDone::Failed("the seventh is not liked".to_owned())),
        _ => Ok(()),
    });
    let desk = Desk::open(clerk).await;
    desk.send(&letters(10)).await;
    desk.settle().await;
    let tries = books.tries();
    assert_eq!(tries.iter().filter(|(it, _)| **it != 7).map(|(_, tries)| *tries).collect::<Vec<_>>(), [1; 9]);
    assert_eq!(tries[&7], 5);

    let dead = desk.dead_letters().await;
    let [(body, said)] = dead.as_slice() else { panic!("{dead:?}") };
    assert_eq!(body.as_array().unwrap().len(), 1, "{body}");
    assert_eq!(body[0]["id"], format!("acme/{ORDER}/test/7"));
    assert_eq!((said["reason"].as_str(), said["attempts"].as_str()), ("the seventh is not liked", "5"));
    assert_eq!(said["function"], "desk");
    assert!(said["failedAt"].parse::<Timestamp>().is_ok());

    books.change(|_| Ok(()));
    desk.wait(VISIBILITY);
    desk.redrive().await;
    desk.settle().await;
    assert_eq!(books.tries()[&7], 6);
    assert_eq!(desk.dead_letters().await, []);
}

#[tokio::test]
async fn a_redriven_letter_has_all_its_attempts_before_it_again() {
    let (clerk, books) = clerk(|_| Err(NotDone::Failed("no".to_owned())));
    let desk = Desk::open(clerk).await;
    desk.send(&letters(1)).await;
    desk.settle().await;
    desk.redrive().await;
    desk.settle().await;
    assert_eq!(books.tries()[&0], 10);
}

#[tokio::test]
async fn what_comes_later_comes_together_and_is_tried_as_often_as_if_it_never_had() {
    let (clerk, books) = clerk(|_| Err(NotDone::Later(Duration::from_secs(600))));
    let desk = Desk::open(clerk).await;
    desk.send(&letters(10)).await;
    for _ in 0..20 {
        assert_eq!(desk.turn().await, 1, "ten letters are one message still");
        assert_eq!(desk.turn().await, 0);
        desk.wait(Duration::from_secs(600));
    }
    books.change(|_| Err(NotDone::Failed("no".to_owned())));
    desk.settle().await;
    assert_eq!(books.tries().into_values().collect::<Vec<_>>(), [25; 10]);
    assert_eq!(desk.dead_letters().await.len(), 10);
}

#[tokio::test]
async fn what_failed_is_sent_again_alone_and_the_rest_is_not() {
    let (clerk, _) = clerk(|letter| match number(letter) {
        2 => Err(NotDone::Failed("no".to_owned())),
        _ => Ok(()),
    });
    let desk = Desk::open(clerk).await;
    desk.send(&letters(4)).await;
    desk.turn().await;
    desk.wait(Duration::from_secs(2));
    let again = desk.peek().await;
    let [(body, said)] = again.as_slice() else { panic!("{again:?}") };
    assert_eq!((body.as_array().unwrap().len(), &body[0]["data"]), (1, &Value::from(2)));
    assert_eq!((said["attempts"].as_str(), said["reason"].as_str()), ("1", "no"));
}

#[tokio::test]
async fn what_is_no_letter_is_dead_at_once_and_holds_nobody_up() {
    let (clerk, books) = clerk(|_| Ok(()));
    let desk = Desk::open(clerk).await;
    desk.send_raw("no json").await;
    desk.send_raw(&format!(r#"[{},{{"no":"envelope"}}]"#, letter(1).json)).await;
    assert_eq!(desk.turn().await, 2);
    assert_eq!(books.tries(), BTreeMap::from([(1, 1)]));
    let mut dead = desk.dead_letters().await;
    dead.sort_by_key(|(body, _)| body.is_array());
    assert_eq!(dead[0].0, Value::from("no json"));
    assert_eq!(dead[1].0, serde_json::json!([{"no": "envelope"}]));
    assert!(
        dead.iter().all(|(_, said)| said["attempts"] == "1" && said["reason"].contains("envelope")),
        "{dead:?}"
    );
}

#[tokio::test]
async fn a_consumer_that_ends_after_its_effect_and_before_its_answer_takes_the_letters_again() {
    let (clerk, books) = clerk(|_| Ok(()));
    let desk = Desk::open(clerk).await;
    desk.send(&letters(3)).await;
    assert_eq!(desk.turn_unanswered().await, 1);
    assert_eq!(desk.turn().await, 0, "the message is away");
    desk.wait(VISIBILITY);
    desk.settle().await;
    assert_eq!(books.tries(), BTreeMap::from([(0, 2), (1, 2), (2, 2)]));
    assert_eq!(desk.dead_letters().await, []);
}

#[tokio::test]
async fn a_letter_that_ends_the_function_is_parted_from_the_others_and_dies_alone() {
    let (clerk, books) = clerk(|letter| {
        assert_ne!(number(letter), 4, "the fourth ends it");
        Ok(())
    });
    let desk = Desk::open(clerk).await;
    desk.send(&letters(10)).await;
    for _ in 0..10 * VISIBILITY.as_secs() {
        desk.turn().await;
        desk.wait(Duration::from_secs(1));
    }
    let tries = books.tries();
    assert!((0..10).filter(|it| *it != 4).all(|it| tries[&it] <= 3), "{tries:?}");
    assert_eq!(tries[&4], 7, "twice in company and five times alone");
    let dead = desk.dead_letters().await;
    let [(body, said)] = dead.as_slice() else { panic!("{dead:?}") };
    assert_eq!((body.as_array().unwrap().len(), &body[0]["data"]), (1, &Value::from(4)));
    assert_eq!(said.get("reason"), None, "SQS itself gave it up");
}

#[tokio::test]
async fn a_message_whose_letters_cannot_be_sent_again_comes_again_whole() {
    let (clerk, books) = clerk(|letter| match number(letter) {
        0 => Ok(()),
        1 => Err(NotDone::Later(Duration::from_secs(5))),
        _ => Err(NotDone::Poison("no".to_owned())),
    });
    let desk = Desk::open(clerk).await;
    desk.send(&letters(3)).await;
    desk.cloud.faults().plant(|request| async move {
        let consumers = request.function == "desk" && request.operation == "SendMessageBatch";
        consumers.then(|| refusal(400, "InvalidRequest", "planted"))
    });
    desk.turn().await;
    desk.cloud.faults().clear();
    assert_eq!(desk.dead_letters().await, []);
    desk.wait(VISIBILITY);
    let again = desk.peek().await;
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].0.as_array().unwrap().len(), 3);
    desk.wait(VISIBILITY);
    books.change(|_| Ok(()));
    desk.settle().await;
    assert_eq!(books.tries().into_values().collect::<Vec<_>>(), [2; 3]);
}

#[tokio::test]
async fn a_hundred_letters_of_a_tenant_are_ten_messages_and_one_request() {
    let (clerk, _) = clerk(|_| Ok(()));
    let desk = Desk::open(clerk).await;
    desk.send(&letters(100)).await;
    let sent = desk.cloud.calls().by_operation();
    assert_eq!(sent["sqs.SendMessageBatch"], 1);
    assert_eq!(desk.turn().await, 10);
    assert_eq!(desk.turn().await, 0);
    assert_eq!(
        desk.cloud.calls().by_operation()["sqs.SendMessageBatch"],
        1,
        "what is done is not sent again"
    );
}

/// What a clerk does with a letter.
type Way = Box<dyn Fn(&Letter) -> Taken + Send + Sync>;

/// How often each letter was taken, and what is done with them.
struct Ledger {
    tries: Mutex<BTreeMap<u64, u32>>,
    way: Mutex<Way>,
}

#[derive(Clone)]
struct Books(Arc<Ledger>);

impl Books {
    fn tries(&self) -> BTreeMap<u64, u32> {
        self.0.tries.lock().unwrap().clone()
    }

    /// From now on this is done with them.
    fn change(&self, way: impl Fn(&Letter) -> Taken + Send + Sync + 'static) {
        *self.0.way.lock().unwrap() = Box::new(way);
    }
}

struct Clerk(Books);

fn clerk(way: impl Fn(&Letter) -> Taken + Send + Sync + 'static) -> (Clerk, Books) {
    let books = Books(Arc::new(Ledger { tries: Mutex::default(), way: Mutex::new(Box::new(way)) }));
    (Clerk(books.clone()), books)
}

impl Consumer for Clerk {
    fn take<'a>(&'a self, letters: Vec<Letter>) -> BoxFuture<'a, Vec<Taken>> {
        Box::pin(each(letters, 4, async |letter| {
            *self.0.0.tries.lock().unwrap().entry(number(&letter)).or_default() += 1;
            // A way may panic, which is a way too; the books stay legible.
            let way = self.0.0.way.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            way(&letter)
        }))
    }
}

fn letters(count: u32) -> Vec<NewLetter> {
    (0..count).map(letter).collect()
}

fn letter(number: u32) -> NewLetter {
    let cause = Cause {
        tenant: "acme".parse().unwrap(),
        time: Timestamp::UNIX_EPOCH,
        correlation_id: "c".to_owned(),
        traceparent: None,
    };
    NewLetter::from(&Step::new(&cause, ORDER, "test", number, &number))
}

fn number(letter: &Letter) -> u64 {
    letter.data().unwrap()
}
