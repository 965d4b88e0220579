//! From a letter to a desk's errand, and from what the desk says back to what becomes of the letter.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use penstock_application::checkout::{self, Errand, Undone};
use penstock_application::stock::Stock;
use penstock_application::{Caller, Clock, Orders, Request};
use penstock_domain::TenantId;
use penstock_domain::planted::{self, Bug};
use uuid::Uuid;

use crate::app::{App, StartError};
use crate::catalogue::{CachedCatalogue, DynamoCatalogue};
use crate::failure::chain;
use crate::function::Environment;
use crate::ledger::DynamoLedger;
use crate::queue::consumer::{NotDone, Taken};
use crate::queue::{DELAY_MAX, Letter};
use crate::stock::DynamoStock;
use crate::telemetry::CountRetries;
use crate::tenants::DynamoTenants;

/// The use cases on orders over AWS.
pub type LiveOrders = Orders<DynamoLedger, CachedCatalogue<DynamoCatalogue>, DynamoTenants>;

/// The shortest time to leave alone what is not ready.
const DELAY_MIN: Duration = Duration::from_secs(1);

/// The use cases on orders, from a function's variables.
///
/// # Errors
/// When a variable is missing.
pub fn orders(environment: &Environment) -> Result<LiveOrders, StartError> {
    Ok(App::new(environment)?.orders)
}

/// The stock desk over AWS.
pub type StockDesk =
    checkout::StockDesk<DynamoLedger, CachedCatalogue<DynamoCatalogue>, DynamoTenants, DynamoStock>;

/// The stock desk, from a function's variables.
///
/// # Errors
/// When a variable is missing.
pub fn stock_desk(environment: &Environment) -> Result<StockDesk, StartError> {
    let config = aws_sdk_dynamodb::config::Builder::from(&environment.aws).interceptor(CountRetries).build();
    let ledger = DynamoStock::new(Client::from_conf(config), environment.required("STOCK_TABLE")?);
    let clock = || Arc::clone(&environment.clock);
    Ok(StockDesk::new(orders(environment)?, Stock::new(ledger, clock()), clock()))
}

/// The payment desk over AWS, with a provider.
pub type PaymentDesk<P> =
    checkout::PaymentDesk<DynamoLedger, CachedCatalogue<DynamoCatalogue>, DynamoTenants, P>;

/// The shipping desk over AWS, with a carrier and a place for packing slips.
pub type ShippingDesk<K, S> =
    checkout::ShippingDesk<DynamoLedger, CachedCatalogue<DynamoCatalogue>, DynamoTenants, K, S>;

/// The machine's clock.
pub fn clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// The platform's own function, acting for a tenant.
pub fn platform(tenant: &TenantId, function: &str) -> Caller {
    Caller { tenant: tenant.clone(), subject: format!("penstock/{function}"), roles: [].into() }
}

/// The errand that a letter sends `function` on.
///
/// # Errors
/// When the letter is about no order.
pub fn errand(letter: &Letter, function: &str) -> Result<Errand, NotDone> {
    let order = letter.order()?;
    let caller = platform(&letter.tenant, function);
    let request = Request {
        key: order.within(&letter.tenant, &letter.id).into(),
        digest: letter.kind.clone(),
        id: Uuid::new_v4().to_string(),
        traceparent: letter.traceparent.clone(),
        correlation_id: letter.correlation.clone(),
    };
    Ok(Errand { order, caller, request, attempts: letter.attempts, since: letter.time })
}

/// What becomes of the letter whose errand ended so, at that time.
///
/// What waits for the world outside comes again, the later the longer it has waited, and is never given up for that.
///
/// # Errors
/// When the errand is not done.
pub fn taken(letter: &Letter, done: Result<(), Undone>, now: Timestamp) -> Taken {
    match done {
        Ok(()) => Ok(()),
        Err(Undone::Later { reason, .. }) if planted::is(Bug::GivenUpAtOnce) => Err(NotDone::Poison(reason)),
        Err(Undone::Later { after, reason }) => {
            let delay = after.unwrap_or_default().max(patience(letter.sent_at, now));
            tracing::info!(reason, delay_seconds = delay.as_secs(), "a step waits");
            Err(NotDone::Later(delay.min(DELAY_MAX)))
        }
        Err(Undone::Failed(reason)) => Err(NotDone::Failed(reason)),
        Err(Undone::Order(error)) => {
            tracing::warn!(error = chain(&error), "a step could not read or tell its order");
            Err(error.into())
        }
    }
}

/// How long to wait, for what has waited since then: half as long again.
fn patience(since: Timestamp, now: Timestamp) -> Duration {
    let waited = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    (waited / 2).clamp(DELAY_MIN, DELAY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_waited_long_is_left_alone_longer() {
        let since = Timestamp::UNIX_EPOCH;
        let after = |seconds| patience(since, since + jiff::SignedDuration::from_secs(seconds)).as_secs();
        assert_eq!([0, 1, 60, 600, 100_000].map(after), [1, 1, 30, 300, 900]);
        assert_eq!(patience(since + jiff::SignedDuration::from_secs(5), since), DELAY_MIN);
    }
}
