//! The description of a network.

use burn::config::Config;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Activation, Initializer, Mlp};

/// Describes a multilayer perceptron and builds it.
///
/// Read from a config file, every field that is left out takes its default, and a field that
/// does not exist is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpConfig {
    /// Number of numeric inputs.
    pub inputs: usize,
    /// Number of outputs: values to predict, or classes (whose outputs are logits).
    pub outputs: usize,
    /// Units of each hidden layer; none gives a linear model.
    pub hidden: Vec<usize>,
    /// The function after each hidden layer.
    pub activation: Activation,
    /// The probability, in `[0, 1)`, with which a hidden unit is dropped in training.
    pub dropout: f64,
    /// What normalizes a hidden layer's values before the activation.
    pub normalization: Normalization,
    /// Whether a hidden layer adds its input to its output; it does where both have one width.
    pub residual: bool,
    /// How the weights start.
    pub initializer: Initializer,
    /// One entry for each categorical input: its index is looked up in a learned table.
    pub embeddings: Vec<EmbeddingConfig>,
}

/// A learned vector for each category of a categorical input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingConfig {
    /// Number of categories: indices run from 0 to this, exclusive.
    pub categories: usize,
    /// Length of the vector.
    pub dimension: usize,
}

/// What normalizes a hidden layer's values before the activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Normalization {
    /// Nothing.
    #[default]
    None,
    /// Each unit over the batch (Ioffe and Szegedy, 2015). In training, a batch of a single row has
    /// no variance, and nothing passes: give two or more.
    Batch,
    /// Each row over the units (Ba, Kiros and Hinton, 2016).
    Layer,
}

