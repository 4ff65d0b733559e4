//! What happens during a fit, as values.

use std::time::Duration;

use crate::model_file::SavedModel;
use backburn_preprocessing::TargetTransform;
use backburn_training::{BatchReport, EpochReport, StartReport, StopReason};

use crate::job::Job;
use crate::score::Score;
use crate::scorer::Scorer;
use crate::warning::Warning;

/// Gets every [`Event`] of a fit, also from other threads. `()` ignores them; a closure is an observer
/// too.
///
/// ```
/// use backburn::{Event, Observer};
///
/// fn watch(observer: &dyn Observer) {}
/// watch(&|event: &Event| {
///     if let Event::EpochEnd { report, .. } = event {
///         println!("epoch {}: loss {}", report.epoch, report.training_loss);
///     }
/// });
/// ```
pub trait Observer: Sync {
    /// Called for each event.
    fn on_event(&self, event: &Event);
}

impl Observer for () {
    fn on_event(&self, _event: &Event) {}
}

impl<F: Fn(&Event) + Sync> Observer for F {
    fn on_event(&self, event: &Event) {
        self(event);
    }
}

/// What trials decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// How the target is transformed.
    TargetTransform,
    /// Whether k-nearest-neighbor features are used.
    KnnFeatures,
}

/// What trials decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selected {
    /// How the target is transformed.
    TargetTransform(TargetTransform),
    /// Whether k-nearest-neighbor features are used.
    KnnFeatures(bool),
}

/// A network that is about to be trained.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkDescription {
    /// Units of each layer: inputs, hidden layers, outputs.
    pub widths: Vec<usize>,
    /// The activation function.
    pub activation: String,
    /// The number of parameters.
    pub parameters: usize,
    /// The columns of each neighbor feature.
    pub neighbor_features: Vec<Vec<String>>,
    /// The target.
    pub target: String,
}

/// A step of a fit. `job` is the training that it belongs to.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Trials are about to decide something.
    SelectionStart {
        /// The name of the run: `network`, `fold-1`, …
        run: &'a str,
        /// What they decide.
        selection: Selection,
        /// How many there are.
        trials: usize,
    },
    /// A trial has ended.
    TrialEnd {
        /// What it helps to decide.
        selection: Selection,
        /// How many trials there are.
        trials: usize,
    },
    /// Trials have decided something.
    Selected {
        /// The name of the run: `network`, `fold-1`, …
        run: &'a str,
        /// What they decided.
        selected: Selected,
    },
    /// Several networks are about to be trained.
    EnsembleStart {
        /// The name of the run: `network`, `fold-1`, …
        run: &'a str,
        /// How many.
        members: usize,
        /// The different shapes of their hidden layers.
        hidden: &'a [Vec<usize>],
    },
    /// A network is about to be trained.
    NetworkStart {
        /// The training.
        job: &'a Job,
        /// The network.
        network: &'a NetworkDescription,
    },
    /// The first batch is next.
    FitStart {
        /// The training.
        job: &'a Job,
        /// Rows, batches, epochs, learning rate.
        start: &'a StartReport,
    },
    /// Training goes on from a checkpoint.
    Resumed {
        /// The training.
        job: &'a Job,
        /// The epoch, from 1, that it goes on in.
        epoch: usize,
        /// Batches of that epoch that are done.
        batch: usize,
    },
    /// A batch is done.
    BatchEnd {
        /// The training.
        job: &'a Job,
        /// The epoch, the batch, the learning rate.
        batch: &'a BatchReport,
    },
    /// An epoch is done.
    EpochEnd {
        /// The training.
        job: &'a Job,
        /// Losses and layers.
        report: &'a EpochReport,
        /// Computes the score of the validation rows.
        scorer: &'a Scorer<'a>,
    },
    /// A training has ended.
    FitEnd {
        /// The training.
        job: &'a Job,
        /// Why.
        stop: StopReason,
        /// The learning rate, if a range test chose it.
        learning_rate: Option<f64>,
    },
    /// A network of an ensemble is finished.
    MemberEnd {
        /// The name of the run: `network`, `fold-1`, …
        run: &'a str,
        /// The network, from 0.
        member: usize,
        /// How many there are to be.
        members: usize,
        /// The model of all networks so far.
        model: &'a SavedModel,
        /// The score of all networks so far, on rows that they were not trained on.
        score: Option<&'a Score>,
    },
    /// A single network was trained once more on all rows.
    RefitEnd {
        /// The rows.
        rows: usize,
        /// The epochs.
        epochs: usize,
    },
    /// A fold of a cross-validation is scored.
    FoldEnd {
        /// The fold, from 0.
        fold: usize,
        /// How many there are.
        folds: usize,
        /// The score on the rows that were left out.
        score: &'a Score,
        /// How long it took.
        time: Duration,
    },
    /// Something that a person should know.
    Warning(&'a Warning),
}
