//! The project's tasks: `cargo xtask test` runs all that CI runs, on a machine that has only Rust and Python.
//!
//! No check is made here: each step starts a tool and believes its exit code.

pub mod check;
pub mod command;
pub mod mutants;
pub mod opinion;
pub mod permissions;
pub mod process;
pub mod python;
pub mod report;
pub mod simulation;
