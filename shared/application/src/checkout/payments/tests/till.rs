//! An order whose payment is under way.

use std::sync::Arc;

use jiff::Timestamp;
use penstock_domain::PaymentMethod;
use penstock_domain::order::{Event, Status};

use super::provider::{Provider, Says};
use super::*;
use crate::orders::tests::{MemoryCatalogue, MemoryLedger, caller, request, wanted};
use crate::orders::{Created, WantedOrder};
use crate::tenants::Settings;

/// An order whose payment is under way, and the desk that makes it.
pub(super) struct Till {
    desk: PaymentDesk<Arc<MemoryLedger>, MemoryCatalogue, Settings, Provider>,
    orders: Orders<Arc<MemoryLedger>, MemoryCatalogue, Settings>,
    pub(super) provider: Provider,
    pub(super) order: OrderId,
    pub(super) since: Timestamp,
}

impl Till {
    pub(super) async fn with<const N: usize>(says: [Says; N]) -> Self {
        Self::of(Settings::default(), says).await
    }

    pub(super) async fn of<const N: usize>(settings: Settings, says: [Says; N]) -> Self {
        let ledger = Arc::new(MemoryLedger::default());
        let clock: Clock = Arc::new(now);
        let orders =
            || Orders::new(Arc::clone(&ledger), MemoryCatalogue::new(), settings, Arc::clone(&clock));
        let wanted = WantedOrder { payment: Some(visa()), ..wanted() };
        let created = orders().create(&caller(), &request(1, "a"), wanted).await.unwrap();
        let Created::New(record) = created else { panic!("it is new") };
        let provider = Provider::says(says);
        let desk = PaymentDesk::new(orders(), provider.clone(), Arc::clone(&clock));
        let till = Self { desk, orders: orders(), provider, order: record.id, since: now() };
        till.tell(Command::ConfirmStock { units: vec![], pay_by: Timestamp::MAX }).await;
        till
    }

    fn errand(&self, name: &str, attempts: u32) -> Errand {
        let request = request(self.order.within(&caller().tenant, name).as_u128(), name);
        Errand { order: self.order, caller: caller(), request, attempts, since: self.since }
    }

    pub(super) async fn pay(&self, attempts: u32) -> Result<(), Undone> {
        self.desk.pay(&self.errand("pay", attempts), 1).await
    }

    pub(super) async fn refund(&self, attempts: u32) -> Result<(), Undone> {
        self.desk.refund(&self.errand("refund", attempts), 1).await
    }

    pub(super) async fn inquire(&self) -> Result<(), Undone> {
        self.inquire_after("pi_1").await
    }

    pub(super) async fn inquire_after(&self, reference: &str) -> Result<(), Undone> {
        self.desk.inquire(&self.errand("inquire", 0), reference).await
    }

    pub(super) async fn tell(&self, command: Command) {
        let history = self.orders.history(&caller(), self.order).await.unwrap();
        let name = format!("{command:?}");
        let errand = self.errand(&name, 0);
        self.orders.step(&caller(), &errand.request, history, command).await.unwrap();
    }

    /// Another environment asks for the money, and is gone before it can tell.
    pub(super) async fn ask_beside(&self) {
        let (tenant, order) = (caller().tenant, self.order);
        let key = attempt_key(&tenant, order, 1);
        let wanted = Authorisation { key, tenant, order, attempt: 1, amount: gbp(500), method: visa() };
        self.provider.authorise(&wanted).await.unwrap_err();
    }

    pub(super) async fn decline(&self) {
        let pay_by = Timestamp::MAX;
        self.tell(Command::DeclinePayment { attempt: 1, code: None, reason: None, pay_by }).await;
    }

    pub(super) async fn call_off(&self) {
        self.tell(Command::CancelOrder { reason: None }).await;
    }

    pub(super) async fn events(&self) -> Vec<Event> {
        let history = self.orders.history(&caller(), self.order).await.unwrap();
        history.commits().iter().flat_map(|commit| commit.events.clone()).collect()
    }

    pub(super) async fn status(&self) -> Status {
        self.orders.get(&caller(), self.order, None).await.unwrap().order.status
    }

    /// Why payments were declined, in a word, and until when another may be made.
    pub(super) async fn declined(&self) -> Vec<(String, Option<Timestamp>)> {
        let declined = |event| match event {
            Event::PaymentDeclined { code, pay_by, .. } => Some((code.unwrap_or_default(), pay_by)),
            _ => None,
        };
        self.events().await.into_iter().filter_map(declined).collect()
    }

    /// What the provider was asked.
    pub(super) fn said(&self) -> Vec<&'static str> {
        self.provider.calls()
    }

    /// The keys of all calls that move money, without what they have in common.
    pub(super) fn keys(&self) -> Vec<String> {
        let common = format!("{}/{}/", caller().tenant, self.order);
        let keys = self.provider.keys();
        keys.iter().map(|key| key.strip_prefix(&common).unwrap().to_owned()).collect()
    }
}

fn visa() -> PaymentMethod {
    "pm_card_visa".parse().unwrap()
}

pub(super) fn gbp(pence: i64) -> Money {
    Money::from_minor(pence, "GBP".parse().unwrap()).unwrap()
}

pub(super) fn now() -> Timestamp {
    "2010-12-01T08:26:00Z".parse().unwrap()
}
