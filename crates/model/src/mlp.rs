//! The multilayer perceptron.

use burn::module::Module;
use burn::nn::norm::Normalization as NormalizationLayer;
use burn::nn::{
    BatchNormConfig, Dropout, DropoutConfig, Embedding, EmbeddingConfig, Initializer,
    LayerNormConfig, Linear, LinearConfig,
};
use burn::tensor::{Device, Int, Tensor};

use crate::activation::{Activation, ActivationLayer};
use crate::config::{MlpConfig, Normalization};
use crate::error::ConfigError;
use crate::increasing::increasing;
use crate::parameters::initialize_parameters;

/// A multilayer perceptron: hidden layers ([`Block`]), then a linear output layer (Rumelhart,
/// Hinton and Williams, 1986).
///
/// [`MlpConfig::init`] builds it; see there for an example.
#[derive(Module, Debug)]
pub struct Mlp {
    /// For each categorical input, the table of its learned vectors.
    pub embeddings: Vec<Embedding>,
    /// The hidden layers, in order.
    pub hidden: Vec<Block>,
    /// The output layer, whose outputs are values or logits.
    pub output: Linear,
    inputs: usize,
    increasing: bool,
    offset: bool,
}

impl MlpConfig {
    /// Builds the network. The device's random number generator draws the initial weights; seed it
    /// with [`Device::seed`] to get the same weights again.
    ///
    /// # Errors
    ///
    /// A field is not valid; see [`validate`](Self::validate).
    pub fn init(&self, device: &Device) -> Result<Mlp, ConfigError> {
        self.validate()?;
        Ok(Mlp::new(self, device))
    }
}

impl Mlp {
    /// Builds the network of a valid config.
    fn new(config: &MlpConfig, device: &Device) -> Self {
        let widths = config.widths();
        let last = widths.len() - 2;
        let mlp = Self {
            embeddings: config
                .embeddings
                .iter()
                .map(|e| EmbeddingConfig::new(e.categories, e.dimension).init(device))
                .collect(),
            hidden: (0..last)
                .map(|layer| Block::new(config, widths[layer], widths[layer + 1], device))
                .collect(),
            output: linear(
                config,
                Activation::Identity,
                widths[last],
                widths[last + 1],
                device,
            ),
            inputs: config.inputs,
            increasing: config.increasing,
            offset: config.offset,
        };
        initialize_parameters(&mlp);
        mlp
    }

    /// Number of numeric inputs, without the categorical ones.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The same layers for another number of numeric inputs, which the first layer must have.
    pub(crate) fn with_inputs(self, inputs: usize) -> Self {
        Self { inputs, ..self }
    }

    /// Whether the outputs of a row ascend; see [`MlpConfig::increasing`].
    pub fn is_increasing(&self) -> bool {
        self.increasing
    }

    /// Whether the first input is added to the outputs; see [`MlpConfig::offset`].
    pub fn has_offset(&self) -> bool {
        self.offset
    }

    /// Number of units of each hidden layer, as in [`MlpConfig::hidden`].
    pub fn hidden_units(&self) -> Vec<usize> {
        let blocks = self.hidden.iter();
        blocks
            .map(|block| block.linear.weight.shape().dims::<2>()[1])
            .collect()
    }

