//! What deliveries are signed with, and how one secret replaces another.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a secret that was replaced signs along.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);
/// The most secrets that sign at once: whoever rotates more often than that within a day loses the oldest.
pub const SECRETS_MAX: usize = 5;

/// A secret as the tenant is told it, once: `whsec_` and base64 (Standard Webhooks). It is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret of that text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for who signs with it and who is told it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A webhook's secrets, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secrets(Vec<Signing>);

/// A secret that signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signing {
    /// The secret.
    pub secret: Secret,
    /// Since when.
    pub since: Timestamp,
    /// Until when; for good while nothing replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Secrets {
    pub(super) fn new(secret: Secret, now: Timestamp) -> Self {
        Self(vec![Signing { secret, since: now, until: None }])
    }

    pub(super) fn rotate(&mut self, secret: Secret, now: Timestamp) {
        self.0.retain(|it| it.signs_at(now));
        for replaced in &mut self.0 {
            replaced.until.get_or_insert(now.saturating_add(OVERLAP).unwrap_or(Timestamp::MAX));
        }
        self.0.insert(0, Signing { secret, since: now, until: None });
        self.0.truncate(SECRETS_MAX);
    }

    /// Those that sign at that time, the newest first.
    pub fn at(&self, now: Timestamp) -> impl Iterator<Item = &Signing> {
        self.0.iter().filter(move |it| it.signs_at(now))
    }
}

impl Signing {
    fn signs_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_secret_signs_along_for_a_day() {
        let mut secrets = Secrets::new(secret("a"), at(0));
        secrets.rotate(secret("b"), at(10));
        assert_eq!(signing(&secrets, 10), ["b", "a"]);
        assert_eq!(signing(&secrets, 33), ["b", "a"]);
        assert_eq!(signing(&secrets, 34), ["b"]);
    }

    #[test]
    fn rotating_twice_does_not_keep_the_first_one_longer() {
        let mut secrets = Secrets::new(secret("a"), at(0));
        secrets.rotate(secret("b"), at(10));
        secrets.rotate(secret("c"), at(20));
        assert_eq!(signing(&secrets, 30), ["c", "b", "a"]);
        assert_eq!(signing(&secrets, 40), ["c", "b"]);
        secrets.rotate(secret("d"), at(100));
        assert_eq!(secrets.0.len(), 2, "what signs no more is forgotten");
    }

    #[test]
    fn no_more_secrets_sign_than_a_header_should_carry() {
        let mut secrets = Secrets::new(secret("0"), at(0));
        for name in ["1", "2", "3", "4", "5", "6"] {
            secrets.rotate(secret(name), at(1));
        }
        assert_eq!(signing(&secrets, 1), ["6", "5", "4", "3", "2"]);
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secrets = Secrets::new(secret("whsec_1"), at(0));
        assert!(!format!("{secrets:?}").contains("whsec_1"));
        assert_eq!(format!("{:?}", secret("whsec_1")), "Secret(…)");
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn signing(secrets: &Secrets, hours: i64) -> Vec<&str> {
        secrets.at(at(hours)).map(|it| it.secret.reveal()).collect()
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }
}
