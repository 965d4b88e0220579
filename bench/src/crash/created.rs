//! Orders created until the crash, and those whose answer it took.

use std::cell::{Cell, RefCell};

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;

use crate::Error;
use crate::client::Client;
use crate::orders::Orders;
use crate::outcome::Outcome;

use super::Crash;

/// What is known of the orders sent so far.
#[derive(Default)]
pub(super) struct Created {
    next: Cell<u64>,
    /// Orders as the 2xx showed them.
    answered: RefCell<Vec<Value>>,
    /// Numbers of orders whose answer never came.
    unanswered: RefCell<Vec<u64>>,
    sent_again: u64,
    /// Of those sent again, what had been kept.
    kept: u64,
}

impl Created {
    pub(super) fn answered(&self) -> usize {
        self.answered.borrow().len()
    }

    /// Creates orders until the crash.
    pub(super) async fn load(&self, client: &Client, orders: &Orders, clients: usize, crash: &Crash) {
        join_all((0..clients).map(async |_| {
            while !crash.begun.get() {
                let number = self.next.replace(self.next.get() + 1);
                self.create(client, orders, number, crash).await;
            }
        }))
        .await;
    }

    async fn create(&self, client: &Client, orders: &Orders, number: u64, crash: &Crash) {
        match client.post("/v1/orders", orders.key(number), &orders.body(number)).await {
            Ok(answer) if answer.status == StatusCode::CREATED => {
                self.answered.borrow_mut().push(answer.body)
            }
            Ok(answer) => {
                crash.errors.borrow_mut().push(format!("order {number}: {} {}", answer.status, answer.body));
            }
            Err(_) => {
                crash.begun.set(true);
                self.unanswered.borrow_mut().push(number);
            }
        }
    }

    /// Sends every order again, with its key, whose answer the crash took.
    pub(super) async fn send_again(&mut self, client: &Client, orders: &Orders) -> Result<(), Error> {
        for number in self.unanswered.take() {
            let answer = client.post("/v1/orders", orders.key(number), &orders.body(number)).await?;
            let there = |status: &StatusCode| matches!(*status, StatusCode::CREATED | StatusCode::CONFLICT);
            let answer = answer.expect("POST /v1/orders, sent again", there)?;
            self.sent_again += 1;
            self.kept += u64::from(answer.status == StatusCode::CONFLICT);
            self.answered.get_mut().push(answer.body);
        }
        Ok(())
    }

    /// The counts, and the orders that must be there.
    pub(super) fn told(self, outcome: Outcome) -> (Outcome, Vec<Value>) {
        let outcome = outcome
            .row("orders", self.answered())
            .row("orders sent again, unanswered", self.sent_again)
            .row("of them kept before the crash", self.kept);
        (outcome, self.answered.into_inner())
    }
}
