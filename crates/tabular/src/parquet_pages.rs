//! What the pages of a Parquet file say of themselves, looked at before they are believed.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use parquet::basic::{Compression, Type};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::ChunkReader;

/// A page may always say that it is so many bytes when it is unpacked, …
const MOST_UNPACKED: u64 = 600 << 20;
/// … and more if it is no more than so many times what it is packed.
const MOST_TIMES: u64 = 64;
/// Structures within structures: those of a page have four.
const DEEPEST: usize = 16;

/// Reads the headers of all pages. The decoder takes memory for as many bytes and values as they say, but
/// for gzip, which it unpacks to its end: that is unpacked here first.
///
/// # Errors
///
/// A page that is not within its column or file, or that says it holds more than it can.
pub(crate) fn check(file: &impl ChunkReader, metadata: &ParquetMetaData) -> Result<(), String> {
    let groups = metadata.row_groups().iter();
    let columns = groups.flat_map(|group| group.columns());
    let mut packed = 0u64;
    for column in columns {
        let length = u64::try_from(column.compressed_size()).unwrap_or(u64::MAX);
        packed = packed.saturating_add(length);
        if packed > file.len() {
            return Err("its columns are longer than the file".to_string());
        }
        check_column(file, column).map_err(|reason| {
            format!(
                "a page of column `{}` {reason}",
                column.column_path().string()
            )
        })?;
    }
    Ok(())
}

fn check_column(file: &impl ChunkReader, column: &ColumnChunkMetaData) -> Result<(), String> {
    let outside = || "is not within it".to_string();
    let first = column.dictionary_page_offset();
    let first = first.unwrap_or(column.data_page_offset());
    let mut start = u64::try_from(first).map_err(|_| outside())?;
    let length = u64::try_from(column.compressed_size()).map_err(|_| outside())?;
    let end = start.checked_add(length).filter(|&end| end <= file.len());
    let end = end.ok_or_else(outside)?;
    while start < end {
        let bytes = file.get_read(start).map_err(|error| error.to_string())?;
        let mut reader = Compact {
            bytes: bytes.take(end - start),
        };
        let page = reader.page().map_err(|_| "has no header".to_string())?;
        let data = end - reader.bytes.limit();
        start = data + page.packed;
        if start > end {
            return Err(outside());
        }
        let most = MOST_UNPACKED.max(page.packed.saturating_mul(MOST_TIMES));
        if page.unpacked > most {
            let (unpacked, packed) = (page.unpacked, page.packed);
            return Err(format!("says that its {packed} bytes are {unpacked}"));
        }
        // What is not packed is as long as it is, whatever it says.
        let bytes = match column.compression() {
            Compression::UNCOMPRESSED => page.packed,
            _ => page.unpacked,
        };
        if let Some(entries) = page.dictionary
            && entries.saturating_mul(least_bits(column)) > bytes.saturating_mul(8)
        {
            return Err(format!("says that {bytes} bytes are {entries} values"));
        }
        if let Compression::GZIP(_) = column.compression()
            && page.levels <= page.packed
        {
            let packed = file.get_read(data + page.levels);
            let packed = packed.map_err(|error| error.to_string())?;
            let bytes = MultiGzDecoder::new(packed.take(page.packed - page.levels));
            // What is wrong with it otherwise, the decoder says.
            let unpacked = io::copy(&mut bytes.take(page.unpacked + 1), &mut io::sink());
            if unpacked.is_ok_and(|unpacked| unpacked > page.unpacked) {
                return Err(format!("is more than the {} bytes it says", page.unpacked));
            }
        }
    }
    Ok(())
}

/// The least bits of a value in a dictionary.
fn least_bits(column: &ColumnChunkMetaData) -> u64 {
    match column.column_type() {
        Type::BOOLEAN => 1,
        // Of an array, its length.
        Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 32,
        Type::INT64 | Type::DOUBLE => 64,
        Type::INT96 => 96,
        Type::FIXED_LEN_BYTE_ARRAY => {
            let bytes = u64::try_from(column.column_descr().type_length());
            bytes.unwrap_or(0).saturating_mul(8).max(1)
        }
    }
}

/// What a page's header says.
#[derive(Debug, Default, PartialEq)]
struct Page {
    /// Bytes in the file, and in memory.
    packed: u64,
    unpacked: u64,
    /// Entries of a dictionary.
    dictionary: Option<u64>,
    /// Bytes at its beginning that are not packed.
    levels: u64,
}

/// Thrift's compact protocol
/// (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>), as far as
/// it takes to read a `PageHeader` (<https://github.com/apache/parquet-format>).
struct Compact<R> {
    bytes: io::Take<R>,
}

