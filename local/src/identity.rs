//! The development issuer: signs tokens for whoever asks, with a key of its own, and publishes that key.
//!
//! It exists on laptops only. It authenticates nobody; that is its purpose.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use p256::SecretKey;
use p256::elliptic_curve::Generate as _;
use p256::pkcs8::{EncodePrivateKey as _, LineEnding};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An issuer of tokens.
pub struct Issuer {
    url: String,
    audience: String,
    key: EncodingKey,
    key_id: String,
    keys: JwkSet,
}

/// Why there is no issuer, or no token.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The key's file cannot be read or written.
    #[error("the issuer's key file {0} cannot be used")]
    File(String, #[source] std::io::Error),
    /// The key is none.
    #[error("the issuer's key is unusable")]
    Key(#[from] jsonwebtoken::errors::Error),
    /// No key could be made.
    #[error("no key could be made: {0}")]
    NewKey(#[from] p256::pkcs8::Error),
}

/// What a token is asked for with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TokenRequest {
    /// The tenant: 1 to 64 of `a-z`, `0-9` and `-`, beginning and ending with a letter or digit.
    pub tenant: String,
    /// Who it is for.
    pub subject: String,
    /// The roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Seconds until it expires; an hour by default.
    pub expires_in: Option<u32>,
}

/// A token.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The JWT.
    pub token: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// How long a token lives unless asked otherwise.
const LIFE_DEFAULT: Duration = Duration::from_secs(3600);
const TENANT_MAX: usize = 64;

impl Issuer {
    /// The issuer at `url`, with the key in `file`, made if there is none yet; without a file, with a passing key.
    ///
    /// # Errors
    /// When the file cannot be used or holds no key.
    pub fn new(url: &str, audience: &str, file: Option<&Path>) -> Result<Self, IdentityError> {
        let pem = match file {
            Some(file) => kept_key(file)?,
            None => new_key()?,
        };
        let key = EncodingKey::from_ec_pem(pem.as_bytes())?;
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
        let key_id = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(key_id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let keys = JwkSet { keys: vec![public] };
        Ok(Self { url: url.to_owned(), audience: audience.to_owned(), key, key_id, keys })
    }

    /// The public keys.
    #[must_use]
    pub fn keys(&self) -> &JwkSet {
        &self.keys
    }

    /// The OpenID discovery document.
    #[must_use]
    pub fn discovery(&self) -> Value {
        json!({
            "issuer": self.url,
            "jwks_uri": format!("{}/.well-known/jwks.json", self.url),
            "token_endpoint": format!("{}/token", self.url),
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        })
    }

    /// A token, unless the request is wrong; then the reason in words.
    ///
    /// # Errors
    /// The reason, for the caller.
    pub fn token(&self, request: &TokenRequest, now: Timestamp) -> Result<Token, String> {
        if !is_tenant(&request.tenant) {
            return Err(format!(
                "tenant must be 1 to {TENANT_MAX} of a-z, 0-9 and -, beginning and ending with a letter or digit"
            ));
        }
        if request.subject.is_empty() {
            return Err("subject must not be empty".to_owned());
        }
        // API Gateway hands a list of roles on as `[a b]`: one with a space in it would be read as two.
        if request.roles.iter().any(|role| role.is_empty() || role.contains(char::is_whitespace)) {
            return Err("a role must not be empty or have white space in it".to_owned());
        }
        let life = request.expires_in.map_or(LIFE_DEFAULT, |it| Duration::from_secs(it.into()));
        let expires_at =
            Timestamp::from_second(now.as_second() + life.as_secs() as i64).map_err(|it| it.to_string())?;
        let claims = json!({
            "iss": self.url,
            "aud": self.audience,
            "iat": now.as_second(),
            "exp": expires_at.as_second(),
            "sub": request.subject,
            "tenant_id": request.tenant,
            "roles": request.roles,
        });
        Ok(Token { token: self.sign(&claims).map_err(|it| it.to_string())?, expires_at })
    }

    /// Signs these claims, whatever they say.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, IdentityError> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.key_id.clone());
        Ok(encode(&header, claims, &self.key)?)
    }
}

/// Whether it can be a tenant's id.
#[must_use]
pub fn is_tenant(text: &str) -> bool {
    let letter = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
    text.len() <= TENANT_MAX
        && text.starts_with(letter)
        && text.ends_with(letter)
        && text.chars().all(|it| letter(it) || it == '-')
}

fn new_key() -> Result<String, IdentityError> {
    let secret = SecretKey::generate_from_rng(&mut rand::rng());
    Ok(secret.to_pkcs8_pem(LineEnding::LF)?.to_string())
}

/// The key in the file; a new one, readable by its owner alone, if there is no file.
fn kept_key(file: &Path) -> Result<String, IdentityError> {
    let failed = |error| IdentityError::File(file.display().to_string(), error);
    match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let pem = new_key()?;
            // Written whole under another name first: a crash leaves no half a key.
            let unfinished = file.with_extension("new");
            let mut options = std::fs::OpenOptions::new();
            let mut out = options
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&unfinished)
                .map_err(failed)?;
            out.write_all(pem.as_bytes()).and_then(|()| out.sync_all()).map_err(failed)?;
            std::fs::rename(&unfinished, file).map_err(failed)?;
            Ok(pem)
        }
        read => read.map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_kept_and_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("issuer.pem");
        let first = Issuer::new("u", "a", Some(&file)).unwrap();
        let second = Issuer::new("u", "a", Some(&file)).unwrap();
        assert_eq!(first.key_id, second.key_id);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_ne!(Issuer::new("u", "a", None).unwrap().key_id, first.key_id);
    }

    #[test]
    fn a_tenant_is_of_small_letters_digits_and_inner_hyphens() {
        for right in ["a", "acme", "a-1", &"x".repeat(64)] {
            assert!(is_tenant(right), "{right}");
        }
        for wrong in ["", "-a", "a-", "A", "a_b", "a#b", "ä", &"x".repeat(65)] {
            assert!(!is_tenant(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_token_lives_an_hour_unless_asked_otherwise() {
        let issuer = Issuer::new("u", "a", None).unwrap();
        let now = Timestamp::from_second(1_000_000).unwrap();
        let mut request =
            TokenRequest { tenant: "acme".into(), subject: "me".into(), roles: vec![], expires_in: None };
        assert_eq!(issuer.token(&request, now).unwrap().expires_at.as_second(), 1_003_600);
        request.expires_in = Some(5);
        assert_eq!(issuer.token(&request, now).unwrap().expires_at.as_second(), 1_000_005);
        request.tenant = "No".into();
        assert!(issuer.token(&request, now).is_err());
    }

    #[test]
    fn a_field_nobody_knows_is_refused() {
        let request =
            serde_json::from_value::<TokenRequest>(json!({"tenant": "a", "subject": "b", "role": "x"}));
        assert!(request.unwrap_err().to_string().contains("unknown field `role`"));
    }
}
