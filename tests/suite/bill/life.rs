//! Orders that live together from their placement to their delivery, by the real functions, with every batch as full as they make it.
//!
//! The event sources are off: the test hands each stream batch and each batch of messages over as Lambda would, so that what is
//! together does not depend on the machine; the carrier tells what the test says. The provider's webhooks come by themselves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use penstock_domain::OrderId;
use penstock_local::{Options, TEMPLATE};
use penstock_tests::shop::{Shop, product, uuid};
use penstock_tests::{desk, runtime, stream};
use serde_json::{Value, json};

use super::account::{Account, Line, chunks};
use super::carrier::{Carrier, RECEIVER};
use super::time::{ByTime, Time};

/// Who makes the test's own calls.
pub(super) const TEST: &str = "a-test";
/// Commits of the usual life.
const COMMITS: u32 = 6;
/// SQS hands out no more messages in one request.
const RECEIVE_MAX: i32 = 10;
/// Each consumer's queue, and how many messages of it Lambda hands over at once, as the template has it.
const QUEUES: [(&str, &str, usize); 6] = [
    ("archive-events", "archive-events", 100),
    ("notifications", "send-notifications", 10),
    ("checkout", "run-checkout", 10),
    ("stock", "handle-stock", 10),
    ("payments", "handle-payments", 10),
    ("shipping", "handle-shipping", 10),
];
/// Who is told by the payment provider, and how long after its answer: the order knows then.
const PAYMENTS_RECEIVER: &str = "receive-payment-webhook";
const PAYMENTS_LATE: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(120);

/// A shop whose orders live step by step.
pub(super) struct Lives {
    pub(super) shop: Shop,
    pub(super) account: Account,
    queues: Client,
    carrier: Carrier,
    keys: u128,
    time: Arc<Time>,
}

impl Lives {
    /// A shop with so many products in stock. One order has lived before: what processes remember, they have read.
    pub(super) async fn open(products: u128) -> Self {
        let time = Arc::new(Time::new());
        let shop = Shop::open_on(options(&time)).await;
        for number in 1..=products {
            shop.put_product(number, "2.50", "GBP").await;
            let received = json!({"quantity": 10_000, "reason": "delivery"});
            let path = format!("/v1/stock/{}/adjustments", product(number));
            assert_eq!(shop.command("POST", &path, 0x9000 + number, &received).await.status, 201);
        }
        let (account, queues) = (Account::default(), Client::new(&shop.platform.sdk_config(TEST)));
        let (carrier, watching) = (Carrier::of(&shop).await, account.clone());
        shop.platform.faults().plant(move |call| {
            watching.watch(&call);
            async { None }
        });
        let mut lives = Self { shop, account, queues, carrier, keys: 0, time };
        lives.live(1, products).await;
        lives.account.reset(&lives.shop.platform);
        lives
    }

    /// So many orders, of one of each of so many products, live together.
    pub(super) async fn live(&mut self, orders: u32, products: u128) {
        self.time.pass();
        let mut placed = Vec::new();
        for _ in 0..orders {
            placed.push(self.place(products).await);
        }
        let mut unprojected = Vec::new();
        for number in 1..=COMMITS {
            match number {
                5 => self.tell(&placed, "in_transit").await,
                6 => self.tell(&placed, "delivered").await,
                _ => {}
            }
            self.time.pass();
            let batch: Vec<_> = placed.iter().map(|order| (*order, number)).collect();
            self.stream("relay-events", &batch).await;
            while self.take_all().await {}
            if number == 3 {
                self.told_of_payments(orders).await;
            }
            unprojected.extend(batch);
            // The reservation follows the placement within the second for which the projection waits.
            if number > 1 {
                self.stream("project-orders", &std::mem::take(&mut unprojected)).await;
            }
        }
    }

    /// What each function came to, once all orders of the shop are seen to be delivered.
    pub(super) async fn lines(&self) -> BTreeMap<String, Line> {
        let lines = self.account.lines(&self.shop.platform);
        let listed = self.shop.list("").await;
        assert_eq!(listed.len() as u128, self.keys);
        for order in listed {
            assert_eq!((&order["status"], &order["fulfilment"]), (&json!("DELIVERED"), &json!("FULFILLED")));
        }
        lines
    }

