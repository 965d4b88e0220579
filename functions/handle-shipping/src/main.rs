//! `handle-shipping` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_handle_shipping::FUNCTION)
}
