//! The bytes of objects: one file each, written once, never changed, named by nothing but chance.

use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::fs::{self, File};
use tokio::io::{self, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

/// A folder of files, spread over subfolders so that none has too many.
pub(super) struct Files {
    folder: PathBuf,
}

impl Files {
    /// The files in `folder`, which is created if missing.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// A name that no file has.
    pub(super) fn new_name() -> String {
        uuid::Uuid::new_v4().simple().to_string()
    }

    /// Writes a file, whole, and hands it to the operating system: it survives the end of this process.
    pub(super) async fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.create(name).await?;
        file.write_all(bytes).await?;
        file.flush().await
    }

    /// A new file, to be written piece by piece.
    pub(super) async fn create(&self, name: &str) -> io::Result<File> {
        let path = self.path(name);
        match File::create_new(&path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder).await?;
                }
                File::create_new(&path).await
            }
            created => created,
        }
    }

    /// Part of a file; `None` when there is no such file (any longer).
    pub(super) async fn read(&self, name: &str, range: Range<u64>) -> io::Result<Option<Bytes>> {
        let mut file = match File::open(self.path(name)).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        file.seek(io::SeekFrom::Start(range.start)).await?;
        let size = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let mut bytes = vec![0; size];
        file.read_exact(&mut bytes).await?;
        Ok(Some(Bytes::from(bytes)))
    }

    /// Removes a file, if it is there.
    pub(super) async fn remove(&self, name: &str) -> io::Result<()> {
        done_or_gone(fs::remove_file(self.path(name)).await)
    }

    /// The same at a start, when nothing else runs yet.
    pub(super) fn remove_now(&self, name: &str) -> io::Result<()> {
        done_or_gone(std::fs::remove_file(self.path(name)))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name.get(..2).unwrap_or(name)).join(name)
    }
}

fn done_or_gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
