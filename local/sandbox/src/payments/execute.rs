//! What each operation does: parameters in, rows and webhooks out, all within one transaction.

use rusqlite::Connection;
use serde_json::Value;

use super::behaviour::{Behaviour, RefundGoes};
use super::error::Refusal;
use super::form::Form;
use super::intent::{CaptureMethod, Intent, Status};
use super::refund::Refund;
use super::{calls, events, intents};
use crate::world::World;

/// A call that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    Create,
    Confirm(String),
    Capture(String),
    Cancel(String),
    Refund,
}

pub(super) struct Request {
    pub(super) operation: Operation,
    pub(super) form: Form,
    /// The idempotency key; empty when there is none.
    pub(super) key: String,
}

/// What was done, a decline too.
pub(super) struct Done {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// Stripe's largest amount.
const AMOUNT_MAX: i64 = 99_999_999;
const CREATE: [&str; 16] = [
    "amount",
    "automatic_payment_methods",
    "capture_method",
    "confirm",
    "confirmation_method",
    "currency",
    "description",
    "error_on_requires_action",
    "expand",
    "metadata",
    "off_session",
    "payment_method",
    "payment_method_types",
    "receipt_email",
    "return_url",
    "statement_descriptor_suffix",
];
const CONFIRM: [&str; 5] =
    ["error_on_requires_action", "expand", "off_session", "payment_method", "return_url"];
const CAPTURE: [&str; 3] = ["amount_to_capture", "expand", "metadata"];
const CANCEL: [&str; 2] = ["cancellation_reason", "expand"];
const REFUND: [&str; 5] = ["amount", "expand", "metadata", "payment_intent", "reason"];

impl Operation {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Confirm(_) => "confirm",
            Self::Capture(_) => "capture",
            Self::Cancel(_) => "cancel",
            Self::Refund => "refund",
        }
    }
}

impl Request {
    /// What tells it from another request with the same key.
    pub(super) fn fingerprint(&self) -> String {
        format!("{:?}\n{}", self.operation, self.form.canonical())
    }

    /// The intent it is about, if that is known yet.
    pub(super) fn intent(&self, db: &Connection) -> rusqlite::Result<Option<String>> {
        Ok(match &self.operation {
            Operation::Create if self.key.is_empty() => None,
            Operation::Create => calls::made_by(db, &self.key)?,
            Operation::Confirm(id) | Operation::Capture(id) | Operation::Cancel(id) => Some(id.clone()),
            Operation::Refund => self.form.text("payment_intent").map(str::to_owned),
        })
    }

    /// How the payment behaves: as the method that comes with the call, or as the one it has.
    pub(super) fn behaviour(&self, db: &Connection, intent: Option<&str>) -> rusqlite::Result<Behaviour> {
        if let Some(behaviour) = self.form.text("payment_method").and_then(Behaviour::of) {
            return Ok(behaviour);
        }
        let intent = intent.map(|it| intents::find(db, it)).transpose()?.flatten();
        Ok(intent.map_or(Behaviour::Good, |it| it.behaviour()))
    }

    /// Whether it takes money, or holds it.
    pub(super) fn takes_money(&self) -> bool {
        match self.operation {
            Operation::Create => self.form.text("confirm") == Some("true"),
            Operation::Confirm(_) | Operation::Capture(_) => true,
            Operation::Cancel(_) | Operation::Refund => false,
        }
    }
}

/// Does it. Refused, nothing was done.
pub(super) fn execute(
    world: &World,
    db: &Connection,
    request: &Request,
    refund_goes: RefundGoes,
) -> Result<Done, Refusal> {
    let form = &request.form;
    match &request.operation {
        Operation::Create => create(world, db, request),
        Operation::Confirm(id) => change(world, db, request, id, &CONFIRM, |intent| {
            confirm(world, db, intent, form.text("payment_method"))
        }),
        Operation::Capture(id) => change(world, db, request, id, &CAPTURE, |intent| {
            intent.capture(form.amount("amount_to_capture")?)
        }),
        Operation::Cancel(id) => change(world, db, request, id, &CANCEL, |intent| {
            let reason = form.text("cancellation_reason").map(str::to_owned);
            intent.cancel(reason, world.now().as_second())
        }),
        Operation::Refund => refund(world, db, request, refund_goes),
    }
}

/// Changes an intent, by a request that may say no more than `parameters`.
fn change(
    world: &World,
    db: &Connection,
    request: &Request,
    id: &str,
    parameters: &[&str],
    change: impl FnOnce(&mut Intent) -> Result<(), Refusal>,
) -> Result<Done, Refusal> {
    request.form.only(parameters)?;
    let mut intent = intents::need(db, "intent", id)?;
    change(&mut intent)?;
    changed(world, db, request, &intent)
}

fn create(world: &World, db: &Connection, request: &Request) -> Result<Done, Refusal> {
    let form = &request.form;
    form.only(&CREATE)?;
    let confirmed = form.truth("confirm")?;
    let mut intent = asked_for(world, db, form)?;
    if confirmed {
        confirm(world, db, &mut intent, None)?;
    }
    intents::insert(db, &intent)?;
    calls::name(db, &request.key, &intent.id)?;
    changed(world, db, request, &intent)
}

