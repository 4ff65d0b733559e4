//! Embeddings of numbers: each number becomes a vector of periodic features.

use std::f64::consts::PI;

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::error::ConfigError;

/// The settings of a [`PeriodicEmbedding`].
///
/// ```
/// use backburn_model::PeriodicEmbeddingConfig;
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::default();
/// let config = PeriodicEmbeddingConfig::plr();
/// let embedding = config.init(3, &device);
/// let vectors = embedding.forward(Tensor::zeros([5, 3], &device));
/// assert_eq!(vectors.dims(), [5, 3 * config.dimension]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PeriodicEmbeddingConfig {
    /// Number of frequencies of each number.
    pub frequencies: usize,
    /// Length of each vector. If [`dense`](Self::dense) is set, the number itself is one of its
    /// elements.
    pub dimension: usize,
    /// Standard deviation of the initial frequencies, in cycles per unit of the number.
    pub sigma: f64,
    /// Whether each frequency has a cosine with a learned phase. Otherwise it has a cosine and a
    /// sine.
    pub phase: bool,
    /// Whether a ReLU follows the linear layer.
    pub relu: bool,
    /// Whether the number itself is appended to its vector.
    pub dense: bool,
}

impl PeriodicEmbeddingConfig {
    /// PLR (periodic, linear, ReLU) of Gorishniy, Rubachev and Babenko, "On Embeddings for
    /// Numerical Features in Tabular Deep Learning" (2022), section 3.3.
    pub fn plr() -> Self {
        Self {
            frequencies: 48,
            dimension: 24,
            sigma: 0.01,
            phase: false,
            relu: true,
            dense: false,
        }
    }

    /// PBLD (periodic with bias, linear, dense) of RealMLP by Holzmüller, Grinsztajn and Steinwart,
    /// "Better by Default" (2024).
    pub fn pbld() -> Self {
        Self {
            frequencies: 16,
            dimension: 4,
            sigma: 0.1,
            phase: true,
            relu: false,
            dense: true,
        }
    }

    /// Builds the embeddings of `numbers` inputs, each with its own parameters.
    pub fn init(&self, numbers: usize, device: &Device) -> PeriodicEmbedding {
        let k = self.frequencies;
        let waves = if self.phase { k } else { 2 * k };
        let learned = self.dimension.saturating_sub(usize::from(self.dense));
        let normal = Initializer::Normal {
            mean: 0.0,
            std: self.sigma,
        };
        let uniform = |bound: f64| Initializer::Uniform {
            min: -bound,
            max: bound,
        };
        let bound = 1.0 / (waves.max(1) as f64).sqrt();
        PeriodicEmbedding {
            frequency: normal.init([numbers, 1, k], device),
            phase: self
                .phase
                .then(|| uniform(PI).init([numbers, 1, k], device)),
            weight: uniform(bound).init([numbers, waves, learned], device),
            bias: uniform(bound).init([numbers, 1, learned], device),
            relu: self.relu,
            dense: self.dense,
        }
    }
}

impl Default for PeriodicEmbeddingConfig {
    fn default() -> Self {
        Self::pbld()
    }
}

/// Turns each number `x` into a vector (Gorishniy, Rubachev and Babenko, 2022).
///
/// With PLR the vector is `ReLU(W · [cos(2π f x), sin(2π f x)] + b)`, and with PBLD it is
/// `[W · cos(2π f x + φ) + b, x]`. The frequencies `f`, the phases `φ`, `W` and `b` are learned, and
/// each number has its own. [`PeriodicEmbeddingConfig`] has an example.
#[derive(Module, Debug)]
pub struct PeriodicEmbedding {
    /// The frequencies `f`, `[numbers, 1, frequencies]`.
    pub frequency: Param<Tensor<3>>,
    /// The phases `φ`, `[numbers, 1, frequencies]`, if there are any.
    pub phase: Option<Param<Tensor<3>>>,
    /// The weights `W`, `[numbers, waves, learned]`. `waves` is the number of cosines and sines, and
    /// `learned` is the length of a vector without the number itself.
    pub weight: Param<Tensor<3>>,
    /// The biases `b`, `[numbers, 1, learned]`.
    pub bias: Param<Tensor<3>>,
    relu: bool,
    dense: bool,
}

