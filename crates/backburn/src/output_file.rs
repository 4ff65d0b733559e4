//! Files that are written completely or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that replaces the one at its path only when it is complete. Until
/// [`commit`](Self::commit), the bytes are in a temporary file in the same folder.
///
/// A path that is not a file, such as a pipe or a terminal, is written directly. Symbolic links are
/// followed.
#[derive(Debug)]
pub struct OutputFile(Destination);

#[derive(Debug)]
enum Destination {
    Temporary {
        temporary: NamedTempFile,
        path: PathBuf,
    },
    Direct(File),
}

impl OutputFile {
    /// Starts a file. It is an error now, and not at the end, if the file cannot be written.
    ///
    /// # Errors
    ///
    /// The folder does not exist or cannot be written to.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = resolved(path.as_ref());
        if is_descriptor(&path) || (path.exists() && !path.is_file()) {
            let direct = OpenOptions::new().append(true).open(&path)?;
            return Ok(Self(Destination::Direct(direct)));
        }
        if !path.exists() {
            // This checks that the name is possible; the file is removed again.
            File::create_new(&path)?;
            fs::remove_file(&path)?;
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".backburn-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The permissions of any new file: all, except those that the user's mask removes.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let temporary = builder.tempfile_in(folder(&path)).map_err(without_path)?;
        Ok(Self(Destination::Temporary { temporary, path }))
    }

    /// The path of the temporary file, to be removed if the process ends without
    /// [`commit`](Self::commit). `None` for a path that is written directly.
    pub fn temporary(&self) -> Option<&Path> {
        match &self.0 {
            Destination::Temporary { temporary, .. } => Some(temporary.path()),
            Destination::Direct(_) => None,
        }
    }

    /// Moves the complete file to its path, with the permissions of the file that it replaces.
    ///
    /// # Errors
    ///
    /// The disk is full or the folder was removed; the file at the path is unchanged.
    pub fn commit(self) -> io::Result<()> {
        let (temporary, path) = match self.0 {
            Destination::Temporary { temporary, path } => (temporary, path),
            Destination::Direct(mut direct) => return direct.flush(),
        };
        let file = temporary.as_file();
        if let Ok(replaced) = fs::metadata(&path) {
            file.set_permissions(replaced.permissions())?;
        }
        file.sync_all()?;
        temporary.persist(&path).map_err(|error| error.error)?;
        // Syncing the folder makes the new name durable, on file systems that support it.
        if let Ok(folder) = File::open(folder(&path)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Destination::Temporary { temporary, .. } => temporary.as_file_mut().write(bytes),
            Destination::Direct(direct) => direct.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Destination::Temporary { temporary, .. } => temporary.as_file_mut().flush(),
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
        || (path.starts_with("/proc") && folder(path).ends_with("fd"))
}

/// The path with symbolic links resolved.
fn resolved(path: &Path) -> PathBuf {
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

/// The system's error without the name of the temporary file, which would be confusing.
fn without_path(error: io::Error) -> io::Error {
    let text = error.to_string();
    let reason = text.split(" at path ").next().unwrap_or(&text);
    io::Error::new(error.kind(), reason.to_string())
}
