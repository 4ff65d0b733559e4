//! Checks of the pages of a Parquet file, before the decoder allocates memory for what they claim.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page as DecodedPage, PageReader};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use crate::page_header::{Compact, Page};

/// A page may claim this many decompressed bytes in any case,
const MAX_UNPACKED: u64 = 600 << 20;
/// and more if the claim is at most this many times its compressed bytes.
const MAX_RATIO: u64 = 64;

/// The columns of a group that are read: `leaves` says which.
pub(crate) fn read_columns<'a>(
    group: &'a RowGroupMetaData,
    leaves: &'a [bool],
) -> impl Iterator<Item = &'a ColumnChunkMetaData> {
    let columns = group.columns().iter().zip(leaves);
    columns.filter_map(|(column, &read)| read.then_some(column))
}

/// Checks the headers of all pages of the columns that are read, because the decoder allocates memory for the
/// bytes and values that they claim. Returns the memory that the largest pages of all these columns take
/// together, in bytes.
///
/// # Errors
///
/// A page is not within its column or file, or claims to hold more than it can.
pub(crate) fn check(
    file: &impl ChunkReader,
    metadata: &ParquetMetaData,
    leaves: &[bool],
) -> Result<u64, String> {
    let mut packed = 0u64;
    let mut largest_group = 0;
    for group in metadata.row_groups() {
        let mut in_memory = 0u64;
        for column in read_columns(group, leaves) {
            let length = u64::try_from(column.compressed_size()).unwrap_or(u64::MAX);
            packed = packed.saturating_add(length);
            if packed > file.len() {
                return Err("its columns are longer than the file".to_string());
            }
            let mut largest = [0; 2];
            each_page(file, column, |page, _| {
                check_header(&page, column)?;
                let largest = &mut largest[usize::from(page.dictionary.is_some())];
                *largest = page.unpacked.max(*largest);
                Ok(())
            })?;
            in_memory = in_memory.saturating_add(largest.iter().sum());
        }
        largest_group = in_memory.max(largest_group);
    }
    Ok(largest_group)
}

/// Checks the contents of pages that the decoder reads without a bound: gzip, Brotli and frames of LZ4,
/// which it decompresses to the end whatever the header claims, and delta-encoded texts, which state their number themselves.
///
/// # Errors
///
/// A page holds more than its header claims.
pub(crate) fn check_packed(
    file: &File,
    metadata: &ParquetMetaData,
    leaves: &[bool],
) -> Result<(), String> {
    for (number, group) in metadata.row_groups().iter().enumerate() {
        for column in read_columns(group, leaves) {
            let mut delta_encoded = false;
            each_page(file, column, |page, data| {
                delta_encoded |= page.delta_encoded;
                match (column.compression(), page.plain) {
                    (Compression::GZIP(_), _) => check_unpacked(file, &page, data, gzip),
                    (Compression::BROTLI(_), false) => check_unpacked(file, &page, data, brotli),
                    (Compression::LZ4, _) => check_unpacked(file, &page, data, lz4_frame),
                    _ => Ok(()),
                }
            })?;
            if delta_encoded {
                let rows = metadata.row_group(number).num_rows();
                check_delta_encoded(file, column, usize::try_from(rows).unwrap_or(0))
                    .map_err(|reason| named(column, reason))?;
            }
        }
    }
    Ok(())
}

fn named(column: &ColumnChunkMetaData, reason: String) -> String {
    let name = column.column_path().string();
    format!("a page of column `{name}` {reason}")
}

/// Calls `page` for each page of a column, with its header and the position of its data.
fn each_page(
    file: &impl ChunkReader,
    column: &ColumnChunkMetaData,
    mut page: impl FnMut(Page, u64) -> Result<(), String>,
) -> Result<(), String> {
    let outside = || named(column, "is not within it".to_string());
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
        let header = reader.page();
        let header = header.map_err(|_| named(column, "has no header".to_string()))?;
        let data = end - reader.bytes.limit();
        start = data + header.packed;
        if start > end {
            return Err(outside());
        }
        page(header, data).map_err(|reason| named(column, reason))?;
    }
    Ok(())
}

fn check_header(page: &Page, column: &ColumnChunkMetaData) -> Result<(), String> {
    let limit = MAX_UNPACKED.max(page.packed.saturating_mul(MAX_RATIO));
    if page.unpacked > limit {
        let (unpacked, packed) = (page.unpacked, page.packed);
        return Err(format!("claims that its {packed} bytes are {unpacked}"));
    }
    // An uncompressed page has its length in the file, whatever its header claims.
    let bytes = match column.compression() {
        Compression::UNCOMPRESSED => page.packed,
        _ => page.unpacked,
    };
    match page.dictionary {
        Some(entries) if entries.saturating_mul(least_bits(column)) > bytes.saturating_mul(8) => {
            Err(format!("claims that {bytes} bytes are {entries} values"))
        }
        _ => Ok(()),
    }
}

