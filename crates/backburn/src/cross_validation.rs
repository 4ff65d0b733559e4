//! Cross-validation.

use std::collections::BTreeMap;
use std::fmt;

use backburn_preprocessing::Predictions;
use backburn_table::Split;
use backburn_training::{run_parallel, runs_at_a_time};
use serde_json::{Map, Value, json};
use web_time::Instant;

use crate::config::Config;
use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::encoded_split::check_room;
use crate::error::Error;
use crate::event::Event;
use crate::fit_plan::fit_plan;
use crate::plan::{Plan, PlanOptions};
use crate::predicted_rows::PredictedRows;
use crate::runner::can_run_in_parallel;
use crate::score::{Score, mean_and_std, metric_name};
use crate::scoring::Scoring;
use crate::text::{count, mean_and_deviation, number};
use crate::warning::Warning;
use crate::work_memory::{Networks, Work};

/// The scores of a cross-validation.
#[derive(Debug, Clone)]
pub struct CrossValidation {
    /// The score on each fold.
    pub scores: Vec<Score>,
    /// The row indices, in ascending order.
    pub rows: Vec<usize>,
    /// For each of [`rows`](Self::rows), the prediction of the model that was not trained on it.
    pub predictions: Predictions,
}

impl CrossValidation {
    /// The metric that was asked for.
    fn metric(&self) -> Option<&'static str> {
        let (metric, _) = self.scores.first()?.chosen?;
        Some(metric.name())
    }

    /// The main metric (the one that was asked for, or `rmse` or `accuracy`), its mean over the folds and its
    /// standard deviation between them.
    pub fn summary(&self) -> (&'static str, f64, f64) {
        let metric = self.metric().unwrap_or(match self.predictions {
            Predictions::Values(_) => "rmse",
            Predictions::Classes { .. } => "accuracy",
        });
        let (mean, deviation) = self.mean_and_deviation(metric);
        (metric, mean, deviation)
    }

    /// The means over the folds that stand for the others: that of the metric that was asked for, or the RMSE, or
    /// the accuracy and the log loss.
    pub fn headline(&self) -> String {
        let mean = |metric| self.mean_and_deviation(metric).0;
        if let Some(metric) = self.metric() {
            return format!("{} {}", metric_name(metric), number(mean(metric)));
        }
        match self.predictions {
            Predictions::Values(_) => format!("RMSE {}", number(mean("rmse"))),
            Predictions::Classes { .. } => format!(
                "accuracy {:.2} %, log loss {:.4}",
                mean("accuracy") * 100.0,
                mean("log_loss")
            ),
        }
    }

    /// The usual metrics of the task, each with its mean over the folds and its standard deviation between
    /// them; NaN if it is not defined on one of the folds.
    ///
    /// For regression, these are `rmse`, `mae` and `r2`, and with a distribution its main metric; for classification
    /// `accuracy`, `log_loss`, `macro_f1` and `auc`. The metric that was asked for is the first.
    pub fn means(&self) -> Vec<(&'static str, f64, f64)> {
        let usual: &[&str] = match self.predictions {
            Predictions::Values(_) => &["rmse", "mae", "r2"],
            Predictions::Classes { .. } => &["accuracy", "log_loss", "macro_f1", "auc"],
        };
        let mut metrics = usual.to_vec();
        if let Some(first) = self.metric() {
            metrics.retain(|metric| *metric != first);
            metrics.insert(0, first);
        }
        let mean = |metric: &'static str| {
            let (mean, deviation) = self.mean_and_deviation(metric);
            (metric, mean, deviation)
        };
        let of_distribution = |score: &Score| Some(score.distribution.as_ref()?.main().0);
        metrics.extend(self.scores.first().and_then(of_distribution));
        metrics.into_iter().map(mean).collect()
    }

    /// The scores as the JSON object that `trainer train --folds --json` prints. A mean that is not defined is
    /// null.
    pub fn json(&self) -> Value {
        let (metric, mean, std) = self.summary();
        let means = self.means().into_iter();
        let means = means.map(|(metric, mean, std)| {
            // `std` divides the squared differences by the number of folds; an estimate divides by one less.
            let error = std / (self.scores.len() as f64 - 1.0).sqrt();
            let values = json!({ "mean": mean, "std": std, "standard_error": error });
            (metric.to_string(), values)
        });
        json!({
            "folds": self.metrics(),
            "metric": metric,
            "mean": mean,
            "std": std,
            "means": Map::from_iter(means),
        })
    }

    /// The mean of a metric over the folds, and its standard deviation between them.
    pub fn mean_and_deviation(&self, metric: &str) -> (f64, f64) {
        mean_and_std(&self.scores, metric)
    }

    /// The predictions, for [`PredictionFile::write`](crate::PredictionFile::write).
    pub fn predicted_rows(&self) -> PredictedRows {
        PredictedRows {
            rows: self.rows.clone(),
            predictions: self.predictions.clone(),
            intervals: None,
            quantiles: None,
            inputs: None,
        }
    }

    /// The metrics of each fold.
    pub fn metrics(&self) -> Vec<BTreeMap<String, f64>> {
        self.scores.iter().map(Score::metrics).collect()
    }
}

