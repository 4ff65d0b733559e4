//! Whether numbers are predicted by their logarithms, where that is to be found out.

use backburn_tabular::{Bins, Table, Target, TargetScale, k_folds};
use backburn_training::at_once;

use crate::config::{Preset, RunConfig};
use crate::data::Understood;
use crate::device::Chosen;
use crate::error::Error;
use crate::folds::can_run_at_once;
use crate::interrupt;
use crate::training::{Manner, train};

/// Fewer rows tell nothing.
const FEWEST_ROWS: usize = 100;
/// More rows tell no more.
const MOST_ROWS: usize = 3000;
const FOLDS: usize = 3;
/// What logarithms have to bring, as a share of the error.
const WORTH: f64 = 0.03;

/// The config with the scale of the target as it is best on these rows. Where logarithms look right by
/// how the target is distributed ([`TargetScale::Auto`]), small networks are trained with and
/// without them, and scored on rows left out: a skewed target may still be a sum.
pub fn with_scale_found(
    table: &Table,
    understood: &Understood,
    rows: &[usize],
    config: &RunConfig,
    chosen: &Chosen,
    manner: Manner,
) -> Result<Option<RunConfig>, Error> {
    if config.data.target_scale != TargetScale::Auto || understood.classes.is_some() {
        return Ok(None);
    }
    let by_rule = Target::fit(table, &understood.target, understood.task, rows, rows)?;
    let by_rule = by_rule.with_scale(TargetScale::Auto, table, &understood.rows, rows)?;
    let mut found = by_rule.scaled().unwrap_or(TargetScale::Standard);
    if found == TargetScale::Log && rows.len() >= FEWEST_ROWS {
        let step = rows.len().div_ceil(MOST_ROWS);
        let rows: Vec<usize> = rows.iter().copied().step_by(step).collect();
        let data = (table, understood, rows.as_slice());
        let error = |scale| squared_error(scale, data, config, chosen, manner);
        let (logarithms, plain) = (error(TargetScale::Log)?, error(TargetScale::Standard)?);
        if logarithms.sqrt() > (1.0 - WORTH) * plain.sqrt() {
            found = TargetScale::Standard;
        }
    }
    let mut config = config.clone();
    config.data.target_scale = found;
    Ok(Some(config))
}

/// The mean squared error of small networks on rows that they were not trained on.
fn squared_error(
    scale: TargetScale,
    (table, understood, rows): (&Table, &Understood, &[usize]),
    config: &RunConfig,
    chosen: &Chosen,
    manner: Manner,
) -> Result<f64, Error> {
    let mut small = RunConfig::of_preset(Preset::Fast)?;
    let bins = small.data.bins;
    small.training.seed = config.training.seed;
    small.data = config.data;
    small.data.target_scale = scale;
    small.data.neighbours = false;
    small.data.refit = false;
    if config.data.bins != Bins::AtMost(0) {
        small.data.bins = bins;
    }
    let splits = k_folds(rows, FOLDS, None, small.training.seed);
    let error = |fold: usize| {
        let (split, manner) = (splits[fold].clone(), Manner::quiet(manner.console));
        let trained = train(table, understood, split, &small, chosen, manner)?;
        if interrupt::requested() {
            return Err(Error::Failed("interrupted".to_string()));
        }
        let rmse = trained.model.summary.validation.get("rmse").copied();
        Ok(rmse.unwrap_or(f64::INFINITY).powi(2))
    };
    let mut sum = 0.0;
    let mut failed = None;
    let mut add = |error: Result<f64, Error>| match error {
        Ok(error) => sum += error,
        // What cannot be trained is no choice.
        Err(Error::Diverged(..)) => sum = f64::INFINITY,
        Err(error) => {
            failed.get_or_insert(error);
        }
    };
    if can_run_at_once(&small, chosen)? {
        at_once(FOLDS, error, |_, error| add(error));
    } else {
        (0..FOLDS).for_each(|fold| add(error(fold)));
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(sum / FOLDS as f64),
    }
}
