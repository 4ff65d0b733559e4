//! How predictions are scored: the metric that comes first, and the weights of the rows.

use std::borrow::Cow;

use backburn_preprocessing::{Predictions, Target};
use backburn_table::Table;
use backburn_training::metrics::Metric;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::distribution_score::PredictedDistribution;
use crate::error::Error;
use crate::model_file::SavedModel;
use crate::row_weights::row_weights;
use crate::score::Score;
use crate::targets::Targets;

/// How predictions for the rows of a table are scored.
#[derive(Debug, Clone, Default)]
pub struct Scoring<'a> {
    /// The metric that comes first, if one is asked for.
    metric: Option<Metric>,
    /// The weight of each row of the table.
    weights: Option<Cow<'a, [f64]>>,
    /// For each row of the table, a number that it shares with the rows of its group, or with its copies.
    clusters: Option<Cow<'a, [usize]>>,
    /// The exposure of each row of the table.
    exposures: Option<Cow<'a, [f64]>>,
    /// The time of each row of the table, if rows are split by time.
    times: Option<Cow<'a, [f64]>>,
}

impl<'a> Scoring<'a> {
    /// With the metric that the settings ask for and the weights of a dataset.
    pub fn new(data: &'a Dataset, config: &Config) -> Self {
        Self {
            metric: config.scoring.metric(),
            weights: data.weights().map(Cow::Borrowed),
            clusters: data.splitter().clusters().map(Cow::Borrowed),
            exposures: exposures(data.table(), data.offset()),
            times: data.splitter().times.as_deref().map(Cow::Borrowed),
        }
    }

    /// With a metric that comes first, and without weights.
    pub(crate) fn of_metric(metric: Option<Metric>) -> Scoring<'static> {
        Scoring {
            metric,
            ..Scoring::default()
        }
    }

    /// The same for a table of some of the rows.
    pub fn of_rows(&self, rows: &[usize]) -> Scoring<'static> {
        fn of_rows<T: Copy>(values: &[T], rows: &[usize]) -> Cow<'static, [T]> {
            Cow::Owned(rows.iter().map(|&row| values[row]).collect())
        }
        Scoring {
            metric: self.metric,
            weights: self.weights().map(|weights| of_rows(weights, rows)),
            clusters: self.clusters().map(|clusters| of_rows(clusters, rows)),
            exposures: self.exposures().map(|exposures| of_rows(exposures, rows)),
            times: self.times().map(|times| of_rows(times, rows)),
        }
    }

    /// With the metric that a model was trained for. The weights of the rows are those of a column of the table:
    /// that of the name, or else the one of training, if the table has it.
    ///
    /// # Errors
    ///
    /// The table does not have the column of the name, or a value is not a weight.
    pub fn of_model(
        model: &SavedModel,
        table: &Table,
        weight: Option<&str>,
    ) -> Result<Scoring<'static>, Error> {
        let of_training = model.summary.weight.as_deref();
        let of_training = of_training.filter(|column| table.column(column).is_ok());
        let column = weight.or(of_training);
        let weights = column
            .map(|column| row_weights(table, column))
            .transpose()?;
        let metric = model.summary.metric.as_deref();
        Ok(Scoring {
            metric: metric.and_then(|name| name.parse().ok()),
            weights: weights.map(Cow::Owned),
            clusters: None,
            exposures: exposures(table, model.encoder.exposure()),
            times: None,
        })
    }

    /// The weights of the rows of the table, if there are any.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// For each row of the table, a number that it shares with the rows of its group, or with its copies.
    pub(crate) fn clusters(&self) -> Option<&[usize]> {
        self.clusters.as_deref()
    }

    /// The exposure of each row of the table, if there are any.
    pub(crate) fn exposures(&self) -> Option<&[f64]> {
        self.exposures.as_deref()
    }

    /// The time of each row of the table, if rows are split by time.
    pub(crate) fn times(&self) -> Option<&[f64]> {
        self.times.as_deref()
    }

    /// The metric that comes first, if one is asked for.
    pub fn metric(&self) -> Option<Metric> {
        self.metric
    }

    /// Scores predictions for some rows of the table like [`Score::of_rows`].
    pub fn score(
        &self,
        predictions: &Predictions,
        targets: &Targets,
        rows: &[usize],
    ) -> Option<Score> {
        Score::weighted(predictions, targets, rows, self.metric, self.weights())
    }

    /// Scores the outputs of networks for some rows of the table, `width` numbers for each of `rows`, with the
    /// distribution that they predict. `None` if none of them can be scored.
    pub fn score_outputs(
        &self,
        target: &Target,
        (outputs, width): (&[f32], usize),
        targets: &Targets,
        rows: &[usize],
    ) -> Option<Score> {
        let predictions = target.predictions(outputs, width);
        let quantiles = target.quantiles(outputs);
        let score = self.score(&predictions, targets, rows)?;
        let predicted = PredictedDistribution {
            target,
            predictions: &predictions,
            quantiles: quantiles.as_ref(),
            targets,
            rows,
            weights: self.weights(),
        };
        Some(score.with_distribution(&predicted, None))
    }

    /// Scores predictions for every row of the table like [`Score::of_table`].
    ///
    /// # Errors
    ///
    /// The table does not have the target column, or no row has a target.
    pub fn score_table(
        &self,
        predictions: &Predictions,
        table: &Table,
        target: &Target,
    ) -> Result<Score, Error> {
        Score::of_weighted_table(predictions, table, target, self.metric, self.weights())
    }
}

/// The numbers of a column of exposures, if there is one.
fn exposures(table: &Table, column: Option<&str>) -> Option<Cow<'static, [f64]>> {
    Some(Cow::Owned(table.numbers(column?).ok()?))
}