    async fn place(&mut self, products: u128) -> OrderId {
        self.keys += 1;
        let items: Vec<_> =
            (1..=products).map(|number| json!({"productId": product(number), "quantity": 1})).collect();
        let contact = json!({
            "email": "jo.walker@customer.example", "name": "Jo Walker",
            "address": {"lines": ["12 Canal Street"], "city": "Leeds", "postalCode": "LS1 4AB", "country": "GB"},
        });
        let order = json!({
            "customerId": uuid(9), "items": items, "contact": contact,
            "payment": {"method": "pm_penstock_webhookLate"},
        });
        let placed = self.shop.command("POST", "/v1/orders", self.keys, &order).await;
        assert_eq!(placed.status, 201, "{}", placed.text);
        self.account.note("create-order", |line| {
            line.invocations += 1.0;
            line.requests += 1.0;
        });
        placed.text_at("/orderId").parse().unwrap()
    }

    /// Lets the carrier tell of each order's parcel.
    async fn tell(&self, orders: &[OrderId], status: &str) {
        for order in orders {
            self.carrier.tell(&self.shop, *order, status).await;
            self.account.note(RECEIVER, |line| {
                line.invocations += 1.0;
                line.requests += 1.0;
            });
        }
    }

    /// Waits until the provider has told of each payment that it was taken, which nobody has to be told any more.
    async fn told_of_payments(&self, orders: u32) {
        let started = std::time::Instant::now();
        let calls = || self.shop.platform.calls().of(PAYMENTS_RECEIVER);
        while calls().iter().filter(|it| it.operation == "Query").count() < orders as usize {
            assert!(started.elapsed() < PATIENCE, "the provider does not tell of its payments");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // It tells of each twice: set aside, and taken.
        self.account.note(PAYMENTS_RECEIVER, |line| {
            line.invocations += 2.0 * f64::from(orders);
            line.requests += 2.0 * f64::from(orders);
        });
    }

    async fn stream(&self, function: &str, batch: &[(OrderId, u32)]) {
        let answer = stream::deliver_batch(&self.shop, function, batch).await;
        assert_eq!(answer.json(), json!({"batchItemFailures": []}), "{function}: {}", answer.text);
        self.account.note(function, |line| line.invocations += 1.0);
    }

    /// Hands every consumer what its queue holds. Whether there was anything.
    async fn take_all(&self) -> bool {
        let mut any = false;
        for (queue, function, batch_max) in QUEUES {
            while self.take(queue, function, batch_max).await {
                any = true;
            }
        }
        any
    }

    async fn take(&self, queue: &str, function: &str, batch_max: usize) -> bool {
        let url = self.shop.platform.queues().url(&format!("penstock-{queue}"));
        let mut batch: Vec<Vec<Message>> = Vec::new();
        while batch.iter().map(Vec::len).sum::<usize>() < batch_max {
            let received = self.receive(&url).await;
            if received.is_empty() {
                break;
            }
            batch.push(received);
        }
        if batch.is_empty() {
            return false;
        }
        let payload = serde_json::to_vec(&desk::event(&batch.concat())).unwrap();
        let answer = self.shop.platform.functions().invoke(function, payload, uuid(1)).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer, json!({"batchItemFailures": []}), "{function}");
        for received in &batch {
            self.delete(&url, received).await;
            let bytes = received.iter().filter_map(Message::body).map(str::len).sum();
            self.account.note(function, |line| line.sqs += chunks(bytes) + 1.0);
        }
        self.account.note(function, |line| line.invocations += 1.0);
        true
    }

    async fn receive(&self, url: &str) -> Vec<Message> {
        let receive = self.queues.receive_message().queue_url(url).max_number_of_messages(RECEIVE_MAX);
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        receive.wait_time_seconds(0).send().await.unwrap().messages.unwrap_or_default()
    }

    async fn delete(&self, url: &str, messages: &[Message]) {
        let entry = |(at, message): (usize, &Message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(at.to_string());
            entry.set_receipt_handle(message.receipt_handle.clone()).build().unwrap()
        };
        let entries = messages.iter().enumerate().map(entry).collect();
        let deleted = self
            .queues
            .delete_message_batch()
            .queue_url(url)
            .set_entries(Some(entries))
            .send()
            .await
            .unwrap();
        assert!(deleted.failed().is_empty());
    }
}

/// The platform without event sources, where nothing is forgotten while the test runs, and webhooks leave time for answers.
fn options(time: &Arc<Time>) -> Options {
    let marks = ["      EventSourceArn: ", "      Enabled: !If [CheckoutRuns, true, false]\n"];
    let template =
        TEMPLATE.replace(marks[1], "").replace(marks[0], &format!("      Enabled: false\n{}", marks[0]));
    let hosting = Arc::new(ByTime(Arc::clone(time)));
    let mut options = Options { template, hosting, ..runtime::checked_out() };
    options.parameters.insert("CacheTtlSeconds".to_owned(), "3600".to_owned());
    options.outside.timing.late = PAYMENTS_LATE;
    options.outside.timing.in_transit = None;
    options.outside.timing.delivered = None;
    options
}
