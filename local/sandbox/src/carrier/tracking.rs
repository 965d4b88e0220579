//! Where a shipment is: for the shop, and for whoever follows a tracking link.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};

use super::refusal::{Refusal, admit, answer};
use super::shipment::{find, time};
use crate::page::Page;
use crate::world::World;

type Shared = State<Arc<World>>;

pub(super) async fn shipment(world: Shared, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let found = admit(&world, &headers).and_then(|()| {
        let found = world.store.read(|db| find(db, &id))?;
        found.ok_or_else(|| Refusal::not_found(&id))
    });
    found.map_or_else(|refusal| refusal.response(), |it| answer(200, &it.object(&world)))
}

/// Anybody who has the number may look, as with a real carrier; it shows no address.
pub(super) async fn page(world: Shared, Path(number): Path<String>) -> Response {
    match world.store.read(|db| find(db, &number)) {
        Ok(Some(shipment)) => {
            let now_ms = world.now_ms();
            let happened = shipment.course.iter().filter(|it| it.at_ms <= now_ms);
            let rows = happened.map(|it| vec![time(it.at_ms), word(&it.status)]);
            let created = vec![time(shipment.created_ms), "created".to_owned()];
            let title = format!("Parcel {}", shipment.tracking);
            Page { title, note: word(&shipment.status(now_ms)), columns: &["when", "what"] }
                .of(&std::iter::once(created).chain(rows).collect::<Vec<_>>())
        }
        Ok(None) => (StatusCode::NOT_FOUND, "There is no parcel of this number.").into_response(),
        Err(error) => Refusal::from(error).response(),
    }
}

fn word<T: serde::Serialize>(status: &T) -> String {
    crate::page::text(&serde_json::to_value(status).unwrap_or_default())
}
