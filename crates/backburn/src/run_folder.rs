//! The folder with the checkpoints of a run.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::fault;
use crate::folder::Folder;
use crate::temporary_file::{TemporaryFile, is_temporary, remove_leftovers};

/// The file that describes the run. A folder without it has no run: it is written after the lock and the list,
/// and removed before them.
pub const RUN: &str = "run.json";
/// The file that marks a folder of this program. It is locked as long as a run uses the folder.
const LOCK: &str = "lock";
/// The list of the files that were written to the folder. Nothing else is removed.
const LIST: &str = "files.json";
/// The extension of a job's checkpoint.
pub const ENDING: &str = "checkpoint";
/// What the lock begins with; the number of the process and a line end follow. The length never changes, so that a
/// write that is cut short leaves a valid lock.
const MARK: &str = "backburn checkpoints, process ";
const DIGITS: usize = 10;
/// The largest list that is read, in bytes.
const LARGEST_LIST: u64 = 16 << 20;

/// A folder for one run at a time, locked as long as the process lives. A folder that somebody else has made is
/// not trusted: links in it are not followed, and nothing is changed or removed unless the folder has the mark and
/// the list of this program.
#[derive(Debug)]
pub struct RunFolder {
    folder: Arc<Folder>,
    /// The names of the files that were written, besides the lock and the list.
    files: BTreeSet<String>,
    /// The system unlocks it when the process ends, however it ends.
    lock: File,
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
    /// The folder lacks the marks of this program.
    #[error(
        "this folder was not made by this program: its file {0} is missing or has other content"
    )]
    Unmarked(&'static str),
    /// The file system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl RunFolder {
    /// A folder for a new run. It is created if it does not exist.
    ///
    /// # Errors
    ///
    /// The folder holds a run or other files, or cannot be written to. It is unchanged then.
    pub fn create(path: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(path)?;
        let folder = Arc::new(Folder::open(path)?);
        if !folder.has(LOCK.as_ref())? {
            if folder.names()?.iter().any(|name| !is_temporary(name)) {
                return Err(FolderError::Foreign);
            }
            let mut lock = TemporaryFile::create(folder.clone())?;
            lock.write_all(mark().as_bytes())?;
            match lock.take(LOCK.as_ref()) {
                // Another process was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                taken => taken?,
            }
        }
        let (lock, files) = match locked(&folder) {
            Err(FolderError::Unmarked(_)) => return Err(FolderError::Foreign),
            locked => locked?,
        };
        let run = Self {
            folder,
            files,
            lock,
        };
        if run.folder.has(RUN.as_ref())? {
            return Err(FolderError::Unfinished);
        }
        if run.has_other_files()? {
            return Err(FolderError::Foreign);
        }
        run.begin()?;
        // Files of a run whose removal was interrupted.
        run.clear()?;
        Ok(run)
    }

    /// The folder of a run to resume. Nothing in it is changed until [`begin`](Self::begin).
    ///
    /// # Errors
    ///
    /// There is no run, another process uses it, or the folder lacks the marks of this program.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let folder = match Folder::open(path) {
            Ok(folder) => Arc::new(folder),
            Err(_) => return Err(FolderError::NoRun),
        };
        if !folder.has(RUN.as_ref())? {
            return Err(FolderError::NoRun);
        }
        let (lock, files) = locked(&folder)?;
        Ok(Self {
            folder,
            files,
            lock,
        })
    }

    /// The run begins: the number of this process is written to the lock, and temporary files of processes that
    /// were killed are removed.
    ///
    /// # Errors
    ///
    /// The lock cannot be written.
    pub fn begin(&self) -> io::Result<()> {
        let mut lock = self.lock.try_clone()?;
        lock.rewind()?;
        fault::write_all(&mut lock, mark().as_bytes())?;
        remove_leftovers(&self.folder);
        Ok(())
    }

    fn has_other_files(&self) -> io::Result<bool> {
        let names = self.folder.names()?;
        Ok(names.iter().any(|name| {
            let listed = name.to_str().is_some_and(|name| self.files.contains(name));
            name != LOCK && name != LIST && !listed && !is_temporary(name)
        }))
    }

    /// The path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file durably: the old file stays until the new one is complete and on the disk. The list names it
    /// before it is there.
    ///
    /// # Errors
    ///
    /// The file or the list cannot be written.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if !self.files.contains(name) {
            let mut files = self.files.clone();
            files.insert(name.to_string());
            let list = serde_json::to_vec(&files).map_err(io::Error::other)?;
            self.replace(LIST, &list)?;
            self.files = files;
        }
        self.replace(name, bytes)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = TemporaryFile::create(self.folder.clone())?;
        file.write_all(bytes)?;
        file.replace(name.as_ref())
    }

    /// Writes a checkpoint.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub fn write_checkpoint(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.write(&format!("{name}.{ENDING}"), bytes)
    }

    /// A file of the folder, if there is one. It is read if it is a regular file of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// The file is something else, or cannot be read.
    pub fn read(&self, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        match self.folder.read(name.as_ref(), limit) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A checkpoint of at most `limit` bytes, if there is one.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn checkpoint(&self, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        self.read(&format!("{name}.{ENDING}"), limit)
    }

    /// The names of all checkpoints.
    pub fn names(&self) -> Vec<String> {
        let ending = format!(".{ENDING}");
        let names = self
            .files
            .iter()
            .filter_map(|name| name.strip_suffix(&ending));
        names.map(str::to_string).collect()
    }

    /// Removes the run and, if nothing else is in it, the folder.
    ///
    /// # Errors
    ///
    /// A file cannot be removed.
    pub fn remove(self) -> io::Result<()> {
        self.folder.remove(RUN.as_ref())?;
        self.clear()?;
        self.folder.remove(LIST.as_ref())?;
        self.folder.remove(LOCK.as_ref())?;
        let _ = fs::remove_dir(self.path());
        Ok(())
    }

    /// Removes the files of the list, except the description of the run.
    fn clear(&self) -> io::Result<()> {
        let files = self.files.iter().filter(|name| *name != RUN);
        for name in files {
            self.folder.remove(name.as_ref())?;
        }
        Ok(())
    }
}

