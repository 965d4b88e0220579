//! `rotate-webhook-secret` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_rotate_webhook_secret::FUNCTION)
}
