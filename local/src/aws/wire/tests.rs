use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::aws::dynamodb::DynamoDb;
use crate::aws::service::Service;
use crate::functions::Deployed;
use crate::permissions::Permissions;
use crate::planted::Planted;
use crate::template::{REGION, Template};

#[tokio::test]
async fn a_signed_request_is_answered_with_the_checksum_that_sdks_compare() {
    let port = Port::open().await;
    let answer = port.list_tables().send().await;
    assert_eq!((answer.status, answer.json()), (200, json!({"TableNames": []})));
    assert_eq!(answer.header("x-amz-crc32"), crc32fast::hash(answer.body.as_bytes()).to_string());
    assert_eq!(answer.header("content-type"), "application/x-amz-json-1.0");
    assert!(!answer.header("x-amzn-requestid").is_empty());
}

#[tokio::test]
async fn a_request_without_signature_is_refused() {
    let port = Port::open().await;
    let answer = port.list_tables().unsigned().send().await;
    answer.assert_refused(400, "MissingAuthenticationTokenException");
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    let port = Port::open().await;
    let answer = port.list_tables().signed_by("test", "tset").send().await;
    answer.assert_refused(400, "InvalidSignatureException");
}

#[tokio::test]
async fn an_access_key_that_nobody_registered_is_refused() {
    let port = Port::open().await;
    let answer = port.list_tables().signed_by("AKIAUNKNOWN", "test").send().await;
    answer.assert_refused(400, "UnrecognizedClientException");
}

