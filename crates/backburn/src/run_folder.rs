//! The folder with the checkpoints of a run.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file system. Tests use one that fails on purpose.
pub trait Files: Send + Sync {
    /// Writes a file and waits until its bytes are on the disk.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Renames a file, and replaces a file that has the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Waits until the names of a folder are on the disk.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
}

/// The real file system.
pub struct Disk;

impl Files for Disk {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        match cfg!(unix) {
            true => File::open(path)?.sync_all(),
            // Other systems cannot open a folder.
            false => Ok(()),
        }
    }
}

/// The file that describes the run. It is written first and removed first: a folder without it has no run.
pub const RUN: &str = "run.json";
const LOCK: &str = "lock";
/// The extension of a job's checkpoint.
pub const ENDING: &str = "checkpoint";
/// The extension of a file that is being written. Only one process writes at a time, and its next file
/// replaces one that a killed process left behind.
const PART: &str = "part";

/// A folder for one run at a time, locked as long as the process lives.
pub struct RunFolder<F = Disk> {
    path: PathBuf,
    files: F,
    /// The system unlocks it when the process ends, however it ends.
    _lock: File,
}

/// A folder that cannot be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// Another process uses the folder.
    #[error("process {0} is using this folder: wait until it ends, or choose another folder")]
    Taken(String),
    /// There is an unfinished run.
    #[error("it has an unfinished run: resume it, or remove the folder")]
    Unfinished,
    /// There are other files.
    #[error("it has other files: choose another folder")]
    Foreign,
    /// There is no run.
    #[error("there is no unfinished run")]
    NoRun,
    /// The file system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl RunFolder {
    /// A folder for a new run. It is created if it does not exist.
    ///
    /// # Errors
    ///
    /// The folder holds a run or other files, or cannot be written to.
    pub fn create(path: &Path) -> Result<Self, FolderError> {
        Self::create_with(path, Disk)
    }

    /// The folder of a run to resume.
    ///
    /// # Errors
    ///
    /// There is no run, or another process uses it.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        Self::open_with(path, Disk)
    }
}

impl<F: Files> RunFolder<F> {
    /// As [`create`](RunFolder::create), on another file system.
    ///
    /// # Errors
    ///
    /// As for [`create`](RunFolder::create).
    pub fn create_with(path: &Path, files: F) -> Result<Self, FolderError> {
        fs::create_dir_all(path)?;
        let mut others = false;
        for entry in fs::read_dir(path)? {
            let name = entry?.file_name();
            others |= name != LOCK;
            if name != LOCK && !is_ours(Path::new(&name)) {
                return Err(FolderError::Foreign);
            }
        }
        // The files of a run have a lock file beside them, which is removed last.
        if others && !path.join(LOCK).exists() {
            return Err(FolderError::Foreign);
        }
        let folder = Self::lock(path, files)?;
        if path.join(RUN).exists() {
            return Err(FolderError::Unfinished);
        }
        // Files of a run whose removal was interrupted.
        folder.clear()?;
        Ok(folder)
    }

    /// As [`open`](RunFolder::open), on another file system.
    ///
    /// # Errors
    ///
    /// As for [`open`](RunFolder::open).
    pub fn open_with(path: &Path, files: F) -> Result<Self, FolderError> {
        match path.join(RUN).is_file() {
            true => Self::lock(path, files),
            false => Err(FolderError::NoRun),
        }
    }

    fn lock(path: &Path, files: F) -> Result<Self, FolderError> {
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).read(true).write(true);
        let mut lock = options.open(path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = lock.take(20).read_to_string(&mut holder);
                let known = !holder.is_empty() && holder.bytes().all(|b| b.is_ascii_digit());
                let unknown = "(number unknown)".to_string();
                return Err(FolderError::Taken(if known { holder } else { unknown }));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        lock.set_len(0)?;
        lock.write_all(std::process::id().to_string().as_bytes())?;
        Ok(Self {
            path: path.to_path_buf(),
            files,
            _lock: lock,
        })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file durably: the old file stays until the new one is complete and on the disk.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let part = self.path.join(format!("{name}.{PART}"));
        self.files.write(&part, bytes)?;
        self.files.rename(&part, &self.path.join(name))?;
        self.files.sync_folder(&self.path)
    }

    /// Writes a checkpoint.
    pub fn write_checkpoint(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.write(&format!("{name}.{ENDING}"), bytes)
    }

