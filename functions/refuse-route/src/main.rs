//! `refuse-route` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_refuse_route::FUNCTION)
}