#[tokio::test]
async fn a_body_changed_after_signing_is_refused() {
    let port = Port::open().await;
    let answer = port.list_tables().with_body_after_signing(r#"{"Limit":1}"#).send().await;
    answer.assert_refused(400, "InvalidSignatureException");
}

#[tokio::test]
async fn a_query_changed_after_signing_is_refused() {
    let port = Port::open().await;
    let answer = port.list_tables().with_query_after_signing("?more=1").send().await;
    answer.assert_refused(400, "InvalidSignatureException");
}

#[tokio::test]
async fn a_target_changed_after_signing_is_refused() {
    let port = Port::open().await;
    let answer = port
        .list_tables()
        .with_header_after_signing("x-amz-target", "DynamoDB_20120810.DeleteTable")
        .send()
        .await;
    answer.assert_refused(400, "InvalidSignatureException");
}

#[tokio::test]
async fn a_target_outside_the_signature_is_refused() {
    let port = Port::open().await;
    let mut call = port.list_tables();
    call.headers.clear();
    let answer = call.with_header_after_signing("x-amz-target", "DynamoDB_20120810.ListTables").send().await;
    answer.assert_refused(400, "IncompleteSignatureException");
}

#[tokio::test]
async fn a_malformed_authorization_is_refused() {
    let port = Port::open().await;
    let answer = port
        .list_tables()
        .with_header_after_signing("authorization", "AWS4-HMAC-SHA256 Credential=test")
        .send()
        .await;
    answer.assert_refused(400, "IncompleteSignatureException");
}

#[tokio::test]
async fn a_clock_may_be_off_by_less_than_a_quarter_of_an_hour() {
    let port = Port::open().await;
    let at = |minutes: u64| SystemTime::now() - Duration::from_secs(60 * minutes);
    assert_eq!(port.list_tables().at(at(14)).send().await.status, 200);
    port.list_tables().at(at(16)).send().await.assert_refused(400, "InvalidSignatureException");
    let ahead = SystemTime::now() + Duration::from_secs(60 * 16);
    port.list_tables().at(ahead).send().await.assert_refused(400, "InvalidSignatureException");
}

#[tokio::test]
async fn calls_are_known_as_those_of_the_keys_owner_until_the_key_is_forgotten() {
    let port = Port::open().await;
    port.cloud.access_keys().register("AKIAFUNCTION", "secret", "get-thing");
    assert_eq!(port.list_tables().signed_by("AKIAFUNCTION", "secret").send().await.status, 200);
    assert_eq!(port.list_tables().send().await.status, 200);
    let callers: Vec<String> = port.cloud.calls().recent().into_iter().map(|it| it.function).collect();
    assert_eq!(callers, ["get-thing", CALLER_OUTSIDE]);
    port.cloud.access_keys().forget("AKIAFUNCTION");
    let answer = port.list_tables().signed_by("AKIAFUNCTION", "secret").send().await;
    answer.assert_refused(400, "UnrecognizedClientException");
}

#[tokio::test]
async fn planted_faults_hold_on_the_port_too() {
    let port = Port::open().await;
    port.cloud
        .faults()
        .plant(|_| async { Some(crate::aws::faults::refusal(400, "ThrottlingException", "planted")) });
    port.list_tables().send().await.assert_refused(400, "ThrottlingException");
}

#[tokio::test]
async fn a_service_that_is_not_here_is_said_so() {
    let port = Port::open().await;
    let call = Call { service: "sns", headers: vec![], ..port.list_tables() };
    call.send().await.assert_refused(501, "UnknownService");
}

#[tokio::test]
async fn a_function_is_invoked_by_its_arn() {
    let port = Port::open().await;
    let path =
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aecho/invocations";
    let call =
        Call { service: "lambda", path, body: r#"{"a":1}"#.into(), headers: vec![], ..port.list_tables() };
    let answer = call.clone().send().await;
    assert_eq!((answer.status, answer.json()), (200, json!({"a": 1})));
    let refused = call.signed_by("test", "tset").send().await;
    assert_eq!((refused.status, refused.header("x-amzn-errortype")), (403, "InvalidSignatureException"));
}

#[tokio::test]
async fn a_signature_for_another_region_or_service_is_refused() {
    let port = Port::open().await;
    let elsewhere = Call { region: "eu-west-3", ..port.list_tables() };
    elsewhere.send().await.assert_refused(400, "InvalidSignatureException");
    let of_sqs = Call { service: "sqs", ..port.list_tables() }.send().await;
    of_sqs.assert_refused(400, "InvalidSignatureException");
    assert_eq!(of_sqs.json()["message"], "Credential should be scoped to correct service: 'dynamodb'.");
}

#[tokio::test]
async fn a_function_invokes_those_that_its_policies_name_and_the_log_tells() {
    let port = Port::open().await;
    let policy = "[{ Effect: Allow, Action: 'lambda:InvokeFunction', Resource: '*:function:echo' }]";
    let function = |name: &str, statement: &str| {
        let kind = "Type: AWS::Serverless::Function";
        format!(
            "  {name}Function:\n    {kind}\n    Properties: {{ Policies: {{ Statement: {statement} }} }}\n"
        )
    };
    let resources = format!("Resources:\n{}{}", function("May", policy), function("MayNot", "[]"));
    let template = Template::read(&resources, &BTreeMap::new()).unwrap();
    port.cloud.guard(Permissions::new(&template.functions, &[]));
    let path = "/2015-03-31/functions/penstock-echo/invocations";
    let call = Call { service: "lambda", path, headers: vec![], ..port.list_tables() };
    for (function, status) in [("may", 200), ("may-not", 403)] {
        port.cloud.access_keys().register(function, "secret", function);
        assert_eq!(call.clone().signed_by(function, "secret").send().await.status, status, "{function}");
    }
    assert_eq!(call.send().await.status, 200, "whoever is no function is not judged");
    let logged = port.cloud.calls().recent().into_iter();
    let logged: Vec<_> = logged.map(|it| (it.function, it.operation, it.error)).collect();
    let invoked =
        |by: &str, error: Option<&str>| (by.to_owned(), "Invoke".to_owned(), error.map(str::to_owned));
    assert_eq!(
        logged,
        [
            invoked("may", None),
            invoked("may-not", Some("AccessDeniedException")),
            invoked(CALLER_OUTSIDE, None)
        ]
    );
}

/// The port, with a DynamoDB and a function `echo`.
struct Port {
    url: String,
    cloud: Cloud,
    _stop: watch::Sender<bool>,
}

impl Port {
    async fn open() -> Self {
        let store = Arc::new(DynamoDb::memory().unwrap()) as Arc<dyn Service>;
        let cloud = Cloud::new(BTreeMap::from([("dynamodb", store)]));
        let handler = Planted::handler(|payload| async { Ok(payload) });
        let functions = Functions::new(BTreeMap::from([(
            "echo".to_owned(),
            Deployed { timeout: Duration::from_secs(5), handler },
        )]));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(serve(listener, Front { cloud: cloud.clone(), functions }, stopping));
        Self { url, cloud, _stop: stop }
    }

    fn list_tables(&self) -> Call {
        let target = ("x-amz-target".to_owned(), "DynamoDB_20120810.ListTables".to_owned());
        Call {
            url: self.url.clone(),
            service: "dynamodb",
            region: REGION,
            path: "/",
            body: "{}".into(),
            headers: vec![target],
            owner: Some(("test".into(), "test".into())),
            at: SystemTime::now(),
            changed: vec![],
            changed_body: None,
            changed_query: "",
        }
    }
}

/// A request, and what happens to it after it was signed.
#[derive(Clone)]
struct Call {
    url: String,
    service: &'static str,
    region: &'static str,
    path: &'static str,
    body: String,
    headers: Vec<(String, String)>,
    owner: Option<(String, String)>,
    at: SystemTime,
    changed: Vec<(String, String)>,
    changed_body: Option<String>,
    changed_query: &'static str,
}

impl Call {
    fn unsigned(self) -> Self {
        Self { owner: None, ..self }
    }

    fn signed_by(self, key: &str, secret: &str) -> Self {
        Self { owner: Some((key.into(), secret.into())), ..self }
    }

    fn at(self, at: SystemTime) -> Self {
        Self { at, ..self }
    }

    fn with_body_after_signing(self, body: &str) -> Self {
        Self { changed_body: Some(body.into()), ..self }
    }

    fn with_query_after_signing(self, query: &'static str) -> Self {
        Self { changed_query: query, ..self }
    }

    fn with_header_after_signing(mut self, name: &str, value: &str) -> Self {
        self.changed.push((name.into(), value.into()));
        self
    }

    async fn send(self) -> Answer {
        let signed = self.owner.as_ref().map(|owner| self.signature(owner)).unwrap_or_default();
        let url = format!("{}{}{}", self.url, self.path, self.changed_query);
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.iter().chain(&signed).chain(&self.changed) {
            let name: http::HeaderName = name.parse().unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        let request = reqwest::Client::new().post(url).headers(headers);
        let response = request.body(self.changed_body.unwrap_or(self.body)).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.text().await.unwrap() }
    }

    fn signature(&self, (key, secret): &(String, String)) -> Vec<(String, String)> {
        let identity = Credentials::new(key, secret, None, None, "test").into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(self.at)
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let url = format!("{}{}", self.url, self.path);
        let request =
            SignableRequest::new("POST", url, headers, SignableBody::Bytes(self.body.as_bytes())).unwrap();
        let (instructions, _) = sign(request, &params.into()).unwrap().into_parts();
        instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    #[track_caller]
    fn assert_refused(&self, status: u16, kind: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        let says = self.json()["__type"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        assert_eq!(says, kind);
    }
}