    /// A checkpoint, if there is one.
    pub fn checkpoint(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path.join(format!("{name}.{ENDING}"))) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The names of all checkpoints.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some(name.strip_suffix(&format!(".{ENDING}"))?.to_string())
        });
        names.collect()
    }

    /// Removes the run and, if nothing else is in it, the folder.
    pub fn remove(self) -> io::Result<()> {
        match fs::remove_file(self.path.join(RUN)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.clear()?;
        fs::remove_file(self.path.join(LOCK))?;
        let _ = fs::remove_dir(&self.path);
        Ok(())
    }

    /// Removes the checkpoints.
    fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let name = path.file_name().map(Path::new);
            if name.is_some_and(|name| name != Path::new(RUN) && is_ours(name)) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

fn is_ours(name: &Path) -> bool {
    let ending = name.extension().and_then(|ending| ending.to_str());
    name == Path::new(RUN) || matches!(ending, Some(ENDING | PART))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A disk that does a number of steps and then fails, the last one half done.
    struct Failing {
        left: AtomicUsize,
        error: io::ErrorKind,
    }

    impl Failing {
        fn after(left: usize, error: io::ErrorKind) -> Self {
            Self {
                left: AtomicUsize::new(left),
                error,
            }
        }

        /// How many of these steps are done, if not all of them.
        fn cut(&self, steps: usize) -> Option<usize> {
            let left = self.left.load(Ordering::Relaxed);
            self.left
                .store(left.saturating_sub(steps), Ordering::Relaxed);
            (left < steps).then_some(left)
        }
    }

    impl Files for Failing {
        fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
            // One step for the name, one for each byte, one for the disk.
            match self.cut(bytes.len() + 2) {
                None => Disk.write(path, bytes),
                Some(0) => Err(self.error.into()),
                Some(steps) => {
                    let written = (steps - 1).min(bytes.len());
                    Disk.write(path, &bytes[..written])?;
                    Err(self.error.into())
                }
            }
        }

        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            match self.cut(1) {
                None => Disk.rename(from, to),
                Some(_) => Err(self.error.into()),
            }
        }

        fn sync_folder(&self, path: &Path) -> io::Result<()> {
            match self.cut(1) {
                None => Disk.sync_folder(path),
                Some(_) => Err(self.error.into()),
            }
        }
    }

    #[test]
    fn a_file_is_the_old_one_or_the_new_one_wherever_writing_stops() {
        let (old, new) = (b"the old one".as_slice(), b"another, newer one".as_slice());
        for error in [io::ErrorKind::StorageFull, io::ErrorKind::WriteZero] {
            for steps in 0..new.len() + 6 {
                let place = tempfile::tempdir().unwrap();
                let folder = RunFolder::create(place.path()).unwrap();
                folder.write(RUN, b"{}").unwrap();
                folder.write_checkpoint("network", old).unwrap();
                drop(folder);
                let failing = Failing::after(steps, error);
                let folder = RunFolder::open_with(place.path(), failing).unwrap();
                let written = folder.write_checkpoint("network", new);
                drop(folder);
                let folder = RunFolder::open(place.path()).unwrap();
                let found = folder.checkpoint("network").unwrap().unwrap();
                match written {
                    Ok(()) => assert_eq!(found, new, "{steps}"),
                    // The name may have changed already.
                    Err(_) => assert!(found == old || found == new, "{steps}"),
                }
                assert_eq!(folder.names(), ["network"]);
                folder.write_checkpoint("network", new).unwrap();
                assert_eq!(folder.checkpoint("network").unwrap().unwrap(), new);
                folder.remove().unwrap();
                assert!(!place.path().exists());
            }
        }
    }

    #[test]
    fn a_removal_that_was_cut_short_is_no_run() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(place.path()).unwrap();
        folder.write_checkpoint("network", b"left over").unwrap();
        drop(folder);
        assert!(matches!(
            RunFolder::open(place.path()),
            Err(FolderError::NoRun)
        ));
        let folder = RunFolder::create(place.path()).unwrap();
        assert_eq!(folder.checkpoint("network").unwrap(), None);
    }

    #[test]
    fn one_process_at_a_time_and_no_folder_of_others() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run");
        let folder = RunFolder::create(&path).unwrap();
        let holder = std::process::id().to_string();
        match RunFolder::create(&path) {
            Err(FolderError::Taken(process)) => assert_eq!(process, holder),
            _ => panic!("the folder is taken"),
        }
        folder.write(RUN, b"{}").unwrap();
        drop(folder);
        assert!(matches!(
            RunFolder::create(&path),
            Err(FolderError::Unfinished)
        ));
        assert!(RunFolder::open(&path).is_ok());
        let others = place.path().join("others");
        fs::create_dir(&others).unwrap();
        fs::write(others.join("film.part"), "mine").unwrap();
        assert!(matches!(
            RunFolder::create(&others),
            Err(FolderError::Foreign)
        ));
        assert!(others.join("film.part").exists());
        fs::write(place.path().join("letter"), "mine").unwrap();
        assert!(matches!(
            RunFolder::create(place.path()),
            Err(FolderError::Foreign)
        ));
    }
}
