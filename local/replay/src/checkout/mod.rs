//! Orders through the whole checkout: goods are received, every invoice is ordered with a payment method, paid, shipped and
//! delivered, and what the file cancels is called off or sent back.
//!
//! An order that the file cancels whole is paid with a method whose answer takes some seconds, so that it is called off while it
//! is being paid, before anything is shipped. All other cancellations are of goods that arrived.

mod books;
mod dead_letters;
mod difference;
mod flow;
mod life;
mod receipts;
mod report;
mod returns;
mod stock;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use uuid::Uuid;

use crate::client::{Client, RequestError};
use crate::plan::Plan;
use crate::send::{Cancelled, Sent};
use books::{Account, Money};
use dead_letters::DeadLetters;
use life::{Lives, Watch};
use returns::Return;
use stock::Stock;

/// What came of a checkout, apart from the orders themselves.
#[derive(Debug)]
pub(crate) struct Checkout {
    pub(crate) returns: Vec<Return>,
    refusals: Vec<String>,
    money: Money,
    stock: Stock,
    dead_letters: DeadLetters,
}

/// A checkout whose orders are where they are going to be, and that is not reconciled yet.
pub(crate) struct Settled {
    returns: Vec<Return>,
    refusals: Vec<String>,
    accounts: Vec<Option<Account>>,
    watch: Watch,
}

/// What was sent and cancelled, in the plan's order, and what is to be reconciled.
type Underway = (Vec<Sent>, Vec<Option<Cancelled>>, Option<Settled>);

impl Settled {
    /// Sends the plan, and waits until nothing more happens. The plan learns which cancellations are returns.
    pub(crate) async fn send(
        client: &Client,
        tenant: &str,
        plan: &mut Plan,
        patience: Duration,
    ) -> Result<Underway, RequestError> {
        let returns = returns::find(plan);
        let watch = Watch::new(patience);
        let mut refusals = receipts::receive(client, tenant, plan).await?;
        let lives = Lives { client, tenant, plan, watch: &watch };
        let (mut sent, cancelled) = lives.begin().await?;
        lives.wait_for_delivery(&sent).await?;
        refusals.extend(lives.send_back(&returns, &sent).await?);
        let accounts = lives.end(&returns, &mut sent).await?;
        Ok((sent, cancelled, Some(Self { returns, refusals, accounts, watch })))
    }

    /// Compares money, goods and dead letters with the plan; `before` are the orders that were there before.
    pub(crate) async fn reconcile(
        self,
        client: &Client,
        tenant: &str,
        plan: &Plan,
        sent: &[Sent],
        before: &HashSet<Uuid>,
    ) -> Result<Checkout, RequestError> {
        let Self { returns, refusals, accounts, watch } = self;
        let stock = Stock::reconcile(client, tenant, plan, sent, &returns, &watch).await?;
        let books = books::read(client, tenant).await?;
        let money = Money::reconcile(plan, sent, &returns, &accounts, &books, before);
        let dead_letters = DeadLetters::list(client).await?;
        Ok(Checkout { returns, refusals, money, stock, dead_letters })
    }
}

impl Checkout {
    /// Everything that keeps it from being reconciled, in words.
    pub(crate) fn findings(&self) -> impl Iterator<Item = String> {
        let parts = [&self.refusals, &self.money.differences, &self.stock.differences];
        parts.into_iter().flatten().cloned().chain(self.dead_letters.findings())
    }
}
