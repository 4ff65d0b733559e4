//! Reading CSV and Parquet, from files, standard input and memory, in record batches.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use flate2::read::MultiGzDecoder;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};

use crate::Skipped;
use crate::bounded::{Bounded, Budget, TOO_LONG};
use crate::column::kept_as;
use crate::guarded::guarded;
use crate::parquet_pages;
use crate::skipping::{SkippedRows, Skipping};
use crate::utf8::Utf8;
use crate::{TableError, TableSize};

/// How a CSV file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOptions {
    /// What stands between fields; found out from the first line unless given.
    pub delimiter: Option<u8>,
    /// Whether the first line names the columns.
    pub header: bool,
    /// Whether rows that are none (of too few fields, not UTF-8) are left out, and kept for
    /// [`TableReader::skipped`].
    pub skip_bad_rows: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            header: true,
            skip_bad_rows: false,
        }
    }
}

/// Where a table came from, for messages.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub name: String,
    /// The CSV file, if it can be read again to find a line.
    csv: Option<(PathBuf, u8, bool)>,
    /// Whether rows are lines.
    lines: bool,
    /// Whether bad rows are left out, and are not what ends reading.
    skips: bool,
}

/// Reads a table batch by batch: numbers, truth values and dates where the file is typed
/// (Parquet), text where it is not (CSV).
pub struct TableReader {
    source: Source,
    schema: SchemaRef,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, String>> + Send>,
    skipped: SkippedRows,
    at_least: TableSize,
}

