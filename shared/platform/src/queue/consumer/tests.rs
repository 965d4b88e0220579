use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use serde_json::json;

use super::*;

#[tokio::test]
async fn letters_of_an_order_are_taken_one_after_another_and_orders_side_by_side() {
    let (running, most) = (Mutex::new(BTreeMap::<String, usize>::new()), AtomicUsize::new(0));
    let letters: Vec<_> = (0..12).map(|at| letter(&format!("o-{}", at % 4), at)).collect();
    let taken = each(letters, 3, async |letter| {
        *running.lock().unwrap().entry(letter.subject.clone()).or_default() += 1;
        let now: Vec<usize> = running.lock().unwrap().values().copied().collect();
        assert!(now.iter().all(|of_order| *of_order <= 1), "{now:?}");
        most.fetch_max(now.iter().sum(), Ordering::Relaxed);
        tokio::task::yield_now().await;
        *running.lock().unwrap().get_mut(&letter.subject).unwrap() -= 1;
        Ok(())
    })
    .await;
    assert_eq!((taken.len(), most.into_inner()), (12, 3));
}

#[tokio::test]
async fn each_answer_is_for_the_letter_at_its_place() {
    let letters: Vec<_> = [3, 1, 4, 1, 5].iter().map(|at| letter(&format!("o-{at}"), *at)).collect();
    let taken =
        each(letters, 8, async |letter| Err(NotDone::Failed(letter.data::<u32>()?.to_string()))).await;
    let numbers = taken.into_iter().map(|it| match it {
        Err(NotDone::Failed(number)) => number,
        other => panic!("{other:?}"),
    });
    assert_eq!(numbers.collect::<Vec<_>>(), ["3", "1", "4", "1", "5"]);
}

fn letter(subject: &str, number: u32) -> Letter {
    let body = json!([{
        "specversion": "1.0",
        "id": format!("acme/{subject}/{number}"),
        "type": "penstock.order.placed",
        "subject": subject,
        "time": "2010-12-01T23:59:59.999Z",
        "tenant": "acme",
        "data": number,
    }]);
    let message = Message {
        id: "m".to_owned(),
        body: body.to_string(),
        group: "acme".to_owned(),
        attempts: 0,
        receives: 1,
        sent_at: Timestamp::UNIX_EPOCH,
    };
    letters::unpack(&message).0.remove(0)
}
