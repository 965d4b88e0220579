//! `archive-orders` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_archive_orders::FUNCTION)
}
