//! API Gateway's JWT authorizer: signature by `kid`, then `iss`, `aud` (or `client_id`), `exp`, `nbf`, `iat`.
//!
//! The real one takes RSA keys only; this one takes the algorithm that the key says, and only that.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

use crate::template::JwtAuthorizer;

/// What a verified token says, as a function is told it: texts only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims(BTreeMap<String, String>);

impl Claims {
    pub(super) fn as_strings(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

/// Why a token is refused. A caller is told only that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Missing,
    Malformed,
    UnknownKey,
    Signature,
    Issuer,
    Audience,
    Expired,
    NotYet,
}

/// One authorizer of an API.
pub(super) struct Authorizer {
    says: JwtAuthorizer,
    keys: HashMap<String, (DecodingKey, Algorithm)>,
    /// Signatures that were found right. Time is looked at again at every use.
    verified: Mutex<HashMap<String, Arc<Verified>>>,
}

struct Verified {
    claims: Claims,
    expires: i64,
    starts: i64,
}

/// Tokens remembered at once; when it is full, all are forgotten.
const VERIFIED_MAX: usize = 1_000;

impl Authorizer {
    /// An authorizer that knows these keys.
    pub(super) fn new(says: JwtAuthorizer, keys: &JwkSet) -> Self {
        let usable = keys.keys.iter().filter_map(|jwk| {
            let algorithm = jwk.common.key_algorithm?.to_string().parse().ok()?;
            Some((jwk.common.key_id.clone()?, (DecodingKey::from_jwk(jwk).ok()?, algorithm)))
        });
        Self { says, keys: usable.collect(), verified: Mutex::default() }
    }

    /// Judges the value of the header `Authorization`. `now` is in seconds since the epoch.
    pub(super) fn judge(&self, header: Option<&str>, now: i64) -> Result<Claims, Refused> {
        let token = header.ok_or(Refused::Missing)?.trim();
        let token = token
            .split_once(' ')
            .filter(|(it, _)| it.eq_ignore_ascii_case("bearer"))
            .map_or(token, |it| it.1);
        let token = token.trim();
        let known = self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned();
        let verified = match known {
            Some(known) => known,
            None => self.remember(token, self.verify(token)?),
        };
        match now {
            _ if now >= verified.expires => Err(Refused::Expired),
            _ if now < verified.starts => Err(Refused::NotYet),
            _ => Ok(verified.claims.clone()),
        }
    }

    fn remember(&self, token: &str, verified: Verified) -> Arc<Verified> {
        let verified = Arc::new(verified);
        let mut known = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= VERIFIED_MAX {
            known.clear();
        }
        known.insert(token.to_owned(), Arc::clone(&verified));
        verified
    }

    /// Everything that does not depend on the time.
    fn verify(&self, token: &str) -> Result<Verified, Refused> {
        let head = decode_header(token).map_err(|_| Refused::Malformed)?;
        let (key, algorithm) = head.kid.and_then(|it| self.keys.get(&it)).ok_or(Refused::UnknownKey)?;
        let mut signature_only = Validation::new(*algorithm);
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        let claims: Map<String, Value> =
            decode(token, key, &signature_only).map_err(|_| Refused::Signature)?.claims;
        if claims.get("iss").and_then(Value::as_str) != Some(&self.says.issuer) {
            return Err(Refused::Issuer);
        }
        let audience = claims.get("aud").or_else(|| claims.get("client_id"));
        if !audience.is_some_and(|it| self.is_for_us(it)) {
            return Err(Refused::Audience);
        }
        let starts = [second(&claims, "nbf")?, second(&claims, "iat")?].into_iter().flatten().max();
        Ok(Verified {
            expires: second(&claims, "exp")?.ok_or(Refused::Expired)?,
            starts: starts.unwrap_or(i64::MIN),
            claims: Claims(claims.iter().map(|(name, value)| (name.clone(), as_text(value))).collect()),
        })
    }

