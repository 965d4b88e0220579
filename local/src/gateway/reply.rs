//! What a function's answer becomes: HTTP API response format 2.0, and the gateway's own words when it cannot.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

/// The gateway's own answer: `{"message": …}`.
pub(super) fn message(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(json!({"message": text}).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What API Gateway answers when a function failed or said something that is no reply.
pub(super) fn internal_error() -> Response<Body> {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// Turns a function's answer into a response; `None` when it is no reply.
pub(super) fn read(answer: &[u8]) -> Option<Response<Body>> {
    match serde_json::from_slice(answer).ok()? {
        Value::Object(mut reply) if reply.contains_key("statusCode") => formatted(&mut reply),
        // Valid JSON that is no reply is the body of one.
        _ => inferred(answer),
    }
}

fn inferred(answer: &[u8]) -> Option<Response<Body>> {
    let builder = Response::builder().status(StatusCode::OK).header(header::CONTENT_TYPE, "application/json");
    builder.body(Body::from(answer.to_vec())).ok()
}

fn formatted(reply: &mut Map<String, Value>) -> Option<Response<Body>> {
    let status = reply.get("statusCode").and_then(status_code)?;
    let body = match reply.remove("body") {
        None | Some(Value::Null) => vec![],
        Some(Value::String(text)) if flag(reply, "isBase64Encoded")? => STANDARD.decode(text).ok()?,
        Some(Value::String(text)) => text.into_bytes(),
        Some(_) => return None,
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in members(reply, "headers")? {
        headers.insert(HeaderName::try_from(name).ok()?, scalar(value)?);
    }
    for (name, values) in members(reply, "multiValueHeaders")? {
        for value in values.as_array()? {
            headers.append(HeaderName::try_from(name).ok()?, scalar(value)?);
        }
    }
    for cookie in reply.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        headers.append(header::SET_COOKIE, scalar(cookie)?);
    }
    headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("text/plain;charset=UTF-8"));
    Some(response)
}

fn status_code(value: &Value) -> Option<StatusCode> {
    let number = match value {
        Value::Number(it) => it.as_u64()?,
        Value::String(it) => it.parse().ok()?,
        _ => return None,
    };
    StatusCode::from_u16(u16::try_from(number).ok()?).ok()
}

/// `None` when it is there and no flag.
fn flag(reply: &Map<String, Value>, name: &str) -> Option<bool> {
    reply.get(name).map_or(Some(false), Value::as_bool)
}

fn members<'a>(reply: &'a Map<String, Value>, name: &str) -> Option<Vec<(&'a String, &'a Value)>> {
    match reply.get(name) {
        None | Some(Value::Null) => Some(vec![]),
        Some(Value::Object(map)) => Some(map.iter().collect()),
        Some(_) => None,
    }
}

fn scalar(value: &Value) -> Option<HeaderValue> {
    match value {
        Value::String(it) => HeaderValue::from_str(it).ok(),
        Value::Number(_) | Value::Bool(_) => HeaderValue::from_str(&value.to_string()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reply_is_taken_over_whole() {
        let answer = json!({
            "statusCode": 201,
            "headers": {"content-type": "application/json", "x-number": 7},
            "multiValueHeaders": {"x-many": ["a", "b"]},
            "cookies": ["a=1", "b=2"],
            "body": "{}",
        });
        let response = read(answer.to_string().as_bytes()).unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["x-number"], "7");
        assert_eq!(response.headers().get_all("x-many").iter().count(), 2);
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(body(response).await, "{}");
    }

    #[tokio::test]
    async fn a_base64_body_is_decoded() {
        let response = read(br#"{"statusCode":200,"isBase64Encoded":true,"body":"aGk="}"#).unwrap();
        assert_eq!(body(response).await, "hi");
    }

    #[tokio::test]
    async fn json_without_a_status_is_the_body_itself() {
        let response = read(br#"{"hello":"you"}"#).unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(body(response).await, r#"{"hello":"you"}"#);
    }

    #[test]
    fn what_is_no_reply_is_none() {
        let malformed = [
            "not json",
            r#"{"statusCode":"abc"}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":200,"body":{}}"#,
            r#"{"statusCode":200,"headers":{"bad name":"x"}}"#,
            r#"{"statusCode":200,"isBase64Encoded":true,"body":"%%%"}"#,
        ];
        for answer in malformed {
            assert!(read(answer.as_bytes()).is_none(), "{answer}");
        }
    }

    async fn body(response: Response<Body>) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}
