//! What the provider wrote down: every payment with what was taken and given back, who asked how often, and what it told.

use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value;

use super::intents;
use crate::outbox::Sender;
use crate::outbox::book::{WebhookEntry, about};
use crate::store::Page;
use crate::switches::{Service, is_down};

/// The payment provider's books.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentBooks {
    /// Whether it is down.
    pub down: bool,
    /// What was taken and given back in all, not only on this page.
    pub totals: Vec<Total>,
    /// Newest first.
    pub payments: Vec<PaymentEntry>,
    /// Where the next page begins (`?before=`), if there may be one.
    pub next: Option<i64>,
}

/// All money in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Its code, in small letters.
    pub currency: String,
    /// How many intents.
    pub payments: i64,
    /// Taken, in the currency's smallest unit.
    pub captured: i64,
    /// Given back.
    pub refunded: i64,
}

/// One payment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentEntry {
    /// The intent's id.
    pub id: String,
    /// The intent's status.
    pub status: String,
    /// What was asked for, in the currency's smallest unit.
    pub amount: i64,
    /// The currency's code, in small letters.
    pub currency: String,
    /// What was taken.
    pub captured: i64,
    /// What was given back.
    pub refunded: i64,
    /// The payment method used last.
    pub method: Option<String>,
    /// What the caller wrote on it.
    pub metadata: Value,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// How many calls there were about it that would change something.
    pub attempts: usize,
    /// The keys they carried, each once.
    pub idempotency_keys: Vec<String>,
    /// Those calls, oldest first.
    pub calls: Vec<CallEntry>,
    /// Newest first.
    pub refunds: Vec<RefundEntry>,
    /// Every webhook about it, oldest first.
    pub webhooks: Vec<WebhookEntry>,
}

/// A call that would change something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallEntry {
    /// `create`, `confirm`, `capture`, `cancel` or `refund`.
    pub operation: String,
    /// Its idempotency key; empty when it had none.
    pub key: String,
    /// What the books have as its answer; nothing while it is running. The caller may have got another one, or none.
    pub status: Option<u16>,
    /// Whether that was the key's answer, given again.
    pub replayed: bool,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundEntry {
    /// Its id.
    pub id: String,
    /// How much.
    pub amount: i64,
    /// `succeeded` or `failed`.
    pub status: &'static str,
}

pub(crate) fn books(db: &Connection, page: &Page) -> rusqlite::Result<PaymentBooks> {
    let found = intents::page(db, page.before(), page.limit())?;
    let next = page.next(found.len(), found.last().map(|(n, _)| *n));
    let payments = found.into_iter().map(|(_, intent)| entry(db, &intent)).collect::<Result<_, _>>()?;
    Ok(PaymentBooks { down: is_down(db, Service::Payments)?, totals: totals(db)?, payments, next })
}

fn totals(db: &Connection) -> rusqlite::Result<Vec<Total>> {
    let sql = "SELECT currency, count(*), sum(captured), sum(refunded) FROM intents GROUP BY currency ORDER BY currency";
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map([], |row| {
        Ok(Total {
            currency: row.get(0)?,
            payments: row.get(1)?,
            captured: row.get(2)?,
            refunded: row.get(3)?,
        })
    })?;
    rows.collect()
}

fn entry(db: &Connection, intent: &super::intent::Intent) -> rusqlite::Result<PaymentEntry> {
    let (object, calls) = (intent.object(), calls(db, &intent.id)?);
    let refunds = intents::refunds_of(db, &intent.id)?.into_iter();
    Ok(PaymentEntry {
        id: intent.id.clone(),
        status: object["status"].as_str().unwrap_or_default().to_owned(),
        amount: intent.amount,
        currency: intent.currency.clone(),
        captured: intent.captured,
        refunded: intent.refunded,
        method: intent.method.clone(),
        metadata: object["metadata"].clone(),
        created: intent.created,
        attempts: calls.len(),
        idempotency_keys: keys(&calls),
        calls,
        refunds: refunds
            .map(|it| RefundEntry { status: it.status(), amount: it.amount, id: it.id })
            .collect(),
        webhooks: about(db, Sender::Payments, &intent.id)?,
    })
}

/// The keys that calls came with, each once.
fn keys(calls: &[CallEntry]) -> Vec<String> {
    let mut keys: Vec<_> = calls.iter().map(|it| it.key.clone()).filter(|it| !it.is_empty()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn calls(db: &Connection, intent: &str) -> rusqlite::Result<Vec<CallEntry>> {
    let sql = "SELECT operation, key, status, replayed FROM calls WHERE intent = ?1 ORDER BY n";
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map([intent], |row| {
        Ok(CallEntry { operation: row.get(0)?, key: row.get(1)?, status: row.get(2)?, replayed: row.get(3)? })
    })?;
    rows.collect()
}
