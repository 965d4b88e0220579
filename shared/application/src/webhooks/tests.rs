//! The use cases over a store in memory and a courier that answers as it is told.

mod memory;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use penstock_domain::webhook::{ATTEMPTS_MAX as TRIES_MAX, DisabledBecause, EventTypes, Reach, Target};
use uuid::Uuid;

use super::*;
use memory::{Memory, Script};

const EVENT: (&str, &str) = ("acme/o-1/2", "penstock.order.placed");

#[tokio::test]
async fn a_webhook_is_created_once_and_keeps_its_secret_when_replaced() {
    let shop = Shop::open();
    assert!(matches!(shop.put(1, "a").await.unwrap(), Put::Created(_)));
    let Put::Replaced(webhook) = shop.put(1, "b").await.unwrap() else { panic!("it was there") };
    assert_eq!(webhook.secrets.at(shop.now()).next().unwrap().secret.reveal(), "a");
}

#[tokio::test]
async fn a_lost_race_is_decided_anew() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    shop.store.conflicts(2);
    assert!(matches!(shop.put(1, "b").await.unwrap(), Put::Replaced(_)));
    shop.store.conflicts(100);
    assert!(matches!(shop.put(1, "b").await, Err(WebhookError::Contended)));
}

#[tokio::test]
async fn a_tenant_has_no_more_webhooks_than_it_may() {
    let shop = Shop::open();
    for id in 0..WEBHOOKS_MAX as u128 {
        shop.put(id, "a").await.unwrap();
    }
    assert!(matches!(shop.put(1_000, "a").await, Err(WebhookError::TooMany)));
    assert!(matches!(shop.put(1, "a").await.unwrap(), Put::Replaced(_)));
}

#[tokio::test]
async fn a_tenants_webhooks_are_listed() {
    let shop = Shop::open();
    assert_eq!(shop.webhooks.list(&tenant()).await.unwrap(), []);
    for number in [2, 1] {
        shop.put(number, "a").await.unwrap();
    }
    let listed: Vec<_> = shop.webhooks.list(&tenant()).await.unwrap().iter().map(|it| it.id).collect();
    assert_eq!(listed, [id(1), id(2)]);
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be() {
    let shop = Shop::open();
    let none = WebhookId::from(Uuid::from_u128(1));
    assert!(matches!(shop.webhooks.get(&tenant(), none).await, Err(WebhookError::NotFound(_))));
    let rotated = shop.webhooks.rotate(&tenant(), none, &secret("b")).await;
    assert!(matches!(rotated, Err(WebhookError::NotFound(_))));
    shop.webhooks.delete(&tenant(), none).await.unwrap();
    shop.put(1, "a").await.unwrap();
    let delivery = shop.webhooks.delivery(&tenant(), none, Uuid::from_u128(9).into()).await;
    assert!(matches!(delivery, Err(WebhookError::NoDelivery(_))));
}

#[tokio::test]
async fn both_secrets_sign_while_one_replaces_the_other() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    shop.webhooks.rotate(&tenant(), id(1), &secret("b")).await.unwrap();
    shop.deliver(&shop.errand(1)).await;
    shop.pass(SignedDuration::from_hours(25));
    shop.deliver(&shop.errand(2)).await;
    assert_eq!(shop.script.signed_with(), [vec!["b", "a"], vec!["b"]]);
}

#[tokio::test]
async fn an_event_that_comes_twice_is_delivered_once() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    shop.deliver(&shop.errand(1)).await;
    assert_eq!(shop.deliver(&shop.errand(1)).await, Attempted::Over);
    assert_eq!(shop.script.calls(), 1);
    assert_eq!(shop.delivery(1).await.status, DeliveryStatus::Delivered);
}

