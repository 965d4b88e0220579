//! Orders through the whole checkout, before and after many are stored. Promised: each one is delivered and paid once, the provider's
//! books and the stock agree with what was ordered, and nothing ends among the dead letters.

mod judge;
mod life;

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::time::{Duration, Instant};

use clap::Args;
use futures::future::try_join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::Error;
use crate::client::Client;
use crate::orders::Orders;
use crate::outcome::Outcome;
use crate::platform::Platform;
use crate::read_back::id;
use judge::Books;
use life::Lives;

/// How many orders, how fast.
#[derive(Args)]
pub(crate) struct Options {
    /// Orders that are measured, before and after.
    #[arg(long, default_value_t = 5_000)]
    orders: u64,
    /// Orders that are stored between the two; 0 measures once.
    #[arg(long, default_value_t = 50_000)]
    stored: u64,
    /// Leaves the orders between the two drafts, which only the ledger, the views and the archive keep.
    #[arg(long)]
    drafts: bool,
    /// Measured orders that are placed a second at most; 0 for as many as are taken.
    #[arg(long, default_value_t = 0)]
    rate: u64,
    /// Clients that each send one request after another.
    #[arg(long, default_value_t = 16)]
    clients: usize,
}

/// An order that was placed.
#[derive(Debug, Clone)]
struct Placed {
    id: String,
    /// What it costs, in the smallest unit.
    minor: i64,
    /// Its lines: product and units.
    units: Vec<(String, i64)>,
}

/// What a run needs, and what it placed so far.
struct Run<'a> {
    client: Client,
    orders: Orders,
    options: Options,
    started: Option<&'a Platform>,
    placed: Vec<Placed>,
}

/// How fast the orders of one window were.
struct Window {
    lives: Lives,
    /// Processor time of the platform an order, where it is known.
    processor_us: Option<f64>,
}

/// Measures the platform at `url`; the processor time only of one that was `started` for it.
pub(crate) async fn measure(
    options: Options,
    url: &str,
    started: Option<&Platform>,
) -> Result<Outcome, Error> {
    let client = Client::of_new_tenant(url).await?;
    let orders = Orders::prepare(&client).await?;
    let before = Books::read(&client).await?;
    let mut run = Run { client, orders, options, started, placed: Vec::new() };
    run.receive_stock().await?;
    let (count, stored) = (run.options.orders, run.options.stored);
    let first = run.window(0..count).await?;
    let mut outcome = Outcome::new("checkout").row("orders a window", count);
    outcome = outcome.row("first window", first.json());
    if stored > 0 {
        run.fill(count..stored).await?;
        let last = run.window(stored..stored + count).await?;
        let ratios = json!({"ordersASecond": ratio(first.a_second(), last.a_second()),
            "processor": first.processor_us.zip(last.processor_us).map(|(first, last)| ratio(first, last))});
        outcome = outcome.row(format!("after {stored} orders"), last.json()).row("after / first", ratios);
    }
    let broken = judge::judge(&run.client, &run.placed, &before).await?;
    Ok(outcome.row("checked out", run.placed.len()).broken(broken))
}