impl fmt::Display for CrossValidation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.means().into_iter().map(|(metric, mean, deviation)| {
            let name = metric_name(metric);
            match metric {
                _ if !mean.is_finite() => format!("{name} undefined"),
                "accuracy" => {
                    let (mean, deviation) = (mean * 100.0, deviation * 100.0);
                    format!("{name} {mean:.2} % ± {deviation:.2}")
                }
                _ => format!("{name} {}", mean_and_deviation(mean, deviation)),
            }
        });
        // Beside the score of a model, ± is a standard error.
        let words = words.collect::<Vec<_>>().join(", ");
        write!(
            f,
            "mean {words} (± is the standard deviation over the folds)"
        )?;
        match self.scores.iter().any(|score| score.weighted) {
            true => f.write_str(" (weighted)"),
            false => Ok(()),
        }
    }
}

/// For each fold, fits a model on the other folds and scores it on the fold.
pub(crate) fn cross_validate(
    data: &Dataset,
    folds: usize,
    config: &Config,
    context: &FitContext,
) -> Result<CrossValidation, Error> {
    if !(2..=data.rows().len()).contains(&folds) {
        let rows = count(data.rows().len(), "row");
        return Err(Error::Config(format!(
            "{folds} folds: there must be at least 2, and at most as many as rows, and there are {rows}"
        )));
    }
    data.check_folds("folds", folds)?;
    let splits = data.folds(folds, config.training.seed);
    let folds = splits.len();
    let Some(first) = splits.first() else {
        let reason = "no fold has both training rows and validation rows";
        return Err(Error::Config(reason.to_string()));
    };
    if let Some(note) = data.rows_not_validated(&splits) {
        context.warn(Warning::Splits(note));
    }
    let context = &context.quiet();
    let fit = |fold: usize| fit_fold(data, &splits[fold], fold, config, context);
    let mut results = FoldResults::new(data, &splits, context);
    // The networks of an ensemble run in parallel themselves.
    let parallel = config.ensemble.members.count() == 1 && can_run_in_parallel(config, context)?;
    let at_once = if parallel { runs_at_a_time(folds) } else { 1 };
    check_room_of_folds(data, first, at_once, config, context)?;
    if parallel {
        run_parallel(folds, fit, |fold, result| results.add(fold, result));
    } else {
        for fold in 0..folds {
            results.add(fold, fit(fold));
            if results.failure.is_some() {
                break;
            }
        }
    }
    results.finish()
}

/// The results of the folds that are done.
struct FoldResults<'a> {
    data: &'a Dataset,
    splits: &'a [Split],
    context: &'a FitContext<'a>,
    scores: Vec<Score>,
    /// The rows of each fold with their predictions.
    parts: Vec<(&'a [usize], Predictions)>,
    /// The first error.
    failure: Option<Error>,
}

impl<'a> FoldResults<'a> {
    fn new(data: &'a Dataset, splits: &'a [Split], context: &'a FitContext<'a>) -> Self {
        Self {
            data,
            splits,
            context,
            scores: Vec::new(),
            parts: Vec::new(),
            failure: None,
        }
    }

    fn add(&mut self, fold: usize, result: Result<(Score, Predictions, Instant), Error>) {
        let (score, predictions, started) = match result {
            Ok(done) => done,
            Err(error) => {
                self.failure.get_or_insert(error);
                return;
            }
        };
        self.context.observer.on_event(&Event::FoldEnd {
            fold,
            name: self.data.splitter().fold_name(&self.splits[fold]),
            folds: self.splits.len(),
            score: &score,
            time: started.elapsed(),
        });
        self.scores.push(score);
        self.parts
            .push((self.splits[fold].validation.as_slice(), predictions));
    }

    fn finish(self) -> Result<CrossValidation, Error> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        let (rows, predictions) = Predictions::in_order(self.parts);
        Ok(CrossValidation {
            scores: self.scores,
            rows,
            predictions,
        })
    }
}

