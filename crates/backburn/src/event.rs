//! What happens during a fit, as values.

use std::fmt;
use std::time::Duration;

use backburn_training::{BatchReport, EpochReport, StartReport, StopReason};

use crate::job::Job;
use crate::model_file::SavedModel;
use crate::score::Score;
use crate::scorer::Scorer;
use crate::selected::{Selected, Selection};
use crate::text::{count, layer_widths, shown};
use crate::tuning::TrialReport;
use crate::warning::Warning;

/// Gets every [`Event`] of a fit, possibly from several threads. `()` is an observer that ignores them,
/// and a closure is an observer too.
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

/// A network whose training starts.
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

impl NetworkDescription {
    /// A sentence about each neighbor feature.
    pub fn neighbors(&self) -> impl Iterator<Item = String> {
        let target = shown(&self.target);
        self.neighbor_features.iter().map(move |columns| {
            let by = match columns.as_slice() {
                [first, second] => format!("{} and {}", shown(first), shown(second)),
                all => format!("all {} numeric columns", all.len()),
            };
            format!("the mean `{target}` of the nearest rows by {by} is a feature")
        })
    }
}

impl fmt::Display for NetworkDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters = count(self.parameters, "parameter");
        let widths = layer_widths(&self.widths);
        write!(f, "{widths} ({}), {parameters}", self.activation)
    }
}

/// An event of a fit. `job` is the training that it belongs to.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Trials start.
    SelectionStart {
        /// The name of the run: `network`, `fold-1`, …
        run: &'a str,
        /// The setting that they select.
        selection: Selection,
        /// Their number.
        trials: usize,
    },
    /// A trial has ended.
    TrialEnd {
        /// The setting that it helps to select.
        selection: Selection,
        /// The number of trials.
        trials: usize,
    },
    /// Trials have selected a setting.
    Selected {
        /// The name of the run: `network`, `fold-1`, …
        run: &'a str,
        /// The selected value.
        selected: Selected,
    },
    /// The training of several networks starts.
    EnsembleStart {
        /// The name of the run: `network`, `fold-1`, …
        run: &'a str,
        /// Their number.
        members: usize,
        /// The different shapes of their hidden layers.
        hidden: &'a [Vec<usize>],
    },
    /// The training of a network starts.
    NetworkStart {
        /// The training.
        job: &'a Job,
        /// The network.
        network: &'a NetworkDescription,
    },
    /// The rows are encoded, and the first batch follows.
    FitStart {
        /// The training.
        job: &'a Job,
        /// Rows, batches, epochs, learning rate.
        start: &'a StartReport,
    },
    /// Training continues from a checkpoint.
    Resumed {
        /// The training.
        job: &'a Job,
        /// The epoch that it continues in, counted from 1.
        epoch: usize,
        /// The number of finished batches of that epoch.
        batch: usize,
    },
    /// A batch has ended.
    BatchEnd {
        /// The training.
        job: &'a Job,
        /// The epoch, the batch, the learning rate.
        batch: &'a BatchReport,
    },
    /// An epoch has ended.
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
        /// The planned number of networks.
        members: usize,
        /// The model of all networks so far.
        model: &'a SavedModel,
        /// The score of all networks so far, on rows that they were not trained on.
        score: Option<&'a Score>,
    },
    /// A single network was trained again on all rows (the refit).
    RefitEnd {
        /// The number of rows.
        rows: usize,
        /// The number of epochs.
        epochs: usize,
    },
    /// A fold of a cross-validation is scored.
    FoldEnd {
        /// The fold, from 0.
        fold: usize,
        /// Its value in the user's column of folds, if there is one.
        name: Option<&'a str>,
        /// Their number.
        folds: usize,
        /// The score on the rows of the fold.
        score: &'a Score,
        /// The time that it took.
        time: Duration,
    },
    /// A trial of a search for settings was scored on one or more folds.
    TuningTrialEnd(&'a TrialReport),
    /// A warning.
    Warning(&'a Warning),
}
