//! Numbers to vectors.

use std::f64::consts::PI;

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::ConfigError;

/// How each number becomes a vector before the first layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PeriodicEmbeddingConfig {
    /// Cosines (and as many sines) of each number.
    pub frequencies: usize,
    /// The length of the vector; with [`dense`](Self::dense), the number itself is one of its elements.
    pub dimension: usize,
    /// The standard deviation of the first frequencies.
    pub sigma: f64,
    /// Whether a learned phase takes the place of the sines.
    pub phase: bool,
    /// Whether a ReLU follows.
    pub relu: bool,
    /// Whether the number itself is kept.
    pub dense: bool,
}

impl PeriodicEmbeddingConfig {
    /// PLR: periodic, linear, ReLU, as by Gorishniy, Rubachev and Babenko, "On Embeddings for Numerical
    /// Features in Tabular Deep Learning" (2022), section 3.3.
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

    /// PBLD: periodic with bias, linear, dense, as in RealMLP by Holzmüller, Grinsztajn and Steinwart,
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

    /// Builds the embeddings of so many numbers.
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

/// Each number `x` as a vector of its own: `W · [cos(2π f x), sin(2π f x)] + b`, with a ReLU after it, or
/// `[W · cos(2π f x + φ) + b, x]`; every number has its own frequencies `f`, phases `φ`, `W` and `b`.
#[derive(Module, Debug)]
pub struct PeriodicEmbedding {
    /// `[numbers, 1, frequencies]`
    pub frequency: Param<Tensor<3>>,
    /// `[numbers, 1, frequencies]`, in the place of sines
    pub phase: Option<Param<Tensor<3>>>,
    /// `[numbers, waves, learned]`
    pub weight: Param<Tensor<3>>,
    /// `[numbers, 1, learned]`
    pub bias: Param<Tensor<3>>,
    relu: bool,
    dense: bool,
}

impl PeriodicEmbedding {
    /// # Shapes
    ///
    /// - numbers: `[batch, numbers]`
    /// - output: `[batch, numbers * dimension]`, one vector after the other, and the numbers
    ///   themselves at the end
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

    /// The length of each vector.
    pub fn dimension(&self) -> usize {
        self.bias.val().dims()[2] + usize::from(self.dense)
    }
}

/// Rows whose first numbers are embedded, and whose others stay as they are.
#[derive(Module, Debug)]
pub struct EmbeddedInputs {
    /// Of the first numbers, if any are embedded.
    pub embedding: Option<PeriodicEmbedding>,
    embedded: usize,
    inputs: usize,
}

impl EmbeddedInputs {
    /// For rows of so many inputs, the first `embedded` of which are embedded.
    ///
    /// # Errors
    ///
    /// No input, or fewer than are to be embedded.
    pub fn new(
        inputs: usize,
        embedded: usize,
        config: &PeriodicEmbeddingConfig,
        device: &Device,
    ) -> Result<Self, ConfigError> {
        let refuse = |field, reason: &str| {
            let reason = reason.to_string();
            Err(ConfigError { field, reason })
        };
        if inputs == 0 {
            return refuse("inputs", "there is no input");
        }
        if embedded > inputs {
            return refuse("embedded", "there are fewer inputs");
        }
        Ok(Self {
            embedding: (embedded > 0).then(|| config.init(embedded, device)),
            embedded,
            inputs,
        })
    }

    /// Numbers that a row becomes.
    pub fn features(&self) -> usize {
        let vectors = self
            .embedding
            .as_ref()
            .map_or(0, PeriodicEmbedding::dimension);
        self.embedded * vectors + self.inputs - self.embedded
    }

    /// # Shapes
    ///
    /// - rows: `[batch, inputs]`, those to embed first
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
