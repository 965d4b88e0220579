//! `send-notifications` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_send_notifications::FUNCTION)
}
