//! The orders of a benchmark: a catalogue of plain products, and orders of three lines, told apart by a number.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;
use crate::client::Client;
use crate::latencies::Latencies;

const PRODUCTS: u64 = 100;
const CUSTOMERS: u64 = 1_000;
const LINES: u64 = 3;
/// Products put at once.
const PUTS: usize = 8;

/// Orders of one run. The same number gives the same order and the same key, so that it may be sent again.
pub(crate) struct Orders {
    run: Uuid,
}

impl Orders {
    /// Puts the catalogue that the orders need.
    pub(crate) async fn prepare(client: &Client) -> Result<Self, Error> {
        let orders = Self { run: Uuid::new_v4() };
        let puts = stream::iter(0..PRODUCTS).map(|number| orders.put_product(client, number));
        puts.buffer_unordered(PUTS).try_collect::<()>().await?;
        Ok(orders)
    }

    /// Every product, each with a key for one command about it.
    pub(crate) fn products(&self) -> impl Iterator<Item = (Uuid, Uuid)> {
        (0..PRODUCTS).map(|number| (self.id("stock", number), self.id("product", number)))
    }

    /// The idempotency key of order `number`.
    pub(crate) fn key(&self, number: u64) -> Uuid {
        self.id("order", number)
    }

    /// The body of order `number`.
    pub(crate) fn body(&self, number: u64) -> Value {
        let lines = (0..LINES).map(|line| {
            let product = self.id("product", (number * LINES + line) % PRODUCTS);
            json!({"productId": product, "quantity": 1 + line})
        });
        let customer = self.id("customer", number % CUSTOMERS);
        json!({"customerId": customer, "items": lines.collect::<Vec<_>>()})
    }

    /// Creates the orders `numbers`, and says how long each took.
    ///
    /// # Errors
    /// With the first that is not answered 201.
    pub(crate) async fn create(
        &self,
        client: &Client,
        numbers: Range<u64>,
        clients: usize,
    ) -> Result<Latencies, Error> {
        let (next, latencies) = (Cell::new(numbers.start), RefCell::new(Latencies::default()));
        let creations = (0..clients).map(async |_| {
            while next.get() < numbers.end {
                let number = next.replace(next.get() + 1);
                let latency = self.create_one(client, number).await?;
                latencies.borrow_mut().add(latency);
            }
            Ok::<(), Error>(())
        });
        try_join_all(creations).await?;
        Ok(latencies.into_inner())
    }

    /// Creates order `number`, and says how long it took.
    pub(crate) async fn create_one(&self, client: &Client, number: u64) -> Result<Duration, Error> {
        let begun = Instant::now();
        let answer = client.post("/v1/orders", self.key(number), &self.body(number)).await?;
        answer.expect("POST /v1/orders", |status| *status == StatusCode::CREATED)?;
        Ok(begun.elapsed())
    }

    async fn put_product(&self, client: &Client, number: u64) -> Result<(), Error> {
        let id = self.id("product", number);
        let price = json!({"amount": 2.5, "currency": "GBP"});
        let body =
            json!({"sku": format!("B{number}"), "name": "benchmark", "category": "bench", "price": price});
        let path = format!("/v1/products/{id}");
        client.put(&path, &body).await?.expect("PUT /v1/products", StatusCode::is_success)?;
        Ok(())
    }

    fn id(&self, kind: &str, number: u64) -> Uuid {
        Uuid::new_v5(&self.run, format!("{kind}:{number}").as_bytes())
    }
}
