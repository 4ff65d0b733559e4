//! Files that are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file under way to its path: until [`commit`](Self::commit), what stands there is untouched,
/// and afterwards it is all there, on the disk.
#[derive(Debug)]
pub struct OutputFile {
    path: PathBuf,
    temporary: NamedTempFile,
}

impl OutputFile {
    /// Starts a file, which shows at once whether its folder can be written to.
    ///
    /// # Errors
    ///
    /// The folder does not exist or cannot be written to.
    pub fn create(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let temporary = tempfile::Builder::new()
            .prefix(".backburn-")
            .suffix(".tmp")
            .tempfile_in(folder(&path))
            .map_err(plain)?;
        Ok(Self { path, temporary })
    }

    /// Where the file will stand.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the file in its place, with the permissions of the one that it replaces.
    ///
    /// # Errors
    ///
    /// The disk is full or the folder has gone; what was at the path is untouched.
    pub fn commit(self) -> io::Result<PathBuf> {
        let file = self.temporary.as_file();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = match fs::metadata(&self.path) {
                Ok(existing) => existing.permissions().mode(),
                Err(_) => 0o644,
            };
            file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        file.sync_all()?;
        self.temporary
            .persist(&self.path)
            .map_err(|error| error.error)?;
        // The new name becomes durable too, where the file system can do that.
        if let Ok(folder) = File::open(folder(&self.path)) {
            let _ = folder.sync_all();
        }
        Ok(self.path)
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.as_file_mut().flush()
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// The system's error without the name of the temporary file, which says nothing to anybody.
fn plain(error: io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|inner| inner.source());
    let code = inner
        .and_then(|inner| inner.downcast_ref::<io::Error>())
        .and_then(io::Error::raw_os_error);
    match code {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error,
    }
}
