//! One row, there and back: forward through the network, and its loss backward.

use backburn::{Error, Predictions};
use backburn_training::row_pass::{Aim, Gradient, Network, Pass, Statistics, formula, loss};
use serde::Serialize;

use crate::playground::Playground;

/// One row with all numbers of its forward and its backward pass.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowView {
    /// The row, from 0.
    pub index: usize,
    /// Whether it is a validation row, which training does not see.
    pub is_validation: bool,
    /// The cells of the table.
    pub cells: Vec<CellText>,
    /// The features that enter the first layer.
    pub inputs: Vec<InputValue>,
    /// The hidden layers, then the output layer.
    pub layers: Vec<RowLayer>,
    /// The outputs of the network: a standardized number, or logits.
    pub output: Vec<f64>,
    /// The predicted number in the unit of the target, or the most probable class.
    pub prediction: Answer,
    /// The probabilities of the classes; empty for numbers.
    pub probabilities: Vec<f64>,
    /// The number or the class of the table.
    pub target: Answer,
    /// What the outputs are compared with: the standardized number, or the index of the class.
    pub aim: f64,
    /// The unit of the target, or empty.
    pub unit: String,
    /// The loss of the row.
    pub loss: f64,
    /// Its equation, with the numbers of the row.
    pub loss_formula: String,
}

/// A cell of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellText {
    /// The column.
    pub column: String,
    /// The value as text; empty where it is missing.
    pub text: String,
}

/// A feature with its value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputValue {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// A number or a class.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// A number, in the unit of the target.
    Number(f64),
    /// The name of a class.
    Class(String),
}

/// The numbers of a layer, one for each unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowLayer {
    /// The weighted sum and the bias.
    pub z: Vec<f64>,
    /// What enters the activation function: `z`, or its normalized value.
    pub normalized: Vec<f64>,
    /// What enters the next layer: the value of the activation function, plus the input of a residual layer.
    pub a: Vec<f64>,
    /// The slope of the activation function.
    pub slope: Vec<f64>,
    /// δ, the derivative of the loss with respect to `z`.
    pub delta: Vec<f64>,
    /// Whether layer normalization makes each `delta` depend on all units of the layer.
    pub coupled: bool,
}

/// The pass of a row through a network, with its loss.
pub(crate) struct RowPass {
    pub pass: Pass,
    pub gradients: Vec<Gradient>,
    pub loss: f64,
}

impl Playground {
    /// One row, there and back, with the weights after the last step. Rows are counted from 0, the training rows first.
    /// The pass is that of prediction: without dropout, and with the running statistics of batch normalization.
    ///
    /// # Errors
    ///
    /// There is no such row.
    pub fn row(&self, index: usize) -> Result<RowView, Error> {
        let row = self.pass_of_row(&self.network, index)?;
        let outputs = row.pass.outputs().to_vec();
        let predictions = self.predictions(&outputs);
        let aim = self.data.aims[index];
        let inputs = self.data.inputs.iter().zip(&row.pass.features);
        let inputs = inputs.map(|(input, value)| InputValue {
            name: input.name.clone(),
            value: *value,
        });
        Ok(RowView {
            index,
            is_validation: index >= self.data.training_rows(),
            cells: self.cells(index)?,
            inputs: inputs.collect(),
            layers: self.row_layers(&row.pass),
            prediction: answer(&predictions, 0),
            probabilities: predictions.probabilities(0).unwrap_or_default().to_vec(),
            target: self.target_of(index)?,
            aim: match aim {
                Aim::Value(value) => value,
                Aim::Class(class) => class as f64,
            },
            unit: self.unit.to_string(),
            loss: row.loss,
            loss_formula: formula(&self.criterion(), &outputs, aim),
            output: outputs,
        })
    }

    /// The forward and the backward pass of a row through a network.
    pub(crate) fn pass_of_row(&self, network: &Network, index: usize) -> Result<RowPass, Error> {
        let features = network.features_of(self.data.row(index)?);
        let mut pass = Pass::forward(network, features, Statistics::Running);
        let (loss, slopes) = loss(&self.criterion(), pass.outputs(), self.data.aims[index]);
        let gradients = pass.backward(network, slopes);
        Ok(RowPass {
            pass,
            gradients,
            loss,
        })
    }

    fn row_layers(&self, pass: &Pass) -> Vec<RowLayer> {
        let layers = pass.layers.iter().zip(&self.network.layers);
        let layers = layers.map(|(pass, layer)| RowLayer {
            z: pass.z.clone(),
            normalized: pass.normalized.clone(),
            a: pass.output.clone(),
            slope: pass.slope.clone(),
            delta: pass.delta.clone(),
            coupled: layer.normalization.is_coupled(Statistics::Running),
        });
        layers.collect()
    }

    /// The cells of a row, without the target.
    fn cells(&self, index: usize) -> Result<Vec<CellText>, Error> {
        let names: Vec<&str> = self.dataset.features().collect();
        let cells = names.into_iter().map(|column| {
            Ok(CellText {
                column: column.to_string(),
                text: self.cell(column, index)?,
            })
        });
        cells.collect()
    }

    /// The text of a cell; empty where it is missing.
    pub(crate) fn cell(&self, column: &str, index: usize) -> Result<String, Error> {
        let row = self.table_row(index)?;
        let column = self.dataset.table().column(column)?;
        let cell = column.cells().nth(row).and_then(|cell| cell.category());
        Ok(cell.map_or(String::new(), |text| text.into_owned()))
    }

    /// The row of the table for a row of the page.
    pub(crate) fn table_row(&self, index: usize) -> Result<usize, Error> {
        // This is the error for a row that does not exist.
        self.data.row(index)?;
        Ok(self.data.table_rows[index])
    }

    /// The number or the class of the table.
    fn target_of(&self, index: usize) -> Result<Answer, Error> {
        let target = &self.data.encoded.target;
        let text = self.cell(target.column(), index)?;
        Ok(match (target.class_names(), self.data.aims[index]) {
            (Some(classes), Aim::Class(class)) => {
                Answer::Class(classes.get(class).cloned().unwrap_or(text))
            }
            _ => Answer::Number(text.parse().unwrap_or(f64::NAN)),
        })
    }
}

/// The prediction of a row.
pub(crate) fn answer(predictions: &Predictions, row: usize) -> Answer {
    match predictions {
        Predictions::Values(values) => Answer::Number(values.get(row).copied().unwrap_or(f64::NAN)),
        Predictions::Classes { .. } => {
            Answer::Class(predictions.labels().get(row).cloned().unwrap_or_default())
        }
    }
}
