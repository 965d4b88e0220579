//! `get-stock` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_get_stock::FUNCTION)
}
