//! What a function's `main` does in AWS: start once, then answer invocations.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::value::RawValue;

use crate::app::StartError;
use crate::aws;
use crate::caches::Caches;
use crate::errands::clock;
use crate::failure::chain;
use crate::function::{Environment, Function, Instance, Invocation, InvocationError};
use crate::telemetry;

/// Runs a function until Lambda ends the process.
///
/// One thread: a function instance has a fraction of a core, or answers its invocations side by side on one.
pub fn run(function: Function) -> ExitCode {
    telemetry::init("info");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a thread can poll its own sockets");
    match runtime.block_on(serve(function)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(function = function.name, error = chain(error.as_ref()), "the function stopped");
            ExitCode::FAILURE
        }
    }
}

async fn serve(function: Function) -> Result<(), lambda_runtime::Error> {
    let instance = Arc::new(start(function)?);
    instance.prewarm().await;
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let instance = Arc::clone(&instance);
        async move { invoke(&instance, event).await }
    });
    lambda_runtime::run_concurrent(handler).await
}

fn start(function: Function) -> Result<Instance, StartError> {
    let variables: BTreeMap<_, _> = std::env::vars().collect();
    let caches = Caches::from_variable(variables.get("CACHE_TTL_SECONDS").map(String::as_str))?;
    let (aws, caches) = (aws::from_environment()?, Arc::new(caches));
    function.start(Environment { variables, aws, caches, clock: clock() })
}

async fn invoke(
    instance: &Instance,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Box<RawValue>, InvocationError> {
    let invocation = Invocation { request_id: event.context.request_id };
    let result = instance.invoke(event.payload.get().as_bytes(), invocation).await;
    // Metrics are lines like any other; a broken pipe is no reason to fail the invocation.
    let _ = telemetry::flush(std::io::stdout().lock());
    let json = String::from_utf8(result?).expect("handlers answer JSON");
    Ok(RawValue::from_string(json).expect("handlers answer JSON"))
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        Self { error_type: error.kind.to_owned(), error_message: error.message }
    }
}
