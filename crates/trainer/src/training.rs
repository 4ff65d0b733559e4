//! A training run from a table to a model.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use backburn_model::Mlp;
use backburn_tabular::{Predictor, SavedModel, Split, Summary, Table, Target};
use backburn_training::{
    Circumstances, Examples, Finding, Fitted, History, Illness, LearningRate, Observer, StopReason,
    TrainingError, diagnose, fit, nearest_rows_loss, resume,
};
use burn::module::Module;
use indicatif::MultiProgress;

use crate::checkpoints::{Checkpoints, Keeper};
use crate::config::RunConfig;
use crate::console::{Console, count, shown};
use crate::dashboard::Dashboard;
use crate::data::{Prepared, Understood, network_config};
use crate::device::Chosen;
use crate::ensemble::train_ensemble;
use crate::error::Error;
use crate::findings;
use crate::interrupt;
use crate::progress::{Progress, seconds};
use crate::score::{Score, Scorer, Truth};
use crate::similar_choice::found_similar_rows;
use crate::small_networks::Small;
use crate::target_choice::found_scale;
use crate::watch::Watch;

/// A trained model and how it did on the rows that chose its best epoch.
pub struct Trained {
    pub model: SavedModel,
    pub validation: Option<Score>,
    pub stop: StopReason,
    /// How many networks there were to be.
    pub wanted: usize,
    pub seconds: f64,
    /// What training was like, and what is wrong; kept where [`Manner::wordy`].
    pub history: History,
    pub findings: Vec<Finding>,
    /// The rows trained on and those that chose the best epoch.
    pub split: Split,
    /// What the network gives for the rows that chose the best epoch.
    pub outputs: Vec<f32>,
}

/// How much is said along the way.
#[derive(Clone, Copy)]
pub struct Manner<'a> {
    pub console: Console,
    /// Whether the network and single epochs are described, and the run is looked into.
    pub wordy: bool,
    /// Whether training is shown live, where there is a terminal.
    pub dashboard: bool,
    /// Ends training after so many epochs, wherever its schedule is.
    pub most_epochs: Option<usize>,
    /// What each training may take.
    pub time_limit: Option<Duration>,
    /// Put in front of amounts.
    pub unit: &'a str,
    /// Where several trainings show their progress at once.
    pub bars: Option<&'a MultiProgress>,
    /// Takes the model of the networks so far, where there are several.
    pub so_far: Option<&'a (dyn Fn(&SavedModel) + Sync)>,
    /// Where each training is written down as it goes, and the name of this one there.
    pub checkpoints: Option<&'a Checkpoints<'a>>,
    pub name: &'a str,
    /// What was taken of the time limit before this training began.
    pub spent: Duration,
    /// Whether nothing is lost if it is interrupted.
    pub trial: bool,
}

impl Manner<'_> {
    /// A training of which nothing is said.
    pub fn quiet(console: Console) -> Self {
        Self {
            console,
            wordy: false,
            dashboard: false,
            most_epochs: None,
            time_limit: None,
            unit: "",
            bars: None,
            so_far: None,
            checkpoints: None,
            name: "network",
            spent: Duration::ZERO,
            trial: false,
        }
    }
}

