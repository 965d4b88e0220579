//! The event API Gateway sends a function: HTTP API payload format 2.0.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, header};
use jiff::Timestamp;
use serde::Serialize;

use super::authorizer::Claims;
use super::routes::{Match, decoded};
use crate::template::ACCOUNT;

/// What of a request is not in its head or body.
pub(super) struct Circumstances<'a> {
    pub(super) source_ip: &'a str,
    pub(super) request_id: &'a str,
    pub(super) now: Timestamp,
    pub(super) claims: Option<&'a Claims>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    version: &'static str,
    route_key: &'a str,
    raw_path: String,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: &'a BTreeMap<String, String>,
    request_context: Context<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    account_id: &'static str,
    api_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<Authorizer<'a>>,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
struct Authorizer<'a> {
    jwt: Jwt<'a>,
}

#[derive(Serialize)]
struct Jwt<'a> {
    claims: &'a BTreeMap<String, String>,
    scopes: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: String,
    protocol: &'static str,
    source_ip: &'a str,
    user_agent: &'a str,
}

/// Builds the event.
pub(super) fn build(head: &Parts, body: &[u8], found: &Match<'_>, it: &Circumstances<'_>) -> Vec<u8> {
    let domain = text(&head.headers, header::HOST);
    let path = decoded(head.uri.path());
    let (body, is_base64_encoded) = encoded(&head.headers, body);
    let query = head.uri.query().unwrap_or_default();
    let event = Event {
        version: "2.0",
        route_key: &found.route.key,
        raw_path: path.clone(),
        raw_query_string: query,
        cookies: cookies(&head.headers),
        headers: headers(&head.headers, it),
        query_string_parameters: query_parameters(query),
        path_parameters: &found.parameters,
        request_context: Context {
            account_id: ACCOUNT,
            api_id: "laptop",
            authorizer: it.claims.map(|it| Authorizer { jwt: Jwt { claims: it.as_strings(), scopes: None } }),
            domain_name: domain,
            domain_prefix: domain.split(['.', ':']).next().unwrap_or_default(),
            http: Http {
                method: head.method.as_str(),
                path,
                protocol: "HTTP/1.1",
                source_ip: it.source_ip,
                user_agent: text(&head.headers, header::USER_AGENT),
            },
            request_id: it.request_id,
            route_key: &found.route.key,
            stage: "$default",
            time: it.now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            time_epoch: it.now.as_millisecond(),
        },
        body,
        is_base64_encoded,
    };
    serde_json::to_vec(&event).expect("an event holds only texts and numbers")
}

/// Lower-cased names, repeated headers joined by a comma; cookies have a field of their own.
fn headers<'a>(given: &'a HeaderMap, it: &Circumstances<'_>) -> BTreeMap<&'a str, String> {
    let mut joined = BTreeMap::new();
    for name in given.keys().filter(|it| **it != header::COOKIE) {
        let values: Vec<_> =
            given.get_all(name).iter().map(|it| String::from_utf8_lossy(it.as_bytes())).collect();
        joined.insert(name.as_str(), values.join(","));
    }
    joined.entry("x-forwarded-for").or_insert_with(|| it.source_ip.to_owned());
    joined.entry("x-forwarded-proto").or_insert_with(|| "http".to_owned());
    joined.entry("x-amzn-trace-id").or_insert_with(|| trace_id(it));
    joined
}

/// `Root=1-` with the seconds and 96 bits of the request id.
fn trace_id(it: &Circumstances<'_>) -> String {
    let random: String = it.request_id.chars().filter(char::is_ascii_hexdigit).take(24).collect();
    format!("Root=1-{:08x}-{random:0<24}", it.now.as_second())
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    all.flat_map(|it| it.split(';')).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
}

fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(&value.replace('+', " "));
        joined
            .entry(decoded(&name.replace('+', " ")))
            .and_modify(|before| {
                before.push(',');
                before.push_str(&value);
            })
            .or_insert(value);
    }
    joined
}

