//! What was run and how long it took, as a table.

use std::fmt;
use std::time::Duration;

/// The steps run so far.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<(&'static str, Duration, bool)>,
}

impl Report {
    /// Notes that `step` took `time` and whether it succeeded.
    pub fn add(&mut self, step: &'static str, time: Duration, succeeded: bool) {
        self.lines.push((step, time, succeeded));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nstep            time")?;
        for (step, time, succeeded) in &self.lines {
            let outcome = if *succeeded { "ok" } else { "FAILED" };
            writeln!(f, "{step:<11} {:>8}  {outcome}", minutes(*time))?;
        }
        let total = self.lines.iter().map(|(_, time, _)| *time).sum();
        writeln!(f, "{:<11} {:>8}", "total", minutes(total))
    }
}

fn minutes(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_lists_each_step_and_the_total() {
        let mut report = Report::default();
        report.add("fmt", Duration::from_millis(1_250), true);
        report.add("lint", Duration::from_secs(61), false);
        assert_eq!(
            report.to_string(),
            "\nstep            time\nfmt           0:01.3  ok\nlint          1:01.0  FAILED\ntotal         1:02.3\n"
        );
    }
}
