//! One tenant's connection to the platform. A request is sent once: a benchmark that tries again hides what it measures.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{ETAG, HeaderMap, IF_MATCH};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;

const TIMEOUT: Duration = Duration::from_secs(60);

/// A tenant of its own, so that what it lists is what was created here.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    tenant: String,
    token: String,
}

/// An answer, whatever it says.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<String>,
    pub(crate) body: Value,
}

/// How many AWS calls the platform has made, where it tells.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Calls {
    pub(crate) total: u64,
    #[serde(default)]
    pub(crate) by_operation: BTreeMap<String, u64>,
}

impl Client {
    /// A client of a tenant that has nothing yet.
    pub(crate) async fn of_new_tenant(url: &str) -> Result<Self, Error> {
        let name = Uuid::new_v4().simple().to_string();
        Self::of_tenant(url, &format!("bench-{}", &name[..12])).await
    }

    async fn of_tenant(url: &str, tenant: &str) -> Result<Self, Error> {
        let http = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()?;
        let mut client = Self { http, url: url.to_owned(), tenant: tenant.to_owned(), token: String::new() };
        client.renew_token().await?;
        Ok(client)
    }

    /// Whose orders these are.
    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Gets a token; needed again after an hour.
    pub(crate) async fn renew_token(&mut self) -> Result<(), Error> {
        let body = json!({"tenant": self.tenant, "subject": "bench", "roles": ["pricing", "operator"]});
        let answer = self.answer(self.http.post(format!("{}/dev/token", self.url)).json(&body)).await?;
        let token = answer.expect("POST /dev/token", StatusCode::is_success)?.body["token"].clone();
        self.token = serde_json::from_value(token)?;
        Ok(())
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Answer, Error> {
        self.answer(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer, Error> {
        self.answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, key: Uuid, body: &Value) -> Result<Answer, Error> {
        let request = self.request(Method::POST, path).header("idempotency-key", key.to_string());
        self.answer(request.json(body)).await
    }

    /// A command that is to be done only if the order is still at `etag`.
    pub(crate) async fn post_if_match(
        &self,
        path: &str,
        key: Uuid,
        etag: &str,
        body: &Value,
    ) -> Result<Answer, Error> {
        let request = self.request(Method::POST, path).header("idempotency-key", key.to_string());
        self.answer(request.header(IF_MATCH, etag).json(body)).await
    }

    /// The platform's count of AWS calls, where it tells.
    pub(crate) async fn calls(&self) -> Result<Option<Calls>, Error> {
        let answer = self.get("/dev/calls").await?;
        if answer.status.is_success() { Ok(Some(serde_json::from_value(answer.body)?)) } else { Ok(None) }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Answer, Error> {
        let reply = request.send().await?;
        let (status, etag) = (reply.status(), etag(reply.headers()));
        let body = reply.bytes().await?;
        // What is no JSON is shown as it is: an answer of a proxy, or an empty one.
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into());
        Ok(Answer { status, etag, body })
    }
}

impl Answer {
    /// This answer if its status is `wanted`, or an error that shows it.
    pub(crate) fn expect(self, request: &str, wanted: impl Fn(&StatusCode) -> bool) -> Result<Self, Error> {
        if wanted(&self.status) {
            return Ok(self);
        }
        let (status, body) = (self.status.as_u16(), self.body.to_string());
        Err(Error::Refused { request: request.to_owned(), status, body })
    }
}

fn etag(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(ETAG)?.to_str().ok()?.to_owned())
}
