//! Decompression of files, recognized by their content.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use crate::error::TableError;
use crate::unpacked::Unpacked;
#[cfg(feature = "compression")]
use crate::zip_archive::unzipped;

/// The first bytes of the compressed formats.
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const XZ: &[u8] = &[0xfd, b'7', b'z', b'X'];
const BZIP2: &[u8] = b"BZh";
/// What follows `BZh` and a digit: the first block, or the end.
const BZIP2_BLOCK: [&[u8]; 2] = [&[0x31, 0x41, 0x59, 0x26], &[0x17, 0x72, 0x45, 0x38]];
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// A compressed format.
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

/// Decompresses a file; other bytes pass through. `path` is the file, if it can be opened again: a zip
/// archive is read from its end. Without it, the archive is copied into a temporary file. `memory` is what may
/// be taken, in bytes.
pub(crate) fn unpacked(
    name: &str,
    path: Option<&Path>,
    memory: Option<u64>,
    mut bytes: impl Read + Send + 'static,
) -> Result<Unpacked, TableError> {
    let mut magic = Vec::new();
    let read = bytes.by_ref().take(8).read_to_end(&mut magic);
    read.map_err(|error| TableError::io(name, error))?;
    let compression = Compression::of(&magic);
    let all = BufReader::new(Cursor::new(magic).chain(bytes));
    let bytes: Box<dyn Read + Send> = match compression {
        None => Box::new(all),
        Some(Compression::Gzip) => Box::new(BufReader::new(Gzip::new(all))),
        Some(other) => return unpacked_by_feature(name, (path, memory), other, all),
    };
    Ok(Unpacked {
        bytes,
        entry: None,
        compressed: compression.is_some(),
    })
}

#[cfg(feature = "compression")]
fn unpacked_by_feature(
    name: &str,
    (path, memory): (Option<&Path>, Option<u64>),
    compression: Compression,
    bytes: impl BufRead + Send + 'static,
) -> Result<Unpacked, TableError> {
    let bytes: Box<dyn Read + Send> = match compression {
        Compression::Zip => return unzipped(name, path, bytes),
        Compression::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(bytes);
            Box::new(decoder.map_err(|error| TableError::io(name, error))?)
        }
        Compression::Xz => {
            // In KiB. The dictionary of `xz -9` takes 64 MiB.
            const LIMIT: u32 = 256 << 10;
            let limit = memory.map_or(LIMIT, |memory| {
                u32::try_from(memory / 4 / 1024).map_or(LIMIT, |limit| limit.min(LIMIT))
            });
            Box::new(lzma_rust2::XzReader::new_mem_limit(bytes, true, limit))
        }
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(bytes)),
        Compression::Gzip => Box::new(Gzip::new(bytes)),
    };
    Ok(Unpacked {
        bytes: Box::new(BufReader::new(bytes)),
        entry: None,
        compressed: true,
    })
}

#[cfg(not(feature = "compression"))]
fn unpacked_by_feature(
    name: &str,
    _: (Option<&Path>, Option<u64>),
    compression: Compression,
    _bytes: impl BufRead + Send + 'static,
) -> Result<Unpacked, TableError> {
    let what = match compression {
        Compression::Gzip => "compressed by gzip",
        Compression::Zstd => "compressed by zstd",
        Compression::Xz => "compressed by xz",
        Compression::Bzip2 => "compressed by bzip2",
        Compression::Zip => "a zip archive",
    };
    Err(TableError::malformed(
        name,
        format!(
            "this file is {what}, and the program was built without the feature `compression` of \
             backburn-table: enable the feature, or unpack the file"
        ),
    ))
}

/// Decompresses gzip of any number of members. Zeros after the last member are ignored, as by gunzip:
/// files on tapes and in object stores are padded.
struct Gzip<R> {
    /// `None` after the end.
    decoder: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gzip<R> {
    fn new(bytes: R) -> Self {
        Self {
            decoder: Some(GzDecoder::new(bytes)),
        }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some(mut bytes) = self.decoder.take().map(GzDecoder::into_inner) else {
                break;
            };
            if skip_zeros(&mut bytes)? {
                self.decoder = Some(GzDecoder::new(bytes));
            }
        }
        Ok(0)
    }
}

/// Whether anything follows the zeros.
fn skip_zeros(bytes: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let buffer = bytes.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let zeros = buffer.iter().take_while(|&&byte| byte == 0).count();
        let more = zeros < buffer.len();
        bytes.consume(zeros);
        if more {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;

    use super::*;

    const TEXT: &[u8] = b"a,b\n1,2\n";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn unpack(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
        let unpacked = unpacked("t", None, None, Cursor::new(bytes));
        let mut unpacked = unpacked.map_err(|error| error.to_string())?;
        let mut all = Vec::new();
        let read = unpacked.bytes.read_to_end(&mut all);
        read.map_err(|error| error.to_string())?;
        Ok(all)
    }

    #[test]
    fn gzip_may_have_members_and_zeros_at_its_end() {
        assert_eq!(unpack(TEXT.to_vec()).unwrap(), TEXT);
        assert_eq!(unpack(gzip(TEXT)).unwrap(), TEXT);
        let zeros = vec![0; 100_000];
        assert_eq!(unpack([gzip(TEXT), zeros.clone()].concat()).unwrap(), TEXT);
        let members = [gzip(b"a,b\n"), gzip(b""), gzip(b"1,2\n"), zeros].concat();
        assert_eq!(unpack(members).unwrap(), TEXT);
        assert!(unpack([gzip(TEXT), b"more".to_vec()].concat()).is_err());
        let packed = gzip(TEXT);
        assert!(unpack(packed[..packed.len() - 5].to_vec()).is_err());
    }

    #[cfg(feature = "compression")]
    #[test]
    fn other_formats_are_recognized_by_their_content() {
        let zstd = zstd::encode_all(TEXT, 3).unwrap();
        let mut bzip2 = Vec::new();
        let mut encoder = bzip2::read::BzEncoder::new(TEXT, bzip2::Compression::best());
        encoder.read_to_end(&mut bzip2).unwrap();
        // `printf 'a,b\n1,2\n' | xz`
        let xz = [
            0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00,
            0x21, 0x01, 0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00, 0x07, 0x61,
            0x2c, 0x62, 0x0a, 0x31, 0x2c, 0x32, 0x0a, 0x00, 0xbe, 0x9c, 0xbd, 0x49, 0xb5, 0x12,
            0x2a, 0xfe, 0x00, 0x01, 0x20, 0x08, 0xbb, 0x19, 0xd9, 0xbb, 0x1f, 0xb6, 0xf3, 0x7d,
            0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a,
        ];
        for packed in [zstd, bzip2, xz.to_vec()] {
            assert_eq!(unpack(packed.clone()).unwrap(), TEXT);
            assert_eq!(
                unpack([packed.clone(), packed.clone()].concat())
                    .unwrap()
                    .len(),
                16
            );
            assert!(unpack(packed[..packed.len() - 3].to_vec()).is_err());
        }
    }
}
