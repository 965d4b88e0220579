//! Units of goods by what became of them, and what must become of the file's.

use std::collections::{BTreeMap, HashSet};

use crate::cancellations::Match;
use crate::catalogue::ProductIndex;
use crate::plan::{Invoice, Plan};
use crate::send::Sent;

use super::difference::difference;
use super::receipts::receipts;
use super::returns::Return;

/// Units of a product, or of all of them, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flow {
    pub(super) received: i64,
    pub(super) reserved: i64,
    pub(super) released: i64,
    pub(super) sold: i64,
    pub(super) returned: i64,
    /// What a count missed, and what was written off.
    pub(super) lost: i64,
}

impl Flow {
    /// Units in the house.
    pub(super) fn on_hand(self) -> i64 {
        self.received - self.sold + self.returned - self.lost
    }

    /// Units that are kept for orders.
    pub(super) fn kept(self) -> i64 {
        self.reserved - self.released - self.sold
    }

    pub(super) fn add(&mut self, kind: &str, units: i64) {
        match kind {
            "received" => self.received += units,
            "reserved" => self.reserved += units,
            "released" => self.released += units,
            "sold" => self.sold += units,
            "returned" => self.returned += units,
            "corrected" => self.lost -= units,
            // What was written off, or is new to us: then on hand differs, unless it means that.
            _ => self.lost += units,
        }
    }

    pub(super) fn differences(self, whose: &str, got: Self) -> impl Iterator<Item = String> {
        let pairs = [
            ("received", self.received, got.received),
            ("reserved", self.reserved, got.reserved),
            ("released", self.released, got.released),
            ("sold", self.sold, got.sold),
            ("returned", self.returned, got.returned),
            ("lost", self.lost, got.lost),
        ];
        pairs.into_iter().filter_map(move |(what, expected, got)| difference(whose, what, expected, got))
    }
}

impl std::ops::AddAssign for Flow {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.reserved += other.reserved;
        self.released += other.released;
        self.sold += other.sold;
        self.returned += other.returned;
        self.lost += other.lost;
    }
}

/// What must become of each product's units.
pub(super) fn expected(plan: &Plan, sent: &[Sent], returns: &[Return]) -> BTreeMap<ProductIndex, Flow> {
    let mut flows: BTreeMap<ProductIndex, Flow> = BTreeMap::new();
    for (product, receipt) in receipts(plan) {
        flows.entry(product).or_default().received = receipt.units;
    }
    let called_off: HashSet<usize> = plan.matches.iter().filter_map(Match::whole).collect();
    for (place, order) in
        plan.orders.iter().enumerate().filter(|(place, _)| sent[*place].standing().is_some())
    {
        let kind = if called_off.contains(&place) { "released" } else { "sold" };
        move_lines(&mut flows, order, kind);
    }
    for it in returns.iter().filter(|it| sent[it.order].standing().is_some()) {
        for (line, units) in &it.parts {
            let product = plan.orders[it.order].lines[*line as usize].product;
            flows.entry(product).or_default().returned += i64::from(*units);
        }
    }
    flows
}

fn move_lines(flows: &mut BTreeMap<ProductIndex, Flow>, order: &Invoice, kind: &str) {
    for line in &order.lines {
        let flow = flows.entry(line.product).or_default();
        flow.add("reserved", line.goods.quantity.into());
        flow.add(kind, line.goods.quantity.into());
    }
}
