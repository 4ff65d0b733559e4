//! A network's parameters in main memory.

use std::ops::Range;

use backburn_model::Mlp;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};

use pulp::Arch;
use rayon::prelude::*;

use crate::activation::Function;
use crate::matrix::transpose;
use crate::worth_threads;

/// A plain [`Mlp`]: linear layers with activation functions, perhaps with embeddings in front,
/// dropout and residual connections.
#[derive(Debug, Clone)]
pub struct FusedMlp {
    /// All of them, in the order in which Burn visits them: the tables of the embeddings, then of
    /// each layer the weight, `[inputs, outputs]` row by row, and the bias.
    pub parameters: Vec<f32>,
    /// The weights of large layers transposed, for the way back.
    pub(crate) transposed: Vec<Vec<f32>>,
    pub(crate) embeddings: Vec<Table>,
    pub(crate) layers: Vec<Layer>,
    /// Numbers in a row, before the categories.
    pub(crate) numeric: usize,
    /// The vector instructions that this processor has.
    pub(crate) arch: Arch,
}

/// The table of an embedding among the parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub place: Range<usize>,
    pub categories: usize,
    pub dimension: usize,
}

/// A linear layer among the parameters, and what follows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layer {
    /// Numbers that enter.
    pub inputs: usize,
    /// Numbers that come out.
    pub outputs: usize,
    pub(crate) weight: Range<usize>,
    pub(crate) bias: Range<usize>,
    pub(crate) function: Function,
    /// The share of outputs that training drops.
    pub(crate) dropout: f64,
    pub(crate) residual: bool,
}

/// Columns that are transposed together.
const COLUMNS: usize = 128;
/// The multiplications that take as long as moving a number.
const TRANSPOSING: usize = 32;

impl Layer {
    /// Whether transposing the weight takes less time than it saves.
    pub(crate) fn is_large(&self) -> bool {
        self.weight.len() >= 128 * 128 && self.outputs > 1
    }

    /// Whether the slopes of the activation are kept from the forward pass for the backward pass,
    /// since what the layer gives does not tell them.
    pub(crate) fn keeps_slopes(&self) -> bool {
        self.residual || self.dropout > 0.0 || !self.function.tells_slope()
    }
}

impl FusedMlp {
    /// The parameters of a network, or `None` where it has a part that is not done here, is on
    /// another device than Burn's flex, is not in 32 bits, or has parameters frozen.
    pub fn of(network: &Mlp) -> Option<Self> {
        let mut collected = Collect {
            parameters: Vec::new(),
            fits: true,
        };
        let plain = |block: &backburn_model::Block| {
            block.normalization.is_none() && Function::of(block.activation.function()).is_some()
        };
        if !network.hidden.iter().all(plain) {
            return None;
        }
        network.visit(&mut collected);
        if !collected.fits {
            return None;
        }
        let mut place = 0;
        let mut take = |length: usize| {
            place += length;
            place - length..place
        };
        let embeddings = network.embeddings.iter().map(|embedding| {
            let [categories, dimension] = embedding.weight.dims();
            Table {
                place: take(categories * dimension),
                categories,
                dimension,
            }
        });
        let embeddings: Vec<Table> = embeddings.collect();
        let mut layers = Vec::with_capacity(network.hidden.len() + 1);
        let hidden = network.hidden.iter().map(|block| {
            let function = Function::of(block.activation.function())?;
            let dropout = block.dropout.as_ref().map_or(0.0, |dropout| dropout.prob);
            Some((&block.linear, function, dropout, block.is_residual()))
        });
        let output = (&network.output, Function::Identity, 0.0, false);
        for part in hidden.chain([Some(output)]) {
            let (linear, function, dropout, residual) = part?;
            let [inputs, outputs] = linear.weight.dims();
            layers.push(Layer {
                inputs,
                outputs,
                weight: take(inputs * outputs),
                bias: take(linear.bias.as_ref()?.dims()[0]),
                function,
                dropout,
                residual,
            });
        }
        Some(Self {
            parameters: collected.parameters,
            transposed: vec![Vec::new(); layers.len()],
            embeddings,
            layers,
            numeric: network.inputs(),
            arch: Arch::new(),
        })
    }

    /// Numbers in a row: the numeric inputs, then an index for each embedding.
    pub fn columns(&self) -> usize {
        self.numeric + self.embeddings.len()
    }

    /// Numbers that the network gives for a row.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// Multiplications and additions of a row's forward pass.
    pub fn work(&self) -> usize {
        let work = |layer: &Layer| layer.inputs * layer.outputs;
        self.layers.iter().map(work).sum()
    }

    /// Gets the weights ready for [`Pass::backward`](crate::Pass::backward), which is due whenever
    /// they have changed.
    pub fn prepare_backward(&mut self) {
        // Nothing goes back through the first layer, but into embeddings.
        let skip = usize::from(self.embeddings.is_empty());
        let layers = self.layers.iter().zip(&mut self.transposed).skip(skip);
        for (layer, transposed) in layers.filter(|(layer, _)| layer.is_large()) {
            let weight = &self.parameters[layer.weight.clone()];
            transposed.resize(weight.len(), 0.0);
            let copy = |(stretch, out): (usize, &mut [f32])| {
                transpose(weight, layer.outputs, stretch * COLUMNS, out);
            };
            let stretch = COLUMNS * layer.inputs;
            match worth_threads(weight.len() * TRANSPOSING) {
                true => transposed
                    .par_chunks_mut(stretch)
                    .enumerate()
                    .for_each(copy),
                false => transposed.chunks_mut(stretch).enumerate().for_each(copy),
            }
        }
    }

    /// The network with these parameters.
    pub fn write_to(&self, network: Mlp) -> Mlp {
        unflatten(network, &self.parameters)
    }

    /// The numbers of one embedding's category, clamped to those there are.
    pub(crate) fn embedded(&self, table: &Table, category: f32) -> Range<usize> {
        // A cast from a float saturates.
        let category = (category as usize).min(table.categories - 1);
        let start = table.place.start + category * table.dimension;
        start..start + table.dimension
    }
}

/// A module with its parameters, in the order of visiting, set to these numbers.
///
/// # Panics
///
/// There are fewer numbers than parameters.
fn unflatten<M: Module>(module: M, numbers: &[f32]) -> M {
    module.map(&mut Set { numbers, place: 0 })
}

struct Set<'a> {
    numbers: &'a [f32],
    place: usize,
}

impl ModuleMapper for Set<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let start = self.place;
            self.place += tensor.shape().num_elements();
            let data = TensorData::new(self.numbers[start..self.place].to_vec(), tensor.shape());
            let set = Tensor::from_data(data, &tensor.device());
            match tensor.is_require_grad() {
                true => set.require_grad(),
                false => set,
            }
        })
    }
}

struct Collect {
    parameters: Vec<f32>,
    fits: bool,
}

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let frozen = tensor.device().is_autodiff() && !param.is_require_grad();
        if frozen || tensor.dtype() != DType::F32 || !is_flex(&tensor.device()) {
            self.fits = false;
            return;
        }
        match tensor.into_data().as_slice::<f32>() {
            Ok(numbers) => self.parameters.extend_from_slice(numbers),
            Err(_) => self.fits = false,
        }
    }
}

/// Whether a device is Burn's flex, whose tensors are in main memory. A device does not give its
/// backend away but in its description, and this crate does not choose which are compiled in.
fn is_flex(device: &Device) -> bool {
    format!("{:?}", device.clone().without_autodiff()).contains("Flex")
}
