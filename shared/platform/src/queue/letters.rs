//! A letter as a consumer reads it: an event's envelope or a step's, which have the same shape.

use jiff::Timestamp;
use penstock_domain::{OrderId, TenantId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::consumer::NotDone;
use super::receive::Message;

const SPECIFICATION: &str = "1.0";

/// One envelope of a message.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The same however often the letter comes.
    pub id: String,
    /// What it is about, e.g. `penstock.order.placed` or `penstock.step.reserve-stock`.
    pub kind: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// Of what it tells: of an event and a step it is the order.
    pub subject: String,
    /// When what it tells of happened.
    pub time: Timestamp,
    /// Which event of its order it is; a step has none.
    pub sequence: Option<u32>,
    /// The order's version that the event belongs to; a step has none.
    pub version: Option<u32>,
    /// What ties requests of one business transaction together.
    pub correlation: String,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// How often it was tried before: 0 the first time.
    pub attempts: u32,
    /// When it was sent first, however often it was sent again.
    pub sent_at: Timestamp,
    data: Box<RawValue>,
    json: Box<RawValue>,
}

/// The attributes of CloudEvents that a letter has.
#[derive(Deserialize)]
struct Attributes {
    specversion: String,
    id: String,
    r#type: String,
    subject: String,
    time: Timestamp,
    tenant: TenantId,
    sequence: Option<String>,
    version: Option<u32>,
    correlationid: Option<String>,
    traceparent: Option<String>,
    data: Box<RawValue>,
}

impl Letter {
    /// Reads a letter of a message; why it is none, otherwise.
    pub(super) fn read(json: Box<RawValue>, of: &Message) -> Result<Self, String> {
        let it: Attributes = serde_json::from_str(json.get()).map_err(|error| error.to_string())?;
        if it.specversion != SPECIFICATION {
            return Err(format!("its specversion is {:?}, not {SPECIFICATION}", it.specversion));
        }
        if !it.id.starts_with(&format!("{}/{}/", it.tenant, it.subject)) {
            return Err(format!("its id {:?} does not begin with its tenant and subject", it.id));
        }
        let sequence =
            it.sequence.map(|it| it.parse().map_err(|_| format!("its sequence {it:?} is no number")));
        Ok(Self {
            correlation: it.correlationid.unwrap_or_else(|| it.id.clone()),
            id: it.id,
            kind: it.r#type,
            tenant: it.tenant,
            subject: it.subject,
            time: it.time,
            sequence: sequence.transpose()?,
            version: it.version,
            traceparent: it.traceparent,
            attempts: of.attempts,
            sent_at: of.sent_at,
            data: it.data,
            json,
        })
    }

    /// The order it is about.
    ///
    /// # Errors
    /// [`NotDone::Poison`] when it is about something else.
    pub fn order(&self) -> Result<OrderId, NotDone> {
        self.subject
            .parse()
            .map_err(|_| NotDone::Poison(format!("its subject {:?} is no order", self.subject)))
    }

    /// What it carries. Money is read from its digits.
    ///
    /// # Errors
    /// [`NotDone::Poison`] when it carries something else.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, NotDone> {
        serde_json::from_str(self.data.get()).map_err(|error| NotDone::Poison(format!("its data: {error}")))
    }

    /// The whole envelope, digit by digit as it was sent.
    pub fn json(&self) -> &str {
        self.json.get()
    }

    /// What records of the log say that are written about it.
    pub fn span(&self) -> tracing::Span {
        let trace = self.traceparent.as_deref().and_then(|it| it.split('-').nth(1)).unwrap_or_default();
        tracing::info_span!(
            "letter",
            letter = self.id,
            tenant = self.tenant.as_str(),
            order = self.subject,
            correlation_id = self.correlation,
            trace_id = trace,
        )
    }
}

