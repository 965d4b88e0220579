//! What commits change about a view that is there: written without reading anything.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementRequest, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use penstock_application::Unavailable;
use penstock_application::ledger::Commit;
use penstock_domain::order::{Event, Line, Summary};
use penstock_domain::planted::{self, Bug};
use penstock_domain::{OrderId, TenantId};

use super::VIEWS;
use super::item::{State, lines};
use super::position::Position;
use crate::store::{Item, text, unavailable};

/// Which view, and what versions it may be of.
const CONDITION: &str = r#""pk"=? AND "sk"=? AND "version">=? AND "version"<=?"#;

/// What one or more commits of an order that follow each other change about its view.
pub struct ViewChange<'a> {
    tenant: &'a TenantId,
    order: OrderId,
    /// The version before the first of them.
    before: u32,
    /// The version after the last of them.
    version: u32,
    summary: &'a Summary,
    updated: Option<Timestamp>,
    lines: Option<&'a [Line]>,
}

impl<'a> ViewChange<'a> {
    /// What these commits of one order change; nothing is known when one is missing between them, or when the newest was
    /// stored before commits said what the order is like after them.
    pub fn of(commits: &'a [Commit]) -> Option<Self> {
        let (first, newest) = (commits.first()?, commits.last()?);
        let consecutive = commits.iter().zip(first.number..).all(|(commit, number)| commit.number == number);
        let events = || commits.iter().flat_map(|commit| &commit.events).rev();
        Some(Self {
            tenant: &newest.tenant,
            order: newest.order,
            before: first.number.checked_sub(1).filter(|_| consecutive)?,
            version: newest.number,
            summary: &newest.head.as_ref()?.summary,
            updated: events().next().map(Event::at),
            lines: events().find_map(|event| match event {
                Event::Created { lines, .. } | Event::LinesReplaced { lines, .. } => Some(lines.as_slice()),
                _ => None,
            }),
        })
    }

    /// The attributes that change; null where one goes.
    fn attributes(&self) -> Result<Item, Unavailable> {
        let mut item = State::new(self.tenant, self.order, self.version, self.summary).item()?;
        if let Some(updated) = self.updated {
            item.insert("updated".to_owned(), text(updated.to_string()));
        }
        if let Some(new) = self.lines {
            item.insert("lines".to_owned(), text(lines(new)?));
        }
        Ok(item)
    }

    /// The statement that changes a view which is of the version the change begins with, or of one in between; it answers with
    /// the view that is not.
    pub(super) fn statement(&self, table: &str) -> Result<BatchStatementRequest, Unavailable> {
        let (statement, mut values) = update(table, self.attributes()?);
        let position = Position { created_at: self.summary.created_at, id: self.order };
        values.extend([text(self.tenant.as_str()), text(position.key())]);
        let newest = if planted::is(Bug::ViewWithoutCondition) { u32::MAX } else { self.version - 1 };
        values.extend([number(self.before), number(newest)]);
        let statement = BatchStatementRequest::builder().statement(statement).set_parameters(Some(values));
        let statement =
            statement.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        statement.build().map_err(|error| unavailable(VIEWS)(error.into()))
    }

    /// Whether a view that did not meet the condition is as new as the change.
    pub(super) fn is_in(&self, there: &Item) -> bool {
        let version = there.get("version").and_then(|it| it.as_n().ok()?.parse().ok());
        version >= Some(self.version)
    }
}

/// Gives each attribute its value, takes away those that are null, and says what the view has to be like before.
fn update(table: &str, attributes: Item) -> (String, Vec<AttributeValue>) {
    let sorted: BTreeMap<String, AttributeValue> = attributes.into_iter().collect();
    let (gone, set): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|(_, value)| value.is_null());
    let given = set.iter().map(|(name, _)| format!(r#" SET "{name}"=?"#));
    let gone = gone.iter().map(|(name, _)| format!(r#" REMOVE "{name}""#));
    let assignments: String = given.chain(gone).collect();
    let statement = format!(r#"UPDATE "{table}"{assignments} WHERE {CONDITION}"#);
    (statement, set.into_iter().map(|(_, value)| value).collect())
}

fn number(number: u32) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[cfg(test)]
mod tests;
