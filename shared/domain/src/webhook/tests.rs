use super::*;

#[test]
fn a_webhook_hears_what_it_asked_for() {
    let mut webhook = webhook();
    assert!(webhook.listens_to("penstock.order.placed"));
    webhook.event_types = EventTypes::These(["penstock.order.delivered".to_owned()].into());
    assert!(!webhook.listens_to("penstock.order.placed"));
    assert!(webhook.listens_to("penstock.order.delivered"));
    webhook.enabled = false;
    assert!(!webhook.listens_to("penstock.order.delivered"));
}

#[test]
fn gone_is_taken_at_its_word() {
    let mut webhook = webhook();
    assert!(webhook.note(Verdict::Gone, at(1)));
    assert_eq!((webhook.enabled, webhook.disabled_because), (false, Some(DisabledBecause::Gone)));
    assert!(!webhook.note(Verdict::Gone, at(2)), "said before: nothing new");
}

#[test]
fn days_of_nothing_but_failures_disable_it() {
    let mut webhook = webhook();
    assert!(webhook.note(Verdict::Failed, at(1)));
    assert!(!webhook.note(Verdict::Failed, at(50)));
    assert!(!webhook.note(Verdict::Failed, at(120)));
    assert!(webhook.enabled);
    assert!(webhook.note(Verdict::Failed, at(121)));
    assert_eq!((webhook.enabled, webhook.disabled_because), (false, Some(DisabledBecause::Failing)));
}

#[test]
fn one_success_among_failures_keeps_it() {
    let mut webhook = webhook();
    webhook.note(Verdict::Failed, at(1));
    assert!(webhook.note(Verdict::Delivered, at(100)));
    webhook.note(Verdict::Failed, at(101));
    webhook.note(Verdict::Failed, at(200));
    assert!(webhook.enabled);
    assert_eq!(webhook.failing_since, Some(at(101)));
}

#[test]
fn what_changes_nothing_is_not_written() {
    let mut webhook = webhook();
    let before = webhook.clone();
    assert!(!webhook.note(Verdict::Delivered, at(1)));
    assert_eq!(webhook, before);
}

#[test]
fn enabling_it_anew_forgets_why_it_was_disabled() {
    let mut webhook = webhook();
    webhook.note(Verdict::Failed, at(1));
    webhook.note(Verdict::Gone, at(2));
    webhook.replace(wanted(), at(3));
    assert_eq!((webhook.enabled, webhook.disabled_because, webhook.failing_since), (true, None, None));
    assert_eq!((webhook.version, webhook.created_at, webhook.updated_at), (4, at(0), at(3)));
}

#[test]
fn a_new_secret_signs_with_the_old_one_and_is_a_change() {
    let mut webhook = webhook();
    webhook.rotate(Secret::new("whsec_b".to_owned()), at(1));
    let signing: Vec<_> = webhook.secrets.at(at(2)).map(|it| it.secret.reveal()).collect();
    assert_eq!(signing, ["whsec_b", "whsec_a"]);
    assert_eq!((webhook.version, webhook.updated_at), (2, at(1)));
}

#[test]
fn an_event_is_one_delivery_and_later_ones_sort_after_it() {
    let (tenant, id) = ("acme".parse().unwrap(), webhook().id);
    let derive = |event, hours| DeliveryId::derive(&tenant, id, event, at(hours));
    assert_eq!(derive("acme/o/1", 1), derive("acme/o/1", 1));
    assert_ne!(derive("acme/o/1", 1), derive("acme/o/2", 1));
    assert_ne!(derive("acme/o/1", 1), DeliveryId::derive(&"bolt".parse().unwrap(), id, "acme/o/1", at(1)));
    assert_eq!(derive("acme/o/1", 1).began_at(), at(1));
    assert!(derive("z", 1).to_string() < derive("a", 2).to_string());
}

fn webhook() -> Webhook {
    let id = WebhookId::from(Uuid::from_u128(7));
    Webhook::create(id, wanted(), Secret::new("whsec_a".to_owned()), at(0))
}

fn wanted() -> Wanted {
    let target = Target::parse("https://shop.example.com/", Reach::Internet).unwrap();
    Wanted { target, event_types: EventTypes::All, description: None, enabled: true }
}

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}
