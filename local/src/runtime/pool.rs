//! The instances of one function: one for each invocation at a time, started when none is idle, ended when long idle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use penstock_platform::function::Invocation;
use tokio::sync::{Semaphore, watch};

use super::Launch;
use super::instance::{INIT_MAX, Instance, Usable};
use crate::handler::{Failure, Handler};

/// Instances of a function at work, at most, whatever concurrency the template reserves for it. Of memory a laptop could take more
/// (each has 20 MB, most of it its program's, which all share); but each costs this process some five open files, of which it
/// has 1,024 by default.
const INSTANCES_MAX: usize = 100;
/// An instance that was idle so long is ended.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// How often idle instances are looked at.
const IDLE_CHECK: Duration = Duration::from_secs(10);

/// A function whose instances are processes.
pub struct PooledFunction {
    launch: Arc<Launch>,
    /// The one that worked last is at the end, and works next: the others may fall idle.
    idle: Mutex<Vec<(Instant, Instance)>>,
    places: Semaphore,
}

impl PooledFunction {
    pub(super) fn new(launch: Launch, stopping: watch::Receiver<bool>) -> Arc<Self> {
        let pool = Arc::new(Self {
            launch: Arc::new(launch),
            idle: Mutex::default(),
            places: Semaphore::new(INSTANCES_MAX),
        });
        tokio::spawn(keep_trimmed(Arc::clone(&pool), stopping));
        pool
    }

    /// The longest that an invocation can take: it waits for a place, the instance starts, and it runs.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.launch.spec.timeout * 2 + INIT_MAX
    }

    async fn answer(&self, payload: Vec<u8>, invocation: Invocation) -> Result<Vec<u8>, Failure> {
        let place = tokio::time::timeout(self.launch.spec.timeout, self.places.acquire());
        let Ok(Ok(_place)) = place.await else { return Err(Failure::Throttled) };
        let mut instance = match self.take_idle() {
            Some(instance) => instance,
            None => Instance::start(&self.launch).await?,
        };
        let (answer, usable) = instance.invoke(payload, invocation).await;
        if usable == Usable::Yes {
            self.idle().push((Instant::now(), instance));
        }
        answer
    }

    /// The one that worked last; those that ended by themselves meanwhile are passed over.
    fn take_idle(&self) -> Option<Instance> {
        let mut idle = self.idle();
        std::iter::from_fn(|| idle.pop()).map(|(_, instance)| instance).find_map(Instance::alive)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Instant, Instance)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many more could be at work.
    #[cfg(test)]
    pub(super) fn free_places(&self) -> usize {
        self.places.available_permits()
    }

    /// How many instances wait for work.
    #[cfg(test)]
    pub(super) fn idle_count(&self) -> usize {
        self.idle().len()
    }
}

impl Handler for PooledFunction {
    fn invoke(
        self: Arc<Self>,
        payload: Vec<u8>,
        invocation: Invocation,
    ) -> BoxFuture<'static, Result<Vec<u8>, Failure>> {
        async move { self.answer(payload, invocation).await }.boxed()
    }
}

/// Ends idle instances, and all when the platform stops.
async fn keep_trimmed(pool: Arc<PooledFunction>, mut stopping: watch::Receiver<bool>) {
    // It fails only when the platform was dropped, which stops it too.
    while tokio::time::timeout(IDLE_CHECK, stopping.wait_for(|it| *it)).await.is_err() {
        pool.idle().retain(|(since, _)| since.elapsed() < IDLE_MAX);
    }
    pool.idle().clear();
}
