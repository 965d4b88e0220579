//! CORS as an HTTP API does it: the gateway answers preflights itself and sets the headers, whatever a function says.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::template::Cors;

impl Cors {
    /// Whether this request asks for permission only.
    pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
        *method == Method::OPTIONS
            && headers.contains_key(header::ORIGIN)
            && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// The headers of a preflight's answer; none if the origin is not allowed.
    pub(super) fn preflight(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = self.simple(request);
        if !headers.is_empty() {
            list(&mut headers, header::ACCESS_CONTROL_ALLOW_METHODS, &self.allow_methods);
            list(&mut headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &self.allow_headers);
            if let Some(age) = self.max_age {
                headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(age.as_secs()));
            }
        }
        headers
    }

    /// The headers of any other answer; none if the origin is missing or not allowed.
    pub(super) fn simple(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let Some(origin) = request.get(header::ORIGIN) else { return headers };
        let any = self.allow_origins.iter().any(|it| it == "*");
        if !any && !self.allow_origins.iter().any(|it| allows(it, origin)) {
            return headers;
        }
        let allowed = if any { HeaderValue::from_static("*") } else { origin.clone() };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        list(&mut headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose_headers);
        if self.allow_credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        headers
    }
}

/// `https://*.example.com`-like patterns are not part of it: HTTP APIs know only `http://*` and `https://*`.
fn allows(pattern: &str, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    match pattern.strip_suffix('*') {
        Some(scheme @ ("http://" | "https://")) => origin.starts_with(scheme),
        _ => pattern == origin,
    }
}

fn list(headers: &mut HeaderMap, name: HeaderName, values: &[String]) {
    if let Some(value) = HeaderValue::from_str(&values.join(",")).ok().filter(|it| !it.is_empty()) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowed_origin_is_answered_with_what_it_may() {
        let headers = cors().preflight(&from("https://shop.example"));
        assert_eq!(headers["access-control-allow-origin"], "https://shop.example");
        assert_eq!(headers["access-control-allow-methods"], "GET,POST");
        assert_eq!(headers["access-control-allow-headers"], "authorization");
        assert_eq!(headers["access-control-max-age"], "600");
    }

    #[test]
    fn another_origin_gets_no_permission() {
        assert!(cors().preflight(&from("https://evil.example")).is_empty());
        assert!(cors().simple(&HeaderMap::new()).is_empty());
    }

    #[test]
    fn only_an_options_request_with_both_headers_is_a_preflight() {
        let mut headers = from("https://shop.example");
        assert!(!Cors::is_preflight(&Method::OPTIONS, &headers));
        headers.insert("access-control-request-method", HeaderValue::from_static("POST"));
        assert!(Cors::is_preflight(&Method::OPTIONS, &headers));
        assert!(!Cors::is_preflight(&Method::GET, &headers));
    }

    fn from(origin: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))])
    }

    fn cors() -> Cors {
        Cors {
            allow_origins: vec!["https://shop.example".into()],
            allow_methods: vec!["GET".into(), "POST".into()],
            allow_headers: vec!["authorization".into()],
            max_age: Some(std::time::Duration::from_secs(600)),
            ..Cors::default()
        }
    }
}
