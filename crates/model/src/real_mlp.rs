//! RealMLP, a multilayer perceptron with defaults tuned for tables.

use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig, Initializer};
use burn::tensor::{Device, Distribution, Tensor};
use serde::{Deserialize, Serialize};

use crate::activation::{Activation, ActivationLayer};
use crate::error::{ConfigError, check_dropout, check_hidden, check_outputs};
use crate::numeric_embedding::{EmbeddedInputs, PeriodicEmbeddingConfig};
use crate::parameters::initialize_parameters;

/// The settings of a [`RealMlp`].
///
/// ```
/// use backburn_model::RealMlpConfig;
/// use burn::tensor::{Device, Distribution, Tensor};
///
/// let device = Device::default();
/// let config = RealMlpConfig { embedded: 4, ..RealMlpConfig::new(6, 1) };
/// let rows = Tensor::<2>::random([100, 6], Distribution::Normal(0.0, 1.0), &device);
/// let network = config.init(&device)?.fit_to(rows.clone());
/// assert_eq!(network.forward(rows).dims(), [100, 1]);
/// # Ok::<(), backburn_model::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RealMlpConfig {
    /// Number of inputs of a row.
    pub inputs: usize,
    /// Number of inputs that are embedded. These are the first ones of a row.
    pub embedded: usize,
    /// Number of outputs: 1 for regression, one logit for each class.
    pub outputs: usize,
    /// Number of units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The activation function after each hidden layer. The paper uses `mish` for regression and
    /// `selu` for classification.
    pub activation: Activation,
    /// The probability, in `[0, 1)`, that training sets a hidden unit to zero.
    pub dropout: f64,
    /// How the inputs are embedded.
    pub embedding: PeriodicEmbeddingConfig,
}

impl Default for RealMlpConfig {
    fn default() -> Self {
        Self {
            inputs: 1,
            embedded: 0,
            outputs: 1,
            hidden: vec![256; 3],
            activation: Activation::Mish,
            dropout: 0.15,
            embedding: PeriodicEmbeddingConfig::pbld(),
        }
    }
}

impl RealMlpConfig {
    /// A config with these numbers of inputs and outputs, three hidden layers of 256 units and no
    /// embedded input.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            inputs,
            outputs,
            ..Self::default()
        }
    }

    /// Builds the network. To initialize it as in the paper, pass training rows to
    /// [`RealMlp::fit_to`] afterwards.
    ///
    /// # Errors
    ///
    /// Returns the first field whose value is not valid, and the reason.
    pub fn init(&self, device: &Device) -> Result<RealMlp, ConfigError> {
        check_hidden(&self.hidden)?;
        check_dropout(self.dropout)?;
        check_outputs(self.outputs)?;
        let embedding = EmbeddedInputs::new(self.inputs, self.embedded, &self.embedding, device)?;
        let mut inputs = embedding.features();
        let scale = Initializer::Ones.init([inputs], device);
        let mut hidden = Vec::new();
        for &units in &self.hidden {
            hidden.push(NtkLinear::new(inputs, units, device));
            inputs = units;
        }
        let blend = |&units: &usize| Initializer::Ones.init([units], device);
        let network = RealMlp {
            inputs: embedding,
            scale,
            hidden,
            blends: self.hidden.iter().map(blend).collect(),
            output: NtkLinear::new(inputs, self.outputs, device),
            activation: self.activation.init(device),
            dropout: DropoutConfig::new(self.dropout).init(),
        };
        initialize_parameters(&network);
        Ok(network)
    }
}

/// The network of Holzmüller, Grinsztajn and Steinwart, "Better by Default: Strong Pre-Tuned MLPs
/// and Boosted Trees on Tabular Data" (2024). [`RealMlpConfig`] has an example.
///
/// It differs from an [`Mlp`](crate::Mlp) in four ways: numbers are embedded, each feature has a
/// learned scale, linear layers use the neural tangent parametrization ([`NtkLinear`]), and each
/// unit learns a mixture of the activation function `f` and the identity, `x + a (f(x) - x)`.
#[derive(Module, Debug)]
pub struct RealMlp {
    /// The input layer, which embeds numbers.
    pub inputs: EmbeddedInputs,
    /// The learned factor of each feature, `[features]`.
    pub scale: Param<Tensor<1>>,
    /// The hidden layers.
    pub hidden: Vec<NtkLinear>,
    /// For each hidden layer the mixture weights `a`, `[units]`.
    pub blends: Vec<Param<Tensor<1>>>,
    /// The output layer.
    pub output: NtkLinear,
    /// The activation function `f`.
    pub activation: ActivationLayer,
    /// Dropout after each activation, which is active in training only.
    pub dropout: Dropout,
}

