//! Simple models that a network has to be better than.

use backburn_preprocessing::Target;
use backburn_table::Table;

use crate::config::Config;
use crate::constant::{ConstantFit, constant_predictions, constant_quantiles};
use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::distribution_score::PredictedDistribution;
use crate::error::Error;
use crate::estimator::Estimator;
use crate::fit_plan::fit_plan;
use crate::members::Members;
use crate::model_file::SavedModel;
use crate::plan::{Plan, PlanOptions};
use crate::score::Score;
use crate::scoring::Scoring;
use crate::selection;
use crate::targets::Targets;
use crate::text::count;

pub use crate::constant::{constant_line, constant_name, constant_of_task};

/// The score of always predicting the mean of the training rows, or the frequencies of their classes, or their rate
/// times the exposure. Rows count by their weights.
///
/// # Errors
///
/// No row of the test table can be scored.
pub(crate) fn constant(
    data: &Dataset,
    target: &Target,
    test: &Table,
    scoring: &Scoring,
) -> Result<Score, Error> {
    let targets = Targets::read(data.table(), target)?;
    let exposures = data.offset().map(|column| data.table().numbers(column));
    let exposures = exposures.transpose()?;
    let fit = ConstantFit {
        training: data.rows(),
        weights: data.weights(),
        exposures: exposures.as_deref(),
    };
    let predicted = (test.rows(), scoring.exposures());
    let predictions = constant_predictions(&targets, target, fit, predicted);
    let predictions = predictions.ok_or_else(|| {
        Error::Failed("the target has classes, and the model predicts numbers".to_string())
    })?;
    let score = scoring.score_table(&predictions, test, target)?;
    let Some(quantiles) = constant_quantiles(&targets, target, fit, test.rows()) else {
        return Ok(score);
    };
    let rows: Vec<usize> = (0..test.rows()).collect();
    let predicted = PredictedDistribution {
        target,
        predictions: &predictions,
        quantiles: Some(&quantiles),
        targets: &Targets::read(test, target)?,
        rows: &rows,
        weights: scoring.weights(),
    };
    Ok(score.with_distribution(&predicted, None))
}

/// The settings of a linear model: a network without hidden layers.
pub fn linear_config(config: &Config) -> Config {
    let mut config = config.clone();
    config.network.hidden = Vec::new();
    config.ensemble.members = Members::Exactly(1);
    // A linear model has a convex loss, and can take larger steps.
    if let Some(rate) = config.training.learning_rate.fixed() {
        config.training.learning_rate = (rate * 10.0).min(1.0).into();
    }
    config
}

/// The score of the same training without hidden layers, with the selections of the model; `None` if the run
/// was stopped before.
///
/// # Errors
///
/// The same as for [`Estimator::fit`].
pub fn linear(
    model: &SavedModel,
    data: &Dataset,
    config: &Config,
    test: &Table,
    context: &FitContext,
) -> Result<Option<Score>, Error> {
    if context.stop.is_stopped() {
        return Ok(None);
    }
    let data = &*data.for_config(config)?;
    let config = selection::as_in(model, linear_config(config));
    let split = data.validation_split(&config);
    let plan = Plan::new("linear", data, split, &config, PlanOptions::default())?;
    fit_plan(plan, data, &context.quiet())?
        .evaluate(test)
        .map(Some)
}

/// The scores of a cross-validation with some settings and of a linear model beside, in words.
///
/// # Errors
///
/// The same as for [`Estimator::cross_validate`].
pub fn folds_in_words(
    data: &Dataset,
    folds: usize,
    config: &Config,
    context: &FitContext,
) -> Result<String, Error> {
    let headline = |config: Config| -> Result<String, Error> {
        let scores = Estimator::new(config).cross_validate(data, folds, context)?;
        Ok(scores.headline())
    };
    let (own, linear) = (headline(config.clone())?, headline(linear_config(config))?);
    let rows = count(data.rows().len(), "row");
    Ok(format!(
        "all {rows} by {folds}-fold cross-validation: {own}; a linear model: {linear}"
    ))
}
