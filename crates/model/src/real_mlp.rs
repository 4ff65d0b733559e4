//! RealMLP.

use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig, Initializer};
use burn::tensor::{Device, Distribution, Tensor};
use serde::{Deserialize, Serialize};

use crate::mlp::draw;
use crate::{Activation, ActivationLayer, ConfigError, EmbeddedInputs, PeriodicEmbeddingConfig};

/// The shape of a [`RealMlp`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RealMlpConfig {
    /// Numbers in a row.
    pub inputs: usize,
    /// How many of the first ones are embedded.
    pub embedded: usize,
    /// Outputs: 1 for a number, one logit for each class.
    pub outputs: usize,
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// Of every hidden layer: `mish` for numbers, `selu` for classes.
    pub activation: Activation,
    /// The probability with which a hidden unit is dropped in training.
    pub dropout: f64,
    /// How numbers are embedded.
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
    /// A network with three hidden layers of 256 units.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            inputs,
            outputs,
            ..Self::default()
        }
    }

    /// Builds the network. Where rows are at hand, [`RealMlp::fit_to`] then makes it start as the paper
    /// has it.
    ///
    /// # Errors
    ///
    /// The first field that cannot be, and why.
    pub fn init(&self, device: &Device) -> Result<RealMlp, ConfigError> {
        let refuse = |field, reason: &str| {
            let reason = reason.to_string();
            Err(ConfigError { field, reason })
        };
        if self.hidden.contains(&0) {
            return refuse("hidden", "a layer has no unit");
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return refuse("dropout", "it is not at least 0 and below 1");
        }
        if self.outputs == 0 {
            return refuse("outputs", "there is no output");
        }
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
        draw(&network);
        Ok(network)
    }
}

/// The network of Holzmüller, Grinsztajn and Steinwart, "Better by Default: Strong Pre-Tuned MLPs and Boosted
/// Trees on Tabular Data" (2024): embedded numbers, a learned scale of every feature, linear layers in the
/// parametrization of the neural tangent kernel, and activations that are blended with the
/// identity unit by unit.
#[derive(Module, Debug)]
pub struct RealMlp {
    /// What rows become first.
    pub inputs: EmbeddedInputs,
    /// What every feature is multiplied by, `[features]`.
    pub scale: Param<Tensor<1>>,
    /// The hidden layers.
    pub hidden: Vec<NtkLinear>,
    /// `a` in `x + a (f(x) - x)`, for each unit of each hidden layer.
    pub blends: Vec<Param<Tensor<1>>>,
    /// The last layer.
    pub output: NtkLinear,
    /// `f`.
    pub activation: ActivationLayer,
    /// After each activation, in training only.
    pub dropout: Dropout,
}

impl RealMlp {
    /// # Shapes
    ///
    /// - rows: `[batch, inputs]`, those to embed first
    /// - output: `[batch, outputs]`, logits for classes
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

    /// Makes each unit of each layer vary by a standard deviation of 1 over these rows, around minus a
    /// random mixture of what it gives for five of them, as the paper initializes it.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs]`, some thousands of those to train on
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

/// `x · W / √inputs + b`, with weights of standard deviation 1: steps of one size then change wide and narrow
/// layers alike (Jacot, Gabriel and Hongler, "Neural Tangent Kernel", 2018).
#[derive(Module, Debug)]
pub struct NtkLinear {
    /// `W`, `[inputs, outputs]`
    pub weight: Param<Tensor<2>>,
    /// `b`, `[outputs]`
    pub bias: Param<Tensor<1>>,
}

impl NtkLinear {
    /// Weights drawn from a normal distribution, and no bias.
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

    /// # Shapes
    ///
    /// - input: `[batch, inputs]`
    /// - output: `[batch, outputs]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let [_, inputs] = input.dims();
        let product = input.matmul(self.weight.val());
        product * (1.0 / (inputs as f64).sqrt()) + self.bias.val().unsqueeze()
    }

    fn fit_to(self, input: Tensor<2>) -> Self {
        const POINTS: usize = 5;
        let device = input.device();
        let [rows, _] = input.dims();
        let [_, outputs] = self.weight.val().dims();
        let product = self.forward(input) - self.bias.val().unsqueeze();
        let deviation = product.clone().var_bias(0).sqrt().clamp_min(1e-6);
        let product = product / deviation.clone();
        // The weights of a point in a simplex, by exponential draws.
        let even = Distribution::Uniform(1e-9, 1.0);
        let draws = Tensor::<2>::random([POINTS, outputs], even, &device)
            .log()
            .neg();
        let shares = draws.clone() / draws.sum_dim(0);
        let places = Distribution::Uniform(0.0, rows as f64);
        let places = Tensor::<2>::random([POINTS, outputs], places, &device);
        let places = places.clamp_max(rows as f64 - 1.0).int();
        let mixture = (product.gather(0, places) * shares).sum_dim(0);
        Self {
            weight: self.weight.map(|weight| weight / deviation),
            bias: self.bias.map(|_| mixture.neg().squeeze_dim(0)),
        }
    }
}
