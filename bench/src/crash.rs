//! `kill -9` during the load, and a restart, again and again. Promised: every order that got a 2xx is there exactly once;
//! one whose answer was lost may be sent again with its key and is there once; and each of its events is archived once.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use clap::Args;
use futures::future::{join, join_all};
use reqwest::StatusCode;
use serde_json::Value;

use crate::Error;
use crate::archive::Archive;
use crate::client::Client;
use crate::orders::Orders;
use crate::outcome::Outcome;
use crate::platform::Platform;
use crate::read_back::{compare, list};

/// How much load, and how many crashes.
#[derive(Args)]
pub(crate) struct Options {
    /// Orders that are answered before each crash.
    #[arg(long, default_value_t = 1_000)]
    orders: usize,
    /// Crashes.
    #[arg(long, default_value_t = 5)]
    crashes: u32,
    /// Clients that each send one request after another.
    #[arg(long, default_value_t = 16)]
    clients: usize,
}

/// How closely the moment of a crash is met.
const WATCH: Duration = Duration::from_millis(1);

/// What is known of the orders sent so far.
#[derive(Default)]
struct Known {
    next: Cell<u64>,
    crashed: Cell<bool>,
    /// Orders as the 2xx showed them.
    answered: RefCell<Vec<Value>>,
    /// Numbers of orders whose answer never came.
    unanswered: RefCell<Vec<u64>>,
    errors: RefCell<Vec<String>>,
}

pub(crate) async fn measure(options: Options, mut platform: Platform) -> Result<Outcome, Error> {
    let mut client = Client::of_new_tenant(&platform.url()).await?;
    let orders = Orders::prepare(&client).await?;
    let known = Known::default();
    let (mut resent, mut kept, mut slowest_ms) = (0, 0, 0);
    for crash in 1..=u64::from(options.crashes) {
        let until = options.orders * crash as usize;
        known.crashed.set(false);
        let (_, killed) =
            join(load(&client, &orders, &known, options.clients), kill(&mut platform, &known, until)).await;
        killed?;
        platform.restart().await?;
        slowest_ms = slowest_ms.max(platform.ready_ms());
        client.renew_token().await?;
        for number in known.unanswered.take() {
            resent += 1;
            kept += u32::from(send_again(&client, &orders, &known, number).await?);
        }
    }
    let answered = known.answered.into_inner();
    let listing = list(&client, answered.len()).await?;
    let outcome = Outcome::new("crash")
        .row("crashes", options.crashes)
        .row("clients", options.clients)
        .row("orders", answered.len())
        .row("orders sent again, unanswered", resent)
        .row("of them kept before the crash", kept)
        .row("slowest restart to ready, ms", slowest_ms)
        .row("listed", listing.orders.len());
    let archive = Archive::at(&platform.aws_url(), client.tenant()).await?;
    let archived = archive.whole(&client, &answered).await?;
    Ok(outcome
        .row("events archived", archived.events)
        .broken(known.errors.into_inner())
        .broken(compare(&client, &answered, &listing).await)
        .broken(archived.broken))
}

async fn kill(platform: &mut Platform, known: &Known, until: usize) -> Result<(), Error> {
    let loading = || !known.crashed.get() && known.errors.borrow().is_empty();
    while known.answered.borrow().len() < until && loading() {
        tokio::time::sleep(WATCH).await;
    }
    let killed = platform.kill();
    known.crashed.set(true);
    killed
}

async fn load(client: &Client, orders: &Orders, known: &Known, clients: usize) {
    join_all((0..clients).map(async |_| {
        while !known.crashed.get() {
            let number = known.next.replace(known.next.get() + 1);
            create(client, orders, known, number).await;
        }
    }))
    .await;
}

async fn create(client: &Client, orders: &Orders, known: &Known, number: u64) {
    match client.post("/v1/orders", orders.key(number), &orders.body(number)).await {
        Ok(answer) if answer.status == StatusCode::CREATED => known.answered.borrow_mut().push(answer.body),
        Ok(answer) => {
            known.errors.borrow_mut().push(format!("order {number}: {} {}", answer.status, answer.body));
        }
        // The process is being killed: from here on this client may only be refused.
        Err(_) => {
            known.crashed.set(true);
            known.unanswered.borrow_mut().push(number);
        }
    }
}

/// Sends an order again with its key; whether it was there already.
async fn send_again(client: &Client, orders: &Orders, known: &Known, number: u64) -> Result<bool, Error> {
    let answer = client.post("/v1/orders", orders.key(number), &orders.body(number)).await?;
    let there = |status: &StatusCode| matches!(*status, StatusCode::CREATED | StatusCode::CONFLICT);
    let answer = answer.expect("POST /v1/orders, sent again", there)?;
    known.answered.borrow_mut().push(answer.body);
    Ok(answer.status == StatusCode::CONFLICT)
}
