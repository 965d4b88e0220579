//! Starts the platform, says how to use it, and stops it when told.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use penstock_local::suite::FUNCTIONS;
use penstock_local::{Data, Options, OutsideOptions, Platform, Runtime, TEMPLATE, metrics};
use penstock_sandbox::Timing;
use tokio::signal::unix::{SignalKind, signal};

use super::{Serve, Where};

/// How often what was measured is written out.
const METRICS_EVERY: Duration = Duration::from_secs(60);

/// Runs until `Ctrl-C` or `SIGTERM`.
pub(crate) async fn run(serve: Serve) -> Result<ExitCode, Box<dyn Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let state = if serve.memory { "memory, gone at the end".to_owned() } else { place(&serve.data_dir) };
    let platform = Platform::start(options(&serve)?).await?;
    report_not_done(&platform);
    print(&banner(&platform, &state));
    let mut measured = tokio::time::interval(METRICS_EVERY);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = measured.tick() => metrics::flush(),
        }
    }
    print("\nStopping: what is in flight finishes.\n");
    platform.stop().await;
    metrics::flush();
    Ok(ExitCode::SUCCESS)
}

/// What the command line asks for.
pub(crate) fn options(serve: &Serve) -> Result<Options, Box<dyn Error>> {
    let template = match serve.template.clone().or_else(nearest_template) {
        Some(file) => {
            std::fs::read_to_string(&file).map_err(|it| format!("{} cannot be read: {it}", place(&file)))?
        }
        None => TEMPLATE.to_owned(),
    };
    let data = if serve.memory { Data::Memory } else { Data::Dir(serve.data_dir.clone()) };
    let parameters = serve.parameters.iter().cloned().collect();
    let runtime = match serve.runtime {
        Where::InProcess => Runtime::InProcess,
        Where::Process => {
            let names: Vec<_> = FUNCTIONS.iter().map(|it| it.name).collect();
            penstock_local::runtime::build(&names)?;
            Runtime::Process
        }
    };
    Ok(Options {
        data,
        port: serve.port,
        aws_port: serve.aws_port,
        template,
        parameters,
        runtime,
        outside: outside(serve),
        ..Options::memory()
    })
}

/// A parcel is on its way after half of the time.
fn outside(serve: &Serve) -> OutsideOptions {
    let (in_transit, delivered) = (serve.delivery.0.map(|it| it / 2), serve.delivery.0);
    let timing = Timing { in_transit, delivered, ..Timing::default() };
    OutsideOptions { port: serve.sandbox_port, timing }
}

fn nearest_template() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|it| it.join("template.yaml")).find(|it| it.is_file())
}

/// One line a property (or kind of resource), with all resources that have it.
fn report_not_done(platform: &Platform) {
    let mut by_property = BTreeMap::<&str, Vec<&str>>::new();
    for not_done in platform.not_done() {
        by_property.entry(&not_done.what).or_default().push(&not_done.resource);
    }
    for (property, resources) in by_property {
        let resources = resources.join(", ");
        tracing::info!(property, resources, "the template says it and the laptop does not do it");
    }
}

fn place(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// A closed standard output is no reason to stop.
fn print(text: &str) {
    let written = std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush());
    if let Err(error) = written {
        tracing::debug!(error = error.to_string(), "nobody reads standard output");
    }
}

fn banner(platform: &Platform, state: &str) -> String {
    let (url, aws_url, outside) = (platform.url(), platform.aws_url(), platform.outside());
    let (payments, carrier, smtp) = (outside.payments_url(), outside.carrier_url(), outside.smtp_url());
    format!(
        r#"Penstock listens on {url}, its state is in {state}.

A token (an hour long; roles are optional, "pricing" may set prices):
  curl -s {url}/dev/token -d '{{"tenant":"acme","subject":"me"}}'

A first order:
  TOKEN=$(curl -s {url}/dev/token -d '{{"tenant":"acme","subject":"me"}}' | sed 's/.*"token":"\([^"]*\)".*/\1/')
  curl -s -X PUT {url}/v1/products/6f6d7a52-3c1c-4d0e-9d0e-0b6a5f1c2d3e \
    -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
    -d '{{"sku":"MUG-1","name":"Mug","category":"kitchen","price":{{"amount":12.50,"currency":"GBP"}}}}'
  curl -s -X POST {url}/v1/orders \
    -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
    -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)" \
    -d '{{"customerId":"0d9f3b1e-8a51-4c55-9a55-3f7d1c2b4a69","items":[{{"productId":"6f6d7a52-3c1c-4d0e-9d0e-0b6a5f1c2d3e","quantity":2}}]}}'

The AWS CLI and boto3 take it for AWS (access key "test", secret "test"): AWS_ENDPOINT_URL={aws_url}

The world outside, in a sandbox (payments on {payments}, carrier on {carrier}, mail on {smtp}):
  {url}/dev/payments  {url}/dev/shipments  {url}/dev/mail

The contract: {url}/v1/openapi.json. Stop it with Ctrl-C.
"#
    )
}
