//! A file that has no name or a temporary one while it is written, and takes its name when it is complete.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Seek, Write};
use std::sync::Arc;

use crate::fault;
use crate::folder::Folder;

/// How temporary names begin and end. A table that is a folder leaves out names that begin with a dot.
const START: &str = ".backburn-output-";
const END: &str = ".tmp";

/// A file that is not complete. It is locked as long as it is open. A file with a temporary name that is not locked
/// was left behind by a killed process.
#[derive(Debug)]
pub(crate) struct TemporaryFile {
    folder: Arc<Folder>,
    file: File,
    /// Its temporary name; `None` while it has no name.
    name: Option<OsString>,
}

impl TemporaryFile {
    /// Creates a file in a folder.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn create(folder: Arc<Folder>) -> io::Result<Self> {
        let (file, name) = match folder.create_unnamed()? {
            Some(file) => {
                // It has no name yet, so that no one else can have locked it.
                let _ = file.try_lock();
                (file, None)
            }
            None => {
                let (file, name) = create_named(&folder)?;
                (file, Some(name))
            }
        };
        Ok(Self { folder, file, name })
    }

    /// Its temporary name, if it has one.
    pub fn name(&self) -> Option<&OsStr> {
        self.name.as_deref()
    }

    /// Gives the complete file its name. A file that has this name is replaced; the new file has its permissions.
    ///
    /// # Errors
    ///
    /// The disk is full or the folder was removed; the file of this name is unchanged.
    pub fn replace(mut self, name: &OsStr) -> io::Result<()> {
        self.folder.copy_permissions(name, &self.file)?;
        self.sync()?;
        if self.name.is_none() {
            match self.folder.name_unnamed(&self.file, name) {
                Ok(()) => return self.done(),
                Err(_) => self.take_temporary_name()?,
            }
        }
        if let Some(temporary) = &self.name {
            self.folder.rename(temporary, name)?;
        }
        self.name = None;
        self.done()
    }

    /// Gives the complete file its name.
    ///
    /// # Errors
    ///
    /// There is a file of this name, or the disk is full, or the folder was removed.
    #[cfg(feature = "train")]
    pub fn take(mut self, name: &OsStr) -> io::Result<()> {
        self.sync()?;
        if self.name.is_none() {
            match self.folder.name_unnamed(&self.file, name) {
                Ok(()) => return self.done(),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
                Err(_) => self.take_temporary_name()?,
            }
        }
        if let Some(temporary) = &self.name {
            self.folder.link(temporary, name)?;
        }
        self.done()
    }

    fn sync(&self) -> io::Result<()> {
        fault::before("fsync")?;
        self.file.sync_all()
    }

    fn done(self) -> io::Result<()> {
        // The file is there; that its name is on the disk too is more than every file system promises.
        let _ = self.folder.sync();
        Ok(())
    }

    /// Gives a file without a name a temporary one. Where the system cannot do this, the file is copied.
    fn take_temporary_name(&mut self) -> io::Result<()> {
        let name = temporary_name();
        if self.folder.name_unnamed(&self.file, &name).is_ok() {
            self.name = Some(name);
            return Ok(());
        }
        let (mut copy, name) = create_named(&self.folder)?;
        self.name = Some(name);
        self.file.rewind()?;
        io::copy(&mut self.file, &mut copy)?;
        copy.set_permissions(self.file.metadata()?.permissions())?;
        self.file = copy;
        self.sync()
    }
}

impl Write for TemporaryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        fault::write(&mut self.file, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = self.folder.remove(name);
        }
    }
}

/// Creates and locks a file with a temporary name.
fn create_named(folder: &Folder) -> io::Result<(File, OsString)> {
    const TRIES: usize = 8;
    let mut tried = 0;
    loop {
        tried += 1;
        let name = temporary_name();
        let file = match folder.create_new(&name) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tried < TRIES => continue,
            Err(error) => return Err(error),
        };
        // Between the creation and the lock, another process may have removed the file as one that was left behind.
        // Where files cannot be locked, no process removes any.
        let taken = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        if !taken && folder.is_name_of(&name, &file) || tried >= TRIES {
            return Ok((file, name));
        }
    }
}

/// A name that cannot be foreseen: the hash function has keys that are random in each process.
fn temporary_name() -> OsString {
    let random = RandomState::new().build_hasher().finish();
    format!("{START}{random:016x}{END}").into()
}

/// Whether a file of this name is a temporary one.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(START.as_bytes()) && name.ends_with(END.as_bytes())
}

/// Removes the temporary files of processes that were killed. Those of living processes are locked.
pub(crate) fn remove_leftovers(folder: &Folder) {
    let names = folder.names().unwrap_or_default();
    for name in names.iter().filter(|name| is_temporary(name)) {
        let Ok(file) = folder.open_to_write(name) else {
            continue;
        };
        if file.try_lock().is_ok() && folder.is_name_of(name, &file) {
            let _ = folder.remove(name);
        }
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn open(path: &Path) -> Arc<Folder> {
        Arc::new(Folder::open(path).unwrap())
    }

    fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_gets_its_name_at_the_end_whatever_the_file_system_has() {
        let place = tempfile::tempdir().unwrap();
        let folder = open(place.path());
        let new = || {
            let (file, name) = create_named(&folder).unwrap();
            TemporaryFile {
                folder: folder.clone(),
                file,
                name: Some(name),
            }
        };
        for round in 0..2 {
            for create in [&new as &dyn Fn() -> TemporaryFile, &|| {
                TemporaryFile::create(folder.clone()).unwrap()
            }] {
                let text = format!("text {round}");
                let mut file = create();
                file.write_all(text.as_bytes()).unwrap();
                file.replace("a.txt".as_ref()).unwrap();
                assert_eq!(
                    fs::read_to_string(place.path().join("a.txt")).unwrap(),
                    text
                );
                let error = create().take("a.txt".as_ref()).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
                create().take("b.txt".as_ref()).unwrap();
                assert_eq!(names(place.path()), ["a.txt", "b.txt"]);
                fs::remove_file(place.path().join("b.txt")).unwrap();
                drop(create());
                assert_eq!(names(place.path()), ["a.txt"]);
            }
        }
    }

    #[test]
    fn files_of_dead_runs_are_removed_and_those_of_living_runs_stay() {
        let place = tempfile::tempdir().unwrap();
        let folder = open(place.path());
        let (living, name) = create_named(&folder).unwrap();
        let dead = temporary_name();
        fs::write(place.path().join(&dead), "half").unwrap();
        fs::write(place.path().join(".backburn-notes.tmp"), "mine").unwrap();
        let (name, dead) = (name.into_string().unwrap(), dead.into_string().unwrap());
        assert_ne!(name, dead);
        remove_leftovers(&folder);
        assert_eq!(names(place.path()), [".backburn-notes.tmp", &name]);
        drop(living);
        remove_leftovers(&folder);
        assert_eq!(names(place.path()), [".backburn-notes.tmp"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_with_a_temporary_name_is_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let folder = open(place.path());
        fs::write(place.path().join("victim"), "precious").unwrap();
        let link = place.path().join(temporary_name());
        std::os::unix::fs::symlink("victim", &link).unwrap();
        remove_leftovers(&folder);
        assert_eq!(fs::read(place.path().join("victim")).unwrap(), b"precious");
    }
}