/// Trains on a split of a table: one network, or an ensemble on all of its rows.
pub fn train(
    table: &Table,
    understood: &Understood,
    split: Split,
    config: &RunConfig,
    chosen: &Chosen,
    manner: Manner,
) -> Result<Trained, Error> {
    let before = match manner.checkpoints {
        Some(checkpoints) => checkpoints.spent(manner.name),
        None => Duration::ZERO,
    };
    let manner = Manner {
        time_limit: manner.time_limit.map(|limit| limit.saturating_sub(before)),
        spent: before,
        ..manner
    };
    let rows = match config.ensemble.members.count() {
        0 | 1 => &split.training,
        _ => &[split.training.as_slice(), &split.validation].concat(),
    };
    let small = Small {
        table,
        understood,
        rows,
        config,
        chosen,
        manner,
    };
    let choosing = Instant::now();
    let mut found = config.clone();
    found.data.target_scale = found_scale(small)?;
    found.data.similar_rows = found_similar_rows(Small {
        config: &found,
        ..small
    })?;
    let config = &found;
    let taken = choosing.elapsed();
    let manner = Manner {
        time_limit: manner.time_limit.map(|limit| limit.saturating_sub(taken)),
        spent: manner.spent + taken,
        ..manner
    };
    if config.ensemble.members.count() > 1 {
        let rows = rows.clone();
        return train_ensemble(table, understood, rows, config, chosen, manner);
    }
    let prepared = understood.prepare(table, split, config, &chosen.device)?;
    let trained = train_network(table, understood, &prepared, config, chosen, manner)?;
    let refit = config.data.refit && prepared.validation.is_some();
    match refit && trained.stop != StopReason::Interrupted {
        true => refitted(trained, table, understood, config, chosen, manner),
        false => Ok(trained),
    }
}

/// Trains once more, on all rows and for as many epochs as were best. What the rows left out the first
/// time said of the model, they say of this one, which has learned from more.
fn refitted(
    trained: Trained,
    table: &Table,
    understood: &Understood,
    config: &RunConfig,
    chosen: &Chosen,
    manner: Manner,
) -> Result<Trained, Error> {
    let split = &trained.split;
    let mut rows = [split.training.as_slice(), &split.validation].concat();
    rows.sort_unstable();
    let split = Split {
        training: rows,
        validation: Vec::new(),
    };
    let name = format!("{}-refit", manner.name);
    let taken = Duration::from_secs_f64(trained.seconds).saturating_sub(manner.spent);
    let manner = Manner {
        name: &name,
        spent: manner.spent + taken,
        most_epochs: Some(trained.model.summary.best_epoch),
        time_limit: manner.time_limit.map(|limit| limit.saturating_sub(taken)),
        wordy: false,
        ..manner
    };
    let again = understood
        .prepare(table, split, config, &chosen.device)
        .and_then(|p| train_network(table, understood, &p, config, chosen, manner));
    let wanted = trained.model.summary.best_epoch;
    let again = match again {
        Ok(again) if again.model.summary.best_epoch == wanted => again,
        other => {
            let why = other.err().map(|error| format!(" ({error})"));
            let why = why.unwrap_or_default();
            let words =
                format!("the refit on all rows was not finished{why}: the network before it stays");
            manner.console.paragraph("note", words);
            return Ok(trained);
        }
    };
    let mut summary = trained.model.summary;
    summary.training_rows = again.model.summary.training_rows;
    let target = again
        .model
        .target
        .with_calibration_of(&trained.model.target);
    let (rows, epochs) = (summary.training_rows, summary.best_epoch);
    let words = format!("{} for {}", count(rows, "row"), count(epochs, "epoch"));
    manner.console.entry("refit", words);
    Ok(Trained {
        model: SavedModel {
            summary,
            target,
            ..again.model
        },
        seconds: again.seconds,
        ..trained
    })
}