/// The intent that a request asks for, not confirmed yet.
fn asked_for(world: &World, db: &Connection, form: &Form) -> Result<Intent, Refusal> {
    let method = form.text("payment_method").map(known_method).transpose()?;
    Ok(Intent {
        id: world.next_id(db, "pi_")?,
        amount: amount(form)?,
        currency: currency(form)?,
        capture_method: capture_method(form)?,
        status: if method.is_some() { Status::RequiresConfirmation } else { Status::RequiresPaymentMethod },
        captured: 0,
        refunded: 0,
        method: method.map(str::to_owned),
        charge: None,
        last_payment_error: None,
        description: form.text("description").map(str::to_owned),
        metadata: form.metadata()?,
        created: world.now().as_second(),
        canceled: None,
        cancellation_reason: None,
    })
}

/// Confirms with `method`, or with the one that the intent has.
fn confirm(world: &World, db: &Connection, intent: &mut Intent, method: Option<&str>) -> Result<(), Refusal> {
    let waiting = intent.method.clone().filter(|_| intent.status == Status::RequiresConfirmation);
    let Some(method) = method.map(known_method).transpose()?.map(str::to_owned).or(waiting) else {
        let words = "You cannot confirm this PaymentIntent because it's missing a payment method.";
        return Err(Refusal::state("payment_intent_unexpected_state", words, Some(intent.object())));
    };
    let behaviour = known_behaviour(&method)?;
    intent.confirm(method, behaviour, world.next_id(db, "ch_")?)
}

/// Writes what became of an intent, and says so to the world.
fn changed(world: &World, db: &Connection, request: &Request, intent: &Intent) -> Result<Done, Refusal> {
    intents::update(db, intent)?;
    events::of_intent(world, db, intent, &request.key)?;
    if let Some(error) = intent.last_payment_error.as_ref().filter(|_| request.takes_money()) {
        let refusal = Refusal::declined(error, intent.object());
        return Ok(Done { status: refusal.status, body: refusal.body() });
    }
    let expanded = request.form.expands("latest_charge");
    Ok(Done { status: 200, body: if expanded { intent.expanded() } else { intent.object() } })
}

fn refund(world: &World, db: &Connection, request: &Request, goes: RefundGoes) -> Result<Done, Refusal> {
    let form = &request.form;
    form.only(&REFUND)?;
    let mut intent = intents::need(db, "payment_intent", form.need("payment_intent")?)?;
    let amount = intent.refundable(form.amount("amount")?)?;
    let id = world.next_id(db, "re_")?;
    let refund = Refund { failed: goes == RefundGoes::Wrong, ..refund_of(&intent, id, amount, form, world)? };
    if !refund.failed {
        intent.refunded += amount;
    }
    intents::update(db, &intent)?;
    intents::insert_refund(db, &refund)?;
    events::of_refund(world, db, &intent, &refund, &request.key)?;
    Ok(Done { status: 200, body: refund.object() })
}

fn refund_of(
    intent: &Intent,
    id: String,
    amount: i64,
    form: &Form,
    world: &World,
) -> Result<Refund, Refusal> {
    Ok(Refund {
        id,
        amount,
        charge: intent.charge.clone(),
        created: world.now().as_second(),
        currency: intent.currency.clone(),
        metadata: form.metadata()?,
        payment_intent: intent.id.clone(),
        reason: form.text("reason").map(str::to_owned),
        failed: false,
    })
}

fn amount(form: &Form) -> Result<i64, Refusal> {
    let amount = form.amount("amount")?.ok_or_else(|| Refusal::missing("amount"))?;
    if amount > AMOUNT_MAX {
        let words = format!("Amount must be no more than {AMOUNT_MAX}.");
        return Err(Refusal::invalid("amount", Some("amount_too_large"), words));
    }
    Ok(amount)
}

/// Stripe takes a code in either case and shows it in small letters.
fn currency(form: &Form) -> Result<String, Refusal> {
    let currency = form.need("currency")?.to_ascii_lowercase();
    if currency.len() != 3 || !currency.bytes().all(|it| it.is_ascii_lowercase()) {
        return Err(Refusal::invalid("currency", None, format!("Invalid currency: {currency}.")));
    }
    Ok(currency)
}

fn capture_method(form: &Form) -> Result<CaptureMethod, Refusal> {
    match form.text("capture_method") {
        None | Some("automatic" | "automatic_async") => Ok(CaptureMethod::Automatic),
        Some("manual") => Ok(CaptureMethod::Manual),
        Some(other) => {
            Err(Refusal::invalid("capture_method", None, format!("Invalid capture_method: {other}")))
        }
    }
}

fn known_method(method: &str) -> Result<&str, Refusal> {
    known_behaviour(method).map(|_| method)
}

fn known_behaviour(method: &str) -> Result<Behaviour, Refusal> {
    let words = || format!("No such PaymentMethod: '{method}'");
    Behaviour::of(method).ok_or_else(|| Refusal::invalid("payment_method", Some("resource_missing"), words()))
}
