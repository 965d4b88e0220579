use super::*;

const NOW: i64 = 1_763_700_000;
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &str = r#"{"id":"evt_1","type":"tracking.updated","createdAt":"2025-11-21T04:39:58Z","shipment":{"id":"shp_1","reference":"acme/o/s","status":"in_transit","trackingNumber":"PX1"}}"#;

#[test]
fn a_signed_event_is_read() {
    let event = verified(&[SECRET], NOW, &signature(NOW, SECRET), BODY).unwrap();
    assert_eq!((&*event.id, &*event.consignment, &*event.reference), ("evt_1", "shp_1", "acme/o/s"));
    assert_eq!((event.status, event.created.as_second()), (ParcelStatus::InTransit, NOW - 2));
}

#[test]
fn either_of_two_signatures_will_do() {
    let both = format!("v1a,xyz {} {}", signature(NOW, OTHER), signature(NOW, SECRET));
    for secrets in [&[SECRET][..], &[OTHER], &["whsec_not base64", SECRET]] {
        assert!(verified(secrets, NOW, &both, BODY).is_ok(), "{secrets:?}");
    }
}

#[test]
fn what_is_signed_by_another_or_was_changed_is_not_taken() {
    let signed = signature(NOW, SECRET);
    for (secret, at, body) in [
        (OTHER, NOW, BODY.to_owned()),
        (SECRET, NOW + 1, BODY.to_owned()),
        (SECRET, NOW, BODY.replace("in_transit", "lost")),
    ] {
        assert!(
            matches!(verified(&[secret], at, &signed, &body), Err(WebhookError::Forged)),
            "{secret} {at} {body}"
        );
    }
    assert!(matches!(verified(&[SECRET], NOW, "", BODY), Err(WebhookError::Forged)));
}

#[test]
fn an_old_copy_is_not_taken() {
    for (at, taken) in [(NOW - 301, false), (NOW - 300, true), (NOW + 300, true), (NOW + 301, false)] {
        match verified(&[SECRET], at, &signature(at, SECRET), BODY) {
            Ok(_) => assert!(taken, "{at}"),
            Err(error) => assert!(matches!(error, WebhookError::Untimely(_)) && !taken, "{at}: {error}"),
        }
    }
}

#[test]
fn what_cannot_be_read_is_said_to_be_so() {
    let signed = Signed { id: "msg_1", timestamp: "soon", signature: "v1,x" };
    let now = Timestamp::from_second(NOW).unwrap();
    assert!(matches!(verify(&[SECRET], signed, b"{}", now), Err(WebhookError::Malformed)));
    let signature = Webhook::new(SECRET).unwrap().sign("msg_1", NOW, b"{}").unwrap();
    assert!(matches!(verified(&[SECRET], NOW, &signature, "{}"), Err(WebhookError::Unreadable(_))));
}

fn verified(secrets: &[&str], at: i64, signature: &str, body: &str) -> Result<TrackingEvent, WebhookError> {
    let signed = Signed { id: "msg_1", timestamp: &at.to_string(), signature };
    verify(secrets, signed, body.as_bytes(), Timestamp::from_second(NOW).unwrap())
}

fn signature(at: i64, secret: &str) -> String {
    Webhook::new(secret).unwrap().sign("msg_1", at, BODY.as_bytes()).unwrap()
}
