//! Reading Parquet.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};

use crate::batches::{Batches, batch_rows};
use crate::byte_limit::text_limit;
use crate::catch_panic::catch_panic;
use crate::column_names::repeated_names;
use crate::error::TableError;
use crate::file_kind::ENCRYPTED;
use crate::page_header::Compact;
use crate::parquet_pages;
use crate::read_options::ReadOptions;
use crate::selection::Selection;
use crate::stored_type::{converted, is_text, may_be_text, stored_schema, with_unique_names};
use crate::table_size::TableSize;

const DAMAGED: &str = "the Parquet file is damaged";
/// What a file lacks that was not written or copied to its end.
const CUT_OFF: &str = "it is cut off, since its end is missing: write or copy it again";

/// Opens a Parquet file. Only the columns that the options ask for are looked at: the headers of all their
/// pages are checked before anything is decoded.
pub(crate) fn parquet_batches(
    name: &str,
    file: File,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    let refuse = |error: ParquetError| TableError::malformed(name, reason(&error));
    let damaged = || TableError::malformed(name, DAMAGED);
    let with_name = |reason: String| TableError::malformed(name, reason);
    let metadata = catch_panic(|| ArrowReaderMetadata::load(&file, Default::default()));
    let metadata = metadata.ok_or_else(damaged)?.map_err(refuse)?;
    let names = metadata.schema().fields().iter();
    let repeated = repeated_names(names.map(|field| field.name().clone()));
    let original = with_unique_names(metadata.schema());
    let selection = Selection::of_schema(&original, options);
    let leaves = leaves(&metadata, &selection);
    let all = metadata.metadata().clone();
    let largest_pages = check_headers(&file, &all, &leaves).map_err(with_name)?;
    let again = file.try_clone();
    let again = again.map_err(|error| TableError::io(name, error))?;
    let texts = columns_of_text(&file, &metadata, &selection, &leaves).map_err(with_name)?;
    let as_view = |index: usize, data_type: &DataType| {
        let is_text = matches!(data_type, DataType::Utf8 | DataType::LargeUtf8);
        (is_text || texts.contains(&index)).then_some(DataType::Utf8View)
    };
    let metadata = with_types(metadata, as_view);
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let schema = selection.schema(&stored_schema(&original, &texts));
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mut at_least = TableSize::without_text(&schema, rows);
    // A page as it is decompressed, and as values.
    at_least.at_once = largest_pages.saturating_mul(2);
    let wanted = selection.indices();
    let builder = builder.with_batch_size(batch_rows(wanted.len()));
    let builder = match selection.is_all() {
        true => builder,
        false => {
            let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
            builder.with_projection(mask)
        }
    };
    let batches = catch_panic(|| builder.build()).ok_or_else(damaged)?;
    let packed = Packed {
        file: again,
        metadata: all,
        leaves,
    };
    let limit = text_limit(options);
    let batches = batches.map_err(refuse)?;
    let batches = checked_batches(packed, batches, schema.clone(), (selection, limit));
    let mut batches = Batches::typed(name, schema, at_least, batches);
    batches.layout.repeated_names = repeated;
    Ok(batches)
}

/// The pages of a file that are read, before they are decompressed.
struct Packed {
    file: File,
    metadata: Arc<ParquetMetaData>,
    leaves: Vec<bool>,
}

/// The batches that the decoder reads, with the columns of the schema. All pages are checked first. Nothing comes
/// after an error.
fn checked_batches(
    packed: Packed,
    mut decoder: ParquetRecordBatchReader,
    schema: SchemaRef,
    (selection, limit): (Selection, u64),
) -> impl Iterator<Item = Result<RecordBatch, String>> + Send + 'static {
    let (mut unchecked, mut failed) = (Some(packed), false);
    std::iter::from_fn(move || {
        if failed {
            return None;
        }
        if let Some(packed) = unchecked.take()
            && let Err(error) = check_packed(&packed.file, &packed.metadata, &packed.leaves)
        {
            failed = true;
            return Some(Err(error));
        }
        let read = || {
            let batch = decoder.next()?.map_err(|error| error.to_string());
            Some(batch.and_then(|batch| converted(&batch, &schema, (&selection, limit))))
        };
        let batch = match catch_panic(read) {
            Some(batch) => batch?,
            None => Err(DAMAGED.to_string()),
        };
        failed = batch.is_err();
        Some(batch)
    })
}

