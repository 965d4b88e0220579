use std::path::Path;

use reqwest::{Client, StatusCode};
use serde_json::Value;

use super::*;
use crate::sources::WallClock;
use crate::{Data, Options as PlatformOptions, Platform};

#[tokio::test]
async fn functions_find_the_sandboxs_keys_in_secrets_manager_and_they_stay() {
    let folder = tempfile::tempdir().unwrap();
    let platform = started(folder.path()).await;
    let first = payments_secret(&platform).await;
    assert_eq!(asked_with(&platform, first["apiKey"].as_str().unwrap()).await, StatusCode::NOT_FOUND);
    assert_eq!(asked_with(&platform, "sk_wrong").await, StatusCode::UNAUTHORIZED);
    platform.stop().await;
    let platform = started(folder.path()).await;
    assert_eq!(payments_secret(&platform).await, first);
    assert_eq!(asked_with(&platform, first["apiKey"].as_str().unwrap()).await, StatusCode::NOT_FOUND);
    platform.stop().await;
}

#[tokio::test]
async fn the_books_are_on_the_platforms_port_and_not_for_pages_of_elsewhere() {
    let platform = Platform::start(PlatformOptions::memory()).await.unwrap();
    for book in ["payments", "shipments", "mail"] {
        let url = format!("{}/dev/{book}", platform.url());
        let books: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
        assert_eq!(books["down"], false, "{book}");
        let foreign = Client::new().post(format!("{url}/down")).header("origin", "https://evil.example");
        assert_eq!(foreign.send().await.unwrap().status(), StatusCode::FORBIDDEN, "{book}");
        let own = Client::new().post(format!("{url}/down")).send().await.unwrap();
        assert_eq!(own.status(), StatusCode::OK, "{book}");
        let books: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
        assert_eq!(books["down"], true, "{book}");
    }
    platform.stop().await;
}

#[tokio::test]
async fn another_world_can_be_chosen() {
    let outside = outside(&Secrets::memory(Arc::new(jiff::Timestamp::now)).unwrap()).await.unwrap();
    let mut parameters = BTreeMap::from([("PaymentsUrl".to_owned(), "https://api.stripe.com".to_owned())]);
    outside.tell(&mut parameters);
    assert_eq!(parameters["PaymentsUrl"], "https://api.stripe.com");
    assert_eq!(parameters["CarrierUrl"], outside.sandbox.carrier_url());
    assert_eq!(parameters["SmtpUrl"], outside.sandbox.smtp_url());
}

#[tokio::test]
async fn a_secret_that_holds_something_else_is_named() {
    let secrets = Secrets::memory(Arc::new(jiff::Timestamp::now)).unwrap();
    let template = "Resources:\n  S:\n    Type: AWS::SecretsManager::Secret\n    Properties: { Name: penstock-carrier, SecretString: plain }\n";
    let template = crate::template::Template::read(template, &BTreeMap::new()).unwrap();
    secrets.create_secrets(&template.secrets).unwrap();
    let words = outside(&secrets).await.err().unwrap().to_string();
    assert_eq!(words, "the secret penstock-carrier must be a JSON object with apiKey and webhookSecret");
}

async fn outside(secrets: &Secrets) -> Result<Outside, OutsideError> {
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    Outside::start(None, secrets, &clock, OutsideOptions::default(), "http://127.0.0.1:1").await
}

async fn started(folder: &Path) -> Platform {
    let options = PlatformOptions { data: Data::Dir(folder.to_owned()), ..PlatformOptions::memory() };
    Platform::start(options).await.unwrap()
}

const FUNCTION: &str = "handle-payments";

/// What the template gives the function.
fn variable(name: &str) -> String {
    let parameters = BTreeMap::from([("JwtIssuer".to_owned(), "https://issuer".to_owned())]);
    let template = crate::template::Template::read(crate::TEMPLATE, &parameters).unwrap();
    let function = template.functions.iter().find(|it| it.name == FUNCTION).unwrap();
    function.environment[name].clone()
}

/// The secret as the function itself reads it, with its own permissions.
async fn payments_secret(platform: &Platform) -> Value {
    let client = aws_sdk_secretsmanager::Client::new(&platform.sdk_config(FUNCTION));
    let found = client.get_secret_value().secret_id(variable("PAYMENTS_SECRET")).send().await.unwrap();
    serde_json::from_str(found.secret_string().unwrap()).unwrap()
}

/// The provider's answer to somebody who asks for a payment that there is not.
async fn asked_with(platform: &Platform, key: &str) -> StatusCode {
    let url = format!("{}/v1/payment_intents/pi_none", platform.outside().payments_url());
    Client::new().get(url).bearer_auth(key).send().await.unwrap().status()
}
