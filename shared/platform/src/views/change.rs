//! What commits change about a view that is there: written without reading anything.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use penstock_application::Unavailable;
use penstock_application::ledger::Commit;
use penstock_domain::order::{Event, Line, Summary};
use penstock_domain::{OrderId, TenantId};

use super::item::{State, lines};
use super::position::Position;
use super::{OrderViews, VIEWS};
use crate::store::{Item, sdk, text};

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

    fn sort_key(&self) -> String {
        Position { created_at: self.summary.created_at, id: self.order }.key()
    }
}

impl OrderViews {
    /// Changes a view that is of the version the change begins with, or of one in between. One conditional `UpdateItem`.
    ///
    /// Answers whether the view is then as new as the change. When it is not there, or is older than what the change begins
    /// with, nothing is done: somebody must read the ledger and write it whole.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn change(&self, change: &ViewChange<'_>) -> Result<bool, Unavailable> {
        let (expression, names, values) = assignments(change.attributes()?);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(change.tenant.as_str()))
            .key("sk", text(change.sort_key()))
            .update_expression(expression)
            .condition_expression("#version BETWEEN :before AND :last")
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":before", number(change.before))
            .expression_attribute_values(":last", number(change.version - 1))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match update.map_err(|error| (refused(error.as_service_error()), error)) {
            Ok(_) => Ok(true),
            Err((Some(there), _)) => Ok(version(&there) >= Some(change.version)),
            Err((None, error)) => Err(sdk(VIEWS)(error)),
        }
    }
}

/// The view that did not meet the condition, empty when there is none; nothing when the error is another.
fn refused(error: Option<&UpdateItemError>) -> Option<Item> {
    match error? {
        UpdateItemError::ConditionalCheckFailedException(refused) => {
            Some(refused.item.clone().unwrap_or_default())
        }
        _ => None,
    }
}

/// An update expression that gives each attribute its value and takes away those that are null, with its names and values.
fn assignments(attributes: Item) -> (String, HashMap<String, String>, Item) {
    let names = attributes.keys().map(|name| (format!("#{name}"), name.clone())).collect();
    let sorted: BTreeMap<String, AttributeValue> = attributes.into_iter().collect();
    let (gone, set): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|(_, value)| value.is_null());
    let gone: Vec<_> = gone.into_iter().map(|(name, _)| format!("#{name}")).collect();
    let given: Vec<_> = set.iter().map(|(name, _)| format!("#{name} = :{name}")).collect();
    let mut expression = format!("SET {}", given.join(", "));
    if !gone.is_empty() {
        expression.push_str(&format!(" REMOVE {}", gone.join(", ")));
    }
    (expression, names, set.into_iter().map(|(name, value)| (format!(":{name}"), value)).collect())
}

fn version(item: &Item) -> Option<u32> {
    item.get("version")?.as_n().ok()?.parse().ok()
}

fn number(number: u32) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[cfg(test)]
mod tests;
