//! A house full of goods, over whatever DynamoDB the shop has: what a consumer of steps would work with.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use penstock_application::stock::{Outcome, Stock};
use penstock_application::{Caller, Request};
use penstock_domain::stock::{Adjustment, Operation, Units};
use penstock_domain::{OrderId, ProductId, TenantId};
use penstock_platform::stock::DynamoStock;
use penstock_tests::shop::{Shop, uuid};

pub(super) struct House {
    pub(super) shop: Shop,
    pub(super) ledger: DynamoStock,
    stock: Arc<Stock<DynamoStock>>,
}

impl House {
    /// A house that has so many units of products, by number.
    pub(super) async fn with(stocked: &[(u128, i64)]) -> Self {
        let shop = Shop::open().await;
        let ledger = DynamoStock::new(shop.dynamodb(), shop.table("stock"));
        let stock = Arc::new(Stock::new(ledger.clone(), Arc::new(Timestamp::now)));
        let house = Self { shop, ledger, stock };
        for (number, quantity) in stocked {
            house.receive(*number, *quantity).await;
        }
        house.shop.platform.calls().reset();
        house
    }

    pub(super) async fn receive(&self, number: u128, quantity: i64) {
        let caller = Caller { tenant: tenant(), subject: "clerk".to_owned(), roles: BTreeSet::new() };
        let request = Request {
            key: uuid::Uuid::new_v4().into(),
            digest: String::new(),
            id: String::new(),
            traceparent: None,
            correlation_id: String::new(),
        };
        let adjustment = Adjustment { quantity, reason: "delivery".to_owned(), backorder_threshold: None };
        self.stock.adjust(&caller, &request, product(number), &adjustment).await.unwrap();
    }

    pub(super) async fn apply(&self, operations: &[Operation]) -> Vec<Outcome> {
        self.stock.apply(&tenant(), operations).await
    }

    /// The same house for another task.
    pub(super) fn stock(&self) -> Arc<Stock<DynamoStock>> {
        Arc::clone(&self.stock)
    }

    /// On hand and reserved.
    pub(super) async fn of(&self, number: u128) -> [i64; 2] {
        let totals = self.stock.get(&tenant(), product(number)).await.unwrap().expect("it is tracked");
        [totals.on_hand(), totals.reserved]
    }
}

pub(super) fn said(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) => "done",
        Outcome::AlreadyDone(_) => "before",
        Outcome::AlreadyOver => "over",
        Outcome::Short(_) => "short",
        Outcome::Failed(_) => "failed",
    }
}

pub(super) fn all_said(outcomes: &[Outcome]) -> Vec<&'static str> {
    outcomes.iter().map(said).collect()
}

pub(super) fn reserve(number: u128, of: &[(u128, u32)]) -> Operation {
    Operation::Reserve { order: order(number), lines: lines(of) }
}

pub(super) fn release(number: u128) -> Operation {
    Operation::Release { order: order(number) }
}

pub(super) fn sell(number: u128, key: &str, of: &[(u128, u32)]) -> Operation {
    Operation::Sell { order: order(number), key: key.to_owned(), lines: lines(of) }
}

pub(super) fn take_back(number: u128, key: &str, of: &[(u128, u32)], restock: bool) -> Operation {
    Operation::TakeBack { order: order(number), key: key.to_owned(), lines: lines(of), restock }
}

pub(super) fn units(of: &[(u128, u32)]) -> Units {
    lines(of).into_iter().collect()
}

fn lines(of: &[(u128, u32)]) -> Vec<(ProductId, u32)> {
    of.iter().map(|(number, quantity)| (product(*number), *quantity)).collect()
}

pub(super) fn product(number: u128) -> ProductId {
    penstock_tests::shop::product(number).parse().unwrap()
}

pub(super) fn order(number: u128) -> OrderId {
    uuid(0x0900_0000 + number).parse().unwrap()
}

pub(super) fn tenant() -> TenantId {
    "acme".parse().unwrap()
}
