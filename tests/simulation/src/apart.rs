//! A run in a process of its own. In one process a run would follow from its seed and from how many were before it: libraries count in
//! statics, tokio its runtimes for one.

use std::process::{Command, Stdio};

use crate::invariants::Violation;
use crate::run::{Outcome, Plan};

/// The option that says that this process is the one.
pub const OPTION: &str = "--apart";

/// Runs a plan in a process of its own, of this binary.
///
/// # Panics
/// When the binary cannot be started again.
#[must_use]
pub fn run(plan: &Plan) -> Outcome {
    let binary = std::env::current_exe().expect("a process knows its binary");
    let child = Command::new(binary)
        .args(plan.arguments())
        .arg(OPTION)
        // The allocator goes by the clock in giving memory back, and the clock is ours: it would give back what is wanted again at once.
        .env("MIMALLOC_PURGE_DELAY", "-1")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let answered = child.expect("the binary starts again");
    serde_json::from_slice(&answered.stdout).unwrap_or_else(|_| Outcome {
        seed: plan.seed,
        lives: plan.lives,
        violations: vec![Violation::new("the simulator does not end early", answered.status.to_string())],
        ..Outcome::default()
    })
}
