//! The carrier.

use std::time::Duration;

use penstock_sandbox::Options;
use reqwest::Client;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::harness::{Answer, World, options};

#[tokio::test]
async fn a_parcel_gets_on_with_the_clock_and_each_step_is_told_once_and_signed() {
    let world = World::new().await;
    let created = ship(&world, "k", &shipment("standard", "order-7")).await;
    assert_eq!((created.status, &created.body["status"]), (201, &"created".into()));
    world.pass(Duration::from_secs(1));
    let taken = world.receiver.until(1).await;
    assert_eq!(world.shipment(created.id()).await.body["status"], "in_transit");
    world.pass(Duration::from_secs(1));
    world.receiver.until(2).await;
    assert_eq!(world.shipment(created.id()).await.body["status"], "delivered");
    assert_eq!(statuses(&world), ["in_transit", "delivered"]);
    let told = taken[0].json();
    assert_eq!(told["type"], "tracking.updated");
    assert_eq!(told["shipment"]["reference"], "order-7");
    assert_eq!(told["shipment"]["trackingNumber"], created.body["trackingNumber"]);
    assert_eq!(taken[0].headers["webhook-id"].to_str().unwrap(), told["id"].as_str().unwrap());
    let signer = Webhook::new(&options().carrier_secret).unwrap();
    signer.verify(&taken[0].body, &taken[0].headers).unwrap();
}

#[tokio::test]
async fn a_key_makes_one_shipment_and_no_other() {
    let world = World::new().await;
    let first = ship(&world, "k", &shipment("standard", "order-7")).await;
    let second = ship(&world, "k", &shipment("standard", "order-7")).await;
    assert_eq!((second.status, second.is_replayed(), second.id()), (201, true, first.id()));
    let other = ship(&world, "k", &shipment("standard", "order-8")).await;
    assert_eq!((other.status, &other.error()["code"]), (422, &"idempotency_key_reused".into()));
    assert_eq!(world.dev("/dev/shipments").await["shipments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_parcel_may_get_lost() {
    let world = World::new().await;
    ship(&world, "", &shipment("lost", "order-7")).await;
    ship(&world, "", &shipment("standard", "order-8-lost")).await;
    world.pass(Duration::from_secs(1));
    world.receiver.until(2).await;
    world.pass(Duration::from_secs(1));
    world.receiver.until(4).await;
    assert_eq!(statuses(&world), ["in_transit", "in_transit", "lost", "lost"]);
}

#[tokio::test]
async fn its_webhooks_may_come_twice_and_the_last_first() {
    let world = World::new().await;
    ship(&world, "", &shipment("lossy-webhooks", "order-7")).await;
    world.pass(Duration::from_secs(2));
    world.receiver.until(2).await;
    world.pass(Duration::from_secs(1));
    world.receiver.until(4).await;
    assert_eq!(statuses(&world), ["delivered", "delivered", "in_transit", "in_transit"]);
}

#[tokio::test]
async fn shops_that_ship_themselves_hear_nothing() {
    let timing = penstock_sandbox::Timing { in_transit: None, delivered: None, ..options().timing };
    let world = World::with(Options { timing, ..options() }).await;
    let created = ship(&world, "", &shipment("standard", "order-7")).await;
    world.pass(Duration::from_hours(24));
    assert_eq!(world.shipment(created.id()).await.body["status"], "created");
    assert_eq!(world.dev("/dev/shipments").await["shipments"][0]["webhooks"], json!([]));
}

#[tokio::test]
async fn a_parcel_that_has_not_left_is_called_back_and_nothing_is_told_of_it() {
    let world = World::new().await;
    let created = ship(&world, "k", &shipment("standard", "order-7")).await;
    for _ in 0..2 {
        let cancelled = cancel(&world, created.id()).await;
        assert_eq!((cancelled.status, &cancelled.body["status"]), (200, &"cancelled".into()));
    }
    world.pass(Duration::from_hours(1));
    let book = &world.dev("/dev/shipments").await["shipments"][0];
    assert_eq!((&book["status"], &book["webhooks"]), (&json!("cancelled"), &json!([])));
    let again = ship(&world, "k", &shipment("standard", "order-7")).await;
    assert_eq!(again.id(), created.id(), "its key makes no other");
}

#[tokio::test]
async fn a_parcel_that_has_left_is_not_called_back() {
    let world = World::new().await;
    let created = ship(&world, "k", &shipment("standard", "order-7")).await;
    world.pass(Duration::from_secs(1));
    let refused = cancel(&world, created.id()).await;
    assert_eq!((refused.status, &refused.error()["code"]), (409, &"on_its_way".into()));
    world.pass(Duration::from_secs(1));
    world.receiver.until(2).await;
    assert_eq!(world.shipment(created.id()).await.body["status"], "delivered");
    assert_eq!(cancel(&world, "shp_none").await.status, 404);
}

#[tokio::test]
async fn a_parcel_is_found_by_its_reference() {
    let world = World::new().await;
    let created = ship(&world, "", &shipment("standard", "a/b c")).await;
    ship(&world, "", &shipment("standard", "other")).await;
    let found = world.shipment("?reference=a%2Fb+c").await.body;
    assert_eq!(found["shipments"].as_array().unwrap().len(), 1);
    assert_eq!(found["shipments"][0]["id"], created.id());
    assert_eq!(world.shipment("?reference=nobodys").await.body, json!({"shipments": []}));
}

#[tokio::test]
async fn a_tracking_link_leads_to_a_page_for_anybody() {
    let world = World::new().await;
    let created = ship(&world, "", &shipment("standard", "order-7")).await;
    world.pass(Duration::from_secs(1));
    let link = created.body["trackingUrl"].as_str().unwrap();
    let page = Client::new().get(link).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("in_transit") && !page.contains("Main Street"), "{page}");
}

#[tokio::test]
async fn what_is_wrong_is_refused_in_words() {
    let world = World::new().await;
    let without = |name: &str| {
        let mut wanted = shipment("standard", "order-7");
        wanted.as_object_mut().unwrap().remove(name);
        wanted
    };
    for wanted in [without("reference"), without("to"), without("parcels"), shipment("teleport", "order-7")] {
        let refused = ship(&world, "", &wanted).await;
        assert_eq!((refused.status, &refused.error()["code"]), (400, &"invalid_request".into()), "{wanted}");
    }
    let url = format!("{}/v1/shipments", world.sandbox.carrier_url());
    let stranger = Client::new().post(url).bearer_auth("wrong").send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    assert_eq!(world.shipment("shp_none").await.status, 404);
    world.switch("/dev/shipments/down").await;
    assert_eq!(ship(&world, "", &shipment("standard", "order-7")).await.status, 503);
}

async fn ship(world: &World, key: &str, wanted: &Value) -> Answer {
    Answer::of(world.ship(key, wanted).send().await.unwrap()).await
}

async fn cancel(world: &World, id: &str) -> Answer {
    Answer::of(world.call_back(id).send().await.unwrap()).await
}

fn shipment(service: &str, reference: &str) -> Value {
    json!({
        "reference": reference, "service": service, "to": {"name": "Ada", "street": "Main Street 1"},
        "parcels": [{"weightGrams": 800, "items": [{"sku": "MUG-1", "quantity": 2}]}],
    })
}

fn statuses(world: &World) -> Vec<String> {
    let taken = world.receiver.taken();
    taken.iter().map(|it| it.json()["shipment"]["status"].as_str().unwrap().to_owned()).collect()
}
