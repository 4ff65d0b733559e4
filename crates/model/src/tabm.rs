//! Many networks in one, by sharing weights.

use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear};
use burn::tensor::{Device, Distribution, Tensor};
use serde::{Deserialize, Serialize};

use crate::mlp::draw;
use crate::{Activation, ActivationLayer, ConfigError, EmbeddedInputs, PeriodicEmbeddingConfig};

/// The shape of a [`TabM`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TabMConfig {
    /// Numbers in a row.
    pub inputs: usize,
    /// How many of the first ones are embedded.
    pub embedded: usize,
    /// Outputs: 1 for a number, one logit for each class.
    pub outputs: usize,
    /// Networks.
    pub members: usize,
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// Of every hidden layer.
    pub activation: Activation,
    /// The probability with which a hidden unit is dropped in training.
    pub dropout: f64,
    /// How numbers are embedded.
    pub embedding: PeriodicEmbeddingConfig,
}

impl Default for TabMConfig {
    fn default() -> Self {
        Self {
            inputs: 1,
            embedded: 0,
            outputs: 1,
            members: 32,
            hidden: vec![512; 3],
            activation: Activation::Relu,
            dropout: 0.1,
            embedding: PeriodicEmbeddingConfig::plr(),
        }
    }
}

impl TabMConfig {
    /// A network of 32 members with three hidden layers of 512 units.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            inputs,
            outputs,
            ..Self::default()
        }
    }

    /// Builds the network.
    ///
    /// # Errors
    ///
    /// The first field that cannot be, and why.
    pub fn init(&self, device: &Device) -> Result<TabM, ConfigError> {
        let refuse = |field, reason: &str| {
            let reason = reason.to_string();
            Err(ConfigError { field, reason })
        };
        if self.members == 0 {
            return refuse("members", "there is no network");
        }
        if self.hidden.is_empty() || self.hidden.contains(&0) {
            return refuse("hidden", "there is no layer, or one without units");
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return refuse("dropout", "it is not at least 0 and below 1");
        }
        if self.outputs == 0 {
            return refuse("outputs", "there is no output");
        }
        let embedding = EmbeddedInputs::new(self.inputs, self.embedded, &self.embedding, device)?;
        let mut inputs = embedding.features();
        let mut hidden = Vec::new();
        for (layer, &units) in self.hidden.iter().enumerate() {
            hidden.push(SharedLinear::new(
                inputs,
                units,
                self.members,
                layer == 0,
                device,
            ));
            inputs = units;
        }
        let heads = (0..self.members).map(|_| Linear {
            weight: uniform(inputs).init([inputs, self.outputs], device),
            bias: Some(uniform(inputs).init([self.outputs], device)),
        });
        let tabm = TabM {
            inputs: embedding,
            hidden,
            heads: heads.collect(),
            activation: self.activation.init(device),
            dropout: DropoutConfig::new(self.dropout).init(),
        };
        draw(&tabm);
        Ok(tabm)
    }
}

fn uniform(inputs: usize) -> Initializer {
    let bound = 1.0 / (inputs.max(1) as f64).sqrt();
    Initializer::Uniform {
        min: -bound,
        max: bound,
    }
}

/// Many MLPs that share most of their weights and are trained at once, each by its own loss, after
/// Gorishniy, Kotelnikov and Babenko, "TabM" (2024).
#[derive(Module, Debug)]
pub struct TabM {
    /// What rows become first.
    pub inputs: EmbeddedInputs,
    /// The hidden layers, shared but for their adapters.
    pub hidden: Vec<SharedLinear>,
    /// The last layer of each member.
    pub heads: Vec<Linear>,
    /// Of every hidden layer.
    pub activation: ActivationLayer,
    /// After each activation, in training only.
    pub dropout: Dropout,
}

impl TabM {
    /// What each member gives.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs]`, those to embed first
    /// - output: `[batch, members, outputs]`
    pub fn forward_members(&self, rows: Tensor<2>) -> Tensor<3> {
        let features = self.inputs.forward(rows);
        let [batch, width] = features.dims();
        let mut x: Tensor<3> =
            features
                .unsqueeze_dim::<3>(1)
                .expand([batch, self.heads.len(), width]);
        for layer in &self.hidden {
            let values = layer.forward(x);
            let [_, members, units] = values.dims();
            let flat = values.reshape([batch * members, units]);
            x = self
                .activation
                .forward(flat)
                .reshape([batch, members, units]);
            x = self.dropout.forward(x);
        }
        let outputs = self.heads.iter().enumerate().map(|(member, head)| {
            let of_member: Tensor<2> = x.clone().slice_dim(1, member..member + 1).squeeze_dim(1);
            head.forward(of_member).unsqueeze_dim::<3>(1)
        });
        Tensor::cat(outputs.collect(), 1)
    }

    /// The mean of what the members give, `[batch, inputs] -> [batch, outputs]`.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        self.forward_members(rows).mean_dim(1).squeeze_dim(1)
    }
}

/// A linear layer of many members with one weight, `((x ∘ r_i) · W) ∘ s_i + b_i`: the batch ensemble of Wen,
/// Tran and Ba (2020), equation 5, with a bias for each member.
#[derive(Module, Debug)]
pub struct SharedLinear {
    /// `W`, `[inputs, outputs]`
    pub weight: Param<Tensor<2>>,
    /// `r`, `[members, inputs]`
    pub input_scale: Param<Tensor<2>>,
    /// `s`, `[members, outputs]`
    pub output_scale: Param<Tensor<2>>,
    /// `b`, `[members, outputs]`
    pub bias: Param<Tensor<2>>,
}

impl SharedLinear {
    /// A layer whose members differ by random signs of their inputs, if it is the first one; in the
    /// others they start as the same.
    pub fn new(
        inputs: usize,
        outputs: usize,
        members: usize,
        first: bool,
        device: &Device,
    ) -> Self {
        let ones = Initializer::Ones;
        let input_scale = match first {
            true => {
                let even = Distribution::Uniform(-1.0, 1.0);
                let drawn = Tensor::<2>::random([members, inputs], even, device);
                // A draw of exactly 0 has no sign.
                let below = drawn.lower_elem(0.0).float();
                Param::from_tensor(below * -2.0 + 1.0)
            }
            false => ones.init([members, inputs], device),
        };
        // All members start with one bias.
        let bias: Param<Tensor<2>> = uniform(inputs).init([1, outputs], device);
        Self {
            weight: uniform(inputs).init([inputs, outputs], device),
            input_scale,
            output_scale: ones.init([members, outputs], device),
            bias: Param::from_tensor(bias.val().detach().repeat_dim(0, members)),
        }
    }

    /// # Shapes
    ///
    /// - input: `[batch, members, inputs]`
    /// - output: `[batch, members, outputs]`
    pub fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        let [batch, members, inputs] = input.dims();
        let [_, outputs] = self.weight.val().dims();
        let scaled = input * self.input_scale.val().unsqueeze();
        // One product for all members.
        let flat: Tensor<2> = scaled.reshape([batch * members, inputs]);
        let product: Tensor<3> = flat
            .matmul(self.weight.val())
            .reshape([batch, members, outputs]);
        product * self.output_scale.val().unsqueeze() + self.bias.val().unsqueeze()
    }
}
