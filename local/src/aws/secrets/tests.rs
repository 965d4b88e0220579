//! Secrets Manager through the real SDK. The pages named are of the AWS Secrets Manager User Guide and API Reference.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex as Lock;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::primitives::Blob;

use super::*;
use crate::aws::Cloud;
use crate::functions::{Deployed, Functions};
use crate::handler::Failure;
use crate::planted::Planted;
use crate::template::Template;

const FIRST: &str = "11111111-1111-1111-1111-111111111111";
const SECOND: &str = "22222222-2222-2222-2222-222222222222";
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

#[tokio::test]
async fn a_secret_goes_by_its_name_and_by_its_arn() {
    let vault = Vault::open();
    let created = vault.client.create_secret().name("shop/key").secret_string("hush").send().await.unwrap();
    let arn = created.arn().unwrap();
    let (whole, suffix) = arn.rsplit_once('-').unwrap();
    assert!(whole.ends_with(":secret:shop/key") && suffix.len() == 6, "{arn}");
    for id in ["shop/key", arn, whole] {
        let got = vault.client.get_secret_value().secret_id(id).send().await.unwrap();
        assert_eq!(got.secret_string(), Some("hush"), "{id}");
        assert_eq!(got.version_stages(), ["AWSCURRENT"]);
    }
    let other = format!("{whole}-AAAAAA");
    assert_eq!(
        code(vault.client.get_secret_value().secret_id(other).send().await),
        "ResourceNotFoundException"
    );
}

#[tokio::test]
async fn bytes_come_back_as_bytes() {
    let vault = Vault::open();
    let create = vault.client.create_secret().name("key").secret_binary(Blob::new([0, 159, 146, 150]));
    create.send().await.unwrap();
    let got = vault.client.get_secret_value().secret_id("key").send().await.unwrap();
    assert_eq!(got.secret_binary().unwrap().as_ref(), [0, 159, 146, 150]);
    assert_eq!(got.secret_string(), None);
}

/// "CreateSecret": the token makes a repeated request harmless.
#[tokio::test]
async fn the_same_creation_again_is_the_same_secret_and_another_is_refused() {
    let vault = Vault::open();
    let create = |value: &str, token: &str| {
        vault.client.create_secret().name("key").secret_string(value).client_request_token(token).send()
    };
    let first = create("a", FIRST).await.unwrap();
    let again = create("a", FIRST).await.unwrap();
    assert_eq!((again.arn(), again.version_id()), (first.arn(), Some(FIRST)));
    assert_eq!(code(create("b", FIRST).await), "ResourceExistsException");
    assert_eq!(code(create("a", SECOND).await), "ResourceExistsException");
}

/// "PutSecretValue": the token makes a repeated request harmless, and never changes a value.
#[tokio::test]
async fn the_same_value_again_is_the_same_version_and_another_is_refused() {
    let vault = Vault::with("key", "a").await;
    let put = |value: &str| vault.put("key", value, FIRST);
    put("b").send().await.unwrap();
    put("b").send().await.unwrap();
    assert_eq!(code(put("c").send().await), "ResourceExistsException");
    assert_eq!(vault.value("key").await, "b");
}

#[tokio::test]
async fn a_new_value_is_current_and_the_one_before_is_previous() {
    let vault = Vault::with("key", "a").await;
    vault.put("key", "b", FIRST).send().await.unwrap();
    vault.put("key", "c", SECOND).send().await.unwrap();
    assert_eq!(vault.stages("key").await, [(FIRST, vec!["AWSPREVIOUS"]), (SECOND, vec!["AWSCURRENT"])]);
    let previous =
        vault.client.get_secret_value().secret_id("key").version_stage("AWSPREVIOUS").send().await.unwrap();
    assert_eq!(previous.secret_string(), Some("b"));
    let by_id = vault.client.get_secret_value().secret_id("key").version_id(SECOND).send().await.unwrap();
    assert_eq!(by_id.secret_string(), Some("c"));
    let both =
        vault.client.get_secret_value().secret_id("key").version_id(SECOND).version_stage("AWSPREVIOUS");
    assert_eq!(code(both.send().await), "InvalidRequestException");
    let missing = vault.client.get_secret_value().secret_id("key").version_stage("MINE").send().await;
    assert_eq!(code(missing), "ResourceNotFoundException");
}

