//! The folder that holds everything, used by one platform at a time.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Where the state is.
#[derive(Debug, Clone)]
pub enum Data {
    /// In memory, gone at the end.
    Memory,
    /// In a folder.
    Dir(PathBuf),
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another platform uses it.
    #[error("{0} is in use by another platform; stop that one, or choose another folder with --data-dir")]
    InUse(String),
    /// The file system refused.
    #[error("the data folder {0} cannot be used")]
    File(String, #[source] std::io::Error),
}

/// A folder that is ours until this is dropped, or the process is gone, however it went.
#[derive(Debug)]
pub struct DataDir {
    folder: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Takes the folder, created if missing.
    ///
    /// # Errors
    /// When another has it, or the file system refuses.
    pub fn take(folder: &Path) -> Result<Self, DataDirError> {
        let name = || folder.display().to_string();
        std::fs::create_dir_all(folder).map_err(|it| DataDirError::File(name(), it))?;
        let lock = File::options().create(true).append(true).open(folder.join("lock"));
        let lock = lock.map_err(|it| DataDirError::File(name(), it))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder: folder.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(name())),
            Err(TryLockError::Error(error)) => Err(DataDirError::File(name(), error)),
        }
    }

    /// The path of something in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_is_refused_and_free_again_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::take(folder.path()).unwrap();
        assert!(matches!(DataDir::take(folder.path()), Err(DataDirError::InUse(_))));
        drop(first);
        assert!(DataDir::take(folder.path()).is_ok());
    }
}
