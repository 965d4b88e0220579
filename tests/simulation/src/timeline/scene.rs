//! What is under way about the watched order: an invocation, a call that it makes, a client's request. What strikes or is logged there is about
//! the order too.

use http::Method;
use penstock_domain::{OrderId, TenantId};
use penstock_local::aws::service::{ServiceReply, ServiceRequest};
use serde_json::Value;
use uuid::Uuid;

use super::effects::{self, Effect};
use super::letters::{self, Errand};
use super::records;
use super::watch::{Place, Watch};
use super::words::{ordinal, words};
use super::{Entry, Lane};

/// A kind of fault that the invocation itself tells of.
const NEW_ENVIRONMENT: &str = "an environment is new";

tokio::task_local! {
    /// What is under way, if it is about the order.
    static SCENE: Option<Scene>;
}

/// Something under way.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    watch: Watch,
    who: String,
    what: String,
    /// Whether all that it does is about the order.
    is_alone: bool,
    /// Where it is written down, once it is.
    place: Option<Place>,
    /// The ids of the messages that it has of the order.
    messages: Vec<String>,
    /// What it does if it takes effect.
    effects: Vec<Effect>,
}

/// Does something within a scene; outside any when there is none.
pub(crate) async fn within<F: Future>(scene: Option<Scene>, acting: F) -> F::Output {
    SCENE.scope(scene, acting).await
}

/// The scene under way.
pub(super) fn current() -> Option<Scene> {
    SCENE.try_with(Clone::clone).ok().flatten()
}

impl Scene {
    /// An invocation with this payload, if the order is in it.
    pub(crate) fn of_invocation(watch: &Watch, function: &str, payload: &[u8]) -> Option<Self> {
        let errand = letters::errand(payload, watch)?;
        let messages = errand.messages.into_iter().map(|it| it.id).collect();
        Some(Self { messages, ..Self::new(watch, function, errand.what, errand.is_alone) })
    }

    /// A client's request, if it is about the order.
    pub(crate) fn of_client(
        watch: &Watch,
        of: (&str, &str),
        method: &Method,
        path: &str,
        key: Option<Uuid>,
    ) -> Option<Self> {
        let (tenant, name) = of;
        if let (true, Some(key)) = (letters::is_creation(method, path), key) {
            let tenant: TenantId = tenant.parse().ok()?;
            if watch.order() == Some(OrderId::derive(&tenant, key.into())) {
                watch.also(key.to_string());
                return Some(Self::new(watch, name, letters::request(method.as_str(), path), true));
            }
        }
        watch
            .is_about(path.as_bytes())
            .then(|| Self::new(watch, name, letters::request(method.as_str(), path), true))
    }

    /// A call to a company, or one of its news on the way to us, if it is about the order.
    pub(crate) fn of_wire(watch: &Watch, method: &Method, path: &str, body: &[u8]) -> Option<Self> {
        let is_about = watch.is_about(path.as_bytes()) || watch.is_about(body);
        is_about.then(|| Self::new(watch, records::company(path), format!("{method} {path}"), true))
    }

    /// A webhook that came to a tenant's own server, if it is about the order.
    pub(crate) fn of_webhook(watch: &Watch, tenant: &str, event: &str, body: &[u8]) -> Option<Self> {
        let told = || {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let kind = body["type"].as_str().unwrap_or("something").to_owned();
            format!(
                "gets {}/{}",
                kind.rsplit('.').next().unwrap_or_default(),
                event.rsplit('/').next().unwrap_or_default()
            )
        };
        watch.is_about(body).then(|| Self::new(watch, &format!("{tenant}'s server"), told(), true))
    }

    fn new(watch: &Watch, who: &str, what: String, is_alone: bool) -> Self {
        Self {
            watch: watch.clone(),
            who: who.to_owned(),
            what,
            is_alone,
            place: None,
            messages: vec![],
            effects: vec![],
        }
    }

    /// What is logged in it is about the order, unless it does something for others too and names that.
    pub(super) fn hears(&self, text: &str, subject: Option<&str>) -> bool {
        match (subject.filter(|it| !it.is_empty()), self.watch.order()) {
            (Some(subject), Some(order)) if subject.parse() == Ok(order) => true,
            _ => self.is_alone || self.watch.is_about(text.as_bytes()),
        }
    }

    /// Writes down what happened in it.
    pub(super) fn note(&self, entry: Entry) {
        self.watch.note(entry);
    }

    /// What it learned on the way.
    pub(super) fn tell(&self, detail: &str) {
        if let Some(place) = &self.place {
            place.tell(detail);
        }
    }
}

/// A fault strikes what is under way.
pub(crate) fn struck(kind: &str) {
    if let Some(scene) = current().filter(|_| kind != NEW_ENVIRONMENT) {
        scene.note(Entry::now(Lane::Faults, &*scene.who, format!("{kind} ({})", scene.what)).bad());
    }
}

/// What the order has at the company under way is known by the id in its answer.
pub(crate) fn is_known_by_its_answer(answer: &[u8]) {
    let Some(scene) = current() else { return };
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    if let Some(id) = answer["id"].as_str() {
        scene.watch.also(id.to_owned());
    }
}

/// An invocation that has begun: whatever it ends with, that it is over is written down.
pub(crate) struct Invoked(Option<Scene>);

