//! Finds, for each cancellation of the file, the order it cancels.
//!
//! The file does not say which. A cancellation here cancels an order when the same customer ordered the very same
//! goods, all of them and no others, before it. The platform cancels whole orders only, so one that takes back a part
//! of an order is reported; in a checkout it is a return, when the goods have arrived.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::catalogue::ProductIndex;
use crate::plan::Invoice;

/// What becomes of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Match {
    /// It cancels the order at this place in the plan.
    Whole(usize),
    /// It takes back a part of the order at this place in the plan.
    Part(usize),
    /// It is reported.
    None(Unmatched),
}

/// Why a cancellation cancels no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unmatched {
    /// Only discounts, charges and fees are taken back.
    NoGoods,
    /// Nobody knows whose order it was.
    NoCustomer,
    /// The customer ordered nothing before it in this file.
    NoEarlierOrder,
    /// The customer's earlier orders hold none of these goods.
    OtherGoods,
    /// One earlier order holds all of these goods, and more.
    PartOfAnOrder,
    /// Earlier orders hold some of these goods, but none holds them all.
    PartlyOrdered,
    /// What it takes back was taken back, or called off, by another.
    TakenBackBefore,
}

impl Match {
    /// The order it cancels whole.
    pub(crate) fn whole(&self) -> Option<usize> {
        if let Self::Whole(order) = self { Some(*order) } else { None }
    }
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoGoods => "takes back no goods (discount, charge or fee)",
            Self::NoCustomer => "names no customer",
            Self::NoEarlierOrder => "its customer ordered nothing earlier in this file",
            Self::OtherGoods => "its customer ordered other goods",
            Self::PartOfAnOrder => "takes back a part of an order",
            Self::PartlyOrdered => "takes back more than any one order holds",
            Self::TakenBackBefore => "takes back what another took back before",
        })
    }
}

/// Units by product: what a matching is about. Lines that repeat a product add up.
type Basket = BTreeMap<ProductIndex, u64>;

/// Matches every cancellation; both lists are in order of time. An order is cancelled once.
pub(crate) fn match_all(orders: &[Invoice], cancellations: &[Invoice]) -> Vec<Match> {
    let mut open: HashMap<&str, Vec<(usize, Basket)>> = HashMap::new();
    let mut next = 0;
    let mut matches = Vec::with_capacity(cancellations.len());
    for cancellation in cancellations {
        while let Some(order) = orders.get(next).filter(|order| order.moment() < cancellation.moment()) {
            if let Some(customer) = &order.customer {
                open.entry(customer).or_default().push((next, basket(order)));
            }
            next += 1;
        }
        matches.push(match_one(&mut open, cancellation));
    }
    matches
}

fn match_one(open: &mut HashMap<&str, Vec<(usize, Basket)>>, cancellation: &Invoice) -> Match {
    let wanted = basket(cancellation);
    if wanted.is_empty() {
        return Match::None(Unmatched::NoGoods);
    }
    let Some(customer) = &cancellation.customer else { return Match::None(Unmatched::NoCustomer) };
    let Some(earlier) = open.get_mut(customer.as_str()).filter(|earlier| !earlier.is_empty()) else {
        return Match::None(Unmatched::NoEarlierOrder);
    };
    // The latest of several equal orders: what was just bought is what comes back.
    match earlier.iter().rposition(|(_, ordered)| *ordered == wanted) {
        Some(place) => Match::Whole(earlier.remove(place).0),
        None => Match::None(why_not(earlier, &wanted)),
    }
}

fn why_not(earlier: &[(usize, Basket)], wanted: &Basket) -> Unmatched {
    let holds = |ordered: &Basket, (product, units): (&ProductIndex, &u64)| {
        ordered.get(product).is_some_and(|ordered| ordered >= units)
    };
    if earlier.iter().any(|(_, ordered)| wanted.iter().all(|line| holds(ordered, line))) {
        Unmatched::PartOfAnOrder
    } else if earlier.iter().any(|(_, ordered)| wanted.keys().any(|product| ordered.contains_key(product))) {
        Unmatched::PartlyOrdered
    } else {
        Unmatched::OtherGoods
    }
}

fn basket(invoice: &Invoice) -> Basket {
    let mut basket = Basket::new();
    for line in &invoice.lines {
        *basket.entry(line.product).or_default() += u64::from(line.goods.quantity);
    }
    basket
}
