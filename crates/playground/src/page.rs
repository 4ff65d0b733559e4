//! The interface with JavaScript. Values go over it as JSON, arrays of numbers as typed arrays.

use serde::Serialize;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use crate::playground::{Playground, Unit};

/// A table, a network, and the training of the network step by step.
#[wasm_bindgen(js_name = Playground)]
pub struct PagePlayground(Playground);

#[wasm_bindgen(js_class = Playground)]
impl PagePlayground {
    /// The tables that are built in.
    pub fn datasets() -> Result<String, JsError> {
        json(&crate::datasets())
    }

    /// The sick networks.
    pub fn presets() -> Result<String, JsError> {
        json(&crate::presets())
    }

    /// What is in the bytes of a table.
    pub fn describe(bytes: Vec<u8>, file_name: &str) -> Result<String, JsError> {
        json(&crate::describe(bytes, file_name)?)
    }

    /// Opens a table that is built in.
    pub fn open(name: &str, settings: &str) -> Result<PagePlayground, JsError> {
        Ok(Self(Playground::open(name, settings)?))
    }

    /// Opens the table in the bytes of a file.
    pub fn open_table(
        bytes: Vec<u8>,
        file_name: &str,
        target: &str,
        settings: &str,
    ) -> Result<PagePlayground, JsError> {
        Ok(Self(Playground::open_table(
            bytes, file_name, target, settings,
        )?))
    }

    /// The table and the network.
    pub fn about(&self) -> Result<String, JsError> {
        json(&self.0.about())
    }

    /// The settings of the network.
    pub fn settings(&self) -> Result<String, JsError> {
        json(&self.0.settings)
    }

    /// Trains `count` units further: `row`, `batch` or `epoch`.
    pub fn train(&mut self, unit: &str, count: usize) -> Result<String, JsError> {
        let unit = match unit {
            "row" => Unit::Row,
            "batch" => Unit::Batch,
            "epoch" => Unit::Epoch,
            _ => {
                return Err(JsError::new(&format!(
                    "`{unit}` is not row, batch or epoch"
                )));
            }
        };
        json(self.0.train(unit, count))
    }

    /// Trains on one row.
    pub fn train_row(&mut self, index: usize) -> Result<String, JsError> {
        json(self.0.train_row(index)?)
    }

    /// Starts again with new weights.
    pub fn restart(&mut self, settings: &str) -> Result<(), JsError> {
        Ok(self.0.restart(settings)?)
    }

    /// The weights and the gradients of the last step.
    pub fn network(&self) -> Result<String, JsError> {
        json(&self.0.network())
    }

    /// What flows through each layer.
    pub fn gradient_flow(&self) -> Result<String, JsError> {
        json(&self.0.gradient_flow())
    }

    /// The losses of the epochs so far.
    pub fn curve(&self) -> Result<String, JsError> {
        json(&self.0.curve())
    }

    /// The predictions on a grid of the plane.
    pub fn surface(&self, size: usize) -> Vec<f32> {
        self.0.surface(size)
    }

    /// The range of the plane, or `null`.
    pub fn domain(&self) -> Result<String, JsError> {
        json(&self.0.domain())
    }

    /// Some rows with their predictions.
    pub fn points(&self, limit: usize) -> Result<String, JsError> {
        json(&self.0.points(limit))
    }

    /// One row, there and back.
    pub fn row(&self, index: usize) -> Result<String, JsError> {
        json(&self.0.row(index)?)
    }

    /// The chain rule of a weight.
    pub fn edge(
        &self,
        index: usize,
        layer: usize,
        to: usize,
        from: usize,
    ) -> Result<String, JsError> {
        json(&self.0.edge(index, layer, to, from)?)
    }

    /// The numbers of a unit.
    pub fn unit(&self, index: usize, layer: usize, unit: usize) -> Result<String, JsError> {
        json(&self.0.unit(index, layer, unit)?)
    }

    /// The problems of the run so far.
    pub fn findings(&self) -> Result<String, JsError> {
        json(&self.0.findings())
    }

    /// What each column adds to the prediction for a row.
    pub fn attribution(&self, index: usize) -> Result<String, JsError> {
        json(&self.0.attribution(index)?)
    }

    /// The bytes of a model file.
    pub fn model(&self) -> Result<Vec<u8>, JsError> {
        Ok(self.0.model()?)
    }

    /// The settings as a config file.
    pub fn settings_toml(&self) -> String {
        self.0.settings_toml()
    }
}

fn json(value: &impl Serialize) -> Result<String, JsError> {
    Ok(serde_json::to_string(value)?)
}