/// The invocation under way begins, in an environment that is new or not.
pub(crate) fn begins(watch: &Watch, payload: &[u8], request: &str, cold: bool) -> Invoked {
    Invoked(current().map(|scene| {
        let errand = letters::errand(payload, watch);
        let messages = errand.iter().flat_map(|it| &it.messages);
        for it in messages {
            let what = format!("hands out {} for the {} time", it.letters, ordinal(&it.receives));
            scene.note(
                Entry::now(Lane::Queues, &*it.queue, what)
                    .with(format!("message {} to {}", it.id, scene.who)),
            );
        }
        if let Some(Errand { webhook: Some((company, told)), .. }) = &errand {
            scene.note(
                Entry::now(Lane::World, *company, format!("tells: {told}")).with(format!("to {}", scene.who)),
            );
        }
        let mut entry =
            Entry::now(Lane::Functions, &*scene.who, &*scene.what).with(format!("invocation {request}"));
        entry.details.extend(cold.then(|| "in a new environment".to_owned()));
        entry.details.extend((!scene.is_alone).then(|| "with others in its batch".to_owned()));
        Scene { place: scene.watch.note(entry), ..scene }
    }))
}

impl Invoked {
    /// Where its calls are made.
    pub(crate) fn scene(&self) -> Option<Scene> {
        self.0.clone()
    }

    /// It ended without an answer.
    pub(crate) fn breaks(&self, words: &str) {
        self.ends(words, true);
    }

    /// It ended with an answer, or failed.
    pub(crate) fn answers<E: std::fmt::Debug>(&self, answer: &Result<Vec<u8>, E>) {
        let Some(scene) = &self.0 else { return };
        match answer {
            Err(error) => self.ends(&format!("fails: {error:?}"), true),
            Ok(answer) => {
                let (words, is_bad) = answered(answer, &scene.messages);
                self.ends(&words, is_bad);
            }
        }
    }

    fn ends(&self, words: &str, is_bad: bool) {
        if let Some(Scene { place: Some(place), .. }) = &self.0 {
            place.ends(words, is_bad);
        }
    }
}

impl Drop for Invoked {
    fn drop(&mut self) {
        if let Some(Scene { place: Some(place), .. }) = &self.0
            && !place.is_over()
        {
            place.ends("is stopped at its time limit", true);
        }
    }
}

/// What an answer says of the order: a status, or whether its messages are done.
fn answered(answer: &[u8], messages: &[String]) -> (String, bool) {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    if let Some(status) = answer["statusCode"].as_u64() {
        return (format!("answers {status}"), status >= 500);
    }
    let failed = answer["batchItemFailures"].as_array().map_or(&[][..], Vec::as_slice);
    let again =
        failed.iter().any(|it| messages.is_empty() || messages.iter().any(|id| it["itemIdentifier"] == **id));
    if again { ("wants it again".to_owned(), true) } else { ("is done".to_owned(), false) }
}

/// A call to AWS of the invocation under way, if it is about the order.
pub(crate) fn call(service: &str, request: &ServiceRequest) -> Option<Scene> {
    let scene = current()?;
    let subject = records::subject();
    let text = String::from_utf8_lossy(&request.body);
    let named = || scene.watch.is_about(request.path.as_bytes());
    if !(scene.hears(&text, subject.as_deref()) || named()) {
        return None;
    }
    let effects = effects::effects(&request.operation, &request.body, &scene.watch);
    Some(Scene { what: format!("{service}.{}", request.operation), effects, ..scene })
}

/// The call under way took effect, or was refused.
pub(crate) fn took_effect(reply: &ServiceReply) {
    let Some(scene) =
        current().filter(|it| !it.effects.is_empty() && reply.error.is_none() && reply.lost.is_none())
    else {
        return;
    };
    let not_taken = effects::not_taken(&reply.body);
    for effect in &scene.effects {
        match effect {
            Effect::Commit(number) => scene.watch.wrote(*number, &scene.who),
            Effect::Message { entry, .. } if not_taken.contains(entry) => {}
            Effect::Message { queue, what, is_dead, .. } => {
                let entry = Entry::now(Lane::Queues, &**queue, format!("gets {what}"))
                    .with(format!("from {}", scene.who));
                scene.note(if *is_dead { entry.bad() } else { entry });
            }
        }
    }
}

/// The call was answered so, as its caller sees it.
pub(crate) fn call_answered(scene: Option<&Scene>, outcome: &str) {
    if let Some(scene) = scene {
        scene.tell(&format!("{}: {outcome}", scene.what));
    }
}

/// The client under way asks; what it asks with.
pub(crate) fn asks(key: Option<Uuid>, body: Option<&Value>) -> Option<Place> {
    let scene = current()?;
    let mut entry = Entry::now(Lane::Clients, &*scene.who, &*scene.what);
    entry.details.extend(key.map(|it| format!("key {it}")));
    entry.details.extend(body.map(words).filter(|it| !it.is_empty()));
    scene.watch.note(entry)
}

/// It is told that.
pub(crate) fn is_told(place: Option<&Place>, status: u16, body: &Value) {
    let Some(place) = place else { return };
    let word = body["code"].as_str().or(body["status"].as_str()).unwrap_or_default();
    match status {
        0 => place.ends("is told nothing", true),
        status => place.ends(format!("{status} {word}").trim(), status >= 500),
    }
}

/// The tenant's server under way has a webhook, and answers.
pub(crate) fn receives(status: u16) {
    if let Some(scene) = current() {
        let mut entry = Entry::now(Lane::World, &*scene.who, &*scene.what);
        (entry.outcome, entry.is_bad) = (format!("answers {status}"), status >= 300);
        scene.note(entry);
    }
}