/// Checks the compression of all columns that are read, and the headers of their pages. Returns the memory that
/// the largest pages take together, in bytes.
fn check_headers(file: &File, metadata: &ParquetMetaData, leaves: &[bool]) -> Result<u64, String> {
    check_codecs(metadata, leaves)?;
    parquet_pages::check(file, metadata, leaves).map_err(|error| match has_encryption(file) {
        Some(true) => ENCRYPTED.to_string(),
        _ => with_reason(error),
    })
}

fn with_reason(reason: String) -> String {
    format!("{DAMAGED}: {reason}")
}

fn reason(error: &ParquetError) -> String {
    match error.to_string() {
        message if message.contains("encrypted footer") => ENCRYPTED.to_string(),
        message if message.contains("Corrupt footer") || matches!(error, ParquetError::EOF(_)) => {
            with_reason(CUT_OFF.to_string())
        }
        message => message,
    }
}

fn check_packed(file: &File, metadata: &ParquetMetaData, leaves: &[bool]) -> Result<(), String> {
    let check = || parquet_pages::check_packed(file, metadata, leaves).map_err(with_reason);
    catch_panic(check).unwrap_or_else(|| Err(DAMAGED.to_string()))
}

/// The metadata for reading columns as other types. As views, texts are not copied for each row that refers to
/// them. `wanted` says the type of a column, if it is to be another one.
fn with_types(
    metadata: ArrowReaderMetadata,
    wanted: impl Fn(usize, &DataType) -> Option<DataType>,
) -> ArrowReaderMetadata {
    let original = metadata.schema();
    let fields = original.fields().iter().enumerate();
    let fields = fields.map(|(index, field)| {
        let field = field.as_ref().clone();
        match wanted(index, field.data_type()) {
            Some(data_type) => field.with_data_type(data_type),
            None => field,
        }
    });
    let fields: Vec<Field> = fields.collect();
    let schema = Schema::new_with_metadata(fields, original.metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    let all = metadata.metadata().clone();
    let other = catch_panic(|| ArrowReaderMetadata::try_new(all, options));
    // The decoder knows best what it can do.
    other.and_then(Result::ok).unwrap_or(metadata)
}

/// Whether each column of the file belongs to one that is read. A column of the table has several in the file if
/// it is nested.
fn leaves(metadata: &ArrowReaderMetadata, selection: &Selection) -> Vec<bool> {
    let columns = metadata.parquet_schema();
    let is_read = |leaf: usize| selection.reads(columns.get_column_root_idx(leaf));
    (0..columns.num_columns()).map(is_read).collect()
}

/// Checks that all columns are compressed by a method that the decoder knows.
fn check_codecs(metadata: &ParquetMetaData, leaves: &[bool]) -> Result<(), String> {
    let groups = metadata.row_groups().iter();
    let mut columns = groups.flat_map(|group| parquet_pages::read_columns(group, leaves));
    match columns.find(|column| column.compression() == Compression::LZO) {
        Some(column) => Err(format!(
            "column `{}` is compressed by LZO, which this program cannot decompress: write the file \
             with zstd or snappy",
            column.column_path().string()
        )),
        None => Ok(()),
    }
}

/// Whether the footer says that columns are encrypted. The decoder does not look.
fn has_encryption(file: &File) -> Option<bool> {
    /// The length of the footer and the bytes `PAR1`.
    const TAIL: u64 = 8;
    /// The number of the field that names the method of encryption.
    const ENCRYPTION: i64 = 8;
    let end = file.len().checked_sub(TAIL)?;
    let mut length = [0; 4];
    file.get_read(end).ok()?.read_exact(&mut length).ok()?;
    let length = u64::from(u32::from_le_bytes(length));
    let footer = file.get_read(end.checked_sub(length)?).ok()?;
    let mut footer = Compact {
        bytes: footer.take(length),
    };
    footer.has_field(ENCRYPTION).ok()
}

/// The columns of bytes whose values are all UTF-8: some programs write text without saying so.
fn columns_of_text(
    file: &File,
    metadata: &ArrowReaderMetadata,
    selection: &Selection,
    leaves: &[bool],
) -> Result<Vec<usize>, String> {
    let fields = metadata.schema().fields().iter().enumerate();
    let bytes =
        fields.filter(|(index, field)| may_be_text(field.data_type()) && selection.reads(*index));
    let bytes: Vec<usize> = bytes.map(|(index, _)| index).collect();
    if bytes.is_empty() {
        return Ok(bytes);
    }
    check_packed(file, metadata.metadata(), leaves)?;
    let mut texts = Vec::new();
    for column in bytes {
        let check = || column_is_text(file, metadata, column);
        match catch_panic(check) {
            Some(Ok(true)) => texts.push(column),
            Some(Ok(false)) => {}
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err(DAMAGED.to_string()),
        }
    }
    Ok(texts)
}

fn column_is_text(
    file: &File,
    metadata: &ArrowReaderMetadata,
    column: usize,
) -> Result<bool, ArrowError> {
    let file = file.try_clone().map_err(ParquetError::from)?;
    let metadata = with_types(metadata.clone(), |index, _| {
        (index == column).then_some(DataType::BinaryView)
    });
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
    let columns = metadata.metadata().file_metadata().schema_descr_ptr();
    let mask = ProjectionMask::roots(&columns, [column]);
    let batches = builder.with_projection(mask).build()?;
    for batch in batches {
        let batch: RecordBatch = batch?;
        if !batch.columns().iter().all(is_text) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use arrow_array::{
        Array, ArrayRef, BinaryArray, Int32Array, LargeStringArray, ListArray, StringArray,
    };
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::{EnabledStatistics, WriterProperties};

    use super::*;
    use crate::cell::Cell;
    use crate::table::Table;

    fn written(columns: Vec<(&str, ArrayRef)>, compression: Compression) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .build();
        let mut bytes = Vec::new();
        let mut writer =
            ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    fn read(bytes: Vec<u8>) -> Result<Table, TableError> {
        let bytes = std::io::Cursor::new(bytes);
        Table::from_reader("t.parquet", bytes, &ReadOptions::default())
    }

    #[test]
    fn every_common_compression_is_read() {
        for compression in [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(Default::default()),
            Compression::BROTLI(Default::default()),
            Compression::LZ4,
            Compression::LZ4_RAW,
            Compression::ZSTD(Default::default()),
        ] {
            let numbers: Vec<i32> = (0..5000).map(|n| n % 100).collect();
            let numbers = Arc::new(Int32Array::from(numbers)) as ArrayRef;
            let table = read(written(vec![("a", numbers)], compression)).unwrap();
            assert_eq!(table.numbers("a").unwrap()[4999], 99.0, "{compression:?}");
        }
    }

    #[test]
    fn packed_pages_that_are_longer_than_they_claim_are_refused() {
        let frame = {
            let mut frame = lz4_flex::frame::FrameEncoder::new(Vec::new());
            frame.write_all(&[7; 4000]).unwrap();
            frame.finish().unwrap()
        };
        for (compression, name) in [
            (Compression::BROTLI(Default::default()), "brotli"),
            (Compression::LZ4, "lz4"),
        ] {
            let numbers = Arc::new(Int32Array::from(vec![7; 1000])) as ArrayRef;
            let batch = RecordBatch::try_from_iter([("a", numbers)]).unwrap();
            let properties = WriterProperties::builder()
                .set_compression(compression)
                .set_dictionary_enabled(false)
                .set_statistics_enabled(EnabledStatistics::None)
                .build();
            let mut bytes = Vec::new();
            let mut writer =
                ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
            writer.write(&batch).unwrap();
            let metadata = writer.close().unwrap();
            let start = metadata.row_group(0).column(0).data_page_offset() as usize;
            assert!(read(bytes.clone()).is_ok(), "{name}");
            // The unpacked size is the second number of the header, in two bytes.
            let last = (start + 3..).find(|&place| bytes[place] < 0x80).unwrap();
            bytes[last] -= 1;
            let error = read(bytes).unwrap_err().to_string();
            let expected = if name == "lz4" {
                ""
            } else {
                "is more than the"
            };
            assert!(error.contains(expected), "{name}: {error}");
        }
        assert!(lz4_unpacked(&frame) == 4000);
    }

    fn lz4_unpacked(frame: &[u8]) -> u64 {
        let mut decoder = lz4_flex::frame::FrameDecoder::new(frame);
        std::io::copy(&mut decoder, &mut std::io::sink()).unwrap()
    }

    #[test]
    fn a_text_that_all_rows_share_is_not_copied_without_bound() {
        use arrow_array::DictionaryArray;
        use arrow_array::types::Int32Type;
        use parquet::arrow::arrow_writer::ArrowWriterOptions;

        let text = StringArray::from(vec!["x".repeat(1 << 20)]);
        let keys = Int32Array::from(vec![0; 500]);
        let shared = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(text)).unwrap();
        let batch = RecordBatch::try_from_iter([("a", Arc::new(shared) as ArrayRef)]).unwrap();
        for without_types in [false, true] {
            let properties = WriterProperties::builder()
                .set_compression(Compression::ZSTD(Default::default()))
                .set_dictionary_page_size_limit(1 << 30)
                .set_statistics_enabled(EnabledStatistics::None)
                .build();
            let options = ArrowWriterOptions::new()
                .with_properties(properties)
                .with_skip_arrow_metadata(without_types);
            let mut bytes = Vec::new();
            let mut writer =
                ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            assert!(bytes.len() < 100_000, "{}", bytes.len());
            let options = ReadOptions {
                memory: Some(800 << 20),
                ..ReadOptions::default()
            };
            let bytes = std::io::Cursor::new(bytes);
            let error = Table::from_reader("t", bytes, &options)
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("too much text at a time, more than 100 MB"),
                "{error}"
            );
        }
    }

    #[test]
    fn bytes_are_text_if_they_are_utf8() {
        let texts = Arc::new(BinaryArray::from(vec![&b"NA"[..], b"\xc3\xa9"])) as ArrayRef;
        let images = Arc::new(BinaryArray::from(vec![&b"\xff\xd8"[..], b"x"])) as ArrayRef;
        let columns = vec![("text", texts), ("image", images)];
        let table = read(written(columns, Compression::SNAPPY)).unwrap();
        let cells: Vec<Cell> = table.column("text").unwrap().cells().collect();
        assert_eq!(cells, [Cell::Text("NA"), Cell::Text("é")]);
        let image = table.column("image").unwrap();
        assert_eq!(image.unreadable().as_deref(), Some("bytes"));
        let error = table.no_values("image").to_string();
        assert!(
            error.ends_with("target `image` holds bytes, which cannot be read"),
            "{error}"
        );
    }

    #[test]
    fn text_is_missing_only_where_it_is_null() {
        let texts = StringArray::from(vec![Some("None"), None, Some("Insomnia")]);
        let table = read(written(
            vec![("a", Arc::new(texts) as _)],
            Compression::SNAPPY,
        ))
        .unwrap();
        let cells: Vec<Cell> = table.column("a").unwrap().cells().collect();
        assert_eq!(
            cells,
            [Cell::Text("None"), Cell::Missing, Cell::Text("Insomnia")]
        );
        let array = table.batches()[0].column(0);
        assert!(array.as_any().is::<LargeStringArray>());
    }

    #[test]
    fn nested_targets_are_named_by_their_type() {
        use arrow_array::types::Int32Type;
        let rows = [Some(vec![Some(1)]), Some(vec![Some(2)])];
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(rows);
        let table = read(written(
            vec![("t", Arc::new(lists) as _)],
            Compression::SNAPPY,
        ))
        .unwrap();
        let error = table.no_values("t").to_string();
        assert!(
            error.contains("target `t` holds lists of whole numbers, which"),
            "{error}"
        );
    }

    #[test]
    fn files_that_are_cut_off_are_said_to_be_so() {
        let numbers = Arc::new(Int32Array::from(vec![7; 1000])) as ArrayRef;
        let whole = written(vec![("a", numbers)], Compression::SNAPPY);
        let without_metadata = [&b"PAR1"[..], &whole[whole.len() - 8..]].concat();
        for part in [
            &whole[..4],
            &whole[..7],
            &whole[..whole.len() / 2],
            &whole[..whole.len() - 1],
            &without_metadata[..],
        ] {
            let error = read(part.to_vec()).unwrap_err().to_string();
            assert!(error.contains("it is cut off"), "{error}");
        }
    }

    #[test]
    fn encrypted_files_are_said_to_be_so() {
        for bytes in [&b"PARE1234567890PARE"[..], b"PARExxxx"] {
            let error = read(bytes.to_vec()).unwrap_err().to_string();
            assert!(error.contains("encrypted"), "{error}");
        }
    }
}
