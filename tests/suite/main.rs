//! All integration tests, in one binary: each more would link the whole platform again.

mod bad_input;
mod budgets;
mod catalogue;
mod guards;
mod lists;
mod orders;
mod replay;
mod samples;
