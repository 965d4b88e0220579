//! Guards: what keeps two descriptions of one thing equal.
//!
//! Each is a pure function from what was read to what is wrong with it, in sentences, so that one test can hold it against the
//! real tree and another against a planted mistake. What the platform does when it runs is not looked at here.

pub mod consumers;
pub mod directions;
pub mod environments;
pub mod inventory;
pub mod licences;
pub mod policies;
pub mod router;
pub mod routes;
pub mod sources;
pub mod template;
pub mod transitions;
pub mod tree;