/// The letters of a message, and what in it is none: that, as it stands there, and why.
pub(crate) fn unpack(message: &Message) -> (Vec<Letter>, Vec<(String, String)>) {
    let one_or_many = match serde_json::from_str::<Vec<Box<RawValue>>>(&message.body) {
        Ok(many) => many,
        Err(error) => match serde_json::from_str::<Box<RawValue>>(&message.body) {
            Ok(one) if one.get().starts_with('{') => vec![one],
            _ => {
                return (
                    vec![],
                    vec![(message.body.clone(), format!("it is no array of envelopes: {error}"))],
                );
            }
        },
    };
    let (mut letters, mut poison) = (Vec::new(), Vec::new());
    for json in one_or_many {
        let text = json.get().to_owned();
        match Letter::read(json, message) {
            Ok(letter) => letters.push(letter),
            Err(why) => poison.push((format!("[{text}]"), format!("it is no envelope: {why}"))),
        }
    }
    (letters, poison)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ORDER: &str = "13423f01-b4f1-5b6b-8ec2-9dd015e7a04f";

    #[test]
    fn a_letter_says_what_its_envelope_says() {
        let (letters, poison) = unpack(&message(&json!([event(2)]).to_string()));
        assert!(poison.is_empty());
        let [letter] = letters.as_slice() else { panic!("{letters:?}") };
        assert_eq!(letter.id, format!("acme/{ORDER}/2"));
        assert_eq!((letter.kind.as_str(), letter.tenant.as_str()), ("penstock.order.placed", "acme"));
        assert_eq!((letter.order().unwrap().to_string(), letter.sequence), (ORDER.to_owned(), Some(2)));
        assert_eq!((letter.attempts, letter.correlation.as_str()), (3, "c"));
        assert_eq!(letter.data::<Value>().unwrap(), json!({"n": 2}));
    }

    #[test]
    fn a_letter_keeps_every_digit() {
        let text = event(1).to_string().replace(r#"{"n":1}"#, r#"{"amount": 12.50}"#);
        let (letters, _) = unpack(&message(&format!("[{text}]")));
        assert_eq!(letters[0].json(), text);
        let data: std::collections::BTreeMap<String, Box<RawValue>> = letters[0].data().unwrap();
        assert_eq!(data["amount"].get(), "12.50");
    }

    #[test]
    fn one_envelope_without_an_array_is_a_letter_too() {
        assert_eq!(unpack(&message(&event(1).to_string())).0.len(), 1);
    }

    #[test]
    fn what_is_no_envelope_is_set_apart_from_its_neighbours() {
        let mut old = event(3);
        old["specversion"] = json!("0.3");
        let mut foreign = event(4);
        foreign["tenant"] = json!("other");
        let (letters, poison) =
            unpack(&message(&json!([event(1), {"a": 1}, old, event(2), foreign]).to_string()));
        assert_eq!(letters.iter().map(|it| it.sequence).collect::<Vec<_>>(), [Some(1), Some(2)]);
        assert_eq!(poison.len(), 3);
        assert_eq!(poison[0].0, r#"[{"a":1}]"#);
        assert!(poison[1].1.contains("0.3") && poison[2].1.contains("its id"), "{poison:?}");
    }

    #[test]
    fn a_body_that_is_no_array_is_poison_as_a_whole() {
        for body in ["no json", "", "1", "null", "[", r#""text""#] {
            let (letters, poison) = unpack(&message(body));
            assert!(letters.is_empty(), "{body}");
            assert_eq!(poison.iter().map(|(body, _)| body.as_str()).collect::<Vec<_>>(), [body]);
        }
    }

    #[test]
    fn a_step_has_neither_sequence_nor_version() {
        let mut step = event(1);
        step["id"] = json!(format!("acme/{ORDER}/reserve-stock/0"));
        step.as_object_mut().unwrap().retain(|name, _| name != "sequence" && name != "version");
        let (letters, _) = unpack(&message(&json!([step]).to_string()));
        assert_eq!((letters[0].sequence, letters[0].version), (None, None));
    }

    #[test]
    fn what_a_letter_is_not_is_poison_to_those_who_need_it() {
        let mut other = event(1);
        other["subject"] = json!("a-webhook");
        other["id"] = json!("acme/a-webhook/1");
        let (letters, _) = unpack(&message(&json!([other]).to_string()));
        assert!(matches!(letters[0].order(), Err(NotDone::Poison(_))));
        assert!(matches!(letters[0].data::<Vec<u32>>(), Err(NotDone::Poison(_))));
    }

    fn event(sequence: u32) -> Value {
        json!({
            "specversion": "1.0",
            "id": format!("acme/{ORDER}/{sequence}"),
            "source": "urn:penstock:orders",
            "type": "penstock.order.placed",
            "subject": ORDER,
            "time": "2010-12-01T23:59:59.999Z",
            "tenant": "acme",
            "sequence": format!("{sequence:010}"),
            "version": 1,
            "correlationid": "c",
            "data": {"n": sequence},
        })
    }

    fn message(body: &str) -> Message {
        let sent_at = Timestamp::UNIX_EPOCH;
        Message { id: "m".into(), body: body.into(), group: "acme".into(), attempts: 3, receives: 1, sent_at }
    }
}
