//! `run-checkout` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_run_checkout::FUNCTION)
}
