//! Reading Arrow IPC files and streams. Feather version 2 is an Arrow IPC file.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use arrow_array::{RecordBatch, UInt32Array};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::{
    Message, MessageHeader, RecordBatch as BatchHeader, root_as_footer, root_as_message,
};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::take::take_record_batch;

use crate::arrow_buffers::read_buffers;
use crate::batches::{Batches, batch_rows};
use crate::byte_limit::text_limit;
use crate::catch_panic::catch_panic;
use crate::column_names::repeated_names;
use crate::error::TableError;
use crate::read_options::ReadOptions;
use crate::selection::Selection;
use crate::stored_type::{converted, is_text, may_be_text, stored_schema, with_unique_names};
use crate::table_size::TableSize;

const DAMAGED: &str = "the Arrow file is damaged";
/// A column of a batch may claim this many bytes in any case,
const MAX_UNPACKED: u64 = 600 << 20;
/// and more if the claim is at most this many times its compressed bytes.
const MAX_RATIO: u64 = 64;

type ArrowBatches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// What a file claims to hold.
struct Claims {
    /// The columns that are read.
    selection: Selection,
    /// The schema of the file, with unique names.
    schema: SchemaRef,
    /// Names that it has more than once.
    repeated: Vec<String>,
    rows: u64,
    /// Bytes of all dictionaries.
    dictionaries: u64,
    /// Bytes of the largest batch, as it is in the file and decompressed.
    largest: u64,
}

/// Opens an Arrow IPC file, or a stream. What it claims to hold is checked before anything is decoded.
/// `open_file` opens it at its start.
pub(crate) fn arrow_batches<F: Read + Seek + Send + 'static>(
    name: &str,
    open_file: impl Fn() -> io::Result<F>,
    is_stream: bool,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    let damaged = |reason: &str| TableError::malformed(name, format!("{DAMAGED}: {reason}"));
    let open_file = || open_file().map_err(|error| TableError::io(name, error));
    let mut file = open_file()?;
    let checked = catch_panic(|| match is_stream {
        true => check_stream(&mut file, options),
        false => check_file(&mut file, options),
    });
    let claims = match checked {
        Some(Ok(checked)) => checked,
        Some(Err(reason)) => return Err(damaged(&reason)),
        None => return Err(damaged("it cannot be decoded")),
    };
    let decode = |columns: Option<Vec<usize>>| {
        let file = open_file()?;
        decoded(name, || open(file, is_stream, columns))
    };
    let (selection, limit) = (claims.selection, text_limit(options));
    let bytes = columns_of_bytes(&claims.schema, &selection);
    let texts = match bytes.is_empty() {
        true => Vec::new(),
        false => {
            let batches = decode(Some(bytes.clone()))?;
            decoded(name, || columns_of_text(bytes, batches))?
        }
    };
    let mut batches = decode((!selection.is_all()).then(|| selection.indices()))?;
    let schema = selection.schema(&stored_schema(&claims.schema, &texts));
    let mut at_least = TableSize::without_text(&schema, claims.rows);
    at_least.at_once = claims.dictionaries.saturating_add(claims.largest);
    let target = schema.clone();
    let mut current: Option<(RecordBatch, usize)> = None;
    let mut failed = false;
    let batches = std::iter::from_fn(move || {
        if failed {
            return None;
        }
        let next =
            catch_panic(|| next_part(&mut batches, &mut current, &target, (&selection, limit)));
        let next = next.unwrap_or_else(|| Some(Err(DAMAGED.to_string())));
        failed = matches!(next, Some(Err(_)));
        next
    });
    let mut batches = Batches::typed(name, schema, at_least, batches);
    batches.layout.repeated_names = claims.repeated;
    Ok(batches)
}

