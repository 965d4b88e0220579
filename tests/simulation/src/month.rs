//! A month after the storm, which some runs go on for: what ended is archived, what was tried for days is given up, what expires is gone.
//!
//! It has weather too, as calls and invocations go; one tenant's server may be away for days; and buyers send back on the last day, or a day
//! too late.

use std::time::Duration;

use futures::future::join_all;
use http::Method;
use jiff::Timestamp;
use penstock_domain::order::Status;
use penstock_domain::{OrderId, TenantId};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use crate::invariants::{self, Violation, webhooks};
use crate::run::World;
use crate::workload::client::Client;

const IN_TIME: &str = "a return is taken in time and refused after";
const DAY: Duration = Duration::from_hours(24);
/// A server that is away for longer has its webhook disabled.
const AWAY_MAX: Duration = DAY.saturating_mul(4);
/// When what was tried for days has been delivered or given up.
const TRIED_FOR: Duration = DAY.saturating_mul(8);
/// When buyers begin to think of a return: before the last hours of the thirty days.
const LATE_FROM: Duration = Duration::from_hours(30 * 24 - 4);
/// When everything has been archived but what returned.
const OVER: Duration = DAY.saturating_mul(31);
/// How long schedules have, in calm weather, to make up for what went wrong.
const CALM: Duration = Duration::from_hours(3);
/// How many orders are sent back late, or wanted to be.
const RETURNS_MAX: usize = 8;
/// How long before and after the last moment.
const AROUND_MS: u64 = 90 * 60 * 1_000;

/// Lets it pass; what is wrong by then already.
pub(crate) async fn pass(world: &World) -> Result<Vec<Violation>, Violation> {
    let began = Instant::now();
    world.storm.begin();
    leave(world);
    // A letter that waits for days is sent again every quarter of an hour, and so is each duplicate of it: in a storm they would multiply.
    world.storm.begin_mildly();
    sleep(TRIED_FOR).await;
    world.storm.end();
    world.rest().await?;
    try_webhooks(world).await;
    world.storm.begin();
    sleep_until(began + LATE_FROM).await;
    let found = late_returns(world).await;
    sleep_until(began + OVER).await;
    world.storm.end();
    sleep(CALM).await;
    world.rest().await?;
    Ok(found)
}

/// A tenant's server goes away for some days, perhaps.
fn leave(world: &World) {
    let dice = world.storm.dice("away");
    if world.storm.strikes(&dice, "a tenant's server is away for days", world.storm.weather.away) {
        let lasts = dice.span(1_000..AWAY_MAX.as_millis() as u64);
        let tenant = &dice.pick(&world.shops).tenant;
        world.storm.journal.say("the world", format!("{tenant}'s server is away for {} s", lasts.as_secs()));
        world.receiver.leave(tenant, lasts);
    }
}

/// Shops look at what was given up, before it is forgotten, and try whether their webhooks work: then they are not taken for broken.
async fn try_webhooks(world: &World) {
    for shop in &world.shops {
        let given_up = webhooks::failed(world, shop).await;
        world.given_up.lock().expect("nobody panicked with it").extend(given_up);
        let Some(webhook) = shop.webhook else { continue };
        let owner = Client::new("an owner", &shop.tenant, &world.platform, &world.storm, &world.promises);
        owner.command(Method::POST, &format!("/v1/webhooks/{webhook}/test"), None, &json!({})).await;
    }
    sleep(Duration::from_secs(60)).await;
}

/// Some delivered orders are sent back around the last moment at which they can be.
async fn late_returns(world: &World) -> Vec<Violation> {
    let dice = world.storm.dice("late returns");
    let ledger = invariants::ledger(world).await;
    let delivered = ledger.into_iter().filter(|(_, told)| told.order.status == Status::Delivered);
    let mut chosen: Vec<_> = delivered.map(|(key, told)| (key, told.order.returnable_until())).collect();
    dice.shuffle(&mut chosen);
    chosen.truncate(RETURNS_MAX);
    let returns = chosen.into_iter().filter_map(|((tenant, order), until)| {
        let sooner = Duration::from_millis(AROUND_MS);
        let wait = Duration::try_from(until?.duration_since(Timestamp::now())).unwrap_or_default();
        let wait = wait.saturating_sub(sooner) + dice.span(0..2 * AROUND_MS);
        Some(send_back(world, tenant, order, until?, wait))
    });
    join_all(returns.collect::<Vec<_>>()).await.into_iter().flatten().collect()
}

async fn send_back(
    world: &World,
    tenant: TenantId,
    order: OrderId,
    until: Timestamp,
    wait: Duration,
) -> Option<Violation> {
    sleep(wait).await;
    let name = format!("late client {order}");
    let client = Client::new(&name, tenant.as_str(), &world.platform, &world.storm, &world.promises);
    let asked = Timestamp::now();
    let path = format!("/v1/orders/{order}/returns");
    let told = client.command(Method::POST, &path, order.to_string().parse::<Uuid>().ok(), &json!({})).await;
    let wrong = match &told {
        told if told.is_passing() => false,
        told if told.is_accepted() => asked > until,
        _ => Timestamp::now() < until,
    };
    let what = || format!("asked at {asked}, where {until} is the last moment, it was told {told:?}");
    wrong.then(|| Violation::of(IN_TIME, order, what()))
}
