//! Cross-validation.

use backburn_model::MlpConfig;
use backburn_tabular::{Predictions, Split, Table, k_folds};
use backburn_training::at_once;
use indicatif::MultiProgress;
use serde_json::{Value, json};

use crate::config::RunConfig;
use crate::console::{count, number};
use crate::data::Understood;
use crate::device::Chosen;
use crate::error::Error;
use crate::interrupt;
use crate::score::Score;
use crate::training::{Manner, train};

/// The scores of a cross-validation.
pub struct CrossValidated {
    /// Their mean.
    pub words: String,
    /// All of them.
    pub json: Value,
    /// Rows of the table in order, and what each was predicted by the model that was not trained on
    /// it.
    pub rows: Vec<usize>,
    pub predictions: Predictions,
}

/// Trains once for each fold on the others, and prints the scores on the rows left out.
pub fn cross_validate(
    table: &Table,
    understood: &Understood,
    folds: usize,
    config: &RunConfig,
    chosen: &Chosen,
    manner: Manner,
) -> Result<CrossValidated, Error> {
    if folds > understood.rows.len() {
        let rows = count(understood.rows.len(), "row");
        return Err(Error::Usage(format!("--folds {folds}: there are {rows}")));
    }
    let classes = understood.classes.as_deref();
    let splits = k_folds(&understood.rows, folds, classes, config.training.seed);
    let bars = MultiProgress::new();
    let console = manner.console;
    let manner = Manner {
        bars: Some(&bars),
        time_limit: manner.time_limit,
        checkpoints: manner.checkpoints,
        ..Manner::quiet(console)
    };
    let metric = match understood.classes {
        Some(_) => "accuracy",
        None => "rmse",
    };
    let score = |fold: usize| {
        // The fold's own rows only score it: the best epoch is chosen on part of the others.
        let split = &splits[fold];
        let held_out = table.select("the fold", &split.validation)?;
        let classes = understood.classes_of(&split.training);
        let inner = Split::new(
            &split.training,
            config.data.validation,
            classes.as_deref(),
            config.training.seed,
        );
        let name = format!("fold-{}", fold + 1);
        let manner = Manner {
            name: &name,
            ..manner
        };
        let trained = train(table, understood, inner, config, chosen, manner)?;
        let predictions = trained.predictor(chosen).predict_table(&held_out)?;
        if interrupt::requested() {
            let reason = "interrupted during cross-validation";
            return Err(Error::Failed(reason.to_string()));
        }
        let score = Score::of_table(&predictions, &held_out, &trained.model.target)?;
        Ok((score, predictions))
    };
    let mut headline = Vec::new();
    let mut scores = Vec::new();
    let mut failed = None;
    let mut out_of_fold = Vec::new();
    let mut done = |fold: usize, score: Result<(Score, Predictions), Error>| match score {
        Ok((score, predictions)) => {
            out_of_fold.push((splits[fold].validation.as_slice(), predictions));
            let line = || console.entry(&format!("fold {}", fold + 1), score.line(""));
            bars.suspend(line);
            let metrics = score.metrics();
            headline.push(metrics.get(metric).copied().unwrap_or(f64::NAN));
            scores.push(metrics);
            false
        }
        Err(error) => {
            failed.get_or_insert(error);
            true
        }
    };
    // The networks of an ensemble are themselves trained at once.
    if config.ensemble.members.count() == 1 && can_run_at_once(config, chosen)? {
        at_once(splits.len(), score, |fold, score| {
            done(fold, score);
        });
    } else {
        for fold in 0..splits.len() {
            if done(fold, score(fold)) {
                break;
            }
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let folds = headline.len() as f64;
    let mean = headline.iter().sum::<f64>() / folds;
    let squares = headline.iter().map(|h| (h - mean) * (h - mean));
    let spread = (squares.sum::<f64>() / folds).sqrt();
    let words = match metric {
        "rmse" => format!("mean RMSE {} ± {}", number(mean), number(spread)),
        _ => format!(
            "mean accuracy {:.2} % ± {:.2}",
            mean * 100.0,
            spread * 100.0
        ),
    };
    console.entry("folds", &words);
    let json = json!({ "folds": scores, "metric": metric, "mean": mean, "std": spread });
    let (rows, predictions) = Predictions::in_order(out_of_fold);
    Ok(CrossValidated {
        words,
        json,
        rows,
        predictions,
    })
}

/// Whether several networks may be trained at once: what tells is known before any of them is encoded.
pub fn can_run_at_once(config: &RunConfig, chosen: &Chosen) -> Result<bool, Error> {
    let network = MlpConfig {
        inputs: 1,
        outputs: 1,
        embeddings: Vec::new(),
        ..config.network.clone()
    };
    Ok(config
        .training
        .can_run_at_once(&network.init(&chosen.device)?))
}
