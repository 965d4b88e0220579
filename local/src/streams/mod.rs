//! Event source mappings of DynamoDB streams: reads a table's stream, hands it to a function, keeps a checkpoint.
//!
//! A stream has one shard, unless a test asks for more (`shard`). With a parallelization factor, records are spread over lanes by partition
//! key, over as many as they fill; a round of lanes ends together, and then the checkpoint moves past all of them. A crash before it
//! means that a round is delivered twice, never that one is left out.

mod answer;
mod delivery;
mod failed;
mod shard;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::aws::dynamodb::{DynamoDb, Record, StoreError};
use crate::aws::sqs::Sqs;
use crate::functions::Functions;
use crate::sources::filter::passes;
use crate::template::StreamMapping;
use delivery::{Delivery, Stopping};
use shard::{Shard, place};

/// The running mappings.
pub struct Streams {
    store: DynamoDb,
    readers: Vec<(StreamMapping, watch::Receiver<i64>)>,
    tasks: Vec<JoinHandle<()>>,
}

/// Records read for one round, at most.
const ROUND_MAX: usize = 1_000;
/// How often it is looked, within a window, whether the batch is full: a look at every write would cost more than the batch.
const WINDOW_STEP: Duration = Duration::from_millis(20);
/// The pause after the store itself failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

impl Streams {
    /// Starts all mappings where they were, each with a reader for each of so many shards. They stop after their batch when `stop` turns
    /// true.
    ///
    /// # Errors
    /// When the checkpoints cannot be read.
    pub fn start(
        store: &DynamoDb,
        functions: &Functions,
        mappings: &[StreamMapping],
        queues: &Sqs,
        shards: usize,
        stop: &watch::Receiver<bool>,
    ) -> Result<Self, StoreError> {
        let each = || mappings.iter().flat_map(|it| Shard::all(shards).map(move |shard| (it, shard)));
        let names: Vec<String> = each().map(|(it, shard)| shard.checkpoint(&it.name)).collect();
        let read =
            each().zip(&names).map(|((it, _), name)| (name.as_str(), it.table.as_str(), it.from_start));
        store.set_mappings(&read.collect::<Vec<_>>())?;
        let mut streams = Self { store: store.clone(), readers: vec![], tasks: vec![] };
        for ((mapping, shard), checkpoint) in each().zip(names) {
            let (moved, position) = watch::channel(store.checkpoint(&checkpoint)?);
            let reader = Reader {
                mapping: mapping.clone(),
                shard,
                checkpoint,
                store: store.clone(),
                functions: functions.clone(),
                queues: queues.clone(),
                written: store.watch(&mapping.table),
                moved,
                stop: stop.clone(),
            };
            streams.readers.push((mapping.clone(), position));
            streams.tasks.push(tokio::spawn(reader.run()));
        }
        Ok(streams)
    }

    /// Waits until every mapping has been given everything that was written, and what it caused was given on too.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settled(&self) -> Result<(), StoreError> {
        loop {
            let mut waited = false;
            for (mapping, position) in &self.readers {
                let newest = self.store.newest(&mapping.table)?;
                let mut position = position.clone();
                if *position.borrow() < newest {
                    waited = true;
                    // It fails only when the mapping has stopped, and then nothing more will come.
                    if position.wait_for(|it| *it >= newest).await.is_err() {
                        return Ok(());
                    }
                }
            }
            if !waited {
                return Ok(());
            }
        }
    }

    /// Waits until all mappings have stopped.
    pub async fn stopped(self) {
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(error = error.to_string(), "a stream mapping crashed");
            }
        }
    }
}

/// How a round went.
enum Round {
    Delivered,
    Nothing,
    Stopping,
}

struct Reader {
    mapping: StreamMapping,
    shard: Shard,
    checkpoint: String,
    store: DynamoDb,
    functions: Functions,
    queues: Sqs,
    written: Arc<Notify>,
    moved: watch::Sender<i64>,
    stop: watch::Receiver<bool>,
}

