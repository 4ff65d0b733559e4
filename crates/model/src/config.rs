//! The settings of a multilayer perceptron.

use std::str::FromStr;

use burn::config::Config;
use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::error::{ConfigError, check_dropout, check_hidden, check_outputs};
use crate::initializer::Initializer;
use crate::named::{ParseNameError, parse_name};

/// The settings of a multilayer perceptron. [`init`](Self::init) builds the network.
///
/// When a config file is read, a field that is absent takes its default, and an unknown field is
/// an error.
///
/// ```
/// use backburn_model::{MlpConfig, Normalization};
/// use burn::tensor::Device;
///
/// // Like `MLPClassifier(hidden_layer_sizes=(64, 32))` for 10 features and 3 classes.
/// let config = MlpConfig::new(10, 3)
///     .with_hidden([64, 32])
///     .with_normalization(Normalization::Layer)
///     .with_dropout(0.1);
/// let mlp = config.init(&Device::default())?;
/// assert_eq!(mlp.hidden_units(), [64, 32]);
/// # Ok::<(), backburn_model::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpConfig {
    /// Number of numeric inputs.
    pub inputs: usize,
    /// Number of outputs: one for each value to predict, or one logit for each class. Two classes
    /// may also share a single logit, that of the second class.
    pub outputs: usize,
    /// Number of units of each hidden layer. An empty list gives a linear model.
    pub hidden: Vec<usize>,
    /// The activation function after each hidden layer.
    pub activation: Activation,
    /// The probability, in `[0, 1)`, that training sets a hidden unit to zero (Srivastava and
    /// others, 2014).
    pub dropout: f64,
    /// The normalization between a hidden layer's linear part and its activation.
    pub normalization: Normalization,
    /// Whether a hidden layer adds its input to its output (He and others, 2016). Only layers
    /// with as many inputs as units do.
    pub residual: bool,
    /// How the initial weights are drawn.
    pub initializer: Initializer,
    /// One entry for each categorical input, whose category has a learned vector.
    pub embeddings: Vec<EmbeddingConfig>,
    /// Whether the outputs of a row ascend, as quantiles do: the first is that of the last layer, and each
    /// further one is the softplus of its output above the one before it.
    #[serde(skip_serializing_if = "is_false")]
    pub increasing: bool,
    /// Whether the first input is an offset, such as the logarithm of an exposure: it is added to the
    /// outputs, and the layers get 0 in its place.
    #[serde(skip_serializing_if = "is_false")]
    pub offset: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// The table of learned vectors of one categorical input, with one vector for each category, like
/// `torch.nn.Embedding`. [`MlpConfig::with_embeddings`] takes these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingConfig {
    /// Number of categories. Their indices are `0..categories`.
    pub categories: usize,
    /// Length of each vector.
    pub dimension: usize,
}

/// The normalization of a hidden layer, between its linear part and its activation. See
/// [`MlpConfig`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "String")]
#[non_exhaustive]
pub enum Normalization {
    /// No normalization.
    #[default]
    None,
    /// Batch normalization: each unit, over the rows of the batch (Ioffe and Szegedy, 2015). It
    /// needs batches of at least two rows in training, since a single row has no variance.
    Batch,
    /// Layer normalization: each row, over its units (Ba, Kiros and Hinton, 2016).
    Layer,
}

impl FromStr for Normalization {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let values = [
            ("none", Self::None),
            ("batch", Self::Batch),
            ("layer", Self::Layer),
        ];
        let synonyms = [
            ("batch_norm", "batch"),
            ("batch_normalization", "batch"),
            ("batchnorm1d", "batch"),
            ("identity", "none"),
            ("layer_norm", "layer"),
            ("layer_normalization", "layer"),
        ];
        parse_name("normalization", text, &values, &synonyms)
    }
}

impl TryFrom<String> for Normalization {
    type Error = ParseNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// The largest number of parameters allowed. They take 4 GiB, and four times that in training.
const MAX_PARAMETERS: usize = 1 << 30;

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
            increasing: false,
            offset: false,
        }
    }
}

impl Config for MlpConfig {}

