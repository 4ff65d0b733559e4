//! The parameters of a network in one array.

use std::ops::Range;

use backburn_model::{Block, Mlp};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use pulp::Arch;
use rayon::prelude::*;

use crate::activation::Function;
use crate::matrix::transpose;
use crate::threads::worth_threads;

/// A plain [`Mlp`] in main memory: linear layers with activation functions, and optionally
/// embeddings, dropout and residual connections. The [crate's front page](crate) has an example.
#[derive(Debug, Clone)]
pub struct FusedMlp {
    /// All parameters, in the order in which Burn visits them: the tables of the embeddings, then for
    /// each layer the weight, `[inputs, outputs]` row by row, and the bias, `[outputs]`.
    pub parameters: Vec<f32>,
    /// For each layer the transposed weight, which the backward pass uses. Empty for small layers.
    pub(crate) transposed: Vec<Vec<f32>>,
    pub(crate) embeddings: Vec<Table>,
    pub(crate) layers: Vec<Layer>,
    /// Number of numeric columns in a row, before the categories.
    pub(crate) numeric: usize,
    /// Whether the outputs of a row ascend.
    pub(crate) increasing: bool,
    /// Whether the first number of a row is an offset, which the layers do not get.
    pub(crate) offset: bool,
    /// Whether the offset is added to the outputs.
    pub(crate) adds_offset: bool,
    /// The vector instructions of this processor.
    pub(crate) arch: Arch,
}

/// The table of an embedding.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    /// Where it is among the parameters.
    pub(crate) range: Range<usize>,
    pub(crate) categories: usize,
    pub(crate) dimension: usize,
}

/// A linear layer with its activation function, dropout and residual connection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layer {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Where the weight is among the parameters.
    pub(crate) weight: Range<usize>,
    /// Where the bias is among the parameters.
    pub(crate) bias: Range<usize>,
    pub(crate) function: Function,
    /// The probability that training sets an output to zero.
    pub(crate) dropout: f64,
    pub(crate) residual: bool,
}

/// Number of columns that a thread transposes at a time.
const COLUMNS: usize = 128;
/// Number of multiplications that take as long as moving one number of a matrix.
const MULTIPLICATIONS_PER_MOVE: usize = 32;

impl Layer {
    /// Whether a transposed copy of the weight saves more time than it takes to make.
    pub(crate) fn is_large(&self) -> bool {
        self.weight.len() >= 128 * 128 && self.outputs > 1
    }

    /// Whether the forward pass stores the slopes of the activation for the backward pass. It must
    /// where they cannot be computed from the layer's outputs.
    pub(crate) fn keeps_slopes(&self) -> bool {
        self.residual || self.dropout > 0.0 || !self.function.slope_from_output()
    }
}

impl FusedMlp {
    /// Copies the parameters of a network.
    ///
    /// Returns `None` if this crate cannot run the network: it has a normalization or an unsupported
    /// activation function, is on another device than Burn's flex backend, is not in 32-bit numbers,
    /// or has frozen parameters.
    pub fn of(network: &Mlp) -> Option<Self> {
        let plain = |block: &Block| {
            block.normalization.is_none() && Function::of(block.activation.function()).is_some()
        };
        if !network.hidden.iter().all(plain) {
            return None;
        }
        let mut collected = Collect {
            parameters: Vec::new(),
            supported: true,
        };
        network.visit(&mut collected);
        if !collected.supported {
            return None;
        }
        let mut end = 0;
        let mut next_range = |length: usize| {
            end += length;
            end - length..end
        };
        let embeddings = tables(network, &mut next_range);
        let layers = layers(network, &mut next_range)?;
        Some(Self {
            parameters: collected.parameters,
            transposed: vec![Vec::new(); layers.len()],
            embeddings,
            layers,
            numeric: network.inputs(),
            increasing: network.is_increasing(),
            offset: network.has_offset(),
            adds_offset: network.has_offset(),
            arch: Arch::new(),
        })
    }

    /// The network without its output layer, whose outputs are those of the last hidden layer; see
    /// [`Mlp::forward_hidden`]. `None` if there is no hidden layer.
    ///
    /// ```
    /// use backburn_fused::FusedMlp;
    /// use backburn_model::MlpConfig;
    /// use burn::tensor::Device;
    ///
    /// let mlp = MlpConfig::new(2, 1).with_hidden([8]).init(&Device::default())?;
    /// let network = FusedMlp::of(&mlp).expect("a plain network on the CPU");
    /// let hidden = network.without_output().expect("a hidden layer");
    /// assert_eq!(hidden.predict(&[0.5, -1.0]).len(), 8);
    /// # Ok::<(), backburn_model::ConfigError>(())
    /// ```
    pub fn without_output(&self) -> Option<Self> {
        let (_, hidden) = self.layers.split_last()?;
        let last = hidden.last()?;
        Some(Self {
            parameters: self.parameters[..last.bias.end].to_vec(),
            transposed: vec![Vec::new(); hidden.len()],
            embeddings: self.embeddings.clone(),
            layers: hidden.to_vec(),
            numeric: self.numeric,
            increasing: false,
            offset: self.offset,
            adds_offset: false,
            arch: self.arch,
        })
    }

