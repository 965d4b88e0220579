//! `request-return` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_request_return::FUNCTION)
}
