//! The error against the number of training rows.

use backburn_table::{Split, Table};
use backburn_training::{Diagnosis, Finding, StopReason};
use serde::Serialize;

use crate::baselines;
use crate::config::Config;
use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::fit_plan::fit_plan;
use crate::fitted_model::{FitRecord, FittedModel};
use crate::members::Members;
use crate::plan::{Plan, PlanOptions};
use crate::score::Score;
use crate::scoring::Scoring;
use crate::selection;
use crate::text::{count, integer, number};

/// The smallest number of rows that are divided further.
const MIN_ROWS: usize = 40;
/// With fewer training rows, each point is the mean of several networks on different rows.
const REPEATED_BELOW: usize = 1000;
const REPEATS: u64 = 2;

/// The error of a network against the rows that it was trained on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LearningCurve {
    /// What the error is: `RMSE` or `log loss`.
    pub measure: String,
    /// Training rows and the error.
    pub points: Vec<(usize, f64)>,
}

impl LearningCurve {
    /// The curve as lines of text: a header, then the number of training rows and the error of each point.
    pub fn lines(&self) -> Vec<String> {
        const ROWS: &str = "training rows";
        let line = |rows: &str, error: &str| format!("{rows:>13}  {error:>12}");
        let points = self.points.iter();
        let points = points.map(|(rows, error)| line(&integer(*rows), &number(*error)));
        [line(ROWS, &self.measure)]
            .into_iter()
            .chain(points)
            .collect()
    }
}

/// Trains single networks on a quarter, on half and on all of the training rows, for the same number of
/// steps, and scores them on the test rows or, without any, on the validation rows. A finding that more rows would help
/// is added to the model's record. `None` if there are too few rows, or the run was stopped.
///
/// # Errors
///
/// Rows that cannot be predicted.
pub fn learning_curve(
    model: &mut FittedModel,
    data: &Dataset,
    test: Option<&Table>,
    config: &Config,
    context: &FitContext,
) -> Result<Option<LearningCurve>, Error> {
    let data = &*data.for_config(config)?;
    let Some(record) = model.record() else {
        return Ok(None);
    };
    // After a stopped run, no further networks are trained.
    if record.stop == StopReason::Interrupted {
        return Ok(None);
    }
    let split = match model.is_ensemble() {
        true => data.validation_split(config),
        false => record.split.clone(),
    };
    if split.training.len() < MIN_ROWS || test.is_none() && split.validation.is_empty() {
        return Ok(None);
    }
    let held_out = match test {
        Some(test) => test.clone(),
        None => data
            .table()
            .select("the validation rows", &split.validation)?,
    };
    let curve = curve(model, data, &split, &held_out, config, context)?;
    if let Some(curve) = &curve {
        let finding = finding(curve, model, record, data, &held_out, config)?;
        if let Some(record) = model.record_mut() {
            record.findings.extend(finding);
        }
    }
    Ok(curve)
}

/// A note where there is no curve: it failed, or it was `asked` for and cannot be computed.
pub fn no_learning_curve(
    curve: &Result<Option<LearningCurve>, Error>,
    asked: bool,
) -> Option<String> {
    let why = match curve {
        Err(error) => error.to_string(),
        Ok(None) if asked => "the run was interrupted, or there are too few rows".to_string(),
        Ok(_) => return None,
    };
    Some(format!("no learning curve: {why}"))
}

