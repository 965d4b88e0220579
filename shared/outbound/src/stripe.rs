//! A payment provider that speaks Stripe's API: PaymentIntents and Refunds, form-encoded.
//!
//! A payment is one PaymentIntent, confirmed as it is made and captured later. The keys of our calls are Stripe's idempotency keys,
//! and stand in the metadata besides, so that what was made with them can be found when Stripe has forgotten the key, which it may
//! after 24 hours (<https://docs.stripe.com/api/idempotent_requests>).
//!
//! [`PaymentProvider::look_up`] is Stripe's search, which knows of a payment within a minute or so, in an outage later
//! (<https://docs.stripe.com/search#data-freshness>), and not at all for merchants in India; what reads a payment by its name, or its
//! refunds, sees everything at once.

use std::fmt::Display;

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{Method, Response, StatusCode};
use penstock_application::ports::payments::{
    Authorisation, PaymentError, PaymentProvider, PaymentReference, ProviderPayment, ProviderRefund,
    WantedRefund,
};
use penstock_domain::Money;
use penstock_domain::planted::{self, Bug};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use crate::api::{Api, Call};
use crate::credentials::PaymentsSecret;
use crate::endpoint::Endpoint;
use crate::http::Http;
use crate::secrets::{Secret, SecretSource};
pub(crate) use errors::is_busy;
use errors::never;
use wire::{List, PaymentIntent, Refund};

mod currency;
mod errors;
pub mod webhook;
mod wire;

/// The version of Stripe's API that is spoken here. Webhook endpoints must be made with the same one.
pub const API_VERSION: &str = "2025-03-31.basil";

/// What is not in Stripe's names of things.
const OUTSIDE_NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_');
/// As many refunds as Stripe lists at once. One payment has a few.
const REFUNDS_MAX: &str = "100";
/// Says that the payment is not what the call needs it to be: voided, captured before.
const UNEXPECTED_STATE: &str = "payment_intent_unexpected_state";
/// Shows the charge of a payment with it: what was refunded stands there.
const WITH_CHARGE: (&str, &str) = ("expand[]", "latest_charge");

/// Stripe.
pub struct Stripe<S> {
    api: Api<PaymentsSecret, S>,
}

impl<S: SecretSource> Stripe<S> {
    pub(crate) fn new(http: Http, endpoint: Endpoint, secret: Secret<PaymentsSecret, S>) -> Self {
        Self { api: Api::new(http, endpoint, secret) }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, PaymentError> {
        let path = format!("{path}?{}", form(query));
        let answer = self.send(Method::GET, path, None, Bytes::new()).await?;
        read(&answer, false)
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: String,
        key: &str,
        fields: &[(&str, &str)],
    ) -> Result<T, PaymentError> {
        let answer = self.send(Method::POST, path, Some(key), form(fields).into()).await?;
        read(&answer, true)
    }

    async fn send(
        &self,
        method: Method,
        path: String,
        key: Option<&str>,
        body: Bytes,
    ) -> Result<Response<Bytes>, PaymentError> {
        let moves_money = method == Method::POST;
        let key = key.map(|key| ("Idempotency-Key", key.to_owned()));
        let headers = [("Stripe-Version", API_VERSION.to_owned())].into_iter().chain(key).collect();
        let call = Call { method, path, content_type: "application/x-www-form-urlencoded", headers, body };
        self.api.send(&call).await.map_err(|error| errors::unanswered(error, moves_money))
    }

    /// What a call on a payment came to; when Stripe says that the payment is not in the state for it, the payment as it is.
    async fn or_as_it_is(
        &self,
        payment: &PaymentReference,
        result: Result<PaymentIntent, PaymentError>,
    ) -> Result<ProviderPayment, PaymentError> {
        match result {
            Err(PaymentError::Never(cause)) if errors::code(&cause) == Some(UNEXPECTED_STATE) => {
                self.find(payment).await?.ok_or(PaymentError::Never(cause))
            }
            result => result?.try_into().map_err(never),
        }
    }
}

impl<S: SecretSource> PaymentProvider for Stripe<S> {
    async fn authorise(&self, wanted: &Authorisation) -> Result<ProviderPayment, PaymentError> {
        let (amount, currency) = currency::to_stripe(wanted.amount).map_err(never)?;
        let fields = new_payment(wanted, amount, currency);
        let fields = borrowed(&fields);
        let made = self.post::<PaymentIntent>(intents(None), &wanted.key, &fields).await;
        made.map_err(errors::declined_for_what_it_is)?.try_into().map_err(never)
    }

