//! The content of a file that may be compressed.

use std::io::Read;

use crate::compression::Compression;

/// The content of a file.
pub(crate) struct Unpacked {
    pub bytes: Box<dyn Read + Send>,
    /// The name of the file in a zip archive.
    pub entry: Option<String>,
    pub compression: Option<Compression>,
    /// What was left out.
    pub note: Option<String>,
}
