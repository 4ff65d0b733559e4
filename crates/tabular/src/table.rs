//! A table in memory.

use std::io::Read;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::interleave::interleave_record_batch;

use crate::read::Source;
use crate::schema::nearest_name;
use crate::{CellError, Column, ReadOptions, TableError, TableReader};

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
        Self::collect(TableReader::open(path, options)?)
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
        Self::collect(TableReader::from_reader(name, bytes, options)?)
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

    fn collect(mut reader: TableReader) -> Result<Self, TableError> {
        let batches = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        if rows == 0 {
            return Err(TableError::Unusable {
                name: reader.name().to_string(),
                reason: "the table has a header but no rows".to_string(),
            });
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
