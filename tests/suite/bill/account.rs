//! What AWS bills, by function: counted from the calls that were made, and from what a queue's mapping does itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use penstock_local::Platform;
use penstock_local::aws::calls::Call;
use penstock_local::aws::service::ServiceRequest;
use serde_json::Value;

use super::life::TEST;

/// SQS bills each started 64 KiB of what a request carries.
///
/// Source: "Amazon SQS pricing".
const CHUNK_BYTES: usize = 64 * 1024;

/// Dollars a million, of us-east-1, on demand.
///
/// Source: the pricing pages of Amazon DynamoDB (on-demand throughput, since November 2024), SQS (standard, with $0.10 for message groups),
/// Lambda, S3 and API Gateway.
const PRICES: [(&str, f64); 6] = [
    ("read unit", 0.125),
    ("write unit", 0.625),
    ("SQS request", 0.5),
    ("invocation", 0.2),
    ("S3 PUT", 5.0),
    ("HTTP request", 1.0),
];

/// What one function costs, or all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Line {
    /// Calls by the SDK, all of them.
    pub(super) calls: f64,
    pub(super) read_units: f64,
    pub(super) write_units: f64,
    /// Sent, received and deleted, as SQS bills it.
    pub(super) sqs: f64,
    pub(super) invocations: f64,
    pub(super) puts: f64,
    pub(super) requests: f64,
}

/// What SQS is asked beside what functions' calls show.
#[derive(Clone, Default)]
pub(super) struct Account {
    inner: Arc<Mutex<BTreeMap<String, Line>>>,
}

impl Account {
    /// Notes what a function sends to a queue, if the call is that.
    pub(super) fn watch(&self, call: &ServiceRequest) {
        if call.operation == "SendMessageBatch" {
            self.note(&call.function, |line| line.sqs += chunks(sent_bytes(&call.body)));
        }
    }

    /// Notes something about a function.
    pub(super) fn note(&self, function: &str, what: impl FnOnce(&mut Line)) {
        let mut lines = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        what(lines.entry(function.to_owned()).or_default());
    }

    /// Begins anew.
    pub(super) fn reset(&self, platform: &Platform) {
        platform.calls().reset();
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What each function came to.
    pub(super) fn lines(&self, platform: &Platform) -> BTreeMap<String, Line> {
        let mut lines = self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for call in platform.calls().recent().iter().filter(|it| it.function != TEST) {
            lines.entry(call.function.clone()).or_default().add(call);
        }
        lines
    }
}

impl Line {
    fn add(&mut self, call: &Call) {
        self.calls += 1.0;
        self.read_units += call.read_units;
        self.write_units += call.write_units;
        self.puts += f64::from(u8::from(call.operation == "PutObject"));
    }

    /// The sum of lines.
    pub(super) fn sum<'a>(lines: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default().numbers();
        for line in lines {
            sum.iter_mut().zip(line.numbers()).for_each(|(sum, it)| *sum += it);
        }
        Self::of(sum)
    }

    /// The same for one of so many orders.
    pub(super) fn per(self, orders: u32) -> Self {
        Self::of(self.numbers().map(|it| it / f64::from(orders)))
    }

    /// In the order of the bill's columns.
    pub(super) fn numbers(self) -> [f64; 7] {
        let Self { calls, read_units, write_units, sqs, invocations, puts, requests } = self;
        [calls, read_units, write_units, sqs, invocations, puts, requests]
    }

    fn of([calls, read_units, write_units, sqs, invocations, puts, requests]: [f64; 7]) -> Self {
        Self { calls, read_units, write_units, sqs, invocations, puts, requests }
    }

    fn dollars(self) -> f64 {
        self.numbers()[1..].iter().zip(PRICES).map(|(number, (_, price))| number * price).sum()
    }
}

/// The bill of one of so many orders, as a table.
pub(super) fn table(lines: &BTreeMap<String, Line>, orders: u32) -> String {
    let mut table =
        "| | calls | read units | write units | SQS | invocations | S3 PUT | HTTP | $ a million |\n"
            .to_owned();
    table.push_str("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    let all = Line::sum(lines.values());
    for (name, line) in lines.iter().map(|(name, line)| (name.as_str(), *line)).chain([("all", all)]) {
        let line = line.per(orders);
        let numbers: Vec<_> = line.numbers().iter().map(|it| figure(*it)).collect();
        table.push_str(&format!("| {name} | {} | {:.2} |\n", numbers.join(" | "), line.dollars()));
    }
    table
}

fn figure(number: f64) -> String {
    if number == 0.0 {
        String::new()
    } else {
        format!("{:.3}", number).trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// How many requests SQS bills for so many bytes.
pub(super) fn chunks(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes.div_ceil(CHUNK_BYTES).max(1)).expect("a request is small"))
}

fn sent_bytes(body: &[u8]) -> usize {
    let body: Value = serde_json::from_slice(body).expect("a request of SQS is JSON");
    let entries = body["Entries"].as_array().into_iter().flatten();
    entries.filter_map(|it| it["MessageBody"].as_str()).map(str::len).sum()
}
