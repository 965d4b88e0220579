//! `rebuild-views` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_rebuild_views::FUNCTION)
}
