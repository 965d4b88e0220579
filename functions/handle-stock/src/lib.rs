//! A queue of steps: what the warehouse keeps, lets go, sells and takes back for orders, many at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use penstock_application::Clock;
use penstock_application::checkout::{Desk, Step, StockErrand};
use penstock_domain::TenantId;
use penstock_platform::errands::{self, StockDesk, errand, taken};
use penstock_platform::function::Function;
use penstock_platform::queue::Letter;
use penstock_platform::queue::consumer::{Consumer, NotDone, Queues, Runner, Taken};

const NAME: &str = "handle-stock";
const QUEUES: Queues = Queues { function: NAME, queue: "STOCK_QUEUE", dead_letters: "STOCK_DEAD_LETTERS" };

/// The function.
pub const FUNCTION: Function = Function::sink(NAME, |environment| {
    let desk = errands::stock_desk(environment)?;
    Runner::start(environment, &QUEUES, Warehouse { desk, clock: Arc::clone(&environment.clock) })
});

struct Warehouse {
    desk: StockDesk,
    clock: Clock,
}

impl Warehouse {
    /// Does the errands of one tenant's letters together: orders for the same product share its one write.
    async fn run(&self, tenant: &TenantId, letters: &[(usize, &Letter)]) -> Vec<(usize, Taken)> {
        let (mut taken_at, mut errands, mut of) = (Vec::new(), Vec::new(), Vec::new());
        for (place, letter) in letters {
            match read(letter) {
                Ok(errand) => {
                    errands.push(errand);
                    of.push((*place, *letter));
                }
                Err(poison) => taken_at.push((*place, Err(poison))),
            }
        }
        let done = self.desk.run(tenant, &errands).await;
        let now = (self.clock)();
        let of_done = of.into_iter().zip(done);
        taken_at.extend(of_done.map(|((place, letter), done)| (place, taken(letter, done, now))));
        taken_at
    }
}

impl Consumer for Warehouse {
    fn take<'a>(&'a self, letters: Vec<Letter>) -> BoxFuture<'a, Vec<Taken>> {
        Box::pin(async move {
            let mut tenants = BTreeMap::<&TenantId, Vec<(usize, &Letter)>>::new();
            for (place, letter) in letters.iter().enumerate() {
                tenants.entry(&letter.tenant).or_default().push((place, letter));
            }
            let mut done = Vec::with_capacity(letters.len());
            for (tenant, of_tenant) in tenants {
                done.extend(self.run(tenant, &of_tenant).await);
            }
            done.sort_by_key(|(place, _)| *place);
            done.into_iter().map(|(_, taken)| taken).collect()
        })
    }
}

fn read(letter: &Letter) -> Result<StockErrand, NotDone> {
    let step: Step = letter.data()?;
    if step.desk() != Desk::Stock {
        return Err(NotDone::Poison(format!("the step {} is another desk's", step.name())));
    }
    Ok(StockErrand { errand: errand(letter, NAME)?, step })
}