impl Run<'_> {
    /// Receives enough of every product for all orders.
    async fn receive_stock(&self) -> Result<(), Error> {
        for (key, product) in self.orders.products() {
            let body = json!({"quantity": judge::RECEIVED, "reason": "benchmark"});
            let path = format!("/v1/stock/{product}/adjustments");
            self.client.post(&path, key, &body).await?.expect(&path, StatusCode::is_success)?;
        }
        Ok(())
    }

    /// Places these orders, and waits until they are delivered.
    async fn window(&mut self, numbers: Range<u64>) -> Result<Window, Error> {
        self.client.renew_token().await?;
        let (count, used) = (numbers.end - numbers.start, self.started.and_then(Platform::processor_time));
        let placed = self.place(numbers).await?;
        life::until_delivered(&self.client, &placed).await?;
        let used = self.started.and_then(Platform::processor_time).zip(used);
        let each_us = |(after, before): (Duration, Duration)| {
            ((after - before).as_secs_f64() * 1e6 / count as f64).round()
        };
        let lives = Lives::read(&self.client, &placed).await?;
        self.placed.extend(placed);
        let window = Window { lives, processor_us: used.map(each_us) };
        eprintln!("{} orders checked out: {}", self.placed.len(), window.json());
        Ok(window)
    }

    /// Stores orders that are not measured.
    async fn fill(&mut self, numbers: Range<u64>) -> Result<(), Error> {
        let mut from = numbers.start;
        while from < numbers.end {
            let to = (from + self.options.orders).min(numbers.end);
            if self.options.drafts {
                self.client.renew_token().await?;
                self.place(from..to).await?;
            } else {
                self.window(from..to).await?;
            }
            from = to;
        }
        Ok(())
    }

    async fn place(&self, numbers: Range<u64>) -> Result<Vec<Placed>, Error> {
        let draft = self.options.drafts && !self.is_measured(numbers.start);
        let (next, placed) = (Cell::new(numbers.start), RefCell::new(Vec::new()));
        let begun = Instant::now();
        try_join_all((0..self.options.clients).map(async |_| {
            while next.get() < numbers.end {
                let number = next.replace(next.get() + 1);
                if self.is_measured(number) {
                    self.keep_pace(begun, number - numbers.start).await;
                }
                let order = self.place_one(number, draft).await?;
                placed.borrow_mut().push(order);
            }
            Ok::<(), Error>(())
        }))
        .await?;
        Ok(placed.into_inner())
    }

    fn is_measured(&self, number: u64) -> bool {
        number < self.options.orders || number >= self.options.stored
    }

    async fn keep_pace(&self, begun: Instant, before: u64) {
        if self.options.rate > 0 {
            let due = Duration::from_secs_f64(before as f64 / self.options.rate as f64);
            tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        }
    }

    async fn place_one(&self, number: u64, draft: bool) -> Result<Placed, Error> {
        let mut body = self.orders.body(number);
        body["payment"] = json!({"method": "pm_card_visa"});
        body["draft"] = draft.into();
        let answer = self.client.post("/v1/orders", self.orders.key(number), &body).await?;
        let order = answer.expect("POST /v1/orders", |status| *status == StatusCode::CREATED)?.body;
        Ok(Placed::of(&order))
    }
}

impl Placed {
    fn of(order: &Value) -> Self {
        let line = |line: &Value| {
            let product = line["productId"].as_str().unwrap_or_default().to_owned();
            (product, line["quantity"].as_i64().unwrap_or_default())
        };
        // The amounts here are small multiples of 0.50, which a float holds exactly.
        let minor = (order["totalAmount"]["amount"].as_f64().unwrap_or_default() * 100.0) as i64;
        let units = order["items"].as_array().into_iter().flatten().map(line).collect();
        Self { id: id(order), minor, units }
    }
}

impl Window {
    fn a_second(&self) -> f64 {
        self.lives.a_second()
    }

    fn json(&self) -> Value {
        let Lives { confirmed, delivered, .. } = &self.lives;
        json!({
            "ordersASecond": self.a_second(),
            "confirmedP50Ms": confirmed.quantile_ms(0.5), "confirmedP99Ms": confirmed.quantile_ms(0.99),
            "deliveredP50Ms": delivered.quantile_ms(0.5), "deliveredP99Ms": delivered.quantile_ms(0.99),
            "processorUs": self.processor_us,
        })
    }
}

fn ratio(first: f64, last: f64) -> f64 {
    (last / first * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_placed_is_told_by_the_answer() {
        let order = json!({"orderId": "a", "totalAmount": {"amount": 15.0, "currency": "GBP"},
            "items": [{"productId": "p", "quantity": 2}]});
        let placed = Placed::of(&order);
        assert_eq!((placed.id.as_str(), placed.minor), ("a", 1_500));
        assert_eq!(placed.units, [("p".to_owned(), 2)]);
    }

    #[test]
    fn the_ratio_is_of_the_last_to_the_first() {
        assert_eq!(ratio(80.0, 60.0), 0.75);
    }
}