impl Reader {
    async fn run(mut self) {
        // `has_changed` fails when the platform was dropped instead of stopped.
        while !*self.stop.borrow() && self.stop.has_changed().is_ok() {
            match self.round().await {
                Ok(Round::Delivered) => {}
                Ok(Round::Nothing) => self.wait(None).await,
                Ok(Round::Stopping) => break,
                Err(error) => {
                    self.report(&error);
                    self.wait(Some(STORE_PAUSE)).await;
                }
            }
        }
    }

    fn report(&self, error: &StoreError) {
        let error: &dyn std::error::Error = error;
        tracing::error!(mapping = self.mapping.name, error, "a stream cannot be read; trying again");
    }

    /// Delivers what there is, up to a round.
    async fn round(&mut self) -> Result<Round, StoreError> {
        let records = self.read().await?;
        let Some(last) = records.last().map(|it| it.position) else { return Ok(Round::Nothing) };
        let delivery = Delivery {
            mapping: &self.mapping,
            functions: &self.functions,
            queues: &self.queues,
            stop: self.stop.clone(),
        };
        let wanted = self.wanted(records);
        // What fits into one batch is one invocation: its messages to queues are fuller, and so fewer.
        let parallel = self.mapping.parallel.min(wanted.len().div_ceil(self.mapping.batch_size));
        let lanes = lanes(wanted, parallel).into_iter().map(|it| delivery.deliver(it));
        if futures::future::join_all(lanes).await.contains(&Err(Stopping)) {
            return Ok(Round::Stopping);
        }
        self.store.advance(&self.checkpoint, &self.mapping.table, last)?;
        self.moved.send_replace(last);
        Ok(Round::Delivered)
    }

    /// The records of the shard that the mapping lets through.
    fn wanted(&self, records: Vec<Record>) -> Vec<Record> {
        let filters = &self.mapping.filters;
        let passes = |it: &Record| serde_json::from_str(it.event.get()).is_ok_and(|it| passes(filters, &it));
        let wanted = records.into_iter().filter(|it| self.shard.has(it));
        wanted.filter(|it| filters.is_empty() || passes(it)).collect()
    }

    /// The next records, after waiting for a fuller batch as long as the mapping says.
    async fn read(&mut self) -> Result<Vec<Record>, StoreError> {
        let limit = (self.mapping.batch_size * self.mapping.parallel).min(ROUND_MAX);
        let mut records = self.store.records(&self.mapping.table, *self.moved.borrow(), limit)?;
        let until = tokio::time::Instant::now() + self.mapping.window;
        while let Some(last) = records.last().map(|it| it.position) {
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            if records.len() >= self.mapping.batch_size || left.is_zero() || *self.stop.borrow() {
                break;
            }
            self.pause(left.min(WINDOW_STEP)).await;
            records.extend(self.store.records(&self.mapping.table, last, limit - records.len())?);
        }
        Ok(records)
    }

    /// Until the time is over or the platform stops, whatever is written.
    async fn pause(&mut self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            _ = self.stop.wait_for(|it| *it) => {}
        }
    }

    /// Until something was written, the platform stops, or the time is over.
    async fn wait(&mut self, time: Option<Duration>) {
        let over = async {
            match time {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.written.notified() => {}
            _ = self.stop.wait_for(|it| *it) => {}
            () = over => {}
        }
    }
}

/// Spreads records over lanes, all of a partition key in one, in order.
fn lanes(records: Vec<Record>, parallel: usize) -> Vec<Vec<Record>> {
    let mut lanes: BTreeMap<usize, Vec<Record>> = BTreeMap::new();
    for record in records {
        lanes.entry(place(&record, parallel)).or_default().push(record);
    }
    lanes.into_values().collect()
}

#[cfg(test)]
mod tests;
