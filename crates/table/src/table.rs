//! A table in memory.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use arrow_array::{Array, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use arrow_select::interleave::interleave_record_batch;

use crate::cell::{Cell, within_range};
use crate::column::Column;
use crate::column_kind::ColumnKind;
use crate::error::{CellError, TableError};
use crate::no_column::no_column;
use crate::notes::LayoutInfo;
use crate::pandas_index::index_columns;
use crate::parts::Parts;
use crate::read_options::ReadOptions;
use crate::reader::TableReader;
use crate::source::Source;
use crate::stored_type::with_stored_types;
use crate::table_size::TableSize;
use crate::total_row::drop_total_row;

/// A whole table in memory.
///
/// ```
/// use backburn_table::{ReadOptions, Table};
///
/// let csv = "size,price\n120,300\n95,\n";
/// let table = Table::from_reader("houses.csv", csv.as_bytes(), &ReadOptions::default())?;
/// assert_eq!(table.numbers("size")?, [120.0, 95.0]);
/// assert!(table.numbers("price")?[1].is_nan());
/// # Ok::<(), backburn_table::TableError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    source: Source,
    parts: Parts,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: usize,
    layout: LayoutInfo,
    /// The indices of the rows in the table that they were selected from; `None` if they are all of its rows.
    selected: Option<Arc<[usize]>>,
    /// The positions of columns by name, once a wide table needs them.
    positions: OnceLock<Arc<HashMap<String, usize>>>,
}

impl AsRef<Self> for Table {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Table {
    /// Reads a file, the files of a folder, the files whose names fit a pattern such as `sales/*.csv`, or
    /// standard input if the path is `-`. See [`TableReader::open`].
    ///
    /// # Errors
    ///
    /// The file cannot be read, cannot be parsed, or has no rows.
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, TableError> {
        Self::collect(TableReader::open(path, options)?, |_| Ok(()))
    }

    /// Reads a file like [`read`](Self::read), and lets the caller limit the size. `room_for` is called
    /// with a lower bound on the size before anything is read, and with the size so far after each
    /// batch. If it returns an error, reading ends with that error.
    ///
    /// # Errors
    ///
    /// The same as for [`read`](Self::read), and the errors of `room_for`.
    pub fn read_while<E: From<TableError>>(
        path: impl AsRef<Path>,
        options: &ReadOptions,
        room_for: impl FnMut(TableSize) -> Result<(), E>,
    ) -> Result<Self, E> {
        Self::collect(TableReader::open(path, options)?, room_for)
    }

    /// Reads a table from any source of bytes; `name` is what error messages call it.
    ///
    /// # Errors
    ///
    /// The same as for [`read`](Self::read).
    pub fn from_reader(
        name: &str,
        bytes: impl Read + Send + 'static,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        Self::collect(TableReader::from_reader(name, bytes, options)?, |_| Ok(()))
    }

    /// A table of one Arrow record batch. Columns of other types than [`TableReader`] returns are
    /// converted. Text of type `Utf8` is read like that of a CSV file, in which words such as `NA` stand
    /// for missing values; other text is missing only where it is null.
    pub fn from_batch(name: &str, batch: RecordBatch) -> Self {
        Self::of_stored(name, with_stored_types(batch))
    }

    /// A table of one batch whose columns have the types that [`TableReader`] returns.
    fn of_stored(name: &str, batch: RecordBatch) -> Self {
        Self {
            source: Source::typed(name),
            parts: Parts::default(),
            schema: batch.schema(),
            rows: batch.num_rows(),
            batches: vec![batch],
            layout: LayoutInfo::default(),
            selected: None,
            positions: OnceLock::new(),
        }
    }

    /// The same table with other values in its columns.
    pub(crate) fn with_batches(&self, schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self {
            source: self.source.clone(),
            parts: self.parts.clone(),
            layout: self.layout.clone(),
            selected: self.selected.clone(),
            schema,
            rows: batches.iter().map(RecordBatch::num_rows).sum(),
            batches,
            positions: OnceLock::new(),
        }
    }