fn mark() -> String {
    let process = std::process::id();
    format!("{MARK}{process:0DIGITS$}\n")
}

/// The number of the process in a lock; `None` if it is not a lock of this program.
fn process_of(lock: &mut File) -> Option<u32> {
    let mut text = Vec::new();
    let mut start = lock.take(mark().len() as u64 + 1);
    start.read_to_end(&mut text).ok()?;
    let text = String::from_utf8(text).ok()?;
    let digits = text.strip_prefix(MARK)?.strip_suffix('\n')?;
    let is_number = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

/// Locks a folder, and reads its list. Nothing is changed.
fn locked(folder: &Folder) -> Result<(File, BTreeSet<String>), FolderError> {
    const TRIES: usize = 8;
    for _ in 0..TRIES {
        let opened = folder.open_to_write(LOCK.as_ref());
        let mut lock = opened.map_err(|_| FolderError::Unmarked(LOCK))?;
        let taken = lock.try_lock();
        let process = process_of(&mut lock);
        match (taken, process) {
            (Ok(()), Some(_)) => {}
            (Ok(()), None) => return Err(FolderError::Unmarked(LOCK)),
            (Err(TryLockError::WouldBlock), process) => {
                let unknown = || "(number unknown)".to_string();
                let process = process.map_or_else(unknown, |process| process.to_string());
                return Err(FolderError::Taken(process));
            }
            (Err(TryLockError::Error(error)), _) => return Err(error.into()),
        }
        // A run that has just ended may have removed the lock before this process locked it.
        if folder.is_name_of(LOCK.as_ref(), &lock) {
            return Ok((lock, listed(folder)?));
        }
    }
    Err(FolderError::Unmarked(LOCK))
}

/// The files of a folder's list, if it has one. They are names of files in the folder.
fn listed(folder: &Folder) -> Result<BTreeSet<String>, FolderError> {
    let list = match folder.read(LIST.as_ref(), LARGEST_LIST) {
        Ok(list) => list,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(_) => return Err(FolderError::Unmarked(LIST)),
    };
    let files: BTreeSet<String> =
        serde_json::from_slice(&list).map_err(|_| FolderError::Unmarked(LIST))?;
    match files.iter().all(|name| is_plain(name)) {
        true => Ok(files),
        false => Err(FolderError::Unmarked(LIST)),
    }
}

/// Whether a file may be in the list: its name is not a path, and not that of the lock or the list.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_own = [LOCK, LIST].map(OsStr::new).contains(&OsStr::new(name));
    name.bytes().all(plain) && !name.starts_with('.') && !name.is_empty() && !is_own
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: u64 = u64::MAX;

    #[test]
    fn a_removal_that_was_cut_short_is_no_run() {
        let place = tempfile::tempdir().unwrap();
        let mut folder = RunFolder::create(place.path()).unwrap();
        folder.write_checkpoint("network", b"left over").unwrap();
        drop(folder);
        assert!(matches!(
            RunFolder::open(place.path()),
            Err(FolderError::NoRun)
        ));
        let folder = RunFolder::create(place.path()).unwrap();
        assert_eq!(folder.checkpoint("network", ALL).unwrap(), None);
    }

    #[test]
    fn files_are_found_again_and_removed_with_the_run() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run");
        let mut folder = RunFolder::create(&path).unwrap();
        folder.write(RUN, b"{}").unwrap();
        folder.write_checkpoint("network", b"old").unwrap();
        folder.write_checkpoint("network", b"new").unwrap();
        drop(folder);
        let folder = RunFolder::open(&path).unwrap();
        assert_eq!(folder.names(), ["network"]);
        assert_eq!(folder.checkpoint("network", ALL).unwrap().unwrap(), b"new");
        assert!(folder.checkpoint("network", 2).is_err());
        assert_eq!(folder.checkpoint("other", ALL).unwrap(), None);
        fs::write(path.join("letter"), "mine").unwrap();
        folder.remove().unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
    }

    #[test]
    fn one_process_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run");
        let mut folder = RunFolder::create(&path).unwrap();
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
    }

    /// Everything in a folder.
    fn contents(path: &Path) -> Vec<(String, Vec<u8>)> {
        let mut all = Vec::new();
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            all.push((name, fs::read(entry.path()).unwrap_or_default()));
        }
        all.sort();
        all
    }

    #[test]
    fn a_folder_of_others_is_refused_and_unchanged() {
        let place = tempfile::tempdir().unwrap();
        let mark = mark();
        let mark = mark.as_str();
        for files in [
            vec![("film.part", "mine")],
            vec![("lock", ""), ("film.part", "mine")],
            vec![("lock", "12345"), ("epoch-10.checkpoint", "mine")],
            vec![("lock", mark), ("epoch-10.checkpoint", "mine")],
            vec![("lock", mark), ("files.json", "[\"../victim\"]")],
            vec![("lock", mark), ("files.json", "[\"/victim\"]")],
            vec![("lock", mark), ("files.json", "{")],
            vec![("files.json", "[\"a.checkpoint\"]"), ("a.checkpoint", "")],
        ] {
            let path = place.path().join("folder");
            fs::create_dir(&path).unwrap();
            for (name, text) in &files {
                fs::write(path.join(name), text).unwrap();
            }
            let before = contents(&path);
            let created = RunFolder::create(&path);
            assert!(matches!(created, Err(FolderError::Foreign)), "{files:?}");
            assert_eq!(contents(&path), before);
            fs::remove_dir_all(&path).unwrap();
        }
    }

    #[test]
    fn what_is_listed_is_removed_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("lock"), mark()).unwrap();
        fs::write(place.path().join("files.json"), "[\"a.checkpoint\"]").unwrap();
        fs::write(place.path().join("a.checkpoint"), "").unwrap();
        RunFolder::create(place.path()).unwrap();
        assert!(!place.path().join("a.checkpoint").exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_folder_are_not_followed() {
        use std::os::unix::fs::symlink;
        let place = tempfile::tempdir().unwrap();
        let victim = place.path().join("victim");
        let path = place.path().join("run");
        for link in ["lock", "files.json", "network.checkpoint", "run.json"] {
            fs::write(&victim, "precious").unwrap();
            fs::create_dir(&path).unwrap();
            fs::write(path.join(LOCK), mark()).unwrap();
            fs::write(path.join(LIST), "[\"network.checkpoint\",\"run.json\"]").unwrap();
            fs::write(path.join(RUN), "{}").unwrap();
            let _ = fs::remove_file(path.join(link));
            symlink("../victim", path.join(link)).unwrap();
            if let Ok(mut folder) = RunFolder::open(&path) {
                assert!(folder.checkpoint("network", ALL).ok().flatten().is_none());
                folder.begin().unwrap();
                folder.write(RUN, b"{}").unwrap();
                folder.write_checkpoint("network", b"new").unwrap();
                folder.remove().unwrap();
            } else {
                assert!(link == "lock" || link == "files.json", "{link}");
                fs::remove_dir_all(&path).unwrap();
            }
            assert_eq!(fs::read(&victim).unwrap(), b"precious", "{link}");
        }
    }
}