const BATCH_ROWS: usize = 8192;
const PARQUET: &[u8] = b"PAR1";
const GZIP: &[u8] = &[0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// What is read behind the end of a CSV file: empty lines, which say nothing, unless a quote was
/// never closed. Then they belong to the last field, and betray it.
pub(crate) const END: &[u8] = &[b'\n'; 64];
const DAMAGED: &str = "the Parquet file is damaged";
pub(crate) const UNCLOSED: &str = "a quote is opened in this row and never closed";

impl TableReader {
    /// Opens a file, or standard input if the path is `-`. CSV may be compressed by gzip.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is empty, or has a header that cannot be.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, TableError> {
        let path = path.as_ref();
        if path == Path::new("-") {
            return Self::from_reader("standard input", io::stdin(), options);
        }
        let name = path.display().to_string();
        let io_error = |error| TableError::Io {
            name: name.clone(),
            error,
        };
        let mut file = File::open(path).map_err(io_error)?;
        let about = file.metadata().map_err(io_error)?;
        if about.is_dir() {
            return Err(malformed(&name, "this is a folder, not a table"));
        }
        let mut magic = Vec::new();
        file.by_ref()
            .take(4)
            .read_to_end(&mut magic)
            .map_err(io_error)?;
        if magic == PARQUET {
            return Self::parquet(&name, file);
        }
        // A pipe cannot be read a second time, and tells no size.
        let again = about.is_file().then_some(path);
        // Text is held as text.
        let bytes = match magic.starts_with(GZIP) {
            true => 0,
            false => about.len(),
        };
        let reader = Self::csv(&name, again, Cursor::new(magic).chain(file), options)?;
        Ok(Self {
            at_least: TableSize { rows: 0, bytes },
            ..reader
        })
    }

    /// Reads a table from anything that gives bytes; `name` is what messages call it.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn from_reader(
        name: &str,
        mut bytes: impl Read + Send + 'static,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let io_error = |error| TableError::Io {
            name: name.to_string(),
            error,
        };
        let mut magic = Vec::new();
        bytes
            .by_ref()
            .take(4)
            .read_to_end(&mut magic)
            .map_err(io_error)?;
        if magic == PARQUET {
            // It is read from its end.
            let mut file = tempfile::tempfile().map_err(io_error)?;
            let mut all = Cursor::new(magic).chain(bytes);
            io::copy(&mut all, &mut file).map_err(io_error)?;
            return Self::parquet(name, file);
        }
        Self::csv(name, None, Cursor::new(magic).chain(bytes), options)
    }

    /// The columns.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// What messages call the table.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// The rows that were left out up to the last batch, and that were not asked for before.
    pub fn skipped(&self) -> Vec<Skipped> {
        self.skipped.take()
    }

    /// What is known of the size before anything is read: a CSV file takes no less than its bytes, and a
    /// Parquet file says its rows and types.
    pub fn at_least(&self) -> TableSize {
        self.at_least
    }

    pub(crate) fn source(&self) -> Source {
        self.source.clone()
    }

    /// Names a row, counted from 0 over the whole table, as a place in the file.
    pub fn place(&self, row: usize) -> String {
        self.source.place(row)
    }

    /// `again` is where the file can be read a second time.
    fn csv(
        name: &str,
        again: Option<&Path>,
        bytes: impl Read + Send + 'static,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let mut bytes = decompressed(bytes).map_err(|error| TableError::Io {
            name: name.to_string(),
            error,
        })?;
        let head = head(&mut bytes).map_err(|error| TableError::Io {
            name: name.to_string(),
            error,
        })?;
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(malformed(name, "the text is UTF-16: save it as UTF-8"));
        }
        let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&head).to_vec();
        if head.iter().all(u8::is_ascii_whitespace) {
            return Err(malformed(name, "the file is empty"));
        }
        let delimiter = options.delimiter.unwrap_or_else(|| sniff(&head));
        let names = header(name, &head, delimiter, options.header)?;
        let fields: Vec<Field> = names
            .iter()
            .map(|name| Field::new(name, DataType::Utf8, true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let budget = Budget::new();
        let text = Cursor::new(head).chain(bytes).chain(END);
        let text = Bounded::new(text, budget.clone());
        let skipped = SkippedRows::default();
        let text: Box<dyn Read + Send> = match options.skip_bad_rows {
            true => {
                let (header, fields) = (options.header, names.len());
                Box::new(Skipping::new(
                    text,
                    delimiter,
                    header,
                    fields,
                    skipped.clone(),
                ))
            }
            false => Box::new(Utf8::new(text)),
        };
        let batches = arrow_csv::ReaderBuilder::new(schema.clone())
            .with_header(options.header)
            .with_delimiter(delimiter)
            .with_batch_size(batch_rows(names.len()))
            .build(text)
            .map_err(|error| malformed(name, error.to_string()))?
            .map(move |batch| {
                budget.renew();
                let batch = batch.map_err(|error| plain(&error.to_string()))?;
                match ends_in_quotes(&batch) {
                    true => Err(UNCLOSED.to_string()),
                    false => Ok(batch),
                }
            });
        Ok(Self {
            source: Source {
                name: name.to_string(),
                csv: again.map(|path| (path.to_path_buf(), delimiter, options.header)),
                lines: true,
                skips: options.skip_bad_rows,
            },
            schema,
            batches: Box::new(batches),
            skipped,
            at_least: TableSize::default(),
        })
    }

    fn parquet(name: &str, file: File) -> Result<Self, TableError> {
        let refuse = |error: parquet::errors::ParquetError| malformed(name, error.to_string());
        let damaged = || malformed(name, DAMAGED);
        let metadata = guarded(|| ArrowReaderMetadata::load(&file, Default::default()));
        let metadata = metadata.ok_or_else(damaged)?.map_err(refuse)?;
        let reason = |reason| format!("{DAMAGED}: {reason}");
        let pages = parquet_pages::check(&file, metadata.metadata());
        let largest_pages = pages.map_err(|error| malformed(name, reason(error)))?;
        let again = file.try_clone().map_err(|error| TableError::Io {
            name: name.to_string(),
            error,
        })?;
        let all = metadata.metadata().clone();
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        let original = builder.schema().clone();
        let names = unique_names(original.fields().iter().map(|f| f.name().clone()).collect());
        let fields: Vec<Field> = original
            .fields()
            .iter()
            .zip(names)
            .map(|(field, name)| {
                let kept = kept_as(field.data_type());
                Field::new(name, kept.unwrap_or(field.data_type().clone()), true)
            })
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let mut at_least = TableSize::without_text(&schema, rows);
        at_least.bytes = at_least.bytes.saturating_add(largest_pages);
        let builder = builder.with_batch_size(batch_rows(schema.fields().len()));
        let batches = guarded(|| builder.build()).ok_or_else(damaged)?;
        let mut batches = batches.map_err(refuse)?;
        let target = schema.clone();
        let (mut unchecked, mut failed) = (Some((again, all)), false);
        let batches = std::iter::from_fn(move || {
            if failed {
                return None;
            }
            if let Some((file, metadata)) = unchecked.take() {
                let check = || parquet_pages::check_packed(&file, &metadata).map_err(reason);
                let checked = guarded(check).unwrap_or_else(|| Err(DAMAGED.to_string()));
                if let Err(error) = checked {
                    failed = true;
                    return Some(Err(error));
                }
            }
            let read = || batches.next().map(|batch| convert(&batch?, &target));
            let batch = match guarded(read) {
                Some(batch) => batch?.map_err(|error| error.to_string()),
                None => Err(DAMAGED.to_string()),
            };
            failed = batch.is_err();
            Some(batch)
        });
        Ok(Self {
            source: Source {
                name: name.to_string(),
                csv: None,
                lines: false,
                skips: false,
            },
            schema,
            batches: Box::new(batches),
            skipped: SkippedRows::default(),
            at_least,
        })
    }
}

