//! What operators do with dead letters.

use serde_json::json;

use super::{Operation, body, json_reply, ok, replies};
use crate::problem::Code::{QueueNotFound, ValidationFailed};

const ROLES: &str =
    "Needs the role `operator`, which sees its own tenant's, or `platform-operator`, which sees all.";

pub(super) fn list_queues() -> Operation {
    Operation {
        tag: "operators",
        summary: "List queues with their dead letters",
        description: ROLES,
        parameters: &[],
        body: None,
        replies: replies(
            [ok(
                "DeadLetterQueues",
                "Every consumer's queue.",
                json!({ "queues": [{ "queue": "payments", "deadLetters": 1, "complete": true }] }),
            )],
            [&[][..]],
        ),
    }
}

pub(super) fn list() -> Operation {
    Operation {
        tag: "operators",
        summary: "Look into a queue's dead letters",
        description: "They stay where they are; for some seconds no other request finds them. Needs the role `operator`, \
            which sees its own tenant's, or `platform-operator`, which sees all.",
        parameters: &["queue", "limit"],
        body: None,
        replies: replies(
            [json_reply(200, "DeadLetterList", "Dead letters, in no order.", &[], None)],
            [&[ValidationFailed, QueueNotFound][..]],
        ),
    }
}

pub(super) fn redrive() -> Operation {
    let moving = json_reply(202, "Redrive", "They are being moved.", &[], None);
    Operation {
        tag: "operators",
        summary: "Send dead letters to their queue again",
        description: "All of them or those named; each has all its attempts before it again. Repeating a redrive is safe: \
            consumers do nothing twice. Needs the role `operator`, for its own tenant's, or `platform-operator`, for all.",
        parameters: &["queue"],
        body: body("RedriveDeadLetters", false, json!({ "ids": ["0d9f3b1e-8a51-4c55-9a55-3f7d1c2b4a69"] })),
        replies: replies(
            [
                ok("Redrive", "They were sent.", json!({ "redriven": 1, "state": "done", "notFound": [] })),
                moving,
            ],
            [&[QueueNotFound][..]],
        ),
    }
}
