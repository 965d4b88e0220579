//! `list-stock-movements` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_list_stock_movements::FUNCTION)
}
