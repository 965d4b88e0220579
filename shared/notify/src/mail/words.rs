//! What letters say. The templates are compiled, so that one which does not fit its letter is no program; HTML is escaped.

use askama::Template;
use penstock_application::ports::mail::{Mail, Message};
use penstock_domain::order::Line;
use penstock_domain::{Money, OrderId, TenantId};

/// A letter's subject and its two bodies.
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// What every letter knows.
#[derive(Clone, Copy)]
struct Facts<'a> {
    shop: &'a TenantId,
    order: OrderId,
    name: Option<&'a str>,
}

impl Facts<'_> {
    fn greeting(&self) -> String {
        self.name.map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"))
    }
}

/// Declares a letter's two bodies from one list of what they say.
macro_rules! letter {
    ($text:ident $text_path:literal, $html:ident $html_path:literal { $($field:ident: $type:ty),* $(,)? }) => {
        #[derive(Template)]
        #[template(path = $text_path, escape = "none")]
        struct $text<'a> { facts: Facts<'a>, $($field: $type),* }

        #[derive(Template)]
        #[template(path = $html_path)]
        struct $html<'a> { facts: Facts<'a>, $($field: $type),* }

        impl<'a> $text<'a> {
            fn words(self, subject: &str) -> Result<Words, askama::Error> {
                let text = self.render()?;
                let Self { facts, $($field),* } = self;
                let html = $html { facts, $($field),* }.render()?;
                Ok(Words { subject: format!("{subject} {}", facts.order), text, html })
            }
        }
    };
}

letter!(ConfirmedText "confirmed.txt", ConfirmedHtml "confirmed.html" { lines: &'a [Line], total: Money });
letter!(FailedText "payment-failed.txt", FailedHtml "payment-failed.html" { total: Money, pay_by: Option<&'a str> });
letter!(ShippedText "shipped.txt", ShippedHtml "shipped.html" {
    lines: &'a [Line],
    tracking_number: Option<&'a str>,
    tracking_url: Option<&'a str>,
});
letter!(CancelledText "cancelled.txt", CancelledHtml "cancelled.html" {
    reason: Option<&'a str>,
    refund: Option<Money>,
});
letter!(RefundedText "refunded.txt", RefundedHtml "refunded.html" { amount: Money });

/// What a letter says.
pub(super) fn of(mail: &Mail) -> Result<Words, askama::Error> {
    let facts = Facts { shop: &mail.tenant, order: mail.order, name: mail.to.name.as_deref() };
    match &mail.message {
        Message::Confirmed { lines, total } => {
            ConfirmedText { facts, lines, total: *total }.words("We have received your payment for order")
        }
        Message::PaymentFailed { total, pay_by } => {
            let pay_by = pay_by.as_deref();
            FailedText { facts, total: *total, pay_by }.words("Your payment did not succeed for order")
        }
        Message::Shipped { lines, tracking_number, tracking_url } => {
            let (tracking_number, tracking_url) = (tracking_number.as_deref(), web(tracking_url.as_deref()));
            ShippedText { facts, lines, tracking_number, tracking_url }.words("On its way: your order")
        }
        Message::Cancelled { reason, refund } => {
            CancelledText { facts, reason: reason.as_deref(), refund: *refund }.words("Cancelled: your order")
        }
        Message::Refunded { amount } => {
            RefundedText { facts, amount: *amount }.words("Your money goes back for order")
        }
    }
}

/// A link, if it leads to the web: what a carrier or a shop says is none of ours.
fn web(url: Option<&str>) -> Option<&str> {
    url.filter(|it| it.starts_with("https://") || it.starts_with("http://"))
}
