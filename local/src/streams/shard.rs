//! A part of a stream: the records of some of the partition keys.
//!
//! DynamoDB keeps the order of what was written to one partition key. Shards are read at a pace of their own each, so that between
//! keys of different shards there is no order. A laptop has one shard; more are asked for by tests which must not rely on more order than
//! AWS keeps.
//!
//! Source: "Change data capture for DynamoDB Streams", Amazon DynamoDB Developer Guide.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::aws::dynamodb::Record;

/// One of so many shards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shard {
    number: usize,
    of: usize,
}

impl Shard {
    /// All shards of a stream; there is always one.
    pub(super) fn all(of: usize) -> impl Iterator<Item = Self> {
        let of = of.max(1);
        (0..of).map(move |number| Self { number, of })
    }

    /// Under which name the checkpoint of a mapping is kept for this shard: its own, as long as there is one shard.
    pub(super) fn checkpoint(self, mapping: &str) -> String {
        if self.number == 0 { mapping.to_owned() } else { format!("{mapping}/{}", self.number) }
    }

    /// Whether a record is in it.
    pub(super) fn has(self, record: &Record) -> bool {
        place(record, self.of) == self.number
    }
}

/// The place of a record among so many, which is the same for all records of a partition key.
pub(super) fn place(record: &Record, of: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    record.partition.hash(&mut hasher);
    (hasher.finish() % of as u64) as usize
}
