//! Ports to other companies behind a [`Guard`]: the same port, with turns, further attempts and a circuit breaker.

use penstock_application::ports::carrier::{Carrier, CarrierError, Consignment, Parcel, Recall};
use penstock_application::ports::payments::{
    Authorisation, PaymentError, PaymentProvider, PaymentReference, ProviderPayment, ProviderRefund,
    WantedRefund,
};
use penstock_domain::Money;

use crate::guard::{Guard, GuardSettings};

/// A port to another company, guarded.
pub struct Guarded<P> {
    inner: P,
    guard: Guard,
}

impl<P> Guarded<P> {
    pub(crate) fn new(inner: P, company: &'static str, settings: GuardSettings) -> Self {
        Self { inner, guard: Guard::new(company, settings) }
    }
}

impl<P: PaymentProvider> PaymentProvider for Guarded<P> {
    async fn authorise(&self, wanted: &Authorisation) -> Result<ProviderPayment, PaymentError> {
        self.guard.call(|| self.inner.authorise(wanted)).await
    }

    async fn capture(
        &self,
        payment: &PaymentReference,
        amount: Money,
        key: &str,
    ) -> Result<ProviderPayment, PaymentError> {
        self.guard.call(|| self.inner.capture(payment, amount, key)).await
    }

    async fn void(&self, payment: &PaymentReference, key: &str) -> Result<ProviderPayment, PaymentError> {
        self.guard.call(|| self.inner.void(payment, key)).await
    }

    async fn refund(&self, wanted: &WantedRefund) -> Result<ProviderRefund, PaymentError> {
        self.guard.call(|| self.inner.refund(wanted)).await
    }

    async fn look_up(&self, key: &str) -> Result<Option<ProviderPayment>, PaymentError> {
        self.guard.call(|| self.inner.look_up(key)).await
    }

    async fn find(&self, payment: &PaymentReference) -> Result<Option<ProviderPayment>, PaymentError> {
        self.guard.call(|| self.inner.find(payment)).await
    }

    async fn refunds(&self, payment: &PaymentReference) -> Result<Vec<ProviderRefund>, PaymentError> {
        self.guard.call(|| self.inner.refunds(payment)).await
    }
}

impl<C: Carrier> Carrier for Guarded<C> {
    async fn ship(&self, parcel: &Parcel) -> Result<Consignment, CarrierError> {
        self.guard.call(|| self.inner.ship(parcel)).await
    }

    async fn find(&self, reference: &str) -> Result<Option<Consignment>, CarrierError> {
        self.guard.call(|| self.inner.find(reference)).await
    }

    async fn call_back(&self, consignment: &str) -> Result<Recall, CarrierError> {
        self.guard.call(|| self.inner.call_back(consignment)).await
    }
}
