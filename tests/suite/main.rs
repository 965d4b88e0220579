//! All integration tests, in one binary: each more would link the whole platform again.

mod guards;
mod samples;
