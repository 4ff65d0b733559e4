//! Reading CSV.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::batches::{Batches, batch_rows};
use crate::byte_limit::{ByteBudget, LimitedReader, text_limit};
use crate::csv_rows::{BadRows, CsvRows, DELIMITER, is_too_long};
use crate::csv_text::{END, Head, UNCLOSED, head, open_text};
use crate::encoding::as_utf8;
use crate::error::TableError;
use crate::find_layout::{Found, find_layout};
use crate::layout::Layout;
use crate::notes::{LayoutInfo, Notes};
use crate::read_options::ReadOptions;
use crate::repeated_header::without_headers;
use crate::selection::Selection;
use crate::skip_bad_rows::SkippedRows;
use crate::source::{CsvFile, Source};
use crate::table_end::WithoutEnd;
use crate::table_size::TableSize;
use crate::unpacked::Unpacked;
use crate::utf8::Utf8;

type Rows = Box<dyn Iterator<Item = Result<RecordBatch, String>> + Send>;

/// A file on disk, which can be read again to find a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OnDisk<'a> {
    pub path: &'a Path,
    pub bytes: u64,
}

/// Opens CSV. Every column is text.
pub(crate) fn csv_batches(
    name: &str,
    file: Option<OnDisk<'_>>,
    unpacked: Unpacked,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    let io_error = |error| TableError::io(name, error);
    let compressed = unpacked.compression.is_some();
    let suffix = unpacked.entry.unwrap_or_else(|| name.to_string());
    let mut text = as_utf8(unpacked.bytes, options.encoding).map_err(io_error)?;
    let head = head(&mut text).map_err(io_error)?;
    check_head(&head).map_err(|reason| TableError::malformed(name, reason))?;
    let found = find_layout(name, &suffix, &head, options)?;
    let (layout, info) = layout_info(found, unpacked.note);
    let csv = file.map(|file| CsvFile {
        path: file.path.to_path_buf(),
        encoding: options.encoding,
        layout: layout.clone(),
    });
    let schema = text_schema(&layout.names);
    let skipped = SkippedRows::default();
    let text = Cursor::new(head.bytes).chain(text);
    let found_rows = FoundRows {
        name,
        csv: csv.as_ref(),
        layout: &layout,
        schema: &schema,
        notes: &info.notes,
        limit: text_limit(options),
    };
    let batches = found_rows.read(text, options.skip_bad_rows.then(|| skipped.clone()))?;
    let selection = Selection::of_schema(&schema, options);
    let schema = selection.schema(&schema);
    // A text takes no less memory than its file, if all columns are read.
    let plain = layout.plain && !options.skip_bad_rows;
    let is_all = plain && !compressed && options.encoding.is_none() && selection.is_all();
    let whole_file = file.filter(|_| is_all);
    Ok(Batches {
        source: Source {
            name: name.to_string(),
            csv,
            is_text: true,
            skips_bad_rows: options.skip_bad_rows,
        },
        batches: selected(batches, selection, schema.clone(), info.notes.clone()),
        schema,
        skipped,
        at_least: TableSize {
            bytes: whole_file.map_or(0, |file| file.bytes),
            ..TableSize::default()
        },
        layout: info,
    })
}

/// The layout, and what is kept of the way it was found. `note` is about how the file is packed.
fn layout_info(found: Found, note: Option<String>) -> (Layout, LayoutInfo) {
    let notes = Notes::default();
    for note in note.into_iter().chain(found.notes) {
        notes.add(note);
    }
    let info = LayoutInfo {
        notes,
        delimiter: Some(found.layout.dialect.delimiter),
        repeated_names: found.repeated,
        header_looks_like_data: found.header_looks_like_data,
        one_column: found.one_column,
    };
    (found.layout, info)
}

