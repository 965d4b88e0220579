//! An order's place in every list, and how times are stored so that they sort.

use jiff::{Timestamp, TimestampRound, Unit};
use penstock_api::cursor::{Cursor, bad_cursor};
use penstock_api::problem::Problem;
use penstock_application::Unavailable;
use penstock_domain::OrderId;

use super::VIEWS;
use crate::store::unavailable;

/// An order's place in every list: newest first, then by id.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// When it was created.
    pub created_at: Timestamp,
    /// Which it is.
    pub id: OrderId,
}

impl Position {
    /// Reads the position of a cursor.
    ///
    /// # Errors
    /// 400 when it is none of a list with these filters.
    pub fn from_cursor(cursor: &str, filters: &str) -> Result<Self, Problem> {
        let parts = Cursor::decode(cursor, filters, 2)?;
        match (parts[0].parse(), parts[1].parse()) {
            (Ok(created_at), Ok(id)) => Ok(Self { created_at, id }),
            _ => Err(bad_cursor()),
        }
    }

    /// The cursor of the page that comes after this position.
    pub fn to_cursor(&self, filters: &str) -> String {
        Cursor::encode(filters, &[&millis(self.created_at), &self.id.to_string()])
    }

    /// The sort key of the order's view, in the table and in every list.
    pub(super) fn key(&self) -> String {
        format!("{}#{}", millis(self.created_at), self.id)
    }

    /// The position that a sort key stands for.
    pub(super) fn of_key(key: &str) -> Result<Self, Unavailable> {
        let damaged = || unavailable(VIEWS)(format!("view {key} has no place in a list").into());
        let (created, id) = key.split_once('#').ok_or_else(damaged)?;
        Ok(Self {
            created_at: created.parse().map_err(|_| damaged())?,
            id: id.parse().map_err(|_| damaged())?,
        })
    }
}

/// A time as all stored times are: sortable, to the millisecond. A finer bound is rounded up to the next one.
pub(super) fn millis(time: Timestamp) -> String {
    let up = TimestampRound::new().smallest(Unit::Millisecond).mode(jiff::RoundMode::Ceil);
    format!("{:.3}", time.round(up).unwrap_or(time))
}
