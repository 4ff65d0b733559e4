//! Files of an open folder, on Unix. Names are looked up in the folder itself, and links are not followed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fchmod, fstat, fsync, linkat, openat,
    renameat, statat, unlinkat,
};
use rustix::io::Errno;

/// The permissions of a new file: all, except those that the user's mask removes.
const NEW: Mode = Mode::from_raw_mode(0o666);

/// The folder is used, but not read: it needs no permission to list its files.
#[cfg(target_os = "linux")]
const USED: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const USED: OFlags = OFlags::RDONLY;

#[derive(Debug)]
pub(crate) struct SystemFolder(OwnedFd);

impl SystemFolder {
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = USED | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(openat(CWD, path, flags, Mode::empty())?))
    }

    fn open_in(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.0, name, flags, NEW)?.into())
    }

    /// The folder, to list it or to wait for its disk.
    fn readable(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(openat(&self.0, ".", flags, Mode::empty())?)
    }

    #[cfg(target_os = "linux")]
    pub fn create_unnamed(&self) -> io::Result<Option<File>> {
        // Without this folder of the system, the file could not get a name.
        if !Path::new("/proc/self/fd").is_dir() {
            return Ok(None);
        }
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        match openat(&self.0, ".", flags, NEW) {
            Ok(file) => Ok(Some(file.into())),
            // What systems and file systems say that have no unnamed files.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub fn create_unnamed(&self) -> io::Result<Option<File>> {
        Ok(None)
    }

    pub fn create_new(&self, name: &OsStr) -> io::Result<File> {
        self.open_in(name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)
    }

    #[cfg(feature = "train")]
    pub fn open_to_read(&self, name: &OsStr) -> io::Result<File> {
        // A pipe without a writer would block.
        self.open_in(name, OFlags::RDONLY | OFlags::NONBLOCK)
    }

    pub fn open_to_write(&self, name: &OsStr) -> io::Result<File> {
        self.open_in(name, OFlags::RDWR | OFlags::NONBLOCK)
    }

    pub fn name_unnamed(&self, file: &File, name: &OsStr) -> io::Result<()> {
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        Ok(linkat(CWD, path, &self.0, name, AtFlags::SYMLINK_FOLLOW)?)
    }

    #[cfg(feature = "train")]
    pub fn link(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(linkat(&self.0, from, &self.0, to, AtFlags::empty())?)
    }

    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub fn sync(&self) -> io::Result<()> {
        Ok(fsync(self.readable()?)?)
    }

    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::new(self.readable()?)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_os_string());
            }
        }
        Ok(names)
    }

    fn stat(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub fn has(&self, name: &OsStr) -> io::Result<bool> {
        Ok(self.stat(name)?.is_some())
    }

    pub fn is_name_of(&self, name: &OsStr, file: &File) -> io::Result<bool> {
        let of_file = fstat(file)?;
        let same = |named: Stat| (named.st_dev, named.st_ino) == (of_file.st_dev, of_file.st_ino);
        Ok(self.stat(name)?.is_some_and(same))
    }

    pub fn copy_permissions(&self, name: &OsStr, to: &File) -> io::Result<()> {
        match self.stat(name)? {
            Some(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                Ok(fchmod(to, Mode::from_raw_mode(stat.st_mode))?)
            }
            _ => Ok(()),
        }
    }
}
