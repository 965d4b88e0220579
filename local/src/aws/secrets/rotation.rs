//! Rotation: a new version is announced, and a function makes it, sets it, tests it and makes it current, in four steps.
//!
//! As in AWS the caller is answered when the rotation has begun. A rotation that failed, or that the end of the process
//! cut off, goes on when somebody asks again, or at the next start. Nothing rotates by the calendar here.
//!
//! Reference: "Lambda rotation functions", AWS Secrets Manager User Guide.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Secrets;
use super::error::SecretsError;
use super::store::{self, CURRENT, PENDING, Secret};
use super::values::{invalid, token};
use crate::functions::Functions;

/// The steps, in order.
const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RotateSecret {
    secret_id: String,
    client_request_token: Option<String>,
    #[serde(rename = "RotationLambdaARN")]
    rotation_lambda_arn: Option<String>,
    rotation_rules: Option<Value>,
    rotate_immediately: Option<bool>,
}

/// Who rotates, and what is being rotated now.
#[derive(Default)]
pub(super) struct Rotations {
    functions: OnceLock<Functions>,
    pub(super) running: Mutex<BTreeSet<String>>,
}

impl Rotations {
    /// Refuses a function that does not exist: a version announced to it would be pending for good.
    fn check(&self, function: &str) -> Result<(), SecretsError> {
        match self.functions.get() {
            Some(functions) if !functions.contains(&functions.resolve(function)) => {
                let words = format!("Secrets Manager can't find the Lambda rotation function {function}.");
                Err(SecretsError::NotFound(words))
            }
            _ => Ok(()),
        }
    }
}

/// A rotation that is to run: the secret and the version to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rotation {
    pub(super) arn: String,
    pub(super) token: String,
}

/// Writes down that a rotation has begun; what the caller is answered, and what is to run.
pub(super) fn begin(
    db: &Connection,
    given: RotateSecret,
    rotations: &Rotations,
    now_ms: i64,
) -> Result<(Result<Value, SecretsError>, Rotation), SecretsError> {
    let mut secret = store::need(db, &given.secret_id, now_ms)?;
    let id = token(given.client_request_token)?;
    if given.rotate_immediately == Some(false) {
        return Err(invalid("The laptop's Secrets Manager rotates immediately, and never by the calendar."));
    }
    secret.rotation = given.rotation_lambda_arn.or(secret.rotation);
    secret.rules = given.rotation_rules.map(|it| it.to_string()).or(secret.rules);
    let Some(function) = &secret.rotation else {
        let words = "No Lambda rotation function ARN is associated with this secret.";
        return Err(SecretsError::InvalidRequest(words.to_owned()));
    };
    rotations.check(function)?;
    let (current, pending) =
        (store::staged(db, &secret.arn, CURRENT)?, store::staged(db, &secret.arn, PENDING)?);
    store::update(db, &secret)?;
    let answer = json!({"ARN": secret.arn, "Name": secret.name, "VersionId": id});
    let rotation = Rotation { arn: secret.arn.clone(), token: id };
    match pending.filter(|it| Some(it) != current.as_ref()) {
        Some(before) if before != rotation.token => {
            let words = "A previous rotation isn't complete. That rotation will be reattempted.";
            Ok((Err(SecretsError::InvalidRequest(words.to_owned())), Rotation { token: before, ..rotation }))
        }
        _ => {
            announce(db, &rotation, now_ms)?;
            Ok((Ok(answer), rotation))
        }
    }
}

/// The version is there, without a value, before the function is asked to make one.
fn announce(db: &Connection, rotation: &Rotation, now_ms: i64) -> Result<(), SecretsError> {
    if store::version(db, &rotation.arn, &rotation.token)?.is_none() {
        store::put_version(db, &rotation.arn, &rotation.token, &super::store::Value::default(), now_ms)?;
    }
    if store::staged(db, &rotation.arn, CURRENT)?.as_ref() != Some(&rotation.token) {
        store::stage(db, &rotation.arn, PENDING, &rotation.token)?;
    }
    store::prune(db, &rotation.arn, now_ms)
}

impl Secrets {
    /// From now on rotations call these functions; those that were cut off go on.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn rotate_with(&self, functions: &Functions) -> Result<(), SecretsError> {
        let rotations = store::rotating(&self.db())?;
        if self.rotations().functions.set(functions.clone()).is_ok() {
            for (arn, token) in rotations {
                self.rotate(Rotation { arn, token });
            }
        }
        Ok(())
    }

    /// Runs a rotation in the background, unless it runs already.
    pub(super) fn rotate(&self, rotation: Rotation) {
        let mut running = self.rotations().running.lock().unwrap_or_else(PoisonError::into_inner);
        if !running.insert(rotation.arn.clone()) {
            return;
        }
        let secrets = self.clone();
        tokio::spawn(async move {
            if let Err(error) = secrets.run(&rotation).await {
                tracing::error!(secret = rotation.arn, error, "a rotation failed");
            }
            secrets.rotations().running.lock().unwrap_or_else(PoisonError::into_inner).remove(&rotation.arn);
        });
    }

    async fn run(&self, rotation: &Rotation) -> Result<(), String> {
        let functions = self.rotations().functions.get().ok_or("there are no functions to rotate with")?;
        let secret = store::need(&self.db(), &rotation.arn, self.now_ms()).map_err(|it| it.to_string())?;
        let function = functions.resolve(secret.rotation.as_deref().unwrap_or_default());
        for step in STEPS {
            let event = json!({"Step": step, "SecretId": rotation.arn, "ClientRequestToken": rotation.token});
            let request_id = uuid::Uuid::new_v4().to_string();
            let done = functions.invoke(&function, event.to_string().into_bytes(), request_id).await;
            done.map_err(|it| format!("{step}: {it}"))?;
        }
        self.finished(&secret, rotation).map_err(|it| it.to_string())
    }

    /// A rotation is over when its version is current.
    fn finished(&self, secret: &Secret, rotation: &Rotation) -> Result<(), SecretsError> {
        let mut db = self.db();
        let change = db.transaction()?;
        if store::staged(&change, &secret.arn, CURRENT)?.as_ref() != Some(&rotation.token) {
            let words = "the function finished, and the version it made is not current";
            return Err(SecretsError::InvalidRequest(words.to_owned()));
        }
        if store::staged(&change, &secret.arn, PENDING)?.as_ref() == Some(&rotation.token) {
            store::unstage(&change, &secret.arn, PENDING)?;
        }
        if let Some(secret) = store::find(&change, &secret.arn, self.now_ms())? {
            store::update(&change, &Secret { rotated_ms: Some(self.now_ms()), ..secret })?;
        }
        Ok(change.commit()?)
    }
}
