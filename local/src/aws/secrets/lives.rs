//! A secret's life: described, listed, marked for deletion, restored.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::SecretsError;
use super::seconds;
use super::store::{self, Secret};
use super::values::invalid;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Named {
    pub(super) secret_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListSecrets {
    max_results: Option<usize>,
    next_token: Option<String>,
    include_planned_deletion: Option<bool>,
    filters: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteSecret {
    secret_id: String,
    recovery_window_in_days: Option<i64>,
    force_delete_without_recovery: Option<bool>,
}

const PAGE_MAX: usize = 100;
const WINDOW_DAYS: std::ops::RangeInclusive<i64> = 7..=30;
const WINDOW_DAYS_DEFAULT: i64 = 30;

type Answer = Result<Value, SecretsError>;

pub(super) fn describe(db: &Connection, given: &Named, now_ms: i64) -> Answer {
    let secret = store::find(db, &given.secret_id, now_ms)?.ok_or_else(SecretsError::missing_secret)?;
    let mut answer = shown(&secret);
    answer["VersionIdsToStages"] = json!(versions(db, &secret)?);
    Ok(answer)
}

pub(super) fn list(db: &Connection, given: &ListSecrets, now_ms: i64) -> Answer {
    if given.filters.as_ref().is_some_and(|it| !it.is_empty()) {
        return Err(invalid("The laptop's Secrets Manager lists without filters."));
    }
    let max = given.max_results.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let planned = given.include_planned_deletion.unwrap_or_default();
    let mut page =
        store::page(db, given.next_token.as_deref().unwrap_or_default(), planned, max + 1, now_ms)?;
    let more = page.len() > max;
    page.truncate(max);
    let mut listed = vec![];
    for secret in &page {
        let mut answer = shown(secret);
        answer["SecretVersionsToStages"] = json!(versions(db, secret)?);
        listed.push(answer);
    }
    let mut answer = json!({"SecretList": listed});
    if let Some(last) = page.last().filter(|_| more) {
        answer["NextToken"] = last.name.as_str().into();
    }
    Ok(answer)
}

pub(super) fn delete(db: &Connection, given: &DeleteSecret, now_ms: i64) -> Answer {
    let force = given.force_delete_without_recovery.unwrap_or_default();
    if force && given.recovery_window_in_days.is_some() {
        return Err(invalid(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    let days = given.recovery_window_in_days.unwrap_or(WINDOW_DAYS_DEFAULT);
    if !WINDOW_DAYS.contains(&days) {
        return Err(invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."));
    }
    if force {
        let found = store::find(db, &given.secret_id, now_ms)?;
        // Whoever forces is told that it is gone, whether or not it was there.
        let Some(secret) = found else {
            return Ok(json!({"Name": given.secret_id, "DeletionDate": seconds(now_ms)}));
        };
        store::delete(db, &secret.arn)?;
        return Ok(json!({"ARN": secret.arn, "Name": secret.name, "DeletionDate": seconds(now_ms)}));
    }
    let mut secret = store::need(db, &given.secret_id, now_ms)?;
    let window = i64::try_from(SignedDuration::from_hours(24 * days).as_millis()).unwrap_or(i64::MAX);
    let gone_ms = now_ms.saturating_add(window);
    secret.gone_ms = Some(gone_ms);
    store::update(db, &secret)?;
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "DeletionDate": seconds(gone_ms)}))
}

pub(super) fn restore(db: &Connection, given: &Named, now_ms: i64) -> Answer {
    let mut secret = store::find(db, &given.secret_id, now_ms)?.ok_or_else(SecretsError::missing_secret)?;
    secret.gone_ms = None;
    store::update(db, &secret)?;
    Ok(json!({"ARN": secret.arn, "Name": secret.name}))
}

fn shown(secret: &Secret) -> Value {
    let mut answer = json!({
        "ARN": secret.arn, "Name": secret.name,
        "CreatedDate": seconds(secret.created_ms), "LastChangedDate": seconds(secret.changed_ms),
    });
    let rules = secret.rules.as_deref().and_then(|it| serde_json::from_str::<Value>(it).ok());
    let known = [
        ("Description", secret.description.clone().map(Value::from)),
        ("DeletedDate", secret.gone_ms.map(seconds)),
        ("RotationEnabled", secret.rotation.as_ref().map(|_| Value::from(true))),
        ("RotationLambdaARN", secret.rotation.clone().map(Value::from)),
        ("RotationRules", rules),
        ("LastRotatedDate", secret.rotated_ms.map(seconds)),
    ];
    for (name, value) in known.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        answer[name] = value;
    }
    answer
}

/// The versions that are in a stage, each with its stages.
fn versions(db: &Connection, secret: &Secret) -> Result<BTreeMap<String, Vec<String>>, SecretsError> {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (stage, version) in store::stages(db, &secret.arn)? {
        versions.entry(version).or_default().push(stage);
    }
    Ok(versions)
}
