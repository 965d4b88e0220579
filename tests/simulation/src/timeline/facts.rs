//! What is known of an order when all is over, by the reads that the invariants are judged by.

use penstock_application::ledger::Commit as Written;
use penstock_domain::OrderId;
use penstock_domain::order::{Event as Happened, Order};

use super::books;
use super::watch::Watch;
use super::words::{without_ports, words};
use super::{Commit, Entry, Event, Lane, Timeline, by_invariant};
use crate::invariants::{self, Told, Violation};
use crate::run::World;

/// The watched order's timeline, and the ids of all orders of the run.
pub(crate) async fn gather(world: &World, violations: &[Violation]) -> (Option<Timeline>, Vec<OrderId>) {
    let watch = &world.storm.journal.watch;
    let Some(order) = watch.order() else { return (None, vec![]) };
    let ledger = invariants::ledger(world).await;
    let orders = ledger.keys().map(|(_, it)| *it).collect();
    let mut timeline = Timeline { entries: watch.entries(), ..Timeline::default() };
    if let Some(((tenant, _), told)) = ledger.iter().find(|((_, it), _)| *it == order) {
        timeline.tenant = tenant.to_string();
        timeline.commits = commits(told);
        timeline.entries.extend(
            told.commits.iter().zip(&timeline.commits).map(|(it, commit)| written(watch, it, commit)),
        );
        let moved = books::moved(world, tenant, order, told).await;
        timeline.entries.extend(books::movements(&moved));
        timeline.tables = vec![
            books::money(told),
            books::payments(world, order),
            books::goods(&moved),
            books::shipments(world, order),
        ];
    } else if !timeline.entries.iter().any(|it| it.lane != Lane::Faults) {
        return (None, orders);
    }
    timeline.entries.extend(books::mail(world, watch));
    timeline.tables.retain(|it| !it.rows.is_empty());
    finish(&mut timeline, order, violations);
    (Some(timeline), orders)
}

/// By time; what happens in a row is told once; what happens to all, while it was there; and at last what does not hold.
fn finish(timeline: &mut Timeline, order: OrderId, violations: &[Violation]) {
    // What a commit leads to may come at the same time, and after it.
    timeline.entries.sort_by_key(|it| (it.at, it.lane != Lane::Order));
    let own = |it: &&Entry| it.lane != Lane::Faults;
    let first = timeline.entries.iter().find(own).map(|it| it.at);
    let last = timeline.entries.iter().rev().find(own).map(|it| it.at);
    timeline.entries.retain(|it| Some(it.at) >= first && Some(it.at) <= last);
    timeline.entries = in_a_row(std::mem::take(&mut timeline.entries));
    let events = timeline.commits.iter_mut().flat_map(|it| &mut it.events).map(|it| &mut it.says);
    let entries = timeline.entries.iter_mut().flat_map(|it| it.details.iter_mut().chain([&mut it.outcome]));
    events.chain(entries).for_each(|it| *it = without_ports(it));
    for (invariant, what) in by_invariant(violations.iter().filter(|it| it.order == Some(order))) {
        let entry = Entry::now(Lane::Faults, "BROKEN", invariant).bad();
        timeline.entries.push(what.into_iter().fold(entry, Entry::with));
    }
}

/// What is asked again and again, and answered the same, once.
fn in_a_row(entries: Vec<Entry>) -> Vec<Entry> {
    let mut rows: Vec<Entry> = vec![];
    for entry in entries {
        let before = rows.iter_mut().rev().find(|it| (it.lane, &it.who) == (entry.lane, &entry.who));
        match before.filter(|it| is_again(it, &entry)) {
            Some(before) => (before.times, before.until) = (before.times + 1, entry.until.or(Some(entry.at))),
            None => rows.push(entry),
        }
    }
    rows
}

fn is_again(before: &Entry, entry: &Entry) -> bool {
    let looks = [Lane::Clients, Lane::Functions].contains(&entry.lane) && entry.what.starts_with("GET ");
    looks && (&before.what, &before.outcome) == (&entry.what, &entry.outcome)
}

fn commits(told: &Told) -> Vec<Commit> {
    let mut so_far: Vec<Happened> = vec![];
    let of = |commit: &Written| {
        let events = commit.events.iter().map(|it| {
            so_far.push(it.clone());
            event(it, &so_far)
        });
        Commit { number: commit.number, at: commit.at, actor: commit.actor.clone(), events: events.collect() }
    };
    told.commits.iter().map(of).collect()
}

fn event(event: &Happened, so_far: &[Happened]) -> Event {
    let mut says = serde_json::to_value(event).expect("an event is JSON");
    let kind = says["type"].as_str().unwrap_or_default().to_owned();
    if let Some(fields) = says.as_object_mut() {
        fields.retain(|name, _| name != "type" && name != "at");
    }
    let status = Order::fold(so_far).map(|it| it.status.to_string()).unwrap_or_default();
    Event { sequence: so_far.len(), kind, says: words(&says), status }
}

/// The commit, at the time when it was seen to be written; else when it was decided.
fn written(watch: &Watch, of: &Written, commit: &Commit) -> Entry {
    let kinds: Vec<&str> = commit.events.iter().map(|it| &*it.kind).collect();
    let what = if kinds.is_empty() { "nothing new".to_owned() } else { kinds.join(", ") };
    let mut entry = Entry::now(Lane::Order, format!("commit {}", commit.number), what);
    entry.outcome = commit.events.last().map(|it| it.status.clone()).unwrap_or_default();
    entry.at = commit.at;
    if let Some((at, who)) = watch.written(u64::from(commit.number)) {
        entry.at = at;
        entry.details.push(format!("by {who}"));
    }
    entry.details.push(format!(
        "decided at {:.3} for {}, key {}, invocation {}",
        of.at, of.actor, of.key, of.request_id
    ));
    entry.details.extend(commit.events.iter().map(|it| format!("{} {}: {}", it.sequence, it.kind, it.says)));
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_looks_at_again_and_is_told_the_same_is_told_once() {
        let asked = |who: &str, outcome: &str| Entry {
            outcome: outcome.to_owned(),
            ..Entry::now(Lane::Clients, who, "GET …")
        };
        let entries =
            [asked("one", "200 PENDING"), asked("other", "200 PENDING"), asked("one", "200 PENDING")];
        let told =
            in_a_row([&entries[..], &[asked("one", "200 SHIPPED"), asked("one", "200 PENDING")]].concat());
        let counts: Vec<_> = told.iter().map(|it| (&*it.who, &*it.outcome, it.times)).collect();
        let (pending, shipped) = ("200 PENDING", "200 SHIPPED");
        assert_eq!(
            counts,
            [("one", pending, 2), ("other", pending, 1), ("one", shipped, 1), ("one", pending, 1)]
        );
    }

    #[test]
    fn commands_are_told_each() {
        let command = || Entry::now(Lane::Clients, "one", "POST …/payments");
        assert_eq!(in_a_row(vec![command(), command()]).len(), 2);
    }
}
