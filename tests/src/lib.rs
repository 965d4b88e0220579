//! What the integration tests share: guards over the repository, and the samples in `events/`.

pub mod archive;
pub mod checkout;
pub mod desk;
pub mod elsewhere;
pub mod forgetful;
pub mod guards;
pub mod life;
pub mod receiver;
pub mod runtime;
pub mod samples;
pub mod shop;
pub mod stream;
pub mod till;
