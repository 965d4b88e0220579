//! Where another company's API is.

use std::net::IpAddr;

use http::Uri;
use http::uri::{Authority, InvalidUri, Scheme};

/// The address of an API, without a path of its own: `https://api.stripe.com`.
///
/// Anything but loopback needs TLS, as the requests carry keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint(String);

/// What is no address of an API.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidEndpoint {
    #[error("not a URL")]
    NotAUrl(#[from] InvalidUri),
    #[error("not https://host[:port]; http is for loopback only")]
    NotAllowed,
}

impl Endpoint {
    /// Reads `https://host[:port]`, or `http://` and a loopback host.
    pub(crate) fn parse(url: &str) -> Result<Self, InvalidEndpoint> {
        let uri: Uri = url.trim_end_matches('/').parse()?;
        let allowed = match (uri.scheme(), uri.authority()) {
            (Some(scheme), Some(_)) if *scheme == Scheme::HTTPS => true,
            (Some(scheme), Some(authority)) if *scheme == Scheme::HTTP => is_loopback(authority),
            _ => false,
        };
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let anonymous = uri.authority().is_some_and(|it| !it.as_str().contains('@'));
        if allowed && bare && anonymous {
            Ok(Self(url.trim_end_matches('/').to_owned()))
        } else {
            Err(InvalidEndpoint::NotAllowed)
        }
    }

    /// The address of `path`, which begins with `/`.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_leaves_the_machine_in_the_clear() {
        for url in
            ["https://api.stripe.com", "http://127.0.0.1:4000", "http://localhost:4000/", "http://[::1]:1"]
        {
            assert!(Endpoint::parse(url).is_ok(), "{url}");
        }
        for url in [
            "http://api.stripe.com",
            "http://localhost.example.com",
            "http://127.0.0.1@example.com",
            "https://user:password@api.stripe.com",
            "ftp://127.0.0.1",
            "https://api.stripe.com/v1",
            "https://api.stripe.com?live",
            "/v1",
            "",
        ] {
            assert!(Endpoint::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_path_follows_the_address() {
        let endpoint = Endpoint::parse("https://api.stripe.com/").unwrap();
        assert_eq!(endpoint.at("/v1/refunds"), "https://api.stripe.com/v1/refunds");
    }
}
