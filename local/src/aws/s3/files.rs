//! The bytes of objects: one file each, written once, never changed, named by nothing but chance.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::fs::{self, File};
use tokio::io::{self, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

/// Files by name.
pub(super) enum Files {
    /// In a folder, spread over subfolders so that none has too many.
    Folder(PathBuf),
    /// In memory, gone at the end.
    Memory(Mutex<BTreeMap<String, Bytes>>),
}

/// A file that is being written.
pub(super) enum Draft<'a> {
    File(File),
    Memory { files: &'a Files, name: String, bytes: Vec<u8> },
}

impl Files {
    /// The files in `folder`, which is created if missing.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self::Folder(folder.to_owned()))
    }

    pub(super) fn memory() -> Self {
        Self::Memory(Mutex::default())
    }

    /// A name that no file has.
    pub(super) fn new_name() -> String {
        uuid::Uuid::new_v4().simple().to_string()
    }

    /// Writes a file, whole, and hands it to the operating system: it survives the end of this process.
    pub(super) async fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut draft = self.create(name).await?;
        draft.write(bytes).await?;
        draft.finish().await
    }

    /// A new file, to be written piece by piece.
    pub(super) async fn create(&self, name: &str) -> io::Result<Draft<'_>> {
        match self {
            Self::Folder(folder) => Ok(Draft::File(create(&path(folder, name)).await?)),
            Self::Memory(_) => Ok(Draft::Memory { files: self, name: name.to_owned(), bytes: vec![] }),
        }
    }

    /// Part of a file; `None` when there is no such file (any longer).
    pub(super) async fn read(&self, name: &str, range: Range<u64>) -> io::Result<Option<Bytes>> {
        match self {
            Self::Folder(folder) => read(&path(folder, name), range).await,
            Self::Memory(files) => {
                let place = |it| usize::try_from(it).map_err(io::Error::other);
                let range = place(range.start)?..place(range.end)?;
                Ok(lock(files).get(name).map(|bytes| bytes.slice(range)))
            }
        }
    }

    /// Removes a file, if it is there.
    pub(super) async fn remove(&self, name: &str) -> io::Result<()> {
        match self {
            Self::Folder(folder) => done_or_gone(fs::remove_file(path(folder, name)).await),
            Self::Memory(files) => {
                lock(files).remove(name);
                Ok(())
            }
        }
    }

    /// The same at a start, when nothing else runs yet and nothing is in memory.
    pub(super) fn remove_now(&self, name: &str) -> io::Result<()> {
        match self {
            Self::Folder(folder) => done_or_gone(std::fs::remove_file(path(folder, name))),
            Self::Memory(_) => Ok(()),
        }
    }
}

impl Draft<'_> {
    pub(super) async fn write(&mut self, more: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.write_all(more).await,
            Self::Memory { bytes, .. } => {
                bytes.extend_from_slice(more);
                Ok(())
            }
        }
    }

    /// Ends it: what is not ended may be missing.
    pub(super) async fn finish(self) -> io::Result<()> {
        match self {
            Self::File(mut file) => file.flush().await,
            Self::Memory { files, name, bytes } => {
                if let Files::Memory(files) = files {
                    lock(files).insert(name, Bytes::from(bytes));
                }
                Ok(())
            }
        }
    }
}

fn lock(files: &Mutex<BTreeMap<String, Bytes>>) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
    files.lock().unwrap_or_else(PoisonError::into_inner)
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(name.get(..2).unwrap_or(name)).join(name)
}

async fn create(path: &Path) -> io::Result<File> {
    match File::create_new(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).await?;
            }
            File::create_new(path).await
        }
        created => created,
    }
}

async fn read(path: &Path, range: Range<u64>) -> io::Result<Option<Bytes>> {
    let mut file = match File::open(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    file.seek(io::SeekFrom::Start(range.start)).await?;
    let size = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
    let mut bytes = vec![0; size];
    file.read_exact(&mut bytes).await?;
    Ok(Some(Bytes::from(bytes)))
}

fn done_or_gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
