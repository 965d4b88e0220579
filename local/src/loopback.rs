//! Who may speak to the ports: programs on this machine, and not the pages that its browsers show.
//!
//! Listening on 127.0.0.1 keeps other machines out, but any web page can have its visitor's browser send requests here,
//! and with a name that it resolves to 127.0.0.1 (DNS rebinding) it could read the answers too. The names in `Host` and
//! `Origin` tell those apart; a page cannot forge them. It knows nothing of tokens and signatures.

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderValue, StatusCode, Uri};
use serde_json::json;

/// The platform's own port: for this machine's names only. Whose pages may use the API, its CORS says.
pub(crate) fn own_port(app: Router) -> Router {
    app.layer(from_fn(async |request: Request, next: Next| {
        pass(check_host(&request, is_loopback), request, next).await
    }))
}

/// The AWS port: also for AWS's names, which clients sign for when they come through a proxy. Not for pages of elsewhere.
pub(crate) fn aws_port(app: Router) -> Router {
    app.layer(from_fn(async |request: Request, next: Next| {
        let checked = check_host(&request, |it| is_loopback(it) || is_of_aws(it));
        pass(checked.and_then(|()| check_origin(&request)), request, next).await
    }))
}

/// Endpoints that are not for pages of elsewhere.
pub(crate) fn no_foreign_pages<S: Clone + Send + Sync + 'static>(app: Router<S>) -> Router<S> {
    app.layer(from_fn(async |request: Request, next: Next| pass(check_origin(&request), request, next).await))
}

async fn pass(checked: Result<(), String>, request: Request, next: Next) -> Response {
    match checked {
        Ok(()) => next.run(request).await,
        Err(why) => {
            let body = json!({"__type": "AccessDeniedException", "message": why});
            (StatusCode::FORBIDDEN, Json(body)).into_response()
        }
    }
}

fn check_host(request: &Request, taken: impl Fn(&str) -> bool) -> Result<(), String> {
    let in_headers = request.headers().get_all(HOST).iter().map(text);
    let mut named = in_headers.chain(request.uri().authority().map(Authority::as_str)).peekable();
    if named.peek().is_none() {
        return Err("the request names no host; it has to be sent to localhost or 127.0.0.1".to_owned());
    }
    let host_of = |it: &str| it.parse::<Authority>().is_ok_and(|it| taken(it.host()));
    named.find(|it| !host_of(it)).map_or(Ok(()), |it| {
        Err(format!(
            "the host {it:?} is not served here, as any page could use a name that leads here; use localhost"
        ))
    })
}

/// Programs send no origin, and browsers send it with all that changes something. AWS's names are no exception: anybody
/// can have a page there.
fn check_origin(request: &Request) -> Result<(), String> {
    let local = |it: &str| it.parse::<Uri>().is_ok_and(|it| it.host().is_some_and(is_loopback));
    let foreign = request.headers().get_all(ORIGIN).iter().map(text).find(|it| !local(it));
    foreign.map_or(Ok(()), |it| Err(format!("pages of {it:?} may not use this; only pages of localhost may")))
}

/// What is not text is no host either.
fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    ["127.0.0.1", "[::1]", "localhost"].contains(&host.as_str()) || host.ends_with(".localhost")
}

fn is_of_aws(host: &str) -> bool {
    host.to_ascii_lowercase().ends_with(".amazonaws.com")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn only_names_of_this_machine_are_taken_with_any_port() {
        for host in
            ["127.0.0.1", "127.0.0.1:8080", "[::1]:1", "localhost", "LocalHost:8080", "b.localhost:4566"]
        {
            assert_eq!(check_host(&named(HOST, host), is_loopback), Ok(()), "{host}");
        }
        for host in
            ["evil.example", "127.0.0.1.evil.example:8080", "notlocalhost", "localhost.evil.example", "", "ü"]
        {
            assert!(check_host(&named(HOST, host), is_loopback).is_err(), "{host}");
        }
        assert!(check_host(&Request::new(Body::empty()), is_loopback).is_err(), "no host at all");
    }

    #[test]
    fn a_host_in_the_request_line_counts_besides_the_header() {
        let mut request = named(HOST, "localhost");
        *request.uri_mut() = Uri::from_static("http://evil.example/dev/token");
        assert!(check_host(&request, is_loopback).is_err());
    }

    #[test]
    fn names_of_aws_are_hosts_of_the_aws_port_and_origins_of_none() {
        assert!(is_of_aws("things.s3.eu-central-1.amazonaws.com") && !is_of_aws("evilamazonaws.com"));
        assert!(check_origin(&named(ORIGIN, "https://things.s3.amazonaws.com")).is_err());
    }

    #[test]
    fn only_pages_of_this_machine_are_taken_and_what_sends_no_origin() {
        assert_eq!(check_origin(&Request::new(Body::empty())), Ok(()));
        for origin in
            ["http://localhost:3000", "https://app.localhost", "http://127.0.0.1:8080", "http://[::1]:1"]
        {
            assert_eq!(check_origin(&named(ORIGIN, origin)), Ok(()), "{origin}");
        }
        for origin in ["https://evil.example", "http://localhost.evil.example", "null", ""] {
            assert!(check_origin(&named(ORIGIN, origin)).is_err(), "{origin}");
        }
    }

    fn named(header: http::HeaderName, value: &str) -> Request {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        Request::builder().header(header, value).body(Body::empty()).unwrap()
    }
}
