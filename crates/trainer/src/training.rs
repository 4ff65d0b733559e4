//! A training run from a table to a model.

use std::time::Instant;

use backburn_model::Mlp;
use backburn_tabular::{Predictor, SavedModel, Split, Summary, Table};
use backburn_training::{Examples, Fitted, StopReason, fit, forward_in_batches};
use burn::module::Module;

use crate::config::RunConfig;
use crate::console::{Console, count, shown};
use crate::data::{Prepared, Understood, network_config};
use crate::device::Chosen;
use crate::error::Error;
use crate::progress::{Progress, seconds};
use crate::score::{Score, Truth};

/// A trained model and how it did on the rows that chose its best epoch.
pub struct Trained {
    pub model: SavedModel,
    pub validation: Option<Score>,
    pub stop: StopReason,
    pub seconds: f64,
}

/// How much is said along the way.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    pub console: Console,
    /// Whether the network and single epochs are described.
    pub wordy: bool,
    /// Put in front of amounts.
    pub unit: &'a str,
}

/// Trains on a split of a table.
pub fn train(
    table: &Table,
    understood: &Understood,
    split: Split,
    config: &RunConfig,
    chosen: &Chosen,
    manner: Manner,
) -> Result<Trained, Error> {
    let started = Instant::now();
    let prepared = understood.prepare(table, split, config, &chosen.device)?;
    let network_config = network_config(
        config,
        &prepared.encoder,
        &prepared.target,
        prepared.training.rows(),
    )?;
    chosen.device.seed(config.training.seed);
    let network = network_config.init(&chosen.device)?;
    if manner.wordy {
        describe(&prepared, &network, config, manner);
    }
    let truth = Truth::of(table, &prepared.target)?;
    let fitted = {
        let mut progress = Progress::new(
            &prepared.target,
            &truth,
            &prepared.split.validation,
            manner.unit,
            config.training.epochs,
            manner.wordy,
        );
        fit(
            network,
            &prepared.training,
            prepared.validation.as_ref(),
            &config.training,
            &mut progress,
        )?
    };
    let model = SavedModel {
        config: network_config,
        summary: summary(table, &prepared, &fitted, config, chosen),
        network: fitted.network,
        schema: understood.schema.clone(),
        encoder: prepared.encoder,
        target: prepared.target,
    };
    let validation = prepared
        .validation
        .and_then(|examples| score(&model, &examples, &truth, &prepared.split.validation));
    let mut trained = Trained {
        model,
        validation,
        stop: fitted.stop,
        seconds: started.elapsed().as_secs_f64(),
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
        let epochs = count(summary.epochs, "epoch");
        let why = match self.stop {
            StopReason::Finished => epochs,
            StopReason::EarlyStopping => {
                let worse = summary.epochs - summary.best_epoch;
                format!("{epochs}, the last {worse} no better,")
            }
            StopReason::Interrupted => format!("interrupted after {epochs}"),
            StopReason::Diverged => format!(
                "the loss became infinite or NaN after {epochs}: try a smaller \
                 training.learning_rate or training.clip_norm = 1.0"
            ),
        };
        let kept = match (summary.validation_rows, summary.best_epoch) {
            (_, 0) => "no epoch was finished: the weights are those of the last step".to_string(),
            (0, epoch) => format!("weights of epoch {epoch}"),
            (_, epoch) => format!("weights of epoch {epoch}, the best on the validation rows"),
        };
        format!("{why} in {}; {kept}", seconds(self.seconds))
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

fn score(model: &SavedModel, examples: &Examples, truth: &Truth, rows: &[usize]) -> Option<Score> {
    let outputs = forward_in_batches(&model.network, &examples.inputs).into_data();
    let outputs: Vec<f32> = outputs.iter().collect();
    let predictions = model.target.predictions(&outputs, model.config.outputs);
    Score::of_rows(&predictions, truth, rows)
}

fn describe(prepared: &Prepared, network: &Mlp, config: &RunConfig, manner: Manner) {
    let console = manner.console;
    for column in &prepared.left_out {
        let column = shown(column);
        let note = format!("column `{column}` ignored: it never varies in the training rows");
        console.paragraph("note", note);
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