impl MlpConfig {
    /// A config with these numbers of inputs and outputs. All other fields have their defaults.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            inputs,
            outputs,
            ..Self::default()
        }
    }

    /// Sets the number of units of each [hidden](Self::hidden) layer.
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

    /// Turns [residual](Self::residual) connections on or off.
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

    /// Sets whether the outputs of a row ascend; see [`increasing`](Self::increasing).
    ///
    /// ```
    /// use backburn_model::MlpConfig;
    /// use burn::tensor::{Device, Tensor};
    ///
    /// let device = Device::default();
    /// let mlp = MlpConfig::new(2, 3).with_increasing(true).init(&device)?;
    /// let quantiles = mlp.forward(Tensor::<2>::zeros([1, 2], &device)).into_data();
    /// let quantiles: Vec<f32> = quantiles.iter().collect();
    /// assert!(quantiles.is_sorted());
    /// # Ok::<(), backburn_model::ConfigError>(())
    /// ```
    pub fn with_increasing(mut self, increasing: bool) -> Self {
        self.increasing = increasing;
        self
    }

    /// Sets whether the first input is an offset; see [`offset`](Self::offset).
    pub fn with_offset(mut self, offset: bool) -> Self {
        self.offset = offset;
        self
    }

    /// Number of columns that [`Mlp::forward`](crate::Mlp::forward) takes: the numeric inputs,
    /// and the index of a category for each embedding.
    pub fn columns(&self) -> usize {
        self.inputs + self.embeddings.len()
    }

    /// The width of each layer: first the number of features that enter the first layer (numeric
    /// inputs and embedding vectors), then the units of each hidden layer, then the outputs.
    ///
    /// ```
    /// use backburn_model::MlpConfig;
    ///
    /// assert_eq!(MlpConfig::new(8, 1).with_hidden([64, 32]).widths(), [8, 64, 32, 1]);
    /// ```
    pub fn widths(&self) -> Vec<usize> {
        let embedded: usize = self.embeddings.iter().map(|e| e.dimension).sum();
        let mut widths = vec![self.inputs + embedded];
        widths.extend(&self.hidden);
        widths.push(self.outputs);
        widths
    }

    /// Checks every field.
    ///
    /// # Errors
    ///
    /// Returns the first field whose value is not valid, and the reason.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let refuse = |field, reason: String| Err(ConfigError::new(field, reason));
        if self.inputs == 0 && self.embeddings.is_empty() {
            return refuse(
                "inputs",
                "there is no input: give at least 1, or an embedding".to_string(),
            );
        }
        if self.offset && self.inputs == 0 {
            let reason = "the offset is the first input: give at least 1 input".to_string();
            return refuse("offset", reason);
        }
        check_outputs(self.outputs)?;
        check_hidden(&self.hidden)?;
        check_dropout(self.dropout)?;
        if let Some(problem) = self.activation.problem() {
            return refuse("activation", format!("{}: {problem}", self.activation));
        }
        if let Some(problem) = self.initializer.problem() {
            return refuse("initializer", format!("{}: {problem}", self.initializer));
        }
        for (index, embedding) in self.embeddings.iter().enumerate() {
            if embedding.categories == 0 || embedding.dimension == 0 {
                let reason = format!(
                    "embedding {} has no categories or a dimension of 0: give at least 1 of both",
                    index + 1
                );
                return refuse("embeddings", reason);
            }
        }
        match self.parameters() {
            Some(parameters) if parameters <= MAX_PARAMETERS => Ok(()),
            Some(parameters) => {
                let reason = format!(
                    "the network would have {parameters} parameters, and at most {MAX_PARAMETERS} \
                     are allowed: give fewer units"
                );
                refuse("hidden", reason)
            }
            None => refuse(
                "hidden",
                "the number of parameters overflows: give fewer units".to_string(),
            ),
        }
    }

    /// Number of weights and biases of linear layers and embeddings, or `None` if it overflows.
    pub fn parameters(&self) -> Option<usize> {
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
    use burn::tensor::Device;

    #[test]
    fn an_invalid_config_names_the_field() {
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
    fn a_normalization_is_read_by_its_name() {
        for normalization in [
            Normalization::None,
            Normalization::Batch,
            Normalization::Layer,
        ] {
            let json = serde_json::to_string(&normalization).unwrap();
            assert_eq!(
                serde_json::from_str::<Normalization>(&json).unwrap(),
                normalization
            );
        }
        let error = "batch_norm".parse::<Normalization>().unwrap_err();
        let expected = "`batch_norm` is no normalization (did you mean `batch`?);";
        assert!(error.to_string().starts_with(expected), "{error}");
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
