//! Reading tables batch by batch, from files, standard input and memory.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::batches::Batches;
use crate::csv_batches::{OnDisk, csv_batches};
use crate::decompress::unpacked;
use crate::error::TableError;
use crate::notes::LayoutInfo;
#[cfg(feature = "parquet")]
use crate::parquet_batches::parquet_batches;
use crate::read_options::ReadOptions;
use crate::skip_bad_rows::Skipped;
use crate::source::Source;
use crate::table_size::TableSize;

/// Reads a table batch by batch.
///
/// Columns of a CSV file are text. Columns of a Parquet file keep their types: numbers become
/// `Float64`, dates `Timestamp` in microseconds; booleans and text are not changed.
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
pub struct TableReader(Batches);

/// The first bytes of a Parquet file.
const PARQUET: &[u8] = b"PAR1";

impl TableReader {
    /// Opens a file, or standard input if the path is `-`. The format is detected from the first
    /// bytes; files may be compressed by gzip, zstd, xz or bzip2, or be in a zip archive.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is empty, or has no usable header.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, TableError> {
        let path = path.as_ref();
        if path == Path::new("-") {
            return Self::from_reader("standard input", io::stdin(), options);
        }
        let name = path.display().to_string();
        let io_error = |error| TableError::io(&name, error);
        let mut file = File::open(path).map_err(io_error)?;
        let about = file.metadata().map_err(io_error)?;
        if about.is_dir() {
            return Err(TableError::malformed(
                &name,
                "this is a folder, not a table",
            ));
        }
        let magic = first_bytes(&mut file).map_err(io_error)?;
        if magic == PARQUET {
            return open_parquet(&name, file);
        }
        // A pipe cannot be read a second time, and has no size.
        let on_disk = about.is_file().then_some(OnDisk {
            path,
            bytes: about.len(),
        });
        read_stream(&name, on_disk, Cursor::new(magic).chain(file), options)
    }

    /// Reads a table from any source of bytes; `name` is what error messages call it.
    ///
    /// # Errors
    ///
    /// The same as for [`open`](Self::open).
    pub fn from_reader(
        name: &str,
        bytes: impl Read + Send + 'static,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        let (magic, bytes) = peeked(name, bytes)?;
        match magic == PARQUET {
            true => buffer_parquet(name, bytes),
            false => read_stream(name, None, bytes, options),
        }
    }

    /// What was done about the layout of a text file, such as lines that were left out. Some is known
    /// only after the last row was read.
    pub fn notes(&self) -> Vec<String> {
        self.0.layout.notes.all()
    }

    /// Names that the header of a text file has more than once, as they are there.
    pub fn repeated_names(&self) -> &[String] {
        &self.0.layout.repeated_names
    }

    /// Whether the first line of a text file was taken for the header, and looks like a row.
    pub fn first_line_looks_like_data(&self) -> bool {
        self.0.layout.header_looks_like_data
    }

    pub(crate) fn layout(&self) -> &LayoutInfo {
        &self.0.layout
    }

    /// The Arrow schema of the batches.
    pub fn schema(&self) -> SchemaRef {
        self.0.schema.clone()
    }

    /// What error messages call the table.
    pub fn name(&self) -> &str {
        &self.0.source.name
    }

    /// The bad rows that were skipped since the last call.
    pub fn skipped(&self) -> Vec<Skipped> {
        self.0.skipped.take()
    }

    /// A lower bound on the size, known before anything is read: a CSV file takes at least its bytes,
    /// and a Parquet file states its rows and types.
    pub fn at_least(&self) -> TableSize {
        self.0.at_least
    }

    pub(crate) fn source(&self) -> Source {
        self.0.source.clone()
    }

    /// Describes where a row is, for messages: `houses.csv:7`. Rows count from 0 over the whole
    /// table.
    pub fn location(&self, row: usize) -> String {
        self.0.source.location(row)
    }
}

impl Iterator for TableReader {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.0.batches.next()?;
        Some(batch.map_err(|reason| self.0.source.malformed(reason)))
    }
}

/// Reads CSV or compressed content. What is in a compressed file may be of any format.
fn read_stream(
    name: &str,
    file: Option<OnDisk<'_>>,
    bytes: impl Read + Send + 'static,
    options: &ReadOptions,
) -> Result<TableReader, TableError> {
    let mut unpacked = unpacked(name, file.map(|file| file.path), bytes)?;
    if unpacked.compressed {
        let (magic, bytes) = peeked(name, unpacked.bytes)?;
        if magic == PARQUET {
            return buffer_parquet(name, bytes);
        }
        unpacked.bytes = Box::new(bytes);
    }
    csv_batches(name, file, unpacked, options).map(TableReader)
}

/// The first bytes, and all bytes.
fn peeked<R: Read + Send + 'static>(
    name: &str,
    mut bytes: R,
) -> Result<(Vec<u8>, impl Read + Send + use<R>), TableError> {
    let magic = first_bytes(&mut bytes).map_err(|error| TableError::io(name, error))?;
    Ok((magic.clone(), Cursor::new(magic).chain(bytes)))
}

fn first_bytes(bytes: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut magic = Vec::new();
    bytes.by_ref().take(4).read_to_end(&mut magic)?;
    Ok(magic)
}

#[cfg(feature = "parquet")]
fn open_parquet(name: &str, file: File) -> Result<TableReader, TableError> {
    parquet_batches(name, file).map(TableReader)
}

/// Copies Parquet into a temporary file, because it is read from its end.
#[cfg(feature = "parquet")]
fn buffer_parquet(name: &str, mut bytes: impl Read) -> Result<TableReader, TableError> {
    let io_error = |error| TableError::io(name, error);
    let mut file = tempfile::tempfile().map_err(io_error)?;
    io::copy(&mut bytes, &mut file).map_err(io_error)?;
    open_parquet(name, file)
}

#[cfg(not(feature = "parquet"))]
fn open_parquet(name: &str, _file: File) -> Result<TableReader, TableError> {
    Err(no_parquet(name))
}

#[cfg(not(feature = "parquet"))]
fn buffer_parquet(name: &str, _bytes: impl Read) -> Result<TableReader, TableError> {
    Err(no_parquet(name))
}

#[cfg(not(feature = "parquet"))]
fn no_parquet(name: &str) -> TableError {
    TableError::malformed(
        name,
        "this is a Parquet file, and the program was built without the feature `parquet` of \
         backburn-table: enable the feature, or convert the file to CSV",
    )
}