impl Iterator for TableReader {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batches.next()?;
        Some(batch.map_err(|reason| self.source.malformed(reason)))
    }
}

impl Source {
    pub fn memory(name: &str) -> Self {
        Self {
            name: name.to_string(),
            csv: None,
            lines: false,
            skips: false,
        }
    }

    /// Names a row, counted from 0, as a place in the file.
    pub fn place(&self, row: usize) -> String {
        let line = self.csv.as_ref().and_then(|(path, delimiter, header)| {
            let mut records = reread(path, *delimiter, *header)?.into_byte_records();
            let record = records.nth(row)?.ok()?;
            line_at(path, record.position()?.byte())
        });
        match line {
            Some(line) => format!("{}:{line}", self.name),
            None if self.lines => format!("{}, data row {}", self.name, row + 1),
            None => format!("{}, row {}", self.name, row + 1),
        }
    }

    /// A file that stopped making sense: read once more, it tells the exact line.
    fn malformed(&self, reason: String) -> TableError {
        let long = reason.contains(TOO_LONG);
        let csv = self.csv.as_ref().filter(|_| !self.skips && !long);
        let again = csv.and_then(|(path, delimiter, header)| {
            let mut reader = reread(path, *delimiter, *header)?;
            let expected = reader.byte_headers().ok()?.len();
            for record in reader.into_byte_records() {
                let record = record.ok()?;
                let unclosed = record
                    .iter()
                    .next_back()
                    .is_some_and(|field| field.ends_with(END));
                let not_text = record.iter().position(|v| std::str::from_utf8(v).is_err());
                let reason = match (not_text, record.len()) {
                    _ if unclosed => UNCLOSED.to_string(),
                    (Some(field), _) => not_utf8(field),
                    (None, found) if found != expected => wrong_number_of_fields(found, expected),
                    _ => continue,
                };
                return Some((line_at(path, record.position()?.byte())?, reason));
            }
            None
        });
        match again {
            Some((line, reason)) => malformed(&format!("{}:{line}", self.name), reason),
            None => malformed(&self.name, reason),
        }
    }
}

fn ends_in_quotes(batch: &RecordBatch) -> bool {
    let last = batch.columns().last();
    let last = last.and_then(|column| column.as_string_opt::<i32>());
    let value = last.and_then(|column| column.iter().next_back().flatten());
    value.is_some_and(|value| value.as_bytes().ends_with(END))
}

fn malformed(place: &str, reason: impl Into<String>) -> TableError {
    TableError::Malformed {
        place: place.to_string(),
        reason: reason.into(),
    }
}

pub(crate) fn not_utf8(field: usize) -> String {
    format!(
        "field {} is not UTF-8 text: save the file as UTF-8",
        field + 1
    )
}

pub(crate) fn wrong_number_of_fields(found: usize, expected: usize) -> String {
    let fields = if found == 1 { "field" } else { "fields" };
    format!(
        "this row has {found} {fields}, the header {expected}; quote a field that holds the \
         delimiter"
    )
}

/// Arrow's message without its own preface.
fn plain(message: &str) -> String {
    let prefaces = ["Csv error: ", "Io error: ", "Parser error: "];
    let plain = prefaces
        .iter()
        .fold(message, |m, p| m.trim_start_matches(p));
    plain.to_string()
}

/// The text of a CSV file, without a byte order mark.
fn text(path: &Path) -> Option<impl Read> {
    let mut bytes = decompressed(File::open(path).ok()?).ok()?;
    let head = head(&mut bytes).ok()?;
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&head).to_vec();
    Some(Cursor::new(head).chain(bytes))
}

fn reread(path: &Path, delimiter: u8, header: bool) -> Option<csv::Reader<impl Read>> {
    let reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(header)
        .flexible(true)
        .from_reader(text(path)?.chain(END));
    Some(reader)
}