/// Trains one network.
pub fn train_network(
    table: &Table,
    understood: &Understood,
    prepared: &Prepared,
    config: &RunConfig,
    chosen: &Chosen,
    manner: Manner,
) -> Result<Trained, Error> {
    let started = Instant::now();
    let network_config = network_config(
        config,
        &prepared.encoder,
        &prepared.target,
        prepared.training.rows(),
    )?;
    let network = {
        // Burn's devices have one series of random numbers for all threads.
        static DRAWING: Mutex<()> = Mutex::new(());
        let _drawing = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
        chosen.device.seed(config.training.seed);
        network_config.init(&chosen.device)?
    };
    if manner.wordy {
        describe(prepared, &network, config, manner);
    }
    let truth = Truth::of(table, &prepared.target)?;
    let scorer = Scorer::new(&prepared.target, &truth, &prepared.split.validation);
    let dashboard = match manner.dashboard && manner.wordy {
        true => Dashboard::new(&scorer, manner.unit),
        false => None,
    };
    let mut view: Box<dyn Observer + '_> = match dashboard {
        Some(dashboard) => Box::new(dashboard),
        None => Box::new(Progress::new(&scorer, config.training.epochs, manner)),
    };
    let mut watch = Watch {
        history: manner.wordy.then(History::default),
        scorer: &scorer,
        view: view.as_mut(),
        deadline: manner
            .time_limit
            .and_then(|limit| started.checked_add(limit)),
        keeper: manner
            .checkpoints
            .map(|checkpoints| Keeper::new(checkpoints, manner.name, manner.spent)),
    };
    let (training, validation) = (&prepared.training, prepared.validation.as_ref());
    let settings = &config.training;
    let checkpoint = manner
        .checkpoints
        .and_then(|kept| kept.training(manner.name));
    if !manner.trial {
        interrupt::training();
    }
    let fitted = match checkpoint {
        None => fit(network, training, validation, settings, &mut watch),
        Some(checkpoint) => resume(
            checkpoint, network, training, validation, settings, &mut watch,
        ),
    };
    let history = watch.history.take().unwrap_or_default();
    drop(view);
    // Whoever interrupts a training waits for its end.
    let looks = manner.wordy && !interrupt::requested();
    let circumstances = Circumstances {
        network: Some(&network_config),
        training: Some(&config.training),
        nearest_rows_loss: match looks {
            true => nearest_rows_loss(&prepared.training, network_config.outputs, &config.training),
            false => None,
        },
    };
    let mut findings = diagnose(&history, circumstances);
    if manner.wordy && config.training.learning_rate == LearningRate::Auto {
        let rate = history.start.learning_rate;
        manner
            .console
            .entry("rate", format!("{rate:.1e}, by a range test"));
    }
    let fitted = match fitted {
        Err(TrainingError::Diverged) => return Err(Error::Diverged(Box::new(history), findings)),
        fitted => fitted?,
    };
    let average = average(&fitted.network, &prepared.training);
    let outputs: Vec<f32> = match &fitted.outputs {
        Some(outputs) => outputs.to_data().iter().collect(),
        None => Vec::new(),
    };
    let model = SavedModel {
        config: network_config,
        summary: summary(table, prepared, &fitted, config, chosen),
        network: fitted.network.into(),
        schema: understood.schema.clone(),
        encoder: prepared.encoder.clone(),
        target: calibrated(prepared, &truth, &outputs),
        average,
    };
    let width = model.config.outputs;
    let predictions = model.target.predictions(&outputs, width);
    let validation = match outputs.is_empty() {
        true => None,
        false => Score::of_rows(&predictions, &truth, &prepared.split.validation),
    };
    if looks {
        let of_table =
            findings::of_table(table, understood, prepared, validation.as_ref(), config)?;
        let sick = findings.iter().any(|f| f.name != Illness::Overfitting);
        // Nothing else can be told while a few rows outweigh all others.
        if of_table.iter().any(|f| f.name == Illness::TargetOutOfScale) {
            findings.clear();
        }
        // What a sick run misses is not the table's doing.
        let told = |f: &Finding| !(sick && f.name == Illness::ClassImbalance);
        findings.extend(of_table.into_iter().filter(told));
    }
    let mut trained = Trained {
        model,
        validation,
        stop: fitted.stop,
        wanted: 1,
        seconds: (manner.spent + started.elapsed()).as_secs_f64(),
        history,
        findings,
        split: prepared.split.clone(),
        outputs,
    };
    if let Some(score) = &trained.validation {
        trained.model.summary.validation = score.metrics();
    }
    Ok(trained)
}

