//! `list-webhook-deliveries` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_list_webhook_deliveries::FUNCTION)
}
