//! `edit-draft` as AWS runs it.

fn main() -> std::process::ExitCode {
    penstock_platform::lambda::run(penstock_edit_draft::FUNCTION)
}
