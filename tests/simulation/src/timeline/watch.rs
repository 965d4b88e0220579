//! The watch over one order: what is about it is written down, what is about others is not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use penstock_domain::OrderId;

use super::{Entry, Lane};

/// A watch over an order, or over none: then it costs nothing.
#[derive(Debug, Clone, Default)]
pub struct Watch(Option<Arc<Watched>>);

#[derive(Debug)]
struct Watched {
    order: OrderId,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// What it is known by: its id, and the keys that it was asked for with.
    names: Vec<String>,
    entries: Vec<Entry>,
    /// When each of its commits was written last, and by whom.
    written: BTreeMap<u64, (Timestamp, String)>,
}

impl Watch {
    /// Over an order, or none.
    #[must_use]
    pub fn over(order: Option<OrderId>) -> Self {
        let inner = |order: OrderId| Inner { names: vec![order.to_string()], ..Inner::default() };
        Self(order.map(|order| Arc::new(Watched { order, inner: Mutex::new(inner(order)) })))
    }

    /// The order, if there is one.
    #[must_use]
    pub fn order(&self) -> Option<OrderId> {
        self.0.as_ref().map(|it| it.order)
    }

    /// Whether a text names the order.
    #[must_use]
    pub fn is_about(&self, text: &[u8]) -> bool {
        self.inner().is_some_and(|it| it.names.iter().any(|name| contains(text, name.as_bytes())))
    }

    /// It is known by that, too.
    pub(super) fn also(&self, name: String) {
        if let Some(mut inner) = self.inner()
            && !inner.names.contains(&name)
        {
            inner.names.push(name);
        }
    }

    /// Writes down what happened; where that is, for who learns more of it.
    pub(super) fn note(&self, entry: Entry) -> Option<Place> {
        let mut inner = self.inner()?;
        inner.entries.push(entry);
        Some(Place { watch: self.clone(), at: inner.entries.len() - 1 })
    }

    /// What happens to everybody.
    pub(crate) fn note_for_all(&self, who: &str, what: &str) {
        self.note(Entry::now(Lane::Faults, who, what));
    }

    /// A commit was written; when that was is told with the commit. If it is written over another one, that is told too.
    pub(super) fn wrote(&self, commit: u64, who: &str) {
        let Some(mut inner) = self.inner() else { return };
        let now = (Timestamp::now(), who.to_owned());
        if inner.written.insert(commit, now).is_some() {
            let again = Entry::now(Lane::Order, who, format!("writes commit {commit} over another"));
            inner.entries.push(again.bad());
        }
    }

    /// When a commit was written, and by whom, if that was seen.
    pub(super) fn written(&self, commit: u64) -> Option<(Timestamp, String)> {
        self.inner()?.written.get(&commit).cloned()
    }

    /// All that happened, in the order in which it was written down.
    pub(super) fn entries(&self) -> Vec<Entry> {
        self.inner().map(|it| it.entries.clone()).unwrap_or_default()
    }

    fn inner(&self) -> Option<MutexGuard<'_, Inner>> {
        self.0.as_ref().map(|it| it.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An entry of which more may become known.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    watch: Watch,
    at: usize,
}

impl Place {
    /// It is over.
    pub(super) fn ends(&self, outcome: impl Into<String>, is_bad: bool) {
        let now = Timestamp::now();
        self.amend(|entry| (entry.until, entry.outcome, entry.is_bad) = (Some(now), outcome.into(), is_bad));
    }

    /// Whether it is over.
    pub(super) fn is_over(&self) -> bool {
        self.watch.inner().is_none_or(|it| it.entries[self.at].until.is_some())
    }

    /// More is known of it, since now.
    pub(super) fn tell(&self, detail: &str) {
        let now = Timestamp::now();
        self.amend(|entry| {
            let after = now.duration_since(entry.at).as_secs_f64();
            entry.details.push(format!("{after:+.3} {detail}"));
        });
    }

    fn amend(&self, change: impl FnOnce(&mut Entry)) {
        if let Some(mut inner) = self.watch.inner() {
            change(&mut inner.entries[self.at]);
        }
    }
}

fn contains(text: &[u8], name: &[u8]) -> bool {
    text.windows(name.len()).any(|it| it == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = "13423f01-b4f1-5b6b-8ec2-9dd015e7a04f";

    #[test]
    fn an_order_is_known_by_its_id_and_by_what_is_learned_of_it() {
        let watch = Watch::over(ORDER.parse().ok());
        assert!(watch.is_about(format!("acme#{ORDER}").as_bytes()) && !watch.is_about(b"pi_1"));
        watch.also("pi_1".to_owned());
        assert!(watch.is_about(b"/v1/payment_intents/pi_1"));
    }

    #[test]
    fn a_commit_that_is_written_over_another_is_told() {
        let watch = Watch::over(ORDER.parse().ok());
        watch.wrote(1, "create-order");
        assert!(watch.entries().is_empty() && watch.written(1).is_some());
        watch.wrote(1, "handle-stock");
        assert_eq!(watch.entries()[0].what, "writes commit 1 over another");
    }

    #[test]
    fn what_is_over_is_told_with_when_and_how() {
        let watch = Watch::over(ORDER.parse().ok());
        let place = watch.note(Entry::now(Lane::Functions, "pay", "pay/1")).expect("somebody watches");
        assert!(!place.is_over());
        place.ends("ends in the middle", true);
        let entry = watch.entries().remove(0);
        assert!(place.is_over() && entry.until.is_some());
        assert_eq!((&*entry.outcome, entry.is_bad), ("ends in the middle", true));
    }

    #[test]
    fn over_no_order_nothing_is_told() {
        let watch = Watch::over(None);
        assert!(watch.note(Entry::now(Lane::Order, "a", "b")).is_none() && !watch.is_about(ORDER.as_bytes()));
        assert!(watch.entries().is_empty());
    }
}
