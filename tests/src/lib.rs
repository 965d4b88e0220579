//! What the integration tests share: guards over the repository, and the samples in `events/`.

pub mod desk;
pub mod elsewhere;
pub mod guards;
pub mod life;
pub mod receiver;
pub mod runtime;
pub mod samples;
pub mod shop;
pub mod stream;