#[tokio::test]
async fn an_update_changes_the_description_or_the_value() {
    let vault = Vault::with("key", "a").await;
    vault.client.update_secret().secret_id("key").description("for the door").send().await.unwrap();
    assert_eq!(vault.value("key").await, "a");
    vault.client.update_secret().secret_id("key").secret_string("b").send().await.unwrap();
    assert_eq!(vault.value("key").await, "b");
    let described = vault.client.describe_secret().secret_id("key").send().await.unwrap();
    assert_eq!(described.description(), Some("for the door"));
}

/// "UpdateSecretVersionStage".
#[tokio::test]
async fn a_stage_moves_only_from_where_the_caller_says_it_is() {
    let vault = Vault::with("key", "a").await;
    vault.put("key", "b", FIRST).send().await.unwrap();
    vault.put("key", "c", SECOND).version_stages("MINE").send().await.unwrap();
    let step = |to| {
        vault
            .client
            .update_secret_version_stage()
            .secret_id("key")
            .version_stage("AWSCURRENT")
            .move_to_version_id(to)
    };
    assert_eq!(code(step(SECOND).send().await), "InvalidParameterException");
    step(SECOND).remove_from_version_id(FIRST).send().await.unwrap();
    assert_eq!(
        vault.stages("key").await,
        [(FIRST, vec!["AWSPREVIOUS"]), (SECOND, vec!["AWSCURRENT", "MINE"])]
    );
    let remove = vault.client.update_secret_version_stage().secret_id("key").version_stage("AWSCURRENT");
    assert_eq!(code(remove.remove_from_version_id(SECOND).send().await), "InvalidParameterException");
    let remove = vault.client.update_secret_version_stage().secret_id("key").version_stage("MINE");
    remove.remove_from_version_id(SECOND).send().await.unwrap();
    assert_eq!(vault.stages("key").await, [(FIRST, vec!["AWSPREVIOUS"]), (SECOND, vec!["AWSCURRENT"])]);
}

/// "Delete an AWS Secrets Manager secret".
#[tokio::test]
async fn a_deleted_secret_can_be_restored_until_its_window_is_over() {
    let vault = Vault::with("key", "a").await;
    vault.client.delete_secret().secret_id("key").recovery_window_in_days(7).send().await.unwrap();
    assert_eq!(
        code(vault.client.get_secret_value().secret_id("key").send().await),
        "InvalidRequestException"
    );
    let again = vault.client.create_secret().name("key").secret_string("b").send().await;
    assert_eq!(code(again), "InvalidRequestException");
    vault.client.restore_secret().secret_id("key").send().await.unwrap();
    assert_eq!(vault.value("key").await, "a");
    vault.client.delete_secret().secret_id("key").recovery_window_in_days(7).send().await.unwrap();
    vault.pass(7 * DAY_MS);
    assert_eq!(
        code(vault.client.restore_secret().secret_id("key").send().await),
        "ResourceNotFoundException"
    );
    vault.client.create_secret().name("key").secret_string("b").send().await.unwrap();
}

#[tokio::test]
async fn a_window_is_seven_to_thirty_days_or_none_at_all() {
    let vault = Vault::with("key", "a").await;
    let delete = || vault.client.delete_secret().secret_id("key");
    assert_eq!(code(delete().recovery_window_in_days(6).send().await), "InvalidParameterException");
    let both = delete().recovery_window_in_days(7).force_delete_without_recovery(true).send().await;
    assert_eq!(code(both), "InvalidParameterException");
    delete().force_delete_without_recovery(true).send().await.unwrap();
    assert_eq!(
        code(vault.client.describe_secret().secret_id("key").send().await),
        "ResourceNotFoundException"
    );
}

#[tokio::test]
async fn secrets_are_listed_page_by_page_without_the_deleted() {
    let vault = Vault::open();
    for name in ["c", "a", "d", "b"] {
        vault.client.create_secret().name(name).secret_string("x").send().await.unwrap();
    }
    vault.client.delete_secret().secret_id("b").send().await.unwrap();
    let mut pages = vault.client.list_secrets().max_results(2).into_paginator().send();
    let mut names = vec![];
    while let Some(page) = pages.next().await {
        names.extend(page.unwrap().secret_list().iter().map(|it| it.name().unwrap().to_owned()));
    }
    assert_eq!(names, ["a", "c", "d"]);
}

