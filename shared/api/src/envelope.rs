//! An event on its way to other parts of the business: a CloudEvents 1.0 envelope in JSON.
//!
//! Sources: the CloudEvents specification 1.0.2, and its documented extensions "Distributed Tracing", "Sequence" (a text that
//! sorts as the numbers do) and "Correlation". Who sends it where is not decided here.

mod step;

use jiff::Timestamp;
use penstock_domain::{OrderId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::history::HistoryEntry;

pub use step::{Cause, Step};

const SPECIFICATION: &str = "1.0";
const SOURCE: &str = "urn:penstock:orders";
const TYPE_PREFIX: &str = "penstock.order.";
const JSON: &str = "application/json";

/// One event of one order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    specversion: String,
    id: String,
    source: String,
    r#type: String,
    subject: OrderId,
    time: Timestamp,
    datacontenttype: String,
    tenant: TenantId,
    sequence: String,
    version: u32,
    correlationid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    data: Box<RawValue>,
}

/// Why a text is no envelope of ours.
#[derive(Debug, thiserror::Error)]
pub enum NoEnvelope {
    /// Not JSON, or an attribute is missing or malformed.
    #[error("it is not a CloudEvents envelope of an order's event")]
    Unreadable(#[from] serde_json::Error),
    /// Another version of CloudEvents.
    #[error("its specversion is {0:?}, not 1.0")]
    Specification(String),
    /// The id, by which duplicates are known, is not the one its attributes make.
    #[error("its id {0:?} is not made of its tenant, subject and sequence")]
    Id(String),
}

impl Envelope {
    /// The envelope of an entry of an order's history.
    ///
    /// # Panics
    /// Never: an entry's time is well-formed.
    pub fn new(
        tenant: &TenantId,
        order: OrderId,
        entry: &HistoryEntry<'_>,
        correlation_id: &str,
        traceparent: Option<&str>,
    ) -> Self {
        Self {
            specversion: SPECIFICATION.to_owned(),
            id: id(tenant, order, entry.sequence()),
            source: SOURCE.to_owned(),
            r#type: format!("{TYPE_PREFIX}{}", entry.type_name()),
            subject: order,
            time: entry.at().parse().expect("an entry's time is RFC 3339"),
            datacontenttype: JSON.to_owned(),
            tenant: tenant.clone(),
            sequence: format!("{:010}", entry.sequence()),
            version: entry.version(),
            correlationid: correlation_id.to_owned(),
            traceparent: traceparent.map(str::to_owned),
            data: serde_json::value::to_raw_value(entry).expect("an entry is text and numbers"),
        }
    }

    /// Reads an envelope.
    ///
    /// # Errors
    /// When it is none, or not one of ours.
    pub fn read(text: &str) -> Result<Self, NoEnvelope> {
        let envelope: Self = serde_json::from_str(text)?;
        if envelope.specversion != SPECIFICATION {
            return Err(NoEnvelope::Specification(envelope.specversion));
        }
        let sequence = envelope.sequence.parse::<u32>().ok();
        let expected = sequence.map(|it| id(&envelope.tenant, envelope.subject, it));
        if expected.as_ref() != Some(&envelope.id) {
            return Err(NoEnvelope::Id(envelope.id));
        }
        Ok(envelope)
    }

    /// The same envelope with other data: the event in another form.
    ///
    /// # Panics
    /// When `data` is no JSON, as a map is whose keys are no texts.
    #[must_use]
    pub fn carrying(&self, data: &impl Serialize) -> Self {
        let data = serde_json::value::to_raw_value(data).expect("an event is JSON");
        Self { data, ..self.clone() }
    }

    /// The envelope as JSON, in one line, of characters that SQS takes.
    ///
    /// # Panics
    /// Never: it is text and numbers.
    pub fn to_json(&self) -> String {
        sendable(&serde_json::to_string(self).expect("an envelope is text and numbers"))
    }

    /// The same for the same event, however often it is sent; another for any other event.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What happened, e.g. `penstock.order.placed`.
    pub fn event_type(&self) -> &str {
        &self.r#type
    }

