//! The AWS side of Penstock: ledger, views, catalogue and settings in DynamoDB, and the glue of a Lambda function.
//!
//! No business rule is here, and no S3: that is a crate of its own, for what it takes to compile.

pub mod app;
pub mod aws;
pub mod caches;
pub mod catalogue;
pub mod dead_letters;
pub mod errands;
pub mod failure;
pub mod function;
pub mod health;
pub mod lambda;
pub mod ledger;
pub mod pages;
pub mod projection;
pub mod queue;
pub mod relay;
pub mod reply;
pub mod request;
pub mod steps;
pub mod stock;
mod store;
pub mod subscriptions;
pub mod telemetry;
pub mod tenants;
mod trace;
pub mod views;
pub mod webhooks;