#[tokio::test]
async fn what_cannot_be_a_name_a_token_or_a_value_is_refused() {
    let vault = Vault::open();
    let create = |name: &str| vault.client.create_secret().name(name).secret_string("x");
    assert_eq!(code(create("no spaces").send().await), "InvalidParameterException");
    assert_eq!(code(create("key").client_request_token("short").send().await), "InvalidParameterException");
    let large = "x".repeat(65_537);
    assert_eq!(
        code(vault.client.create_secret().name("key").secret_string(large).send().await),
        "InvalidParameterException"
    );
}

/// "AWS Secrets Manager quotas": versions in no stage go when there are more than 100, but not within a day.
#[tokio::test]
async fn old_versions_in_no_stage_are_removed_and_young_ones_are_not() {
    let vault = Vault::with("key", "first").await;
    let kept = vault.put("key", "kept", FIRST).version_stages("mine").send().await.unwrap();
    for number in 0..110 {
        vault.put("key", &number.to_string(), &token(number)).send().await.unwrap();
    }
    assert!(vault.by_id(&token(0)).await.is_some(), "it is of today");
    vault.pass(DAY_MS);
    vault.put("key", "last", SECOND).send().await.unwrap();
    assert_eq!(vault.by_id(&token(11)).await, None);
    assert!(vault.by_id(&token(13)).await.is_some(), "a hundred are kept");
    assert_eq!(vault.by_id(kept.version_id().unwrap()).await.as_deref(), Some("kept"), "it is in a stage");
    assert_eq!(vault.value("key").await, "last");
}

/// "Lambda rotation functions": four steps, and the new version is current after the last.
#[tokio::test]
async fn a_rotation_calls_its_function_in_four_steps() {
    let vault = Vault::with("key", "a").await;
    let steps = vault.rotated_by(|_| Ok(()));
    vault.rotate("key", FIRST).await.unwrap();
    vault.until_rotated("key", FIRST).await;
    assert_eq!(*steps.lock().unwrap(), ["createSecret", "setSecret", "testSecret", "finishSecret"]);
    assert_eq!(vault.value("key").await, "rotated");
    let described = vault.client.describe_secret().secret_id("key").send().await.unwrap();
    assert_eq!(described.rotation_enabled(), Some(true));
    assert!(!described.version_ids_to_stages().unwrap()[FIRST].contains(&"AWSPENDING".to_owned()));
}

#[tokio::test]
async fn a_rotation_that_failed_leaves_the_value_and_is_reattempted() {
    let vault = Vault::with("key", "a").await;
    let tests = AtomicUsize::new(0);
    let steps = vault.rotated_by(move |step| match step {
        "testSecret" if tests.fetch_add(1, Ordering::SeqCst) == 0 => Err(()),
        _ => Ok(()),
    });
    vault.rotate("key", FIRST).await.unwrap();
    until(|| steps.lock().unwrap().len() == 3).await;
    assert_eq!(vault.value("key").await, "a");
    until(|| vault.secrets.rotations().running.lock().unwrap().is_empty()).await;
    assert_eq!(vault.rotate("key", SECOND).await.unwrap_err(), "InvalidRequestException");
    vault.until_rotated("key", FIRST).await;
    assert_eq!(vault.value("key").await, "rotated");
}

#[tokio::test]
async fn a_rotation_without_a_function_is_refused() {
    let vault = Vault::with("key", "a").await;
    assert_eq!(code(vault.client.rotate_secret().secret_id("key").send().await), "InvalidRequestException");
}

#[tokio::test]
async fn secrets_and_a_rotation_that_was_cut_off_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets.sqlite");
    let vault = Vault::on(&file);
    vault.client.create_secret().name("key").secret_string("a").send().await.unwrap();
    let _steps = vault.rotated_by(|_| Err(()));
    vault.rotate("key", FIRST).await.unwrap();
    until(|| vault.secrets.rotations().running.lock().unwrap().is_empty()).await;
    drop(vault);
    let again = Vault::on(&file);
    assert_eq!(again.value("key").await, "a");
    let _steps = again.rotated_by(|_| Ok(()));
    again.until_rotated("key", FIRST).await;
    assert_eq!(again.value("key").await, "rotated");
}

