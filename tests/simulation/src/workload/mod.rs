//! What clients do: many tenants, products and buyers, in random mixtures, with sizes from real orders.

pub mod client;
pub mod lives;
pub mod promises;
pub mod receiver;
pub mod shops;
mod sizes;
