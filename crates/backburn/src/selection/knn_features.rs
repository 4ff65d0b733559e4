//! Whether the mean target of the nearest neighbors is a feature.

use backburn_preprocessing::KnnTargetEncoder;
use backburn_table::ColumnKind;

use super::step::{MIN_ROWS, Step};
use super::trials::{Errors, jobs, overall, sample};
use crate::config::{Config, KnnFeatures};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::selected::{Selected, Selection};

/// The largest number of rows for trials.
const MAX_ROWS: usize = 5000;
/// The smallest relative reduction of the error for which the features are used.
const MIN_GAIN: f64 = 0.02;

/// Nearest neighbors help if the target is not smooth and there are many rows for each column. Otherwise
/// they add noise. Trial networks decide.
pub(super) fn step(
    run: &str,
    data: &Dataset,
    rows: &[usize],
    config: &Config,
) -> Result<Step, Error> {
    let known = |used| Ok(Step::Known(Selected::KnnFeatures(used)));
    match config.data.knn_features {
        KnnFeatures::Always => return known(true),
        KnnFeatures::Never => return known(false),
        KnnFeatures::Auto => {}
    }
    if rows.len() < MIN_ROWS || !is_possible(data) || data.splitter().has_rule() {
        return known(false);
    }
    let always = |config: &mut Config| config.data.knn_features = KnnFeatures::Always;
    let never = |config: &mut Config| config.data.knn_features = KnnFeatures::Never;
    Ok(Step::Trials(jobs(
        Selection::KnnFeatures,
        run,
        data,
        sample(rows, MAX_ROWS),
        config,
        &[&always, &never],
    )))
}

/// Uses the features if the error is lower on every fold, and lower by [`MIN_GAIN`] over all folds.
pub(super) fn choose(errors: &Errors) -> Selected {
    let (with, without) = (errors.of(0), errors.of(1));
    let mut folds = with.iter().zip(&without);
    let better_on_each = folds.all(|(with, without)| with < without);
    let better = overall(with) <= (1.0 - MIN_GAIN) * overall(without);
    Selected::KnnFeatures(better_on_each && better)
}

/// Whether there are at least two numeric columns, and not too many classes for an input each.
fn is_possible(data: &Dataset) -> bool {
    let numeric = data
        .inputs()
        .filter(|column| column.kind == ColumnKind::Numeric);
    let last_class = data.classes().unwrap_or_default().iter().max();
    numeric.count() >= 2 && last_class.is_none_or(|&class| class < KnnTargetEncoder::MAX_OUTPUTS)
}
