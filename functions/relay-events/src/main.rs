//! `relay-events` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_relay_events::FUNCTION)
}