impl<R: Read> Compact<R> {
    fn page(&mut self) -> io::Result<Page> {
        const DICTIONARY: i64 = 2;
        const DATA_V2: i64 = 3;
        let (mut kind_of_page, mut packed, mut unpacked) = (None, None, None);
        let mut entries = None;
        let mut levels = 0;
        self.fields(|reader, field, kind| {
            match (field, kind) {
                (1, 5) => kind_of_page = Some(reader.number_of_32_bits()?),
                (2, 5) => unpacked = Some(reader.size()?),
                (3, 5) => packed = Some(reader.size()?),
                (7, 12) => [entries] = reader.sizes([1])?,
                (8, 12) => {
                    let [definition, repetition] = reader.sizes([5, 6])?;
                    levels = definition.unwrap_or(0) + repetition.unwrap_or(0);
                }
                // The decoder looks at the number of a field alone.
                (1..=3 | 7 | 8, _) => return Err(nonsense()),
                _ => reader.skip(kind, 0)?,
            }
            Ok(())
        })?;
        let kind_of_page = kind_of_page.ok_or_else(nonsense)?;
        let dictionary = match kind_of_page {
            DICTIONARY => Some(entries.ok_or_else(nonsense)?),
            _ => None,
        };
        Ok(Page {
            packed: packed.ok_or_else(nonsense)?,
            unpacked: unpacked.ok_or_else(nonsense)?,
            dictionary,
            levels: match kind_of_page {
                DATA_V2 => levels,
                _ => 0,
            },
        })
    }

    /// Gives each field of a structure, by its number and type.
    fn fields(
        &mut self,
        mut read: impl FnMut(&mut Self, i64, u8) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut field = 0i64;
        loop {
            let byte = self.byte()?;
            let kind = byte & 0x0f;
            if kind == 0 {
                return Ok(());
            }
            field = match byte >> 4 {
                0 => self.number()?,
                step => field + i64::from(step),
            };
            if i16::try_from(field).is_err() {
                return Err(nonsense());
            }
            read(self, field, kind)?;
        }
    }

    /// The fields of a structure that have these numbers.
    fn sizes<const N: usize>(&mut self, numbers: [i64; N]) -> io::Result<[Option<u64>; N]> {
        let mut sizes = [None; N];
        self.fields(|reader, field, kind| {
            let place = numbers.iter().position(|&number| number == field);
            match (place, kind) {
                (Some(place), 5) => sizes[place] = Some(reader.size()?),
                (Some(_), _) => return Err(nonsense()),
                (None, _) => reader.skip(kind, 0)?,
            }
            Ok(())
        })?;
        Ok(sizes)
    }

    fn skip(&mut self, kind: u8, depth: usize) -> io::Result<()> {
        if depth > DEEPEST {
            return Err(nonsense());
        }
        match kind {
            // Booleans are their type.
            1 | 2 => {}
            3 => drop(self.byte()?),
            4..=6 => drop(self.number()?),
            7 => self.pass(8)?,
            8 => {
                let length = self.varint()?;
                self.pass(length)?;
            }
            9 | 10 => {
                let byte = self.byte()?;
                let length = match byte >> 4 {
                    15 => self.varint()?,
                    length => u64::from(length),
                };
                for _ in 0..length {
                    match byte & 0x0f {
                        kind @ 3..=12 => self.skip(kind, depth + 1)?,
                        _ => return Err(nonsense()),
                    }
                }
            }
            12 => self.fields(|reader, _, kind| reader.skip(kind, depth + 1))?,
            _ => return Err(nonsense()),
        }
        Ok(())
    }

    fn size(&mut self) -> io::Result<u64> {
        u64::try_from(self.number_of_32_bits()?).map_err(|_| nonsense())
    }

    /// The decoder cuts larger ones.
    fn number_of_32_bits(&mut self) -> io::Result<i64> {
        let number = self.number()?;
        match i32::try_from(number) {
            Ok(_) => Ok(number),
            Err(_) => Err(nonsense()),
        }
    }

