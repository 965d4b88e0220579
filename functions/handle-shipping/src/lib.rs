//! A queue of steps: packs what was paid for, and hands it to the carrier.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use penstock_application::checkout::{Packed, PackingSlips, Step};
use penstock_application::{Clock, Unavailable};
use penstock_blobs::Blobs;
use penstock_documents::packing_slip;
use penstock_outbound::Parcels;
use penstock_platform::app::StartError;
use penstock_platform::errands::{self, ShippingDesk, errand, taken};
use penstock_platform::function::{Environment, Function};
use penstock_platform::queue::Letter;
use penstock_platform::queue::consumer::{Consumer, NotDone, Queues, Runner, Taken, each};

const NAME: &str = "handle-shipping";
const QUEUES: Queues =
    Queues { function: NAME, queue: "SHIPPING_QUEUE", dead_letters: "SHIPPING_DEAD_LETTERS" };
/// How many orders are worked on at once: each mostly waits for the carrier.
const AT_ONCE: usize = 10;

/// The function.
pub const FUNCTION: Function =
    Function::sink(NAME, |environment| Runner::start(environment, &QUEUES, Dispatch::new(environment)?));

struct Dispatch {
    desk: ShippingDesk<Parcels, Slips>,
    clock: Clock,
}

/// Packing slips in S3, as PDF.
struct Slips {
    blobs: Blobs,
}

impl Dispatch {
    fn new(environment: &Environment) -> Result<Self, StartError> {
        let slips = Slips { blobs: Blobs::new(environment, "DOCUMENTS_BUCKET")? };
        let carrier = penstock_outbound::parcels(environment)?;
        let desk = ShippingDesk::new(errands::orders(environment)?, carrier, slips);
        Ok(Self { desk, clock: Arc::clone(&environment.clock) })
    }

    async fn take_one(&self, letter: Letter) -> Taken {
        let errand = errand(&letter, NAME)?;
        match letter.data()? {
            Step::Ship => taken(&letter, self.desk.ship(&errand).await, (self.clock)()),
            step => Err(NotDone::Poison(format!("the step {} is another desk's", step.name()))),
        }
    }
}

impl Consumer for Dispatch {
    fn take<'a>(&'a self, letters: Vec<Letter>) -> BoxFuture<'a, Vec<Taken>> {
        Box::pin(each(letters, AT_ONCE, |letter| self.take_one(letter)))
    }
}

impl PackingSlips for Slips {
    /// One conditional `PutObject`: the first slip of a parcel stays.
    async fn keep(&self, packed: &Packed) -> Result<(), Unavailable> {
        let pdf = packing_slip::pdf(packed).map_err(|error| unkept(error.into()))?;
        let key = packing_slip::key(packed);
        let put = self.blobs.put_once(&key, "application/pdf", Bytes::from(pdf)).await;
        put.map(drop).map_err(|error| unkept(error.into()))
    }
}

fn unkept(cause: Box<dyn std::error::Error + Send + Sync>) -> Unavailable {
    Unavailable { what: "the place for packing slips", cause }
}
