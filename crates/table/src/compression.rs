//! Formats that files are compressed in.

use std::fmt;

/// The first bytes of the formats.
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const XZ: &[u8] = &[0xfd, b'7', b'z', b'X'];
const BZIP2: &[u8] = b"BZh";
/// What follows `BZh` and a digit: the first block, or the end.
const BZIP2_BLOCK: [&[u8]; 2] = [&[0x31, 0x41, 0x59, 0x26], &[0x17, 0x72, 0x45, 0x38]];
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// A format that files are compressed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
    Zip,
}

impl Compression {
    /// The format, by the first eight bytes of a file; `None` if it is not compressed.
    pub fn of(magic: &[u8]) -> Option<Self> {
        match () {
            () if magic.starts_with(GZIP) => Some(Self::Gzip),
            () if magic.starts_with(ZSTD) => Some(Self::Zstd),
            () if magic.starts_with(XZ) => Some(Self::Xz),
            () if magic.starts_with(BZIP2) => {
                let block = magic.get(4..).unwrap_or_default();
                let is_block = BZIP2_BLOCK.iter().any(|start| block.starts_with(start));
                is_block.then_some(Self::Bzip2)
            }
            () if ZIP.iter().any(|zip| magic.starts_with(zip)) => Some(Self::Zip),
            () => None,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
            Self::Zip => "zip",
        })
    }
}
