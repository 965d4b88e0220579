//! `deliver-webhooks` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_deliver_webhooks::FUNCTION)
}
