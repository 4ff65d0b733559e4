//! Training steps through Burn's autodiff, for any network on any device.

use std::collections::HashMap;
use std::ops::Range;

use burn::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::module::{ModuleVisitor, Param};
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::store::burn_pack::{self, Reader};
use burn::tensor::{Bytes, DType, Shape, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::evaluate::evaluate;
use crate::optimizer_record::OptimizerRecord;
use crate::progress::TrainingProgress;
use crate::steps::{StepHook, Steps};
use crate::{
    Clipping, Criterion, Network, OptimizerName, TensorDataset, TrainingConfig, Validation,
};

/// Trains a network through Burn's autodiff.
pub(crate) struct Autodiff<N> {
    /// `None` only within a step, since the optimizer consumes the network.
    network: Option<N>,
    optimizer: ModuleOptimizer,
    /// Whether the optimizer keeps row and column means of its state, as Adafactor does.
    factored: bool,
    criterion: Criterion,
    clipping: Clipping,
    training: TensorDataset,
    validation: Option<TensorDataset>,
    /// The training rows in the order of the current epoch.
    shuffled: TensorDataset,
    losses: Losses,
    seed: u64,
    /// Steps since the start of training.
    steps: u64,
}

impl<N: Network> Autodiff<N> {
    /// `network` is on an autodiff device. The rows are not copied: tensors share their memory.
    pub fn new(
        network: N,
        training: &TensorDataset,
        validation: Option<&TensorDataset>,
        config: &TrainingConfig,
    ) -> Self {
        Self {
            network: Some(network),
            optimizer: config.optimizer.init(),
            factored: config.optimizer.name == OptimizerName::Adafactor,
            criterion: config.criterion(),
            clipping: config.clipping(),
            training: training.clone(),
            validation: validation.cloned(),
            shuffled: training.clone(),
            losses: Losses::default(),
            seed: config.seed,
            steps: 0,
        }
    }
}

impl<N: Network> Steps<N> for Autodiff<N> {
    fn start_epoch(&mut self, rng: &mut ChaCha8Rng) {
        self.shuffled = self.training.shuffled(rng);
        self.losses = Losses::default();
    }

    fn step(
        &mut self,
        batch: Range<usize>,
        rate: ModuleLearningRate,
        mut hook: Option<&mut dyn StepHook<N>>,
    ) {
        let Some(network) = self.network.take() else {
            return;
        };
        // Dropout depends on the seed and the step alone, so that training can resume at any step.
        self.training
            .inputs
            .device()
            .seed(self.seed ^ self.steps.rotate_left(32));
        self.steps += 1;
        let batch = self.shuffled.slice(batch.start, batch.end);
        let rows = batch.rows();
        // Forward pass.
        let heads = network.heads();
        let outputs = network.forward_heads(batch.inputs.autodiff());
        // Loss.
        let targets = batch.targets.repeat(heads);
        let weights = batch.weights.map(|weights| weights.repeat_dim(0, heads));
        let loss = self.criterion.forward(outputs, &targets, weights.as_ref());
        self.losses.push(&loss, rows);
        // Backward pass.
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        let gradients = self.clipping.clip(&network, gradients);
        if let Some(hook) = &mut hook {
            hook.before_update(&network, &gradients);
        }
        // Update.
        let network = self.optimizer.step(rate, network, gradients);
        if let Some(hook) = hook {
            hook.after_update(&network);
        }
        self.network = Some(network);
    }

    fn diverged(&mut self) -> bool {
        self.losses.diverged()
    }

    fn losses(&self) -> (f64, usize) {
        self.losses.so_far()
    }

    fn optimizer_record(&self) -> OptimizerRecord {
        let record = self.optimizer.into_bytes();
        OptimizerRecord::Burn(record.expect("the optimizer can be read back").to_vec())
    }

    fn load_record(
        &mut self,
        progress: &TrainingProgress,
        record: &OptimizerRecord,
    ) -> Result<(), String> {
        let OptimizerRecord::Burn(record) = record else {
            return Err("it belongs to a network that was trained over arrays".to_string());
        };
        let record = Bytes::from_bytes_vec(record.clone());
        check_record(record.clone(), self.network.as_ref(), self.factored)?;
        let optimizer = self.optimizer.clone().from_bytes(record);
        self.optimizer = optimizer.map_err(|error| error.to_string())?;
        (self.losses.sum, self.losses.rows) = (progress.loss_sum, progress.loss_rows);
        self.losses.steps = progress.step;
        self.steps = progress.steps_done() as u64;
        Ok(())
    }

    fn network(&self) -> N {
        let network = self.network.as_ref();
        network.expect("a step puts the network back").valid()
    }

    fn validate(&mut self, other: Option<&N>) -> Option<Validation> {
        let rows = self.validation.as_ref()?;
        Some(match other {
            Some(network) => evaluate(network, rows, &self.criterion),
            None => evaluate(&self.network(), rows, &self.criterion),
        })
    }
}

/// The losses of an epoch. They stay on the device and are read 32 steps at a time; otherwise a GPU
/// would wait for the processor at every step.
#[derive(Default)]
struct Losses {
    /// The losses that are not read yet, and the rows in their batches.
    pending: Vec<Tensor<1>>,
    pending_rows: Vec<usize>,
    steps: usize,
    /// The sum over the rows of the losses that were read, and the number of these rows.
    sum: f64,
    rows: usize,
}

/// Steps between two reads of the losses.
const READ_BACK: usize = 32;

impl Losses {
    fn push(&mut self, loss: &Tensor<1>, rows: usize) {
        self.pending.push(loss.clone().without_autodiff());
        self.pending_rows.push(rows);
        self.steps += 1;
    }

    /// The sum over the rows of all losses, and the number of these rows.
    fn so_far(&self) -> (f64, usize) {
        let (mut sum, mut sum_of_rows) = (self.sum, self.rows);
        if !self.pending.is_empty() {
            let losses = Tensor::cat(self.pending.clone(), 0).into_data();
            for (loss, rows) in losses.iter::<f64>().zip(&self.pending_rows) {
                sum += loss * *rows as f64;
                sum_of_rows += rows;
            }
        }
        (sum, sum_of_rows)
    }

    fn read_back(&mut self) {
        (self.sum, self.rows) = self.so_far();
        self.pending.clear();
        self.pending_rows.clear();
    }

    fn diverged(&mut self) -> bool {
        // By the step of the epoch, so that a resumed run reads at the same steps.
        if self.steps.is_multiple_of(READ_BACK) {
            self.read_back();
        }
        !self.sum.is_finite()
    }
}

/// Checks that a record of an optimizer is of this network. Burn panics where it is not.
fn check_record<N: Network>(
    record: Bytes,
    network: Option<&N>,
    factored: bool,
) -> Result<(), String> {
    struct Shapes(HashMap<u64, (Shape, DType)>);
    impl ModuleVisitor for Shapes {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let kind = (param.shape(), param.val().dtype());
            self.0.insert(param.id.val(), kind);
        }
    }
    let mut shapes = Shapes(HashMap::new());
    if let Some(network) = network {
        network.visit(&mut shapes);
    }
    let failed = |error: burn_pack::Error| error.to_string();
    let reader = Reader::from_bytes(record).map_err(failed)?;
    // A name is the identifier of a parameter, a dot, and a field of its state.
    let parse = |name: &str| {
        let (id, field) = name.split_once('.')?;
        Some((id.parse::<u64>().ok()?, field.to_string()))
    };
    let ranks_fit = reader.scalars().iter().all(|(name, value)| {
        let rank = |id| shapes.0.get(&id).map(|(shape, _)| shape.num_dims());
        match parse(name) {
            Some((id, field)) if field == "__rank" => {
                rank(id).is_some_and(|rank| usize::try_from(*value) == Ok(rank))
            }
            _ => true,
        }
    });
    let tensors = reader.into_tensors().map_err(failed)?;
    let fits = |tensor: &burn_pack::Tensor| {
        let id = parse(&tensor.name).map(|(id, _)| id);
        let (shape, dtype) = shapes
            .0
            .get(&id.filter(|id| tensor.param_id == Some(*id))?)?;
        let smaller = factored && tensor.shape.num_elements() < shape.num_elements();
        Some(tensor.dtype == *dtype && (tensor.shape == *shape || smaller))
    };
    match ranks_fit && tensors.iter().all(|tensor| fits(tensor) == Some(true)) {
        true => Ok(()),
        false => Err("its optimizer belongs to another network".to_string()),
    }
}
