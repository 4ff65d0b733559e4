//! The network.

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::norm::Normalization as NormalizationLayer;
use burn::nn::{
    BatchNormConfig, Dropout, DropoutConfig, Embedding, EmbeddingConfig, Initializer,
    LayerNormConfig, Linear, LinearConfig,
};
use burn::tensor::{Device, Int, Tensor};

use crate::{Activation, ActivationLayer, MlpConfig, Normalization};

/// A multilayer perceptron: hidden [`Block`]s, then a linear layer.
///
/// Built by [`MlpConfig::init`].
#[derive(Module, Debug)]
pub struct Mlp {
    /// One table of learned vectors for each categorical input.
    pub embeddings: Vec<Embedding>,
    /// The hidden layers.
    pub hidden: Vec<Block>,
    /// The last layer: values or logits.
    pub output: Linear,
    inputs: usize,
}

impl Mlp {
    /// Builds the network that a valid config describes.
    pub(crate) fn new(config: &MlpConfig, device: &Device) -> Self {
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
        };
        draw(&mlp);
        mlp
    }

    /// Numeric inputs, before the categories.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Units of each hidden layer, as in [`MlpConfig::hidden`].
    pub fn hidden_units(&self) -> Vec<usize> {
        let blocks = self.hidden.iter();
        blocks
            .map(|block| block.linear.weight.shape().dims::<2>()[1])
            .collect()
    }

    /// The forward pass.
    ///
    /// # Shapes
    ///
    /// - rows: `[batch, inputs + embeddings]`, the numeric inputs first, then the index of the
    ///   category for each embedding as a whole number
    /// - output: `[batch, outputs]`, logits for classes
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        self.forward_features(self.features(rows))
    }

    /// What the activation function of each hidden layer gives, before dropout and the residual
    /// connection: what to look at for units that are dead or saturated.
    ///
    /// # Shapes
    ///
    /// - rows: as for [`forward`](Self::forward)
    /// - output: `[batch, units]` for each hidden layer
    pub fn activations(&self, rows: Tensor<2>) -> Vec<Tensor<2>> {
        let mut features = self.features(rows);
        let mut activations = Vec::with_capacity(self.hidden.len());
        for block in &self.hidden {
            let activated = block.activate(features.clone());
            features = block.pass_on(activated.clone(), features);
            activations.push(activated);
        }
        activations
    }

    /// What enters the first layer, `[batch, inputs + embeddings] -> [batch, features]`: the
    /// numbers, then the learned vectors of the categories.
    pub fn features(&self, rows: Tensor<2>) -> Tensor<2> {
        if self.embeddings.is_empty() {
            return rows;
        }
        let [batch, columns] = rows.dims();
        let numeric = rows.clone().slice([0..batch, 0..self.inputs]);
        let categories = rows.slice([0..batch, self.inputs..columns]).int();
        self.embed(numeric, categories)
    }

    /// The forward pass from numbers and categories apart.
    ///
    /// # Shapes
    ///
    /// - numeric: `[batch, inputs]`
    /// - categories: `[batch, embeddings]`, indices
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

    /// The forward pass from what [`features`](Self::features) gives, `[batch, features] -> [batch,
    /// outputs]`.
    pub fn forward_features(&self, mut features: Tensor<2>) -> Tensor<2> {
        for block in &self.hidden {
            features = block.forward(features);
        }
        self.output.forward(features)
    }
}

/// Burn draws a parameter when it is first used; drawing all of them now, in their order, makes the
/// weights depend on the seed alone.
pub(crate) fn draw<M: Module>(module: &M) {
    module.visit(&mut Draw);
}

struct Draw;

impl ModuleVisitor for Draw {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        param.val();
    }
}

/// A hidden layer: `dropout(activation(normalization(x · W + b)))`, plus `x` where it is residual.
#[derive(Module, Debug)]
pub struct Block {
    /// `x · W + b`.
    pub linear: Linear,
    /// Before the activation.
    pub normalization: Option<NormalizationLayer>,
    /// Element by element.
    pub activation: ActivationLayer,
    /// In training only.
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

    /// Whether it adds its input to what it gives.
    pub fn is_residual(&self) -> bool {
        self.residual
    }

    /// # Shapes
    ///
    /// - input: `[batch, inputs]`
    /// - output: `[batch, outputs]`
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let activated = self.activate(input.clone());
        self.pass_on(activated, input)
    }

    /// The values that the activation function is applied to: `normalization(x · W + b)`.
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

    /// From what the activation function gave to the block's output, [`forward`](Self::forward)'s
    /// last part: dropout, and the block's input where the block is residual. All `[batch,
    /// outputs]`.
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
    if config.initializer != crate::Initializer::PyTorch {
        linear.bias = Some(Initializer::Zeros.init([outputs], device));
    }
    linear
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EmbeddingConfig;
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
            for initializer in crate::Initializer::all() {
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
    fn no_hidden_layer_is_a_linear_model() {
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
    fn residual_blocks_pass_their_input_on() {
        let device = Device::default();
        let mlp = MlpConfig::new(2, 1)
            .with_hidden([2])
            .with_residual(true)
            .with_initializer(crate::Initializer::Constant(0.0))
            .init(&device)
            .unwrap();
        let rows = rows(3, 2, &device);
        let output = mlp.hidden[0].forward(rows.clone());
        assert_eq!(output.into_data(), rows.into_data());
    }
}