impl Trained {
    /// Why training ended, in a sentence.
    pub fn ending(&self) -> String {
        let summary = &self.model.summary;
        let members = self.model.network.members.len();
        if self.wanted > 1 {
            let networks = match members == self.wanted {
                true => count(members, "network"),
                false => format!("{members} of {}", count(self.wanted, "network")),
            };
            let interrupted = match self.stop {
                StopReason::Interrupted => "interrupted after ",
                _ => "",
            };
            let time = seconds(self.seconds);
            return format!(
                "{interrupted}{networks} in {time}; each with the weights of the epoch that was \
                 best on rows it was not trained on"
            );
        }
        let epochs = count(summary.epochs, "epoch");
        let why = match self.stop {
            StopReason::Finished => epochs,
            StopReason::EarlyStopping => {
                let worse = summary.epochs.saturating_sub(summary.best_epoch);
                format!("{epochs}, the last {worse} no better,")
            }
            StopReason::Interrupted => format!("interrupted after {epochs}"),
            StopReason::Diverged => format!(
                "the loss became infinite or NaN after {epochs}: try a smaller \
                 training.learning_rate or training.clip_norm=1.0"
            ),
        };
        let kept = match (summary.validation_rows, summary.best_epoch) {
            (_, 0) => "no epoch was finished: the weights are those of the last step".to_string(),
            (0, epoch) => format!("weights of epoch {epoch}"),
            (_, epoch) => format!("weights of epoch {epoch}, the best on the validation rows"),
        };
        format!("{why} in {}; {kept}", seconds(self.seconds))
    }

    /// Whether it is several networks.
    pub fn is_ensemble(&self) -> bool {
        self.model.network.members.len() > 1
    }

    /// A predictor from the model.
    pub fn predictor(&self, chosen: &Chosen) -> Predictor {
        Predictor::new(self.model.clone(), &chosen.device)
    }
}

fn summary(
    table: &Table,
    prepared: &Prepared,
    fitted: &Fitted<Mlp>,
    config: &RunConfig,
    chosen: &Chosen,
) -> Summary {
    Summary {
        program: concat!("backburn ", env!("CARGO_PKG_VERSION")).to_string(),
        table: table.name().to_string(),
        training_rows: prepared.split.training.len(),
        validation_rows: prepared.split.validation.len(),
        best_epoch: fitted.best_epoch,
        epochs: fitted.epochs,
        seed: config.training.seed,
        device: chosen.name.to_string(),
        settings: config.to_toml(),
        ..Summary::default()
    }
}

/// What enters the first layer, averaged over the rows.
fn average(network: &Mlp, rows: &Examples) -> Vec<f32> {
    let features = network.features(rows.inputs.clone());
    features.mean_dim(0).into_data().iter().collect()
}

/// The target, with what the validation rows say of how far the outputs are to be trusted.
fn calibrated(prepared: &Prepared, truth: &Truth, outputs: &[f32]) -> Target {
    let rows = &prepared.split.validation;
    let target = prepared.target.clone();
    match outputs.len() / rows.len().max(1) {
        0 => target,
        width => target.calibrated(outputs, width, &truth.numbers(rows)),
    }
}

fn describe(prepared: &Prepared, network: &Mlp, config: &RunConfig, manner: Manner) {
    let console = manner.console;
    for column in &prepared.left_out {
        let column = shown(column);
        let note = format!("column `{column}` ignored: it never varies in the training rows");
        console.paragraph("note", note);
    }
    for neighbours in &prepared.encoder.neighbours {
        let target = shown(prepared.target.column());
        let by = match neighbours.columns.as_slice() {
            [first, second] => format!("{} and {}", shown(first), shown(second)),
            all => format!("all {} numeric columns", all.len()),
        };
        let words = format!("by {by}: `{target}` of the rows nearest is an input");
        console.paragraph("neighbours", words);
    }
    let mut widths = vec![prepared.encoder.inputs()];
    let embedded: usize = prepared
        .encoder
        .embeddings()
        .iter()
        .map(|e| e.dimension)
        .sum();
    widths[0] += embedded;
    widths.extend(&config.network.hidden);
    widths.push(network.output.weight.dims()[1]);
    let widths: Vec<String> = widths.iter().map(usize::to_string).collect();
    console.entry(
        "network",
        format!(
            "{} ({}), {}",
            widths.join(" → "),
            config.network.activation,
            count(network.num_params(), "parameter")
        ),
    );
}
