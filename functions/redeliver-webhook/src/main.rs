//! `redeliver-webhook` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_redeliver_webhook::FUNCTION)
}