#[tokio::test]
async fn a_failing_delivery_is_tried_on_schedule_and_then_given_up() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    shop.script.answer(Ok(500));
    let mut errand = shop.errand(1);
    loop {
        let Attempted::Tried { next, .. } = shop.deliver(&errand).await else { panic!("it was due") };
        let Some(next) = next else { break };
        let Attempted::Early(wait) = shop.deliver(&next).await else { panic!("it is not due") };
        assert_eq!(shop.delivery(1).await.status, DeliveryStatus::Pending);
        shop.pass(SignedDuration::try_from(wait).unwrap());
        errand = *next;
    }
    let delivery = shop.delivery(1).await;
    assert_eq!((delivery.attempts, delivery.status), (TRIES_MAX, DeliveryStatus::Failed));
    assert_eq!((shop.script.calls(), delivery.last.status), (10, Some(500)));
}

#[tokio::test]
async fn how_an_answer_begins_is_kept_with_its_delivery_unless_it_is_empty() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    for (event, (beginning, kept)) in
        [("", None), ("no such order", Some("no such order"))].into_iter().enumerate()
    {
        shop.script.answer_with(Ok(400), beginning);
        shop.deliver(&shop.errand(event)).await;
        assert_eq!(shop.delivery(event).await.last.answer.as_deref(), kept);
    }
}

#[tokio::test]
async fn two_chains_of_one_delivery_become_one_again() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    shop.script.answer(Ok(500));
    let errand = shop.errand(1);
    // The function ended after it had sent the next attempt, and before it was noted: the first one comes again.
    let Attempted::Tried { .. } = shop.attempt(&errand).await else { panic!("it was due") };
    let Attempted::Tried { next: Some(next), .. } = shop.deliver(&errand).await else { panic!("it failed") };
    shop.pass(SignedDuration::from_mins(1));
    assert!(matches!(shop.deliver(&next).await, Attempted::Tried { .. }));
    assert_eq!(shop.deliver(&next).await, Attempted::Over);
}

#[tokio::test]
async fn gone_disables_at_once_and_nothing_more_is_sent() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    shop.script.answer(Ok(410));
    let Attempted::Tried { next, .. } = shop.deliver(&shop.errand(1)).await else { panic!("it was due") };
    assert_eq!(next, None);
    let webhook = shop.webhooks.get(&tenant(), id(1)).await.unwrap();
    assert_eq!((webhook.enabled, webhook.disabled_because), (false, Some(DisabledBecause::Gone)));
    shop.deliver(&shop.errand(2)).await;
    assert_eq!(shop.script.calls(), 1);
    let error = shop.delivery(2).await.last.error.unwrap();
    assert!(error.contains("disabled"), "{error}");
}

#[tokio::test]
async fn days_of_failures_disable_and_a_success_between_does_not() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    for (event, answer) in
        [Err("no connection"), Ok(200), Err("no connection"), Ok(503)].into_iter().enumerate()
    {
        shop.script.answer(answer);
        shop.deliver(&shop.errand(event)).await;
        shop.pass(SignedDuration::from_hours(71));
    }
    assert!(shop.webhooks.get(&tenant(), id(1)).await.unwrap().enabled);
    shop.deliver(&shop.errand(9)).await;
    let webhook = shop.webhooks.get(&tenant(), id(1)).await.unwrap();
    assert_eq!(webhook.disabled_because, Some(DisabledBecause::Failing));
}

#[tokio::test]
async fn what_somebody_asks_for_is_tried_once_even_when_disabled() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    shop.script.answer(Ok(410));
    shop.deliver(&shop.errand(1)).await;
    shop.script.answer(Ok(500));
    let errand = Errand::by_hand(&tenant(), id(1), EVENT, ("asked-1", shop.now()), "{}".to_owned());
    let Attempted::Tried { next, verdict, .. } = shop.deliver(&errand).await else { panic!("it was due") };
    assert_eq!((next, verdict), (None, None));
    assert_eq!(shop.script.calls(), 2);
}

#[tokio::test]
async fn a_door_that_does_not_open_for_others_costs_no_attempt() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    shop.script.close_for(Duration::from_secs(30));
    assert_eq!(shop.deliver(&shop.errand(1)).await, Attempted::NotTried(Duration::from_secs(30)));
    assert_eq!(shop.store.delivery(&tenant(), id(1), shop.errand(1).delivery).await.unwrap(), None);
}

