//! Another company's API: an address and a key for it. A key that is refused is looked up anew, once: it may have been rotated.

use std::time::Instant;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde::de::DeserializeOwned;

use crate::endpoint::Endpoint;
use crate::http::{Http, HttpError};
use crate::secrets::{Secret, SecretError, SecretSource};

/// A secret that holds an API's key.
pub(crate) trait ApiKey {
    /// The key.
    fn api_key(&self) -> &str;
}

/// One call.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// With the query.
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("no key for the API")]
    Secret(#[from] SecretError),
    #[error("no request can be made of this")]
    Malformed(#[from] http::Error),
}

/// An API.
pub(crate) struct Api<T, S> {
    http: Http,
    endpoint: Endpoint,
    secret: Secret<T, S>,
}

impl<T, S> Api<T, S>
where
    T: ApiKey + DeserializeOwned + PartialEq + Send + Sync,
    S: SecretSource,
{
    pub(crate) fn new(http: Http, endpoint: Endpoint, secret: Secret<T, S>) -> Self {
        Self { http, endpoint, secret }
    }

    /// Makes a call, and once more with another key if it was refused for the key. Answers whatever the status.
    pub(crate) async fn send(&self, call: &Call) -> Result<Response<Bytes>, ApiError> {
        let secret = self.secret.current().await?;
        let answer = self.ask(call, secret.api_key()).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        match self.secret.renewed(&secret).await? {
            Some(renewed) => self.ask(call, renewed.api_key()).await,
            None => Ok(answer),
        }
    }

    /// Makes a call once. What was asked and answered is said for who looks closely: no bodies, no keys.
    async fn ask(&self, call: &Call, key: &str) -> Result<Response<Bytes>, ApiError> {
        let (request, began) = (self.request(call, key)?, Instant::now());
        let answer = self.http.send(request).await;
        let elapsed_ms = began.elapsed().as_millis();
        let (method, path) = (call.method.as_str(), call.path.as_str());
        match &answer {
            Ok(answer) => {
                let status = answer.status().as_u16();
                tracing::debug!(method, path, status, elapsed_ms, "a company answers");
            }
            Err(error) => tracing::debug!(method, path, %error, elapsed_ms, "a company does not answer"),
        }
        Ok(answer?)
    }

    fn request(&self, call: &Call, key: &str) -> Result<Request<Full<Bytes>>, ApiError> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {key}")).map_err(http::Error::from)?;
        bearer.set_sensitive(true);
        let request = Request::builder().method(call.method.clone()).uri(self.endpoint.at(&call.path));
        let request = request.header(AUTHORIZATION, bearer).header(CONTENT_TYPE, call.content_type);
        let with_headers =
            call.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        Ok(with_headers.body(Full::new(call.body.clone()))?)
    }
}
