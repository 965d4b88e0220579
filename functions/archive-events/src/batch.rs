//! A batch of letters, sorted into what is written together: the events of one commit that it holds.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use penstock_api::envelope::{Envelope, NoEnvelope};
use penstock_domain::{OrderId, TenantId};

/// Which commit of which order: what the name of an object is made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Commit {
    tenant: TenantId,
    day: Date,
    order: OrderId,
    version: u32,
}

/// An event's line, and the places in the batch of the letters that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) places: Vec<usize>,
}

/// The events of a commit by their numbers.
pub(crate) type Lines = BTreeMap<u32, Line>;

/// The envelopes by commit, and the places of what is none.
pub(crate) fn sort<'a>(
    batch: impl Iterator<Item = &'a str>,
) -> (BTreeMap<Commit, Lines>, Vec<(usize, NoEnvelope)>) {
    let (mut commits, mut poison) = (BTreeMap::<Commit, Lines>::new(), Vec::new());
    for (place, json) in batch.enumerate() {
        match Envelope::read(json) {
            Ok(envelope) => commits
                .entry(Commit::of(&envelope))
                .or_default()
                .entry(envelope.sequence())
                .or_insert_with(|| Line { text: one_line(json), places: vec![] })
                .places
                .push(place),
            Err(error) => poison.push((place, error)),
        }
    }
    (commits, poison)
}

/// JSON has line breaks only between its tokens, where a space does as well.
fn one_line(json: &str) -> String {
    json.trim().replace(['\n', '\r'], " ")
}

impl Commit {
    fn of(envelope: &Envelope) -> Self {
        Self {
            tenant: envelope.tenant().clone(),
            day: TimeZone::UTC.to_datetime(envelope.time()).date(),
            order: envelope.order(),
            version: envelope.version(),
        }
    }

    /// Where the commit's events go: those of them that come first.
    pub(crate) fn key(&self) -> String {
        format!("{}.ndjson", self.stem())
    }

    /// Where one of its events goes that came after that was written.
    pub(crate) fn key_of_late(&self, sequence: u32) -> String {
        format!("{}-{sequence}.ndjson", self.stem())
    }

    fn stem(&self) -> String {
        let Self { tenant, day, order, version } = self;
        format!("tenant={tenant}/day={day}/{order}-v{version}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = "13423f01-b4f1-5b6b-8ec2-9dd015e7a04f";

    #[test]
    fn events_of_a_commit_are_written_together_in_their_order() {
        let (commits, poison) = sorted(&[event(2, 1), event(3, 2), event(1, 1)]);
        assert!(poison.is_empty());
        let found: Vec<_> =
            commits.iter().map(|(it, lines)| (it.key(), lines.keys().copied().collect())).collect();
        let key = |version| format!("tenant=acme/day=2010-12-01/{ORDER}-v{version}.ndjson");
        assert_eq!(found, [(key(1), vec![1, 2]), (key(2), vec![3])]);
    }

    #[test]
    fn an_event_that_comes_twice_in_a_batch_is_one_line_of_two_letters() {
        let (commits, _) = sorted(&[event(1, 1), event(1, 1)]);
        let lines = commits.values().next().unwrap();
        assert_eq!(lines[&1].places, [0, 1]);
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn a_line_has_no_line_break_however_the_letter_was_laid_out() {
        let (commits, _) = sorted(&[event(1, 1).replace(',', ",\r\n")]);
        assert!(!commits.values().next().unwrap()[&1].text.contains(['\n', '\r']));
    }

    #[test]
    fn what_is_no_event_of_an_order_is_set_apart() {
        let (commits, poison) = sorted(&["no json".to_owned(), event(1, 1), "{}".to_owned()]);
        assert_eq!(commits.len(), 1);
        assert_eq!(poison.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 2]);
    }

    fn sorted(batch: &[String]) -> (BTreeMap<Commit, Lines>, Vec<(usize, NoEnvelope)>) {
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