fn curve(
    model: &FittedModel,
    data: &Dataset,
    split: &Split,
    held_out: &Table,
    config: &Config,
    context: &FitContext,
) -> Result<Option<LearningCurve>, Error> {
    let rows = &split.training;
    let repeats = repeats(rows.len());
    let context = &context.quiet();
    let mut points = Vec::new();
    let mut measure = String::new();
    for share in [0.25, 0.5, 1.0] {
        let mut errors = Vec::new();
        let mut used = rows.len();
        for repeat in 0..repeats {
            if context.stop.is_stopped() {
                return Ok(None);
            }
            let is_the_model = share == 1.0 && repeat == 0 && !model.is_ensemble();
            let score = match is_the_model {
                true => model.evaluate(held_out)?,
                false => {
                    // A part of the rows may lack a class that training needs. Its point is left out.
                    let Ok((part, on)) =
                        fit_part(model, data, split, (share, repeat), config, context)
                    else {
                        continue;
                    };
                    used = on;
                    part.evaluate(held_out)?
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
    // The last network may have been stopped early.
    if context.stop.is_stopped() {
        return Ok(None);
    }
    Ok((points.len() >= 2).then_some(LearningCurve { measure, points }))
}

/// The number of networks for each share of the training rows.
fn repeats(rows: usize) -> u64 {
    match rows < REPEATED_BELOW {
        true => REPEATS,
        false => 1,
    }
}

/// A single network on a share of the training rows, and the number of these rows.
fn fit_part(
    model: &FittedModel,
    data: &Dataset,
    split: &Split,
    (share, repeat): (f64, u64),
    config: &Config,
    context: &FitContext,
) -> Result<(FittedModel, usize), Error> {
    let rows = &split.training;
    // Nothing is selected anew for fewer rows.
    let mut config = selection::as_in(model.model(), config.clone());
    config.ensemble.members = Members::Exactly(1);
    config.training.seed = config.training.seed.wrapping_add(repeat);
    // Every network takes the same number of steps, so that only the rows differ.
    let times = |epochs: usize| (epochs as f64 / share).round() as usize;
    config.training.epochs = times(config.training.epochs);
    config.training.batch_size = Some(config.training.batch_size_for(rows.len()));
    let part = data.part_of_rows(rows, share, config.training.seed);
    let used = part.len();
    let split = Split {
        training: part,
        validation: split.validation.clone(),
    };
    let options = PlanOptions {
        max_epochs: Some(times(model.model().summary.epochs)),
        diagnose: false,
    };
    let name = format!("rows-{}-{repeat}", share * 100.0);
    let plan = Plan::new(&name, data, split, &config, options)?;
    Ok((fit_plan(plan, data, context)?, used))
}

/// The finding that more rows would help, if the run itself has no findings.
fn finding(
    curve: &LearningCurve,
    model: &FittedModel,
    record: &FitRecord,
    data: &Dataset,
    held_out: &Table,
    config: &Config,
) -> Result<Option<Finding>, Error> {
    // With fewer rows, the difference may be chance.
    const MIN_HELD_OUT: usize = 20;
    const MIN_EPOCHS: usize = 10;
    let is_sound = record.findings.iter().all(|finding| {
        use Diagnosis::{ClassImbalance, Leakage, Overfitting};
        matches!(finding.name, Overfitting | ClassImbalance | Leakage)
    });
    let summary = &model.model().summary;
    if held_out.rows() < MIN_HELD_OUT || !is_sound || summary.epochs < MIN_EPOCHS {
        return Ok(None);
    }
    let scoring = Scoring::of_model(model.model(), held_out, None)?;
    let target = &model.model().target;
    let constant: Score = baselines::constant(data, target, held_out, &scoring)?;
    Ok(too_little_data(curve, constant.error().1, config))
}

/// Whether the curve still falls steeply at its end. `constant` is the error of always predicting the
/// mean, or the frequencies of the classes.
fn too_little_data(curve: &LearningCurve, constant: f64, config: &Config) -> Option<Finding> {
    let [.., (_, quarter), (half_rows, half), (all_rows, all)] = curve.points.as_slice() else {
        return None;
    };
    let drop = 1.0 - all / half;
    let matters = half - all > 0.05 * constant && *all > 0.1 * constant;
    let steep = drop > 0.35 && 1.0 - half / quarter > 0.15 && matters;
    steep.then(|| Finding {
        name: Diagnosis::TooLittleData,
        layer: None,
        epoch: None,
        evidence: format!(
            "from {} to {}, the {} of a network falls from {} to {}, which is {:.0} %, and the curve \
             does not level off",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    fn found(errors: &[f64], constant: f64) -> Option<Finding> {
        let rows = [100, 200, 400].into_iter().skip(3 - errors.len());
        let curve = LearningCurve {
            measure: "RMSE".to_string(),
            points: rows.zip(errors.iter().copied()).collect(),
        };
        too_little_data(&curve, constant, &Config::preset(Preset::Fast))
    }

    #[test]
    fn a_curve_that_still_falls_steeply_asks_for_more_rows() {
        let finding = found(&[8.0, 4.0, 2.0], 10.0).unwrap();
        assert_eq!(finding.name, Diagnosis::TooLittleData);
        assert!(
            finding.evidence.starts_with(
                "from 200 rows to 400 rows, the RMSE of a network falls from 4.0000 to 2.0000, which is 50 %"
            ),
            "{}",
            finding.evidence
        );
        assert!(finding.remedy.contains("network.hidden=[]"));
    }

    #[test]
    fn other_curves_ask_for_nothing() {
        // It is flat at its end.
        assert_eq!(found(&[8.0, 4.0, 3.9], 10.0), None);
        // It has only just begun to fall.
        assert_eq!(found(&[4.1, 4.0, 2.0], 10.0), None);
        // The error is next to nothing already.
        assert_eq!(found(&[8.0, 4.0, 2.0], 1000.0), None);
        // There are too few points.
        assert_eq!(found(&[4.0, 2.0], 10.0), None);
        assert_eq!(found(&[f64::NAN, f64::NAN, f64::NAN], 10.0), None);
    }

    #[test]
    fn the_curve_is_a_table() {
        let curve = LearningCurve {
            measure: "log loss".to_string(),
            points: vec![(27, 0.5), (1080, 0.25)],
        };
        assert_eq!(
            curve.lines(),
            [
                "training rows      log loss",
                "           27        0.5000",
                "        1,080        0.2500"
            ]
        );
    }

    #[test]
    fn a_linear_network_cannot_be_smaller() {
        let mut config = Config::preset(Preset::Fast);
        config.network.hidden = Vec::new();
        let curve = LearningCurve {
            measure: "RMSE".to_string(),
            points: vec![(10, 8.0), (20, 4.0), (40, 2.0)],
        };
        let finding = too_little_data(&curve, 10.0, &config).unwrap();
        assert_eq!(finding.remedy, "collect more rows");
    }
}
