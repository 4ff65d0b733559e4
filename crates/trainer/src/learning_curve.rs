//! The score against the share of rows that were learned from.

use backburn_report::LearningCurve;
use backburn_tabular::{Split, Table};
use backburn_training::{Finding, Illness};

use crate::config::{RunConfig, SimilarRows};
use crate::console::{count, number};
use crate::data::Understood;
use crate::device::Chosen;
use crate::error::Error;
use crate::interrupt;
use crate::members::Members;
use crate::score::Score;
use crate::training::{Manner, Trained, train};

/// Fewer rows than this are not divided further.
const FEWEST_ROWS: usize = 40;
/// Tables with fewer rows to train on have each point repeated with other rows: chance weighs more.
const REPEATED_BELOW: usize = 1000;
const REPEATS: u64 = 2;

/// The rows that networks of the curve are trained on, and those that choose their best epoch.
pub fn split_for_curve(trained: &Trained, understood: &Understood, config: &RunConfig) -> Split {
    match trained.is_ensemble() {
        true => understood.split(config),
        false => trained.split.clone(),
    }
}

/// Trains on a quarter, on half and on all of the training rows, for as many steps each, and scores each network on the rows
/// of the test, or else on those that chose the best epoch. It is a curve of single networks, also for an
/// ensemble. `None` where there are too few rows, or training was interrupted.
pub fn learning_curve(
    table: &Table,
    test: Option<&Table>,
    understood: &Understood,
    (trained, split): (&Trained, &Split),
    config: &RunConfig,
    chosen: &Chosen,
    manner: Manner,
) -> Result<Option<LearningCurve>, Error> {
    let rows = &split.training;
    let validation = &split.validation;
    if rows.len() < FEWEST_ROWS || test.is_none() && validation.is_empty() {
        return Ok(None);
    }
    let held_out = match test {
        Some(test) => test.clone(),
        None => table.select("the validation rows", validation)?,
    };
    let repeats = match rows.len() < REPEATED_BELOW {
        true => REPEATS,
        false => 1,
    };
    let classes = understood.classes_of(rows);
    let mut points = Vec::new();
    let mut measure = String::new();
    for share in [0.25, 0.5, 1.0] {
        let mut errors = Vec::new();
        let mut used = rows.len();
        for repeat in 0..repeats {
            if interrupt::requested() {
                return Ok(None);
            }
            let mut config = config.clone();
            if let Some(scale) = trained.model.target.scaled() {
                config.data.target_scale = scale;
            }
            // Nothing is found out anew for fewer rows.
            let mut neighbours = trained.model.encoder.neighbours.iter();
            config.data.similar_rows = match neighbours.any(|by| by.columns.len() > 2) {
                true => SimilarRows::Always,
                false => SimilarRows::Never,
            };
            config.ensemble.members = Members::Exactly(1);
            config.training.seed = config.training.seed.wrapping_add(repeat);
            // Every network takes as many steps, so that only the rows make a difference.
            let times = |epochs: usize| (epochs as f64 / share).round() as usize;
            config.training.epochs = times(config.training.epochs);
            let name = format!("rows-{}-{repeat}", share * 100.0);
            let manner = Manner {
                name: &name,
                wordy: false,
                most_epochs: Some(times(trained.model.summary.epochs)),
                ..manner
            };
            config.training.batch_size = Some(config.training.batch_size_for(rows.len()));
            let score = match share == 1.0 && repeat == 0 && !trained.is_ensemble() {
                true => score(trained, &held_out, chosen)?,
                false => {
                    let seed = config.training.seed;
                    let part = Split::new(rows, 1.0 - share, classes.as_deref(), seed);
                    used = part.training.len();
                    let split = Split {
                        training: part.training,
                        validation: validation.clone(),
                    };
                    // Fewer rows may lack what training needs; the curve then has fewer points.
                    let Ok(trained) = train(table, understood, split, &config, chosen, manner)
                    else {
                        continue;
                    };
                    score(&trained, &held_out, chosen)?
                }
            };
            let (name, error) = score.error();
            measure = name.to_string();
            errors.push(error);
        }
        if !errors.is_empty() {
            points.push((used, errors.iter().sum::<f64>() / errors.len() as f64));
        }
    }
    // The last network may have been stopped on its way.
    if interrupt::requested() {
        return Ok(None);
    }
    Ok((points.len() >= 2).then_some(LearningCurve { measure, points }))
}

fn score(trained: &Trained, held_out: &Table, chosen: &Chosen) -> Result<Score, Error> {
    let predictions = trained.predictor(chosen).predict_table(held_out)?;
    Score::of_table(&predictions, held_out, &trained.model.target)
}

/// Whether the curve still falls so steeply at its end that rows are what is lacking.
/// `constant` is the error of always predicting the mean, or the shares of the classes.
pub fn too_little_data(
    curve: &LearningCurve,
    constant: f64,
    config: &RunConfig,
) -> Option<Finding> {
    let [.., (_, quarter), (half_rows, half), (all_rows, all)] = curve.points.as_slice() else {
        return None;
    };
    let drop = 1.0 - all / half;
    let matters = half - all > 0.05 * constant && *all > 0.1 * constant;
    let steep = drop > 0.35 && 1.0 - half / quarter > 0.15 && matters;
    steep.then(|| Finding {
        name: Illness::TooLittleData,
        layer: None,
        epoch: None,
        evidence: format!(
            "from {} to {} the {} of a network falls from {} to {}, by {:.0} %, and there is no sign \
             of an end",
            count(*half_rows, "row"),
            count(*all_rows, "row"),
            curve.measure,
            number(*half),
            number(*all),
            drop * 100.0
        ),
        remedy: match config.network.hidden.is_empty() {
            true => "collect more rows".to_string(),
            false => "collect more rows; until then a smaller or a linear network \
                      (network.hidden=[]) may do as well"
                .to_string(),
        },
        settings: Vec::new(),
    })
}
