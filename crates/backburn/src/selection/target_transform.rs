//! How a numeric target is transformed.

use backburn_preprocessing::{Target, TargetTransform};

use super::step::{MIN_ROWS, Step};
use super::trials::{Errors, jobs, overall, sample};
use crate::config::{Config, KnnFeatures};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::selected::{Selected, Selection};

/// The largest number of rows for trials.
const MAX_ROWS: usize = 3000;
/// The smallest relative reduction of the error for which the logarithm is used.
const MIN_GAIN: f64 = 0.03;

/// If the distribution of the target suggests the logarithm ([`TargetTransform::Auto`]), trial networks
/// decide: a skewed target may still be additive in the features.
pub(super) fn step(
    run: &str,
    data: &Dataset,
    rows: &[usize],
    config: &Config,
) -> Result<Step, Error> {
    let asked = config.data.target_transform;
    let known = |transform| Ok(Step::Known(Selected::TargetTransform(transform)));
    // The link is in place of a transform.
    if config.training.loss.has_log_link() {
        return known(TargetTransform::None);
    }
    if asked != TargetTransform::Auto || data.classes().is_some() {
        return known(asked);
    }
    let by_rule = Target::fit(data.table(), data.target(), data.task(), rows, rows)?;
    let by_rule = by_rule.with_transform(TargetTransform::Auto, data.table(), data.rows(), rows)?;
    let found = by_rule.transform().unwrap_or(TargetTransform::Standard);
    if found != TargetTransform::Log || rows.len() < MIN_ROWS {
        return known(found);
    }
    let candidate = |transform| {
        move |config: &mut Config| {
            config.data.target_transform = transform;
            config.data.neighbor_features = false;
            config.data.knn_features = KnnFeatures::Never;
        }
    };
    let (log, standard) = (
        candidate(TargetTransform::Log),
        candidate(TargetTransform::Standard),
    );
    Ok(Step::Trials(jobs(
        Selection::TargetTransform,
        run,
        data,
        sample(rows, MAX_ROWS),
        config,
        &[&log, &standard],
    )))
}

pub(super) fn choose(errors: &Errors) -> Selected {
    let (log, standard) = (overall(errors.of(0)), overall(errors.of(1)));
    Selected::TargetTransform(
        match log.is_finite() && log <= (1.0 - MIN_GAIN) * standard {
            true => TargetTransform::Log,
            false => TargetTransform::Standard,
        },
    )
}
