//! The order's states, actions on it and its events by their names on the wire, as the domain lists them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use penstock_domain::order::{Action, Status, TRANSITIONS};
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct OrderStatus(pub(crate) Status);

/// What can be done to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct OrderAction(pub(crate) Action);

impl OrderStatus {
    /// The names of all states.
    pub(crate) fn names() -> Vec<String> {
        let statuses: BTreeSet<_> = TRANSITIONS.iter().flat_map(|&(from, _, to)| [from, to]).collect();
        statuses.iter().map(ToString::to_string).collect()
    }
}

impl OrderAction {
    fn names() -> Vec<String> {
        let actions: BTreeSet<_> = TRANSITIONS.iter().map(|&(_, by, _)| by).collect();
        actions.iter().map(ToString::to_string).collect()
    }
}

impl PartialSchema for OrderStatus {
    fn schema() -> RefOr<Schema> {
        one_of("Where an order is in its life.", Self::names())
    }
}

impl ToSchema for OrderStatus {
    fn name() -> Cow<'static, str> {
        "OrderStatus".into()
    }
}

impl PartialSchema for OrderAction {
    fn schema() -> RefOr<Schema> {
        one_of("What can be done to an order that exists.", Self::names())
    }
}

impl ToSchema for OrderAction {
    fn name() -> Cow<'static, str> {
        "OrderAction".into()
    }
}

fn one_of(description: &str, names: Vec<String>) -> RefOr<Schema> {
    let names = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    names.description(Some(description)).into()
}
