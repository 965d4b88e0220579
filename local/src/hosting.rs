//! Where a function runs: in an environment for each invocation under way, or as a test has it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use penstock_platform::caches::Caches;
use penstock_platform::errands::clock;
use penstock_platform::function::{Clock, Environment, Function, Invocation};

use crate::aws::Cloud;
use crate::handler::{Failure, Handler};
use crate::platform::PlatformError;
use crate::suite::FUNCTIONS;
use crate::template::FunctionSpec;

/// Decides in which environments the functions run.
pub trait Hosting: Send + Sync {
    /// What answers the function's invocations.
    ///
    /// # Errors
    /// When it does not start.
    fn host(&self, starter: Starter) -> Result<Arc<dyn Handler>, PlatformError>;
}

/// An environment for each invocation under way, as in Lambda: what limits one process, such as how much is asked of a company at once,
/// limits one invocation. All share one memory of what they read, so that a write is seen at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resident;

/// Environments that a function has at most on a laptop; with more invocations than that, some share one.
const ENVIRONMENTS_MAX: usize = 32;

impl Hosting for Resident {
    fn host(&self, starter: Starter) -> Result<Arc<dyn Handler>, PlatformError> {
        let first = starter.resident()?;
        Ok(Arc::new(Residents { starter, environments: Mutex::new(vec![(first, 0)]) }))
    }
}

/// A function's environments, each with how many invocations it has.
struct Residents {
    starter: Starter,
    environments: Mutex<Vec<(Arc<dyn Handler>, usize)>>,
}

impl Residents {
    /// The place of an environment that has nothing to do: the first one, or a new one, or the one that has least.
    fn enter(&self) -> (usize, Arc<dyn Handler>) {
        let mut environments = self.environments();
        let (mut at, busy) = least(&environments);
        if busy > 0
            && environments.len() < ENVIRONMENTS_MAX
            // The first one started from the same variables.
            && let Ok(new) = self.starter.resident()
        {
            at = environments.len();
            environments.push((new, 0));
        }
        environments[at].1 += 1;
        (at, Arc::clone(&environments[at].0))
    }

    fn environments(&self) -> MutexGuard<'_, Vec<(Arc<dyn Handler>, usize)>> {
        self.environments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn least(environments: &[(Arc<dyn Handler>, usize)]) -> (usize, usize) {
    let busy = environments.iter().map(|(_, busy)| *busy);
    busy.enumerate().min_by_key(|(_, busy)| *busy).expect("there is always a first environment")
}

impl Handler for Residents {
    fn invoke(
        self: Arc<Self>,
        payload: Vec<u8>,
        invocation: Invocation,
    ) -> BoxFuture<'static, Result<Vec<u8>, Failure>> {
        let (at, environment) = self.enter();
        let leaves = Leaves { of: self, at };
        Box::pin(async move {
            let _leaves = leaves;
            environment.invoke(payload, invocation).await
        })
    }
}

/// Makes room again, also when the invocation is dropped.
struct Leaves {
    of: Arc<Residents>,
    at: usize,
}

impl Drop for Leaves {
    fn drop(&mut self) {
        self.of.environments()[self.at].1 -= 1;
    }
}

/// Starts environments of one function.
pub struct Starter {
    spec: FunctionSpec,
    function: &'static Function,
    cloud: Cloud,
    shared: Arc<Caches>,
    clock: Clock,
}

impl Starter {
    pub(crate) fn new(
        spec: &FunctionSpec,
        cloud: &Cloud,
        shared: &Arc<Caches>,
    ) -> Result<Self, PlatformError> {
        let function = FUNCTIONS.iter().find(|it| it.name == spec.name);
        let function = function.ok_or_else(|| PlatformError::NoHandler(spec.name.clone()))?;
        Ok(Self {
            spec: spec.clone(),
            function,
            cloud: cloud.clone(),
            shared: Arc::clone(shared),
            clock: clock(),
        })
    }

    /// The function.
    #[must_use]
    pub fn spec(&self) -> &FunctionSpec {
        &self.spec
    }

    /// The same by another clock than the machine's.
    #[must_use]
    pub fn by(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// A cold start, as Lambda has it: what the environment remembers, it remembers alone.
    ///
    /// # Errors
    /// When a variable is missing or malformed.
    pub fn cold(&self) -> Result<Arc<dyn Handler>, PlatformError> {
        let seconds = self.spec.environment.get("CACHE_TTL_SECONDS");
        let caches = Caches::from_variable(seconds.map(String::as_str)).map_err(PlatformError::Variables)?;
        self.start(Arc::new(caches))
    }

    /// One that shares what all of this process remember.
    ///
    /// # Errors
    /// When a variable is missing or malformed.
    pub fn resident(&self) -> Result<Arc<dyn Handler>, PlatformError> {
        self.start(Arc::clone(&self.shared))
    }

    fn start(&self, caches: Arc<Caches>) -> Result<Arc<dyn Handler>, PlatformError> {
        let environment = Environment {
            variables: self.spec.environment.clone(),
            aws: self.cloud.sdk_config(&self.spec.name),
            caches,
            clock: Arc::clone(&self.clock),
        };
        let started = self.function.start(environment);
        Ok(Arc::new(started.map_err(|it| PlatformError::Function(self.spec.name.clone(), it))?))
    }
}