    async fn capture(
        &self,
        payment: &PaymentReference,
        amount: Money,
        key: &str,
    ) -> Result<ProviderPayment, PaymentError> {
        let (amount, _) = currency::to_stripe(amount).map_err(never)?;
        let fields = [("amount_to_capture", &*amount.to_string()), WITH_CHARGE];
        let captured = self.post(format!("{}/capture", intents(Some(payment))), key, &fields).await;
        self.or_as_it_is(payment, captured).await
    }

    async fn void(&self, payment: &PaymentReference, key: &str) -> Result<ProviderPayment, PaymentError> {
        let voided = self.post(format!("{}/cancel", intents(Some(payment))), key, &[WITH_CHARGE]).await;
        self.or_as_it_is(payment, voided).await
    }

    async fn refund(&self, wanted: &WantedRefund) -> Result<ProviderRefund, PaymentError> {
        let (amount, _) = currency::to_stripe(wanted.amount).map_err(never)?;
        let amount = if planted::is(Bug::PennyTooMuch) { amount + 1 } else { amount };
        let fields = [
            ("payment_intent", wanted.payment.to_string()),
            ("amount", amount.to_string()),
            ("metadata[tenant]", wanted.tenant.to_string()),
            ("metadata[order]", wanted.order.to_string()),
            ("metadata[refund]", wanted.refund.to_string()),
            ("metadata[key]", wanted.key.clone()),
        ];
        let made: Refund = self.post("/v1/refunds".to_owned(), &wanted.key, &borrowed(&fields)).await?;
        made.try_into().map_err(never)
    }

    async fn look_up(&self, key: &str) -> Result<Option<ProviderPayment>, PaymentError> {
        let query = format!("metadata['key']:'{}'", key.replace('\\', r"\\").replace('\'', r"\'"));
        let query = [("query", &*query), ("limit", "1"), ("expand[]", "data.latest_charge")];
        let found: List<PaymentIntent> = self.get("/v1/payment_intents/search", &query).await?;
        found.data.into_iter().next().map(TryInto::try_into).transpose().map_err(never)
    }

    async fn find(&self, payment: &PaymentReference) -> Result<Option<ProviderPayment>, PaymentError> {
        match self.get::<PaymentIntent>(&intents(Some(payment)), &[WITH_CHARGE]).await {
            Err(PaymentError::Never(cause)) if errors::status(&cause) == Some(StatusCode::NOT_FOUND) => {
                Ok(None)
            }
            found => found?.try_into().map(Some).map_err(never),
        }
    }

    async fn refunds(&self, payment: &PaymentReference) -> Result<Vec<ProviderRefund>, PaymentError> {
        let query = [("payment_intent", payment.as_str()), ("limit", REFUNDS_MAX)];
        let found: List<Refund> = self.get("/v1/refunds", &query).await?;
        if found.has_more {
            return Err(never(wire::Unexpected(
                "more refunds of one payment than are read at once".to_owned(),
            )));
        }
        found.data.into_iter().map(TryInto::try_into).collect::<Result<_, _>>().map_err(never)
    }
}

/// A payment that is confirmed as it is made, and captured later.
fn new_payment(wanted: &Authorisation, amount: i64, currency: String) -> [(&'static str, String); 13] {
    [
        ("amount", amount.to_string()),
        ("currency", currency),
        ("payment_method", wanted.method.to_string()),
        ("confirm", "true".to_owned()),
        ("capture_method", "manual".to_owned()),
        // Nobody is there to be sent to a bank's page: a method that needs that is declined.
        ("automatic_payment_methods[enabled]", "true".to_owned()),
        ("automatic_payment_methods[allow_redirects]", "never".to_owned()),
        ("error_on_requires_action", "true".to_owned()),
        ("metadata[tenant]", wanted.tenant.to_string()),
        ("metadata[order]", wanted.order.to_string()),
        ("metadata[attempt]", wanted.attempt.to_string()),
        ("metadata[key]", wanted.key.clone()),
        (WITH_CHARGE.0, WITH_CHARGE.1.to_owned()),
    ]
}

/// What an answer holds.
fn read<T: DeserializeOwned>(answer: &Response<Bytes>, moves_money: bool) -> Result<T, PaymentError> {
    if !answer.status().is_success() {
        return Err(errors::refused(answer, moves_money));
    }
    serde_json::from_slice(answer.body()).map_err(|error| errors::unreadable(error, moves_money))
}

/// The path of all payments, or of one.
fn intents(payment: Option<&PaymentReference>) -> String {
    let one = payment.map(|it| format!("/{}", utf8_percent_encode(it.as_str(), OUTSIDE_NAMES)));
    format!("/v1/payment_intents{}", one.unwrap_or_default())
}

fn form<K: AsRef<str>, V: AsRef<str> + Display>(fields: &[(K, V)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn borrowed<'a>(fields: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, &**value)).collect()
}

#[cfg(test)]
mod tests;
