//! Decompression of files, recognized by their content.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use crate::compression::Compression;
use crate::error::TableError;
use crate::unpacked::Unpacked;
#[cfg(feature = "compression")]
use crate::zip_archive::unzipped;

/// Decompresses a file; other bytes pass through. `path` is the file, if it can be opened again: a zip
/// archive is read from its end. Without it, the archive is copied into a temporary file.
pub(crate) fn unpacked(
    name: &str,
    path: Option<&Path>,
    mut bytes: impl Read + Send + 'static,
) -> Result<Unpacked, TableError> {
    let mut magic = Vec::new();
    let read = bytes.by_ref().take(8).read_to_end(&mut magic);
    read.map_err(|error| TableError::io(name, error))?;
    let compression = Compression::of(&magic);
    let all = BufReader::new(Cursor::new(magic).chain(bytes));
    let bytes: Box<dyn Read + Send> = match compression {
        None => Box::new(all),
        Some(Compression::Gzip) => Box::new(BufReader::new(Packed::new(
            Gzip::new(all),
            Compression::Gzip,
        ))),
        Some(other) => return unpacked_by_feature(name, path, other, all),
    };
    Ok(Unpacked {
        bytes,
        entry: None,
        compression,
        note: None,
    })
}

#[cfg(feature = "compression")]
fn unpacked_by_feature(
    name: &str,
    path: Option<&Path>,
    compression: Compression,
    bytes: impl BufRead + Send + 'static,
) -> Result<Unpacked, TableError> {
    let bytes: Box<dyn Read + Send> = match compression {
        Compression::Zip => return unzipped(name, path, bytes),
        Compression::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(bytes);
            Box::new(decoder.map_err(|error| TableError::io(name, error))?)
        }
        // In KiB. The dictionary of `xz -9` takes 64 MiB.
        Compression::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(bytes, true, 256 << 10)),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(bytes)),
        Compression::Gzip => Box::new(Gzip::new(bytes)),
    };
    Ok(Unpacked {
        bytes: Box::new(BufReader::new(Packed::new(bytes, compression))),
        entry: None,
        compression: Some(compression),
        note: None,
    })
}

#[cfg(not(feature = "compression"))]
fn unpacked_by_feature(
    name: &str,
    _path: Option<&Path>,
    compression: Compression,
    _bytes: impl BufRead + Send + 'static,
) -> Result<Unpacked, TableError> {
    let what = match compression {
        Compression::Zip => "a zip archive".to_string(),
        other => format!("compressed by {other}"),
    };
    Err(TableError::malformed(
        name,
        format!(
            "this file is {what}, and the program was built without the feature `compression` of \
             backburn-table: enable the feature, or unpack the file"
        ),
    ))
}

/// Decompressed bytes. An error of the decoder says what to do.
struct Packed<R> {
    reader: R,
    compression: Compression,
}

impl<R> Packed<R> {
    fn new(reader: R, compression: Compression) -> Self {
        Self {
            reader,
            compression,
        }
    }
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let compression = self.compression;
        self.reader.read(buffer).map_err(|error| {
            // An error of the system is no error of the file.
            if error.raw_os_error().is_some() || error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            let reason =
                format!("it is compressed by {compression}, and damaged or cut off: {error}");
            io::Error::new(error.kind(), reason)
        })
    }
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
        let unpacked = unpacked("t", None, Cursor::new(bytes));
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
