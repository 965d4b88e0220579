//! Checkout: what happens to an order in the background, from its placement to its delivery and back.
//!
//! [`next`] is the process manager, a pure function from an event to the steps it leads to. It keeps no state: the order's
//! history is its state. The desks do the steps: each asks the outside world or the warehouse, and tells the order what came
//! of it. A step may be done again at any time; the order knows what it has been told.

mod desk;
mod payments;
mod process;
mod shipping;
mod stock;

pub use desk::{Errand, Undone};
pub use payments::PaymentDesk;
pub use process::{Desk, Step, next};
pub use shipping::{Packed, PackingSlips, ShippingDesk};
pub use stock::{StockDesk, StockErrand};