    /// Number of columns in a row: the numeric inputs, then the index of a category for each
    /// embedding.
    pub fn columns(&self) -> usize {
        self.numeric + self.embeddings.len()
    }

    /// Number of outputs for each row.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// Number of outputs of the widest layer.
    pub fn widest(&self) -> usize {
        let widths = self.layers.iter().map(|layer| layer.outputs);
        widths.max().unwrap_or(0)
    }

    /// Number of multiplications in the forward pass of one row. There are as many additions.
    pub fn work(&self) -> usize {
        let work = |layer: &Layer| layer.inputs * layer.outputs;
        self.layers.iter().map(work).sum()
    }

    /// Transposes the weights for [`Pass::backward`](crate::Pass::backward). Call this before the
    /// backward pass whenever the parameters have changed.
    pub fn prepare_backward(&mut self) {
        // The gradient with respect to the input of the first layer is needed only to train embeddings.
        let skip = usize::from(self.embeddings.is_empty());
        let layers = self.layers.iter().zip(&mut self.transposed).skip(skip);
        for (layer, transposed) in layers.filter(|(layer, _)| layer.is_large()) {
            let weight = &self.parameters[layer.weight.clone()];
            transposed.resize(weight.len(), 0.0);
            let copy = |(chunk, out): (usize, &mut [f32])| {
                transpose(weight, layer.outputs, chunk * COLUMNS, out);
            };
            let chunk = COLUMNS * layer.inputs;
            match worth_threads(weight.len() * MULTIPLICATIONS_PER_MOVE) {
                true => transposed.par_chunks_mut(chunk).enumerate().for_each(copy),
                false => transposed.chunks_mut(chunk).enumerate().for_each(copy),
            }
        }
    }

    /// Copies the parameters into a network of the same shape, and returns it.
    ///
    /// # Panics
    ///
    /// The network has more parameters than this one.
    pub fn write_to(&self, network: Mlp) -> Mlp {
        unflatten(network, &self.parameters)
    }
}

/// The tables of the embeddings. `next_range(n)` returns where the next `n` parameters are.
fn tables(network: &Mlp, mut next_range: impl FnMut(usize) -> Range<usize>) -> Vec<Table> {
    let tables = network.embeddings.iter().map(|embedding| {
        let [categories, dimension] = embedding.weight.dims();
        Table {
            range: next_range(categories * dimension),
            categories,
            dimension,
        }
    });
    tables.collect()
}

/// The hidden layers and the output layer, or `None` if one is not supported.
fn layers(network: &Mlp, mut next_range: impl FnMut(usize) -> Range<usize>) -> Option<Vec<Layer>> {
    let hidden = network.hidden.iter().map(|block| {
        let function = Function::of(block.activation.function())?;
        let dropout = block.dropout.as_ref().map_or(0.0, |dropout| dropout.prob);
        Some((&block.linear, function, dropout, block.is_residual()))
    });
    let output = (&network.output, Function::Identity, 0.0, false);
    let mut layers = Vec::with_capacity(network.hidden.len() + 1);
    for parts in hidden.chain([Some(output)]) {
        let (linear, function, dropout, residual) = parts?;
        let [inputs, outputs] = linear.weight.dims();
        layers.push(Layer {
            inputs,
            outputs,
            weight: next_range(inputs * outputs),
            bias: next_range(linear.bias.as_ref()?.dims()[0]),
            function,
            dropout,
            residual,
        });
    }
    Some(layers)
}

/// Sets the parameters of a module to these numbers, in the order in which Burn visits them.
///
/// # Panics
///
/// There are fewer numbers than parameters.
fn unflatten<M: Module>(module: M, numbers: &[f32]) -> M {
    module.map(&mut SetParameters { numbers, next: 0 })
}

struct SetParameters<'a> {
    numbers: &'a [f32],
    /// The index of the next number to use.
    next: usize,
}

impl ModuleMapper for SetParameters<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let start = self.next;
            self.next += tensor.shape().num_elements();
            let data = TensorData::new(self.numbers[start..self.next].to_vec(), tensor.shape());
            let set = Tensor::from_data(data, &tensor.device());
            match tensor.is_require_grad() {
                true => set.require_grad(),
                false => set,
            }
        })
    }
}

/// Collects the parameters of a module.
struct Collect {
    parameters: Vec<f32>,
    /// Whether all parameters so far can be used here.
    supported: bool,
}

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let frozen = tensor.device().is_autodiff() && !param.is_require_grad();
        if frozen || tensor.dtype() != DType::F32 || !is_flex(&tensor.device()) {
            self.supported = false;
            return;
        }
        match tensor.into_data().as_slice::<f32>() {
            Ok(numbers) => self.parameters.extend_from_slice(numbers),
            Err(_) => self.supported = false,
        }
    }
}

/// Whether a device is Burn's flex backend, whose tensors are in main memory.
///
/// Only the debug text of a device names its backend. The type of flex's device cannot be used here,
/// since this crate does not choose which backends are compiled.
fn is_flex(device: &Device) -> bool {
    format!("{:?}", device.clone().without_autodiff()).contains("Flex")
}
