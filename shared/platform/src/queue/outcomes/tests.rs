use serde_json::{Value, json};

use super::super::letters::unpack;
use super::*;

const ORDER: &str = "13423f01-b4f1-5b6b-8ec2-9dd015e7a04f";
const MOMENT: Moment = Moment { now: Timestamp::UNIX_EPOCH, chance: 1.0 };

#[test]
fn what_is_done_is_gone() {
    assert_eq!(fate(&letter(1), Ok(()), MOMENT), Fate::Gone);
    assert!(sent([(1, Ok(()))]).0.is_empty());
}

#[test]
fn what_comes_later_is_no_attempt() {
    let later = |delay| fate(&tried(3), Err(NotDone::Later(delay)), MOMENT);
    let again = |seconds| Fate::Again { attempts: 3, delay: Duration::from_secs(seconds), reason: None };
    assert_eq!(later(Duration::from_millis(1_500)), again(2));
    assert_eq!(later(Duration::ZERO), again(1));
    assert_eq!(later(Duration::from_hours(1)), again(900));
}

#[test]
fn what_failed_comes_again_later_each_time_and_is_dead_after_five_attempts() {
    let mut delays = Vec::new();
    for attempts in 0..4 {
        match fate(&tried(attempts), failure("no"), MOMENT) {
            Fate::Again { attempts: counted, delay, reason: Some(reason) } => {
                assert_eq!((counted, reason.as_str()), (attempts + 1, "no"));
                delays.push(delay.as_secs());
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(delays, [2, 4, 8, 16]);
    assert_eq!(fate(&tried(4), failure("no"), MOMENT), Fate::Dead { attempts: 5, reason: "no".to_owned() });
}

#[test]
fn poison_is_dead_at_once() {
    let dead = fate(&tried(0), Err(NotDone::Poison("no order".to_owned())), MOMENT);
    assert_eq!(dead, Fate::Dead { attempts: 1, reason: "no order".to_owned() });
}

#[test]
fn what_waits_for_something_waits_as_long_as_it_has_waited_and_fails_after_an_hour() {
    let waited = |seconds| {
        let now = Timestamp::from_second(seconds).unwrap();
        fate(&tried(4), Err(NotDone::Unavailable("away".to_owned())), Moment { now, ..MOMENT })
    };
    let again = |seconds| Fate::Again { attempts: 4, delay: Duration::from_secs(seconds), reason: None };
    assert_eq!((waited(-5), waited(0), waited(7)), (again(1), again(1), again(7)));
    assert_eq!(waited(3_600), again(900));
    assert_eq!(waited(3_601), Fate::Dead { attempts: 5, reason: "away".to_owned() });
}

#[test]
fn a_delay_is_any_up_to_the_longest() {
    let moment = |chance| Moment { chance, ..MOMENT };
    let most = Duration::from_secs(16);
    assert_eq!(moment(0.0).jitter(most).as_secs(), 1);
    assert_eq!(moment(0.5).jitter(most).as_secs(), 8);
    assert!((0.0..=1.0).contains(&Moment::at(Timestamp::UNIX_EPOCH).chance));
}

#[test]
fn what_comes_later_travels_together_and_what_failed_alone() {
    let later = || Err(NotDone::Later(Duration::from_secs(60)));
    let (again, dead) = sent([(1, later()), (2, failure("no")), (3, later()), (4, failure("no"))]);
    assert!(dead.is_empty());
    let bodies: Vec<_> = again.iter().map(|(it, places)| (sequences(it), places.clone())).collect();
    assert_eq!(bodies, [(vec![2], vec![2]), (vec![4], vec![4]), (vec![1, 3], vec![1, 3])]);
    assert_eq!(again[0].0.attributes[attributes::REASON], "no");
    assert_eq!(again[0].0.attributes[attributes::ATTEMPTS], "1");
    assert_eq!(again[2].0.attributes.get(attributes::REASON), None);
    assert_eq!((again[2].0.delay, again[2].0.group.as_str()), (Duration::from_secs(60), "acme"));
}

#[test]
fn letters_of_different_age_or_attempts_do_not_travel_together() {
    let mut dispatch = Dispatch::new("handle-stock", MOMENT);
    let fate = |attempts| Fate::Again { attempts, delay: Duration::from_secs(1), reason: None };
    let mut old = letter(3);
    old.sent_at = Timestamp::from_second(-9).unwrap();
    for (letter, attempts) in [(letter(1), 0), (letter(2), 1), (old, 0)] {
        dispatch.add(0, letter, fate(attempts));
    }
    let mut sent_at: Vec<_> =
        dispatch.messages().0.iter().map(|(it, _)| it.attributes[attributes::SENT_AT].clone()).collect();
    sent_at.sort();
    assert_eq!(sent_at, ["1969-12-31T23:59:51Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]);
}

#[test]
fn suspects_are_sent_apart_one_after_another_until_their_attempts_are_over() {
    let mut dispatch = Dispatch::new("handle-stock", MOMENT);
    let mut exhausted = letter(3);
    exhausted.attempts = 5;
    dispatch.part(vec![(0, letter(1)), (0, letter(2)), (7, exhausted)]);
    let (again, dead) = dispatch.messages();
    let delays: Vec<_> = again.iter().map(|(it, _)| it.delay.as_secs()).collect();
    assert_eq!(delays, [1, 2]);
    assert!(again.iter().all(|(it, places)| sequences(it).len() == 1 && places == &[0]), "{again:?}");
    assert_eq!(dead[0].0.attributes[attributes::REASON], "the function did not finish");
    assert_eq!(dead[0].1, [7]);
}

#[test]
fn a_dead_letter_says_why_and_when_and_by_whom() {
    let (again, dead) = sent([(1, Err(NotDone::Poison("no order".to_owned())))]);
    assert!(again.is_empty());
    let said = |name| dead[0].0.attributes[name].as_str();
    assert_eq!((said(attributes::REASON), said(attributes::ATTEMPTS)), ("no order", "1"));
    assert_eq!(said(attributes::FUNCTION), "handle-stock");
    assert_eq!(said(attributes::FAILED_AT), "1970-01-01T00:00:00Z");
    assert_eq!((sequences(&dead[0].0), dead[0].1.clone()), (vec![1], vec![1]));
}

/// What is sent when letters with these numbers, each of the message at the same place, were taken so.
fn sent<const N: usize>(taken: [(u32, Taken); N]) -> (Vec<Sending>, Vec<Sending>) {
    let mut dispatch = Dispatch::new("handle-stock", MOMENT);
    for (number, taken) in taken {
        let letter = letter(number);
        let fate = fate(&letter, taken, MOMENT);
        dispatch.add(number as usize, letter, fate);
    }
    dispatch.messages()
}

fn sequences(message: &Outgoing) -> Vec<u64> {
    let letters: Vec<Value> = serde_json::from_str(&message.body).unwrap();
    letters.iter().map(|it| it["data"].as_u64().unwrap()).collect()
}

fn failure(why: &str) -> Taken {
    Err(NotDone::Failed(why.to_owned()))
}

fn tried(attempts: u32) -> Letter {
    let mut letter = letter(1);
    letter.attempts = attempts;
    letter
}

fn letter(number: u32) -> Letter {
    let body = json!([{
        "specversion": "1.0",
        "id": format!("acme/{ORDER}/{number}"),
        "type": "penstock.order.placed",
        "subject": ORDER,
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
    unpack(&message).0.remove(0)
}
