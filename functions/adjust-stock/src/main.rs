//! `adjust-stock` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_adjust_stock::FUNCTION)
}
