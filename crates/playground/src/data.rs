//! The rows of a table as a network sees them.

use backburn::{Config, Dataset, EncodedSplit, Error, FeatureName, MlpConfig, network_config};
use backburn_training::row_pass::{Aim, Network};
use backburn_training::{Targets, TensorDataset};
use burn::tensor::{Device, Tensor};

/// The rows of a table, encoded: the training rows first, then the validation rows.
pub(crate) struct Data {
    /// The encoder, the target, and the rows as tensors.
    pub encoded: EncodedSplit,
    /// The shape of the network.
    pub shape: MlpConfig,
    /// The features that enter the first layer.
    pub inputs: Vec<FeatureName>,
    /// The index of each row in the table.
    pub table_rows: Vec<usize>,
    /// What the network is to predict for each row.
    pub aims: Vec<Aim>,
    /// Numbers of the encoded rows, row by row.
    numbers: Vec<f32>,
}

impl Data {
    /// Encodes the rows of a dataset.
    pub fn new(dataset: &Dataset, config: &Config, device: &Device) -> Result<Self, Error> {
        let split = dataset.validation_split(config);
        let encoded = EncodedSplit::new(dataset, split, config, device)?;
        let rows = encoded.training.rows();
        let shape = network_config(config, &encoded.encoder, &encoded.target, rows)?;
        let parts = [Some(&encoded.training), encoded.validation.as_ref()];
        let parts = parts.into_iter().flatten();
        let numbers = parts
            .clone()
            .flat_map(|part| floats(&part.inputs))
            .collect();
        let aims = parts.flat_map(aims).collect();
        let split = &encoded.split;
        Ok(Self {
            inputs: encoded.encoder.feature_names(),
            table_rows: [split.training.as_slice(), &split.validation].concat(),
            aims,
            numbers,
            shape,
            encoded,
        })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.table_rows.len()
    }

    /// The number of training rows, which come first.
    pub fn training_rows(&self) -> usize {
        self.encoded.split.training.len()
    }

    /// A row as the encoder writes it.
    ///
    /// # Errors
    ///
    /// There is no such row.
    pub fn row(&self, index: usize) -> Result<&[f32], Error> {
        let width = self.shape.columns();
        let row = self.numbers.chunks_exact(width.max(1)).nth(index);
        row.ok_or_else(|| {
            let rows = self.rows();
            Error::Config(format!(
                "row {index}: the table has rows 0 to {}",
                rows.saturating_sub(1)
            ))
        })
    }

    /// The features of some rows, one row after the other. Rows that do not exist are left out.
    pub fn features(&self, network: &Network, rows: &[usize]) -> Vec<f64> {
        let rows = rows.iter().filter_map(|&row| self.row(row).ok());
        rows.flat_map(|row| network.features_of(row)).collect()
    }
}

fn floats(tensor: &Tensor<2>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

/// What the network is to predict for rows.
fn aims(rows: &TensorDataset) -> Vec<Aim> {
    match &rows.targets {
        Targets::Values(values) => {
            let values = floats(values).into_iter();
            values.map(|value| Aim::Value(f64::from(value))).collect()
        }
        Targets::Classes(classes) => {
            let classes = classes.to_data();
            let classes = classes.iter::<i64>();
            classes
                .map(|class| Aim::Class(class.max(0) as usize))
                .collect()
        }
        // The playground has one target.
        Targets::Several(_) => Vec::new(),
    }
}
