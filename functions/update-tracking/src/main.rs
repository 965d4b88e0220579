//! `update-tracking` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_update_tracking::FUNCTION)
}
