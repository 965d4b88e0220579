//! `kill -9` during the load, and a restart, again and again. Promised: every order that got a 2xx is there exactly once;
//! one whose answer was lost may be sent again with its key and is there once; each of its events is archived once; and
//! what was written to the laptop's AWS beside them, objects, secrets and messages, is there.

mod created;
mod register;
mod thing;
mod written;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use clap::Args;
use futures::join;

use crate::Error;
use crate::archive::Archive;
use crate::aws::Aws;
use crate::client::Client;
use crate::orders::Orders;
use crate::outcome::Outcome;
use crate::platform::Platform;
use crate::read_back::{compare, list};

use created::Created;
use written::Written;

/// How much load, and how many crashes.
#[derive(Args)]
pub(crate) struct Options {
    /// Orders that are answered before each crash.
    #[arg(long, default_value_t = 1_000)]
    orders: usize,
    /// Crashes.
    #[arg(long, default_value_t = 5)]
    crashes: u32,
    /// Clients that each send one order after another.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// Clients that each write objects, secrets and messages, one after another.
    #[arg(long, default_value_t = 8)]
    writers: u64,
}

/// How closely the moment of a crash is met.
const WATCH: Duration = Duration::from_millis(1);

/// What all clients know of the crash that is coming.
#[derive(Default)]
struct Crash {
    /// The process is being killed: from now on an answer may fail to come.
    begun: Cell<bool>,
    /// Answers that no crash explains.
    errors: RefCell<Vec<String>>,
}

/// What was found out from crash to crash.
#[derive(Default)]
struct Found {
    slowest_ms: u64,
    broken: Vec<String>,
}

pub(crate) async fn measure(options: Options, mut platform: Platform) -> Result<Outcome, Error> {
    let mut client = Client::of_new_tenant(&platform.url()).await?;
    let orders = Orders::prepare(&client).await?;
    let (mut created, mut found) = (Created::default(), Found::default());
    let mut written = Written::prepare(&Aws::at(&platform.aws_url()), options.writers).await?;
    for number in 1..=options.crashes as usize {
        let crash = Crash::default();
        // A new client each time: a connection of the killed process must not be what fails.
        let aws = Aws::at(&platform.aws_url());
        let load = created.load(&client, &orders, options.clients, &crash);
        let writes = written.load(&aws, options.writers, &crash);
        let kill = kill(&mut platform, &crash, || created.answered() >= options.orders * number);
        join!(load, writes, kill).2?;
        found.restart(&mut platform, crash).await?;
        client.renew_token().await?;
        created.send_again(&client, &orders).await?;
        found.broken.extend(written.check(&Aws::at(&platform.aws_url())).await?);
    }
    let aws = Aws::at(&platform.aws_url());
    let outcome = written.judge(found.told(&options), &aws).await?;
    judge_orders(outcome, created, &client, &aws).await
}

impl Found {
    /// Starts the platform again, and takes over what is known of the crash.
    async fn restart(&mut self, platform: &mut Platform, crash: Crash) -> Result<(), Error> {
        platform.restart().await?;
        self.slowest_ms = self.slowest_ms.max(platform.ready_ms());
        self.broken.extend(crash.errors.into_inner());
        Ok(())
    }

    fn told(self, options: &Options) -> Outcome {
        Outcome::new("crash")
            .row("crashes", options.crashes)
            .row("clients", options.clients)
            .row("clients that write to AWS", options.writers)
            .row("slowest restart to ready, ms", self.slowest_ms)
            .broken(self.broken)
    }
}

/// Waits until there is enough to lose, and kills.
async fn kill(platform: &mut Platform, crash: &Crash, enough: impl Fn() -> bool) -> Result<(), Error> {
    let loading = || !crash.begun.get() && crash.errors.borrow().is_empty();
    while !enough() && loading() {
        tokio::time::sleep(WATCH).await;
    }
    let killed = platform.kill();
    crash.begun.set(true);
    killed
}

async fn judge_orders(
    outcome: Outcome,
    created: Created,
    client: &Client,
    aws: &Aws,
) -> Result<Outcome, Error> {
    let (outcome, answered) = created.told(outcome);
    let listing = list(client, answered.len()).await?;
    let archived = Archive::at(aws, client.tenant()).await?.whole(client, &answered).await?;
    Ok(outcome
        .row("orders listed", listing.orders.len())
        .row("events archived", archived.events)
        .broken(compare(client, &answered, &listing).await)
        .broken(archived.broken))
}
