//! What clients do: many tenants, products and buyers, in random mixtures, with sizes from real orders.

pub mod client;
pub mod lives;
mod looks;
pub mod promises;
mod races;
pub mod receiver;
pub mod shops;
mod sizes;
