//! Batches that were given up: what AWS would send to the mapping's failure destination, a line each.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// Where they are kept: a file a mapping in a folder, or memory.
#[derive(Debug, Default)]
pub struct Failed {
    folder: Option<PathBuf>,
    kept: Mutex<Vec<(String, Value)>>,
}

impl Failed {
    /// Kept in `<folder>/<mapping>.jsonl`, or in memory.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, kept: Mutex::default() }
    }

    /// What was given up since the start, with the mapping's name.
    #[must_use]
    pub fn kept(&self) -> Vec<(String, Value)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps one; when this returns, it is safe.
    pub(super) fn keep(&self, mapping: &str, message: &Value) -> std::io::Result<()> {
        if let Some(folder) = &self.folder {
            std::fs::create_dir_all(folder)?;
            let file = folder.join(format!("{mapping}.jsonl"));
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
            file.write_all(format!("{message}\n").as_bytes())?;
            file.sync_data()?;
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push((mapping.to_owned(), message.clone()));
        Ok(())
    }
}