type Packed = io::Take<<File as ChunkReader>::T>;

fn gzip(bytes: Packed) -> Box<dyn Read> {
    Box::new(MultiGzDecoder::new(bytes))
}

fn brotli(bytes: Packed) -> Box<dyn Read> {
    const BUFFER_BYTES: usize = 64 << 10;
    Box::new(brotli::Decompressor::new(bytes, BUFFER_BYTES))
}

/// Other kinds of LZ4 pages are not frames, and have a bound.
fn lz4_frame(bytes: Packed) -> Box<dyn Read> {
    Box::new(FrameDecoder::new(bytes))
}

fn check_unpacked(
    file: &File,
    page: &Page,
    data: u64,
    decompressed: fn(Packed) -> Box<dyn Read>,
) -> Result<(), String> {
    let Some(packed) = page.packed.checked_sub(page.levels) else {
        return Err("is shorter than its levels".to_string());
    };
    let bytes = file.get_read(data + page.levels);
    let bytes = bytes.map_err(|error| error.to_string())?;
    let bytes = decompressed(bytes.take(packed));
    // Other errors are left to the decoder, which reports them.
    match io::copy(&mut bytes.take(page.unpacked + 1), &mut io::sink()) {
        Ok(unpacked) if unpacked > page.unpacked => Err(format!(
            "is more than the {} bytes that its header claims",
            page.unpacked
        )),
        _ => Ok(()),
    }
}

fn check_delta_encoded(
    file: &File,
    column: &ColumnChunkMetaData,
    rows: usize,
) -> Result<(), String> {
    let file = file.try_clone().map_err(|error| error.to_string())?;
    let pages = SerializedPageReader::new(Arc::new(file), column, rows, None);
    let mut pages = pages.map_err(|error| error.to_string())?;
    while let Some(page) = pages.get_next_page().map_err(|error| error.to_string())? {
        let (encoding, values) = (page.encoding(), u64::from(page.num_values()));
        let bytes = page.buffer();
        let data = match page {
            DecodedPage::DictionaryPage { .. } => continue,
            DecodedPage::DataPageV2 {
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => bytes.get(def_levels_byte_len as usize + rep_levels_byte_len as usize..),
            DecodedPage::DataPage { .. } => without_levels(bytes, column),
        };
        let texts = data.and_then(|data| match encoding {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => Some(delta_count(data)?.0),
            Encoding::DELTA_BYTE_ARRAY => {
                let (prefixes, rest) = delta_count(data)?;
                Some(prefixes.max(delta_count(rest)?.0))
            }
            _ => Some(0),
        });
        match texts {
            Some(texts) if texts <= values && texts <= MAX_UNPACKED / 4 => {}
            _ => {
                return Err(format!(
                    "does not have the {values} values that its header claims"
                ));
            }
        }
    }
    Ok(())
}

/// The smallest size of a value in a dictionary, in bits.
fn least_bits(column: &ColumnChunkMetaData) -> u64 {
    match column.column_type() {
        Type::BOOLEAN => 1,
        // A byte array has at least its length.
        Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 32,
        Type::INT64 | Type::DOUBLE => 64,
        Type::INT96 => 96,
        Type::FIXED_LEN_BYTE_ARRAY => {
            let bytes = u64::try_from(column.column_descr().type_length());
            bytes.unwrap_or(0).saturating_mul(8).max(1)
        }
    }
}

/// The data of a page of version 1, after its levels.
fn without_levels<'a>(bytes: &'a [u8], column: &ColumnChunkMetaData) -> Option<&'a [u8]> {
    let column = column.column_descr();
    let levels = [column.max_rep_level(), column.max_def_level()];
    let levels = levels.into_iter().filter(|&level| level > 0).count();
    (0..levels).try_fold(bytes, |bytes, _| {
        let (length, rest) = bytes.split_first_chunk()?;
        rest.get(u32::from_le_bytes(*length) as usize..)
    })
}

