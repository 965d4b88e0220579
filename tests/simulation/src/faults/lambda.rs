//! Faults of Lambda: environments that end in the middle, take too long, begin cold, or get what another one has.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use penstock_local::PlatformError;
use penstock_local::handler::{Failure, Handler};
use penstock_local::hosting::{Hosting, Starter};
use penstock_platform::function::Invocation;
use serde_json::Value;

use super::batch::{Batch, letters, orders, receives, with_rest};
use super::{SPARED, SPENT, Spent, Storm};
use crate::dice::Dice;
use crate::seen::Seen;
use crate::timeline::scene::{self, Scene};

/// Environments that a function has idle, at most.
const IDLE_MAX: usize = 4;
/// How long a shard is held up: less than the time limit of those that read streams.
const LAG_MS: std::ops::Range<u64> = 100..15_000;
/// Most awaits that an invocation survives before it ends.
const AWAITS_MAX: usize = 60;
/// Of a message's receives, how many may go wrong by our hand: what is left is enough for it, so that none becomes a dead letter by
/// bad luck alone.
const STRUCK_MAX: u64 = 2;

/// Hosts functions in a storm.
pub struct StormHosting {
    storm: Arc<Storm>,
    seen: Arc<Seen>,
    deployments: Arc<AtomicU64>,
}

impl StormHosting {
    /// In a storm; what it sees is written there.
    #[must_use]
    pub fn new(storm: Arc<Storm>, seen: Arc<Seen>) -> Self {
        Self { storm, seen, deployments: Arc::default() }
    }

    /// How many deployments there were: counting one more replaces all environments.
    #[must_use]
    pub fn deployments(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.deployments)
    }
}

impl Hosting for StormHosting {
    fn host(&self, starter: Starter) -> Result<Arc<dyn Handler>, PlatformError> {
        let name = starter.spec().name.clone();
        Ok(Arc::new(Stage {
            dice: self.storm.dice(&name),
            name,
            starter,
            storm: Arc::clone(&self.storm),
            seen: Arc::clone(&self.seen),
            deployments: Arc::clone(&self.deployments),
            idle: Mutex::default(),
            struck: Mutex::default(),
        }))
    }
}

/// Where one function runs.
struct Stage {
    name: String,
    starter: Starter,
    storm: Arc<Storm>,
    seen: Arc<Seen>,
    dice: Dice,
    deployments: Arc<AtomicU64>,
    /// Environments that wait for an invocation, and of which deployment they are.
    idle: Mutex<Vec<(u64, Arc<dyn Handler>)>>,
    /// How often an invocation went wrong by our hand, by its first record.
    struck: Mutex<HashMap<String, u64>>,
}

impl Handler for Stage {
    fn invoke(
        self: Arc<Self>,
        payload: Vec<u8>,
        invocation: Invocation,
    ) -> BoxFuture<'static, Result<Vec<u8>, Failure>> {
        Box::pin(async move {
            let batch = Batch::read(&payload);
            let spared = batch.as_ref().is_some_and(|it| self.is_spared(it));
            let scene = Scene::of_invocation(&self.storm.journal.watch, &self.name, &payload);
            let acting = SPARED.scope(spared, Arc::clone(&self).act(payload, batch, invocation));
            scene::within(scene, acting).await
        })
    }
}

impl Stage {
    async fn act(
        self: Arc<Self>,
        payload: Vec<u8>,
        batch: Option<Batch>,
        invocation: Invocation,
    ) -> Result<Vec<u8>, Failure> {
        let weather = &self.storm.weather;
        if self.strikes("an invocation is throttled", weather.throttled) {
            return Err(Failure::Throttled);
        }
        let Some(batch) = batch else { return self.run(payload, invocation).await };
        if !batch.of_queue && self.strikes("a shard is held up", weather.lag) {
            tokio::time::sleep(self.dice.span(LAG_MS)).await;
        }
        let (payload, rest) = self.mixed(payload, &batch);
        if self.strikes("a batch comes again later", weather.again) {
            self.again_later(payload.clone(), another());
        }
        let answer = if self.strikes("a batch is in two environments", weather.twice) {
            let other = Arc::clone(&self).run(payload.clone(), another());
            let (answer, _) = tokio::join!(Arc::clone(&self).run(payload, invocation), other);
            answer
        } else {
            Arc::clone(&self).run(payload, invocation).await
        };
        if answer.is_err() {
            *self.struck().entry(batch.first.clone()).or_default() += 1;
        }
        answer.map(|answer| with_rest(&answer, rest))
    }

    async fn run(self: Arc<Self>, payload: Vec<u8>, invocation: Invocation) -> Result<Vec<u8>, Failure> {
        let scene = Scene::of_invocation(&self.storm.journal.watch, &self.name, &payload);
        scene::within(scene, self.run_alone(payload, invocation)).await
    }

