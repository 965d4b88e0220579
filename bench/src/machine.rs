//! The machine, as a measurement must state it.

use std::fs::read_to_string;

/// Cores, processor and memory in one line.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = field("/proc/meminfo", "MemTotal").and_then(|kib| gib(&kib)).unwrap_or_default();
    format!("{cores} cores of {processor}{memory}")
}

fn gib(kib: &str) -> Option<String> {
    let kib: u64 = kib.split_whitespace().next()?.parse().ok()?;
    Some(format!(", {} GiB", (kib + (1 << 19)) >> 20))
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
