//! The URL of a webhook, as far as it can be judged by its looks. What its name leads to is judged when it is called.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::is_public;

/// The longest URL.
const LENGTH_MAX: usize = 2_000;

/// Where webhooks may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Over TLS to the public internet, and nowhere else.
    Internet,
    /// Also to this machine, even in the clear: for the laptop.
    InternetAndLoopback,
}

impl Reach {
    /// Whether an address may be connected to.
    pub fn allows(self, address: IpAddr) -> bool {
        is_public(address) || self == Self::InternetAndLoopback && address.to_canonical().is_loopback()
    }
}

/// The URL of a webhook, in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Target(String);

/// Why a URL is no webhook's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// No URL with a host, or a long one.
    #[error("must be a URL with a host, of at most {LENGTH_MAX} characters")]
    Malformed,
    /// Not over TLS.
    #[error("must be https")]
    InTheClear,
    /// With a name and password, which would be stored and shown.
    #[error("must not hold a user or a password; verify the signature instead")]
    WithCredentials,
    /// With what is never sent.
    #[error("must not have a fragment")]
    WithFragment,
    /// Inside of our own network, or anybody's.
    #[error("must lead to the public internet")]
    Private,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// When nothing may be sent there.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, InvalidTarget> {
        let url = Url::parse(text).map_err(|_| InvalidTarget::Malformed)?;
        let loopback = reach == Reach::InternetAndLoopback && is_loopback(&url);
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(InvalidTarget::InTheClear),
            _ => return Err(InvalidTarget::Malformed),
        }
        if text.len() > LENGTH_MAX || url.as_str().len() > LENGTH_MAX {
            return Err(InvalidTarget::Malformed);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidTarget::WithCredentials);
        }
        if url.fragment().is_some() {
            return Err(InvalidTarget::WithFragment);
        }
        if is_loopback(&url) && !loopback || address(&url).is_some_and(|it| !reach.allows(it)) {
            return Err(InvalidTarget::Private);
        }
        Ok(Self(url.into()))
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The address that stands in the URL itself, in whatever notation.
fn address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

fn is_loopback(url: &Url) -> bool {
    let named = |name: &str| name == "localhost" || name.ends_with(".localhost");
    match url.host() {
        Some(Host::Domain(name)) => named(name.trim_end_matches('.')),
        _ => address(url).is_some_and(|it| it.to_canonical().is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_leads_over_tls_to_the_public_internet() {
        for (text, canonical) in [
            ("https://shop.example.com/hooks?of=penstock", "https://shop.example.com/hooks?of=penstock"),
            ("https://SHOP.example.com:8443", "https://shop.example.com:8443/"),
            ("https://1.1.1.1/", "https://1.1.1.1/"),
            ("https://[2600:1f18::1]/", "https://[2600:1f18::1]/"),
        ] {
            assert_eq!(Target::parse(text, Reach::Internet).unwrap().as_str(), canonical);
        }
    }

    #[test]
    fn what_leads_inside_is_refused_in_every_notation() {
        for text in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://localhost/",
            "https://localhost./",
            "https://a.localhost/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00:ec2::254]/",
            "https://１２７.0.0.1/",
        ] {
            assert_eq!(Target::parse(text, Reach::Internet), Err(InvalidTarget::Private), "{text}");
        }
    }

    #[test]
    fn what_is_no_webhook_is_refused_with_the_reason() {
        let long = format!("https://shop.example.com/{}", "a".repeat(LENGTH_MAX));
        for (text, error) in [
            ("", InvalidTarget::Malformed),
            ("shop.example.com", InvalidTarget::Malformed),
            ("https://", InvalidTarget::Malformed),
            ("file:///etc/passwd", InvalidTarget::Malformed),
            ("gopher://shop.example.com/", InvalidTarget::Malformed),
            (&long, InvalidTarget::Malformed),
            ("http://shop.example.com/", InvalidTarget::InTheClear),
            ("http://127.0.0.1/", InvalidTarget::InTheClear),
            ("https://user@shop.example.com/", InvalidTarget::WithCredentials),
            ("https://:secret@shop.example.com/", InvalidTarget::WithCredentials),
            ("https://shop.example.com/#top", InvalidTarget::WithFragment),
        ] {
            assert_eq!(Target::parse(text, Reach::Internet), Err(error), "{text}");
        }
    }

    #[test]
    fn a_url_is_so_long_as_it_was_written_and_as_it_is_kept() {
        let start = "https://shop.example.com/";
        let of_length = |length| format!("{start}{}", "a".repeat(length - start.len()));
        let parse = |text: &str| Target::parse(text, Reach::Internet).map(|it| it.as_str().len());
        assert_eq!(parse(&of_length(LENGTH_MAX)), Ok(LENGTH_MAX));
        assert_eq!(parse(&of_length(LENGTH_MAX + 1)), Err(InvalidTarget::Malformed));
        let shorter_when_kept = format!("{start}{}", "./".repeat(LENGTH_MAX / 2));
        assert_eq!(parse(&shorter_when_kept), Err(InvalidTarget::Malformed));
        let longer_when_kept = format!("{start}{}", "ä".repeat(LENGTH_MAX / 4));
        assert_eq!(parse(&longer_when_kept), Err(InvalidTarget::Malformed));
    }

    #[test]
    fn a_laptop_may_call_itself_and_nothing_else_inside() {
        let reach = Reach::InternetAndLoopback;
        for text in ["http://127.0.0.1:4000/", "http://localhost:4000/", "https://[::1]/"] {
            assert!(Target::parse(text, reach).is_ok(), "{text}");
        }
        assert_eq!(Target::parse("http://shop.example.com/", reach), Err(InvalidTarget::InTheClear));
        assert_eq!(Target::parse("https://10.0.0.1/", reach), Err(InvalidTarget::Private));
        assert!(!reach.allows("169.254.169.254".parse().unwrap()));
    }
}