    /// The byte between the fields of each row, if the table was read from CSV.
    pub(crate) fn delimiter(&self) -> Option<u8> {
        self.layout.delimiter
    }

    /// Reads batches until they take this many bytes in memory, or to the end. The reader continues behind
    /// them.
    ///
    /// # Errors
    ///
    /// A batch cannot be read, or there are no rows.
    pub fn head(reader: &mut TableReader, bytes: u64) -> Result<Self, TableError> {
        let name = reader.name().to_string();
        let mut batches = Vec::new();
        let mut size = 0;
        let mut is_whole = false;
        while size < bytes {
            let Some(batch) = reader.next() else {
                is_whole = true;
                break;
            };
            drop(reader.skipped());
            let batch = shrunk(&name, batch?)?;
            size += batch.get_array_memory_size() as u64;
            batches.push(batch);
        }
        match is_whole {
            true => Self::of_all_batches(reader, batches),
            false => Self::of_batches(reader, batches),
        }
    }

    /// A table of all batches of a reader. A last row of totals is left out.
    fn of_all_batches(
        reader: &TableReader,
        mut batches: Vec<RecordBatch>,
    ) -> Result<Self, TableError> {
        if let Some(note) = drop_total_row(&mut batches) {
            reader.layout().notes.add(note);
        }
        Self::of_batches(reader, batches)
    }

    /// A table of batches that a reader has returned from its start.
    fn of_batches(reader: &TableReader, batches: Vec<RecordBatch>) -> Result<Self, TableError> {
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        if rows == 0 {
            return Err(TableError::Unusable {
                name: reader.name().to_string(),
                reason: "the table has a header but no rows".to_string(),
            });
        }
        Ok(Self {
            source: reader.source(),
            parts: reader.parts(),
            schema: reader.schema(),
            layout: reader.layout().clone(),
            selected: None,
            batches,
            rows,
            positions: OnceLock::new(),
        })
    }

    fn collect<E: From<TableError>>(
        mut reader: TableReader,
        mut room_for: impl FnMut(TableSize) -> Result<(), E>,
    ) -> Result<Self, E> {
        /// A batch is there three times at most while it is read.
        const COPIES: u64 = 3;
        room_for(reader.at_least())?;
        let mut batches = Vec::new();
        let mut size = TableSize {
            at_once: reader.at_least().at_once,
            ..TableSize::default()
        };
        let name = reader.name().to_string();
        while let Some(batch) = reader.next() {
            drop(reader.skipped());
            let batch = shrunk(&name, batch?)?;
            size.rows += batch.num_rows() as u64;
            let bytes = batch.get_array_memory_size() as u64;
            size.bytes += bytes;
            size.at_once = size.at_once.max(COPIES * bytes);
            room_for(size)?;
            batches.push(batch);
        }
        Ok(Self::of_all_batches(&reader, batches)?)
    }

    /// The columns that pandas wrote as the index of the table, from the metadata of a Parquet or Arrow
    /// file. They are columns of the table as well.
    pub fn index_columns(&self) -> Vec<String> {
        index_columns(&self.schema)
    }

    /// What error messages call the table.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What was done about the layout of a file, such as lines that were left out, and which sheet of a
    /// workbook was read.
    pub fn notes(&self) -> Vec<String> {
        self.layout.notes.all()
    }

    /// Names that the header of a text file has more than once, as they are there. In
    /// [`columns`](Self::columns), the later ones have `.1`, `.2` and so on behind.
    pub fn repeated_names(&self) -> &[String] {
        &self.layout.repeated_names
    }

    /// Whether the first line of a text file was taken for the header, and looks like a row.
    pub fn first_line_looks_like_data(&self) -> bool {
        self.layout.header_looks_like_data
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
    }

