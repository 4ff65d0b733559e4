//! Reading tables batch by batch, from files, standard input and memory.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::batches::Batches;
use crate::compression::Compression;
use crate::content_kind::{ContentKind, content_batches};
use crate::csv_batches::{OnDisk, csv_batches};
use crate::decompress::unpacked;
use crate::encoding::{is_encoded, start_as_utf8};
use crate::error::TableError;
use crate::escaped::path_name;
use crate::file_kind::{FileKind, HEAD_BYTES, is_plain_text};
use crate::many_files::many_batches;
use crate::missing_file::with_advice;
use crate::no_column::no_column;
use crate::notes::LayoutInfo;
use crate::part_files::part_files;
use crate::parts::Parts;
use crate::read_options::ReadOptions;
use crate::skip_bad_rows::Skipped;
use crate::source::Source;
use crate::table_size::TableSize;
use crate::typed_file::typed_batches;
use crate::unused_options::unused_options;

/// Reads a table batch by batch.
///
/// Columns of a CSV file are text, of type `Utf8`. Columns of other files keep their types: dates become
/// `Timestamp` in microseconds, and text `LargeUtf8`. Numbers become `Float64`; those of 64 bits and whole
/// decimals stay, so that they keep all digits.
///
/// ```
/// use backburn_table::{ReadOptions, TableError, TableReader};
///
/// let csv = "size,price\n120,300\n95,240\n";
/// let reader = TableReader::from_reader("houses.csv", csv.as_bytes(), &ReadOptions::default())?;
/// let rows: Result<Vec<usize>, TableError> = reader.map(|batch| Ok(batch?.num_rows())).collect();
/// assert_eq!(rows?, [2]);
/// # Ok::<(), TableError>(())
/// ```
pub struct TableReader {
    batches: Batches,
    parts: Parts,
}

