//! Follows every unit of the file's goods until it left the house or came back, by movements and by what is on hand.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use uuid::Uuid;

use crate::catalogue::ProductIndex;
use crate::client::{Ask, Client, RequestError};
use crate::ids;
use crate::plan::Plan;
use crate::progress::bar;
use crate::read_back::escape;
use crate::send::{Sent, each_place};

use super::difference::difference;
use super::flow::{Flow, expected};
use super::life::Watch;
use super::receipts::{Receipt, receipts};
use super::returns::Return;
use super::wire::{Movement, Movements, StockNow};

/// Movements that one page holds.
const PAGE: usize = 100;
const PAUSE: Duration = Duration::from_millis(500);

/// The units of all products three times over, and where the three differ.
#[derive(Debug, Default)]
pub(super) struct Stock {
    pub(super) products: usize,
    /// By the file.
    pub(super) expected: Flow,
    /// By the movements of this file's orders and receipts.
    pub(super) moved: Flow,
    /// On hand, by `get-stock`.
    pub(super) on_hand: i64,
    pub(super) differences: Vec<String>,
}

/// What the platform shows of a product.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shown {
    /// Movements of this file's orders and receipts.
    ours: Flow,
    /// All movements.
    all: Flow,
    on_hand: i64,
    reserved: i64,
}

/// What reading the products' stock needs.
struct Reader<'a> {
    client: &'a Client,
    tenant: &'a str,
    plan: &'a Plan,
    orders: HashSet<Uuid>,
    receipts: BTreeMap<ProductIndex, Receipt<'a>>,
}

impl Stock {
    /// Reads every product until it shows what the file asks for, or nothing moves any more.
    pub(super) async fn reconcile(
        client: &Client,
        tenant: &str,
        plan: &Plan,
        sent: &[Sent],
        returns: &[Return],
        watch: &Watch,
    ) -> Result<Self, RequestError> {
        let orders = sent.iter().filter_map(Sent::standing).map(|it| it.order_id).collect();
        let reader = Reader { client, tenant, plan, orders, receipts: receipts(plan) };
        let expected = expected(plan, sent, returns);
        let (mut open, mut shown): (Vec<_>, _) = (expected.keys().copied().collect(), HashMap::new());
        let bar = bar("stock", open.len());
        loop {
            let before = open.len();
            shown.extend(reader.read_all(&open).await?);
            open = expected.keys().copied().filter(|it| shown[it].differs(expected[it])).collect();
            bar.set_position((expected.len() - open.len()) as u64);
            if open.len() < before {
                watch.moved();
            }
            if open.is_empty() || watch.is_over() {
                bar.finish_and_clear();
                return Ok(Self::of(plan, &expected, &shown));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(super) fn of(
        plan: &Plan,
        expected: &BTreeMap<ProductIndex, Flow>,
        shown: &HashMap<ProductIndex, Shown>,
    ) -> Self {
        let mut stock = Self { products: expected.len(), ..Self::default() };
        for (product, expected) in expected {
            let shown = shown.get(product).copied().unwrap_or_default();
            stock.expected += *expected;
            stock.moved += shown.ours;
            stock.on_hand += shown.on_hand;
            let whose = format!("stock of {}", plan.catalogue.sku(*product));
            stock.differences.extend(shown.differences(&whose, *expected));
        }
        stock
    }
}

impl Shown {
    /// What `get-stock` tells; movements are to be added.
    pub(super) fn new(now: &StockNow) -> Self {
        Self { on_hand: now.on_hand, reserved: now.reserved, ..Self::default() }
    }

    /// Adds a movement, which is ours when it is of one of `orders` or of the receipt with that reason.
    pub(super) fn take(&mut self, movement: &Movement, orders: &HashSet<Uuid>, receipt: Option<&str>) {
        self.all.add(&movement.kind, movement.quantity);
        let of_order = movement.order_id.is_some_and(|order| orders.contains(&order));
        let of_receipt = movement.reason.is_some() && movement.reason.as_deref() == receipt;
        if of_order || of_receipt {
            self.ours.add(&movement.kind, movement.quantity);
        }
    }

    fn differs(&self, expected: Flow) -> bool {
        self.differences("", expected).next().is_some()
    }

    /// Where it differs from what the file asks for, and where `get-stock` differs from the movements.
    fn differences(&self, whose: &str, expected: Flow) -> impl Iterator<Item = String> {
        let on_hand = difference(whose, "on hand", self.all.on_hand(), self.on_hand);
        let kept = difference(whose, "kept for orders", self.all.kept(), self.reserved);
        expected.differences(whose, self.ours).chain(on_hand).chain(kept)
    }
}

impl Reader<'_> {
    async fn read_all(&self, products: &[ProductIndex]) -> Result<Vec<(ProductIndex, Shown)>, RequestError> {
        each_place(products.len(), |place| self.read(products[place])).await
    }

    /// First what is on hand: what moves meanwhile makes a difference, and is read again.
    async fn read(&self, product: ProductIndex) -> Result<(ProductIndex, Shown), RequestError> {
        let path = format!("/v1/stock/{}", ids::product(self.tenant, self.plan.catalogue.sku(product)));
        let receipt = self.receipts.get(&product).map(Receipt::reason);
        let mut shown = Shown::new(&self.client.send(&Ask::get(path.clone())).await?.success()?);
        let mut cursor = String::new();
        loop {
            let ask = Ask::get(format!("{path}/movements?limit={PAGE}{cursor}"));
            let page: Movements = self.client.send(&ask).await?.success()?;
            page.movements.iter().for_each(|it| shown.take(it, &self.orders, receipt.as_deref()));
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={}", escape(&next)),
                None => return Ok((product, shown)),
            }
        }
    }
}