/// How many numbers are stored in delta encoding
/// (<https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC>), and the bytes after them.
fn delta_count(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut reader = Compact {
        bytes: bytes.take(bytes.len() as u64),
    };
    let [block, parts, numbers] = [(); 3].map(|()| reader.varint().ok());
    let (block, parts, numbers) = (block?, parts?, numbers?);
    reader.varint().ok()?;
    let of_part = block.checked_div(parts)?;
    let mut left = numbers.saturating_sub(1);
    while left > 0 {
        reader.varint().ok()?;
        let mut widths = Vec::new();
        for _ in 0..parts {
            widths.push(reader.byte().ok()?);
        }
        for width in widths {
            if left > 0 {
                let bytes = of_part.checked_mul(u64::from(width))?;
                reader.skip_bytes(bytes / 8).ok()?;
                left = left.saturating_sub(of_part);
            }
        }
        if of_part == 0 {
            return None;
        }
    }
    let rest = bytes.get(bytes.len() - reader.bytes.limit() as usize..)?;
    Some((numbers, rest))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use arrow_array::{Int32Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ArrowReaderMetadata;
    use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

    use super::*;

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

    fn checked(bytes: &[u8]) -> Result<u64, String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let metadata = ArrowReaderMetadata::load(&file, Default::default()).unwrap();
        let metadata = metadata.metadata();
        let largest = check(&file, metadata, &[true])?;
        check_packed(&file, metadata, &[true]).map(|()| largest)
    }

    #[test]
    fn pages_that_claim_too_much_are_refused() {
        let (bytes, start, end) = file(false);
        assert_eq!(bytes[start..start + 3], [0x15, 0, 0x15]);
        assert_eq!(bytes[start + 4], 0x15);
        checked(&bytes).unwrap();

        let mut longer = bytes.clone();
        longer[start + 5] += 2;
        let error = checked(&longer).unwrap_err();
        assert_eq!(error, "a page of column `a` is not within it");

        // 2,147,483,647 instead of one byte, and four fewer of the page itself.
        let mut large = bytes.clone();
        large[start + 5] -= 8;
        large.splice(start + 3..start + 4, [0xfe, 0xff, 0xff, 0xff, 0x0f]);
        large.drain(end..end + 4);
        let error = checked(&large).unwrap_err();
        assert!(error.ends_with("bytes are 2147483647"), "{error}");

        // 63 entries instead of 3.
        let (mut bytes, start, _) = file(true);
        checked(&bytes).unwrap();
        assert_eq!(bytes[start + 6..start + 9], [0x4c, 0x15, 6]);
        bytes[start + 8] = 126;
        let error = checked(&bytes).unwrap_err();
        assert!(error.ends_with("12 bytes are 63 values"), "{error}");
    }

    #[test]
    fn gzip_that_is_longer_than_it_claims_is_refused() {
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
            checked(&bytes).unwrap();

            let start = metadata.row_group(0).column(0).data_page_offset() as usize;
            let mut reader = Compact {
                bytes: bytes[start..].take(100),
            };
            let page = reader.page().unwrap();
            assert!(page.unpacked >= 80_000, "{page:?}");
            // The number's last byte has the highest bits.
            let last = (start + 3..).find(|&place| bytes[place] < 0x80).unwrap();
            bytes[last] -= 1;
            let error = checked(&bytes).unwrap_err();
            assert!(error.contains("is more than the"), "{version:?}: {error}");
        }
    }

    #[test]
    fn texts_delta_encoded_are_counted() {
        for encoding in [
            Encoding::DELTA_LENGTH_BYTE_ARRAY,
            Encoding::DELTA_BYTE_ARRAY,
        ] {
            for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
                let text =
                    |row: usize| (!row.is_multiple_of(7)).then(|| "word ".repeat(row * row % 50));
                let texts: StringArray = (0..5000).map(text).collect();
                let full = StringArray::from_iter_values((0..5000).map(|row| row.to_string()));
                let columns = [("a", Arc::new(texts) as _), ("b", Arc::new(full) as _)];
                let batch = RecordBatch::try_from_iter(columns).unwrap();
                let properties = WriterProperties::builder()
                    .set_writer_version(version)
                    .set_dictionary_enabled(false)
                    .set_encoding(encoding)
                    .set_compression(Compression::SNAPPY)
                    .set_data_page_row_count_limit(1300);
                let mut bytes = Vec::new();
                let properties = Some(properties.build());
                let mut writer =
                    ArrowWriter::try_new(&mut bytes, batch.schema(), properties).unwrap();
                writer.write(&batch).unwrap();
                writer.close().unwrap();
                checked(&bytes).unwrap();
            }
        }
        // Blocks of 2^31 numbers in one part, 2^31 numbers of 0 bits: a few bytes.
        let many = [0x80, 0x80, 0x80, 0x80, 8];
        let stream = [&many[..], &[1], &many, &[0], &[0, 0], b"rest"].concat();
        assert_eq!(delta_count(&stream), Some((1 << 31, &b"rest"[..])));
        // A block of 128 numbers in 4 parts for 3 numbers: only the first part has data, of 2 bits each.
        let stream = [&[128, 1, 4, 3, 0][..], &[0, 2, 9, 9, 9], &[0; 8], b"rest"].concat();
        assert_eq!(delta_count(&stream), Some((3, &b"rest"[..])));
        assert_eq!(delta_count(&stream[..12]), None);
        assert_eq!(delta_count(&[128, 1, 0, 3, 0]), None);
        assert_eq!(delta_count(&[0, 1, 3, 0, 0, 0, 0]), None);
    }
}