impl TableReader {
    /// Opens a file, or standard input if the path is `-`. A folder, or a pattern of names such as
    /// `sales/*.csv`, is read as one table, in the order of the names. The kind of a file is detected
    /// from its first bytes; each may be compressed by gzip, zstd, xz or bzip2, or be in a zip archive.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is empty, or has no columns or no usable header; or the files of one table
    /// have different columns.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, TableError> {
        let path = path.as_ref();
        if path == Path::new("-") {
            return Self::from_reader("standard input", io::stdin(), options);
        }
        let Some(found) = part_files(path, &options.known_columns)? else {
            return Self::of(open_file(path, options)?, Parts::default());
        };
        let of_files = options.clone();
        let open = move |path: &Path| open_file(path, &of_files);
        let name = path_name(path);
        let (batches, parts) = many_batches(&name, found, Box::new(open), options)?;
        Self::of(batches, parts)
    }

    /// Reads a table from any source of bytes; `name` is what error messages call it.
    ///
    /// # Errors
    ///
    /// The same as for [`open`](Self::open).
    pub fn from_reader(
        name: &str,
        mut bytes: impl Read + Send + 'static,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let head = first_bytes(&mut bytes).map_err(|error| TableError::io(name, error))?;
        let batches = match kind_of(&head, options) {
            FileKind::Text => open_text(name, None, Cursor::new(head).chain(bytes), options),
            kind => buffered(name, kind, Cursor::new(head).chain(bytes), options),
        };
        Self::of(batches?, Parts::default())
    }

    /// Reads a table in memory whose kind is stated, and not detected. Nothing is decompressed but the
    /// columns of Arrow, and no file is written. `name` is what error messages call it.
    ///
    /// # Errors
    ///
    /// The content is not of that kind, or has no usable header.
    pub fn from_bytes(
        name: &str,
        kind: ContentKind,
        content: Arc<[u8]>,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let batches = content_batches(name, kind, content, options)?;
        Self::of(batches, Parts::default())
    }

    /// Checks that there is a column: Arrow and Parquet can have rows without any.
    fn of(batches: Batches, parts: Parts) -> Result<Self, TableError> {
        if batches.schema.fields().is_empty() {
            return Err(TableError::Unusable {
                name: batches.source.name.clone(),
                reason: "the table has no columns".to_string(),
            });
        }
        Ok(Self { batches, parts })
    }

    /// The Arrow schema of the batches.
    pub fn schema(&self) -> SchemaRef {
        self.batches.schema.clone()
    }

    /// What error messages call the table.
    pub fn name(&self) -> &str {
        &self.batches.source.name
    }

    /// The bad rows that were skipped since the last call, in order.
    pub fn skipped(&self) -> Vec<Skipped> {
        self.batches.skipped.take()
    }

    /// A lower bound on the size, known before anything is read: a CSV file takes at least its bytes,
    /// and a Parquet file states its rows and types.
    pub fn at_least(&self) -> TableSize {
        self.batches.at_least
    }

    /// What was done about the layout of a file, such as lines that were left out, and which sheet of a
    /// workbook is read. Some is known only after the last row was read.
    pub fn notes(&self) -> Vec<String> {
        self.batches.layout.notes.all()
    }

    /// Names that the header of a text file has more than once, as they are there.
    pub fn repeated_names(&self) -> &[String] {
        &self.batches.layout.repeated_names
    }

    /// Whether the first line of a text file was taken for the header, and looks like a row.
    pub fn first_line_looks_like_data(&self) -> bool {
        self.batches.layout.header_looks_like_data
    }

    pub(crate) fn layout(&self) -> &LayoutInfo {
        &self.batches.layout
    }

    pub(crate) fn parts(&self) -> Parts {
        self.parts.clone()
    }

    /// The error of a column that the table does not have. It lists the columns that there are.
    pub fn no_column(&self, name: &str) -> TableError {
        let fields = self.batches.schema.fields().iter();
        let names = fields.map(|field| field.name().as_str());
        no_column(self.name(), name, names, &self.batches.layout)
    }

    pub(crate) fn source(&self) -> Source {
        self.batches.source.clone()
    }

    /// Describes where a row is, for messages: `houses.csv:7`. Rows count from 0 over the whole
    /// table.
    pub fn location(&self, row: usize) -> String {
        let of_file = self.parts.location(row);
        of_file.unwrap_or_else(|| self.batches.source.location(row))
    }
}

impl Iterator for TableReader {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batches.batches.next()?;
        Some(batch.map_err(|reason| {
            let of_file = self.parts.malformed(&reason);
            of_file.unwrap_or_else(|| self.batches.source.malformed(reason))
        }))
    }
}

fn open_file(path: &Path, options: &ReadOptions) -> Result<Batches, TableError> {
    let name = path_name(path);
    let io_error = |error| TableError::io(&name, error);
    let file = File::open(path).map_err(|error| with_advice(path, error));
    let mut file = file.map_err(io_error)?;
    let about = file.metadata().map_err(io_error)?;
    let head = first_bytes(&mut file).map_err(io_error)?;
    match kind_of(&head, options) {
        FileKind::Text => {}
        // A pipe cannot be read a second time, and has no size.
        kind if about.is_file() => return typed(&name, kind, file, options),
        kind => return buffered(&name, kind, Cursor::new(head).chain(file), options),
    }
    let on_disk = about.is_file().then_some(OnDisk {
        path,
        bytes: about.len(),
    });
    open_text(&name, on_disk, Cursor::new(head).chain(file), options)
}

/// The kind of a file with these first bytes. JSON may be in another encoding than UTF-8.
fn kind_of(head: &[u8], options: &ReadOptions) -> FileKind {
    match FileKind::of(head) {
        FileKind::Text if is_encoded(head, options.encoding) => {
            FileKind::of(start_as_utf8(head, options.encoding).as_bytes())
        }
        FileKind::Other(..) if options.skip_lines > 0 && is_plain_text(head) => {
            kind_below(head, options.skip_lines)
        }
        kind => kind,
    }
}

