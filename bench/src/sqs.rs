//! Sends, receives and deletes messages with the AWS SDK. Promised: a queue of a million messages is as fast as an empty one.

use std::cell::Cell;
use std::time::Instant;

use aws_credential_types::Credentials;
use aws_sdk_sqs::config::{BehaviorVersion, Region};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use aws_sdk_sqs::{Client, Config};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use clap::Args;
use futures::future::try_join_all;
use uuid::Uuid;

use crate::Error;
use crate::latencies::Latencies;
use crate::outcome::Outcome;

/// What is measured, and against what.
#[derive(Args)]
pub(crate) struct Options {
    /// An SQS that is running; without it, a platform is started and stopped.
    #[arg(long)]
    pub(crate) aws_url: Option<String>,
    /// Another SQS, measured in the same run with empty queues only.
    #[arg(long)]
    beside: Option<String>,
    /// Messages in the full queue.
    #[arg(long, default_value_t = 1_000_000)]
    full: u64,
    /// Messages that are sent, received and deleted in each measurement.
    #[arg(long, default_value_t = 5_000)]
    messages: u64,
    /// The most that a message of the full queue may cost, as a multiple of one of the empty queue.
    #[arg(long, default_value_t = 1.25)]
    ratio_max: f64,
}

/// Clients that each make one request after another.
const CLIENTS: [usize; 2] = [1, 16];
/// Repetitions, of which the best counts: the others tell who else was busy.
const ROUNDS: usize = 3;
const BATCH: u64 = 10;
const FILLERS: u64 = 16;
const BODY_BYTES: usize = 500;

/// A queue of its own at an SQS.
struct Queue {
    client: Client,
    url: String,
}

/// What one message's life took.
struct Measured {
    each_us: f64,
    send: Latencies,
    receive: Latencies,
    delete: Latencies,
}

/// Measures the SQS at `aws_url`.
pub(crate) async fn measure(options: Options, aws_url: &str) -> Result<Outcome, Error> {
    let mut outcome =
        Outcome::new("sqs").row("messages in the full queue", options.full).row("body, bytes", BODY_BYTES);
    let (empty, full) = (Queue::create(aws_url).await?, Queue::create(aws_url).await?);
    let begun = Instant::now();
    full.fill(options.full).await?;
    outcome = outcome.row("filled with, messages/s", rate(options.full, begun));
    let mut broken = Vec::new();
    for clients in CLIENTS {
        // In turns, so that who else is busy is so for both.
        let (mut best_empty, mut best_full) = (None, None);
        for _ in 0..ROUNDS {
            best_empty = Some(better(best_empty, empty.measure(clients, options.messages).await?));
            best_full = Some(better(best_full, full.measure(clients, options.messages).await?));
        }
        let (Some(of_empty), Some(of_full)) = (best_empty, best_full) else { continue };
        let ratio = of_full.each_us / of_empty.each_us;
        outcome = of_empty.told(outcome, &format!("{clients} clients, empty"));
        outcome = of_full.told(outcome, &format!("{clients} clients, full"));
        outcome = outcome.row(format!("{clients} clients, full to empty"), (ratio * 100.0).round() / 100.0);
        if ratio > options.ratio_max {
            broken
                .push(format!("with {clients} clients the full queue costs {ratio:.2} times the empty one"));
        }
    }
    if let Some(beside) = &options.beside {
        outcome = measure_beside(outcome, beside, options.messages).await?;
    }
    empty.delete().await?;
    full.delete().await?;
    Ok(outcome.broken(broken))
}

async fn measure_beside(mut outcome: Outcome, url: &str, messages: u64) -> Result<Outcome, Error> {
    let queue = Queue::create(url).await?;
    for clients in CLIENTS {
        let measured = queue.measure(clients, messages).await?;
        outcome = measured.told(outcome, &format!("beside, {clients} clients, empty"));
    }
    queue.delete().await?;
    Ok(outcome)
}

fn better(best: Option<Measured>, next: Measured) -> Measured {
    match best {
        Some(best) if best.each_us <= next.each_us => best,
        _ => next,
    }
}

