//! `list-webhooks` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_list_webhooks::FUNCTION)
}