/// The kind of a text by what is below its first lines, which are left out: a table may follow other lines.
fn kind_below(head: &[u8], lines: usize) -> FileKind {
    let mut rest = head;
    for _ in 0..lines {
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => rest = &rest[end + 1..],
            None => return FileKind::Text,
        }
    }
    match FileKind::of(rest) {
        FileKind::Other(what, to_do) => FileKind::Other(what, to_do),
        _ => FileKind::Text,
    }
}

/// Opens text, which may be compressed. What is compressed may be a file of another kind.
fn open_text(
    name: &str,
    file: Option<OnDisk<'_>>,
    bytes: impl Read + Send + 'static,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    let mut text = unpacked(name, file.map(|file| file.path), options.memory, bytes)?;
    if let Some(outer) = text.compression {
        let head = first_bytes(&mut text.bytes).map_err(|error| TableError::io(name, error))?;
        let kind = kind_of(&head, options);
        if let FileKind::Other(what, to_do) = kind {
            let what = format!("{what}, compressed by {outer}");
            return Err(TableError::not_read(name, &what, to_do));
        }
        if let (FileKind::Text, Some(inner)) = (kind, Compression::of(&head)) {
            return Err(TableError::malformed(name, twice(outer, inner)));
        }
        text.bytes = Box::new(Cursor::new(head).chain(text.bytes));
        if kind != FileKind::Text {
            let bytes = AtMost(text.bytes, MAX_BUFFERED);
            let batches = buffered(name, kind, bytes, options)?;
            text.note
                .into_iter()
                .for_each(|note| batches.layout.notes.add(note));
            return Ok(batches);
        }
    }
    let batches = csv_batches(name, file, text, options)?;
    add_unused(&batches, FileKind::Text, options);
    Ok(batches)
}

/// The message for a file that is compressed in a compressed one.
fn twice(outer: Compression, inner: Compression) -> String {
    match (outer, inner) {
        (Compression::Zip, inner) => format!(
            "the file in this zip archive is compressed by {inner}: extract it, and pass that"
        ),
        (outer, Compression::Zip) => format!(
            "this is a zip archive that is compressed by {outer}: decompress it, and pass the archive"
        ),
        (outer, inner) => format!(
            "this file is compressed twice, by {inner} and then by {outer}: decompress it once, and pass \
             the result"
        ),
    }
}

/// Bytes of a temporary file that a compressed one is unpacked into, at most.
const MAX_BUFFERED: u64 = 16 << 30;

/// A reader that returns an error after this many bytes.
struct AtMost<R>(R, u64);

impl<R: Read> Read for AtMost<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        let left = self.1.checked_sub(read as u64);
        self.1 = left.ok_or_else(|| {
            let reason =
                "it has more than 16 GB when it is unpacked: unpack it, and pass that file";
            io::Error::other(reason)
        })?;
        Ok(read)
    }
}

/// Copies a file into a temporary one, because it is not read from its start to its end.
fn buffered(
    name: &str,
    kind: FileKind,
    mut bytes: impl Read,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    let io_error = |error| TableError::io(name, error);
    let mut file = tempfile::tempfile().map_err(io_error)?;
    if !matches!(kind, FileKind::Other(..) | FileKind::EncryptedParquet) {
        io::copy(&mut bytes, &mut file).map_err(io_error)?;
    }
    typed(name, kind, file, options)
}

/// Opens a file of another kind than text.
fn typed(
    name: &str,
    kind: FileKind,
    file: File,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    let batches = typed_batches(name, kind, file, options)?;
    add_unused(&batches, kind, options);
    Ok(batches)
}

/// Adds a note on options that mean nothing for a file of this kind.
fn add_unused(batches: &Batches, kind: FileKind, options: &ReadOptions) {
    if let Some(note) = unused_options(kind, options) {
        batches.layout.notes.add(note);
    }
}

fn first_bytes(bytes: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    bytes.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(head)
}
