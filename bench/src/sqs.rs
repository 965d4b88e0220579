//! Sends, receives and deletes messages with the AWS SDK. Promised: a queue of a million messages is as fast as an empty one.

use std::cell::Cell;
use std::time::{Duration, Instant};

use clap::Args;
use futures::future::try_join_all;

use crate::Error;
use crate::aws::Aws;
use crate::latencies::Latencies;
use crate::outcome::Outcome;
use crate::queue::Queue;

/// How full, and how flat.
#[derive(Args)]
pub(crate) struct Options {
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

/// What one message's life took.
struct Measured {
    each_us: f64,
    send: Latencies,
    receive: Latencies,
    delete: Latencies,
}

/// Measures the SQS at `aws_url`.
pub(crate) async fn measure(options: Options, aws_url: &str) -> Result<Outcome, Error> {
    let aws = Aws::at(aws_url);
    let mut outcome = Outcome::new("sqs").row("messages in the full queue", options.full);
    let (empty, full) = (Queue::create(&aws).await?, Queue::create(&aws).await?);
    let begun = Instant::now();
    full.fill(options.full).await?;
    outcome = outcome.row("filled with, messages/s", rate(options.full, begun));
    for clients in CLIENTS {
        let [of_empty, of_full] = measure_both([&empty, &full], clients, options.messages).await?;
        outcome = of_empty.told(outcome, &format!("{clients} clients, empty"));
        outcome = of_full.told(outcome, &format!("{clients} clients, full"));
        let ratio = (of_full.each_us / of_empty.each_us * 100.0).round() / 100.0;
        outcome = outcome.row(format!("{clients} clients, full to empty"), ratio);
        outcome = outcome.broken(too_steep(clients, ratio, options.ratio_max));
    }
    empty.delete().await?;
    full.delete().await?;
    Ok(outcome)
}

/// In turns, so that who else is busy is so for both.
async fn measure_both(queues: [&Queue; 2], clients: usize, messages: u64) -> Result<[Measured; 2], Error> {
    let mut best =
        [live_all(queues[0], clients, messages).await?, live_all(queues[1], clients, messages).await?];
    for _ in 1..ROUNDS {
        for (best, queue) in best.iter_mut().zip(queues) {
            let next = live_all(queue, clients, messages).await?;
            if next.each_us < best.each_us {
                *best = next;
            }
        }
    }
    Ok(best)
}

fn too_steep(clients: usize, ratio: f64, ratio_max: f64) -> Option<String> {
    let words = || {
        format!(
            "with {clients} clients the full queue costs {ratio} times the empty one, at most {ratio_max}"
        )
    };
    (ratio > ratio_max).then(words)
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

/// Sends, receives and deletes `messages`, spread over clients.
async fn live_all(queue: &Queue, clients: usize, messages: u64) -> Result<Measured, Error> {
    let left = Cell::new(messages);
    let begun = Instant::now();
    let lives = (0..clients).map(async |_| {
        let mut times = Vec::new();
        while left.get() > 0 {
            left.set(left.get() - 1);
            times.push(live(queue).await?);
        }
        Ok::<_, Error>(times)
    });
    let times: Vec<_> = try_join_all(lives).await?.into_iter().flatten().collect();
    let each_us = begun.elapsed().as_secs_f64() * 1e6 / messages as f64;
    let of = |step: usize| times.iter().map(|it| it[step]).collect();
    Ok(Measured { each_us, send: of(0), receive: of(1), delete: of(2) })
}

/// One message sent, one received and deleted; how long each took.
async fn live(queue: &Queue) -> Result<[Duration; 3], Error> {
    let begun = Instant::now();
    queue.send().await?;
    let sent = begun.elapsed();
    let message = queue.receive_one().await?;
    let received = begun.elapsed();
    queue.delete_message(message).await?;
    Ok([sent, received - sent, begun.elapsed() - received])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_slows_down_with_its_depth_is_found() {
        assert_eq!(too_steep(16, 1.25, 1.25), None);
        let found = too_steep(16, 1.26, 1.25).unwrap();
        assert!(found.contains("16 clients") && found.contains("1.26 times"), "{found}");
    }
}