#[tokio::test]
async fn a_rotation_by_a_function_that_does_not_exist_is_refused_and_leaves_nothing_pending() {
    let vault = Vault::with("key", "a").await;
    let _steps = vault.rotated_by(|_| Ok(()));
    let rotate = vault.client.rotate_secret().secret_id("key").client_request_token(FIRST);
    let nobody = "arn:aws:lambda:eu-central-1:000000000000:function:nobody";
    assert_eq!(code(rotate.rotation_lambda_arn(nobody).send().await), "ResourceNotFoundException");
    assert_eq!(vault.stages("key").await, []);
    vault.rotate("key", FIRST).await.unwrap();
    vault.until_rotated("key", FIRST).await;
}

#[tokio::test]
async fn a_templates_secret_is_made_once_and_goes_by_what_refers_to_it() {
    let template = r#"
Resources:
  Door:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: shop/door
      GenerateSecretString: { SecretStringTemplate: '{"user": "me"}', GenerateStringKey: password, PasswordLength: 12 }
  OpenDoorFunction:
    Type: AWS::Serverless::Function
    Properties: { Environment: { Variables: { SECRET: !Ref Door } } }
"#;
    let template = Template::read(template, &BTreeMap::new()).unwrap();
    let vault = Vault::open();
    vault.secrets.create_secrets(&template.secrets).unwrap();
    let arn = &template.functions[0].environment["SECRET"];
    let value: Value = serde_json::from_str(&vault.value(arn).await).unwrap();
    assert_eq!((value["user"].as_str(), value["password"].as_str().unwrap().len()), (Some("me"), 12));
    vault.secrets.create_secrets(&template.secrets).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&vault.value("shop/door").await).unwrap(), value);
}

/// Secrets Manager with a clock of its own, and the SDK before it.
struct Vault {
    secrets: Secrets,
    client: Client,
    passed_ms: Arc<AtomicI64>,
}

impl Vault {
    fn open() -> Self {
        Self::over(Secrets::memory)
    }

    fn on(file: &Path) -> Self {
        Self::over(|clock| Secrets::open(file, clock))
    }

    fn over(open: impl FnOnce(Clock) -> Result<Secrets, SecretsError>) -> Self {
        let passed_ms = Arc::new(AtomicI64::new(0));
        let passed = Arc::clone(&passed_ms);
        let start = Timestamp::now();
        let clock: Clock =
            Arc::new(move || start + jiff::SignedDuration::from_millis(passed.load(Ordering::SeqCst)));
        let secrets = open(clock).unwrap();
        let service = Arc::new(secrets.clone()) as Arc<dyn Service>;
        let cloud = Cloud::new(BTreeMap::from([("secretsmanager", service)]));
        Self { secrets, client: Client::new(&cloud.sdk_config("test")), passed_ms }
    }

    async fn with(name: &str, value: &str) -> Self {
        let vault = Self::open();
        vault.client.create_secret().name(name).secret_string(value).send().await.unwrap();
        vault
    }

    fn pass(&self, ms: i64) {
        self.passed_ms.fetch_add(ms, Ordering::SeqCst);
    }

    fn put(
        &self,
        id: &str,
        value: &str,
        token: &str,
    ) -> aws_sdk_secretsmanager::operation::put_secret_value::builders::PutSecretValueFluentBuilder {
        self.client.put_secret_value().secret_id(id).secret_string(value).client_request_token(token)
    }

    async fn value(&self, id: &str) -> String {
        let got = self.client.get_secret_value().secret_id(id).send().await.unwrap();
        got.secret_string().unwrap().to_owned()
    }

    /// The versions made with a token of these tests, and their stages.
    /// The value of a version of `key`, if it is there.
    async fn by_id(&self, version: &str) -> Option<String> {
        let get = self.client.get_secret_value().secret_id("key").version_id(version).send().await;
        get.ok().map(|it| it.secret_string().unwrap().to_owned())
    }

