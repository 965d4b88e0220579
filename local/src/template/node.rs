//! A place in a resolved template, with typed reads whose errors name resource and property.

use std::time::Duration;

use serde_json::Value;

use super::error::TemplateError;

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    pub(super) place: String,
}

impl<'a> Node<'a> {
    pub(super) fn new(value: &'a Value, place: impl Into<String>) -> Self {
        Self { value, place: place.into() }
    }

    /// The member of that name, if there is one.
    pub(super) fn get(&self, name: &str) -> Option<Node<'a>> {
        let value = self.value.get(name).filter(|it| !it.is_null())?;
        Some(Node { value, place: format!("{}.{name}", self.place) })
    }

    /// The member of that name, or an error that names it.
    pub(super) fn need(&self, name: &str) -> Result<Node<'a>, TemplateError> {
        self.get(name).ok_or_else(|| TemplateError::Missing { place: format!("{}.{name}", self.place) })
    }

    /// All members of a mapping.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'a String, Node<'a>)> {
        let place = self.place.clone();
        let members = self.value.as_object().into_iter().flatten();
        members.map(move |(name, value)| (name, Node { value, place: format!("{place}.{name}") }))
    }

    /// All items of a list.
    pub(super) fn items(&self) -> Result<Vec<Node<'a>>, TemplateError> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        let node = |(at, value)| Node { value, place: format!("{}[{at}]", self.place) };
        Ok(items.iter().enumerate().map(node).collect())
    }

    pub(super) fn text(&self) -> Result<String, TemplateError> {
        match self.value {
            Value::String(it) => Ok(it.clone()),
            it @ (Value::Number(_) | Value::Bool(_)) => Ok(it.to_string()),
            _ => Err(self.wrong("a text")),
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, TemplateError> {
        match self.value {
            Value::Array(_) => self.items()?.iter().map(Node::text).collect(),
            _ => Ok(vec![self.text()?]),
        }
    }

    pub(super) fn number(&self) -> Result<f64, TemplateError> {
        let parsed = match self.value {
            Value::Number(it) => it.as_f64(),
            Value::String(it) => it.parse().ok(),
            _ => None,
        };
        parsed.ok_or_else(|| self.wrong("a number"))
    }

    pub(super) fn whole(&self) -> Result<i64, TemplateError> {
        let parsed = match self.value {
            Value::Number(it) => it.as_i64(),
            Value::String(it) => it.parse().ok(),
            _ => None,
        };
        parsed.ok_or_else(|| self.wrong("a whole number"))
    }

    pub(super) fn count(&self) -> Result<usize, TemplateError> {
        usize::try_from(self.whole()?).map_err(|_| self.wrong("a number from 0"))
    }

    pub(super) fn seconds(&self) -> Result<Duration, TemplateError> {
        Ok(Duration::from_secs(self.count()? as u64))
    }

    pub(super) fn flag(&self) -> Result<bool, TemplateError> {
        match self.value {
            Value::Bool(it) => Ok(*it),
            Value::String(it) => it.parse().map_err(|_| self.wrong("true or false")),
            _ => Err(self.wrong("true or false")),
        }
    }

    pub(super) fn wrong(&self, expected: &'static str) -> TemplateError {
        TemplateError::Wrong { place: self.place.clone(), expected, found: self.value.to_string() }
    }
}
