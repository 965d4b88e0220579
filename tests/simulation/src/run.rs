//! One run: a seed, a platform, a storm, so many lives; then calm, and the question whether all is as it must be.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use penstock_domain::OrderId;
use penstock_domain::planted::{self, Bug};
use penstock_local::{Options, OutsideOptions, Platform};
use penstock_sandbox::Timing;
use serde::{Deserialize, Serialize};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::faults::aws::Between;
use crate::faults::lambda::StormHosting;
use crate::faults::wire::Wires;
use crate::faults::{Storm, Weather, outside};
use crate::interposed;
use crate::invariants::{self, Violation};
use crate::journal::{Journal, Line};
use crate::month;
use crate::seen::{Listen, Seen};
use crate::timeline::records::Hear;
use crate::timeline::watch::Watch;
use crate::timeline::{Timeline, facts};
use crate::workload::client::Client;
use crate::workload::lives;
use crate::workload::promises::Promises;
use crate::workload::receiver::Receiver;
use crate::workload::shops::{self, PAYMENT_MINUTES, Shop};

/// What to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What everything follows from.
    pub seed: u64,
    /// How many orders are lived.
    pub lives: usize,
    /// Whether the journal keeps its lines.
    pub keeps: bool,
    /// Kinds of faults that are left out of the seed's weather.
    pub without: Vec<String>,
    /// A bug that is planted for the run.
    pub planted: Option<Bug>,
    /// The order whose timeline is told.
    pub order: Option<OrderId>,
}

impl Plan {
    /// A seed's run of so many lives.
    #[must_use]
    pub fn new(seed: u64, lives: usize) -> Self {
        Self { seed, lives, keeps: false, without: vec![], planted: None, order: None }
    }

    /// What the command line calls it.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![format!("--seed={}", self.seed), format!("--lives={}", self.lives)];
        if !self.without.is_empty() {
            arguments.push(format!("--without={}", self.without.join(",")));
        }
        arguments.extend(self.planted.map(|bug| format!("--planted={}", bug.name())));
        arguments.extend(self.order.map(|order| format!("--order={order}")));
        arguments.extend(self.keeps.then(|| "--keeps".to_owned()));
        arguments
    }

    pub(crate) fn weather(&self) -> Weather {
        self.without.iter().fold(Weather::of(self.seed), |weather, name| weather.without(name))
    }
}

impl std::fmt::Display for Plan {
    /// The command that runs it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cargo xtask simulate --seed {} --lives {}", self.seed, self.lives)?;
        if !self.without.is_empty() {
            write!(f, " --without {}", self.without.join(","))?;
        }
        if let Some(bug) = self.planted {
            write!(f, " --planted {}", bug.name())?;
        }
        Ok(())
    }
}

/// What came of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// How many orders were lived.
    pub lives: usize,
    /// What is not as it must be.
    pub violations: Vec<Violation>,
    /// How many faults there were, by kind.
    pub faults: BTreeMap<Cow<'static, str>, u64>,
    /// What happened to the plan's order, if it has one and it is there.
    pub timeline: Option<Timeline>,
    /// The orders of the run, if one of them was asked for.
    pub orders: Vec<OrderId>,
    /// The journal's lines, if it kept them.
    pub lines: Vec<Line>,
    /// How many lines there were, and what they amount to.
    pub digest: (u64, String),
    /// How long it took on the virtual clock.
    pub virtual_time: Duration,
    /// How many calls to AWS were made, as `function service.operation`.
    pub calls: BTreeMap<String, u64>,
}

/// All there is in a run.
pub struct World {
    /// The platform.
    pub platform: Arc<Platform>,
    /// The storm.
    pub storm: Arc<Storm>,
    /// What clients were told.
    pub promises: Arc<Promises>,
    /// The shops.
    pub shops: Vec<Shop>,
    /// Their own servers.
    pub receiver: Receiver,
    /// What was seen on the way.
    pub seen: Arc<Seen>,
    /// The ids of events whose delivery to a tenant was given up.
    pub given_up: Mutex<BTreeSet<String>>,
}

/// How many orders are lived at once, of which the seed picks one, by weight: few show what comes between the steps of each, many fill
/// batches and meet each other, and cost less.
const AT_ONCE: [(u32, usize); 4] = [(1, 3), (1, 12), (1, 40), (3, 300)];
/// How long everything may take to come to rest when the storm is over.
const REST_MAX: Duration = Duration::from_secs(12 * 3_600);
/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long nothing may move before it is at rest.
const STILL: u32 = 3;

/// Runs a plan in a thread of its own, since what a thread has seeded stays. What it comes to depends on the runs before it in this process:
/// see [`crate::apart`].
///
/// A panic of the simulator itself is something that must not be, too.
///
/// # Panics
/// When no thread can be started.
#[must_use]
pub fn run(plan: Plan) -> Outcome {
    let (seed, lives) = (plan.seed, plan.lives);
    let thread = std::thread::Builder::new().name(format!("seed {}", plan.seed)).stack_size(16 * 1024 * 1024);
    let running = thread.spawn(move || {
        let _simulation = interposed::begin(plan.seed);
        planted::plant(plan.planted);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime starts").block_on(simulate(&plan))
    });
    running.expect("a thread starts").join().unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
        let what = words.unwrap_or_else(|| "without words".to_owned());
        Outcome {
            seed,
            lives,
            violations: vec![Violation::new("the simulator does not panic", what)],
            ..Outcome::default()
        }
    })
}

