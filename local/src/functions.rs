//! The functions that run, and their invocation as Lambda does it: a time limit, size limits, and a crash that hurts
//! only its own caller.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use penstock_platform::function::Invocation;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::handler::{Failure, Handler};
use crate::template::STACK;

/// Lambda's limit of a synchronous invocation's payload, and of its answer.
pub const PAYLOAD_MAX_BYTES: usize = 6 * 1024 * 1024;

/// A function that can be invoked.
#[derive(Clone)]
pub struct Deployed {
    /// Its time limit.
    pub timeout: Duration,
    /// What answers.
    pub handler: Arc<dyn Handler>,
}

/// All functions by name.
#[derive(Clone, Default)]
pub struct Functions {
    by_name: Arc<BTreeMap<String, Deployed>>,
    /// How many more may run at once, of those functions that have a limit.
    reserved: Arc<BTreeMap<String, Arc<Semaphore>>>,
}

impl Functions {
    /// These functions, by name.
    #[must_use]
    pub fn new(by_name: BTreeMap<String, Deployed>) -> Self {
        Self { by_name: Arc::new(by_name), reserved: Arc::default() }
    }

    /// The same, with reserved concurrency: no more than so many invocations of a function at once, whoever invokes.
    #[must_use]
    pub fn with_reserved(self, reserved: &BTreeMap<String, usize>) -> Self {
        let limit = |(name, most): (&String, &usize)| (name.clone(), Arc::new(Semaphore::new(*most)));
        Self { reserved: Arc::new(reserved.iter().map(limit).collect()), ..self }
    }

    /// Whether there is a function of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The function's own name, from any way to name it: as it is, as it is named in AWS (with the stack's name before it),
    /// as an ARN, each with or without a qualifier.
    #[must_use]
    pub fn resolve(&self, given: &str) -> String {
        let name = given.rsplit_once(":function:").map_or(given, |(_, name)| name);
        let name = name.split(':').next().unwrap_or(name);
        let without_stack = name.strip_prefix(STACK).and_then(|it| it.strip_prefix('-'));
        without_stack.filter(|it| self.contains(it)).unwrap_or(name).to_owned()
    }

    /// Invokes a function and waits for its answer.
    ///
    /// The handler runs in a task of its own, which is dropped at the time limit but not when the caller goes away:
    /// Lambda finishes what it has begun.
    ///
    /// # Errors
    /// When there is no such function, its concurrency is used up, or it failed, crashed or took too long.
    pub async fn invoke(&self, name: &str, payload: Vec<u8>, request_id: String) -> Result<Vec<u8>, Failure> {
        let Some(function) = self.by_name.get(name).cloned() else {
            return Err(Failure::Unknown(name.to_owned()));
        };
        limit("the payload", &payload)?;
        let invocation = Invocation { request_id };
        let place = self.place(name)?;
        let task = tokio::spawn(async move {
            let _until_it_ends = place;
            let answer = AssertUnwindSafe(function.handler.invoke(payload, invocation)).catch_unwind();
            match tokio::time::timeout(function.timeout, answer).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(panic)) => Err(Failure::Panicked(words_of(&*panic))),
                Err(_) => Err(Failure::TimedOut(function.timeout)),
            }
        });
        let answer =
            task.await.map_err(|_| Failure::Panicked("the runtime is shutting down".to_owned()))??;
        limit("the answer", &answer)?;
        Ok(answer)
    }
}

impl Functions {
    /// A place among the function's invocations, if their number is limited.
    fn place(&self, name: &str) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        let Some(places) = self.reserved.get(name) else { return Ok(None) };
        Arc::clone(places).try_acquire_owned().map(Some).map_err(|_| Failure::Throttled)
    }
}