/// What the decoder returns. Its errors and panics are those of a damaged file.
fn decoded<T>(name: &str, decode: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, TableError> {
    let reason = match catch_panic(decode) {
        Some(Ok(decoded)) => return Ok(decoded),
        Some(Err(error)) => error.to_string(),
        None => "it cannot be decoded".to_string(),
    };
    Err(TableError::malformed(name, format!("{DAMAGED}: {reason}")))
}

fn open(
    file: impl Read + Seek + Send + 'static,
    is_stream: bool,
    projection: Option<Vec<usize>>,
) -> Result<ArrowBatches, ArrowError> {
    let file = BufReader::new(file);
    Ok(match is_stream {
        true => Box::new(StreamReader::try_new(file, projection)?),
        false => Box::new(FileReader::try_new(file, projection)?),
    })
}

/// The columns of bytes among those that are read: some programs write text without saying so.
fn columns_of_bytes(schema: &SchemaRef, selection: &Selection) -> Vec<usize> {
    let fields = schema.fields().iter().enumerate();
    let bytes =
        fields.filter(|(index, field)| selection.reads(*index) && may_be_text(field.data_type()));
    bytes.map(|(index, _)| index).collect()
}

/// Those columns of bytes whose values are all UTF-8. The batches have only these columns.
fn columns_of_text(bytes: Vec<usize>, batches: ArrowBatches) -> Result<Vec<usize>, ArrowError> {
    let mut texts: Vec<(usize, usize)> = bytes.into_iter().enumerate().collect();
    for batch in batches {
        let batch = batch?;
        texts.retain(|(place, _)| is_text(batch.column(*place)));
        if texts.is_empty() {
            break;
        }
    }
    Ok(texts.into_iter().map(|(_, column)| column).collect())
}

/// The next rows. A file may hold all rows in one batch, so parts of it are copied.
fn next_part(
    batches: &mut ArrowBatches,
    current: &mut Option<(RecordBatch, usize)>,
    schema: &SchemaRef,
    limits: (&Selection, u64),
) -> Option<Result<RecordBatch, String>> {
    let text = |error: ArrowError| error.to_string();
    loop {
        let (batch, start) = match current.take() {
            Some((batch, start)) if start < batch.num_rows() => (batch, start),
            _ => match batches.next()? {
                Ok(batch) if batch.num_rows() > 0 => (batch, 0),
                Ok(_) => continue,
                Err(error) => return Some(Err(text(error))),
            },
        };
        let end = batch
            .num_rows()
            .min(start + batch_rows(batch.num_columns()));
        let part = match (start, end) == (0, batch.num_rows()) {
            true => Ok(batch.clone()),
            false => take_record_batch(
                &batch,
                &UInt32Array::from_iter_values(start as u32..end as u32),
            ),
        };
        *current = Some((batch, end));
        let part = part.map_err(text);
        return Some(part.and_then(|part| converted(&part, schema, limits)));
    }
}

impl Claims {
    fn new(schema: arrow_ipc::Schema, options: &ReadOptions) -> Result<Self, String> {
        let schema = try_fb_to_schema(schema).map_err(|error| error.to_string())?;
        let names = schema.fields().iter().map(|field| field.name().clone());
        let repeated = repeated_names(names);
        let schema = with_unique_names(&schema);
        Ok(Self {
            selection: Selection::of_schema(&schema, options),
            schema,
            repeated,
            rows: 0,
            dictionaries: 0,
            largest: 0,
        })
    }

    /// Checks a message and adds what it claims. Its body begins at `body`. Returns the length of the body.
    fn add(
        &mut self,
        file: &mut (impl Read + Seek),
        message: Message,
        body: u64,
    ) -> Result<u64, String> {
        let length = u64::try_from(message.bodyLength()).map_err(|e| e.to_string())?;
        let batch = message.header_as_record_batch();
        let dictionary = message.header_as_dictionary_batch();
        let is_batch = message.header_type() == MessageHeader::RecordBatch;
        let Some(batch) = batch.or(dictionary.and_then(|dictionary| dictionary.data())) else {
            return Ok(length);
        };
        let rows = u64::try_from(batch.length()).map_err(|e| e.to_string())?;
        if rows > i32::MAX as u64 {
            return Err(format!("a batch claims to have {rows} rows"));
        }
        let read = match is_batch {
            true => {
                let variadic = batch.variadicBufferCounts().into_iter().flatten();
                read_buffers(&self.schema, &self.selection, variadic)
            }
            false => None,
        };
        let unpacked = match batch.compression() {
            Some(_) => check_compressed(file, batch, (body, length), read.as_deref())?,
            None => 0,
        };
        let bytes = length.saturating_add(unpacked);
        match is_batch {
            true => {
                self.rows = self.rows.saturating_add(rows);
                self.largest = self.largest.max(bytes);
            }
            false => self.dictionaries = self.dictionaries.saturating_add(bytes),
        }
        Ok(length)
    }
}

/// What a file claims.
fn check_file(file: &mut (impl Read + Seek), options: &ReadOptions) -> Result<Claims, String> {
    /// The length of the footer and `ARROW1`.
    const TAIL: u64 = 10;
    let length = file.seek(SeekFrom::End(0)).map_err(|e| e.to_string())?;
    let end = length.checked_sub(TAIL).ok_or("it is cut off")?;
    let tail = bytes_at(file, end, TAIL)?;
    let (size, mark) = tail.split_first_chunk().ok_or("it is cut off")?;
    if mark != b"ARROW1" {
        return Err("its end is missing: is it cut off?".to_string());
    }
    let size = u64::try_from(i32::from_le_bytes(*size)).map_err(|e| e.to_string())?;
    let start = end.checked_sub(size).ok_or("its footer is not within it")?;
    let footer = bytes_at(file, start, size)?;
    let footer = root_as_footer(&footer).map_err(|error| error.to_string())?;
    let schema = footer.schema().ok_or("its footer has no schema")?;
    let mut claims = Claims::new(schema, options)?;
    let dictionaries = footer.dictionaries().into_iter().flatten();
    let batches = footer.recordBatches().into_iter().flatten();
    let mut claimed = 0u64;
    for block in dictionaries.chain(batches) {
        let place = |number: i64| u64::try_from(number).map_err(|e| e.to_string());
        let (start, body) = (place(block.offset())?, place(block.bodyLength())?);
        let header = place(block.metaDataLength().into())?;
        let body_start = start.checked_add(header);
        let end = body_start.and_then(|start| start.checked_add(body));
        let body_start = body_start.filter(|_| end.is_some_and(|end| end <= length));
        let body_start = body_start.ok_or("a batch is not within it")?;
        // Each part is read, so many that are the same would take quadratic time.
        claimed = claimed.saturating_add(header).saturating_add(body);
        if claimed > length {
            return Err("its batches overlap".to_string());
        }
        let metadata = bytes_at(file, start, header)?;
        let metadata = match metadata.strip_prefix(&[0xff; 4]) {
            Some(rest) => rest,
            None => &metadata,
        };
        let message = metadata.get(4..).ok_or("a batch has no header")?;
        let message = root_as_message(message).map_err(|error| error.to_string())?;
        claims.add(file, message, body_start)?;
    }
    Ok(claims)
}

/// What a stream claims.
fn check_stream(file: &mut (impl Read + Seek), options: &ReadOptions) -> Result<Claims, String> {
    let length = file.seek(SeekFrom::End(0)).map_err(|e| e.to_string())?;
    let (mut claims, mut start): (Option<Claims>, u64) = (None, 0);
    // A stream may end without a mark of its end.
    while start.checked_add(8).is_some_and(|end| end <= length) {
        let prefix = bytes_at(file, start, 8)?;
        let (size, header) = match prefix.split_first_chunk() {
            Some(([0xff, 0xff, 0xff, 0xff], rest)) => (rest.first_chunk(), start + 8),
            Some((size, _)) => (Some(size), start + 4),
            None => break,
        };
        let size = i32::from_le_bytes(*size.ok_or("it is cut off")?);
        let size = u64::try_from(size).map_err(|e| e.to_string())?;
        if size == 0 {
            break;
        }
        let body = header + size;
        if body > length {
            return Err("it is cut off".to_string());
        }
        let message = bytes_at(file, header, size)?;
        let message = root_as_message(&message).map_err(|error| error.to_string())?;
        let claims = match (&mut claims, message.header_as_schema()) {
            (Some(claims), _) => claims,
            (none, Some(schema)) => none.insert(Claims::new(schema, options)?),
            (None, None) => return Err("it does not begin with its schema".to_string()),
        };
        let body_length = claims.add(file, message, body)?;
        start = body.saturating_add(body_length);
        if start > length {
            return Err("it is cut off".to_string());
        }
    }
    let rest = bytes_at(file, start, length.saturating_sub(start).min(8))?;
    match claims {
        _ if rest.iter().any(|&byte| byte != 0) && rest.len() < 8 => {
            Err("it is cut off".to_string())
        }
        Some(claims) => Ok(claims),
        None => Err("it has no schema".to_string()),
    }
}

/// The memory of the compressed columns of a batch that are read: `read` says which buffers are theirs. Each
/// begins with its size when decompressed.
fn check_compressed(
    file: &mut (impl Read + Seek),
    batch: BatchHeader,
    (body, length): (u64, u64),
    read: Option<&[bool]>,
) -> Result<u64, String> {
    const PREFIX: u64 = 8;
    let mut all = 0u64;
    for (index, buffer) in batch.buffers().into_iter().flatten().enumerate() {
        let packed = u64::try_from(buffer.length()).map_err(|e| e.to_string())?;
        let start = u64::try_from(buffer.offset()).map_err(|e| e.to_string())?;
        let is_read = read.is_none_or(|read| read.get(index).copied().unwrap_or(true));
        if packed < PREFIX || !is_read {
            continue;
        }
        if start.checked_add(packed).is_none_or(|end| end > length) {
            return Err("a column is not within its batch".to_string());
        }
        let prefix = bytes_at(file, body.saturating_add(start), PREFIX)?;
        let claim = prefix.first_chunk().map(|bytes| i64::from_le_bytes(*bytes));
        let unpacked = match claim {
            // Not compressed after all.
            Some(-1) => packed,
            Some(claim) => u64::try_from(claim).map_err(|e| e.to_string())?,
            None => packed,
        };
        if unpacked > MAX_UNPACKED.max(packed.saturating_mul(MAX_RATIO)) {
            return Err(format!(
                "a column claims that its {packed} bytes are {unpacked}"
            ));
        }
        all = all.saturating_add(unpacked);
    }
    Ok(all)
}

fn bytes_at(file: &mut (impl Read + Seek), start: u64, length: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = file.seek(SeekFrom::Start(start));
    let read = read.and_then(|_| file.take(length).read_to_end(&mut bytes));
    match read {
        Ok(read) if read as u64 == length => Ok(bytes),
        Ok(_) => Err("it is cut off".to_string()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, RecordBatchOptions, StringArray};
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

    use super::*;
    use crate::cell::Cell;
    use crate::table::Table;

    fn batch() -> RecordBatch {
        let ids = Int64Array::from_iter_values((0..20_000).map(|n| (1 << 60) + n));
        let texts = StringArray::from_iter_values((0..20_000).map(|n| format!("NA{}", n % 3)));
        let columns = [
            ("id", Arc::new(ids) as ArrayRef),
            ("text", Arc::new(texts) as _),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn rows_without_columns_are_refused() {
        let schema = Arc::new(arrow_schema::Schema::empty());
        let options = RecordBatchOptions::new().with_row_count(Some(5));
        let rows = RecordBatch::try_new_with_options(schema.clone(), vec![], &options).unwrap();
        let mut bytes = Vec::new();
        let mut writer = FileWriter::try_new(&mut bytes, &schema).unwrap();
        writer.write(&rows).unwrap();
        writer.finish().unwrap();
        drop(writer);
        let error = Table::from_reader("t.arrow", Cursor::new(bytes), &ReadOptions::default());
        let error = error.expect_err("an error").to_string();
        assert_eq!(error, "t.arrow: the table has no columns");
    }

    fn written(compression: Option<CompressionType>, is_stream: bool) -> Vec<u8> {
        let batch = batch();
        let options = IpcWriteOptions::default()
            .try_with_compression(compression)
            .unwrap();
        let mut bytes = Vec::new();
        match is_stream {
            true => {
                let writer =
                    StreamWriter::try_new_with_options(&mut bytes, &batch.schema(), options);
                let mut writer = writer.unwrap();
                writer.write(&batch).unwrap();
                writer.finish().unwrap();
            }
            false => {
                let writer = FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options);
                let mut writer = writer.unwrap();
                writer.write(&batch).unwrap();
                writer.finish().unwrap();
            }
        }
        bytes
    }

    fn read(bytes: Vec<u8>) -> Result<Table, TableError> {
        Table::from_reader("t.arrow", Cursor::new(bytes), &ReadOptions::default())
    }

    #[test]
    fn files_and_streams_are_read_with_any_compression() {
        let kinds = [
            None,
            Some(CompressionType::LZ4_FRAME),
            Some(CompressionType::ZSTD),
        ];
        for compression in kinds {
            for is_stream in [false, true] {
                let table = read(written(compression, is_stream)).unwrap();
                assert_eq!(table.rows(), 20_000);
                assert!(table.batches().len() > 1, "in parts");
                let cells: Vec<Cell> = table.column("id").unwrap().cells().collect();
                assert_eq!(cells[19_999], Cell::Integer((1 << 60) + 19_999));
                let cells: Vec<Cell> = table.column("text").unwrap().cells().collect();
                assert_eq!(cells[1], Cell::Text("NA1"));
            }
        }
    }

    #[test]
    fn bytes_are_text_if_they_are_utf8() {
        use arrow_array::types::Int32Type;
        use arrow_array::{BinaryArray, DictionaryArray};

        let texts = BinaryArray::from(vec![&b"NA"[..], b"\xc3\xa9"]);
        let images = BinaryArray::from(vec![&b"\xff\xd8"[..], b"x"]);
        let values = Arc::new(BinaryArray::from(vec![&b"a"[..], b"b"]));
        let keys = arrow_array::Int32Array::from(vec![1, 0]);
        let dictionary = DictionaryArray::<Int32Type>::try_new(keys, values).unwrap();
        let columns = [
            ("text", Arc::new(texts) as ArrayRef),
            ("image", Arc::new(images) as _),
            ("word", Arc::new(dictionary) as _),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        let table = read(bytes).unwrap();
        let cells = |column| -> Vec<Cell> { table.column(column).unwrap().cells().collect() };
        assert_eq!(cells("text"), [Cell::Text("NA"), Cell::Text("é")]);
        assert_eq!(cells("word"), [Cell::Text("b"), Cell::Text("a")]);
        let image = table.column("image").unwrap();
        assert_eq!(image.unreadable().as_deref(), Some("bytes"));
    }

    #[test]
    fn damaged_files_are_errors() {
        for is_stream in [false, true] {
            for compression in [None, Some(CompressionType::ZSTD)] {
                let whole = written(compression, is_stream);
                for length in (8..whole.len() - 9).step_by(whole.len() / 50) {
                    let cut = read(whole[..length].to_vec());
                    assert!(cut.is_err(), "{length} of {}", whole.len());
                }
                for place in (8..whole.len()).step_by(whole.len() / 300 + 1) {
                    let mut bytes = whole.clone();
                    bytes[place] ^= 0x80;
                    // Some bytes are padding or values.
                    let _ = read(bytes);
                }
            }
        }
    }

    #[test]
    fn a_column_that_claims_too_much_is_refused() {
        let mut bytes = written(Some(CompressionType::ZSTD), true);
        let size = (160_000i64).to_le_bytes();
        let place = bytes.windows(8).position(|window| window == size).unwrap();
        bytes[place..place + 8].copy_from_slice(&(1i64 << 46).to_le_bytes());
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains("claims that its"), "{error}");
    }
}
