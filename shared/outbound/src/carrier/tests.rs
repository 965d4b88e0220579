use std::time::Duration;

use penstock_application::ports::carrier::ParcelItem;
use penstock_domain::order::Address;
use serde_json::{Value, json};

use super::*;
use crate::http::Timeouts;
use crate::stage::{Act, Rotated, Stage, answer, answer_with, secrets};

#[tokio::test]
async fn a_parcel_is_handed_over() {
    let taken = json!({ "id": "shp_1", "trackingNumber": "PX1", "trackingUrl": "https://example.com/PX1" });
    let stage = Stage::new([answer(201, &taken)]).await;
    let consignment = carrier(&stage).ship(&parcel()).await.unwrap();
    assert_eq!((&*consignment.id, &*consignment.tracking_number), ("shp_1", "PX1"));
    assert_eq!(consignment.tracking_url, "https://example.com/PX1");

    let asked = stage.asked().remove(0);
    assert_eq!((asked.method.as_str(), &*asked.path), ("POST", "/v1/shipments"));
    assert_eq!(asked.header("Idempotency-Key"), Some("acme/o/ship/1"));
    assert_eq!(asked.header("Authorization"), Some("Bearer carrier-key"));
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    let expected = json!({
        "reference": "acme/o/s", "service": "standard",
        "to": { "name": "Ada", "lines": ["1 Mill Lane"], "city": "Bath", "postalCode": "BA1 1AA", "country": "GB" },
        "parcels": [{ "items": [{ "sku": "MUG-1", "name": "Mug", "quantity": 2 }] }],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_carrier_that_is_down_or_busy_is_asked_again_later() {
    let error = json!({ "error": "busy" });
    let acts = [
        answer(503, &error),
        answer_with(429, &[("Retry-After", "7")], &error),
        Act::Cut,
        Act::Silence,
        answer(201, &json!({})),
    ];
    let expected = [None, Some(Duration::from_secs(7)), None, None, None];
    for (act, expected) in acts.into_iter().zip(expected) {
        let stage = Stage::new([act]).await;
        let error = carrier(&stage).ship(&parcel()).await.unwrap_err();
        assert!(matches!(error, CarrierError::Retry { after, .. } if after == expected), "{error:?}");
        stage.asked();
    }
}

#[tokio::test]
async fn a_parcel_that_the_carrier_does_not_take_is_not_handed_over_again() {
    let stage = Stage::new([answer(422, &json!({ "error": "no such country" }))]).await;
    let CarrierError::Never(cause) = carrier(&stage).ship(&parcel()).await.unwrap_err() else {
        panic!("not never")
    };
    assert!(cause.to_string().contains("422") && cause.to_string().contains("no such country"), "{cause}");
}

#[tokio::test]
async fn a_parcel_is_found_by_its_reference_and_called_back() {
    let taken = json!({ "id": "shp_1", "trackingNumber": "PX1", "trackingUrl": "https://example.com/PX1" });
    let acts = [
        answer(200, &json!({ "shipments": [taken] })),
        answer(200, &json!({ "shipments": [] })),
        answer(200, &json!({})),
        answer(409, &json!({ "error": "it is on its way" })),
    ];
    let stage = Stage::new(acts).await;
    let carrier = carrier(&stage);
    assert_eq!(carrier.find("acme/o/s").await.unwrap().unwrap().id, "shp_1");
    assert_eq!(carrier.find("acme/o/s").await.unwrap(), None);
    assert_eq!(carrier.call_back("shp_1").await.unwrap(), Recall::Stopped);
    assert_eq!(carrier.call_back("shp_1").await.unwrap(), Recall::OnItsWay);
    let asked: Vec<_> = stage.asked().into_iter().map(|it| (it.method, it.path, it.query)).collect();
    let reference = vec![("reference".to_owned(), "acme/o/s".to_owned())];
    assert_eq!(asked[0], (Method::GET, "/v1/shipments".to_owned(), reference));
    assert_eq!(asked[2], (Method::POST, "/v1/shipments/shp_1/cancellation".to_owned(), vec![]));
}

#[tokio::test]
async fn a_carrier_that_is_down_calls_nothing_back() {
    let stage = Stage::new([answer(503, &json!({})), answer(503, &json!({}))]).await;
    let carrier = carrier(&stage);
    assert!(matches!(carrier.find("acme/o/s").await, Err(CarrierError::Retry { .. })));
    assert!(matches!(carrier.call_back("shp_1").await, Err(CarrierError::Retry { .. })));
}

fn carrier(stage: &Stage) -> HttpCarrier<Rotated> {
    let timeouts = Timeouts { connect: Duration::from_secs(1), whole: Duration::from_millis(500) };
    let secret = secrets(&[json!({ "apiKey": "carrier-key", "webhookSecret": "whsec_" })]);
    HttpCarrier::new(Http::new(timeouts), stage.endpoint.clone(), secret)
}

fn parcel() -> Parcel {
    Parcel {
        key: "acme/o/ship/1".to_owned(),
        tenant: "acme".parse().unwrap(),
        reference: "acme/o/s".to_owned(),
        service: "standard".to_owned(),
        recipient: Some("Ada".to_owned()),
        to: Address {
            lines: vec!["1 Mill Lane".to_owned()],
            city: "Bath".to_owned(),
            postal_code: Some("BA1 1AA".to_owned()),
            country: "GB".to_owned(),
        },
        items: vec![ParcelItem { sku: "MUG-1".to_owned(), name: "Mug".to_owned(), quantity: 2 }],
    }
}