    /// A column by name.
    ///
    /// # Errors
    ///
    /// The column does not exist; the error suggests a similar name.
    pub fn column(&self, name: &str) -> Result<Column<'_>, TableError> {
        let index = self.position(name).ok_or_else(|| self.no_column(name))?;
        Ok(Column::new(
            self.batches.iter().map(|batch| batch.column(index)),
        ))
    }

    /// Whether the table has a column of this name.
    pub fn has_column(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// The error that a target has no usable values: it is empty, its numbers are too large, or its type
    /// cannot be read.
    pub fn no_values(&self, target: &str) -> TableError {
        let column = match self.column(target) {
            Ok(column) => column,
            Err(error) => return error,
        };
        self.unusable(match column.unreadable() {
            Some(holds) => {
                format!("target `{target}` holds {holds}, which cannot be read")
            }
            None if column.cells().any(|cell| cell != Cell::Missing) => format!(
                "target `{target}` has only numbers that are infinite or too large for 32 bits \
                 (above 3.4e38): divide them by a constant, or predict their logarithm"
            ),
            None => format!("target `{target}` has no values"),
        })
    }

    /// The position of a column.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        const FEW: usize = 64;
        if self.schema.fields().len() <= FEW {
            return self.columns().position(|column| column == name);
        }
        let positions = self.positions.get_or_init(|| {
            let names = self.columns().map(str::to_string);
            Arc::new(names.zip(0..).collect())
        });
        positions.get(name).copied()
    }

    /// The error of a column that the table does not have. It lists the columns that there are.
    pub fn no_column(&self, name: &str) -> TableError {
        let fields = self.schema.fields().iter();
        let names = fields.map(|field| field.name().as_str());
        no_column(self.name(), name, names, &self.layout)
    }

    /// A table of the rows with these indices, in this order; `name` is what error messages call it.
    ///
    /// # Errors
    ///
    /// A column holds more text than fits in one Arrow array (2 GB).
    pub fn select(&self, name: &str, rows: &[usize]) -> Result<Self, TableError> {
        let unusable = |error: arrow_schema::ArrowError| TableError::Unusable {
            name: name.to_string(),
            reason: error.to_string(),
        };
        let mut starts = Vec::with_capacity(self.batches.len());
        let mut rows_before = 0;
        for batch in &self.batches {
            starts.push(rows_before);
            rows_before += batch.num_rows();
        }
        let positions: Vec<(usize, usize)> = rows
            .iter()
            .map(|&row| {
                let batch = starts.partition_point(|&start| start <= row) - 1;
                (batch, row - starts[batch])
            })
            .collect();
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let batch = interleave_record_batch(&batches, &positions).map_err(unusable)?;
        // The types are those of this table. Converting them would add a tenth to the size of a program for the web.
        let numbers = rows.iter().map(|&row| self.row_number(row) - 1);
        Ok(Self {
            selected: Some(numbers.collect()),
            ..Self::of_stored(name, batch)
        })
    }

    /// The number of a row, from 1, in the table that was read, of which this one may be a selection.
    pub fn row_number(&self, row: usize) -> usize {
        let selected = self.selected.as_ref();
        selected.map_or(row, |rows| rows[row]) + 1
    }

    /// The memory that the values take, in bytes.
    pub fn memory(&self) -> u64 {
        let bytes = self.batches.iter().map(RecordBatch::get_array_memory_size);
        bytes.map(|bytes| bytes as u64).sum()
    }

    /// The record batches of the table.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Describes where a row is, counted from 0, for messages: `houses.csv:7`.
    pub fn location(&self, row: usize) -> String {
        let of_file = self.parts.location(row);
        of_file.unwrap_or_else(|| self.source.location(row))
    }