/// The line of the first byte from this one on that is no end of a line: the csv crate tells where
/// it began to look for a record, which may be in the middle of a `\r\n`, or at empty lines.
fn line_at(path: &Path, byte: u64) -> Option<u64> {
    let mut line = 1;
    for (place, next) in (0..).zip(BufReader::new(text(path)?).bytes()) {
        let next = next.ok()?;
        if place >= byte && !matches!(next, b'\r' | b'\n') {
            break;
        }
        line += u64::from(next == b'\n');
    }
    Some(line)
}

/// Undoes gzip where the bytes start like it.
fn decompressed(mut bytes: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut magic = Vec::new();
    bytes.by_ref().take(2).read_to_end(&mut magic)?;
    let gzip = magic == GZIP;
    let all = Cursor::new(magic).chain(bytes);
    Ok(match gzip {
        true => Box::new(BufReader::new(MultiGzDecoder::new(BufReader::new(all)))),
        false => Box::new(BufReader::new(all)),
    })
}

/// Enough of the file to hold its first line: at least 64 KiB, and on to the end of that line.
fn head(bytes: &mut impl Read) -> io::Result<Vec<u8>> {
    const LONGEST_LINE: u64 = 64 << 20;
    let mut head = Vec::new();
    loop {
        let before = head.len();
        bytes.by_ref().take(64 << 10).read_to_end(&mut head)?;
        let ended = head.len() == before;
        if ended || head.contains(&b'\n') || head.len() as u64 > LONGEST_LINE {
            return Ok(head);
        }
    }
}

/// The likeliest delimiter: the one that the first row has most of, outside quotes.
fn sniff(head: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in head.iter().skip_while(|byte| matches!(byte, b'\r' | b'\n')) {
        quoted ^= byte == b'"';
        if byte == b'\n' && !quoted {
            break;
        }
        if let Some((_, count)) = counts.iter_mut().find(|(d, _)| *d == byte && !quoted) {
            *count += 1;
        }
    }
    let mut best = counts[0];
    for candidate in counts {
        if candidate.1 > best.1 {
            best = candidate;
        }
    }
    best.0
}

/// The names of the columns, every one different.
fn header(
    name: &str,
    head: &[u8],
    delimiter: u8,
    has_header: bool,
) -> Result<Vec<String>, TableError> {
    let mut first = csv::ByteRecord::new();
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .from_reader(head.chain(END))
        .read_byte_record(&mut first)
        .map_err(|error| malformed(name, error.to_string()))?;
    if first
        .iter()
        .next_back()
        .is_some_and(|field| field.ends_with(END))
    {
        return Err(malformed(&format!("{name}:1"), UNCLOSED));
    }
    let fields: Vec<&str> = first
        .iter()
        .enumerate()
        .map(|(field, text)| std::str::from_utf8(text).map_err(|_| field))
        .collect::<Result<_, _>>()
        .map_err(|field| malformed(&format!("{name}:1"), not_utf8(field)))?;
    if !has_header {
        return Ok((1..=fields.len()).map(|n| format!("column_{n}")).collect());
    }
    if fields
        .iter()
        .all(|field| field.trim().parse::<f64>().is_ok())
    {
        return Err(malformed(
            &format!("{name}:1"),
            "the first line holds numbers, not column names: add a header line, or pass \
             --no-header",
        ));
    }
    Ok(unique_names(
        fields
            .iter()
            .map(|field| field.trim().to_string())
            .collect(),
    ))
}

/// Names columns without a name by their place, and numbers those whose name another one has.
fn unique_names(names: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    let all: HashSet<String> = names.iter().cloned().collect();
    names
        .into_iter()
        .enumerate()
        .map(|(place, name)| {
            let base = match name.is_empty() {
                true => format!("column_{}", place + 1),
                false => name,
            };
            let mut unique = base.clone();
            let mut number = 1;
            while seen.contains(&unique) || (unique != base && all.contains(&unique)) {
                unique = format!("{base}.{number}");
                number += 1;
            }
            seen.insert(unique.clone());
            unique
        })
        .collect()
}

/// Fewer rows at a time for wide tables, so that a batch stays some megabytes.
fn batch_rows(columns: usize) -> usize {
    (BATCH_ROWS * 32 / columns.max(1)).clamp(64, BATCH_ROWS)
}

fn convert(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let columns: Vec<ArrayRef> = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(
            |(array, field)| match field.data_type() == array.data_type() {
                true => Ok(array.clone()),
                false => cast(array, field.data_type()),
            },
        )
        .collect::<Result<_, _>>()?;
    RecordBatch::try_new(schema.clone(), columns)
}