async fn simulate(plan: &Plan) -> Outcome {
    let began = tokio::time::Instant::now();
    let journal = Arc::new(Journal::new(plan.keeps, Watch::over(plan.order)));
    let seen = Arc::new(Seen::default());
    let hears = journal.watch.order().map(|_| Hear);
    let _listening = tracing::subscriber::set_default(
        tracing_subscriber::registry().with(Listen(Arc::clone(&seen))).with(hears),
    );
    let storm = Arc::new(Storm::new(plan.seed, plan.weather(), Arc::clone(&journal)));
    let (world, deployments) = World::open(&storm, seen).await;
    storm.begin();
    let raging = tokio::spawn(outside::rage(Arc::clone(&storm), Arc::clone(&world.platform), deployments));
    world.live(plan.lives).await;
    storm.end();
    raging.await.expect("the storm ends");
    let rested =
        if storm.lasts_a_month() { month::pass(&world).await } else { world.rest().await.map(|()| vec![]) };
    let violations = match rested {
        Ok(found) => [found, invariants::judge(&world).await].concat(),
        Err(stuck) => vec![stuck],
    };
    let (timeline, orders) = facts::gather(&world, &violations).await;
    Outcome {
        seed: plan.seed,
        lives: plan.lives,
        violations,
        timeline,
        orders,
        faults: journal.counts().into_iter().map(|(kind, count)| (kind.into(), count)).collect(),
        lines: journal.lines(),
        digest: journal.digest(),
        virtual_time: began.elapsed(),
        calls: world.platform.calls().by_caller(),
    }
}

impl World {
    /// A platform in a storm that has not begun to rage: shops open in calm weather.
    async fn open(storm: &Arc<Storm>, seen: Arc<Seen>) -> (Self, Arc<AtomicU64>) {
        let hosting = StormHosting::new(Arc::clone(storm), Arc::clone(&seen));
        let deployments = hosting.deployments();
        // Time is never moved behind the sandbox's back.
        let timing = Timing { look: REST_MAX, ..Timing::default() };
        let outside = OutsideOptions { timing, ..OutsideOptions::default() };
        let wires = Wires::open(storm).await;
        let parameters = wires.iter().flat_map(Wires::parameters).collect();
        let (hosting, stream_shards) = (Arc::new(hosting), storm.shards());
        let options = Options { hosting, outside, stream_shards, parameters, ..Options::memory() };
        let platform = Arc::new(Platform::start(options).await.expect("the platform starts"));
        wires.iter().for_each(|it| it.connect(&platform));
        let between = Arc::new(Between::new(Arc::clone(storm), platform.store()));
        platform.faults().stand_between(move |request, target| {
            let between = Arc::clone(&between);
            async move { between.answer(request, target).await }
        });
        let promises = Arc::new(Promises::default());
        let receiver = Receiver::open(storm).await;
        let shops = shops::open(&platform, storm, &promises, &receiver.url).await;
        let (storm, given_up) = (Arc::clone(storm), Mutex::default());
        (Self { platform, storm, promises, shops, receiver, seen, given_up }, deployments)
    }

    async fn live(&self, lives: usize) {
        let dice = self.storm.dice("lives");
        let at_once = self.storm.dice("at once").weighed(&AT_ONCE);
        let mut living = FuturesUnordered::new();
        for number in 0..lives {
            while living.len() >= at_once {
                living.next().await;
            }
            let shop = dice.pick(&self.shops);
            let name = format!("client {number}");
            let client = Client::new(&name, &shop.tenant, &self.platform, &self.storm, &self.promises);
            let pause = dice.span(0..400);
            living.push(async move {
                tokio::time::sleep(pause).await;
                lives::live(&client, shop).await;
            });
        }
        while living.next().await.is_some() {}
    }

    /// Waits until nothing moves any more, orders that wait for somebody included.
    pub(crate) async fn rest(&self) -> Result<(), Violation> {
        self.still().await?;
        tokio::time::sleep(Duration::from_secs(u64::from(PAYMENT_MINUTES + 1) * 60)).await;
        self.still().await
    }

    async fn still(&self) -> Result<(), Violation> {
        let deadline = tokio::time::Instant::now() + REST_MAX;
        let mut still = 0;
        while still < STILL {
            if tokio::time::Instant::now() > deadline {
                return Err(Violation::new("at rest", format!("messages still wait: {:?}", self.waiting())));
            }
            tokio::time::sleep(LOOK_EVERY).await;
            self.platform.settled().await.expect("the store can be read");
            still = if self.waiting().is_empty() { still + 1 } else { 0 };
        }
        Ok(())
    }

    /// The queues with a consumer that are not empty, and what is in them.
    fn waiting(&self) -> Vec<(String, u64)> {
        let queues = self.platform.consumed_queues().iter().map(|queue| {
            let counts = self.platform.queues().counts(queue).expect("the queue can be read");
            (queue.clone(), counts.visible + counts.in_flight + counts.delayed)
        });
        queues.filter(|(_, count)| *count > 0).collect()
    }
}
