//! Guards: each is held against the real tree, and against planted mistakes that it must report.

mod consumers;
mod directions;
mod environments;
mod inventory;
mod licences;
mod policies;
mod router;
mod routes;
mod sources;
mod transitions;