    /// The forward pass. See the [crate's front page](crate) for an example.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs + embeddings]`. The numeric inputs come first, then for each
    ///   embedding the index of the row's category, as a whole number.
    /// - output: `[batch, outputs]`. For classification, these are logits.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        self.forward_features(self.features(rows))
    }

    /// The outputs of each hidden layer's activation function, before dropout and the residual
    /// connection. They show which units are dead or saturated.
    ///
    /// # Shapes
    ///
    /// - rows: as for [`forward`](Self::forward)
    /// - output: one tensor `[batch, units]` for each hidden layer
    pub fn activations(&self, rows: Tensor<2>) -> Vec<Tensor<2>> {
        let mut features = self.without_offset(self.features(rows));
        let mut activations = Vec::with_capacity(self.hidden.len());
        for block in &self.hidden {
            let activated = block.activate(features.clone());
            features = block.pass_on(activated.clone(), features);
            activations.push(activated);
        }
        activations
    }

    /// What enters the output layer: the outputs of the last hidden layer, or the
    /// [`features`](Self::features) if there is no hidden layer. Rows that are close to each other here
    /// are alike for the network, since its output is a linear function of this vector.
    ///
    /// ```
    /// use backburn_model::MlpConfig;
    /// use burn::tensor::{Device, Tensor};
    ///
    /// let device = Device::default();
    /// let mlp = MlpConfig::new(8, 1).with_hidden([64, 16]).init(&device)?;
    /// let hidden = mlp.forward_hidden(Tensor::zeros([32, 8], &device));
    /// assert_eq!(hidden.dims(), [32, 16]);
    /// # Ok::<(), backburn_model::ConfigError>(())
    /// ```
    ///
    /// # Shapes
    ///
    /// - rows: as for [`forward`](Self::forward)
    /// - output: `[batch, units of the last hidden layer]`
    pub fn forward_hidden(&self, rows: Tensor<2>) -> Tensor<2> {
        self.through_hidden(self.features(rows))
    }

    /// The features that enter the first layer: the numeric inputs, then the learned vector of each
    /// category.
    ///
    /// # Shapes
    ///
    /// - rows: as for [`forward`](Self::forward)
    /// - output: `[batch, features]`, where `features` is the first of [`MlpConfig::widths`]
    pub fn features(&self, rows: Tensor<2>) -> Tensor<2> {
        if self.embeddings.is_empty() {
            return rows;
        }
        let [batch, columns] = rows.dims();
        let numeric = rows.clone().slice([0..batch, 0..self.inputs]);
        let categories = rows.slice([0..batch, self.inputs..columns]).int();
        self.embed(numeric, categories)
    }

    /// The forward pass with numeric and categorical inputs in separate tensors.
    ///
    /// # Shapes
    ///
    /// - numeric: `[batch, inputs]`
    /// - categories: `[batch, embeddings]`, the indices of the categories
    /// - output: `[batch, outputs]`
    pub fn forward_mixed(&self, numeric: Tensor<2>, categories: Tensor<2, Int>) -> Tensor<2> {
        self.forward_features(self.embed(numeric, categories))
    }

    fn embed(&self, numeric: Tensor<2>, categories: Tensor<2, Int>) -> Tensor<2> {
        let [batch, _] = categories.dims();
        let mut features = Vec::with_capacity(1 + self.embeddings.len());
        if self.inputs > 0 {
            features.push(numeric);
        }
        for (column, embedding) in self.embeddings.iter().enumerate() {
            let indices = categories.clone().slice([0..batch, column..column + 1]);
            features.push(embedding.forward(indices).squeeze_dim(1));
        }
        Tensor::cat(features, 1)
    }

    /// The forward pass from the output of [`features`](Self::features).
    ///
    /// # Shapes
    ///
    /// - features: `[batch, features]`
    /// - output: `[batch, outputs]`
    pub fn forward_features(&self, features: Tensor<2>) -> Tensor<2> {
        let offset = features.clone();
        let outputs = self.forward_output(self.through_hidden(features));
        match self.offset {
            true => outputs + offset.slice_dim(1, 0..1),
            false => outputs,
        }
    }

    /// The output layer, `[batch, units] -> [batch, outputs]`, for the outputs of the last hidden layer.
    pub fn forward_output(&self, hidden: Tensor<2>) -> Tensor<2> {
        let outputs = self.output.forward(hidden);
        match self.increasing {
            true => increasing(outputs),
            false => outputs,
        }
    }

    /// The features with 0 in the place of the offset.
    fn without_offset(&self, features: Tensor<2>) -> Tensor<2> {
        let [_, width] = features.dims();
        match (self.offset, width) {
            (false, _) => features,
            (true, 1) => features * 0.0,
            (true, _) => {
                let zeros = features.clone().slice_dim(1, 0..1) * 0.0;
                Tensor::cat(vec![zeros, features.slice_dim(1, 1..width)], 1)
            }
        }
    }

    /// The outputs of the last hidden layer.
    fn through_hidden(&self, features: Tensor<2>) -> Tensor<2> {
        let features = self.without_offset(features);
        let blocks = self.hidden.iter();
        blocks.fold(features, |features, block| block.forward(features))
    }
}