fn limit(what: &'static str, bytes: &[u8]) -> Result<(), Failure> {
    match bytes.len() {
        size if size > PAYLOAD_MAX_BYTES => Err(Failure::TooLarge { what, size, max: PAYLOAD_MAX_BYTES }),
        _ => Ok(()),
    }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|it| (*it).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::planted::Planted;

    #[tokio::test]
    async fn a_crash_of_a_handler_is_a_failure_of_its_own_caller_only() {
        let functions = functions();
        let crashed = functions.invoke("crash", vec![], "1".into());
        let echoed = functions.invoke("echo", b"{}".to_vec(), "2".into());
        let (crashed, echoed) = tokio::join!(crashed, echoed);
        assert_eq!(crashed, Err(Failure::Panicked("planted".into())));
        assert_eq!(echoed, Ok(b"{}".to_vec()));
    }

    #[tokio::test]
    async fn a_handler_is_stopped_at_its_timeout() {
        let dropped = Arc::new(AtomicBool::new(false));
        let slow = Planted::handler({
            let dropped = Arc::clone(&dropped);
            move |_| {
                let guard = SetOnDrop(Arc::clone(&dropped));
                async move {
                    let _held = guard;
                    std::future::pending().await
                }
            }
        });
        let deployed = Deployed { timeout: Duration::from_millis(20), handler: slow };
        let functions = Functions::new(BTreeMap::from([("slow".into(), deployed)]));
        assert_eq!(
            functions.invoke("slow", vec![], "1".into()).await,
            Err(Failure::TimedOut(Duration::from_millis(20)))
        );
        assert!(dropped.load(Ordering::SeqCst), "the handler's future was dropped");
    }

    #[tokio::test]
    async fn a_payload_beyond_lambdas_limit_is_refused() {
        let refused = functions().invoke("echo", vec![b' '; PAYLOAD_MAX_BYTES + 1], "1".into()).await;
        assert!(matches!(refused, Err(Failure::TooLarge { .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn no_more_run_at_once_than_are_reserved() {
        let (start, started) = tokio::sync::oneshot::channel();
        let start = std::sync::Mutex::new(Some(start));
        let end = Arc::new(tokio::sync::Notify::new());
        let waits = Planted::handler({
            let end = Arc::clone(&end);
            move |payload| {
                let (start, end) = (start.lock().unwrap().take(), Arc::clone(&end));
                async move {
                    if let Some(start) = start {
                        start.send(()).unwrap();
                        end.notified().await;
                    }
                    Ok(payload)
                }
            }
        });
        let deployed = Deployed { timeout: Duration::from_secs(5), handler: waits };
        let functions = Functions::new(BTreeMap::from([("one".into(), deployed)]))
            .with_reserved(&BTreeMap::from([("one".into(), 1)]));
        let first = tokio::spawn({
            let functions = functions.clone();
            async move { functions.invoke("one", vec![], "1".into()).await }
        });
        started.await.unwrap();
        assert_eq!(functions.invoke("one", vec![], "2".into()).await, Err(Failure::Throttled));
        end.notify_one();
        assert_eq!(first.await.unwrap(), Ok(vec![]));
        assert_eq!(functions.invoke("one", vec![], "3".into()).await, Ok(vec![]));
    }

    #[tokio::test]
    async fn an_unknown_function_is_said_to_be_unknown() {
        let refused = functions().invoke("nobody", vec![], "1".into()).await;
        assert_eq!(refused, Err(Failure::Unknown("nobody".into())));
    }

    #[test]
    fn a_function_goes_by_all_the_names_it_has_in_aws() {
        let functions = functions();
        for given in
            ["echo", "penstock-echo", "arn:aws:lambda:us-east-1:000000000000:function:penstock-echo:$LATEST"]
        {
            assert_eq!(functions.resolve(given), "echo", "{given}");
        }
        assert_eq!(functions.resolve("penstock-nobody"), "penstock-nobody");
    }

    struct SetOnDrop(Arc<AtomicBool>);
    impl Drop for SetOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    fn functions() -> Functions {
        let deploy = |handler| Deployed { timeout: Duration::from_secs(5), handler };
        Functions::new(BTreeMap::from([
            ("echo".into(), deploy(Planted::handler(|payload| async { Ok(payload) }))),
            ("crash".into(), deploy(Planted::handler(|_| async { panic!("planted") }))),
        ]))
    }
}
