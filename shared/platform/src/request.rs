//! An HTTP request as a handler reads it, from the event that API Gateway sends (payload format 2.0).

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use penstock_api::conditions::{IfMatch, IfNoneMatch};
use penstock_api::problem::{Detail, Problem};
use penstock_api::{idempotency, path};
use penstock_application::{Caller, Request as CommandRequest};
use penstock_domain::{
    DeliveryId, IdempotencyKey, OrderId, ProductId, ReturnId, ShipmentId, TenantId, WebhookId,
};

use crate::failure::Failure;
use crate::telemetry::about_order;
use crate::trace::Trace;

/// The longest correlation id that is kept.
const CORRELATION_LENGTH_MAX: usize = 128;

/// A request.
#[derive(Debug)]
pub struct Request {
    event: ApiGatewayV2httpRequest,
    query: Vec<(String, String)>,
    ids: Ids,
}

/// What a request is known by, in logs and to its caller.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    /// This invocation's.
    pub(crate) request: String,
    /// The caller's own, or the request's.
    pub(crate) correlation: String,
    /// W3C trace context.
    pub(crate) trace: Trace,
}

impl Request {
    /// Reads the event of one invocation.
    pub(crate) fn new(event: ApiGatewayV2httpRequest, id: String) -> Self {
        let header = |name| event.headers.get(name).and_then(|value| value.to_str().ok());
        let correlation = header("x-correlation-id").filter(|id| speakable(id)).unwrap_or(&id).to_owned();
        let trace = Trace::of(header("traceparent"));
        let raw = event.raw_query_string.as_deref().unwrap_or_default();
        let query = form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        Self { query, ids: Ids { request: id, correlation, trace }, event }
    }

    pub(crate) fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The route that the gateway chose: `GET /v1/orders/{orderId}`.
    pub fn route(&self) -> &str {
        self.event.route_key.as_deref().unwrap_or_default()
    }

    /// The path as it was asked for.
    pub fn raw_path(&self) -> &str {
        self.event.raw_path.as_deref().unwrap_or_default()
    }

    /// The method.
    pub fn method(&self) -> &str {
        self.event.request_context.http.method.as_str()
    }

    /// A header, when it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.event.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Who asks: from the claims of the token that the gateway verified.
    ///
    /// # Errors
    /// 401 without a token, 403 when it names no tenant.
    pub fn caller(&self) -> Result<Caller, Failure> {
        let authorizer = self.event.request_context.authorizer.as_ref();
        let claims = &authorizer.and_then(|by| by.jwt.as_ref()).ok_or_else(Problem::unauthorized)?.claims;
        let no_tenant = || Problem::forbidden("a token with a well-formed tenant_id");
        let tenant: TenantId =
            claims.get("tenant_id").and_then(|tenant| tenant.parse().ok()).ok_or_else(no_tenant)?;
        let subject = claims.get("sub").cloned().ok_or_else(|| Problem::forbidden("a token with a sub"))?;
        tracing::Span::current().record("tenant", tenant.as_str());
        let roles = claims.get("roles").map(|roles| list_claim(roles)).unwrap_or_default();
        Ok(Caller { tenant, subject, roles: roles.into_iter().collect() })
    }

    /// The order that the path names.
    ///
    /// # Errors
    /// 400 when that is no UUID.
    pub fn order_id(&self) -> Result<OrderId, Failure> {
        let id = self.path("orderId")?;
        about_order(id);
        Ok(id)
    }

    /// The product that the path names.
    ///
    /// # Errors
    /// 400 when that is no UUID.
    pub fn product_id(&self) -> Result<ProductId, Failure> {
        self.path("productId")
    }

    /// The shipment that the path names.
    ///
    /// # Errors
    /// 400 when that is no UUID.
    pub fn shipment_id(&self) -> Result<ShipmentId, Failure> {
        self.path("shipmentId")
    }

    /// The return that the path names.
    ///
    /// # Errors
    /// 400 when that is no UUID.
    pub fn return_id(&self) -> Result<ReturnId, Failure> {
        self.path("returnId")
    }

    /// The webhook that the path names.
    ///
    /// # Errors
    /// 400 when that is no UUID.
    pub fn webhook_id(&self) -> Result<WebhookId, Failure> {
        self.path("webhookId")
    }

    /// The delivery that the path names.
    ///
    /// # Errors
    /// 400 when that is no UUID.
    pub fn delivery_id(&self) -> Result<DeliveryId, Failure> {
        self.path("deliveryId")
    }

    /// A part of the path as it stands there, when the route has one of that name.
    pub fn path_text(&self, name: &str) -> Option<&str> {
        self.event.path_parameters.get(name).map(String::as_str)
    }

