//! What a started function works with.
use crate::function::Environment;
/// The parts of the platform, built once per function.
pub struct App {}
/// Why a function could not start.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {0} is missing or malformed")]
pub struct StartError(pub String);
impl App {
    /// Builds all parts.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn new(_name: &'static str, _environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {})
    }
}
