//! What is done with stock.

use serde_json::json;

use super::{KEY, Operation, body, examples, json_reply, ok, replies};
use crate::problem::Code::{BadCursor, Contended, NotEnoughStock, ValidationFailed};

pub(super) fn get() -> Operation {
    Operation {
        tag: "stock",
        summary: "Show a product's stock",
        description: "As it is now. A product that was never adjusted is not tracked: it is always available.",
        parameters: &["productId"],
        body: None,
        replies: replies([ok("Stock", "The stock.", examples::stock())], [&[ValidationFailed][..]]),
    }
}

pub(super) fn adjust() -> Operation {
    let done = json_reply(201, "Stock", "The stock after it.", &[], Some(examples::stock()));
    let before =
        ok("Stock", "It was done by this key and body before; the stock after it.", examples::stock());
    Operation {
        tag: "stock",
        summary: "Receive or correct a product's stock",
        description: "What is promised to orders cannot be taken away, beyond what may be owed. The first adjustment of a product \
            makes it tracked: from then on no more is sold than is there.",
        parameters: &["productId", "Idempotency-Key"],
        body: body("AdjustStock", true, json!({ "quantity": 144, "reason": "delivery note 4711" })),
        replies: replies([done, before], [&KEY[..], &[NotEnoughStock, Contended][..]]),
    }
}

pub(super) fn movements() -> Operation {
    Operation {
        tag: "stock",
        summary: "List a product's movements, newest first",
        description: "Each with what was there after it. A product that is not tracked has none.",
        parameters: &["productId", "limit", "cursor"],
        body: None,
        replies: replies(
            [json_reply(200, "MovementList", "A page of movements.", &[], None)],
            [&[ValidationFailed, BadCursor][..]],
        ),
    }
}
