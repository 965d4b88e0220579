//! `receive-carrier-webhook` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_receive_carrier_webhook::FUNCTION)
}