    fn is_for_us(&self, audience: &Value) -> bool {
        let ours =
            |it: &Value| it.as_str().is_some_and(|it| self.says.audience.iter().any(|ours| ours == it));
        match audience {
            Value::Array(all) => all.iter().any(ours),
            one => ours(one),
        }
    }
}

fn second(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refused> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    value.as_i64().or_else(|| value.as_f64().map(|it| it as i64)).map(Some).ok_or(Refused::Malformed)
}

/// The gateway hands every claim on as a text; a list as `[a b]`.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(it) => it.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(as_text).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::Issuer;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn a_valid_token_passes_and_its_claims_are_texts() {
        let claims = judge(json!({})).unwrap();
        let claims = claims.as_strings();
        assert_eq!(claims["tenant_id"], "acme");
        assert_eq!(claims["roles"], "[orders pricing]");
        assert_eq!(claims["exp"], (NOW + 60).to_string());
    }

    #[test]
    fn what_the_token_says_wrongly_is_refused() {
        assert_eq!(judge(json!({"iss": "https://other"})), Err(Refused::Issuer));
        assert_eq!(judge(json!({"aud": "other"})), Err(Refused::Audience));
        assert_eq!(judge(json!({"aud": null})), Err(Refused::Audience));
        assert_eq!(judge(json!({"exp": NOW})), Err(Refused::Expired));
        assert_eq!(judge(json!({"exp": "soon"})), Err(Refused::Malformed));
        assert_eq!(judge(json!({"nbf": NOW + 10})), Err(Refused::NotYet));
        assert_eq!(judge(json!({"iat": NOW + 10})), Err(Refused::NotYet));
    }

    #[test]
    fn one_audience_of_several_is_enough_and_client_id_stands_in() {
        assert!(judge(json!({"aud": ["other", "penstock"]})).is_ok());
        let issuer = issuer();
        let mut claims = claims(json!({"client_id": "penstock"}));
        claims.as_object_mut().unwrap().remove("aud");
        assert!(authorizer(&issuer).judge(Some(&issuer.sign(&claims).unwrap()), NOW).is_ok());
    }

    #[test]
    fn anothers_signature_is_refused() {
        let (ours, other) = (issuer(), issuer());
        let token = other.sign(&claims(json!({}))).unwrap();
        assert_eq!(authorizer(&ours).judge(Some(&token), NOW), Err(Refused::UnknownKey));
        let ours_token = ours.sign(&claims(json!({}))).unwrap();
        let (signed, _) = ours_token.rsplit_once('.').unwrap();
        let (_, signature) = token.rsplit_once('.').unwrap();
        let forged = format!("{signed}.{signature}");
        assert_eq!(authorizer(&ours).judge(Some(&forged), NOW), Err(Refused::Signature));
    }

    #[test]
    fn no_token_and_no_token_at_all_are_refused() {
        let authorizer = authorizer(&issuer());
        assert_eq!(authorizer.judge(None, NOW), Err(Refused::Missing));
        assert_eq!(authorizer.judge(Some("Bearer nonsense"), NOW), Err(Refused::Malformed));
        assert_eq!(authorizer.judge(Some(""), NOW), Err(Refused::Malformed));
    }

    #[test]
    fn a_token_seen_before_still_expires() {
        let issuer = issuer();
        let token = format!("Bearer {}", issuer.sign(&claims(json!({}))).unwrap());
        let authorizer = authorizer(&issuer);
        assert!(authorizer.judge(Some(&token), NOW).is_ok());
        assert_eq!(authorizer.judge(Some(&token), NOW + 61), Err(Refused::Expired));
    }

    fn judge(over: Value) -> Result<Claims, Refused> {
        let issuer = issuer();
        let token = issuer.sign(&claims(over)).unwrap();
        authorizer(&issuer).judge(Some(&format!("bearer {token}")), NOW)
    }

    fn claims(over: Value) -> Value {
        let mut claims = json!({
            "iss": "http://laptop/dev", "aud": "penstock", "exp": NOW + 60, "iat": NOW,
            "sub": "me", "tenant_id": "acme", "roles": ["orders", "pricing"],
        });
        claims.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
        claims
    }

    fn issuer() -> Issuer {
        Issuer::new("http://laptop/dev", "penstock", None).unwrap()
    }

    fn authorizer(issuer: &Issuer) -> Authorizer {
        let says = JwtAuthorizer { issuer: "http://laptop/dev".into(), audience: vec!["penstock".into()] };
        Authorizer::new(says, issuer.keys())
    }
}
