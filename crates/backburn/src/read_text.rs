//! Reading text files that are not trusted: no more than a limit is read.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use crate::fault::InputFile;

/// Reads the text of a file or a pipe.
///
/// # Errors
///
/// It cannot be read, is not UTF-8, or has more than `limit` bytes.
pub(crate) fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    let file = InputFile::open(path)?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let reason = format!("it is larger than {} MB", limit >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    let reason = "it is not UTF-8 text";
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, reason))
}

/// Reads the text of a regular file.
///
/// # Errors
///
/// As for [`read_text`], or the path is that of something else, such as a pipe, which would block.
pub(crate) fn read_text_file(path: &Path, limit: u64) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        let reason = "it is not a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    read_text(path, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_limit_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        assert!(read_text(&path, 4).is_err());
        assert!(read_text_file(folder.path(), 4).is_err());
        fs::write(&path, [0xff]).unwrap();
        let error = read_text(&path, 5).unwrap_err();
        assert_eq!(error.to_string(), "it is not UTF-8 text");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_without_end_has_an_end_here() {
        let zeros = Path::new("/dev/zero");
        assert!(read_text(zeros, 1 << 20).is_err());
        let error = read_text_file(zeros, 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "it is not a regular file");
    }
}
