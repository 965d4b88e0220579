//! Sends a plan: the catalogue, then the orders, then the cancellations, each many at once.
//!
//! The phases follow one another, so an order finds its products and a cancellation its order.

use futures::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use reqwest::StatusCode;
use uuid::Uuid;

use crate::cancellations::Match;
use crate::catalogue::Product;
use crate::client::{Ask, Client, RequestError};
use crate::ids;
use crate::money::CURRENCY;
use crate::plan::{Invoice, Plan};
use crate::progress::bar;
use crate::wire::{NewCancellation, NewItem, NewOrder, NewPayment, NewProduct, Order};

/// Requests under way at once.
pub(crate) const CONCURRENCY: usize = 16;

/// Does `step` for each of `count` places, many at once; answers in their order.
pub(crate) async fn each_place<T, F>(count: usize, step: impl Fn(usize) -> F) -> Result<Vec<T>, RequestError>
where
    F: Future<Output = Result<T, RequestError>>,
{
    stream::iter(0..count).map(step).buffered(CONCURRENCY).try_collect().await
}

/// The status of a cancelled order.
pub(crate) const CANCELLED: &str = "CANCELLED";

/// What the platform answered to an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The order is new.
    Created(Standing),
    /// An earlier run created it.
    AlreadyThere(Standing),
    /// There is no order; the refusal.
    Refused(String),
}

/// An order of ours in the platform, and the last status it was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) order_id: Uuid,
    pub(crate) status: String,
}

impl Sent {
    /// The order, if there is one.
    pub(crate) fn standing(&self) -> Option<&Standing> {
        match self {
            Self::Created(standing) | Self::AlreadyThere(standing) => Some(standing),
            Self::Refused(_) => None,
        }
    }

    pub(crate) fn standing_mut(&mut self) -> Option<&mut Standing> {
        match self {
            Self::Created(standing) | Self::AlreadyThere(standing) => Some(standing),
            Self::Refused(_) => None,
        }
    }
}

/// What the platform answered to a cancellation that cancels an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cancelled {
    Now,
    /// An earlier run did.
    Before,
    /// The refusal; or that the order itself had been refused.
    Refused(String),
}

/// Puts every product; answers with those that were refused, and why.
pub(crate) async fn put_catalogue(
    client: &Client,
    tenant: &str,
    plan: &Plan,
) -> Result<Vec<(String, String)>, RequestError> {
    let bar = bar("catalogue", plan.catalogue.len());
    let refused = stream::iter(plan.catalogue.products())
        .map(|product| put_product(client, tenant, product, &bar))
        .buffered(CONCURRENCY)
        .try_filter_map(async |refused| Ok(refused))
        .try_collect()
        .await;
    bar.finish_and_clear();
    refused
}

async fn put_product(
    client: &Client,
    tenant: &str,
    product: Product,
    bar: &ProgressBar,
) -> Result<Option<(String, String)>, RequestError> {
    let Product { sku, name, category, price } = &product;
    let body = NewProduct { sku, name, category, price: *price };
    let path = format!("/v1/products/{}", ids::product(tenant, sku));
    let answer = client.send(&Ask::put(path, &body)).await?;
    bar.inc(1);
    Ok((!answer.status.is_success()).then(|| (product.sku, answer.refusal())))
}

/// Sends every order; the answers are in the plan's order.
pub(crate) async fn send_orders(
    client: &Client,
    tenant: &str,
    plan: &Plan,
) -> Result<Vec<Sent>, RequestError> {
    let bar = bar("orders", plan.orders.len());
    let sent = stream::iter(0..plan.orders.len())
        .map(|place| send_order(client, tenant, plan, &plan.orders[place], None, &bar))
        .buffered(CONCURRENCY)
        .try_collect()
        .await;
    bar.finish_and_clear();
    sent
}

