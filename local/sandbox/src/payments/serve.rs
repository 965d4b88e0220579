//! Calls that change something: who may, what stands in the way, what was done, and how late that is said.
//!
//! What is done is committed before anything is waited for: a caller that goes away undoes nothing.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use rusqlite::Connection;
use serde_json::Value;

use super::behaviour::{Behaviour, RefundGoes};
use super::calls::{self, Call};
use super::error::{Refusal, answer};
use super::execute::{Operation, Request, execute};
use super::form::Form;
use crate::idempotency::{self, Claim, KEY_MAX, Keyed, Known};
use crate::outbox::{self, Sender};
use crate::server::hang_up;
use crate::switches::Service;
use crate::world::World;

type Shared = State<Arc<World>>;

const KEY: &str = "idempotency-key";
const REPLAYED: &str = "idempotent-replayed";

pub(super) async fn create(world: Shared, headers: HeaderMap, body: Bytes) -> Response {
    take(world, Operation::Create, &headers, &body).await
}

pub(super) async fn confirm(world: Shared, id: Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    take(world, Operation::Confirm(id.0), &headers, &body).await
}

pub(super) async fn capture(world: Shared, id: Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    take(world, Operation::Capture(id.0), &headers, &body).await
}

pub(super) async fn cancel(world: Shared, id: Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    take(world, Operation::Cancel(id.0), &headers, &body).await
}

pub(super) async fn refund(world: Shared, headers: HeaderMap, body: Bytes) -> Response {
    take(world, Operation::Refund, &headers, &body).await
}

/// Refuses while the provider is down, and whom it does not know.
pub(super) fn admit(world: &World, headers: &HeaderMap) -> Result<(), Refusal> {
    if world.is_down(Service::Payments)? {
        return Err(Refusal::down());
    }
    let authorization = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    if !world.knows(Sender::Payments, authorization) {
        return Err(Refusal::unauthorized());
    }
    Ok(())
}

async fn take(State(world): Shared, operation: Operation, headers: &HeaderMap, body: &Bytes) -> Response {
    let taken = admit(&world, headers).and_then(|()| Taken::new(&world, operation, headers, body));
    match taken {
        Ok(taken) => taken.answer(&world).await,
        Err(refusal) => refusal.response(),
    }
}

/// A call that was let in.
struct Taken {
    request: Request,
    call: Call,
    behaviour: Behaviour,
    /// The intent, if it is known before it is executed.
    intent: Option<String>,
}

/// What a call is answered with.
struct Answer {
    status: u16,
    body: Value,
    replayed: bool,
}

impl Taken {
    fn new(world: &World, operation: Operation, headers: &HeaderMap, body: &Bytes) -> Result<Self, Refusal> {
        let request = Request { operation, form: Form::parse(body), key: key_of(headers)? };
        world.store.write(|db| {
            let intent = request.intent(db)?;
            let behaviour = request.behaviour(db, intent.as_deref())?;
            let name = request.operation.name();
            let call = calls::began(db, name, intent.as_deref(), &request.key, world.now_ms())?;
            Ok(Self { request, call, behaviour, intent })
        })
    }

    async fn answer(self, world: &World) -> Response {
        let claim = self.claim(world);
        let done =
            claim.as_ref().map_or_else(|| Err(Refusal::in_progress(&self.request.key)), |_| self.run(world));
        let (status, replayed) = match &done {
            Ok(answer) => (answer.status, answer.replayed),
            Err(refusal) => (refusal.status, false),
        };
        world.outbox(Sender::Payments).wake();
        let written = world.store.write(|db| calls::answered(db, self.call, status, replayed));
        match written.map_err(Refusal::from).and(done) {
            Ok(answer) => self.say(world, answer).await,
            Err(refusal) => self.with_key(refusal.response()),
        }
    }

