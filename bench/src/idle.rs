//! Leaves a platform alone that has worked. Promised: it takes less than a hundredth of a core, and little memory.

use std::time::{Duration, Instant};

use clap::Args;

use crate::Error;
use crate::client::Client;
use crate::orders::Orders;
use crate::outcome::Outcome;
use crate::platform::{Platform, Usage};

/// How long, and how little.
#[derive(Args)]
pub(crate) struct Options {
    /// Orders to create first, so that it has something to keep.
    #[arg(long, default_value_t = 1_000)]
    orders: u64,
    /// Seconds until what the orders caused is done.
    #[arg(long, default_value_t = 15)]
    settle: u64,
    /// Seconds to watch it.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// The share of one core, in percent, that it must stay below.
    #[arg(long, default_value_t = 1.0)]
    core_max_percent: f64,
    /// The memory, in megabytes of 1,000,000 bytes, that it must stay below.
    #[arg(long, default_value_t = 150.0)]
    memory_max_mb: f64,
}

const CLIENTS: usize = 16;
/// How often its memory is looked at.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) async fn measure(options: Options, platform: &Platform) -> Result<Outcome, Error> {
    let client = Client::of_new_tenant(&platform.url()).await?;
    Orders::prepare(&client).await?.create(&client, 0..options.orders, CLIENTS).await?;
    // A connection that is kept is not what is measured.
    drop(client);
    tokio::time::sleep(Duration::from_secs(options.settle)).await;
    let (core_percent, memory_mb) = watch(platform, Duration::from_secs(options.seconds)).await?;
    Ok(Outcome::new("idle")
        .row("orders created first", options.orders)
        .row("watched for, s", options.seconds)
        .row("share of a core, percent", core_percent)
        .row("memory at most, MB", memory_mb)
        .broken(too_much("percent of a core", core_percent, options.core_max_percent))
        .broken(too_much("MB of memory", memory_mb, options.memory_max_mb)))
}

/// The share of a core that was used, in percent, and the most memory, in megabytes.
async fn watch(platform: &Platform, time: Duration) -> Result<(f64, f64), Error> {
    let (begun, before) = (Instant::now(), platform.usage()?);
    let mut most = before;
    while begun.elapsed() < time {
        tokio::time::sleep(LOOK).await;
        most = most.max(platform.usage()?);
    }
    let used = most.processor.saturating_sub(before.processor);
    let core_percent = used.as_secs_f64() / begun.elapsed().as_secs_f64() * 100.0;
    Ok((hundredths(core_percent), hundredths(most.resident_bytes as f64 / 1e6)))
}

impl Usage {
    fn max(self, other: Self) -> Self {
        Self {
            processor: self.processor.max(other.processor),
            resident_bytes: self.resident_bytes.max(other.resident_bytes),
        }
    }
}

fn too_much(what: &str, used: f64, below: f64) -> Option<String> {
    (used >= below).then(|| format!("idle, it takes {used} {what}, which must stay below {below}"))
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_below_the_limit_is_too_much() {
        assert_eq!(too_much("MB of memory", 149.99, 150.0), None);
        let told = too_much("MB of memory", 150.0, 150.0).unwrap();
        assert!(told.contains("150 MB of memory"), "{told}");
    }

    #[test]
    fn the_most_of_each_is_kept() {
        let usage = |ms, resident_bytes| Usage { processor: Duration::from_millis(ms), resident_bytes };
        let most = usage(10, 70).max(usage(20, 60));
        assert_eq!((most.processor, most.resident_bytes), (Duration::from_millis(20), 70));
    }
}
