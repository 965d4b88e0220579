//! `receive-return` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_receive_return::FUNCTION)
}
