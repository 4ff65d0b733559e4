//! Files of a folder, where the system is not Unix: by their paths.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(crate) struct SystemFolder(PathBuf);

impl SystemFolder {
    pub fn open(path: &Path) -> io::Result<Self> {
        match fs::metadata(path)?.is_dir() {
            true => Ok(Self(path.to_path_buf())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub fn create_unnamed(&self) -> io::Result<Option<File>> {
        Ok(None)
    }

    pub fn create_new(&self, name: &OsStr) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create_new(true);
        options.open(self.0.join(name))
    }

    #[cfg(feature = "train")]
    pub fn open_to_read(&self, name: &OsStr) -> io::Result<File> {
        File::open(self.0.join(name))
    }

    pub fn open_to_write(&self, name: &OsStr) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).open(self.0.join(name))
    }

    pub fn name_unnamed(&self, _: &File, _: &OsStr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[cfg(feature = "train")]
    pub fn link(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::hard_link(self.0.join(from), self.0.join(to))
    }

    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    pub fn sync(&self) -> io::Result<()> {
        // Such systems cannot open a folder.
        Ok(())
    }

    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let entries = fs::read_dir(&self.0)?;
        entries.map(|entry| Ok(entry?.file_name())).collect()
    }

    pub fn has(&self, name: &OsStr) -> io::Result<bool> {
        match fs::symlink_metadata(self.0.join(name)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub fn is_name_of(&self, name: &OsStr, _: &File) -> io::Result<bool> {
        // An open file cannot lose its name to another one here.
        self.has(name)
    }

    pub fn copy_permissions(&self, name: &OsStr, to: &File) -> io::Result<()> {
        match fs::metadata(self.0.join(name)) {
            Ok(replaced) => to.set_permissions(replaced.permissions()),
            Err(_) => Ok(()),
        }
    }
}