/// Sends one order, to be paid with `method`; without one it waits until it is given one.
pub(crate) async fn send_order(
    client: &Client,
    tenant: &str,
    plan: &Plan,
    invoice: &Invoice,
    method: Option<&'static str>,
    bar: &ProgressBar,
) -> Result<Sent, RequestError> {
    let payment = method.map(|method| NewPayment { method });
    let body = NewOrder { payment, ..new_order(tenant, plan, invoice) };
    let ask = Ask::post("/v1/orders".to_owned(), ids::creation_key(&invoice.number), &body);
    let answer = client.send(&ask).await?;
    bar.inc(1);
    let standing = |order: Order| Standing { order_id: order.order_id, status: order.status };
    match answer.status {
        status if status.is_success() => Ok(Sent::Created(standing(answer.parse()?))),
        // A conflict that carries the order says that it is there; one that does not is a refusal like any other.
        StatusCode::CONFLICT => Ok(match answer.parse() {
            Ok(Order { order_id, .. }) => Sent::AlreadyThere(now(client, order_id).await?),
            Err(_) => Sent::Refused(answer.refusal()),
        }),
        _ => Ok(Sent::Refused(answer.refusal())),
    }
}

/// What an order is now: the conflict shows it as it was created.
async fn now(client: &Client, order_id: Uuid) -> Result<Standing, RequestError> {
    let order: Order = client.send(&Ask::get(format!("/v1/orders/{order_id}"))).await?.success()?;
    Ok(Standing { order_id, status: order.status })
}

fn new_order(tenant: &str, plan: &Plan, invoice: &Invoice) -> NewOrder {
    let items = invoice.lines.iter().map(|line| NewItem {
        product_id: ids::product(tenant, plan.catalogue.sku(line.product)),
        quantity: line.goods.quantity,
        unit_price: line.goods.unit_price,
    });
    let (customer_id, items) = (customer(tenant, invoice), items.collect());
    NewOrder { customer_id, currency: CURRENCY, items, payment: None }
}

/// Whose order an invoice is.
pub(crate) fn customer(tenant: &str, invoice: &Invoice) -> Uuid {
    match &invoice.customer {
        Some(number) => ids::customer(tenant, number),
        None => ids::guest(tenant, &invoice.number),
    }
}

/// Cancels what the plan's cancellations cancel, and keeps the orders' new statuses in `sent`. Answers in the plan's
/// order; `None` for a cancellation that cancels nothing.
pub(crate) async fn send_cancellations(
    client: &Client,
    plan: &Plan,
    sent: &mut [Sent],
) -> Result<Vec<Option<Cancelled>>, RequestError> {
    let bar = bar("cancellations", plan.cancellations.len());
    let answers: Vec<_> = stream::iter(0..plan.cancellations.len())
        .map(async |place| {
            bar.inc(1);
            let Some(order) = plan.matches[place].whole() else { return Ok(None) };
            cancel(client, &plan.cancellations[place], &sent[order]).await.map(Some)
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    bar.finish_and_clear();
    for (found, answer) in plan.matches.iter().zip(&answers) {
        if let (Match::Whole(place), Some(Cancelled::Now)) = (found, answer)
            && let Some(standing) = sent[*place].standing_mut()
        {
            CANCELLED.clone_into(&mut standing.status);
        }
    }
    Ok(answers)
}

/// Cancels an order whole.
pub(crate) async fn cancel(
    client: &Client,
    cancellation: &Invoice,
    order: &Sent,
) -> Result<Cancelled, RequestError> {
    let Some(standing) = order.standing() else {
        return Ok(Cancelled::Refused("the order itself was refused".to_owned()));
    };
    let path = format!("/v1/orders/{}/cancellation", standing.order_id);
    let body = NewCancellation { reason: format!("invoice {}", cancellation.number) };
    let answer = client.send(&Ask::post(path, ids::cancellation_key(&cancellation.number), &body)).await?;
    Ok(match answer.status {
        status if !status.is_success() => Cancelled::Refused(answer.refusal()),
        _ if standing.status == CANCELLED => Cancelled::Before,
        _ => Cancelled::Now,
    })
}
