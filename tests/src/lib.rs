//! What the integration tests share: guards over the repository, and the samples in `events/`.

pub mod elsewhere;
pub mod guards;
pub mod runtime;
pub mod samples;
pub mod shop;
