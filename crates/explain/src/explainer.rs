//! A model and the rows to explain it with.

use std::borrow::Cow;
use std::ops::Range;

use backburn::{Predictor, SavedModel};
use backburn_preprocessing::{Predictions, Target};
use backburn_table::{Column, Table, TableError};
use burn::tensor::Device;

/// Explains a model with the rows of a table. The [crate's front page](crate) has an example.
pub struct Explainer<'a> {
    pub(crate) predictor: Predictor,
    pub(crate) device: Device,
    pub(crate) table: Cow<'a, Table>,
    /// The rows as [`encode_columns`](backburn_preprocessing::Encoder::encode_columns) returns them. Imputed
    /// values and neighbor features are added later, because they depend on columns that are changed
    /// to explain the model.
    pub(crate) encoded: Vec<f32>,
}

impl<'a> Explainer<'a> {
    /// Prepares to explain a model with these rows. `device` is the device of the model's network.
    ///
    /// This encodes the table and copies the model, and predicts nothing. Explanations are computed by
    /// the methods, each on its own. To explain a few rows of a large table, pass a table of these rows
    /// ([`Table::select`]): the baseline comes from the model, except in old files (see
    /// [`explain_rows`](Self::explain_rows)).
    ///
    /// # Errors
    ///
    /// The table lacks a column that the model needs, or has a value of another kind in it.
    pub fn new(model: &SavedModel, table: &'a Table, device: &Device) -> Result<Self, TableError> {
        let table = match model.format.is_plain() {
            true => Cow::Borrowed(table),
            false => Cow::Owned(model.format.apply_to_table(table)?),
        };
        Ok(Self {
            encoded: model.encoder.encode_columns(&table)?,
            predictor: Predictor::new(model.clone(), device),
            device: device.clone(),
            table,
        })
    }

    /// The model.
    pub fn model(&self) -> &SavedModel {
        self.predictor.model()
    }

    /// Number of rows in the table.
    pub fn rows(&self) -> usize {
        self.table.rows()
    }

    /// The predictions for all rows of the table.
    pub fn predictions(&self) -> Predictions {
        self.predict(&self.encoded)
    }

    /// Number of columns of an encoded row.
    pub(crate) fn width(&self) -> usize {
        self.model().encoder.width()
    }

    /// The columns that the model uses, with their ranges in an encoded row.
    pub(crate) fn column_ranges(&self) -> Vec<(&str, Range<usize>)> {
        self.model().encoder.column_ranges()
    }

    /// Some of the encoded rows, one after the other.
    pub(crate) fn encoded_rows(&self, rows: impl Iterator<Item = usize>) -> Vec<f32> {
        let width = self.width();
        rows.flat_map(|row| self.encoded[row * width..(row + 1) * width].iter().copied())
            .collect()
    }

    /// Predicts for rows like `encoded`, in batches.
    pub(crate) fn predict(&self, encoded: &[f32]) -> Predictions {
        const BATCH_ROWS: usize = 4096;
        let mut all = self.predictor.predict_encoded(Vec::new());
        all.reserve(encoded.len() / self.width().max(1));
        for batch in encoded.chunks(BATCH_ROWS * self.width()) {
            let mut batch = batch.to_vec();
            self.model().encoder.complete(&mut batch);
            all.extend(self.predictor.predict_encoded(batch));
        }
        all
    }

    /// A column of the table, or `None` if the table does not have it.
    pub(crate) fn column(&self, name: &str) -> Option<Column<'_>> {
        self.table.column(name).ok()
    }

    /// The names of the classes, or `None` for regression.
    pub(crate) fn classes(&self) -> Option<&[String]> {
        match &self.model().target {
            Target::Classification { classes, .. } => Some(classes),
            Target::Regression { .. } => None,
        }
    }
}
