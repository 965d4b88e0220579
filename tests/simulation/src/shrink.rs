//! The shortest trace of what went wrong that could be found: fewer lives, fewer kinds of faults, the same invariant.

use crate::apart::run;
use crate::faults::Weather;
use crate::run::{Outcome, Plan};

/// How many runs it may take.
const RUNS_MAX: usize = 40;

/// A plan that breaks the same invariant with less, and what comes of it, with its journal.
#[must_use]
pub fn shrink(broken: &Plan, invariant: &str) -> (Plan, Outcome) {
    let mut search = Search { best: broken.clone(), invariant: invariant.to_owned(), runs: 0 };
    search.fewer_lives();
    for name in Weather::NAMES {
        let mut plan = search.best.clone();
        plan.without.push((*name).to_owned());
        search.try_out(plan);
    }
    search.fewer_lives();
    let plan = Plan { keeps: true, ..search.best };
    let outcome = run(&plan);
    (plan, outcome)
}

struct Search {
    best: Plan,
    invariant: String,
    runs: usize,
}

impl Search {
    /// Halves the lives while it still breaks, then takes away what can be taken.
    fn fewer_lives(&mut self) {
        let (mut works, mut breaks) = (0, self.best.lives);
        while breaks - works > 1 {
            let lives = works + (breaks - works) / 2;
            match self.try_out(Plan { lives, ..self.best.clone() }) {
                true => breaks = lives,
                false => works = lives,
            }
        }
    }

    /// Whether the plan breaks the invariant; then it is the best one.
    fn try_out(&mut self, plan: Plan) -> bool {
        self.runs += 1;
        let breaks =
            self.runs <= RUNS_MAX && run(&plan).violations.iter().any(|it| it.invariant == self.invariant);
        if breaks {
            self.best = plan;
        }
        breaks
    }
}
