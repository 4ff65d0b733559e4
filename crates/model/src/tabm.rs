//! TabM, an ensemble of networks that share most of their weights.

use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear};
use burn::tensor::{Device, Distribution, Tensor};
use serde::{Deserialize, Serialize};

use crate::activation::{Activation, ActivationLayer};
use crate::error::{ConfigError, check_dropout, check_hidden, check_outputs};
use crate::numeric_embedding::{EmbeddedInputs, PeriodicEmbeddingConfig};
use crate::parameters::initialize_parameters;

/// The settings of a [`TabM`].
///
/// ```
/// use backburn_model::TabMConfig;
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::default();
/// let config = TabMConfig { members: 4, hidden: vec![16], ..TabMConfig::new(6, 1) };
/// let network = config.init(&device)?;
/// let rows = Tensor::<2>::zeros([10, 6], &device);
/// assert_eq!(network.forward_members(rows.clone()).dims(), [10, 4, 1]);
/// assert_eq!(network.forward(rows).dims(), [10, 1]);
/// # Ok::<(), backburn_model::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TabMConfig {
    /// Number of inputs of a row.
    pub inputs: usize,
    /// Number of inputs that are embedded. These are the first ones of a row.
    pub embedded: usize,
    /// Number of outputs: 1 for regression, one logit for each class.
    pub outputs: usize,
    /// Number of networks.
    pub members: usize,
    /// Number of units of each hidden layer; at least one layer.
    pub hidden: Vec<usize>,
    /// The activation function after each hidden layer.
    pub activation: Activation,
    /// The probability, in `[0, 1)`, that training sets a hidden unit to zero.
    pub dropout: f64,
    /// How the inputs are embedded.
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
    /// A config with these numbers of inputs and outputs, 32 members, three hidden layers of 512
    /// units and no embedded input.
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
    /// Returns the first field whose value is not valid, and the reason.
    pub fn init(&self, device: &Device) -> Result<TabM, ConfigError> {
        if self.members == 0 {
            let reason = "there is no network: give at least 1";
            return Err(ConfigError::new("members", reason));
        }
        if self.hidden.is_empty() {
            let reason = "there is no hidden layer: give at least 1";
            return Err(ConfigError::new("hidden", reason));
        }
        check_hidden(&self.hidden)?;
        check_dropout(self.dropout)?;
        check_outputs(self.outputs)?;
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
        initialize_parameters(&tabm);
        Ok(tabm)
    }
}

/// The default initializer of `torch.nn.Linear`, `U(-a, a)` with `a = 1 / sqrt(inputs)`.
fn uniform(inputs: usize) -> Initializer {
    let bound = 1.0 / (inputs.max(1) as f64).sqrt();
    Initializer::Uniform {
        min: -bound,
        max: bound,
    }
}

/// The network of Gorishniy, Kotelnikov and Babenko, "TabM: Advancing Tabular Deep Learning with
/// Parameter-Efficient Ensembling" (2024): many MLPs that share most of their weights.
///
/// All members train at the same time, each with its own loss. [`TabMConfig`] has an example.
#[derive(Module, Debug)]
pub struct TabM {
    /// The input layer, which embeds numbers.
    pub inputs: EmbeddedInputs,
    /// The hidden layers. Members share the weights and have their own scales and biases.
    pub hidden: Vec<SharedLinear>,
    /// The output layer of each member.
    pub heads: Vec<Linear>,
    /// The activation function after each hidden layer.
    pub activation: ActivationLayer,
    /// Dropout after each activation, which is active in training only.
    pub dropout: Dropout,
}

impl TabM {
    /// The outputs of each member.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs]`, with the numbers to embed first
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

    /// The mean of the members' outputs.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs]`, with the numbers to embed first
    /// - output: `[batch, outputs]`
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        self.forward_members(rows).mean_dim(1).squeeze_dim(1)
    }
}

/// A linear layer whose members share one weight matrix. Member `i` computes
/// `((x ∘ r_i) · W) ∘ s_i + b_i`, where `∘` multiplies element by element.
///
/// This is the BatchEnsemble of Wen, Tran and Ba (2020), equation 5, with a bias for each member.
/// [`TabM`] consists of these layers.
#[derive(Module, Debug)]
pub struct SharedLinear {
    /// The shared weights `W`, `[inputs, outputs]`.
    pub weight: Param<Tensor<2>>,
    /// The input scales `r`, `[members, inputs]`.
    pub input_scale: Param<Tensor<2>>,
    /// The output scales `s`, `[members, outputs]`.
    pub output_scale: Param<Tensor<2>>,
    /// The biases `b`, `[members, outputs]`.
    pub bias: Param<Tensor<2>>,
}

impl SharedLinear {
    /// A new layer. In the first layer of a network, each member's initial input scales are random
    /// signs. In the other layers all members are equal at first.
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
                let uniform = Distribution::Uniform(-1.0, 1.0);
                let drawn = Tensor::<2>::random([members, inputs], uniform, device);
                // -1 below zero, and 1 otherwise: `sign` would return 0 for a draw of exactly 0.
                let negative = drawn.lower_elem(0.0).float();
                Param::from_tensor(negative * -2.0 + 1.0)
            }
            false => ones.init([members, inputs], device),
        };
        // All members have the same initial bias.
        let bias: Param<Tensor<2>> = uniform(inputs).init([1, outputs], device);
        Self {
            weight: uniform(inputs).init([inputs, outputs], device),
            input_scale,
            output_scale: ones.init([members, outputs], device),
            bias: Param::from_tensor(bias.val().detach().repeat_dim(0, members)),
        }
    }

    /// The forward pass of the layer.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, members, inputs]`
    /// - output: `[batch, members, outputs]`
    pub fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        let [batch, members, inputs] = input.dims();
        let [_, outputs] = self.weight.val().dims();
        let scaled = input * self.input_scale.val().unsqueeze();
        // One matrix product for all members.
        let flat: Tensor<2> = scaled.reshape([batch * members, inputs]);
        let product: Tensor<3> = flat
            .matmul(self.weight.val())
            .reshape([batch, members, outputs]);
        product * self.output_scale.val().unsqueeze() + self.bias.val().unsqueeze()
    }
}
