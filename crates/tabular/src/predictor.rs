//! Answers from a saved model.

use std::path::Path;

use arrow_array::RecordBatch;
use backburn_model::Mlp;
use burn::tensor::{Device, Tensor, TensorData};

use crate::{Encoder, ModelFileError, SavedModel, Table, TableError, Target};

/// Predicts from a saved model.
#[derive(Debug, Clone)]
pub struct Predictor {
    model: SavedModel,
    device: Device,
}

/// What was predicted, row by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Predictions {
    /// Numbers in the target's own unit.
    Values(Vec<f64>),
    /// Classes.
    Classes {
        /// Their names.
        classes: Vec<String>,
        /// `rows * classes` numbers, row by row; a row's add up to 1.
        probabilities: Vec<f64>,
    },
}

impl Predictor {
    /// Loads a model onto Burn's default device.
    ///
    /// # Errors
    ///
    /// See [`SavedModel::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ModelFileError> {
        Self::load_on(path, &Device::default())
    }

    /// Loads a model onto a device.
    ///
    /// # Errors
    ///
    /// See [`SavedModel::load`].
    pub fn load_on(path: impl AsRef<Path>, device: &Device) -> Result<Self, ModelFileError> {
        Ok(Self::new(SavedModel::load(path, device)?, device))
    }

    /// Predicts from a model in memory whose network is on the device.
    pub fn new(model: SavedModel, device: &Device) -> Self {
        Self {
            model,
            device: device.clone(),
        }
    }

    /// The model.
    pub fn model(&self) -> &SavedModel {
        &self.model
    }

    /// Predicts for every row of a table; columns may stand in any order, and columns that the
    /// model does not use are passed over.
    ///
    /// # Errors
    ///
    /// A column is missing, or holds a value of another kind.
    pub fn predict_table(&self, table: &Table) -> Result<Predictions, TableError> {
        let rows = self.model.encoder.encode(table)?;
        Ok(self.predict_encoded(rows))
    }

    /// Predicts for every row of a record batch, as [`TableReader`](crate::TableReader) gives
    /// them.
    ///
    /// # Errors
    ///
    /// A column is missing, or holds a value of another kind. Rows are counted within the batch.
    pub fn predict(&self, batch: &RecordBatch) -> Result<Predictions, TableError> {
        self.predict_table(&Table::from_batch("the batch", batch.clone()))
    }

    /// Predicts for rows that [`Encoder::encode`] made: `rows * width` numbers.
    pub fn predict_encoded(&self, rows: Vec<f32>) -> Predictions {
        predict(
            &self.model.network,
            &self.model.encoder,
            &self.model.target,
            rows,
            &self.device,
        )
    }
}

/// Rows in each forward pass, so that memory stays bounded.
const FORWARD_ROWS: usize = 4096;

fn predict(
    network: &Mlp,
    encoder: &Encoder,
    target: &Target,
    rows: Vec<f32>,
    device: &Device,
) -> Predictions {
    let width = encoder.width();
    let mut outputs: Vec<f32> = Vec::new();
    let mut per_row = 1;
    for chunk in rows.chunks(FORWARD_ROWS * width) {
        let shape = [chunk.len() / width, width];
        let inputs = Tensor::<2>::from_data(TensorData::new(chunk.to_vec(), shape), device);
        let output = network.forward(inputs);
        per_row = output.dims()[1];
        outputs.extend(output.into_data().iter::<f32>());
    }
    target.predictions(&outputs, per_row)
}

impl Predictions {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Classes {
                classes,
                probabilities,
            } => probabilities.len() / classes.len(),
        }
    }

    /// The prediction of each row as text: the number, or the name of the likeliest class.
    pub fn labels(&self) -> Vec<String> {
        match self {
            Self::Values(values) => values.iter().map(f64::to_string).collect(),
            Self::Classes {
                classes,
                probabilities,
            } => {
                probabilities
                    .chunks(classes.len())
                    .map(|row| {
                        let best = row.iter().enumerate().fold(0, |best, (class, p)| {
                            if *p > row[best] { class } else { best }
                        });
                        classes[best].clone()
                    })
                    .collect()
            }
        }
    }
}
