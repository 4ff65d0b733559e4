//! Files that are written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file under way to its path: until [`commit`](Self::commit), what stands there is untouched,
/// and afterwards it is all there, on the disk.
///
/// Where something else than a file stands, such as a pipe or a terminal, it is written to
/// directly; a symbolic link is followed.
#[derive(Debug)]
pub struct OutputFile(Place);

#[derive(Debug)]
enum Place {
    Beside {
        temporary: NamedTempFile,
        path: PathBuf,
    },
    Direct(File),
}

impl OutputFile {
    /// Starts a file, which shows at once whether it can be written.
    ///
    /// # Errors
    ///
    /// The folder does not exist or cannot be written to.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = followed(path.as_ref());
        if is_descriptor(&path) || (path.exists() && !path.is_file()) {
            let direct = OpenOptions::new().append(true).open(&path)?;
            return Ok(Self(Place::Direct(direct)));
        }
        if !path.exists() {
            // Whether there can be a file of this name; it is gone again at once.
            File::create_new(&path)?;
            fs::remove_file(&path)?;
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".backburn-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As for any new file: for everybody, except what the user's mask takes away.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let temporary = builder.tempfile_in(folder(&path)).map_err(plain)?;
        Ok(Self(Place::Beside { temporary, path }))
    }

    /// The file as it stands before [`commit`](Self::commit), to be removed if it never comes.
    pub fn temporary(&self) -> Option<&Path> {
        match &self.0 {
            Place::Beside { temporary, .. } => Some(temporary.path()),
            Place::Direct(_) => None,
        }
    }

    /// Puts the file in its place, with the permissions of the one that it replaces.
    ///
    /// # Errors
    ///
    /// The disk is full or the folder has gone; what was at the path is untouched.
    pub fn commit(self) -> io::Result<()> {
        let (temporary, path) = match self.0 {
            Place::Beside { temporary, path } => (temporary, path),
            Place::Direct(mut direct) => return direct.flush(),
        };
        let file = temporary.as_file();
        if let Ok(replaced) = fs::metadata(&path) {
            file.set_permissions(replaced.permissions())?;
        }
        file.sync_all()?;
        temporary.persist(&path).map_err(|error| error.error)?;
        // The new name becomes durable too, where the file system can do that.
        if let Ok(folder) = File::open(folder(&path)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Place::Beside { temporary, .. } => temporary.as_file_mut().write(bytes),
            Place::Direct(direct) => direct.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Place::Beside { temporary, .. } => temporary.as_file_mut().flush(),
            Place::Direct(direct) => direct.flush(),
        }
    }
}

/// Whether a path is something that is open already, such as `/dev/stdout`. Though it may lead to a
/// file, that is somebody else's to begin and to end.
fn is_descriptor(path: &Path) -> bool {
    path == Path::new("/dev/stdout")
        || path == Path::new("/dev/stderr")
        || path.starts_with("/dev/fd")
        || (path.starts_with("/proc") && folder(path).ends_with("fd"))
}

/// Where symbolic links lead.
fn followed(path: &Path) -> PathBuf {
    const LINKS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(target) if !is_descriptor(&path) => path = folder(&path).join(target),
            _ => break,
        }
    }
    path
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// The system's error without the name of the temporary file, which says nothing to anybody.
fn plain(error: io::Error) -> io::Error {
    let text = error.to_string();
    let reason = text.split(" at path ").next().unwrap_or(&text);
    io::Error::new(error.kind(), reason.to_string())
}