/// A hidden layer: `dropout(activation(normalization(x · W + b)))`, plus `x` if the layer is
/// residual. An [`Mlp`] holds these.
#[derive(Module, Debug)]
pub struct Block {
    /// The linear part, `x · W + b`.
    pub linear: Linear,
    /// The normalization between the linear part and the activation, if there is one.
    pub normalization: Option<NormalizationLayer>,
    /// The activation function.
    pub activation: ActivationLayer,
    /// Dropout after the activation, which is active in training only.
    pub dropout: Option<Dropout>,
    residual: bool,
}

impl Block {
    fn new(config: &MlpConfig, inputs: usize, outputs: usize, device: &Device) -> Self {
        Self {
            linear: linear(config, config.activation, inputs, outputs, device),
            normalization: match config.normalization {
                Normalization::None => None,
                Normalization::Batch => Some(BatchNormConfig::new(outputs).init(device).into()),
                Normalization::Layer => Some(LayerNormConfig::new(outputs).init(device).into()),
            },
            activation: config.activation.init(device),
            dropout: (config.dropout > 0.0).then(|| DropoutConfig::new(config.dropout).init()),
            residual: config.residual && inputs == outputs,
        }
    }

    /// Whether the layer adds its input to its output.
    pub fn is_residual(&self) -> bool {
        self.residual
    }

    /// The forward pass of the layer.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, inputs]`
    /// - output: `[batch, outputs]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let activated = self.activate(input.clone());
        self.pass_on(activated, input)
    }

    /// The input of the activation function, `normalization(x · W + b)`.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, inputs]`
    /// - output: `[batch, outputs]`
    pub fn preactivate(&self, input: Tensor<2>) -> Tensor<2> {
        let x = self.linear.forward(input);
        match &self.normalization {
            Some(normalization) => normalization.forward(x),
            None => x,
        }
    }

    fn activate(&self, input: Tensor<2>) -> Tensor<2> {
        self.activation.forward(self.preactivate(input))
    }

    /// The last part of [`forward`](Self::forward): applies dropout to the output of the activation
    /// function and, if the layer is residual, adds the layer's input.
    ///
    /// # Shapes
    ///
    /// - activated: `[batch, outputs]`
    /// - input: `[batch, inputs]`
    /// - output: `[batch, outputs]`
    pub fn pass_on(&self, activated: Tensor<2>, input: Tensor<2>) -> Tensor<2> {
        let mut x = activated;
        if let Some(dropout) = &self.dropout {
            x = dropout.forward(x);
        }
        if self.residual {
            x = x + input;
        }
        x
    }
}

