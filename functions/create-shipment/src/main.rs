//! `create-shipment` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_create_shipment::FUNCTION)
}
