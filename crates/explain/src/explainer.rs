//! A model and the rows to explain it with.

use std::ops::Range;

use backburn_tabular::{Column, Predictions, Predictor, SavedModel, Table, TableError, Target};
use burn::tensor::Device;

/// Explains a model by the rows of a table.
pub struct Explainer<'a> {
    pub(crate) predictor: Predictor,
    pub(crate) device: Device,
    pub(crate) table: &'a Table,
    /// The columns of the rows as [`encode_columns`](backburn_tabular::Encoder::encode_columns) gives them, so that
    /// what follows from others of them can follow from what they are changed to.
    pub(crate) encoded: Vec<f32>,
}

impl<'a> Explainer<'a> {
    /// To explain a model whose network is on this device by these rows.
    ///
    /// # Errors
    ///
    /// The table lacks a column that the model needs, or has a value of another kind.
    pub fn new(model: &SavedModel, table: &'a Table, device: &Device) -> Result<Self, TableError> {
        Ok(Self {
            encoded: model.encoder.encode_columns(table)?,
            predictor: Predictor::new(model.clone(), device),
            device: device.clone(),
            table,
        })
    }

    /// The model.
    pub fn model(&self) -> &SavedModel {
        self.predictor.model()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.table.rows()
    }

    /// The predictions for all rows.
    pub fn predictions(&self) -> Predictions {
        self.predict(&self.encoded)
    }

    pub(crate) fn width(&self) -> usize {
        self.model().encoder.width()
    }

    /// The columns that the model uses, with their places in an encoded row.
    pub(crate) fn places(&self) -> Vec<(&str, Range<usize>)> {
        self.model().encoder.places()
    }

    /// Predicts for rows of encoded columns, some thousands at a time.
    pub(crate) fn predict(&self, encoded: &[f32]) -> Predictions {
        const ROWS: usize = 4096;
        let mut all: Option<Predictions> = None;
        for rows in encoded.chunks(ROWS * self.width()) {
            let mut rows = rows.to_vec();
            self.model().encoder.complete(&mut rows);
            let some = self.predictor.predict_encoded(rows);
            match (&mut all, some) {
                (Some(Predictions::Values(all)), Predictions::Values(more)) => all.extend(more),
                (
                    Some(Predictions::Classes { probabilities, .. }),
                    Predictions::Classes {
                        probabilities: more,
                        ..
                    },
                ) => probabilities.extend(more),
                (all, some) => *all = Some(some),
            }
        }
        all.unwrap_or(Predictions::Values(Vec::new()))
    }

    /// A column of the table, if it is there: the model does without what is missing.
    pub(crate) fn column(&self, name: &str) -> Option<Column<'a>> {
        self.table.column(name).ok()
    }

    /// The names of the classes, if classes are predicted.
    pub(crate) fn classes(&self) -> Option<&[String]> {
        match &self.model().target {
            Target::Classification { classes, .. } => Some(classes),
            Target::Regression { .. } => None,
        }
    }
}
