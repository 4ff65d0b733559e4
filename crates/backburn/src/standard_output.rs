//! Standard output, for results that must not be lost.

use std::io::{self, Write};

/// Standard output. Unlike [`io::stdout`], it reports that it is closed.
///
/// # Errors
///
/// It is closed, as by `>&-` in a shell, or open only to read.
#[cfg(unix)]
pub fn standard_output() -> io::Result<impl Write + Send> {
    use std::fs::{self, File};
    use std::os::fd::AsFd;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use rustix::fs::{OFlags, fcntl_getfl};

    let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let access = fcntl_getfl(&file)? & OFlags::RWMODE;
    // In place of a closed standard output, the runtime opens the null device, to read and write. A shell opens
    // `> /dev/null` only to write.
    let is_null = || -> io::Result<bool> {
        let about = file.metadata()?;
        let null = fs::metadata("/dev/null")?;
        Ok(about.file_type().is_char_device() && about.rdev() == null.rdev())
    };
    let is_closed = access == OFlags::RDONLY || (access == OFlags::RDWR && is_null()?);
    match is_closed {
        true => Err(io::Error::other("standard output is closed")),
        false => Ok(file),
    }
}

/// Standard output.
///
/// # Errors
///
/// None here.
#[cfg(not(unix))]
pub fn standard_output() -> io::Result<impl Write + Send> {
    Ok(io::stdout())
}