    /// A number with its sign at the end.
    fn number(&mut self) -> io::Result<i64> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number in sevens of bits, the lowest first.
    fn varint(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(nonsense())
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn pass(&mut self, length: u64) -> io::Result<()> {
        match io::copy(&mut self.bytes.by_ref().take(length), &mut io::sink())? == length {
            true => Ok(()),
            false => Err(nonsense()),
        }
    }
}

fn nonsense() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int32Array, RecordBatch};
    use bytes::Bytes;
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ArrowReaderMetadata;
    use parquet::basic::Encoding;
    use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

    use super::*;

    fn page(header: &[u8]) -> io::Result<Page> {
        let bytes = header.take(header.len() as u64);
        Compact { bytes }.page()
    }

    #[test]
    fn headers_say_what_pages_hold() {
        // A dictionary page of 3 values: 34 bytes, 20 packed.
        let header = [
            0x15, 4, 0x15, 68, 0x15, 40, 0x4c, 0x15, 6, 0x15, 0, 0x11, 0, 0,
        ];
        let expected = Page {
            packed: 20,
            unpacked: 34,
            dictionary: Some(3),
            levels: 0,
        };
        assert_eq!(page(&header).unwrap(), expected);
        // A page of data with a checksum and statistics, which are passed over.
        let header = [
            0x15, 0, 0x15, 68, 0x15, 40, 0x15, 2, 0x1c, 0x15, 10, 0x4c, 0x18, 2, b'a', b'b', 0, 0,
            0,
        ];
        let expected = Page {
            packed: 20,
            unpacked: 34,
            dictionary: None,
            levels: 0,
        };
        assert_eq!(page(&header).unwrap(), expected);
        for length in 0..header.len() {
            assert!(page(&header[..length]).is_err(), "{length}");
        }
    }

    /// A column of three numbers, and where its pages begin and end.
    fn file(dictionary: bool) -> (Vec<u8>, usize, usize) {
        let numbers = Arc::new(Int32Array::from(vec![7, 8, 9])) as _;
        let batch = RecordBatch::try_from_iter([("a", numbers)]).unwrap();
        let properties = WriterProperties::builder().set_dictionary_enabled(dictionary);
        let mut bytes = Vec::new();
        let mut writer =
            ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).unwrap();
        writer.write(&batch).unwrap();
        let metadata = writer.close().unwrap();
        let column = metadata.row_group(0).column(0);
        let start = column.dictionary_page_offset();
        let start = start.unwrap_or(column.data_page_offset()) as usize;
        (bytes, start, start + column.compressed_size() as usize)
    }

    fn checked(bytes: Vec<u8>) -> Result<(), String> {
        let bytes = Bytes::from(bytes);
        let metadata = ArrowReaderMetadata::load(&bytes, Default::default()).unwrap();
        check(&bytes, metadata.metadata())
    }

    #[test]
    fn pages_are_what_they_can_be() {
        let (bytes, start, end) = file(false);
        assert_eq!(bytes[start..start + 3], [0x15, 0, 0x15]);
        assert_eq!(bytes[start + 4], 0x15);
        checked(bytes.clone()).unwrap();

        let mut longer = bytes.clone();
        longer[start + 5] += 2;
        let error = checked(longer).unwrap_err();
        assert_eq!(error, "a page of column `a` is not within it");

        // 2,147,483,647 instead of one byte, and four fewer of the page itself.
        let mut large = bytes.clone();
        large[start + 5] -= 8;
        large.splice(start + 3..start + 4, [0xfe, 0xff, 0xff, 0xff, 0x0f]);
        large.drain(end..end + 4);
        let error = checked(large).unwrap_err();
        assert!(error.ends_with("bytes are 2147483647"), "{error}");

        // 63 entries instead of 3.
        let (mut bytes, start, _) = file(true);
        checked(bytes.clone()).unwrap();
        assert_eq!(bytes[start + 6..start + 9], [0x4c, 0x15, 6]);
        bytes[start + 8] = 126;
        let error = checked(bytes).unwrap_err();
        assert!(error.ends_with("12 bytes are 63 values"), "{error}");
    }

    #[test]
    fn gzip_is_no_longer_than_it_says() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let numbers = Arc::new(Int32Array::from(vec![Some(7); 100_000])) as _;
            let batch = RecordBatch::try_from_iter([("a", numbers)]).unwrap();
            let properties = WriterProperties::builder()
                .set_writer_version(version)
                .set_dictionary_enabled(false)
                .set_encoding(Encoding::PLAIN)
                .set_compression(Compression::GZIP(Default::default()))
                .set_statistics_enabled(EnabledStatistics::None);
            let mut bytes = Vec::new();
            let properties = Some(properties.build());
            let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), properties).unwrap();
            writer.write(&batch).unwrap();
            let metadata = writer.close().unwrap();
            checked(bytes.clone()).unwrap();

            let start = metadata.row_group(0).column(0).data_page_offset() as usize;
            let mut reader = Compact {
                bytes: bytes[start..].take(100),
            };
            let page = reader.page().unwrap();
            assert!(page.unpacked >= 80_000, "{page:?}");
            // The number's last byte has the highest bits.
            let last = (start + 3..).find(|&place| bytes[place] < 0x80).unwrap();
            bytes[last] -= 1;
            let error = checked(bytes).unwrap_err();
            assert!(error.contains("is more than the"), "{version:?}: {error}");
        }
    }

    #[test]
    fn headers_without_end_are_none() {
        assert!(page(&[0x15; 40]).is_err());
        assert!(page(&[0]).is_err(), "nothing in it");
        // A size as a number of 64 bits, and one beyond 32.
        assert!(page(&[0x15, 0, 0x16, 68, 0x15, 40, 0x2c, 0x15, 10, 0, 0]).is_err());
        let beyond = [
            0x15, 0, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x1f, 0x15, 40, 0x2c, 0x15, 10, 0, 0,
        ];
        assert!(page(&beyond).is_err());
        assert!(page(&[0xff; 40]).is_err());
        assert!(page(&[0x1c; 100_000]).is_err(), "structures in structures");
        let lists = [&[0x19][..], &[0x19; 100_000]].concat();
        assert!(page(&lists).is_err());
    }
}
