//! Reading tables batch by batch, from files, standard input and memory.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::batches::Batches;
use crate::csv_batches::csv_batches;
use crate::csv_text::GZIP;
use crate::error::TableError;
use crate::no_column::no_column;
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
    /// bytes; CSV may be compressed by gzip.
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
        let again = about.is_file().then_some(path);
        // Text takes no less memory than the file, unless the file is compressed.
        let bytes = match magic.starts_with(GZIP) {
            true => 0,
            false => about.len(),
        };
        let mut batches = csv_batches(&name, again, Cursor::new(magic).chain(file), options)?;
        batches.at_least = TableSize { rows: 0, bytes };
        Ok(Self(batches))
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
        let magic = first_bytes(&mut bytes).map_err(|error| TableError::io(name, error))?;
        let is_parquet = magic == PARQUET;
        let bytes = Cursor::new(magic).chain(bytes);
        match is_parquet {
            true => buffer_parquet(name, bytes),
            false => Ok(Self(csv_batches(name, None, bytes, options)?)),
        }
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

    /// The error of a column that the table does not have. It lists the columns that there are.
    pub fn no_column(&self, name: &str) -> TableError {
        let names = self
            .0
            .schema
            .fields()
            .iter()
            .map(|field| field.name().as_str());
        no_column(self.name(), name, names, self.0.source.is_text)
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