    /// The numbers of a column, row by row; NaN where the value is missing, infinite or too large for
    /// an `f32`.
    ///
    /// # Errors
    ///
    /// The column does not exist, or holds text that is not a number.
    pub fn numbers(&self, column: &str) -> Result<Vec<f64>, TableError> {
        let cells = self.column(column)?.cells().enumerate();
        let numbers = cells.map(|(row, cell)| match cell.number() {
            Some(number) if within_range(number) => Ok(number),
            Some(_) => Ok(f64::NAN),
            None if cell.without_missing_words() == Cell::Missing => Ok(f64::NAN),
            None => Err(self.cell_error(CellError {
                column: column.to_string(),
                row,
                value: cell.category().unwrap_or_default().into_owned(),
                expected: ColumnKind::Numeric.expected(),
            })),
        });
        numbers.collect()
    }

    /// An error about a value of this table, with its place in the file.
    pub fn cell_error(&self, error: CellError) -> TableError {
        TableError::Cell {
            location: self.location(error.row),
            error,
        }
    }

    /// An error about the table as a whole.
    pub fn unusable(&self, reason: impl Into<String>) -> TableError {
        TableError::Unusable {
            name: self.name().to_string(),
            reason: reason.into(),
        }
    }
}

/// A batch whose arrays have no unused capacity.
fn shrunk(name: &str, batch: RecordBatch) -> Result<RecordBatch, TableError> {
    let (schema, mut columns, rows) = batch.into_parts();
    for column in &mut columns {
        column.shrink_to_fit();
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(schema, columns, &options);
    batch.map_err(|error| TableError::Unusable {
        name: name.to_string(),
        reason: error.to_string(),
    })
}

#[cfg(all(test, feature = "parquet"))]
mod tests {
    use std::fs;
    use std::io;

    use arrow_array::{Float64Array, StringArray};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use parquet::arrow::ArrowWriter;

    use super::*;

    #[test]
    fn reading_ends_when_the_limit_is_reached() {
        let folder = tempfile::tempdir().unwrap();
        let [csv, gzip, parquet] =
            ["t.csv", "t.csv.gz", "t.parquet"].map(|n| folder.path().join(n));
        let text = format!("a,b\n{}", "1.5,word\n".repeat(10_000));
        fs::write(&csv, &text).unwrap();
        let mut packed = GzEncoder::new(fs::File::create(&gzip).unwrap(), Compression::best());
        io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        packed.finish().unwrap();
        let a = Arc::new(Float64Array::from(vec![1.5; 10_000])) as _;
        let b = Arc::new(StringArray::from(vec!["word"; 10_000])) as _;
        let batch = RecordBatch::try_from_iter([("a", a), ("b", b)]).unwrap();
        let file = fs::File::create(&parquet).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();

        let options = ReadOptions::default();
        let sizes = |path: &Path| {
            let mut sizes = Vec::new();
            let all = |size| {
                sizes.push(size);
                Ok::<_, TableError>(())
            };
            let table = Table::read_while(path, &options, all).unwrap();
            assert_eq!(table.rows(), 10_000, "{path:?}");
            sizes
        };
        let at_least = |rows, bytes| TableSize {
            rows,
            bytes,
            at_once: 0,
        };
        assert_eq!(sizes(&csv)[0], at_least(0, text.len() as u64));
        assert_eq!(sizes(&gzip)[0], at_least(0, 0));
        // Eight bytes for each number, eight for each offset into the text; and the largest pages.
        let known = sizes(&parquet)[0];
        assert_eq!(known.rows, 10_000);
        assert_eq!(known.bytes, 160_000);
        assert!((1..100_000).contains(&known.at_once), "{known:?}");
        for path in [&csv, &gzip, &parquet] {
            let sizes = sizes(path);
            assert!(sizes.iter().skip(1).is_sorted_by_key(|size| size.bytes));
            let all = sizes.last().unwrap();
            assert_eq!(all.rows, 10_000);
            assert!((120_000..2_000_000).contains(&all.bytes), "{all:?}");

            let full = |size: TableSize| match size.rows {
                0 => Ok(()),
                _ => Err(TableError::Unusable {
                    name: "t".to_string(),
                    reason: "full".to_string(),
                }),
            };
            let error = Table::read_while(path, &options, full).unwrap_err();
            assert_eq!(error.to_string(), "t: full");
        }
    }
}
