use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use penstock_platform::function::Invocation;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::aws::wire::AccessKeys;
use crate::handler::{Failure, Handler as _};

/// A `bootstrap` that does what its payload asks. Not one of ours: those are tried by the suite, in `xtask test process`.
const BOOTSTRAP: &str = r#"
import http.client, json, os, sys, time
sys.excepthook = lambda *_: None  # it is killed while it asks
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def ask(method, path, body=None):
    api.request(method, "/2018-06-01/runtime/" + path, body)
    answer = api.getresponse()
    return answer.headers, answer.read()
if "INIT_ERROR" in os.environ:
    ask("POST", "init/error", json.dumps({"errorType": "Planted.Init", "errorMessage": "it cannot start"}))
    time.sleep(60)
while True:
    headers, payload = ask("GET", "invocation/next")
    work, request = json.loads(payload), "invocation/" + headers["Lambda-Runtime-Aws-Request-Id"]
    if "exit" in work:
        sys.exit(work["exit"])
    time.sleep(work.get("sleep", 0))
    if "error" in work:
        ask("POST", request + "/error", json.dumps({"errorType": work["error"], "errorMessage": "planted"}))
    else:
        found = "x" * work["answer"] if "answer" in work else {"pid": os.getpid(), "variables": dict(os.environ), "headers": dict(headers)}
        ask("POST", request + "/response", json.dumps(found))
"#;

#[tokio::test]
async fn an_instance_finds_lambdas_variables_and_the_templates_and_none_of_ours() {
    let function = Function::started(&[("TABLE", "things")]);
    let found = function.invoke(json!({})).await.unwrap();
    let variables = &found["variables"];
    assert_eq!(variables["TABLE"], "things");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "penstock-do-things");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
    assert_eq!(variables["AWS_ENDPOINT_URL"], "http://127.0.0.1:1");
    assert_eq!(variables["_HANDLER"], "bootstrap");
    assert_eq!(variables.get("CARGO_MANIFEST_DIR"), None);
    let headers = &found["headers"];
    assert_eq!(headers["lambda-runtime-aws-request-id"], "request-1");
    assert!(
        headers["lambda-runtime-invoked-function-arn"].as_str().unwrap().ends_with(":function:do-things")
    );
    let deadline: u128 = headers["lambda-runtime-deadline-ms"].as_str().unwrap().parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    assert!(deadline > now && deadline <= now + 2_000, "{deadline} at {now}");
}

#[tokio::test]
async fn an_access_key_is_an_instances_own_and_is_taken_only_while_it_runs() {
    let function = Function::started(&[]);
    let found = function.invoke(json!({})).await.unwrap();
    let key = found["variables"]["AWS_ACCESS_KEY_ID"].as_str().unwrap();
    assert_eq!(function.keys.find(key).unwrap().function, "do-things");
    function.invoke(json!({"exit": 0})).await.unwrap_err();
    assert_eq!(function.keys.find(key), None);
}

#[tokio::test]
async fn an_idle_instance_is_invoked_again_and_a_busy_one_is_not_waited_for() {
    let function = Function::started(&[]);
    let first = function.invoke(json!({})).await.unwrap();
    let (second, beside) =
        tokio::join!(function.invoke(json!({"sleep": 0.3})), function.invoke(json!({"sleep": 0.3})));
    let (second, beside) = (second.unwrap(), beside.unwrap());
    let pids = [&second["pid"], &beside["pid"]];
    assert!(pids.contains(&&first["pid"]), "{pids:?}");
    assert_ne!(pids[0], pids[1]);
    assert_eq!(function.pool.idle_count(), 2);
}

#[tokio::test]
async fn an_error_of_the_function_is_its_callers_and_the_instance_goes_on() {
    let function = Function::started(&[]);
    let first = function.invoke(json!({})).await.unwrap();
    let failed = function.invoke(json!({"error": "Planted"})).await.unwrap_err();
    assert_eq!(failed, Failure::Error { kind: "Planted".into(), message: "planted".into() });
    assert_eq!(function.invoke(json!({})).await.unwrap()["pid"], first["pid"]);
}

#[tokio::test]
async fn an_instance_whose_time_is_over_is_killed_and_another_takes_its_place() {
    let function = Function::started(&[]);
    let pid = function.invoke(json!({})).await.unwrap()["pid"].clone();
    let failed = function.invoke(json!({"sleep": 30})).await.unwrap_err();
    assert_eq!(failed, Failure::TimedOut(Duration::from_secs(2)));
    assert_ne!(function.invoke(json!({})).await.unwrap()["pid"], pid);
    assert!(ends(&pid).await, "{pid} still runs");
}

#[tokio::test]
async fn an_instance_that_ends_fails_its_invocation_and_another_takes_its_place() {
    let function = Function::started(&[]);
    let failed = function.invoke(json!({"exit": 3})).await.unwrap_err();
    assert_eq!(failed.kind(), "Runtime.ExitError");
    assert!(failed.message().contains("exit status: 3"), "{failed}");
    assert!(function.invoke(json!({})).await.is_ok());
}

#[tokio::test]
async fn an_instance_that_ended_while_idle_is_passed_over() {
    let function = Function::started(&[]);
    let pid = function.invoke(json!({})).await.unwrap()["pid"].clone();
    let killed = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
    assert!(killed.success());
    assert!(ends(&pid).await);
    assert_ne!(function.invoke(json!({})).await.unwrap()["pid"], pid);
}

