//! Progress bars on a terminal; nothing where there is none.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for `steps` steps of `phase`.
pub(crate) fn bar(phase: &'static str, steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>20} {wide_bar} {pos}/{len} {per_sec} {eta}");
    let style = style.expect("the template above is well-formed");
    ProgressBar::new(steps as u64).with_style(style).with_message(phase)
}