impl PeriodicEmbedding {
    /// Embeds the numbers of each row.
    ///
    /// # Shapes
    ///
    /// - numbers: `[batch, numbers]`
    /// - output: `[batch, numbers * dimension]`: the learned parts of all vectors one after the
    ///   other, then the numbers themselves if the embedding is dense
    pub fn forward(&self, numbers: Tensor<2>) -> Tensor<2> {
        let [batch, count] = numbers.dims();
        // [numbers, batch, 1]
        let column: Tensor<3> = numbers.clone().swap_dims(0, 1).unsqueeze_dim(2);
        let angle = column * self.frequency.val() * (2.0 * PI);
        let waves = match &self.phase {
            Some(phase) => (angle + phase.val()).cos(),
            None => Tensor::cat(vec![angle.clone().cos(), angle.sin()], 2),
        };
        let mut vectors = waves.matmul(self.weight.val()) + self.bias.val();
        if self.relu {
            vectors = activation::relu(vectors);
        }
        let [_, _, learned] = vectors.dims();
        let vectors = vectors.swap_dims(0, 1).reshape([batch, count * learned]);
        match self.dense {
            true => Tensor::cat(vec![vectors, numbers], 1),
            false => vectors,
        }
    }

    /// Whether a ReLU follows the linear layer.
    pub fn has_relu(&self) -> bool {
        self.relu
    }

    /// Whether the numbers themselves follow their vectors.
    pub fn is_dense(&self) -> bool {
        self.dense
    }

    /// The length of each vector.
    pub fn dimension(&self) -> usize {
        self.bias.val().dims()[2] + usize::from(self.dense)
    }
}

/// The input layer of [`RealMlp`](crate::RealMlp) and [`TabM`](crate::TabM): it embeds the first
/// numbers of a row and leaves the others as they are.
#[derive(Module, Debug)]
pub struct EmbeddedInputs {
    /// The embedding of the first numbers, if any are embedded.
    pub embedding: Option<PeriodicEmbedding>,
    embedded: usize,
    inputs: usize,
}

impl EmbeddedInputs {
    /// The input layer for rows of `inputs` numbers. The first `embedded` numbers are embedded.
    ///
    /// # Errors
    ///
    /// There is no input, or `embedded` is above `inputs`.
    pub fn new(
        inputs: usize,
        embedded: usize,
        config: &PeriodicEmbeddingConfig,
        device: &Device,
    ) -> Result<Self, ConfigError> {
        if inputs == 0 {
            let reason = "there is no input: give at least 1";
            return Err(ConfigError::new("inputs", reason));
        }
        if embedded > inputs {
            let reason =
                format!("must be at most the number of inputs, {inputs}, and is {embedded}");
            return Err(ConfigError::new("embedded", reason));
        }
        Ok(Self {
            embedding: (embedded > 0).then(|| config.init(embedded, device)),
            embedded,
            inputs,
        })
    }

    /// Number of inputs of a row.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of inputs that are embedded; they are the first ones of a row.
    pub fn embedded(&self) -> usize {
        self.embedded
    }

    /// Number of features that [`forward`](Self::forward) returns for each row.
    pub fn features(&self) -> usize {
        let vectors = self
            .embedding
            .as_ref()
            .map_or(0, PeriodicEmbedding::dimension);
        self.embedded * vectors + self.inputs - self.embedded
    }

    /// The features of each row: the embedded numbers, then the others.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs]`, with the numbers to embed first
    /// - output: `[batch, features]`
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let Some(embedding) = &self.embedding else {
            return rows;
        };
        let numbers = rows.clone().slice_dim(1, 0..self.embedded);
        let mut features = vec![embedding.forward(numbers)];
        if self.inputs > self.embedded {
            features.push(rows.slice_dim(1, self.embedded..self.inputs));
        }
        Tensor::cat(features, 1)
    }
}
