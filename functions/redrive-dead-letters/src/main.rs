//! `redrive-dead-letters` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_redrive_dead_letters::FUNCTION)
}
