//! Requests that are tried again until they are answered, with the same key each time.
//!
//! Connections lost, 429 and 5xx are tried again with a growing pause; every other answer is the caller's to judge.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::wire::{Limits, Problem, TokenReply, TokenRequest};

/// How often a request is tried. With the pauses below the last try starts about a minute after the first.
const ATTEMPTS_MAX: u32 = 12;
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(40);
/// A token is renewed this long before it expires.
const TOKEN_MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// The largest an order may be made by a tenant's settings; real invoices need more than the defaults.
const LIMITS: Limits = Limits { max_units_per_line: 5_000, max_lines_per_order: 1_000 };

/// It sets the prices of its orders, and looks after the tenant's dead letters.
const ROLES: [&str; 2] = ["pricing", "operator"];

/// Why a request got no answer that the replay can go on with.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// No answer at all: at the first attempt ever, or at every attempt when there had been answers before.
    #[error("{request} was not answered; is the platform running there?")]
    Unanswered {
        /// Method and address.
        request: String,
        /// What the last attempt met.
        #[source]
        cause: reqwest::Error,
    },
    /// An answer that refuses what the replay cannot do without.
    #[error("{request} was refused: {refusal}")]
    Refused {
        /// Method and address.
        request: String,
        /// Status, code and detail.
        refusal: String,
    },
    /// An answer whose body is not what the contract says.
    #[error("{request} was answered with something else than the contract says")]
    Unexpected {
        /// Method and address.
        request: String,
        /// What was wrong with it.
        #[source]
        cause: serde_json::Error,
    },
}

/// A connection to the platform as one tenant.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    tenant: String,
    token: Mutex<Option<TokenReply>>,
    /// Whether it has ever answered: one that has is waited for when it goes away, any other is not there.
    answered: AtomicBool,
}

/// What to ask for.
pub(crate) struct Ask {
    method: Method,
    path: String,
    key: Option<Uuid>,
    body: Option<Vec<u8>>,
}

impl Ask {
    pub(crate) fn get(path: String) -> Self {
        Self { method: Method::GET, path, key: None, body: None }
    }

    pub(crate) fn put(path: String, body: &impl Serialize) -> Self {
        Self { method: Method::PUT, path, key: None, body: Some(json(body)) }
    }

    /// With its idempotency key, so that trying again is safe.
    pub(crate) fn post(path: String, key: Uuid, body: &impl Serialize) -> Self {
        Self { method: Method::POST, path, key: Some(key), body: Some(json(body)) }
    }
}

/// An answer that is neither a failure of the platform nor a request to slow down.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    body: Vec<u8>,
    request: String,
}

impl Answer {
    /// The body, which must be what the contract says.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, RequestError> {
        serde_json::from_slice(&self.body)
            .map_err(|cause| RequestError::Unexpected { request: self.request.clone(), cause })
    }

    /// The body of a success; anything else is an error.
    pub(crate) fn success<T: DeserializeOwned>(&self) -> Result<T, RequestError> {
        if self.status.is_success() { self.parse() } else { Err(self.refused()) }
    }

    /// What a refusal says.
    pub(crate) fn refusal(&self) -> String {
        let problem = serde_json::from_slice::<Problem>(&self.body).ok();
        let code = problem.as_ref().and_then(|problem| problem.code.as_deref()).unwrap_or_default();
        let words = problem.as_ref().and_then(|problem| problem.detail.as_ref().or(problem.message.as_ref()));
        let words = [self.status.as_str(), code, words.map(String::as_str).unwrap_or_default()];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn refused(&self) -> RequestError {
        RequestError::Refused { request: self.request.clone(), refusal: self.refusal() }
    }
}

impl Client {
    pub(crate) fn new(url: &str, tenant: &str) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        let http = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build();
        let http = http.expect("a client without TLS and proxies needs nothing of its surroundings");
        Self {
            http,
            url,
            tenant: tenant.to_owned(),
            token: Mutex::new(None),
            answered: AtomicBool::new(false),
        }
    }

    /// Lets the tenant's orders be as large as the file's.
    pub(crate) async fn raise_limits(&self) -> Result<(), RequestError> {
        let ask = Ask::put(format!("/dev/tenants/{}", self.tenant), &LIMITS);
        let answer = self.until_answered(&ask, None).await?;
        if answer.status.is_success() { Ok(()) } else { Err(answer.refused()) }
    }

    /// Asks as the tenant, and once more with a new token when the old one is no longer taken.
    pub(crate) async fn send(&self, ask: &Ask) -> Result<Answer, RequestError> {
        let token = self.token().await?;
        let answer = self.until_answered(ask, Some(&token)).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        self.token.lock().await.take_if(|held| held.token == token);
        let token = self.token().await?;
        self.until_answered(ask, Some(&token)).await
    }

    async fn token(&self) -> Result<String, RequestError> {
        let mut held = self.token.lock().await;
        let fresh = |reply: &&TokenReply| Timestamp::now() + TOKEN_MARGIN < reply.expires_at;
        if let Some(reply) = held.as_ref().filter(fresh) {
            return Ok(reply.token.clone());
        }
        let body = TokenRequest { tenant: &self.tenant, subject: "replay", roles: &ROLES };
        let ask =
            Ask { method: Method::POST, path: "/dev/token".to_owned(), key: None, body: Some(json(&body)) };
        let reply: TokenReply = self.until_answered(&ask, None).await?.success()?;
        let token = reply.token.clone();
        *held = Some(reply);
        Ok(token)
    }

    async fn until_answered(&self, ask: &Ask, token: Option<&str>) -> Result<Answer, RequestError> {
        let mut attempt = 1;
        loop {
            let last = attempt == ATTEMPTS_MAX;
            let asked = match self.once(ask, token).await {
                Ok((answer, _)) if last || !worth_another_try(answer.status) => return Ok(answer),
                Ok((_, asked)) => asked,
                Err(cause) if last || !self.answered.load(Ordering::Relaxed) => {
                    return Err(RequestError::Unanswered { request: self.name(ask), cause });
                }
                Err(_) => None,
            };
            tokio::time::sleep(asked.unwrap_or_else(|| pause_after(attempt))).await;
            attempt += 1;
        }
    }

    /// One attempt: the answer, and the pause it asks for.
    async fn once(&self, ask: &Ask, token: Option<&str>) -> reqwest::Result<(Answer, Option<Duration>)> {
        let mut request = self.http.request(ask.method.clone(), format!("{}{}", self.url, ask.path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = ask.key {
            request = request.header("idempotency-key", key.to_string());
        }
        if let Some(body) = &ask.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        let reply = request.send().await?;
        self.answered.store(true, Ordering::Relaxed);
        let (status, pause) = (reply.status(), pause_asked(reply.headers()));
        let body = reply.bytes().await?.to_vec();
        Ok((Answer { status, body, request: self.name(ask) }, pause))
    }

    fn name(&self, ask: &Ask) -> String {
        format!("{} {}{}", ask.method, self.url, ask.path)
    }
}

fn worth_another_try(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

fn pause_after(attempt: u32) -> Duration {
    PAUSE_FIRST.saturating_mul(1 << (attempt - 1).min(16)).min(PAUSE_MAX)
}

/// `Retry-After` in seconds, as far as it is bearable.
fn pause_asked(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(PAUSE_MAX))
}

fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("wire types have string keys and no failing serialisers")
}