/// Checks that networks for several folds can be trained at the same time, and that the predictions for all folds can be
/// kept.
fn check_room_of_folds(
    data: &Dataset,
    split: &Split,
    at_once: usize,
    config: &Config,
    context: &FitContext,
) -> Result<(), Error> {
    let inner = data.split_to_fit(&split.training, config);
    data.check_training_rows(&inner)?;
    let work = Work::Training(Networks {
        hidden: config.network.hidden.clone(),
        members: 1,
        at_once,
        training: inner.training.len(),
        validation: inner.validation.len(),
        folds: data.rows().len(),
    });
    check_room(data, &inner, config, context.device.get()?, &work)
}

/// Fits a model on the rows outside a fold, and scores it on the fold. The validation rows are a part of
/// the rows outside the fold.
fn fit_fold(
    data: &Dataset,
    split: &Split,
    fold: usize,
    config: &Config,
    context: &FitContext,
) -> Result<(Score, Predictions, Instant), Error> {
    let started = Instant::now();
    let held_out = data.table().select("the fold", &split.validation)?;
    let inner = data.split_to_fit(&split.training, config);
    let name = format!("fold-{}", fold + 1);
    let plan = Plan::new(&name, data, inner, config, PlanOptions::default())?;
    let model = fit_plan(plan, data, context)?;
    let predictions = model.predict(&held_out)?;
    if context.stop.is_stopped() {
        return Err(Error::Interrupted);
    }
    let scoring = Scoring::new(data, config).of_rows(&split.validation);
    let score = scoring.score_table(&predictions, &held_out, &model.model().target)?;
    let score = score.with_quantiles(model.predictor(), &held_out, scoring.weights())?;
    Ok((score, predictions, started))
}

#[cfg(test)]
mod tests {
    use backburn_training::metrics::{ClassificationScore, RegressionScore};

    use super::*;
    use crate::score::Metrics;

    fn score(metrics: Metrics) -> Score {
        Score {
            rows: 1,
            skipped: 0,
            unknown_classes: Default::default(),
            metrics,
            standard_errors: Default::default(),
            units: None,
            chosen: None,
            weighted: false,
            distribution: None,
        }
    }

    #[test]
    fn the_summary_has_the_mean_and_the_deviation_between_folds() {
        let fold = |rmse: f64| {
            score(Metrics::Regression(RegressionScore {
                rmse,
                mae: 2.0 * rmse,
                r2: None,
            }))
        };
        let validated = CrossValidation {
            scores: vec![fold(1.0), fold(3.0)],
            rows: vec![0, 1],
            predictions: Predictions::Values(vec![0.0, 0.0]),
        };
        assert_eq!(validated.summary(), ("rmse", 2.0, 1.0));
        assert_eq!(validated.mean_and_deviation("mae"), (4.0, 2.0));
        // No fold has this metric.
        assert!(validated.mean_and_deviation("r2").0.is_nan());
        assert_eq!(
            validated.to_string(),
            "mean RMSE 2.0000 ± 1.0000, MAE 4.0000 ± 2.0000, R² undefined (± is the standard deviation over the folds)"
        );
        let json = validated.json();
        assert_eq!(json["metric"], "rmse");
        assert_eq!((&json["mean"], &json["std"]), (&2.0.into(), &1.0.into()));
        assert_eq!(json["means"]["mae"]["std"], 2.0);
        assert_eq!(json["means"]["mae"]["standard_error"], 2.0);
        assert!(json["means"]["r2"]["mean"].is_null());
    }

    #[test]
    fn classes_are_compared_by_accuracy() {
        let fold = |probabilities: [f64; 4]| {
            let of_fold = ClassificationScore::new(&probabilities, 2, &[0, 1]);
            score(Metrics::Classification(of_fold.unwrap()))
        };
        let validated = CrossValidation {
            scores: vec![fold([0.9, 0.1, 0.2, 0.8]), fold([0.9, 0.1, 0.8, 0.2])],
            rows: Vec::new(),
            predictions: Predictions::Classes {
                classes: vec!["a".to_string(), "b".to_string()],
                probabilities: Vec::new(),
                decision: None,
            },
        };
        assert_eq!(validated.summary(), ("accuracy", 0.75, 0.25));
        let text = validated.to_string();
        assert!(
            text.starts_with("mean accuracy 75.00 % ± 25.00, log loss "),
            "{text}"
        );
        let end = "AUC 1.0000 ± 0.0000 (± is the standard deviation over the folds)";
        assert!(text.ends_with(end), "{text}");
        assert_eq!(validated.json()["means"]["accuracy"]["mean"], 0.75);
    }
}
