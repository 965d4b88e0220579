//! `project-orders` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_project_orders::FUNCTION)
}