fn linear(
    config: &MlpConfig,
    activation: Activation,
    inputs: usize,
    outputs: usize,
    device: &Device,
) -> Linear {
    let initializer = config.initializer.for_activation(activation);
    let mut linear = LinearConfig::new(inputs, outputs)
        .with_initializer(initializer)
        .init(device);
    if config.initializer != crate::initializer::Initializer::PyTorch {
        linear.bias = Some(Initializer::Zeros.init([outputs], device));
    }
    linear
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EmbeddingConfig;
    use burn::tensor::Distribution;

    fn rows(batch: usize, columns: usize, device: &Device) -> Tensor<2> {
        Tensor::random([batch, columns], Distribution::Default, device)
    }

    #[test]
    fn every_setting_gives_logits_of_the_right_shape() {
        let device = Device::default().autodiff();
        for normalization in [
            Normalization::None,
            Normalization::Batch,
            Normalization::Layer,
        ] {
            for initializer in crate::initializer::Initializer::all() {
                let mlp = MlpConfig::new(5, 3)
                    .with_hidden([4, 4])
                    .with_normalization(normalization)
                    .with_initializer(initializer)
                    .with_residual(true)
                    .with_dropout(0.1)
                    .init(&device)
                    .unwrap();
                assert_eq!(mlp.forward(rows(7, 5, &device)).dims(), [7, 3]);
            }
        }
    }

    #[test]
    fn a_network_without_hidden_layers_is_linear() {
        let device = Device::default();
        let mlp = MlpConfig::new(5, 3).with_hidden([]).init(&device).unwrap();
        let rows = rows(2, 5, &device);
        let expected = mlp.output.forward(rows.clone());
        assert_eq!(mlp.forward(rows).into_data(), expected.into_data());
        assert_eq!(mlp.num_params(), 5 * 3 + 3);
    }

    #[test]
    fn embeddings_take_their_indices_from_the_last_columns() {
        let device = Device::default();
        let table = |categories| EmbeddingConfig {
            categories,
            dimension: 2,
        };
        let mlp = MlpConfig::new(1, 1)
            .with_embeddings([table(3), table(4)])
            .init(&device)
            .unwrap();
        let rows = Tensor::<2>::from_floats([[0.5, 2.0, 3.0], [0.5, 0.0, 1.0]], &device);
        let numeric = Tensor::<2>::from_floats([[0.5], [0.5]], &device);
        let categories = Tensor::<2, Int>::from_data([[2, 3], [0, 1]], &device);
        assert_eq!(
            mlp.forward(rows).into_data(),
            mlp.forward_mixed(numeric, categories).into_data()
        );
    }

    #[test]
    fn the_output_is_a_linear_function_of_the_last_hidden_layer() {
        let device = Device::default();
        let config = MlpConfig::new(5, 3)
            .with_hidden([6, 6])
            .with_residual(true)
            .with_normalization(Normalization::Layer)
            .with_dropout(0.5);
        let mlp = config.init(&device).unwrap();
        let rows = rows(4, 5, &device);
        let hidden = mlp.forward_hidden(rows.clone());
        assert_eq!(hidden.dims(), [4, 6]);
        let expected = mlp.forward(rows.clone()).into_data();
        assert_eq!(mlp.output.forward(hidden).into_data(), expected);
        let linear = MlpConfig::new(5, 3).with_hidden([]).init(&device).unwrap();
        let features = linear.forward_hidden(rows.clone());
        assert_eq!(features.into_data(), rows.into_data());
    }

    #[test]
    fn an_offset_is_added_and_does_nothing_else() {
        let device = Device::default();
        device.seed(1);
        let table = EmbeddingConfig {
            categories: 3,
            dimension: 2,
        };
        for (config, rest) in [
            (MlpConfig::new(1, 2), vec![]),
            (MlpConfig::new(3, 2), vec![0.5, -1.0]),
            (
                MlpConfig::new(2, 2).with_embeddings([table]),
                vec![0.5, 2.0],
            ),
        ] {
            let mlp = config.with_offset(true).init(&device).unwrap();
            let outputs = |offset: f32| {
                let row = [vec![offset], rest.clone()].concat();
                let width = row.len();
                let row = burn::tensor::TensorData::new(row, [1, width]);
                mlp.forward(Tensor::from_data(row, &device))
            };
            let difference = outputs(3.0) - outputs(0.0) - 3.0;
            assert!(difference.abs().max().into_scalar::<f32>() < 1e-5);
        }
    }

    #[test]
    fn residual_blocks_add_their_input() {
        let device = Device::default();
        let mlp = MlpConfig::new(2, 1)
            .with_hidden([2])
            .with_residual(true)
            .with_initializer(crate::initializer::Initializer::Constant(0.0))
            .init(&device)
            .unwrap();
        let rows = rows(3, 2, &device);
        let output = mlp.hidden[0].forward(rows.clone());
        assert_eq!(output.into_data(), rows.into_data());
    }
}
