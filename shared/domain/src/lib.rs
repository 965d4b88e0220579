//! What the business allows, as pure functions over plain data.
//!
//! Nothing here does I/O or asks what time it is. A rule that needs a fact takes it as an argument.

mod ids;
mod limits;
mod money;
mod number;
pub mod order;
mod payment_method;
pub mod planted;
mod product;
pub mod stock;
mod terms;
pub mod webhook;

pub use ids::{
    CustomerId, DeliveryId, IdempotencyKey, InvalidTenantId, OrderId, ProductId, ReturnId, ShipmentId,
    TenantId, WebhookId,
};
pub use limits::{InvalidLimits, Limits};
pub use money::{Currency, Money, MoneyError};
pub use number::{DecimalNumber, NotANumber, Uncountable};
pub use payment_method::{InvalidPaymentMethod, PaymentMethod};
pub use product::{InvalidProduct, Product, ProductDetails};
pub use terms::{InvalidTerms, Terms};
