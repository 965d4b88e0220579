//! What tenants do with their webhooks.

use serde_json::{Value, json};

use super::{Operation, body, json_reply, ok, plain, replies};
use crate::problem::Code::{
    BadCursor, Contended, DeliveryNotFound, LimitExceeded, ValidationFailed, WebhookNotFound,
};

const WEBHOOK_ID: &str = "0191b0c4-5a2e-4f61-8d0b-3f6f0f6b0b03";

pub(super) fn put() -> Operation {
    let mut created = webhook();
    created["secret"] = json!("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    let created = json_reply(201, "Webhook", "The webhook, new, with its secret.", &[], Some(created));
    Operation {
        tag: "webhooks",
        summary: "Put a webhook",
        description: "Creates or replaces it; an id is yours to choose. Its secret is told when it is new and never again: \
            when that answer is lost, rotate it. Events are sent as CloudEvents, signed as Standard Webhooks \
            (standardwebhooks.com) says: `webhook-id` is the event's id, by which to know a repetition. Answer 2xx within \
            15 s; otherwise it is tried ten times over three days. 410 disables the webhook at once, five days of nothing \
            but failures do as well. Within half a minute after it was put, events may still go by what was there before.",
        parameters: &["webhookId"],
        body: body("PutWebhook", true, put_webhook()),
        replies: replies(
            [created, ok("Webhook", "The webhook, replaced.", webhook())],
            [&[Contended, LimitExceeded][..]],
        ),
    }
}

pub(super) fn list() -> Operation {
    Operation {
        tag: "webhooks",
        summary: "List webhooks",
        description: "All there are, by their ids. Their secrets are not shown.",
        parameters: &[],
        body: None,
        replies: replies(
            [ok("WebhookList", "The webhooks.", json!({ "webhooks": [webhook()] }))],
            [&[ValidationFailed][..]],
        ),
    }
}

pub(super) fn get() -> Operation {
    Operation {
        tag: "webhooks",
        summary: "Show a webhook",
        description: "Its secret is not shown.",
        parameters: &["webhookId"],
        body: None,
        replies: replies(
            [ok("Webhook", "The webhook.", webhook())],
            [&[ValidationFailed, WebhookNotFound][..]],
        ),
    }
}

pub(super) fn delete() -> Operation {
    Operation {
        tag: "webhooks",
        summary: "Delete a webhook",
        description: "What is on its way is not sent any more, half a minute later at the latest. Deleting what is not there is \
            no mistake.",
        parameters: &["webhookId"],
        body: None,
        replies: replies([plain(204, "It is gone.", &[])], [&[ValidationFailed][..]]),
    }
}

pub(super) fn rotate() -> Operation {
    let mut rotated = webhook();
    rotated["secret"] = json!("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    Operation {
        tag: "webhooks",
        summary: "Give a webhook a new secret",
        description: "The new one is told now and never again; the old one signs along for 24 hours. Of several rotations within \
            a day the newest five secrets sign.",
        parameters: &["webhookId"],
        body: None,
        replies: replies(
            [ok("Webhook", "The webhook, with its new secret.", rotated)],
            [&[ValidationFailed, WebhookNotFound, Contended][..]],
        ),
    }
}

pub(super) fn test() -> Operation {
    Operation {
        tag: "webhooks",
        summary: "Try a webhook out",
        description: "Sends it an event of the type penstock.webhook.test, once, even when it is disabled.",
        parameters: &["webhookId"],
        body: None,
        replies: replies([sent()], [&[ValidationFailed, WebhookNotFound][..]]),
    }
}

pub(super) fn deliveries() -> Operation {
    Operation {
        tag: "webhooks",
        summary: "List a webhook's deliveries, newest first",
        description: "From their first attempt on, for 30 days.",
        parameters: &["webhookId", "limit", "cursor"],
        body: None,
        replies: replies(
            [ok("WebhookDeliveryList", "A page of deliveries.", json!({ "deliveries": [delivery()] }))],
            [&[ValidationFailed, WebhookNotFound, BadCursor][..]],
        ),
    }
}

pub(super) fn redeliver() -> Operation {
    Operation {
        tag: "webhooks",
        summary: "Deliver an event again",
        description: "Once, as a delivery of its own with the same webhook-id, even when the webhook is disabled.",
        parameters: &["webhookId", "deliveryId"],
        body: None,
        replies: replies([sent()], [&[ValidationFailed, WebhookNotFound, DeliveryNotFound][..]]),
    }
}

fn sent() -> super::Success {
    let example = json!({ "deliveryId": "01935b6a-7c00-8a4b-9c1d-2e3f4a5b6c7d" });
    json_reply(202, "WebhookDeliverySent", "It is on its way.", &[], Some(example))
}

fn put_webhook() -> Value {
    json!({
        "url": "https://shop.example.com/penstock",
        "eventTypes": ["penstock.order.shipped", "penstock.order.delivered"],
        "description": "order status on the shop's page",
    })
}

fn webhook() -> Value {
    let mut webhook = put_webhook();
    webhook["webhookId"] = json!(WEBHOOK_ID);
    webhook["enabled"] = json!(true);
    webhook["secrets"] = json!([{ "since": "2026-11-20T12:00:00.000Z" }]);
    webhook["createdAt"] = json!("2026-11-20T12:00:00.000Z");
    webhook["updatedAt"] = json!("2026-11-20T12:00:00.000Z");
    webhook
}

fn delivery() -> Value {
    json!({
        "deliveryId": "01935b6a-7c00-8a4b-9c1d-2e3f4a5b6c7d",
        "eventId": "acme/3f2b8c1e-7a55-4c0d-9d2f-6a1e5b7c9d10/2",
        "eventType": "penstock.order.placed",
        "status": "pending",
        "attempts": 1,
        "beganAt": "2026-11-20T12:00:00.000Z",
        "lastAttempt": { "at": "2026-11-20T12:00:00.100Z", "durationMs": 40, "status": 503 },
        "nextAttemptAt": "2026-11-20T12:00:05.100Z",
    })
}