    /// One invocation in one environment, which may end in the middle.
    async fn run_alone(
        self: Arc<Self>,
        payload: Vec<u8>,
        invocation: Invocation,
    ) -> Result<Vec<u8>, Failure> {
        let weather = &self.storm.weather;
        let (deployment, environment, cold) = self.environment()?;
        let invoked = scene::begins(&self.storm.journal.watch, &payload, &invocation.request_id, cold);
        let crash = self.strikes("an invocation ends at an await", weather.crash);
        let awaits = if crash { 1 + self.dice.below(AWAITS_MAX) } else { usize::MAX };
        if self.strikes("an invocation hangs", weather.hang) {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
        }
        let request = invocation.request_id.clone();
        self.storm.journal.say(&self.name, "begins");
        self.seen.begins(&request);
        let (spent, letters) = (Arc::new(Spent::default()), letters(&payload));
        let acting = Arc::clone(&environment).invoke(payload, invocation);
        let acting = scene::within(invoked.scene(), SPENT.scope(Arc::clone(&spent), acting));
        let ended = Ends { acting: AssertUnwindSafe(acting).catch_unwind().boxed(), awaits }.await;
        match ended {
            None => {
                self.storm.journal.say(&self.name, "ends in the middle");
                invoked.breaks("ends in the middle");
                Err(crashed())
            }
            Some(Err(panic)) => {
                self.seen.panicked(&self.name, &request);
                invoked.breaks("panics");
                std::panic::resume_unwind(panic)
            }
            // All was done, and nobody learns so.
            Some(Ok(_)) if crash => {
                self.storm.journal.say(&self.name, "ends before it answers");
                invoked.breaks("ends before it answers");
                Err(crashed())
            }
            Some(Ok(answer)) => {
                self.storm.journal.say(&self.name, if answer.is_ok() { "answers" } else { "fails" });
                invoked.answers(&answer);
                self.seen.spent(&self.name, letters + orders(&answer), &spent);
                self.keep(deployment, environment);
                answer
            }
        }
    }

    fn strikes(&self, kind: &'static str, probability: f64) -> bool {
        self.storm.strikes(&self.dice, kind, probability)
    }

    /// An environment that is idle, or a new one; and which of the two.
    fn environment(&self) -> Result<(u64, Arc<dyn Handler>, bool), Failure> {
        let now = self.deployments.load(Ordering::SeqCst);
        self.idle().retain(|(deployment, _)| *deployment == now);
        if !self.strikes("an environment is new", self.storm.weather.cold)
            && let Some((deployment, found)) = self.idle().pop()
        {
            return Ok((deployment, found, false));
        }
        let cold = self.starter.cold().map_err(|error| Failure::Error {
            kind: "Runtime.InitError".to_owned(),
            message: error.to_string(),
        })?;
        Ok((now, cold, true))
    }

    fn keep(&self, deployment: u64, environment: Arc<dyn Handler>) {
        let mut idle = self.idle();
        if idle.len() < IDLE_MAX {
            idle.push((deployment, environment));
        }
    }

    /// The batch with its messages in another order, and without some that are to come again.
    fn mixed(&self, payload: Vec<u8>, batch: &Batch) -> (Vec<u8>, Vec<String>) {
        if !batch.of_queue || !self.strikes("a batch is cut or mixed", self.storm.weather.mixed) {
            return (payload, vec![]);
        }
        let mut event: Value = serde_json::from_slice(&payload).unwrap_or_default();
        let Some(records) = event["Records"].as_array_mut() else { return (payload, vec![]) };
        self.dice.shuffle(records);
        let rest = if self.dice.chance(0.5) {
            records.split_off(1 + self.dice.below(records.len()))
        } else {
            vec![]
        };
        // What has come too often already is not sent away once more by us.
        let (kept, rest): (Vec<Value>, Vec<Value>) =
            rest.into_iter().partition(|it| receives(it) > STRUCK_MAX);
        records.extend(kept);
        let rest = rest.iter().filter_map(|it| it["messageId"].as_str().map(str::to_owned)).collect();
        (event.to_string().into_bytes(), rest)
    }

    fn again_later(self: &Arc<Self>, payload: Vec<u8>, invocation: Invocation) {
        let (stage, pause) = (Arc::clone(self), self.dice.span(10..40_000));
        tokio::spawn(SPARED.scope(false, async move {
            tokio::time::sleep(pause).await;
            let limit = stage.starter.spec().timeout;
            // Nobody waits for what a duplicate answers; its time limit is Lambda's all the same.
            let _ = tokio::time::timeout(limit, stage.run(payload, invocation)).await;
        }));
    }

    fn is_spared(&self, batch: &Batch) -> bool {
        batch.receives > STRUCK_MAX || self.struck().get(&batch.first).is_some_and(|it| *it > STRUCK_MAX)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(u64, Arc<dyn Handler>)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn struck(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.struck.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An invocation of its own, with the same payload.
fn another() -> Invocation {
    Invocation { request_id: uuid::Uuid::new_v4().to_string() }
}

fn crashed() -> Failure {
    Failure::Error {
        kind: "Runtime.ExitError".to_owned(),
        message: "RequestId: simulated Error: Runtime exited without providing a reason".to_owned(),
    }
}

/// A future that is dropped after so many awaits. `None` when it was.
struct Ends<F> {
    acting: F,
    awaits: usize,
}

impl<F: Future + Unpin> Future for Ends<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(left) = self.awaits.checked_sub(1) else { return Poll::Ready(None) };
        self.awaits = left;
        Pin::new(&mut self.acting).poll(context).map(Some)
    }
}