    /// Whose order.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Which order.
    pub fn order(&self) -> OrderId {
        self.subject
    }

    /// The order's version that the event belongs to.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The event's number among the order's.
    ///
    /// # Panics
    /// Never: it was a number when the envelope was made or read.
    pub fn sequence(&self) -> u32 {
        self.sequence.parse().expect("an envelope's sequence is a number")
    }

    /// When it happened.
    pub fn time(&self) -> Timestamp {
        self.time
    }
}

/// JSON of characters that SQS takes.
fn sendable(json: &str) -> String {
    // Of what JSON leaves as it is, these two alone are not allowed in a message. They can only stand in a string.
    json.replace('\u{fffe}', r"\ufffe").replace('\u{ffff}', r"\uffff")
}

fn id(tenant: &TenantId, order: OrderId, sequence: u32) -> String {
    format!("{tenant}/{order}/{sequence}")
}

#[cfg(test)]
mod tests {
    use penstock_domain::order::Event;
    use penstock_domain::{Currency, Money};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_envelope_says_which_event_of_which_order_it_holds() {
        let envelope: Value = serde_json::from_str(&placed().to_json()).unwrap();
        let order = OrderId::from(uuid::Uuid::from_u128(7)).to_string();
        assert_eq!(
            envelope,
            json!({
                "specversion": "1.0",
                "id": format!("acme/{order}/2"),
                "source": "urn:penstock:orders",
                "type": "penstock.order.placed",
                "subject": order,
                "time": "2010-12-01T08:26:00Z",
                "datacontenttype": "application/json",
                "tenant": "acme",
                "sequence": "0000000002",
                "version": 1,
                "correlationid": "checkout-7",
                "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "data": {
                    "sequence": 2,
                    "version": 1,
                    "type": "placed",
                    "at": "2010-12-01T08:26:00.000Z",
                    "actor": "clerk",
                    "data": {"totalAmount": {"amount": 12.50, "currency": "GBP"}},
                },
            })
        );
    }

    #[test]
    fn an_envelope_is_read_as_it_was_written_its_money_to_the_digit() {
        let text = placed().to_json();
        assert!(text.contains(r#""amount":12.50"#), "{text}");
        assert_eq!(Envelope::read(&text).unwrap().to_json(), text);
    }

    #[test]
    fn an_envelope_has_only_characters_that_sqs_takes() {
        let event = Event::Cancelled {
            at: Timestamp::UNIX_EPOCH,
            reason: Some("a\u{ffff}b\u{fffe}c\u{1}".to_owned()),
            refund: None,
        };
        let entry = HistoryEntry::new(1, 1, "clerk", &event);
        let order = OrderId::from(uuid::Uuid::from_u128(7));
        let text = Envelope::new(&"acme".parse().unwrap(), order, &entry, "c", None).to_json();
        assert!(text.contains(r#""reason":"a\uffffb\ufffec\u0001""#), "{text}");
    }

    #[test]
    fn what_is_no_envelope_of_ours_is_refused() {
        let text = placed().to_json();
        let broken = [
            "no json".to_owned(),
            "{}".to_owned(),
            text.replace(r#""specversion":"1.0""#, r#""specversion":"0.3""#),
            text.replace(r#""tenant":"acme""#, r#""tenant":"other""#),
            text.replace(r#""tenant":"acme""#, r#""tenant":"../x""#),
            text.replace(r#""sequence":"0000000002""#, r#""sequence":"two""#),
        ];
        for broken in broken {
            assert!(Envelope::read(&broken).is_err(), "{broken}");
        }
    }

    fn placed() -> Envelope {
        let order = OrderId::from(uuid::Uuid::from_u128(7));
        let total = Money::parse("12.50", "GBP".parse::<Currency>().unwrap()).unwrap();
        let event = Event::Placed { at: "2010-12-01T08:26:00Z".parse().unwrap(), total };
        let entry = HistoryEntry::new(2, 1, "clerk", &event);
        let trace = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        Envelope::new(&"acme".parse().unwrap(), order, &entry, "checkout-7", trace)
    }
}
