//! Encodes whole rows: the columns, then imputed values, then k-NN features.

use std::collections::HashMap;
use std::ops::Range;

use arrow_array::{ArrayRef, RecordBatch};
use backburn_table::{CellError, Column};
use rayon::prelude::*;

use crate::column_counts::ColumnCounts;
use crate::column_writer::ColumnWriter;
use crate::encoder::Encoder;
use crate::imputer::is_imputable;
use crate::knn_target_encoder::KnnTargetEncoder;
use crate::row_imputer::{ImputationCache, RowImputer};

/// An encoder, ready to write rows.
#[derive(Debug)]
pub(crate) struct RowWriter<'a> {
    pub columns: Vec<ColumnWriter<'a>>,
    knn: Vec<KnnWriter<'a>>,
    imputer: Option<RowImputer<'a>>,
}

#[derive(Debug)]
struct KnnWriter<'a> {
    encoder: &'a KnnTargetEncoder,
    /// Where the scaled numbers of its columns are in an encoded row.
    coordinates: Vec<usize>,
    /// Where its features are in an encoded row.
    features: Range<usize>,
}

/// What the columns of rows have.
#[derive(Debug, Default)]
pub(crate) struct WrittenColumns {
    /// Counts for each column.
    pub counts: Vec<ColumnCounts>,
    /// The row and the column of each value that is missing and not marked by an indicator.
    pub imputed: Vec<(usize, usize)>,
}

impl<'a> RowWriter<'a> {
    pub fn new(encoder: &'a Encoder) -> Self {
        let marks_missing = encoder.imputer.is_some();
        let ranges = encoder.column_ranges();
        let columns = encoder.columns.iter().zip(&ranges);
        let columns = columns.enumerate().map(|(index, (column, (_, range)))| {
            let profile = encoder.profile.get(index);
            let values = profile.and_then(|profile| profile.values.as_ref());
            ColumnWriter::new(column, range.start, marks_missing, values)
        });
        let knn = encoder.knn_features.iter().zip(encoder.knn_ranges());
        let knn = knn.map(|(knn, (columns, features))| KnnWriter {
            encoder: knn,
            coordinates: encoder.coordinates(columns),
            features,
        });
        Self {
            columns: columns.collect(),
            knn: knn.collect(),
            imputer: RowImputer::new(encoder),
        }
    }

    /// Encodes the columns of a record batch into `rows * width` zeros, and counts what each has. Missing
    /// values are left to [`complete`](Self::complete).
    pub fn write_columns(
        &self,
        batch: &RecordBatch,
        width: usize,
        numbers: &mut [f32],
    ) -> Result<WrittenColumns, CellError> {
        let missing = arrow_array::new_null_array(&arrow_schema::DataType::Null, batch.num_rows());
        let schema = batch.schema_ref();
        let by_name: HashMap<&str, &ArrayRef> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .zip(batch.columns())
            .collect();
        let mut written = WrittenColumns::default();
        for (index, writer) in self.columns.iter().enumerate() {
            let name = writer.encoder.name();
            let column = Column::new([*by_name.get(name).unwrap_or(&&missing)]);
            let is_imputed = is_imputable(writer.encoder);
            let imputed = &mut written.imputed;
            let on_missing = |row: usize| {
                if is_imputed {
                    imputed.push((row, index));
                }
            };
            let counts = writer.write_column(&column, numbers, width, on_missing)?;
            written.counts.push(counts);
        }
        Ok(written)
    }

    /// Completes rows whose columns are written: imputes missing values, and writes the k-NN features.
    pub fn complete(&self, rows: &mut [f32], width: usize) {
        if self.imputer.is_none() && self.knn.is_empty() {
            return;
        }
        let rows = rows.par_chunks_mut(width);
        rows.for_each_init(ImputationCache::default, |cache, row| {
            if let Some(imputer) = &self.imputer {
                imputer.write(row, cache);
            }
            self.write_knn_features(row, 0);
        });
    }

    /// Completes rows like [`complete`](Self::complete), but leaves k-NN features as they are, except those that `changes`
    /// says by the index of the row and of the k-NN encoder.
    pub fn complete_some(
        &self,
        rows: &mut [f32],
        width: usize,
        changes: impl Fn(usize, usize) -> bool + Sync,
    ) {
        let rows = rows.par_chunks_mut(width).enumerate();
        rows.for_each_init(ImputationCache::default, |cache, (index, row)| {
            if let Some(imputer) = &self.imputer {
                imputer.write(row, cache);
            }
            let knn = self.knn.iter().enumerate();
            let changed = knn.filter(|(encoder, _)| changes(index, *encoder));
            changed.for_each(|(_, knn)| knn.write(row));
        });
    }

    /// Writes the k-NN features of a row whose columns are written, from this encoder on.
    pub fn write_knn_features(&self, row: &mut [f32], first: usize) {
        self.knn[first..].iter().for_each(|knn| knn.write(row));
    }
}

impl KnnWriter<'_> {
    /// Writes the features of a row whose columns are written.
    fn write(&self, row: &mut [f32]) {
        let at: Vec<f32> = self.coordinates.iter().map(|&index| row[index]).collect();
        let features = &mut row[self.features.clone()];
        features.fill(0.0);
        self.encoder.write(&at, features);
    }
}
