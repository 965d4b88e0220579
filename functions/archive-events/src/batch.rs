//! A batch of letters, sorted into what is written together: the events of one tenant's second that it holds.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use penstock_api::envelope::{Envelope, NoEnvelope};
use penstock_domain::{OrderId, TenantId};

/// Whose events of which second: what the names of objects are made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Second {
    tenant: TenantId,
    /// Since the epoch, in UTC.
    second: i64,
}

/// Which event of which order: in the order of their lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EventId {
    order: OrderId,
    sequence: u32,
}

/// An event's line, and the places in the batch of the letters that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) places: Vec<usize>,
}

/// The events of a second.
pub(crate) type Lines = BTreeMap<EventId, Line>;

/// The envelopes by second, and the places of what is none.
pub(crate) fn sort<'a>(
    batch: impl Iterator<Item = &'a str>,
) -> (BTreeMap<Second, Lines>, Vec<(usize, NoEnvelope)>) {
    let (mut seconds, mut poison) = (BTreeMap::<Second, Lines>::new(), Vec::new());
    for (place, json) in batch.enumerate() {
        match Envelope::read(json) {
            Ok(envelope) => seconds
                .entry(Second::of(&envelope))
                .or_default()
                .entry(EventId::of(&envelope))
                .or_insert_with(|| Line { text: one_line(json), places: vec![] })
                .places
                .push(place),
            Err(error) => poison.push((place, error)),
        }
    }
    (seconds, poison)
}

/// JSON has line breaks only between its tokens, where a space does as well.
fn one_line(json: &str) -> String {
    json.trim().replace(['\n', '\r'], " ")
}

impl EventId {
    pub(crate) fn of(envelope: &Envelope) -> Self {
        Self { order: envelope.order(), sequence: envelope.sequence() }
    }
}

impl Second {
    fn of(envelope: &Envelope) -> Self {
        Self { tenant: envelope.tenant().clone(), second: envelope.time().as_second() }
    }

    /// Where its events go: first into the object with number 0, what comes later into those behind it.
    pub(crate) fn key(&self, number: u32) -> String {
        let time = Timestamp::from_second(self.second).unwrap_or_default();
        let time = TimeZone::UTC.to_datetime(time);
        let (tenant, day, time) = (&self.tenant, time.date(), time.time().strftime("%H%M%S"));
        match number {
            0 => format!("tenant={tenant}/day={day}/{time}.ndjson"),
            number => format!("tenant={tenant}/day={day}/{time}-{number}.ndjson"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = "13423f01-b4f1-5b6b-8ec2-9dd015e7a04f";

    #[test]
    fn events_of_a_second_are_written_together_in_their_order() {
        let later = event(4, 3).replace("23:59:59.999Z", "23:59:58Z");
        let (seconds, poison) = sorted(&[event(2, 1), event(3, 2), event(1, 1), later]);
        assert!(poison.is_empty());
        let sequences = |lines: &Lines| lines.keys().map(|it| it.sequence).collect::<Vec<_>>();
        let found: Vec<_> = seconds.iter().map(|(it, lines)| (it.key(0), sequences(lines))).collect();
        let key = |time| format!("tenant=acme/day=2010-12-01/{time}.ndjson");
        assert_eq!(found, [(key("235958"), vec![4]), (key("235959"), vec![1, 2, 3])]);
        let second = seconds.keys().next().unwrap();
        assert_eq!(second.key(7), key("235958-7"));
    }

    #[test]
    fn an_event_that_comes_twice_in_a_batch_is_one_line_of_two_letters() {
        let (seconds, _) = sorted(&[event(1, 1), event(1, 1)]);
        let lines: Vec<_> = seconds.into_values().flat_map(Lines::into_values).collect();
        assert_eq!(lines.iter().map(|it| it.places.clone()).collect::<Vec<_>>(), [[0, 1]]);
    }

    #[test]
    fn a_line_has_no_line_break_however_the_letter_was_laid_out() {
        let (seconds, _) = sorted(&[event(1, 1).replace(',', ",\r\n")]);
        let lines: Vec<_> = seconds.into_values().flat_map(Lines::into_values).collect();
        assert!(!lines[0].text.contains(['\n', '\r']));
    }

    #[test]
    fn what_is_no_event_of_an_order_is_set_apart() {
        let (seconds, poison) = sorted(&["no json".to_owned(), event(1, 1), "{}".to_owned()]);
        assert_eq!(seconds.len(), 1);
        assert_eq!(poison.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 2]);
    }

    fn sorted(batch: &[String]) -> (BTreeMap<Second, Lines>, Vec<(usize, NoEnvelope)>) {
        sort(batch.iter().map(String::as_str))
    }

    fn event(sequence: u32, version: u32) -> String {
        let event = serde_json::json!({
            "specversion": "1.0",
            "id": format!("acme/{ORDER}/{sequence}"),
            "source": "urn:penstock:orders",
            "type": "penstock.order.placed",
            "subject": ORDER,
            "time": "2010-12-01T23:59:59.999Z",
            "datacontenttype": "application/json",
            "tenant": "acme",
            "sequence": format!("{sequence:010}"),
            "version": version,
            "correlationid": "c",
            "data": {},
        });
        event.to_string()
    }
}
