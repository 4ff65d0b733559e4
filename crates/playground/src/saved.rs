//! The model file and the settings file of the current network.

use backburn::{Error, SavedModel, Summary, TableFormat};
use burn::tensor::Device;

use crate::playground::Playground;

impl Playground {
    /// The bytes of a model file, with the weights after the last step. Its predictions are those of the page.
    ///
    /// # Errors
    ///
    /// The weights are infinite or NaN.
    pub fn model(&self) -> Result<Vec<u8>, Error> {
        let numbers = self.network.layers.iter();
        let mut numbers = numbers.flat_map(|layer| layer.weight.iter().chain(&layer.bias));
        if numbers.any(|number| !number.is_finite()) {
            let reason = "the weights are infinite or NaN: restart, and train with other settings";
            return Err(Error::Failed(reason.to_string()));
        }
        Ok(self.saved_model(self.dataset.format().clone()).to_bytes()?)
    }

    /// The settings as a config file (TOML) of `trainer train`, with as many epochs as were trained, and at least 1.
    pub fn settings_toml(&self) -> String {
        let mut config = self.config.clone();
        config.training.epochs = self.progress().epoch.max(1);
        config.to_toml()
    }

    /// The model, for tables whose text is in this format.
    pub(crate) fn saved_model(&self, format: TableFormat) -> SavedModel {
        let network = self.run.network();
        let encoded = &self.data.encoded;
        let features = network.features(encoded.training.inputs.clone());
        SavedModel {
            config: self.data.shape.clone(),
            baselines: features.mean_dim(0).into_data().iter().collect(),
            network: network.into(),
            schema: self.dataset.schema().clone(),
            format,
            encoder: encoded.encoder.clone(),
            target: encoded.target.clone(),
            summary: self.summary(&self.device),
        }
    }

    fn summary(&self, device: &Device) -> Summary {
        let device = backburn::SelectedDevice::from(device.clone());
        let split = &self.data.encoded.split;
        let epochs = self.progress().epoch;
        Summary {
            program: concat!("backburn-playground ", env!("CARGO_PKG_VERSION")).to_string(),
            table: self.title.clone(),
            training_rows: split.training.len(),
            validation_rows: split.validation.len(),
            best_epoch: epochs,
            epochs,
            seed: self.settings.seed,
            device: device.name().to_string(),
            settings: self.settings_toml(),
            ..Summary::default()
        }
    }
}
