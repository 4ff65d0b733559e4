//! Training one network of a model further.

use backburn_fused::FusedMlp;
use backburn_model::Mlp;
use backburn_preprocessing::Target;
use backburn_table::Split;
use backburn_training::{
    Anchor, Fitted, History, StopReason, TensorDataset, TrainingError, fit, fit_anchored,
    forward_in_batches,
};
use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};
use web_time::Instant;

use super::examples::truth;
use super::stored_rows::StoredRows;
use crate::callbacks::JobCallbacks;
use crate::config::Config;
use crate::context::FitContext;
use crate::error::Error;
use crate::event::{Event, NetworkDescription};
use crate::job::{Job, JobKind};
use crate::scorer::Scorer;
use crate::scoring::Scoring;

/// What all networks of a model learn from.
pub(crate) struct Lesson<'a> {
    pub config: &'a Config,
    pub target: &'a Target,
    pub training: &'a TensorDataset,
    pub validation: Option<&'a TensorDataset>,
    /// The validation rows.
    pub validation_rows: &'a StoredRows,
    /// Whether the epochs of a network whose run is diagnosed are recorded.
    pub has_history: bool,
    pub deadline: Option<Instant>,
}

impl Lesson<'_> {
    /// Trains a network further, and records its epochs if that is wanted. The stiffness holds its parameters, if it is
    /// not empty.
    pub fn teach(
        &self,
        network: Mlp,
        stiffness: Vec<f32>,
        job: &Job,
        context: &FitContext,
    ) -> Result<(Fitted<Mlp>, History), Error> {
        announce(&network, self.target, job, context);
        let targets = truth(self.validation_rows, self.target);
        let rows: Vec<usize> = (0..self.validation_rows.rows()).collect();
        let scoring = Scoring::of_metric(self.config.scoring.metric());
        let scorer = Scorer::new(self.target, &targets, &rows, &scoring);
        let mut callbacks = JobCallbacks {
            job,
            context,
            scorer: &scorer,
            history: (self.has_history && job.diagnose).then(History::default),
            held_out: None,
            deadline: self.deadline,
            checkpointer: None,
        };
        let settings = &job.config.training;
        let (training, validation) = (self.training, self.validation);
        let fitted = match stiffness.is_empty() {
            true => fit(network, training, validation, settings, &mut callbacks),
            false => {
                let center = FusedMlp::of(&network).map(|fused| fused.parameters);
                let anchor = Anchor {
                    center: center.unwrap_or_default(),
                    stiffness,
                };
                fit_anchored(
                    network,
                    training,
                    validation,
                    settings,
                    &mut callbacks,
                    &anchor,
                )
            }
        };
        announce_end(&fitted, job, context);
        Ok((fitted?, callbacks.history.unwrap_or_default()))
    }
}

/// The job of network `member` of this number of networks, for events. `time` is the number of the update, and `shown`
/// says whether its epochs are shown.
pub(crate) fn job_of(
    config: &Config,
    time: usize,
    (member, networks): (usize, usize),
    shown: bool,
) -> Job {
    let mut config = config.clone();
    let seed = config.training.seed.wrapping_add(member as u64);
    config.training.seed = seed.wrapping_add((time as u64).wrapping_mul(1_000_003));
    Job {
        name: format!("update-{}", member + 1),
        kind: match networks {
            1 => JobKind::Network,
            _ => JobKind::Member { member },
        },
        config,
        split: Split {
            training: Vec::new(),
            validation: Vec::new(),
        },
        encoder_rows: Vec::new(),
        max_epochs: None,
        diagnose: shown && member == 0,
    }
}

/// A network whose new outputs begin at the share of their classes: the logarithm of the odds of a new class against
/// the `old_rows` rows before, above the mean of the log of the summed exponentials of the old outputs. Without that,
/// the first steps would push down the old outputs.
pub(crate) fn with_prior(
    network: Mlp,
    training: &TensorDataset,
    rows: &StoredRows,
    (known, classes): (usize, usize),
    old_rows: usize,
) -> Mlp {
    if known >= classes {
        return network;
    }
    let outputs = forward_in_batches(&network, &training.inputs).into_data();
    let outputs: Vec<f32> = outputs.iter().collect();
    let of_rows = outputs.chunks_exact(classes);
    let sums = of_rows.map(|row| log_sum_exp(&row[..known]));
    let level = sums.sum::<f64>() / rows.rows().max(1) as f64;
    let Some(bias) = network.output.bias.clone() else {
        return network;
    };
    let device = bias.val().device();
    let mut biases: Vec<f32> = bias.val().into_data().iter().collect();
    for (class, bias) in biases.iter_mut().enumerate().skip(known) {
        let is_of = |row: &usize| rows.target(*row) as usize == class;
        let count = (0..rows.rows()).filter(is_of).count().max(1);
        *bias = (level + (count as f64 / old_rows.max(1) as f64).ln()) as f32;
    }
    let length = biases.len();
    let biases = Tensor::<1>::from_data(TensorData::new(biases, [length]), &device);
    let mut network = network;
    network.output.bias = Some(Param::from_tensor(biases));
    network
}

fn log_sum_exp(logits: &[f32]) -> f64 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|x| f64::from(x - highest).exp()).sum();
    f64::from(highest) + sum.ln()
}

fn announce(network: &Mlp, target: &Target, job: &Job, context: &FitContext) {
    let mut widths: Vec<usize> = Vec::new();
    for block in &network.hidden {
        let [inputs, _] = block.linear.weight.dims();
        widths.push(inputs);
    }
    let [inputs, outputs] = network.output.weight.dims();
    widths.extend([inputs, outputs]);
    let activation = network.hidden.first();
    let activation = activation.map(|_| job.config.network.activation.to_string());
    let description = NetworkDescription {
        widths,
        activation: activation.unwrap_or_else(|| "identity".to_string()),
        parameters: network.num_params(),
        neighbor_features: Vec::new(),
        target: target.column().to_string(),
    };
    context.observer.on_event(&Event::NetworkStart {
        job,
        network: &description,
    });
}

fn announce_end(fitted: &Result<Fitted<Mlp>, TrainingError>, job: &Job, context: &FitContext) {
    let stop = fitted.as_ref().map_or(StopReason::Diverged, |f| f.stop);
    context.observer.on_event(&Event::FitEnd {
        job,
        stop,
        learning_rate: None,
    });
}
