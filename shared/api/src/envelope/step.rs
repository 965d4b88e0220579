//! A step on its way to who takes it: a command of a process manager, in an envelope of the same shape as an event's.

use std::fmt::Display;

use jiff::Timestamp;
use penstock_domain::TenantId;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{JSON, SPECIFICATION, sendable};

const SOURCE: &str = "urn:penstock:steps";
const TYPE_PREFIX: &str = "penstock.step.";

/// What leads to a step: whose, when, and within which business transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Whose it is.
    pub tenant: TenantId,
    /// When it was decided.
    pub time: Timestamp,
    /// What ties requests of one business transaction together.
    pub correlation_id: String,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    specversion: &'static str,
    id: String,
    source: &'static str,
    r#type: String,
    subject: String,
    time: Timestamp,
    datacontenttype: &'static str,
    tenant: TenantId,
    correlationid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    data: Box<RawValue>,
}

impl Step {
    /// The step `name` (`reserve-stock`) for a subject, which is an order unless the step is about none.
    ///
    /// Its id is `{tenant}/{subject}/{name}/{attempt}`: the same for the same step, however often it is decided.
    ///
    /// # Panics
    /// When `data` is no JSON, as a map is whose keys are no texts.
    pub fn new(
        cause: &Cause,
        subject: impl Display,
        name: &str,
        attempt: u32,
        data: &impl Serialize,
    ) -> Self {
        Self {
            specversion: SPECIFICATION,
            id: format!("{}/{subject}/{name}/{attempt}", cause.tenant),
            source: SOURCE,
            r#type: format!("{TYPE_PREFIX}{name}"),
            subject: subject.to_string(),
            time: cause.time,
            datacontenttype: JSON,
            tenant: cause.tenant.clone(),
            correlationid: cause.correlation_id.clone(),
            traceparent: cause.traceparent.clone(),
            data: serde_json::value::to_raw_value(data).expect("a step's arguments are JSON"),
        }
    }

    /// The same for the same step, however often it is sent.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whose it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The envelope as JSON, in one line, of characters that SQS takes.
    ///
    /// # Panics
    /// Never: it is text and numbers.
    pub fn to_json(&self) -> String {
        sendable(&serde_json::to_string(self).expect("a step is text and numbers"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_step_says_what_is_to_be_done_for_which_order() {
        let cause = Cause {
            tenant: "acme".parse().unwrap(),
            time: Timestamp::UNIX_EPOCH,
            correlation_id: "c".to_owned(),
            traceparent: None,
        };
        let step = Step::new(&cause, "o-1", "reserve-stock", 2, &json!({"reason": "a\u{ffff}"}));
        assert!(step.to_json().contains(r"a\uffff"), "{}", step.to_json());
        assert_eq!(
            serde_json::from_str::<Value>(&step.to_json()).unwrap(),
            json!({
                "specversion": "1.0",
                "id": "acme/o-1/reserve-stock/2",
                "source": "urn:penstock:steps",
                "type": "penstock.step.reserve-stock",
                "subject": "o-1",
                "time": "1970-01-01T00:00:00Z",
                "datacontenttype": "application/json",
                "tenant": "acme",
                "correlationid": "c",
                "data": {"reason": "a\u{ffff}"},
            })
        );
    }
}
