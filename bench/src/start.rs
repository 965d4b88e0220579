//! Starts a platform that has much on disk. Promised: within two seconds it answers, however much that is.
//!
//! The orders come through the API and the messages through SQS, and the views are waited for: what is on disk is what use
//! leaves there. Copies of an order are the quick way to a million.

use std::time::Instant;

use clap::Args;

use crate::Error;
use crate::aws::Aws;
use crate::client::Client;
use crate::copies;
use crate::orders::Orders;
use crate::outcome::Outcome;
use crate::platform::Platform;
use crate::queue::Queue;
use crate::read_back::count_listed;

/// How much is on disk, and how soon it must answer.
#[derive(Args)]
pub(crate) struct Options {
    /// Orders to create first. With --data-dir, 0 starts what an earlier run has filled.
    #[arg(long, default_value_t = 1_000_000)]
    orders: u64,
    /// Copies of an order to write straight into its tables.
    #[arg(long, default_value_t = 0)]
    copies: u64,
    /// Messages to send first.
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    /// Starts, each after a kill -9.
    #[arg(long, default_value_t = 5)]
    starts: u32,
    /// The most that a start may take until an order is answered.
    #[arg(long, default_value_t = 2_000)]
    start_max_ms: u64,
}

impl Options {
    /// The orders that are stored when it is filled: what is copied is one of them.
    fn stored(&self) -> u64 {
        self.orders + self.copies + u64::from(self.copies > 0)
    }
}

/// Clients that create orders.
const CLIENTS: usize = 16;
/// Orders created with one token, which lasts an hour.
const TOKEN_ORDERS: u64 = 50_000;
/// The number of the order that is copied: one that no other order gets.
const COPIED: u64 = 1 << 40;

/// What one start took, from the start of the process.
struct Start {
    ready_ms: u64,
    /// Until an order was created.
    ordered_ms: u64,
}

pub(crate) async fn measure(options: Options, mut platform: Platform) -> Result<Outcome, Error> {
    let first_ready_ms = platform.ready_ms();
    let mut client = Client::of_new_tenant(&platform.url()).await?;
    let orders = Orders::prepare(&client).await?;
    let aws = Aws::at(&platform.aws_url());
    let queue = Queue::create(&aws).await?;
    let begun = Instant::now();
    if options.copies > 0 {
        copies::fill(&aws, &client, &orders, COPIED, options.copies).await?;
    }
    fill(&mut client, &orders, &queue, &options).await?;
    let filled_s = begun.elapsed().as_secs();
    let mut starts = Vec::new();
    for number in 0..u64::from(options.starts) {
        starts.push(start(&mut platform, &mut client, &orders, options.orders + number).await?);
    }
    let outcome = Outcome::new("start")
        .row("orders created", options.orders)
        .row("copies of an order", options.copies)
        .row("messages sent", options.messages)
        .row("filled and listed in, s", filled_s)
        .row("ready after the first start, ms", first_ready_ms)
        .broken(late("ready", first_ready_ms, options.start_max_ms));
    let outcome = judge(outcome, &starts, options.start_max_ms);
    still_there(outcome, &options, &client, &queue.by(&Aws::at(&platform.aws_url()))).await
}

/// Counts what was stored before the starts, and the order of each.
async fn still_there(
    outcome: Outcome,
    options: &Options,
    client: &Client,
    queue: &Queue,
) -> Result<Outcome, Error> {
    let there = options.stored() + u64::from(options.starts);
    let listed = count_listed(client, there as usize).await? as u64;
    let waiting = queue.waiting().await?;
    Ok(outcome
        .row("orders listed afterwards", listed)
        .row("messages waiting afterwards", waiting)
        .broken(lost("orders", there, listed))
        .broken(lost("messages", options.messages, waiting)))
}

/// Puts everything there.
async fn fill(client: &mut Client, orders: &Orders, queue: &Queue, options: &Options) -> Result<(), Error> {
    create(client, orders, options.orders).await?;
    queue.fill(options.messages).await?;
    count_listed(client, options.stored() as usize).await.map(drop)
}

async fn create(client: &mut Client, orders: &Orders, count: u64) -> Result<(), Error> {
    let mut next = 0;
    while next < count {
        client.renew_token().await?;
        let until = count.min(next + TOKEN_ORDERS);
        orders.create(client, next..until, CLIENTS).await?;
        eprintln!("{until} orders");
        next = until;
    }
    Ok(())
}

/// Kills the platform, starts it, and creates order `number`.
async fn start(
    platform: &mut Platform,
    client: &mut Client,
    orders: &Orders,
    number: u64,
) -> Result<Start, Error> {
    platform.kill()?;
    let begun = Instant::now();
    platform.restart().await?;
    client.renew_token().await?;
    orders.create_one(client, number).await?;
    Ok(Start { ready_ms: platform.ready_ms(), ordered_ms: begun.elapsed().as_millis() as u64 })
}

fn judge(outcome: Outcome, starts: &[Start], max_ms: u64) -> Outcome {
    let slowest = |ms: fn(&Start) -> u64| starts.iter().map(ms).max().unwrap_or_default();
    let ordered_ms = slowest(|it| it.ordered_ms);
    outcome
        .row("starts after kill -9", starts.len())
        .row("slowest until ready, ms", slowest(|it| it.ready_ms))
        .row("slowest until an order was answered, ms", ordered_ms)
        .broken(late("answering orders", ordered_ms, max_ms))
}

fn late(what: &str, ms: u64, max_ms: u64) -> Option<String> {
    (ms > max_ms).then(|| format!("{what} only {ms} ms after the start, at most {max_ms}"))
}

fn lost(what: &str, wanted: u64, found: u64) -> Option<String> {
    (found != wanted).then(|| format!("{found} {what} are there, of {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_start_is_judged_by_its_first_order() {
        let judged = |ordered_ms: [u64; 2]| {
            let starts = ordered_ms.map(|ordered_ms| Start { ready_ms: 100, ordered_ms });
            judge(Outcome::new("start"), &starts, 2_000).kept()
        };
        assert!(judged([2_000, 300]));
        assert!(!judged([2_001, 300]));
    }

    #[test]
    fn what_is_late_or_lost_is_told() {
        assert_eq!((late("ready", 2_000, 2_000), lost("orders", 7, 7)), (None, None));
        assert_eq!(late("ready", 2_001, 2_000).unwrap(), "ready only 2001 ms after the start, at most 2000");
        assert_eq!(lost("orders", 7, 6).unwrap(), "6 orders are there, of 7");
    }
}
