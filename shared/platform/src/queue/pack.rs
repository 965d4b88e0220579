//! Packing: letters of one tenant travel together, for SQS bills by the message.

use std::collections::BTreeMap;
use std::time::Duration;

use penstock_api::envelope::{Envelope, Step};
use penstock_domain::TenantId;

use super::send::Outgoing;

/// The most letters of a message: a consumer does them all within one visibility timeout.
pub const LETTERS_MAX: usize = 10;
/// The largest message of several letters, less than what SQS bills as one request (64 KB) by what attributes may add.
///
/// Source: "Amazon SQS pricing".
pub const MESSAGE_BYTES_MAX: usize = 60 * 1_024;

/// A letter to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLetter {
    /// Whose it is: a message holds letters of one tenant.
    pub tenant: TenantId,
    /// Its envelope.
    pub json: String,
    /// How long it is kept back, [`super::DELAY_MAX`] at most. Letters of different delays travel apart.
    pub delay: Duration,
}

impl NewLetter {
    /// The same, kept back for that long.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

impl From<&Envelope> for NewLetter {
    fn from(envelope: &Envelope) -> Self {
        Self { tenant: envelope.tenant().clone(), json: envelope.to_json(), delay: Duration::ZERO }
    }
}

impl From<&Step> for NewLetter {
    fn from(step: &Step) -> Self {
        Self { tenant: step.tenant().clone(), json: step.to_json(), delay: Duration::ZERO }
    }
}

/// The messages that carry these letters, each with the places of its own. Letters keep their order; one that is too large for
/// any company goes alone.
pub(super) fn pack(letters: &[NewLetter]) -> Vec<(Outgoing, Vec<usize>)> {
    let mut together: BTreeMap<(&TenantId, Duration), Vec<usize>> = BTreeMap::new();
    for (place, letter) in letters.iter().enumerate() {
        together.entry((&letter.tenant, letter.delay)).or_default().push(place);
    }
    let mut messages = Vec::new();
    for ((tenant, delay), places) in together {
        for places in full(&places, |place| letters[*place].json.len()) {
            let body = body(places.iter().map(|place| letters[*place].json.as_str()));
            let message = Outgoing { body, group: tenant.to_string(), delay, ..Outgoing::default() };
            messages.push((message, places.to_vec()));
        }
    }
    messages
}

/// The body of a message with these letters.
pub(super) fn body<'a>(letters: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", letters.collect::<Vec<_>>().join(","))
}

/// As many as fit into each message, in order.
pub(super) fn full<T>(letters: &[T], bytes_of: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut messages = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, letter) in letters.iter().enumerate() {
        // Beside itself each has a comma or a bracket, and the last a bracket more.
        let size = bytes_of(letter) + 1;
        if at > start && (at - start == LETTERS_MAX || bytes + size >= MESSAGE_BYTES_MAX) {
            messages.push(&letters[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += size;
    }
    if start < letters.len() {
        messages.push(&letters[start..]);
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_ten_letters_at_most() {
        assert_eq!(sizes(&vec![letter("acme", 100); 23]), [10, 10, 3]);
        assert_eq!(sizes(&[]), [0; 0]);
    }

    #[test]
    fn a_message_of_several_letters_is_billed_as_one() {
        let third = MESSAGE_BYTES_MAX / 3;
        assert_eq!(sizes(&vec![letter("acme", third - 2); 4]), [3, 1]);
        assert_eq!(sizes(&vec![letter("acme", third); 4]), [2, 2]);
        for (message, _) in pack(&vec![letter("acme", 6_143); 40]) {
            assert!(message.body.len() <= MESSAGE_BYTES_MAX, "{}", message.body.len());
        }
    }

    #[test]
    fn a_letter_too_large_for_any_company_goes_alone() {
        let large = letter("acme", 2 * MESSAGE_BYTES_MAX);
        assert_eq!(sizes(&[letter("acme", 1), large, letter("acme", 1)]), [1, 1, 1]);
    }

    #[test]
    fn tenants_and_delays_travel_apart_and_each_letter_travels_once() {
        let mut letters: Vec<_> =
            (0..30).map(|at| letter(["acme", "bolt", "cask"][at % 3], 10 + at)).collect();
        letters[0].delay = Duration::from_secs(5);
        let messages = pack(&letters);
        let groups: Vec<_> = messages.iter().map(|(it, places)| (it.group.as_str(), places.len())).collect();
        assert_eq!(groups, [("acme", 9), ("acme", 1), ("bolt", 10), ("cask", 10)]);
        assert_eq!(messages[1].0.delay, Duration::from_secs(5));
        let mut places: Vec<_> = messages.into_iter().flat_map(|(_, places)| places).collect();
        places.sort_unstable();
        assert_eq!(places, (0..30).collect::<Vec<_>>());
    }

    #[test]
    fn a_body_is_an_array_of_its_letters_in_order() {
        assert_eq!(body([r#"{"a":1}"#, r#"{"b":2.50}"#].into_iter()), r#"[{"a":1},{"b":2.50}]"#);
    }

    fn sizes(letters: &[NewLetter]) -> Vec<usize> {
        pack(letters).iter().map(|(_, places)| places.len()).collect()
    }

    fn letter(tenant: &str, bytes: usize) -> NewLetter {
        NewLetter { tenant: tenant.parse().unwrap(), json: "1".repeat(bytes), delay: Duration::ZERO }
    }
}
