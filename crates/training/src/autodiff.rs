//! Steps by Burn's automatic differentiation: any network, on any device.

use std::collections::HashMap;
use std::ops::Range;

use burn::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::module::{ModuleVisitor, Param};
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::store::burn_pack::{self, Reader};
use burn::tensor::{Bytes, DType, Shape, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::checkpoint::{Place, Remembered};
use crate::fit::validate;
use crate::optimizer::OptimizerName;
use crate::steps::{Recording, Steps};
use crate::{Clipping, Criterion, Examples, Network, TrainingConfig, Validation};

pub(crate) struct Autodiff<'a, N> {
    /// Taken out while it is updated.
    network: Option<N>,
    optimizer: ModuleOptimizer,
    /// Whether the optimizer keeps means of rows and of columns instead of whole parameters.
    factored: bool,
    criterion: Criterion,
    clipping: Clipping,
    training: &'a Examples,
    validation: Option<&'a Examples>,
    shuffled: Examples,
    losses: Losses,
    seed: u64,
    steps: u64,
}

impl<'a, N: Network> Autodiff<'a, N> {
    /// To train a network that is on an autodiff device.
    pub fn new(
        network: N,
        training: &'a Examples,
        validation: Option<&'a Examples>,
        config: &TrainingConfig,
    ) -> Self {
        Self {
            network: Some(network),
            optimizer: config.optimizer.init(),
            factored: config.optimizer.name == OptimizerName::Adafactor,
            criterion: config.criterion(),
            clipping: config.clipping(),
            training,
            validation,
            shuffled: training.clone(),
            losses: Losses::default(),
            seed: config.seed,
            steps: 0,
        }
    }
}

impl<N: Network> Steps<N> for Autodiff<'_, N> {
    fn start_epoch(&mut self, rng: &mut ChaCha8Rng) {
        self.shuffled = self.training.shuffled(rng);
        self.losses = Losses::default();
    }

    fn step(
        &mut self,
        rows: Range<usize>,
        rate: ModuleLearningRate,
        mut recording: Option<Recording<'_>>,
    ) {
        let Some(network) = self.network.take() else {
            return;
        };
        // What dropout drops follows from the seed and the step, so that training can go on at any.
        self.training
            .inputs
            .device()
            .seed(self.seed ^ self.steps.rotate_left(32));
        self.steps += 1;
        let batch = self.shuffled.slice(rows.start, rows.end);
        // Forward pass.
        let heads = network.heads();
        let outputs = network.forward_heads(batch.inputs.autodiff());
        // Loss.
        let targets = batch.targets.repeated(heads);
        let weights = batch.weights.map(|weights| weights.repeat_dim(0, heads));
        let loss = self.criterion.forward(outputs, &targets, weights.as_ref());
        self.losses.push(&loss, rows.len());
        // Backward pass.
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        let gradients = self.clipping.clip(&network, gradients);
        // Update.
        if let Some(Recording { recorder, step }) = &mut recording {
            recorder.before_update(*step, &network, &gradients);
        }
        let network = self.optimizer.step(rate, network, gradients);
        if let Some(Recording { recorder, step }) = recording {
            recorder.after_update(step, &network);
        }
        self.network = Some(network);
    }

    fn diverged(&mut self) -> bool {
        self.losses.diverged()
    }

    fn losses(&self) -> (f64, usize) {
        self.losses.so_far()
    }

    fn remembered(&self) -> Remembered {
        let record = self.optimizer.into_bytes();
        Remembered::Record(record.expect("the optimizer can be read back").to_vec())
    }

    fn go_on(&mut self, place: &Place, remembered: &Remembered) -> Result<(), String> {
        let Remembered::Record(record) = remembered else {
            return Err("it is of a network that was trained over arrays".to_string());
        };
        let record = Bytes::from_bytes_vec(record.clone());
        check_record(record.clone(), self.network.as_ref(), self.factored)?;
        let optimizer = self.optimizer.clone().from_bytes(record);
        self.optimizer = optimizer.map_err(|error| error.to_string())?;
        (self.losses.sum, self.losses.rows) = (place.loss, place.loss_rows);
        self.losses.steps = place.step;
        self.steps = place.steps_done() as u64;
        Ok(())
    }

    fn network(&self) -> N {
        let network = self.network.as_ref();
        network.expect("a step puts the network back").valid()
    }

    fn validate(&mut self) -> Option<Validation> {
        let rows = self.validation?;
        Some(validate(&self.network(), rows, &self.criterion))
    }
}

/// The losses of an epoch. They stay on the device, and are read back some steps at a time: a
/// graphics card would otherwise wait for the processor at every step.
#[derive(Default)]
struct Losses {
    pending: Vec<Tensor<1>>,
    pending_rows: Vec<usize>,
    steps: usize,
    sum: f64,
    rows: usize,
}

const READ_BACK: usize = 32;

impl Losses {
    fn push(&mut self, loss: &Tensor<1>, rows: usize) {
        self.pending.push(loss.clone().without_autodiff());
        self.pending_rows.push(rows);
        self.steps += 1;
    }

    /// The sum of all losses, and their rows.
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
        // At the same steps for a training that goes on in the middle of an epoch.
        if self.steps.is_multiple_of(READ_BACK) {
            self.read_back();
        }
        !self.sum.is_finite()
    }
}

/// Makes sure that a record of an optimizer is of this network: Burn panics where it is not.
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
    // Names are the parameter's number and what it is of it.
    let of = |name: &str| {
        let (id, field) = name.split_once('.')?;
        Some((id.parse::<u64>().ok()?, field.to_string()))
    };
    let ranks_fit = reader.scalars().iter().all(|(name, value)| {
        let rank = |id| shapes.0.get(&id).map(|(shape, _)| shape.num_dims());
        match of(name) {
            Some((id, field)) if field == "__rank" => {
                rank(id).is_some_and(|rank| usize::try_from(*value) == Ok(rank))
            }
            _ => true,
        }
    });
    let tensors = reader.into_tensors().map_err(failed)?;
    let fits = |tensor: &burn_pack::Tensor| {
        let id = of(&tensor.name).map(|(id, _)| id);
        let (shape, dtype) = shapes
            .0
            .get(&id.filter(|id| tensor.param_id == Some(*id))?)?;
        let smaller = factored && tensor.shape.num_elements() < shape.num_elements();
        Some(tensor.dtype == *dtype && (tensor.shape == *shape || smaller))
    };
    match ranks_fit && tensors.iter().all(|tensor| fits(tensor) == Some(true)) {
        true => Ok(()),
        false => Err("its optimizer is of another network".to_string()),
    }
}