    async fn stages(&self, id: &str) -> Vec<(&'static str, Vec<&'static str>)> {
        let described = self.client.describe_secret().secret_id(id).send().await.unwrap();
        let versions = described.version_ids_to_stages().unwrap();
        let known = ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "MINE"];
        let stages = |it: &str| {
            known.into_iter().filter(|stage| versions[it].iter().any(|has| has == stage)).collect()
        };
        [FIRST, SECOND]
            .into_iter()
            .filter(|it| versions.contains_key(*it))
            .map(|it| (it, stages(it)))
            .collect()
    }

    async fn rotate(&self, id: &str, token: &str) -> Result<(), String> {
        let arn = "arn:aws:lambda:eu-central-1:000000000000:function:rotate";
        let rotate =
            self.client.rotate_secret().secret_id(id).client_request_token(token).rotation_lambda_arn(arn);
        rotate.send().await.map(|_| ()).map_err(|it| it.code().unwrap_or("none").to_owned())
    }

    async fn until_rotated(&self, id: &str, token: &str) {
        for _ in 0..500 {
            let described = self.client.describe_secret().secret_id(id).send().await.unwrap();
            let current = described
                .version_ids_to_stages()
                .unwrap()
                .get(token)
                .is_some_and(|it| it.contains(&"AWSCURRENT".to_owned()));
            if current && described.last_rotated_date().is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{id} was not rotated");
    }

    /// A rotation function as AWS's templates have it, which fails where `judge` says so; the steps it was called with.
    fn rotated_by(
        &self,
        judge: impl Fn(&str) -> Result<(), ()> + Send + Sync + 'static,
    ) -> Arc<Lock<Vec<String>>> {
        let steps = Arc::new(Lock::new(vec![]));
        let (client, seen, judge) = (self.client.clone(), Arc::clone(&steps), Arc::new(judge));
        let handler = Planted::handler(move |payload: Vec<u8>| {
            let event: Value = serde_json::from_slice(&payload).unwrap();
            let step = event["Step"].as_str().unwrap().to_owned();
            seen.lock().unwrap().push(step.clone());
            let (client, judge) = (client.clone(), Arc::clone(&judge));
            async move {
                let failure = || Failure::Error { kind: "Planted".to_owned(), message: "planted".to_owned() };
                judge(&step).map_err(|()| failure())?;
                take_step(&client, &event, &step).await;
                Ok(b"null".to_vec())
            }
        });
        let functions = Functions::new(BTreeMap::from([(
            "rotate".to_owned(),
            Deployed { timeout: Duration::from_secs(5), handler },
        )]));
        self.secrets.rotate_with(&functions).unwrap();
        steps
    }
}

async fn take_step(client: &Client, event: &Value, step: &str) {
    let (id, token) = (event["SecretId"].as_str().unwrap(), event["ClientRequestToken"].as_str().unwrap());
    let described = client.describe_secret().secret_id(id).send().await.unwrap();
    let stages = described.version_ids_to_stages().unwrap().clone();
    assert!(stages[token].contains(&"AWSPENDING".to_owned()), "the version is pending before it is made");
    match step {
        "createSecret" => {
            let there = client
                .get_secret_value()
                .secret_id(id)
                .version_id(token)
                .version_stage("AWSPENDING")
                .send()
                .await;
            if there.is_err() {
                assert_eq!(code(there), "ResourceNotFoundException");
                let put = client
                    .put_secret_value()
                    .secret_id(id)
                    .client_request_token(token)
                    .secret_string("rotated");
                put.version_stages("AWSPENDING").send().await.unwrap();
            }
        }
        "finishSecret" => {
            let current = stages.iter().find(|(_, it)| it.contains(&"AWSCURRENT".to_owned())).unwrap().0;
            let step = client.update_secret_version_stage().secret_id(id).version_stage("AWSCURRENT");
            step.move_to_version_id(token).remove_from_version_id(current).send().await.unwrap();
        }
        _ => {}
    }
}

fn token(number: u32) -> String {
    format!("33333333-3333-3333-3333-{number:012}")
}

async fn until(holds: impl Fn() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to that");
}

#[track_caller]
fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(
    answer: Result<T, SdkError<E, R>>,
) -> String {
    answer.unwrap_err().code().unwrap_or("none").to_owned()
}
