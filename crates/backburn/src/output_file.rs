//! Files that are written completely or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::folder::Folder;
use crate::temporary_file::{TemporaryFile, remove_leftovers};

/// A file that replaces the one at its path only when it is complete. Until
/// [`commit`](Self::commit), the bytes are in a file in the same folder that has no name, or a temporary one
/// where the file system has no files without names.
///
/// A path that is not a file, such as a pipe or a terminal, is written directly. Symbolic links are
/// followed.
#[derive(Debug)]
pub struct OutputFile(Destination);

#[derive(Debug)]
enum Destination {
    Temporary {
        temporary: TemporaryFile,
        folder: Arc<Folder>,
        name: OsString,
    },
    Direct(File),
}

impl OutputFile {
    /// Starts a file. It is an error now, and not at the end, if the file cannot be written. The path itself is
    /// not touched.
    ///
    /// # Errors
    ///
    /// The folder does not exist or cannot be written to, or no file can have this name.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = followed(path.as_ref())?;
        let is_other = || fs::metadata(&path).is_ok_and(|about| !about.is_file());
        if is_descriptor(&path) || is_other() {
            let direct = OpenOptions::new().append(true).open(&path)?;
            return Ok(Self(Destination::Direct(direct)));
        }
        let name = file_name(&path)?;
        let folder = Arc::new(Folder::open(parent(&path))?);
        folder.has(&name)?;
        Ok(Self(Destination::Temporary {
            temporary: TemporaryFile::create(folder.clone())?,
            folder,
            name,
        }))
    }

    /// Checks that a file can be written at a path. The path itself is not touched. Temporary files of runs
    /// that were killed are removed from its folder.
    ///
    /// # Errors
    ///
    /// As for [`create`](Self::create).
    pub fn check(path: impl AsRef<Path>) -> io::Result<()> {
        Self::create(path)?.remove_leftovers();
        Ok(())
    }

    /// Removes temporary files of runs that were killed from the folder of this file.
    pub(crate) fn remove_leftovers(&self) {
        if let Destination::Temporary { folder, .. } = &self.0 {
            remove_leftovers(folder);
        }
    }

    /// The path of the temporary file, to be removed if the process ends without
    /// [`commit`](Self::commit). `None` if there is no such file.
    pub fn temporary(&self) -> Option<PathBuf> {
        match &self.0 {
            Destination::Temporary {
                temporary, folder, ..
            } => Some(folder.path().join(temporary.name()?)),
            Destination::Direct(_) => None,
        }
    }

    /// Gives the complete file its name, and the permissions of the file that it replaces.
    ///
    /// # Errors
    ///
    /// The disk is full or the folder was removed; the file at the path is unchanged.
    pub fn commit(self) -> io::Result<()> {
        match self.0 {
            Destination::Temporary {
                temporary, name, ..
            } => temporary.replace(&name),
            Destination::Direct(mut direct) => direct.flush(),
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Destination::Temporary { temporary, .. } => temporary.write(bytes),
            Destination::Direct(direct) => direct.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Destination::Temporary { temporary, .. } => temporary.flush(),
            Destination::Direct(direct) => direct.flush(),
        }
    }
}

/// Whether a path is an open descriptor, such as `/dev/stdout`. Even if it is a file, another process
/// may write to it too, so it must not be replaced.
pub(crate) fn is_descriptor(path: &Path) -> bool {
    path == Path::new("/dev/stdout")
        || path == Path::new("/dev/stderr")
        || path.starts_with("/dev/fd")
        || (path.starts_with("/proc") && parent(path).ends_with("fd"))
}

/// The path with symbolic links at its end resolved.
///
/// # Errors
///
/// The system would not follow the link: it is in a folder such as `/tmp`, and of somebody else.
pub(crate) fn followed(path: &Path) -> io::Result<PathBuf> {
    const LINKS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(target) if !is_descriptor(&path) => {
                check_link(&path)?;
                path = parent(&path).join(target);
            }
            _ => break,
        }
    }
    Ok(path)
}

/// As Linux does with `fs.protected_symlinks`: a link in a folder that all may write to, and from which only the
/// owner of a file may remove it, is followed only if this user or the owner of the folder has made it.
#[cfg(unix)]
fn check_link(link: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    const STICKY_AND_FOR_ALL: u32 = 0o1002;

    let (owner, folder) = (
        fs::symlink_metadata(link)?.uid(),
        fs::metadata(parent(link))?,
    );
    let guarded = folder.mode() & STICKY_AND_FOR_ALL == STICKY_AND_FOR_ALL;
    let trusted = owner == rustix::process::geteuid().as_raw() || owner == folder.uid();
    match guarded && !trusted {
        true => Err(io::ErrorKind::PermissionDenied.into()),
        false => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_link(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The folder of a file.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// The name of a file in its folder.
fn file_name(path: &Path) -> io::Result<OsString> {
    // A path reads `a/` and `a/.` as `a`.
    let bytes = path.as_os_str().as_encoded_bytes();
    match path.file_name() {
        Some(name) if bytes.ends_with(name.as_encoded_bytes()) => Ok(name.to_os_string()),
        _ => Err(io::ErrorKind::IsADirectory.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_checked_without_touching_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        OutputFile::check(&path).unwrap();
        assert!(!path.exists());
        // What another run has written between the check and its end.
        let checked = OutputFile::create(&path).unwrap();
        fs::write(&path, "another run's").unwrap();
        drop(checked);
        assert_eq!(fs::read(&path).unwrap(), b"another run's");
        for name in ["no/folder/m", "new/", "new/.", "..", ""] {
            assert!(
                OutputFile::check(folder.path().join(name)).is_err(),
                "{name}"
            );
        }
        let long = "x".repeat(300);
        assert!(OutputFile::check(folder.path().join(long)).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_has_the_permissions_of_the_one_that_it_replaces() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.csv");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let mut file = OutputFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o640
        );
    }
}