/// The columns to read of the rows above the end. Whether a row is blank is decided by all of its fields.
fn selected(rows: Rows, selection: Selection, schema: SchemaRef, notes: Notes) -> Rows {
    let rows = WithoutEnd::new(rows, notes);
    Box::new(rows.map(move |batch| {
        let batch = selection.of_batch(&schema, batch?);
        batch.map_err(|error| error.to_string())
    }))
}

/// Checks that the start of a file may be that of a table.
fn check_head(head: &Head) -> Result<(), &'static str> {
    match () {
        () if head.bytes.iter().all(u8::is_ascii_whitespace) => Err("the file is empty"),
        () if is_binary(&head.bytes) => Err(BINARY),
        () if head.is_cut_off() => {
            Err("the first line has more than 16 MB: it does not name the columns of a table")
        }
        () => Ok(()),
    }
}

/// How the rows of a file are read whose layout is known.
struct FoundRows<'a> {
    name: &'a str,
    csv: Option<&'a CsvFile>,
    layout: &'a Layout,
    schema: &'a SchemaRef,
    notes: &'a Notes,
    /// The largest size of the text of a batch, in bytes.
    limit: u64,
}

impl FoundRows<'_> {
    /// The rows. Bad ones are refused, or else noted in `skipped`.
    fn read(
        &self,
        text: impl Read + Send + 'static,
        skipped: Option<SkippedRows>,
    ) -> Result<Rows, TableError> {
        match skipped {
            Some(skipped) => self.rewritten(text, BadRows::Skip(skipped)),
            None if self.layout.plain => self.plain(text),
            None => self.rewritten(text, BadRows::Refuse),
        }
    }

    /// The rows of a plain file, straight from Arrow's reader until one of them is not plain.
    fn plain(&self, text: impl Read + Send + 'static) -> Result<Rows, TableError> {
        let schema = self.schema.clone();
        let rows = plain_rows(
            self.name,
            text,
            self.layout,
            self.notes,
            (schema, self.limit),
        )?;
        let again = self.csv.map(|file| Again {
            file: file.clone(),
            schema: self.schema.clone(),
            notes: self.notes.clone(),
            limit: self.limit,
        });
        Ok(Box::new(PlainFirst::new(rows, again)))
    }

    /// The rows of any other file.
    fn rewritten(
        &self,
        text: impl Read + Send + 'static,
        bad: BadRows,
    ) -> Result<Rows, TableError> {
        let rows = |text| CsvRows::new(text, self.layout.clone(), bad, self.notes.clone());
        rewritten_rows(text, rows, (self.schema.clone(), self.limit))
            .map_err(|error| TableError::malformed(self.name, error))
    }
}

const BINARY: &str = "this is a binary file of an unknown kind: a table is CSV, Parquet, Arrow, JSON lines or \
                      Excel, and may be compressed by gzip, zstd, xz, bzip2 or zip";

/// Whether more than one of the first bytes in fifty is a control character that no text has. Two of them delimit
/// fields in files of Hive and others.
fn is_binary(head: &[u8]) -> bool {
    const SAMPLE: usize = 1 << 10;
    let head = &head[..head.len().min(SAMPLE)];
    let is_control = |byte: &&u8| matches!(byte, 0 | 2..=8 | 14..=26 | 28..=30);
    head.iter().filter(is_control).count() * 50 > head.len()
}

/// The rows of a plain file, straight from Arrow's reader.
fn plain_rows(
    name: &str,
    text: impl Read + Send + 'static,
    layout: &Layout,
    notes: &Notes,
    (schema, limit): (SchemaRef, u64),
) -> Result<Rows, TableError> {
    let budget = ByteBudget::new(limit);
    let text = LimitedReader::new(text.chain(END), budget.clone());
    let text = Utf8::new(text, layout.guess);
    let batches = arrow_csv::ReaderBuilder::new(schema)
        .with_header(layout.header)
        .with_delimiter(layout.dialect.delimiter)
        .with_batch_size(batch_rows(layout.names.len()))
        .build(text)
        .map_err(|error| TableError::malformed(name, error.to_string()))?;
    let (layout, notes) = (layout.clone(), notes.clone());
    let batches = batches.map(move |batch| {
        budget.reset();
        let batch = batch.map_err(|error| without_prefix(&error.to_string()))?;
        match ends_inside_quotes(&batch) {
            true => Err(UNCLOSED.to_string()),
            false => without_headers(batch, &layout, &notes),
        }
    });
    let has_rows = |batch: &Result<RecordBatch, String>| {
        !batch.as_ref().is_ok_and(|batch| batch.num_rows() == 0)
    };
    Ok(Box::new(batches.filter(has_rows)))
}

