//! The folder that holds everything, used by one platform at a time.

use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
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

const LOCK: &str = "lock";
/// What is in it (the key of the tokens' issuer, secrets, customers) is for its owner alone.
const PRIVATE: u32 = 0o700;

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
        make_private(folder).map_err(|it| DataDirError::File(name(), it))?;
        let lock = File::options().create(true).append(true).open(folder.join(LOCK));
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

/// Creates it for its owner alone, and closes one that was ours before, or is empty. One that holds something of somebody
/// else's stays as it is: closing that is not for us.
fn make_private(folder: &Path) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent)?;
    }
    DirBuilder::new().recursive(true).mode(PRIVATE).create(folder)?;
    let open = folder.metadata()?.permissions().mode() & 0o777 & !PRIVATE != 0;
    if open && (folder.join(LOCK).is_file() || folder.read_dir()?.next().is_none()) {
        std::fs::set_permissions(folder, Permissions::from_mode(PRIVATE))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_its_owners_alone_and_one_that_was_not_becomes_so() {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("new/data");
        drop(DataDir::take(&folder).unwrap());
        assert_eq!(mode(&folder), 0o700);
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        drop(DataDir::take(&folder).unwrap());
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn a_folder_of_somebody_elses_stays_as_open_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("letter"), "theirs").unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        drop(DataDir::take(folder.path()).unwrap());
        assert_eq!(mode(folder.path()), 0o755);
    }

    fn mode(folder: &Path) -> u32 {
        folder.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_folder_in_use_is_refused_and_free_again_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::take(folder.path()).unwrap();
        assert!(matches!(DataDir::take(folder.path()), Err(DataDirError::InUse(_))));
        drop(first);
        assert!(DataDir::take(folder.path()).is_ok());
    }
}