impl RealMlp {
    /// The forward pass.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs]`, with the numbers to embed first
    /// - output: `[batch, outputs]`. For classification, these are logits.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let mut x = self.features(rows);
        for (layer, blend) in self.hidden.iter().zip(&self.blends) {
            x = self.dropout.forward(self.activate(layer.forward(x), blend));
        }
        self.output.forward(x)
    }

    fn features(&self, rows: Tensor<2>) -> Tensor<2> {
        self.inputs.forward(rows) * self.scale.val().unsqueeze()
    }

    fn activate(&self, x: Tensor<2>, blend: &Param<Tensor<1>>) -> Tensor<2> {
        let active = self.activation.forward(x.clone());
        x.clone() + (active - x) * blend.val().unsqueeze()
    }

    /// The data-dependent initialization of the paper. Weights are rescaled so that the output of
    /// each unit has a standard deviation of 1 over the rows. Each bias is set to minus a random
    /// weighted mean of the unit's outputs for five rows, so that the unit is zero somewhere among
    /// the rows.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs]`, some thousands of training rows
    #[must_use]
    pub fn fit_to(mut self, rows: Tensor<2>) -> Self {
        let mut x = self.features(rows);
        for layer in 0..self.hidden.len() {
            let fitted = self.hidden[layer].clone().fit_to(x.clone());
            x = self.activate(fitted.forward(x), &self.blends[layer]);
            self.hidden[layer] = fitted;
        }
        self.output = self.output.fit_to(x);
        self
    }
}

/// A linear layer in the neural tangent parametrization, `x · W / √inputs + b` (Jacot, Gabriel and
/// Hongler, "Neural Tangent Kernel", 2018).
///
/// Initial weights have standard deviation 1. One learning rate then suits wide and narrow layers.
/// [`RealMlp`] consists of these layers.
#[derive(Module, Debug)]
pub struct NtkLinear {
    /// The weights `W`, `[inputs, outputs]`.
    pub weight: Param<Tensor<2>>,
    /// The biases `b`, `[outputs]`.
    pub bias: Param<Tensor<1>>,
}

impl NtkLinear {
    /// A layer with weights drawn from `N(0, 1)` and biases of zero.
    pub fn new(inputs: usize, outputs: usize, device: &Device) -> Self {
        let normal = Initializer::Normal {
            mean: 0.0,
            std: 1.0,
        };
        Self {
            weight: normal.init([inputs, outputs], device),
            bias: Initializer::Zeros.init([outputs], device),
        }
    }

    /// The forward pass of the layer.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, inputs]`
    /// - output: `[batch, outputs]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let [_, inputs] = input.dims();
        let product = input.matmul(self.weight.val());
        product * (1.0 / (inputs as f64).sqrt()) + self.bias.val().unsqueeze()
    }

    /// See [`RealMlp::fit_to`]; `input` is `[rows, inputs]`.
    fn fit_to(self, input: Tensor<2>) -> Self {
        const POINTS: usize = 5;
        let device = input.device();
        let [rows, _] = input.dims();
        let [_, outputs] = self.weight.val().dims();
        let product = self.forward(input) - self.bias.val().unsqueeze();
        let deviation = product.clone().var_bias(0).sqrt().clamp_min(1e-6);
        let product = product / deviation.clone();
        // Exponential draws, divided by their sum, are uniform over all weights that sum to 1.
        let uniform = Distribution::Uniform(1e-9, 1.0);
        let draws = Tensor::<2>::random([POINTS, outputs], uniform, &device)
            .log()
            .neg();
        let shares = draws.clone() / draws.sum_dim(0);
        let uniform = Distribution::Uniform(0.0, rows as f64);
        let picked = Tensor::<2>::random([POINTS, outputs], uniform, &device);
        let picked = picked.clamp_max(rows as f64 - 1.0).int();
        let mixture = (product.gather(0, picked) * shares).sum_dim(0);
        Self {
            weight: self.weight.map(|weight| weight / deviation),
            bias: self.bias.map(|_| mixture.neg().squeeze_dim(0)),
        }
    }
}
