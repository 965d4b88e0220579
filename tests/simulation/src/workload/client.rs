//! A client of a tenant: it gives commands with a key, tries again with the same key until it is told something, and at times gives up.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use penstock_local::Platform;
use penstock_local::identity::TokenRequest;
use reqwest::RequestBuilder;
use serde_json::Value;
use uuid::Uuid;

use super::promises::{Promise, Promises, Verdict};
use crate::dice::Dice;
use crate::faults::Storm;
use crate::timeline::scene::{self, Scene};

/// How often a command is sent.
const ATTEMPTS_MAX: u32 = 12;
/// How long an answer is waited for, by whom nothing hurries.
const PATIENCE: Duration = Duration::from_secs(35);
/// How long a token lives, in seconds: some outlive their client, some do not.
const TOKEN_LIFE_S: std::ops::Range<u64> = 10..3_600;
/// By whom something does.
const HURRY_MS: std::ops::Range<u64> = 5..400;

/// A client.
pub struct Client {
    /// The tenant.
    pub tenant: String,
    /// The client's own dice.
    pub dice: Dice,
    name: String,
    platform: Arc<Platform>,
    storm: Arc<Storm>,
    http: reqwest::Client,
    promises: Arc<Promises>,
    operator: bool,
    /// The token it has, until it is told that it has none.
    token: Mutex<Option<String>>,
}

/// What a client was told at last.
#[derive(Debug, Clone)]
pub struct Told {
    /// The status; 0 when nothing was told.
    pub status: u16,
    /// The body as JSON; null when it is none.
    pub body: Value,
}

impl Told {
    /// Whether it was accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        (200..300).contains(&self.status) || self.is_repeated_creation()
    }

    /// The same order again: it was created by an attempt whose answer was lost.
    fn is_repeated_creation(&self) -> bool {
        self.status == 409 && self.body["orderId"].is_string()
    }

    /// Whether the same may be asked again.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.status, 0 | 401 | 429 | 500..) || self.body["code"] == "contended"
    }

    /// An id in the body.
    #[must_use]
    pub fn id(&self, pointer: &str) -> Option<Uuid> {
        self.body.pointer(pointer)?.as_str()?.parse().ok()
    }
}

impl Client {
    /// A client by number.
    #[must_use]
    pub fn new(
        name: &str,
        tenant: &str,
        platform: &Arc<Platform>,
        storm: &Arc<Storm>,
        promises: &Arc<Promises>,
    ) -> Self {
        Self {
            tenant: tenant.to_owned(),
            dice: storm.dice(name),
            name: name.to_owned(),
            platform: Arc::clone(platform),
            storm: Arc::clone(storm),
            http: reqwest::Client::builder().no_proxy().build().expect("a client without TLS"),
            promises: Arc::clone(promises),
            operator: false,
            token: Mutex::default(),
        }
    }

    /// The same, looking after dead letters.
    #[must_use]
    pub fn operating(self) -> Self {
        Self { operator: true, ..self }
    }

    /// A key that nobody had.
    pub fn key(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.dice.of(0..u64::MAX).to_le_bytes());
        bytes[8..].copy_from_slice(&self.dice.of(0..u64::MAX).to_le_bytes());
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// What `GET path` answers, tried again while that may help.
    pub async fn get(&self, path: &str) -> Told {
        self.persist(&Method::GET, path, None, None).await
    }

    /// Gives a command with a key of its own.
    pub async fn command(&self, method: Method, path: &str, order: Option<Uuid>, body: &Value) -> Told {
        self.command_with(self.key(), method, path, order, body).await
    }

    /// Gives a command with this key.
    pub async fn command_with(
        &self,
        key: Uuid,
        method: Method,
        path: &str,
        order: Option<Uuid>,
        body: &Value,
    ) -> Told {
        let told = self.persist(&method, path, Some(key), Some(body)).await;
        let verdict = match &told {
            told if told.is_accepted() => Verdict::Accepted,
            told if told.is_passing() => Verdict::Unknown,
            told => Verdict::Refused {
                status: told.status,
                code: told.body["code"].as_str().unwrap_or_default().to_owned(),
            },
        };
        self.promises.note(Promise {
            tenant: self.tenant.clone(),
            key,
            path: path.to_owned(),
            order: order.or_else(|| told.id("/orderId")),
            body: body.clone(),
            verdict,
        });
        told
    }

    async fn persist(&self, method: &Method, path: &str, key: Option<Uuid>, body: Option<&Value>) -> Told {
        let watch = &self.storm.journal.watch;
        let scene = Scene::of_client(watch, (&self.tenant, &self.name), method, path, key);
        scene::within(scene, self.try_again(method, path, key, body)).await
    }

    async fn try_again(&self, method: &Method, path: &str, key: Option<Uuid>, body: Option<&Value>) -> Told {
        for attempt in 1..=ATTEMPTS_MAX {
            let told = self.ask(method, path, key, body).await;
            if !told.is_passing() {
                return told;
            }
            if self.storm.strikes(&self.dice, "a client gives up", self.storm.weather.impatient / 4.0) {
                return told;
            }
            tokio::time::sleep(self.dice.span(50..500) * attempt).await;
        }
        Told { status: 0, body: Value::Null }
    }

    async fn ask(&self, method: &Method, path: &str, key: Option<Uuid>, body: Option<&Value>) -> Told {
        let hurried = self.storm.strikes(&self.dice, "a client does not wait", self.storm.weather.impatient);
        let patience = if hurried { self.dice.span(HURRY_MS) } else { PATIENCE };
        let asking = scene::asks(key, body);
        let answered = tokio::time::timeout(patience, answer(self.request(method, path, key, body))).await;
        let told = answered.unwrap_or(Told { status: 0, body: Value::Null });
        if told.status == 401 {
            self.forget_token();
        }
        if !self.operator {
            self.promises.replied(&self.tenant, told.body.to_string());
        }
        scene::is_told(asking.as_ref(), told.status, &told.body);
        let code = told.body["code"].as_str().unwrap_or_default();
        self.storm.journal.say(&self.name, format!("{method} {path} {} {code}", told.status));
        told
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        key: Option<Uuid>,
        body: Option<&Value>,
    ) -> RequestBuilder {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.platform.url()))
            .bearer_auth(self.token());
        if let Some(key) = key {
            request = request.header("idempotency-key", key.to_string());
        }
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    /// The token it has, or a new one.
    fn token(&self) -> String {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let roles = if self.operator { vec!["platform-operator".to_owned()] } else { vec![] };
            let (tenant, subject) = (self.tenant.clone(), self.name.clone());
            let expires_in = u32::try_from(self.dice.of(TOKEN_LIFE_S)).ok();
            let request = TokenRequest { tenant, subject, roles, expires_in };
            self.platform.issue(&request).expect("the tenant is well-formed").token
        };
        token.get_or_insert_with(new).clone()
    }

    /// What a client does when it is not let in.
    fn forget_token(&self) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn answer(request: RequestBuilder) -> Told {
    let Ok(response) = request.send().await else { return Told { status: 0, body: Value::Null } };
    let status = response.status().as_u16();
    // An answer that ends early is none.
    match response.bytes().await {
        Ok(bytes) => Told { status, body: serde_json::from_slice(&bytes).unwrap_or_default() },
        Err(_) => Told { status: 0, body: Value::Null },
    }
}