    fn path<Id: From<uuid::Uuid>>(&self, name: &'static str) -> Result<Id, Failure> {
        let text = self.event.path_parameters.get(name).map(String::as_str).unwrap_or_default();
        Ok(path::parse_id(name, text)?)
    }

    /// The query's parameters, decoded. From the raw query: the gateway's own map joins a repeated parameter's values
    /// with commas, which values may hold as well.
    pub fn query(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The body, which must be declared as JSON when its type is declared at all.
    ///
    /// # Errors
    /// 415 for another type, 400 when the base64 of a binary body is broken.
    pub fn body(&self) -> Result<Vec<u8>, Failure> {
        let body = self.event.body.as_deref().unwrap_or_default();
        let json = self.header("content-type").is_none_or(is_json);
        let plain =
            self.header("content-encoding").is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
        if !(body.is_empty() || json && plain) {
            return Err(Problem::unsupported_media_type().into());
        }
        if !self.event.is_base64_encoded {
            return Ok(body.as_bytes().to_vec());
        }
        let broken = || Problem::validation(vec![Detail::new("", "is not what the gateway said it is")]);
        Ok(STANDARD.decode(body).map_err(|_| broken())?)
    }

    /// This request's own id.
    pub fn id(&self) -> &str {
        &self.ids.request
    }

    /// What ties requests of one business transaction together.
    pub fn correlation_id(&self) -> &str {
        &self.ids.correlation
    }

    /// W3C trace context.
    pub fn traceparent(&self) -> &str {
        &self.ids.trace.traceparent
    }

    /// The facts of a change whose key is not the caller's to say.
    pub fn on_behalf(&self, key: IdempotencyKey, action: &str) -> CommandRequest {
        CommandRequest {
            key,
            digest: action.to_owned(),
            id: self.ids.request.clone(),
            traceparent: Some(self.ids.trace.traceparent.clone()),
            correlation_id: self.ids.correlation.clone(),
        }
    }

    /// The facts of a request that changes something. `action` and `body` are what the idempotency key stands for.
    ///
    /// # Errors
    /// 400 when the key is missing or malformed.
    pub fn command(&self, action: &str, body: &[u8]) -> Result<CommandRequest, Failure> {
        Ok(CommandRequest {
            key: idempotency::parse_key(self.header("idempotency-key"))?,
            digest: idempotency::digest(action, body)?,
            id: self.ids.request.clone(),
            traceparent: Some(self.ids.trace.traceparent.clone()),
            correlation_id: self.ids.correlation.clone(),
        })
    }

    /// Whether what the caller wants holds for a version of the order (`If-Match`); always, when it did not say.
    ///
    /// # Errors
    /// 400 when the header is malformed.
    pub fn expected(&self) -> Result<impl Fn(u32) -> bool + Send + Sync + use<>, Failure> {
        let condition = self.header("if-match").map(IfMatch::parse).transpose()?;
        Ok(move |version| condition.as_ref().is_none_or(|condition| condition.matches(version)))
    }

    /// Whether the caller has a version of the order already (`If-None-Match`).
    ///
    /// # Errors
    /// 400 when the header is malformed.
    pub fn has(&self, version: u32) -> Result<bool, Failure> {
        let condition = self.header("if-none-match").map(IfNoneMatch::parse).transpose()?;
        Ok(condition.is_some_and(|condition| condition.has(version)))
    }
}

/// API Gateway writes a claim that is a list as `[a b]`, and a single text as it is. A role therefore has no space: one
/// that had would be read as two.
fn list_claim(claim: &str) -> Vec<String> {
    let list = claim.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(claim);
    list.split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// JSON in UTF-8, which is the only JSON there is (RFC 8259).
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let utf8 = |parameter: &str| {
        parameter.split_once('=').is_none_or(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    };
    essence.eq_ignore_ascii_case("application/json") && parts.all(utf8)
}

/// Whether an id from outside may go into logs and stored commits.
fn speakable(id: &str) -> bool {
    (1..=CORRELATION_LENGTH_MAX).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_claim_is_read_as_api_gateway_writes_it() {
        assert_eq!(list_claim("[pricing admin]"), ["pricing", "admin"]);
        assert_eq!(list_claim("pricing"), ["pricing"]);
        assert_eq!(list_claim("[]"), Vec::<String>::new());
    }

    #[test]
    fn an_id_that_could_forge_a_log_line_is_not_kept() {
        assert!(speakable("checkout-7:2"));
        for bad in ["", "a b", "a\nb", "{\"a\"", &"a".repeat(129)] {
            assert!(!speakable(bad), "{bad}");
        }
    }
}
