//! A shipment, its row, and the objects it is shown as.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::course::{Status, Step, reached};
use crate::world::World;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Shipment {
    pub(super) id: String,
    pub(super) tracking: String,
    pub(super) reference: String,
    pub(super) service: String,
    pub(super) to: Value,
    pub(super) parcels: Value,
    pub(super) created_ms: i64,
    pub(super) course: Vec<Step>,
    /// It was called back, so that its course is empty.
    #[serde(default)]
    pub(super) cancelled: bool,
}

impl Shipment {
    pub(super) fn status(&self, now_ms: i64) -> Status {
        if self.cancelled { Status::Cancelled } else { reached(&self.course, now_ms) }
    }

    /// The object as the API shows it.
    pub(super) fn object(&self, world: &World) -> Value {
        json!({
            "id": self.id, "reference": self.reference, "service": self.service, "to": self.to,
            "parcels": self.parcels, "status": self.status(world.now_ms()), "trackingNumber": self.tracking,
            "trackingUrl": format!("{}/track/{}", world.carrier_url, self.tracking), "createdAt": time(self.created_ms),
        })
    }

    /// The webhook that tells one of its steps.
    pub(super) fn event(&self, id: &str, step: Step) -> Value {
        json!({
            "id": id, "type": KIND, "createdAt": time(step.at_ms),
            "shipment": {
                "id": self.id, "reference": self.reference, "status": step.status, "trackingNumber": self.tracking,
            },
        })
    }
}

/// The most shipments of one reference that are shown.
const OF_REFERENCE_MAX: usize = 100;
/// The type of every webhook of the carrier.
pub(super) const KIND: &str = "tracking.updated";

pub(super) fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}

pub(super) fn insert(db: &Connection, shipment: &Shipment) -> rusqlite::Result<()> {
    let row = serde_json::to_string(shipment).expect("a shipment has texts for keys");
    let sql = "INSERT INTO shipments (id, tracking, shipment) VALUES (?1, ?2, ?3)";
    db.prepare_cached(sql)?.execute([&shipment.id, &shipment.tracking, &row])?;
    Ok(())
}

/// The shipment of an id or a tracking number.
pub(super) fn find(db: &Connection, id: &str) -> rusqlite::Result<Option<Shipment>> {
    let sql = "SELECT shipment FROM shipments WHERE id = ?1 OR tracking = ?1";
    let row: Option<String> = db.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(row.map(|it| from_json(&it)))
}

/// The shipments that a shop gave that reference.
pub(super) fn of_reference(db: &Connection, reference: &str) -> rusqlite::Result<Vec<Shipment>> {
    let sql =
        "SELECT shipment FROM shipments WHERE json_extract(shipment, '$.reference') = ?1 ORDER BY n LIMIT ?2";
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map(params![reference, OF_REFERENCE_MAX], |row| row.get::<_, String>(0))?;
    rows.map(|it| it.map(|it| from_json(&it))).collect()
}

/// Writes a shipment as it is now.
pub(super) fn update(db: &Connection, shipment: &Shipment) -> rusqlite::Result<()> {
    let row = serde_json::to_string(shipment).expect("a shipment has texts for keys");
    db.prepare_cached("UPDATE shipments SET shipment = ?2 WHERE id = ?1")?.execute([&shipment.id, &row])?;
    Ok(())
}

/// Shipments before row `before`, newest first, with their rows.
pub(super) fn page(db: &Connection, before: i64, limit: usize) -> rusqlite::Result<Vec<(i64, Shipment)>> {
    let mut found =
        db.prepare_cached("SELECT n, shipment FROM shipments WHERE n < ?1 ORDER BY n DESC LIMIT ?2")?;
    let rows = found.query_map(params![before, limit], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|it| it.map(|(n, it)| (n, from_json(&it)))).collect()
}

fn from_json(row: &str) -> Shipment {
    serde_json::from_str(row).expect("what was kept was a shipment")
}
