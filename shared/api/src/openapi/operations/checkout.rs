//! What is done with an order's payment, parcels and returns.

use serde_json::json;

use super::{COMMAND, KEY, Operation, body, json_reply, order, replies};
use crate::problem::Code::{
    Forbidden, LimitExceeded, PartsUnavailable, ReturnNotFound, ShipmentNotFound, Unavailable,
};

pub(super) fn create_payment() -> Operation {
    Operation {
        tag: "payments",
        summary: "Say what an order is to be paid with",
        description: "With a token of the payment provider; card data must not be sent. After a failed payment it is tried once more. \
            The payment is made in the background: the order becomes CONFIRMED or PAYMENT_FAILED.",
        parameters: &["orderId", "Idempotency-Key", "If-Match"],
        body: body("CreatePayment", true, json!({ "method": "pm_card_visa" })),
        replies: replies(
            [order(202, "The order; its payment is under way, or waits for the goods.", &["ETag"])],
            [&KEY[..], &COMMAND[..], &[LimitExceeded][..]],
        ),
    }
}

pub(super) fn create_shipment() -> Operation {
    let example =
        json!({ "parts": [{ "line": 0, "quantity": 2 }], "carrier": "Royal Mail", "trackingNumber": "RM1" });
    Operation {
        tag: "shipments",
        summary: "Send a parcel",
        description: "For shops that ship themselves. All that was not sent yet, or parts of lines. The first parcel makes the order \
            SHIPPED.",
        parameters: &["orderId", "Idempotency-Key", "If-Match"],
        body: body("CreateShipment", false, example),
        replies: replies(
            [order(201, "The order with its new parcel, the last of `shipments`.", &["ETag"])],
            [&KEY[..], &COMMAND[..], &[PartsUnavailable][..]],
        ),
    }
}

pub(super) fn update_tracking() -> Operation {
    Operation {
        tag: "shipments",
        summary: "Say where a parcel is",
        description: "For shops that ship themselves. The last parcel to arrive makes the order DELIVERED. A lost parcel is paid back; \
            when all are lost, the order is LOST and then REFUNDED.",
        parameters: &["orderId", "shipmentId", "Idempotency-Key", "If-Match"],
        body: body("UpdateTracking", true, json!({ "status": "DELIVERED" })),
        replies: replies(
            [order(200, "The order.", &["ETag"])],
            [&KEY[..], &COMMAND[..], &[ShipmentNotFound][..]],
        ),
    }
}

pub(super) fn request_return() -> Operation {
    let example = json!({ "reason": "too small", "parts": [{ "line": 0, "quantity": 1 }] });
    Operation {
        tag: "returns",
        summary: "Ask to send something back",
        description: "All that arrived, or parts of lines, within 30 days of delivery.",
        parameters: &["orderId", "Idempotency-Key", "If-Match"],
        body: body("RequestReturn", false, example),
        replies: replies(
            [order(201, "The order, which waits for what comes back.", &["ETag"])],
            [&KEY[..], &COMMAND[..], &[PartsUnavailable][..]],
        ),
    }
}

pub(super) fn receive_return() -> Operation {
    Operation {
        tag: "returns",
        summary: "Say that what was sent back came",
        description: "It is put back into stock, or written off. What it cost goes back in the background.",
        parameters: &["orderId", "returnId", "Idempotency-Key", "If-Match"],
        body: body("ReceiveReturn", false, json!({ "restock": true })),
        replies: replies(
            [order(200, "The order.", &["ETag"])],
            [&KEY[..], &COMMAND[..], &[ReturnNotFound][..]],
        ),
    }
}

pub(super) fn receive_payment_webhook() -> Operation {
    Operation {
        tag: "webhooks",
        summary: "Hear from the payment provider",
        description: "Called by the provider: an event of its own form, signed in `Stripe-Signature` within the last five minutes. \
            Hearing it twice does no harm.",
        parameters: &[],
        body: None,
        replies: replies(
            [json_reply(200, "Received", "It was heard.", &[], Some(json!({ "received": true })))],
            [&[Forbidden, Unavailable][..]],
        ),
    }
}

pub(super) fn receive_carrier_webhook() -> Operation {
    Operation {
        tag: "webhooks",
        summary: "Hear from the carrier",
        description: "Called by the carrier: where a parcel is, signed as Standard Webhooks are within the last five minutes. Hearing it \
            twice, late or out of order does no harm.",
        parameters: &[],
        body: None,
        replies: replies(
            [json_reply(200, "Received", "It was heard.", &[], Some(json!({ "received": true })))],
            [&[Forbidden, Unavailable][..]],
        ),
    }
}