fn rate(messages: u64, since: Instant) -> f64 {
    (messages as f64 / since.elapsed().as_secs_f64()).round()
}

impl Measured {
    fn told(&self, outcome: Outcome, what: &str) -> Outcome {
        let mut outcome = outcome.row(format!("{what}, messages/s"), (1e6 / self.each_us).round());
        for (step, times) in [("send", &self.send), ("receive", &self.receive), ("delete", &self.delete)] {
            outcome = outcome.row(format!("{what}, {step} p50 ms"), times.quantile_ms(0.5));
            outcome = outcome.row(format!("{what}, {step} p99 ms"), times.quantile_ms(0.99));
        }
        outcome
    }
}

impl Queue {
    async fn create(aws_url: &str) -> Result<Self, Error> {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(aws_url)
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "bench"))
            .http_client(http)
            .build();
        let client = Client::from_conf(config);
        let name = format!("bench-{}", Uuid::new_v4());
        let created = client.create_queue().queue_name(name).send().await.map_err(failed)?;
        Ok(Self { url: created.queue_url.unwrap_or_default(), client })
    }

    async fn delete(&self) -> Result<(), Error> {
        self.client.delete_queue().queue_url(&self.url).send().await.map_err(failed)?;
        Ok(())
    }

    async fn fill(&self, messages: u64) -> Result<(), Error> {
        let left = Cell::new(messages);
        let fillers = (0..FILLERS).map(async |_| {
            while left.get() > 0 {
                let count = left.get().min(BATCH);
                left.set(left.get() - count);
                self.send_batch(count).await?;
            }
            Ok(())
        });
        try_join_all(fillers).await.map(drop)
    }

    async fn send_batch(&self, count: u64) -> Result<(), Error> {
        let entry = |id: u64| {
            let entry = SendMessageBatchRequestEntry::builder().id(id.to_string()).message_body(body());
            entry.build().map_err(|it| Error::Aws(it.to_string()))
        };
        let entries = (0..count).map(entry).collect::<Result<Vec<_>, _>>()?;
        let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let failures = request.send().await.map_err(failed)?.failed;
        failures.first().map_or(Ok(()), |it| Err(Error::Aws(format!("{it:?}"))))
    }

    /// Sends, receives and deletes `messages`, spread over clients.
    async fn measure(&self, clients: usize, messages: u64) -> Result<Measured, Error> {
        let left = Cell::new(messages);
        let begun = Instant::now();
        let lives = (0..clients).map(async |_| {
            let mut times = Vec::new();
            while left.get() > 0 {
                left.set(left.get() - 1);
                times.push(self.live().await?);
            }
            Ok::<_, Error>(times)
        });
        let times: Vec<_> = try_join_all(lives).await?.into_iter().flatten().collect();
        let each_us = begun.elapsed().as_secs_f64() * 1e6 / messages as f64;
        let of = |step: usize| times.iter().map(|it| it[step]).collect();
        Ok(Measured { each_us, send: of(0), receive: of(1), delete: of(2) })
    }

    /// One message sent, one received and deleted; how long each took.
    async fn live(&self) -> Result<[std::time::Duration; 3], Error> {
        let begun = Instant::now();
        self.client.send_message().queue_url(&self.url).message_body(body()).send().await.map_err(failed)?;
        let sent = begun.elapsed();
        let begun = Instant::now();
        let received = self.client.receive_message().queue_url(&self.url).send().await.map_err(failed)?;
        let took = begun.elapsed();
        let message = received.messages.unwrap_or_default().into_iter().next();
        let message = message
            .ok_or_else(|| Error::Aws("nothing was received, though a message was sent".to_owned()))?;
        let begun = Instant::now();
        let delete = self.client.delete_message().queue_url(&self.url);
        delete.set_receipt_handle(message.receipt_handle).send().await.map_err(failed)?;
        Ok([sent, took, begun.elapsed()])
    }
}

fn body() -> String {
    "x".repeat(BODY_BYTES)
}

fn failed(error: impl std::error::Error) -> Error {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    Error::Aws(words)
}
