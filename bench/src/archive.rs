//! Reads a tenant's events back from the archive, and compares them with the orders' histories.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_s3::Client as S3;
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::StatusCode;
use serde_json::Value;

use crate::Error;
use crate::aws::{Aws, failed};
use crate::client::Client;
use crate::read_back::id;

/// What the name of the archive's bucket says, whatever the stack is called.
const BUCKET: &str = "-archive-";
/// Objects and histories read at once.
const READS: usize = 16;
/// What was in flight when the platform was killed comes back after its visibility timeout, three minutes.
const STANDSTILL_MAX: Duration = Duration::from_secs(240);
const PAUSE: Duration = Duration::from_secs(1);

/// A tenant's part of the archive.
pub(crate) struct Archive {
    s3: S3,
    bucket: String,
    prefix: String,
}

/// What was found there.
pub(crate) struct Archived {
    /// Events, each counted once.
    pub(crate) events: usize,
    pub(crate) broken: Vec<String>,
}

/// How often each event is in the archive, by its id.
type Counts = BTreeMap<String, u32>;

impl Archive {
    /// The archive at that AWS, which has one bucket for it.
    pub(crate) async fn at(aws: &Aws, tenant: &str) -> Result<Self, Error> {
        let buckets = aws.s3.list_buckets().send().await.map_err(failed)?;
        let mut names = buckets.buckets().iter().filter_map(|it| it.name());
        let bucket = names.find(|it| it.contains(BUCKET)).unwrap_or_default().to_owned();
        Ok(Self { s3: aws.s3.clone(), bucket, prefix: format!("tenant={tenant}/") })
    }

    /// Waits until every event of these orders is there, or nothing comes any more, and says what is missing or there twice.
    pub(crate) async fn whole(&self, client: &Client, orders: &[Value]) -> Result<Archived, Error> {
        let wanted = wanted(client, orders).await?;
        let (mut most, mut last_progress) = (0, Instant::now());
        loop {
            let keys = self.keys().await?;
            if keys.len() > most {
                (most, last_progress) = (keys.len(), Instant::now());
            }
            let counts = self.counts(keys).await?;
            if wanted.keys().all(|it| counts.contains_key(it)) || last_progress.elapsed() > STANDSTILL_MAX {
                return Ok(Archived { events: counts.len(), broken: differences(&wanted, &counts) });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn keys(&self) -> Result<Vec<String>, Error> {
        let list = self.s3.list_objects_v2().bucket(&self.bucket).prefix(&self.prefix);
        let mut pages = list.into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed)?;
            keys.extend(page.contents().iter().filter_map(|it| it.key()).map(str::to_owned));
        }
        Ok(keys)
    }

    async fn counts(&self, keys: Vec<String>) -> Result<Counts, Error> {
        let mut objects = stream::iter(keys).map(|key| self.ids(key)).buffer_unordered(READS);
        let mut counts = Counts::new();
        while let Some(ids) = objects.try_next().await? {
            ids.into_iter().for_each(|id| *counts.entry(id).or_default() += 1);
        }
        Ok(counts)
    }

    /// The ids of an object's events, a line each.
    async fn ids(&self, key: String) -> Result<Vec<String>, Error> {
        let object = self.s3.get_object().bucket(&self.bucket).key(key).send().await.map_err(failed)?;
        let bytes = object.body.collect().await.map_err(|it| Error::Aws(it.to_string()))?.into_bytes();
        let lines = bytes.split(|it| *it == b'\n').filter(|it| !it.is_empty());
        let id = |line: &[u8]| serde_json::from_slice::<Value>(line).map(|it| text(&it["id"]));
        Ok(lines.map(id).collect::<Result<_, _>>()?)
    }
}

/// The ids that the events of these orders have, once each.
async fn wanted(client: &Client, orders: &[Value]) -> Result<Counts, Error> {
    let ids = stream::iter(orders).map(async |order| {
        let id = id(order);
        let path = format!("/v1/orders/{id}/events");
        let history = client.get(&path).await?.expect("GET of a history", StatusCode::is_success)?.body;
        let events = history["events"].as_array().cloned().unwrap_or_default();
        let tenant = client.tenant();
        Ok::<_, Error>(
            events.iter().map(|it| format!("{tenant}/{id}/{}", it["sequence"])).collect::<Vec<_>>(),
        )
    });
    let ids: Vec<Vec<String>> = ids.buffer_unordered(READS).try_collect().await?;
    Ok(ids.into_iter().flatten().map(|id| (id, 1)).collect())
}

fn differences(wanted: &Counts, got: &Counts) -> Vec<String> {
    let missing = wanted.keys().filter(|id| !got.contains_key(*id));
    let missing = missing.map(|id| format!("event {id} is not in the archive"));
    let twice = got.iter().filter(|(_, count)| **count > 1);
    missing.chain(twice.map(|(id, count)| format!("event {id} is in the archive {count} times"))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_is_missing_or_there_twice_is_found() {
        let counts = |them: &[(&str, u32)]| {
            them.iter().map(|(id, count)| ((*id).to_owned(), *count)).collect::<Counts>()
        };
        let wanted = counts(&[("a", 1), ("b", 1)]);
        assert!(differences(&wanted, &counts(&[("a", 1), ("b", 1), ("of another order", 1)])).is_empty());
        assert_eq!(
            differences(&wanted, &counts(&[("a", 2)])),
            ["event b is not in the archive", "event a is in the archive 2 times"]
        );
    }
}
