//! The AWS side of Penstock.
pub mod app;
pub mod caches;
pub mod function;
pub mod reply;
