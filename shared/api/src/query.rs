//! Query parameters: read strictly, all problems at once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use penstock_domain::order::Status;
use penstock_domain::{CustomerId, ProductDetails};

use crate::path::{UUID_MUST, uuid};
use crate::problem::{Detail, Problem};
use crate::status::OrderStatus;
use crate::time;

/// The most entries of a page.
pub const LIMIT_MAX: u32 = 100;
/// The entries of a page when nobody says how many.
pub const LIMIT_DEFAULT: u32 = 20;

/// What `GET /v1/orders` is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListOrders {
    /// Only this customer's.
    pub customer_id: Option<CustomerId>,
    /// Only those in this state.
    pub status: Option<Status>,
    /// Created then or later.
    pub from: Option<Timestamp>,
    /// Created earlier than that.
    pub to: Option<Timestamp>,
    /// Entries of a page.
    pub limit: u32,
    /// Where the list goes on.
    pub cursor: Option<String>,
}

/// What `GET /v1/products` is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListProducts {
    /// Only this category's.
    pub category: Option<String>,
    /// Entries of a page.
    pub limit: u32,
    /// Where the list goes on.
    pub cursor: Option<String>,
}

/// What a list without filters is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Entries of a page.
    pub limit: u32,
    /// Where the list goes on.
    pub cursor: Option<String>,
}

/// What `GET /v1/orders/{orderId}` is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// Show the order as it was then; as it is now when absent.
    pub as_of: Option<Timestamp>,
}

impl ListOrders {
    /// Reads name and value of each parameter, decoded.
    ///
    /// # Errors
    /// `validation-failed` with everything that is wrong.
    pub fn parse<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Problem> {
        let mut parameters = Parameters::new(query);
        let [from, to] = ["from", "to"].map(|name| parameters.read(name, time::MUST, time::parse));
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            parameters.refuse("to", "must not be earlier than from");
        }
        let statuses = format!("must be one of {}", OrderStatus::names().join(", "));
        let wanted = Self {
            customer_id: parameters.read("customerId", UUID_MUST, uuid).map(CustomerId::from),
            status: parameters.read("status", &statuses, |text| text.parse().ok()),
            from,
            to,
            limit: parameters.limit(),
            cursor: parameters.read("cursor", "", |text| Some(text.to_owned())),
        };
        parameters.end(wanted)
    }

    /// The filters as one text, equal when they are equal: what a cursor of this list belongs to.
    pub fn filters(&self) -> String {
        let Self { customer_id, status, from, to, limit: _, cursor: _ } = self;
        format!("orders {customer_id:?} {status:?} {from:?} {to:?}")
    }
}

impl ListProducts {
    /// Reads name and value of each parameter, decoded.
    ///
    /// # Errors
    /// `validation-failed` with everything that is wrong.
    pub fn parse<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Problem> {
        let mut parameters = Parameters::new(query);
        let max = ProductDetails::CATEGORY_LENGTH_MAX;
        let must = format!("must be 1 to {max} characters");
        let fits = |text: &str| (1..=max).contains(&text.chars().count());
        let wanted = Self {
            category: parameters.read("category", &must, |text| fits(text).then(|| text.to_owned())),
            limit: parameters.limit(),
            cursor: parameters.read("cursor", "", |text| Some(text.to_owned())),
        };
        parameters.end(wanted)
    }

    /// The filters as one text, equal when they are equal: what a cursor of this list belongs to.
    pub fn filters(&self) -> String {
        format!("products {:?}", self.category)
    }
}

impl Paging {
    /// Reads name and value of each parameter, decoded.
    ///
    /// # Errors
    /// `validation-failed` with everything that is wrong.
    pub fn parse<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Problem> {
        let mut parameters = Parameters::new(query);
        let limit = parameters.limit();
        let cursor = parameters.read("cursor", "", |text| Some(text.to_owned()));
        parameters.end(Self { limit, cursor })
    }
}

impl AsOf {
    /// Reads name and value of each parameter, decoded.
    ///
    /// # Errors
    /// `validation-failed` with everything that is wrong.
    pub fn parse<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Problem> {
        let mut parameters = Parameters::new(query);
        let as_of = parameters.read("asOf", time::MUST, time::parse);
        parameters.end(Self { as_of })
    }
}

/// What `GET /v1/dead-letters/{queue}` is asked for: how many entries.
///
/// # Errors
/// `validation-failed` with everything that is wrong.
pub fn limit<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<u32, Problem> {
    let mut parameters = Parameters::new(query);
    let limit = parameters.limit();
    parameters.end(limit)
}

/// Refuses every query parameter, for routes that take none.
///
/// # Errors
/// `validation-failed` with each of them.
pub fn none<'a>(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(), Problem> {
    Parameters::new(query).end(())
}

/// The parameters that were not read yet, and what is wrong so far.
struct Parameters<'a> {
    unread: BTreeMap<&'a str, &'a str>,
    problems: Vec<Detail>,
}

impl<'a> Parameters<'a> {
    fn new(query: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut parameters = Self { unread: BTreeMap::new(), problems: Vec::new() };
        for (name, value) in query {
            if parameters.unread.insert(name, value).is_some() {
                parameters.refuse(name, "is given twice");
            }
        }
        parameters
    }

    fn read<T>(&mut self, name: &str, must: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = read(self.unread.remove(name)?);
        if value.is_none() {
            self.refuse(name, must);
        }
        value
    }

    fn limit(&mut self) -> u32 {
        let must = format!("must be a whole number from 1 to {LIMIT_MAX}");
        let limit = self.read("limit", &must, |text| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|limit| is_plain && (1..=LIMIT_MAX).contains(limit))
        });
        limit.unwrap_or(LIMIT_DEFAULT)
    }

    fn refuse(&mut self, name: &str, reason: &str) {
        self.problems.push(Detail::new(format!("query/{name}"), reason));
    }

    fn end<T>(mut self, wanted: T) -> Result<T, Problem> {
        for name in std::mem::take(&mut self.unread).into_keys() {
            self.refuse(name, "is not a parameter of this route");
        }
        if self.problems.is_empty() { Ok(wanted) } else { Err(Problem::validation(self.problems)) }
    }
}

#[cfg(test)]
mod tests;
