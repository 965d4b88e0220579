//! The catalogue: a DynamoDB table, and memory around it.

mod cached;
mod dynamo;

pub use cached::CachedCatalogue;
pub use dynamo::DynamoCatalogue;
