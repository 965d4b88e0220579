//! `create-payment` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_create_payment::FUNCTION)
}