/// The rows of any other file, which are rewritten as plain CSV first.
fn rewritten_rows<R: Read + Send + 'static>(
    text: R,
    rows: impl FnOnce(LimitedReader<R>) -> CsvRows<LimitedReader<R>>,
    (schema, limit): (SchemaRef, u64),
) -> Result<Rows, String> {
    let budget = ByteBudget::new(limit);
    let text = rows(LimitedReader::new(text, budget.clone())).within(budget.clone());
    let size = batch_rows(schema.fields().len());
    let batches = arrow_csv::ReaderBuilder::new(schema)
        .with_header(false)
        .with_delimiter(DELIMITER)
        .with_batch_size(size)
        .build(text)
        .map_err(|error| without_prefix(&error.to_string()))?;
    Ok(Box::new(batches.map(move |batch| {
        budget.reset();
        batch.map_err(|error| without_prefix(&error.to_string()))
    })))
}

/// How to read a plain file again, row by row.
struct Again {
    file: CsvFile,
    schema: SchemaRef,
    notes: Notes,
    /// The text of a batch, in bytes, at most.
    limit: u64,
}

impl Again {
    /// The rows after the first ones.
    fn rows_after(self, rows: usize) -> Option<Rows> {
        let text = open_text(&self.file.path, self.file.encoding)?;
        let (layout, notes) = (self.file.layout, self.notes);
        let rewrite = |text| CsvRows::new(text, layout, BadRows::Refuse, notes).after(rows);
        rewritten_rows(text, rewrite, (self.schema, self.limit)).ok()
    }
}

/// Plain rows, until one of them is not: the rest is then read row by row, because comments, short rows
/// and the end of a report may come after the first lines, by which a file was found to be plain.
struct PlainFirst {
    rows: Rows,
    read: usize,
    again: Option<Again>,
}

impl PlainFirst {
    fn new(rows: Rows, again: Option<Again>) -> Self {
        Self {
            rows,
            read: 0,
            again,
        }
    }
}

impl Iterator for PlainFirst {
    type Item = Result<RecordBatch, String>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.rows.next()? {
            Ok(batch) => {
                self.read += batch.num_rows();
                Some(Ok(batch))
            }
            Err(reason) if is_too_long(&reason) => Some(Err(reason)),
            Err(reason) => match self
                .again
                .take()
                .and_then(|again| again.rows_after(self.read))
            {
                Some(rows) => {
                    self.rows = rows;
                    self.rows.next()
                }
                None => Some(Err(reason)),
            },
        }
    }
}

fn text_schema(names: &[String]) -> SchemaRef {
    let fields = names.iter();
    let fields = fields.map(|name| Field::new(name, DataType::Utf8, true));
    Arc::new(Schema::new(fields.collect::<Vec<Field>>()))
}

fn ends_inside_quotes(batch: &RecordBatch) -> bool {
    let last = batch.columns().last();
    let last = last.and_then(|column| column.as_string_opt::<i32>());
    let value = last.and_then(|column| column.iter().next_back().flatten());
    value.is_some_and(|value| value.as_bytes().ends_with(END))
}

/// Arrow's message without its prefixes.
fn without_prefix(message: &str) -> String {
    let prefixes = ["Csv error: ", "Io error: ", "Parser error: "];
    let plain = prefixes.iter().fold(message, |message, prefix| {
        message.trim_start_matches(prefix)
    });
    plain.to_string()
}
