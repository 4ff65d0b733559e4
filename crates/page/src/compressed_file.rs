//! A file of a page, compressed.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};

/// A file in memory, compressed with gzip: browsers decompress it. It is decompressed here for other clients.
#[derive(Debug, Clone)]
pub(crate) struct CompressedFile {
    /// The size of the content, in bytes.
    size: usize,
    gzip: Cow<'static, [u8]>,
}

impl CompressedFile {
    /// A file that is compressed in the program. `size` is that of its content, in bytes.
    pub fn built_in(size: usize, gzip: &'static [u8]) -> Self {
        Self {
            size,
            gzip: Cow::Borrowed(gzip),
        }
    }

    /// Reads a file, and compresses it quickly.
    pub fn read(path: &Path) -> io::Result<Self> {
        let content = fs::read(path)?;
        let mut gzip = Vec::new();
        GzEncoder::new(content.as_slice(), Compression::fast()).read_to_end(&mut gzip)?;
        Ok(Self {
            size: content.len(),
            gzip: Cow::Owned(gzip),
        })
    }

    /// The size of the content, in bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The compressed content.
    pub fn gzip(&self) -> &[u8] {
        &self.gzip
    }

    /// The content, decompressed.
    pub fn content(&self) -> io::Result<Vec<u8>> {
        let mut content = Vec::with_capacity(self.size);
        GzDecoder::new(self.gzip()).read_to_end(&mut content)?;
        Ok(content)
    }
}
