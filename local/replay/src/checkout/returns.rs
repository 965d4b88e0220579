//! Which goods that arrived the file's cancellations take back.
//!
//! A cancellation that is no whole order takes back a part of the latest earlier order of its customer that still has all of it.
//! The platform takes one return an order, so all cancellations of one order are one return. Lines at the cancellation's own price
//! come first; what goes back is the price they were sold for.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::cancellations::{Match, Unmatched};
use crate::plan::{Invoice, Line, Plan, Tally};

/// Units by line of an order, counted from 0.
pub(super) type Parts = BTreeMap<u32, u32>;

/// What comes back of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Return {
    /// Its order's place in the plan.
    pub(crate) order: usize,
    /// The places of its cancellations.
    pub(crate) cancellations: Vec<usize>,
    pub(super) parts: Parts,
}

impl Return {
    fn new(order: usize) -> Self {
        Self { order, cancellations: Vec::new(), parts: Parts::new() }
    }

    fn add(&mut self, cancellation: usize, parts: Parts) {
        self.cancellations.push(cancellation);
        for (line, units) in parts {
            *self.parts.entry(line).or_default() += units;
        }
    }

    /// What it is about, at the prices of its order.
    pub(crate) fn tally(&self, plan: &Plan) -> Tally {
        let lines = &plan.orders[self.order].lines;
        let part = |(line, units): (&u32, &u32)| {
            let units = i64::from(*units);
            let amount = lines[*line as usize].goods.unit_price.times(units);
            Tally { lines: 1, units, amount }
        };
        self.parts.iter().map(part).sum()
    }
}

/// Finds all returns, in the order of their orders, and tells the plan's matches of them.
pub(super) fn find(plan: &mut Plan) -> Vec<Return> {
    let orders = orders_by_customer(plan);
    let (mut returns, mut matches) = (BTreeMap::new(), plan.matches.clone());
    for (place, found) in matches.iter_mut().enumerate() {
        if *found == Match::None(Unmatched::PartOfAnOrder) {
            *found = find_one(plan, &orders, place, &mut returns);
        }
    }
    plan.matches = matches;
    returns.into_values().collect()
}

/// The places of each customer's orders that are not called off whole, in order of time.
fn orders_by_customer(plan: &Plan) -> HashMap<String, Vec<usize>> {
    let called_off: HashSet<usize> = plan.matches.iter().filter_map(Match::whole).collect();
    let mut orders: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, order) in plan.orders.iter().enumerate().filter(|(place, _)| !called_off.contains(place)) {
        if let Some(customer) = &order.customer {
            orders.entry(customer.clone()).or_default().push(place);
        }
    }
    orders
}

fn find_one(
    plan: &Plan,
    orders: &HashMap<String, Vec<usize>>,
    place: usize,
    returns: &mut BTreeMap<usize, Return>,
) -> Match {
    let cancellation = &plan.cancellations[place];
    let theirs = cancellation.customer.as_ref().and_then(|customer| orders.get(customer));
    let earlier = theirs.into_iter().flatten().rev().copied();
    for order in earlier.filter(|order| plan.orders[*order].moment() < cancellation.moment()) {
        let gone = returns.get(&order).map(|it: &Return| it.parts.clone()).unwrap_or_default();
        if let Some(parts) = take(&plan.orders[order], &gone, cancellation) {
            returns.entry(order).or_insert_with(|| Return::new(order)).add(place, parts);
            return Match::Part(order);
        }
    }
    Match::None(Unmatched::TakenBackBefore)
}

/// All the goods of a cancellation from the lines of an order, if they are still there.
fn take(order: &Invoice, gone: &Parts, cancellation: &Invoice) -> Option<Parts> {
    let left =
        |(place, line): (u32, &Line)| line.goods.quantity - gone.get(&place).copied().unwrap_or_default();
    let mut left: Vec<u32> = (0..).zip(&order.lines).map(left).collect();
    let mut parts = Parts::new();
    for wanted in &cancellation.lines {
        let same_product = (0_u32..).zip(&order.lines).filter(|(_, line)| line.product == wanted.product);
        let mut lines: Vec<_> = same_product.collect();
        lines.sort_by_key(|(_, line)| line.goods.unit_price != wanted.goods.unit_price);
        let mut missing = wanted.goods.quantity;
        for (place, _) in lines {
            let units = missing.min(left[place as usize]);
            left[place as usize] -= units;
            missing -= units;
            *parts.entry(place).or_default() += units;
        }
        if missing > 0 {
            return None;
        }
    }
    parts.retain(|_, units| *units > 0);
    Some(parts)
}
