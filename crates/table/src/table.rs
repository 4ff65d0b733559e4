//! A table in memory.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::interleave::interleave_record_batch;

use crate::read::Source;
use crate::schema::nearest_name;
use crate::{CellError, Column, ReadOptions, TableError, TableReader};

/// How large a table is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableSize {
    /// Its rows.
    pub rows: u64,
    /// What they take in memory, in bytes.
    pub bytes: u64,
}

impl TableSize {
    /// So many rows with nothing in their text.
    pub(crate) fn without_text(schema: &Schema, rows: u64) -> Self {
        let bits = |field: &Arc<Field>| match field.data_type() {
            DataType::Float64 | DataType::Timestamp(..) => 64,
            DataType::Utf8 => 32,
            DataType::Boolean => 1,
            _ => 0,
        };
        let bits: u64 = schema.fields().iter().map(bits).sum();
        let bytes = rows.saturating_mul(bits) / 8;
        Self { rows, bytes }
    }
}

/// A whole table in memory.
#[derive(Debug, Clone)]
pub struct Table {
    source: Source,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: usize,
}

impl Table {
    /// Reads a CSV or Parquet file, or standard input if the path is `-`.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is no table, or has no rows.
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, TableError> {
        Self::collect(TableReader::open(path, options)?, |_| Ok(()))
    }

    /// As [`read`](Self::read), as long as there is room: asked before anything is read, for what the file
    /// is known to take at the least, and again with all that has been read, part by part.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read), and what `room_for` gives.
    pub fn read_while<E: From<TableError>>(
        path: impl AsRef<Path>,
        options: &ReadOptions,
        room_for: impl FnMut(TableSize) -> Result<(), E>,
    ) -> Result<Self, E> {
        Self::collect(TableReader::open(path, options)?, room_for)
    }

    /// Reads a table from anything that gives bytes; `name` is what messages call it.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn from_reader(
        name: &str,
        bytes: impl Read + Send + 'static,
        options: &ReadOptions,
    ) -> Result<Self, TableError> {
        Self::collect(TableReader::from_reader(name, bytes, options)?, |_| Ok(()))
    }

    /// A table of one Arrow record batch with the column types that [`TableReader`] gives.
    pub fn from_batch(name: &str, batch: RecordBatch) -> Self {
        Self {
            source: Source::memory(name),
            schema: batch.schema(),
            rows: batch.num_rows(),
            batches: vec![batch],
        }
    }

    fn collect<E: From<TableError>>(
        mut reader: TableReader,
        mut room_for: impl FnMut(TableSize) -> Result<(), E>,
    ) -> Result<Self, E> {
        room_for(reader.at_least())?;
        let mut batches = Vec::new();
        let mut size = TableSize::default();
        let name = reader.name().to_string();
        for batch in reader.by_ref() {
            let batch = without_room(&name, batch?)?;
            size.rows += batch.num_rows() as u64;
            size.bytes += batch.get_array_memory_size() as u64;
            room_for(size)?;
            batches.push(batch);
        }
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        if rows == 0 {
            let error = TableError::Unusable {
                name,
                reason: "the table has a header but no rows".to_string(),
            };
            return Err(error.into());
        }
        Ok(Self {
            source: reader.source(),
            schema: reader.schema(),
            batches,
            rows,
        })
    }

    /// What messages call the table.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
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
    /// There is no such column; the error names the one that was perhaps meant.
    pub fn column(&self, name: &str) -> Result<Column<'_>, TableError> {
        let index = self.columns().position(|column| column == name);
        let index = index.ok_or_else(|| TableError::NoColumn {
            name: self.name().to_string(),
            column: name.to_string(),
            nearest: nearest_name(name, self.columns()),
        })?;
        Ok(Column::new(
            self.batches.iter().map(|batch| batch.column(index)),
        ))
    }

    /// The rows with these indices, in this order; `name` is what messages call them.
    ///
    /// # Errors
    ///
    /// More text in a column than fits in one Arrow array.
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
        let places: Vec<(usize, usize)> = rows
            .iter()
            .map(|&row| {
                let batch = starts.partition_point(|&start| start <= row) - 1;
                (batch, row - starts[batch])
            })
            .collect();
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let batch = interleave_record_batch(&batches, &places).map_err(unusable)?;
        Ok(Self::from_batch(name, batch))
    }

    /// The table's parts.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Names a row, counted from 0, as a place in the file.
    pub fn place(&self, row: usize) -> String {
        self.source.place(row)
    }

    pub(crate) fn cell_error(&self, error: CellError) -> TableError {
        TableError::Cell {
            place: self.place(error.row),
            error,
        }
    }
}

/// A batch whose columns take no more than they hold.
fn without_room(name: &str, batch: RecordBatch) -> Result<RecordBatch, TableError> {
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::sync::Arc;

    use arrow_array::{Float64Array, StringArray};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use parquet::arrow::ArrowWriter;

    use super::*;

    #[test]
    fn reading_ends_where_there_is_no_room() {
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
        let at_least = |rows, bytes| TableSize { rows, bytes };
        assert_eq!(sizes(&csv)[0], at_least(0, text.len() as u64));
        assert_eq!(sizes(&gzip)[0], at_least(0, 0));
        // Eight bytes of a number, four for where a text ends, and a page.
        let known = sizes(&parquet)[0];
        assert_eq!(known.rows, 10_000);
        assert!((120_000..130_000).contains(&known.bytes), "{known:?}");
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
