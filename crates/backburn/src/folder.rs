//! An open folder, in which files are created, renamed and removed by their names.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::fault;
#[cfg(not(unix))]
use crate::folder_std::SystemFolder;
#[cfg(unix)]
use crate::folder_unix::SystemFolder;

/// An open folder. All names are names of files in it. A name that is a link is not followed.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    system: SystemFolder,
}

impl Folder {
    /// Opens a folder. Its own path may have links.
    ///
    /// # Errors
    ///
    /// There is no such folder, or it may not be used.
    pub fn open(path: &Path) -> io::Result<Self> {
        let system = SystemFolder::open(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            system,
        })
    }

    /// The path by which it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new file without a name; `None` if the file system has no such files.
    pub fn create_unnamed(&self) -> io::Result<Option<File>> {
        fault::before("open")?;
        self.system.create_unnamed()
    }

    /// A new file, to read and write. An existing name is an error.
    pub fn create_new(&self, name: &OsStr) -> io::Result<File> {
        fault::before("open")?;
        self.system.create_new(name)
    }

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// The name is that of something else, such as a link, or the file is larger.
    #[cfg(feature = "train")]
    pub fn read(&self, name: &OsStr, limit: u64) -> io::Result<Vec<u8>> {
        use std::io::Read;

        fault::before("open to read")?;
        let file = self.system.open_to_read(name)?;
        let size = regular(&file)?;
        if size > limit {
            return Err(too_large(limit));
        }
        let mut bytes = Vec::new();
        fault::InputFile::new(file)
            .take(limit)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Opens a regular file, to read and write it.
    pub fn open_to_write(&self, name: &OsStr) -> io::Result<File> {
        let file = self.system.open_to_write(name)?;
        regular(&file)?;
        Ok(file)
    }

    /// Gives a name to a file without one. An existing name is an error.
    pub fn name_unnamed(&self, file: &File, name: &OsStr) -> io::Result<()> {
        fault::before("link")?;
        self.system.name_unnamed(file, name)
    }

    /// Gives a further name to a file. An existing name is an error.
    #[cfg(feature = "train")]
    pub fn link(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fault::before("link")?;
        self.system.link(from, to)
    }

    /// Renames a file, and replaces a file that has the new name.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fault::before("rename")?;
        self.system.rename(from, to)
    }

    /// Removes a file. It is no error if there is none.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        fault::before("unlink")?;
        match self.system.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Waits until the names are on the disk, if the file system supports it.
    pub fn sync(&self) -> io::Result<()> {
        fault::before("fsync of the folder")?;
        self.system.sync()
    }

    /// The names of all files.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        self.system.names()
    }

    /// Whether there is a file, or something else, of this name. An error if no file can have this name.
    pub fn has(&self, name: &OsStr) -> io::Result<bool> {
        self.system.has(name)
    }

    /// Whether this is the name of an open file.
    pub fn is_name_of(&self, name: &OsStr, file: &File) -> bool {
        self.system.is_name_of(name, file).unwrap_or(false)
    }

    /// Copies the permissions of a file to another one. It is no error if there is none of this name.
    pub fn copy_permissions(&self, name: &OsStr, to: &File) -> io::Result<()> {
        self.system.copy_permissions(name, to)
    }
}

/// The size of a regular file in bytes; an error for anything else.
fn regular(file: &File) -> io::Result<u64> {
    let about = file.metadata()?;
    match about.is_file() {
        true => Ok(about.len()),
        false => {
            let reason = "it is not a regular file";
            Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
        }
    }
}

#[cfg(feature = "train")]
fn too_large(limit: u64) -> io::Error {
    let reason = format!("it is larger than {limit} bytes");
    io::Error::new(io::ErrorKind::FileTooLarge, reason)
}