    /// The key, claimed until this call is over; a call without one needs none.
    fn claim(&self, world: &World) -> Option<Option<Claim>> {
        if self.request.key.is_empty() {
            return Some(None);
        }
        let keyed = Keyed { service: Sender::Payments.name(), key: &self.request.key, request: "" };
        world.in_progress.claim(&keyed).map(Some)
    }

    fn run(&self, world: &World) -> Result<Answer, Refusal> {
        let goes = self.behaviour.refund_goes(self.call.nth_of_its_kind);
        let is_refund = self.request.operation == Operation::Refund;
        if self.behaviour.is_rate_limited(self.call.nth) {
            return Err(Refusal::rate_limited());
        }
        if self.behaviour.fails_before(self.call.nth) || (is_refund && goes == RefundGoes::Nowhere) {
            return Err(Refusal::failed());
        }
        world.store.write(|db| match self.request.key.as_str() {
            "" => fresh(execute(world, db, &self.request, goes)),
            key => self.run_once(world, db, key, goes),
        })
    }

    /// Gives the key's answer; makes it, if there is none.
    fn run_once(
        &self,
        world: &World,
        db: &Connection,
        key: &str,
        goes: RefundGoes,
    ) -> Result<Answer, Refusal> {
        let request = self.request.fingerprint();
        let keyed = Keyed { service: Sender::Payments.name(), key, request: &request };
        match idempotency::look_up(db, &keyed, world.now_ms())? {
            Known::Answer(status, body) => return Ok(Answer { status, body, replayed: true }),
            Known::Other => return Err(Refusal::other_parameters(key)),
            Known::Nothing => {}
        }
        let answer = fresh(execute(world, db, &self.request, goes))?;
        idempotency::keep(db, &keyed, (answer.status, &answer.body), world.now_ms())?;
        Ok(answer)
    }

    /// Answers when, and if, the behaviour has it.
    async fn say(&self, world: &World, said: Answer) -> Response {
        let is_first = !said.replayed && said.status == 200;
        if is_first && !self.comes_to_answer(world, &said).await {
            return hang_up();
        }
        if self.behaviour.fails_after(self.call.nth) {
            return self.with_key(Refusal::failed().response());
        }
        let mut response = self.with_key(answer(said.status, &said.body));
        if said.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }

    /// Waits as long as the behaviour has it; false when it is never answered.
    async fn comes_to_answer(&self, world: &World, said: &Answer) -> bool {
        match self.behaviour {
            Behaviour::Slow => tokio::time::sleep(world.timing.slow).await,
            Behaviour::Timeout if self.request.takes_money() => {
                tokio::time::sleep(world.timing.cut).await;
                return false;
            }
            Behaviour::WebhookFirst => {
                let intent = self.intent.as_deref().or(said.body["id"].as_str());
                outbox::tried(world, Sender::Payments, intent.unwrap_or_default()).await;
            }
            _ => {}
        }
        true
    }

    fn with_key(&self, mut response: Response) -> Response {
        if let Ok(key) = HeaderValue::from_str(&self.request.key)
            && !key.is_empty()
        {
            response.headers_mut().insert(KEY, key);
        }
        response
    }
}

/// A refusal that had begun to execute is an answer, to be kept like any other.
fn fresh(done: Result<super::execute::Done, Refusal>) -> Result<Answer, Refusal> {
    match done {
        Ok(done) => Ok(Answer { status: done.status, body: done.body, replayed: false }),
        Err(refusal) if refusal.kept => {
            Ok(Answer { status: refusal.status, body: refusal.body(), replayed: false })
        }
        Err(refusal) => Err(refusal),
    }
}

fn key_of(headers: &HeaderMap) -> Result<String, Refusal> {
    let key = headers.get(KEY).map(|it| it.to_str()).transpose();
    match key {
        Ok(key) if key.is_none_or(|it| it.len() <= KEY_MAX) => Ok(key.unwrap_or_default().to_owned()),
        _ => {
            let words = format!("Idempotency keys have up to {KEY_MAX} visible characters.");
            Err(Refusal::invalid("Idempotency-Key", None, words))
        }
    }
}
