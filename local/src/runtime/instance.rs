//! One instance: a process, its Runtime API, and what becomes of them.

use std::net::Ipv4Addr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use penstock_platform::function::Invocation;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::Launch;
use super::api::{Answer, Job, Session};
use super::environment::{Key, variables};
use crate::handler::Failure;
use crate::template::function_arn;

/// Lambda's limit of the init phase.
pub(super) const INIT_MAX: Duration = Duration::from_secs(10);

/// A running instance. Dropping it kills its process.
pub(super) struct Instance {
    launch: Arc<Launch>,
    process: Child,
    api: JoinHandle<()>,
    jobs: mpsc::Sender<Job>,
    _key: Key,
}

impl Instance {
    /// Starts one and waits until it asks for work.
    pub(super) async fn start(launch: &Arc<Launch>) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(not_started)?;
        let address = listener.local_addr().map_err(not_started)?;
        let (session, jobs) = Session::new();
        let router = session.router();
        let api = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(error = error.to_string(), "a function's Runtime API failed");
            }
        });
        let key = Key::issue(&launch.spec.name, &launch.surroundings.access_keys);
        let variables = variables(&launch.spec, &launch.surroundings, &key, &launch.binary, address);
        let process = Command::new(&launch.binary)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(measurements())
            .stderr(std::io::stderr())
            .kill_on_drop(true)
            // A group of its own: Ctrl-C is for the platform, which lets it finish.
            .process_group(0)
            .spawn();
        let process = process.inspect_err(|_| api.abort()).map_err(not_started)?;
        let mut instance = Self { launch: Arc::clone(launch), process, api, jobs, _key: key };
        instance.initialised(&session).await?;
        Ok(instance)
    }

    async fn initialised(&mut self, session: &Session) -> Result<(), Failure> {
        let started = tokio::time::timeout(INIT_MAX, session.started());
        tokio::select! {
            started = started => started.unwrap_or(Err(Failure::TimedOut(INIT_MAX))),
            status = self.process.wait() => Err(exited(status)),
        }
    }

    /// The instance, unless its process has ended.
    pub(super) fn alive(mut self) -> Option<Self> {
        matches!(self.process.try_wait(), Ok(None)).then_some(self)
    }

    /// Has it answer one invocation. What left nothing to go on with (its time was over, it ended) says so besides.
    pub(super) async fn invoke(&mut self, payload: Vec<u8>, invocation: Invocation) -> (Answer, Usable) {
        let timeout = self.launch.spec.timeout;
        let (answer, answered) = oneshot::channel();
        let function_arn = function_arn(&self.launch.spec.name);
        let job = Job { payload, invocation, function_arn, timeout, answer };
        if self.jobs.send(job).await.is_err() {
            return (Err(ended("its Runtime API is gone")), Usable::No);
        }
        let answered = tokio::time::timeout(timeout, answered);
        tokio::select! {
            // What was posted before it ended counts.
            biased;
            answered = answered => match answered {
                Ok(Ok(answer)) => (answer, Usable::Yes),
                Ok(Err(_)) => (Err(ended("it gave no answer")), Usable::No),
                Err(_) => (Err(Failure::TimedOut(timeout)), Usable::No),
            },
            status = self.process.wait() => (Err(exited(status)), Usable::No),
        }
    }
}

/// Whether an instance can be invoked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usable {
    Yes,
    No,
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.api.abort();
    }
}

/// A function measures each of its invocations in lines of standard output. They are read where information is.
fn measurements() -> Stdio {
    if tracing::enabled!(tracing::Level::INFO) { std::io::stderr().into() } else { Stdio::null() }
}

fn not_started(error: std::io::Error) -> Failure {
    Failure::Error { kind: "Runtime.InvalidEntrypoint".to_owned(), message: error.to_string() }
}

fn exited(status: std::io::Result<std::process::ExitStatus>) -> Failure {
    match status {
        Ok(status) => ended(&format!("Runtime exited with error: {status}")),
        Err(error) => ended(&error.to_string()),
    }
}

fn ended(why: &str) -> Failure {
    Failure::Error { kind: "Runtime.ExitError".to_owned(), message: why.to_owned() }
}
