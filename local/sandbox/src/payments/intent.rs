//! A PaymentIntent: its states, and what is allowed in each. Pure.
//!
//! Source: "How PaymentIntents work" and "The PaymentIntent object", Stripe documentation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::error::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresCapture,
    Succeeded,
    Canceled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CaptureMethod {
    Automatic,
    Manual,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) capture_method: CaptureMethod,
    pub(super) status: Status,
    pub(super) captured: i64,
    pub(super) refunded: i64,
    /// The method that was used last, declined ones too.
    pub(super) method: Option<String>,
    pub(super) charge: Option<String>,
    pub(super) last_payment_error: Option<Value>,
    pub(super) description: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) created: i64,
    pub(super) canceled: Option<i64>,
    pub(super) cancellation_reason: Option<String>,
}

impl Intent {
    pub(super) fn behaviour(&self) -> Behaviour {
        self.method.as_deref().and_then(Behaviour::of).unwrap_or(Behaviour::Good)
    }

    /// Attempts to take the money with `method`, as the new charge `charge`. Declined, it wants another method.
    pub(super) fn confirm(
        &mut self,
        method: String,
        behaviour: Behaviour,
        charge: String,
    ) -> Result<(), Refusal> {
        if !matches!(self.status, Status::RequiresPaymentMethod | Status::RequiresConfirmation) {
            return Err(self.not_in_this_state("confirm"));
        }
        if let Some(decline_code) = behaviour.decline_code() {
            self.last_payment_error = Some(declined(decline_code, &method, &charge));
            self.status = Status::RequiresPaymentMethod;
        } else {
            self.last_payment_error = None;
            self.status = Status::RequiresCapture;
        }
        (self.method, self.charge) = (Some(method), Some(charge));
        match (self.status, self.capture_method) {
            (Status::RequiresCapture, CaptureMethod::Automatic) => self.capture(None),
            _ => Ok(()),
        }
    }

    /// Takes what was authorised, or a part of it; the rest is released.
    pub(super) fn capture(&mut self, amount: Option<i64>) -> Result<(), Refusal> {
        if self.status != Status::RequiresCapture {
            return Err(self.not_in_this_state("capture"));
        }
        let amount = amount.unwrap_or(self.amount);
        if amount > self.amount {
            let words = format!(
                "The amount to capture ({amount}) is greater than what was authorised ({}).",
                self.amount
            );
            return Err(Refusal::state("amount_too_large", words, None));
        }
        (self.captured, self.status) = (amount, Status::Succeeded);
        Ok(())
    }

    /// Releases what was authorised, if it was.
    pub(super) fn cancel(&mut self, reason: Option<String>, now_s: i64) -> Result<(), Refusal> {
        if matches!(self.status, Status::Succeeded | Status::Canceled) {
            return Err(self.not_in_this_state("cancel"));
        }
        (self.status, self.canceled, self.cancellation_reason) = (Status::Canceled, Some(now_s), reason);
        Ok(())
    }

    /// What a refund of `amount`, or of all there is, would give back: never more than was captured.
    pub(super) fn refundable(&self, amount: Option<i64>) -> Result<i64, Refusal> {
        let left = self.captured - self.refunded;
        if self.status != Status::Succeeded {
            let words =
                format!("This PaymentIntent ({}) does not have a successful charge to refund.", self.id);
            return Err(Refusal::state("payment_intent_unexpected_state", words, None));
        }
        if left == 0 {
            let words =
                format!("Charge {} has already been refunded.", self.charge.as_deref().unwrap_or_default());
            return Err(Refusal::state("charge_already_refunded", words, None));
        }
        match amount.unwrap_or(left) {
            amount if amount <= left => Ok(amount),
            amount => {
                let words =
                    format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
                Err(Refusal::state("amount_too_large", words, None))
            }
        }
    }

    fn not_in_this_state(&self, verb: &str) -> Refusal {
        let object = self.object();
        let status = &object["status"];
        let words = format!("You cannot {verb} this PaymentIntent because it has a status of {status}.");
        Refusal::state("payment_intent_unexpected_state", words, Some(object))
    }

    /// The object as the API shows it.
    pub(super) fn object(&self) -> Value {
        let wants_method = self.status == Status::RequiresPaymentMethod;
        let capturable = if self.status == Status::RequiresCapture { self.amount } else { 0 };
        json!({
            "id": self.id, "object": "payment_intent", "amount": self.amount, "amount_capturable": capturable,
            "amount_received": self.captured, "canceled_at": self.canceled,
            "cancellation_reason": self.cancellation_reason, "capture_method": self.capture_method,
            "confirmation_method": "automatic", "created": self.created, "currency": self.currency,
            "description": self.description, "last_payment_error": self.last_payment_error,
            "latest_charge": self.charge, "livemode": false, "metadata": self.metadata, "next_action": null,
            "payment_method": self.method.as_ref().filter(|_| !wants_method), "payment_method_types": ["card"],
            "status": self.status,
        })
    }

    /// The same, with its charge in place of the charge's id.
    pub(super) fn expanded(&self) -> Value {
        let mut object = self.object();
        object["latest_charge"] = self.charge_object();
        object
    }

    /// The latest charge; null when there is none. One that was released counts as refunded, as at Stripe.
    pub(super) fn charge_object(&self) -> Value {
        let Some(charge) = &self.charge else { return Value::Null };
        let failed = self.last_payment_error.is_some();
        let released = self.status == Status::Canceled && !failed;
        let refunded = if released { self.amount } else { self.refunded };
        json!({
            "id": charge, "object": "charge", "amount": self.amount, "amount_captured": self.captured,
            "amount_refunded": refunded, "captured": self.captured > 0, "created": self.created,
            "currency": self.currency, "failure_code": failed.then_some("card_declined"), "livemode": false,
            "metadata": self.metadata, "paid": !failed, "payment_intent": self.id, "payment_method": self.method,
            "refunded": released || (self.captured > 0 && self.refunded == self.captured),
            "status": if failed { "failed" } else { "succeeded" },
        })
    }
}

fn declined(decline_code: &str, method: &str, charge: &str) -> Value {
    let message = match decline_code {
        "insufficient_funds" => "Your card has insufficient funds.",
        _ => "Your card was declined.",
    };
    json!({
        "type": "card_error", "code": "card_declined", "decline_code": decline_code, "message": message,
        "charge": charge, "payment_method": {"id": method, "object": "payment_method", "type": "card"},
    })
}
