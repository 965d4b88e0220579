//! What the business allows, as pure functions over plain data.
//!
//! Nothing here does I/O or asks what time it is. A rule that needs a fact takes it as an argument.

mod ids;
mod limits;
mod money;
mod number;
pub mod order;
mod product;

pub use ids::{CustomerId, IdempotencyKey, InvalidTenantId, OrderId, ProductId, TenantId};
pub use limits::{InvalidLimits, Limits};
pub use money::{Currency, Money, MoneyError};
pub use number::{DecimalNumber, NotANumber, Uncountable};
pub use product::{InvalidProduct, Product, ProductDetails};