/// A setting of a network that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("network.{field}: {reason}")]
pub struct ConfigError {
    /// The field of [`MlpConfig`].
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// More parameters than this are refused: 4 GiB of weights, and four times that in training.
const MOST_PARAMETERS: usize = 1 << 30;

impl Default for MlpConfig {
    /// Two hidden layers of 128 ReLU units, from one input to one output.
    fn default() -> Self {
        Self {
            inputs: 1,
            outputs: 1,
            hidden: vec![128, 128],
            activation: Activation::Relu,
            dropout: 0.0,
            normalization: Normalization::None,
            residual: false,
            initializer: Initializer::Auto,
            embeddings: Vec::new(),
        }
    }
}

impl Config for MlpConfig {}

impl MlpConfig {
    /// A network from `inputs` numbers to `outputs`, everything else at its default.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            inputs,
            outputs,
            ..Self::default()
        }
    }

    /// Sets the [hidden](Self::hidden) layers' sizes.
    pub fn with_hidden(mut self, hidden: impl Into<Vec<usize>>) -> Self {
        self.hidden = hidden.into();
        self
    }

    /// Sets the [activation](Self::activation).
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Sets the [dropout](Self::dropout) probability.
    pub fn with_dropout(mut self, dropout: f64) -> Self {
        self.dropout = dropout;
        self
    }

    /// Sets the [normalization](Self::normalization).
    pub fn with_normalization(mut self, normalization: Normalization) -> Self {
        self.normalization = normalization;
        self
    }

    /// Sets whether there are [residual](Self::residual) connections.
    pub fn with_residual(mut self, residual: bool) -> Self {
        self.residual = residual;
        self
    }

    /// Sets the [initializer](Self::initializer).
    pub fn with_initializer(mut self, initializer: Initializer) -> Self {
        self.initializer = initializer;
        self
    }

    /// Sets the [embeddings](Self::embeddings).
    pub fn with_embeddings(mut self, embeddings: impl Into<Vec<EmbeddingConfig>>) -> Self {
        self.embeddings = embeddings.into();
        self
    }

    /// Columns that [`Mlp::forward`] takes: the numeric inputs, then an index for each embedding.
    pub fn columns(&self) -> usize {
        self.inputs + self.embeddings.len()
    }

    /// Width of each layer, from what enters the first one to the outputs.
    pub fn widths(&self) -> Vec<usize> {
        let embedded: usize = self.embeddings.iter().map(|e| e.dimension).sum();
        let mut widths = vec![self.inputs + embedded];
        widths.extend(&self.hidden);
        widths.push(self.outputs);
        widths
    }

    /// Builds the network, with weights drawn from the device's random numbers
    /// ([`Device::seed`]).
    ///
    /// # Errors
    ///
    /// See [`validate`](Self::validate).
    pub fn init(&self, device: &Device) -> Result<Mlp, ConfigError> {
        self.validate()?;
        Ok(Mlp::new(self, device))
    }

    /// Checks every field.
    ///
    /// # Errors
    ///
    /// The first field that cannot be, and why.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let refuse = |field, reason: String| Err(ConfigError { field, reason });
        if self.inputs == 0 && self.embeddings.is_empty() {
            return refuse("inputs", "there is no input".to_string());
        }
        if self.outputs == 0 {
            return refuse("outputs", "there is no output".to_string());
        }
        if let Some(layer) = self.hidden.iter().position(|&units| units == 0) {
            return refuse("hidden", format!("layer {} has no unit", layer + 1));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            let reason = format!("{} is not at least 0 and below 1", self.dropout);
            return refuse("dropout", reason);
        }
        if let Some(problem) = self.activation.problem() {
            return refuse("activation", format!("{}: {problem}", self.activation));
        }
        if let Some(problem) = self.initializer.problem() {
            return refuse("initializer", format!("{}: {problem}", self.initializer));
        }
        for (index, embedding) in self.embeddings.iter().enumerate() {
            if embedding.categories == 0 || embedding.dimension == 0 {
                let reason = format!("embedding {} is empty", index + 1);
                return refuse("embeddings", reason);
            }
        }
        match self.parameters() {
            Some(parameters) if parameters <= MOST_PARAMETERS => Ok(()),
            Some(parameters) => {
                let reason =
                    format!("{parameters} parameters are over the {MOST_PARAMETERS} allowed");
                refuse("hidden", reason)
            }
            None => refuse("hidden", "more parameters than can be counted".to_string()),
        }
    }

    /// Number of weights and biases of linear layers and embeddings, or `None` if it overflows.
    fn parameters(&self) -> Option<usize> {
        let mut inputs = self.inputs;
        let mut total = 0usize;
        for embedding in &self.embeddings {
            inputs = inputs.checked_add(embedding.dimension)?;
            total = total.checked_add(embedding.categories.checked_mul(embedding.dimension)?)?;
        }
        for &outputs in self.hidden.iter().chain([&self.outputs]) {
            total = total.checked_add(inputs.checked_add(1)?.checked_mul(outputs)?)?;
            inputs = outputs;
        }
        Some(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_that_cannot_be_names_the_field() {
        let good = MlpConfig::new(3, 2);
        let huge = usize::MAX / 2;
        for (config, field) in [
            (MlpConfig::new(0, 2), "inputs"),
            (MlpConfig::new(3, 0), "outputs"),
            (good.clone().with_hidden([4, 0]), "hidden"),
            (good.clone().with_hidden([huge, huge]), "hidden"),
            (good.clone().with_hidden([1 << 20, 1 << 20]), "hidden"),
            (good.clone().with_dropout(1.0), "dropout"),
            (good.clone().with_dropout(f64::NAN), "dropout"),
            (
                good.clone().with_activation(Activation::Softplus(0.0)),
                "activation",
            ),
            (
                good.clone()
                    .with_initializer(Initializer::Uniform(1.0, 0.0)),
                "initializer",
            ),
            (
                good.clone().with_embeddings([EmbeddingConfig {
                    categories: 0,
                    dimension: 2,
                }]),
                "embeddings",
            ),
        ] {
            let error = config.init(&Device::default()).unwrap_err();
            assert_eq!(error.field, field, "{error}");
        }
        assert_eq!(good.validate(), Ok(()));
    }

    #[test]
    fn json_fills_in_defaults_and_refuses_unknown_fields() {
        let config: MlpConfig =
            serde_json::from_str(r#"{"inputs": 2, "activation": "elu(0.5)"}"#).unwrap();
        assert_eq!(
            config,
            MlpConfig::new(2, 1).with_activation(Activation::Elu(0.5))
        );
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<MlpConfig>(&json).unwrap(), config);
        assert!(serde_json::from_str::<MlpConfig>(r#"{"hiden": [1]}"#).is_err());
    }
}