#[tokio::test]
async fn a_function_that_cannot_start_says_why() {
    let function = Function::started(&[("INIT_ERROR", "1")]);
    let failed = function.invoke(json!({})).await.unwrap_err();
    assert_eq!(failed, Failure::Error { kind: "Planted.Init".into(), message: "it cannot start".into() });
    let function = Function::of("import sys\nsys.exit(9)\n", &[]);
    let failed = function.invoke(json!({})).await.unwrap_err();
    assert!(failed.message().contains("exit status: 9"), "{failed}");
}

#[tokio::test]
async fn a_bootstrap_that_cannot_be_spawned_fails_its_invocation_and_can_be_mended() {
    let function = Function::started(&[]);
    let places = function.pool.free_places();
    let bootstrap = function.folder.path().join("bootstrap");
    let allow = |mode| std::fs::set_permissions(&bootstrap, std::fs::Permissions::from_mode(mode)).unwrap();
    allow(0o644);
    let failed = function.invoke(json!({})).await.unwrap_err();
    assert_eq!(failed.kind(), "Runtime.InvalidEntrypoint");
    assert!(failed.message().contains("denied"), "{failed}");
    assert_eq!((function.pool.idle_count(), function.pool.free_places()), (0, places));
    allow(0o755);
    assert!(function.invoke(json!({})).await.is_ok());
}

#[tokio::test]
async fn more_instances_run_at_once_than_ten() {
    let function = Function::started(&[]);
    let invocations = (0..12).map(|_| function.invoke(json!({"sleep": 1})));
    let answers = futures::future::join_all(invocations).await;
    let pids: BTreeSet<i64> = answers.into_iter().map(|it| it.unwrap()["pid"].as_i64().unwrap()).collect();
    assert_eq!(pids.len(), 12);
}

#[tokio::test]
async fn an_answer_beyond_lambdas_limit_ends_the_invocation_and_the_instance_goes_on() {
    let function = Function::started(&[]);
    let pid = function.invoke(json!({})).await.unwrap()["pid"].clone();
    let failed = function.invoke(json!({"answer": 7 * 1024 * 1024})).await.unwrap_err();
    assert!(matches!(failed, Failure::TooLarge { what: "the answer", .. }), "{failed:?}");
    assert_eq!(function.invoke(json!({})).await.unwrap()["pid"], pid);
}

/// Whatever ends it: an instance that never began drops its key too.
#[test]
fn an_access_key_is_taken_until_it_is_dropped() {
    let keys = AccessKeys::default();
    let key = environment::Key::issue("do-things", &keys);
    let id = key.id.clone();
    assert!(keys.find(&id).is_some());
    drop(key);
    assert_eq!(keys.find(&id), None);
}

#[tokio::test]
async fn idle_instances_end_when_the_platform_stops() {
    let function = Function::started(&[]);
    let pid = function.invoke(json!({})).await.unwrap()["pid"].clone();
    function.stop.send_replace(true);
    assert!(ends(&pid).await, "{pid} still runs");
}

#[test]
fn a_function_without_a_binary_says_how_to_build_it() {
    let error = find("make-coffee").unwrap_err().to_string();
    assert!(error.ends_with("build it with `cargo build --package penstock-make-coffee`"), "{error}");
}

/// `do-things`, whose bootstrap is a script.
struct Function {
    pool: Arc<PooledFunction>,
    keys: AccessKeys,
    stop: watch::Sender<bool>,
    folder: TempDir,
}

impl Function {
    fn started(variables: &[(&str, &str)]) -> Self {
        Self::of(BOOTSTRAP, variables)
    }

    fn of(script: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = AccessKeys::default();
        let spec = FunctionSpec {
            timeout: Duration::from_secs(2),
            memory_mb: 256,
            environment: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..spec()
        };
        let surroundings = Surroundings { aws_url: "http://127.0.0.1:1".into(), access_keys: keys.clone() };
        let launch = Launch { spec, binary: executable(folder.path(), script), surroundings };
        let (stop, stopping) = watch::channel(false);
        Self { pool: PooledFunction::new(launch, stopping), keys, stop, folder }
    }

    async fn invoke(&self, payload: Value) -> Result<Value, Failure> {
        let invocation = Invocation { request_id: "request-1".into() };
        let answer = Arc::clone(&self.pool).invoke(payload.to_string().into_bytes(), invocation).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }
}

fn spec() -> FunctionSpec {
    let template = "Resources: { DoThingsFunction: { Type: AWS::Serverless::Function, Properties: {} } }";
    crate::template::Template::read(template, &BTreeMap::new()).unwrap().functions.remove(0)
}

fn executable(folder: &Path, script: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let python = std::env::split_paths(&path).map(|it| it.join("python3")).find(|it| it.is_file());
    let python = python.expect("python3 is among what the project needs");
    let file = folder.join("bootstrap");
    std::fs::write(&file, format!("#!{}\n{script}", python.display())).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

/// Whether the process is gone, or a zombie that nobody has looked after yet, within ten seconds.
async fn ends(pid: &Value) -> bool {
    for _ in 0..1_000 {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if state.is_empty() || state.contains(") Z ") {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}
