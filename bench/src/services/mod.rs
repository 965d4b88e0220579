//! What each service of the laptop's AWS answers a second, over the wire, with one client and with sixteen; and what another
//! AWS does with the same requests, in turns.
//!
//! Nothing is promised here but right answers: the numbers are for comparing.

mod operation;
mod subject;

use std::cell::Cell;
use std::ops::Range;
use std::time::Instant;

use clap::Args;
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::Error;
use crate::aws::Aws;
use crate::latencies::Latencies;
use crate::outcome::Outcome;

use operation::Operation;
use subject::Subject;

/// How much, and what stands beside.
#[derive(Args)]
pub(crate) struct Options {
    /// Another AWS, given the same requests in turns.
    #[arg(long)]
    beside: Option<String>,
    /// Requests of each kind in each turn.
    #[arg(long, default_value_t = 1_000)]
    requests: u64,
}

/// Clients that each make one request after another.
const CLIENTS: [u64; 2] = [1, 16];
/// Turns, of which the best counts: the others tell who else was busy.
const TURNS: u64 = 3;

/// One turn of one operation.
struct Measured {
    a_second: f64,
    latencies: Latencies,
}

/// Measures the AWS at `aws_url`.
pub(crate) async fn measure(options: Options, aws_url: &str) -> Result<Outcome, Error> {
    let mut subjects = vec![Subject::prepare(Aws::at(aws_url)).await?];
    if let Some(url) = &options.beside {
        subjects.push(Subject::prepare(Aws::at(url)).await?);
    }
    let mut outcome = Outcome::new("services").row("requests of each kind in a turn", options.requests);
    for clients in CLIENTS {
        let best = measure_all(&subjects, clients, options.requests).await?;
        for (operation, best) in Operation::ALL.iter().zip(best) {
            outcome = outcome.row(format!("{}, {}", operation.name(), spread(clients)), told(&best));
        }
    }
    Ok(outcome)
}

/// The best turn of each operation on each subject. Subjects take turns, so that who else is busy is so for all.
async fn measure_all(subjects: &[Subject], clients: u64, requests: u64) -> Result<Vec<Vec<Measured>>, Error> {
    let mut best: Vec<Vec<Measured>> = Operation::ALL.iter().map(|_| Vec::new()).collect();
    for turn in 0..TURNS {
        // Of its own for each turn: what is created must not be there.
        let first = (clients * TURNS + turn) * requests;
        for (operation, best) in Operation::ALL.into_iter().zip(&mut best) {
            for (number, subject) in subjects.iter().enumerate() {
                let measured = run(subject, operation, first..first + requests, clients).await?;
                keep_better(best, number, measured);
            }
        }
    }
    Ok(best)
}

fn spread(clients: u64) -> String {
    if clients == 1 { "1 client".to_owned() } else { format!("{clients} clients") }
}

fn keep_better(best: &mut Vec<Measured>, subject: usize, next: Measured) {
    match best.get_mut(subject) {
        Some(best) if best.a_second >= next.a_second => {}
        Some(best) => *best = next,
        None => best.push(next),
    }
}

async fn run(
    subject: &Subject,
    operation: Operation,
    numbers: Range<u64>,
    clients: u64,
) -> Result<Measured, Error> {
    let (next, count) = (Cell::new(numbers.start), numbers.end - numbers.start);
    let begun = Instant::now();
    let all = (0..clients).map(async |_| {
        let mut times = Vec::new();
        while next.get() < numbers.end {
            let (number, begun) = (next.replace(next.get() + 1), Instant::now());
            operation.perform(subject, number).await?;
            times.push(begun.elapsed());
        }
        Ok::<_, Error>(times)
    });
    let latencies = try_join_all(all).await?.into_iter().flatten().collect();
    Ok(Measured { a_second: (count as f64 / begun.elapsed().as_secs_f64()).round(), latencies })
}

/// The first subject, and the one beside if there is one.
fn told(best: &[Measured]) -> Value {
    let words = |it: &Measured| {
        let quantile = |quantile| it.latencies.quantile_ms(quantile);
        json!({"aSecond": it.a_second, "p50Ms": quantile(0.5), "p99Ms": quantile(0.99)})
    };
    let mut told = best.first().map(words).unwrap_or_default();
    if let Some(beside) = best.get(1) {
        told["beside"] = words(beside);
    }
    told
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_best_turn_of_each_subject_is_kept() {
        let mut best = Vec::new();
        for (subject, a_second) in [(0, 10.0), (1, 50.0), (0, 30.0), (1, 40.0), (0, 20.0)] {
            keep_better(&mut best, subject, measured(a_second));
        }
        assert_eq!(best.iter().map(|it| it.a_second).collect::<Vec<_>>(), [30.0, 50.0]);
    }

    #[test]
    fn what_stands_beside_is_told_apart() {
        let told_of = |best: &[f64]| told(&best.iter().map(|it| measured(*it)).collect::<Vec<_>>());
        let one = json!({"aSecond": 30.0, "p50Ms": 2.0, "p99Ms": 2.0});
        assert_eq!(told_of(&[30.0]), one);
        let both = told_of(&[30.0, 50.0]);
        assert_eq!((&both["aSecond"], &both["beside"]["aSecond"]), (&json!(30.0), &json!(50.0)));
    }

    fn measured(a_second: f64) -> Measured {
        Measured { a_second, latencies: [Duration::from_millis(2)].into_iter().collect() }
    }
}
