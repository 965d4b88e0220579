//! Caches of one process.
/// What functions of one process share.
#[derive(Default)]
pub struct Caches {}