#[tokio::test]
async fn a_deleted_webhook_gets_nothing() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    let errand = shop.errand(1);
    shop.webhooks.delete(&tenant(), id(1)).await.unwrap();
    assert_eq!(shop.deliver(&errand).await, Attempted::Over);
    assert_eq!(shop.script.calls(), 0);
}

#[tokio::test]
async fn a_webhook_that_memory_knows_to_be_enabled_is_not_read() {
    let shop = Shop::open();
    shop.put(1, "a").await.unwrap();
    let (errand, reads) = (shop.errand(1), shop.store.reads());
    assert!(matches!(shop.attempt(&errand).await, Attempted::Tried { .. }));
    assert_eq!(shop.store.reads(), reads);
}

#[tokio::test]
async fn what_came_a_moment_ago_is_delivered_to_though_memory_does_not_know_it() {
    let shop = Shop::open();
    shop.store.remember_nothing_new();
    shop.put(1, "a").await.unwrap();
    assert!(matches!(shop.deliver(&shop.errand(1)).await, Attempted::Tried { .. }));
    assert_eq!(shop.script.calls(), 1);
}

#[tokio::test]
async fn what_was_enabled_a_moment_ago_is_delivered_to_though_memory_knows_it_disabled() {
    let shop = Shop::open();
    shop.put_as(1, "a", false).await.unwrap();
    shop.store.remember_nothing_new();
    shop.put(1, "a").await.unwrap();
    shop.deliver(&shop.errand(1)).await;
    assert_eq!(shop.script.calls(), 1);
}

/// A tenant's webhooks, with a clock that stands still unless it is told to.
struct Shop {
    store: Memory,
    script: Script,
    webhooks: Webhooks<Memory>,
    deliverer: Deliverer<Memory, Script>,
    now: Arc<Mutex<Timestamp>>,
}

impl Shop {
    fn open() -> Self {
        let now = Arc::new(Mutex::new("2026-01-01T00:00:00Z".parse().unwrap()));
        let clock: Clock = {
            let now = Arc::clone(&now);
            Arc::new(move || *now.lock().unwrap())
        };
        let (store, script) = (Memory::default(), Script::default());
        let webhooks = Webhooks::new(store.clone(), Arc::clone(&clock));
        let deliverer = Deliverer::new(store.clone(), script.clone(), clock);
        Self { store, script, webhooks, deliverer, now }
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn pass(&self, time: SignedDuration) {
        *self.now.lock().unwrap() += time;
    }

    async fn put(&self, number: u128, text: &str) -> Result<Put, WebhookError> {
        self.put_as(number, text, true).await
    }

    async fn put_as(&self, number: u128, text: &str, enabled: bool) -> Result<Put, WebhookError> {
        let target = Target::parse("https://shop.example.com/", Reach::Internet).unwrap();
        let wanted = Wanted { target, event_types: EventTypes::All, description: None, enabled };
        self.webhooks.put(&tenant(), id(number), wanted, &secret(text)).await
    }

    /// The errand of an event, which is the same however often it is made.
    fn errand(&self, event: usize) -> Errand {
        let webhook = self.store.webhook(id(1)).expect("it was put");
        let event = format!("acme/o-1/{event}");
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        Errand::of_event(&tenant(), &webhook, (&event, EVENT.1), at, "{}".to_owned())
    }

    async fn attempt(&self, errand: &Errand) -> Attempted {
        self.deliverer.attempt(&tenant(), errand).await.unwrap()
    }

    async fn deliver(&self, errand: &Errand) -> Attempted {
        let attempted = self.attempt(errand).await;
        if let Attempted::Tried { delivery, verdict, .. } = &attempted {
            self.deliverer.note(&tenant(), delivery, *verdict).await.unwrap();
        }
        attempted
    }

    async fn delivery(&self, event: usize) -> Delivery {
        self.webhooks.delivery(&tenant(), id(1), self.errand(event).delivery).await.unwrap()
    }
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn id(number: u128) -> WebhookId {
    WebhookId::from(Uuid::from_u128(number))
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}