/// Text for the media types API Gateway takes for text, base64 for all others.
fn encoded(headers: &HeaderMap, body: &[u8]) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let media_type =
        text(headers, header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_lowercase();
    let textual = media_type.starts_with("text/")
        || matches!(media_type.as_str(), "application/json" | "application/xml" | "application/javascript");
    match std::str::from_utf8(body) {
        Ok(body) if textual => (Some(body.to_owned()), false),
        _ => (Some(STANDARD.encode(body)), true),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::gateway::routes::Routes;
    use crate::template::RouteSpec;

    #[test]
    fn a_request_becomes_the_event_api_gateway_would_send() {
        let request = http::Request::post("/v1/orders/a%20b?x=1&x=2&y=a+b%26")
            .header("Host", "127.0.0.1:8080")
            .header("X-Two", "one")
            .header("X-Two", "two")
            .header("Cookie", "a=1; b=2")
            .header("User-Agent", "test")
            .header("Content-Type", "application/json; charset=utf-8");
        let event = event_of(request, b"{\"a\":1}");
        assert_eq!(event["version"], "2.0");
        assert_eq!(event["routeKey"], "POST /v1/orders/{orderId}");
        assert_eq!(event["rawPath"], "/v1/orders/a b");
        assert_eq!(event["rawQueryString"], "x=1&x=2&y=a+b%26");
        assert_eq!(event["queryStringParameters"], json!({"x": "1,2", "y": "a b&"}));
        assert_eq!(event["pathParameters"], json!({"orderId": "a b"}));
        assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
        assert_eq!(event["headers"]["x-two"], "one,two");
        assert_eq!(event["headers"].get("cookie"), None);
        assert_eq!(event["body"], "{\"a\":1}");
        assert_eq!(event["isBase64Encoded"], false);
        let context = &event["requestContext"];
        assert_eq!(context["http"]["method"], "POST");
        assert_eq!(context["http"]["path"], "/v1/orders/a b");
        assert_eq!(context["http"]["sourceIp"], "127.0.0.1");
        assert_eq!(context["stage"], "$default");
        assert_eq!(context["time"], "12/Mar/2020:19:03:58 +0000");
        assert_eq!(context["timeEpoch"], 1_584_039_838_000_i64);
        assert_eq!(context.get("authorizer"), None);
    }

    #[test]
    fn a_body_that_is_no_text_is_sent_as_base64() {
        let binary = http::Request::post("/v1/orders/1").header("Content-Type", "application/octet-stream");
        let event = event_of(binary, &[0xff, 0x00]);
        assert_eq!(event["body"], "/wA=");
        assert_eq!(event["isBase64Encoded"], true);
    }

    #[test]
    fn without_body_query_and_cookies_there_are_no_such_fields() {
        let event = event_of(http::Request::post("/v1/orders/1"), b"");
        for absent in ["body", "cookies", "queryStringParameters"] {
            assert_eq!(event.get(absent), None, "{absent}");
        }
    }

    #[test]
    fn the_events_type_of_aws_reads_it() {
        let request = http::Request::post("/v1/orders/1?x=1").header("Host", "127.0.0.1:8080");
        let event = event_of(request, b"x");
        let read: aws_lambda_events::apigw::ApiGatewayV2httpRequest = serde_json::from_value(event).unwrap();
        assert_eq!(read.path_parameters["orderId"], "1");
    }

    fn event_of(request: http::request::Builder, body: &[u8]) -> Value {
        let (head, ()) = request.body(()).unwrap().into_parts();
        let route = RouteSpec {
            method: "POST".into(),
            path: "/v1/orders/{orderId}".into(),
            function: "f".into(),
            authorizer: None,
        };
        let routes = Routes::new(&[route], None);
        let found = routes.find("POST", head.uri.path()).unwrap();
        let circumstances = Circumstances {
            source_ip: "127.0.0.1",
            request_id: "5e3c7f9a-0000-4000-8000-000000000000",
            now: Timestamp::from_second(1_584_039_838).unwrap(),
            claims: None,
        };
        serde_json::from_slice(&build(&head, body, &found, &circumstances)).unwrap()
    }
}
