//! Values and the stages they are in: creating, putting, reading, moving stages.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;

use super::error::SecretsError;
use super::store::{self, CURRENT, Secret, Value};
use super::{new_arn, seconds};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateSecret {
    name: String,
    client_request_token: Option<String>,
    description: Option<String>,
    secret_string: Option<String>,
    secret_binary: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutSecretValue {
    secret_id: String,
    client_request_token: Option<String>,
    secret_string: Option<String>,
    secret_binary: Option<String>,
    version_stages: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateSecret {
    secret_id: String,
    client_request_token: Option<String>,
    description: Option<String>,
    secret_string: Option<String>,
    secret_binary: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetSecretValue {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateSecretVersionStage {
    secret_id: String,
    version_stage: String,
    remove_from_version_id: Option<String>,
    move_to_version_id: Option<String>,
}

/// Secrets Manager's limit of a value.
const VALUE_MAX_BYTES: usize = 65_536;
const NAME_MAX: usize = 512;
const STAGES_MAX: usize = 20;
const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 32..=64;

type Answer = Result<serde_json::Value, SecretsError>;

pub(super) fn create(db: &Connection, given: CreateSecret, now_ms: i64) -> Answer {
    let valid = |it: char| it.is_ascii_alphanumeric() || "/_+=.@-".contains(it);
    if given.name.is_empty() || given.name.len() > NAME_MAX || !given.name.chars().all(valid) {
        let words = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
        return Err(invalid(words));
    }
    let (value, id) = (value(given.secret_string, given.secret_binary)?, token(given.client_request_token)?);
    if let Some(there) = store::find(db, &given.name, now_ms)?.filter(|it| it.name == given.name) {
        return created_before(db, &there, &id, &value);
    }
    let secret = new_secret(new_arn(&given.name), given.name, given.description, now_ms);
    store::insert(db, &secret)?;
    if value.is_none() {
        return Ok(json!({"ARN": secret.arn, "Name": secret.name}));
    }
    store::put_version(db, &secret.arn, &id, &value, now_ms)?;
    store::stage(db, &secret.arn, CURRENT, &id)?;
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": id}))
}

/// The same request again is answered as the first was.
fn created_before(db: &Connection, there: &Secret, id: &str, value: &Value) -> Answer {
    if there.gone_ms.is_some() {
        let words =
            "You can't create this secret because a secret with this name is already scheduled for deletion.";
        return Err(SecretsError::InvalidRequest(words.to_owned()));
    }
    match store::version(db, &there.arn, id)? {
        Some((known, _)) if known == *value => {
            Ok(json!({"ARN": there.arn, "Name": there.name, "VersionId": id}))
        }
        _ => Err(SecretsError::Exists(format!(
            "The operation failed because the secret {} already exists.",
            there.name
        ))),
    }
}

/// A secret that was made now.
pub(super) fn new_secret(arn: String, name: String, description: Option<String>, now_ms: i64) -> Secret {
    Secret {
        arn,
        name,
        description,
        created_ms: now_ms,
        changed_ms: now_ms,
        gone_ms: None,
        rotation: None,
        rules: None,
        rotated_ms: None,
    }
}

pub(super) fn put(db: &Connection, given: PutSecretValue, now_ms: i64) -> Answer {
    let secret = store::need(db, &given.secret_id, now_ms)?;
    let (value, id) = (value(given.secret_string, given.secret_binary)?, token(given.client_request_token)?);
    if value.is_none() {
        return Err(invalid("You must provide either SecretString or SecretBinary."));
    }
    let stages = given.version_stages.unwrap_or_else(|| vec![CURRENT.to_owned()]);
    if stages.is_empty() || stages.len() > STAGES_MAX {
        return Err(invalid("VersionStages must have 1 to 20 staging labels."));
    }
    put_version(db, &secret, &id, &value, &stages, now_ms)?;
    let staged = stages_of(db, &secret.arn, &id)?;
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": id, "VersionStages": staged}))
}

pub(super) fn update(db: &Connection, given: UpdateSecret, now_ms: i64) -> Answer {
    let mut secret = store::need(db, &given.secret_id, now_ms)?;
    let (value, id) = (value(given.secret_string, given.secret_binary)?, token(given.client_request_token)?);
    if given.description.is_some() {
        secret.description = given.description;
        secret.changed_ms = now_ms;
        store::update(db, &secret)?;
    }
    if value.is_none() {
        return Ok(json!({"ARN": secret.arn, "Name": secret.name}));
    }
    put_version(db, &secret, &id, &value, &[CURRENT.to_owned()], now_ms)?;
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": id}))
}

/// Adds a version. Its token is its id, so the same request again changes nothing, and another value is refused.
fn put_version(
    db: &Connection,
    secret: &Secret,
    id: &str,
    value: &Value,
    stages: &[String],
    now_ms: i64,
) -> Result<(), SecretsError> {
    match store::version(db, &secret.arn, id)? {
        Some((known, _)) if known == *value => return Ok(()),
        Some((known, _)) if !known.is_none() => {
            let words = format!(
                "You can't use ClientRequestToken {id} because that value is already in use for a version of secret {}.",
                secret.arn
            );
            return Err(SecretsError::Exists(words));
        }
        _ => store::put_version(db, &secret.arn, id, value, now_ms)?,
    }
    for stage in stages {
        store::stage(db, &secret.arn, stage, id)?;
    }
    if store::staged(db, &secret.arn, CURRENT)?.is_none() {
        store::stage(db, &secret.arn, CURRENT, id)?;
    }
    store::prune(db, &secret.arn, now_ms)?;
    store::update(db, &Secret { changed_ms: now_ms, ..secret.clone() })
}

pub(super) fn get(db: &Connection, given: &GetSecretValue, now_ms: i64) -> Answer {
    let secret = store::need(db, &given.secret_id, now_ms)?;
    let stage = given.version_stage.as_deref();
    let id = match (&given.version_id, stage) {
        (Some(id), stage) => {
            if let Some(stage) =
                stage.filter(|_| store::version(db, &secret.arn, id).is_ok_and(|it| it.is_some()))
                && store::staged(db, &secret.arn, stage)?.as_ref() != Some(id)
            {
                let words = "You provided a VersionStage that is not associated to the provided VersionId.";
                return Err(SecretsError::InvalidRequest(words.to_owned()));
            }
            Some(id.clone())
        }
        (None, stage) => store::staged(db, &secret.arn, stage.unwrap_or(CURRENT))?,
    };
    let missing = || match &given.version_id {
        Some(id) => SecretsError::missing_value(&format!("VersionId: {id}")),
        None => SecretsError::missing_value(&format!("staging label: {}", stage.unwrap_or(CURRENT))),
    };
    let id = id.ok_or_else(missing)?;
    let found = store::version(db, &secret.arn, &id)?.filter(|(value, _)| !value.is_none());
    let (value, created_ms) = found.ok_or_else(missing)?;
    let mut answer = json!({
        "ARN": secret.arn, "Name": secret.name, "VersionId": id, "CreatedDate": seconds(created_ms),
        "VersionStages": stages_of(db, &secret.arn, &id)?,
    });
    match value {
        Value { text: Some(text), .. } => answer["SecretString"] = text.into(),
        Value { bytes, .. } => {
            answer["SecretBinary"] = BASE64_STANDARD.encode(bytes.unwrap_or_default()).into()
        }
    }
    Ok(answer)
}

pub(super) fn move_stage(db: &Connection, given: &UpdateSecretVersionStage, now_ms: i64) -> Answer {
    let secret = store::need(db, &given.secret_id, now_ms)?;
    let (stage, on) = (&given.version_stage, store::staged(db, &secret.arn, &given.version_stage)?);
    for id in [&given.move_to_version_id, &given.remove_from_version_id].into_iter().flatten() {
        if store::version(db, &secret.arn, id)?.is_none() {
            return Err(SecretsError::NotFound(format!(
                "Secrets Manager can't find the specified secret version: {id}"
            )));
        }
    }
    let stays = on.is_some() && on == given.move_to_version_id;
    if let Some(on) = on.as_ref().filter(|on| !stays && Some(*on) != given.remove_from_version_id.as_ref()) {
        return Err(invalid(&format!(
            "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version {on}, so you must explicitly reference that version in RemoveFromVersionId."
        )));
    }
    match &given.move_to_version_id {
        Some(to) => store::stage(db, &secret.arn, stage, to)?,
        None if stage == CURRENT => {
            return Err(invalid(
                "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
            ));
        }
        None => store::unstage(db, &secret.arn, stage)?,
    }
    store::update(db, &Secret { changed_ms: now_ms, ..secret.clone() })?;
    Ok(json!({"ARN": secret.arn, "Name": secret.name}))
}

/// The stages that a version is in.
fn stages_of(db: &Connection, arn: &str, id: &str) -> Result<Vec<String>, SecretsError> {
    let stages = store::stages(db, arn)?;
    Ok(stages.into_iter().filter(|(_, version)| version == id).map(|(stage, _)| stage).collect())
}

fn value(text: Option<String>, bytes: Option<String>) -> Result<Value, SecretsError> {
    let bytes = bytes.map(|it| BASE64_STANDARD.decode(it)).transpose();
    let bytes = bytes.map_err(|it| SecretsError::Malformed(it.to_string()))?;
    let size = text.as_ref().map_or(0, String::len) + bytes.as_ref().map_or(0, Vec::len);
    match (text, bytes) {
        (Some(_), Some(_)) => Err(invalid(
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        )),
        _ if size > VALUE_MAX_BYTES => {
            Err(invalid(&format!("The secret value must have at most {VALUE_MAX_BYTES} bytes.")))
        }
        (text, bytes) => Ok(Value { text, bytes }),
    }
}

/// The version's id: the caller's token, or a new one.
pub(super) fn token(given: Option<String>) -> Result<String, SecretsError> {
    match given {
        Some(token) if !TOKEN_LENGTH.contains(&token.len()) => {
            Err(invalid("ClientRequestToken must be 32-64 characters long."))
        }
        Some(token) => Ok(token),
        None => Ok(uuid::Uuid::new_v4().to_string()),
    }
}

pub(super) fn invalid(words: &str) -> SecretsError {
    SecretsError::InvalidParameter(words.to_owned())
}
