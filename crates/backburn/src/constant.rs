//! What a model without columns predicts: the mean of the target, or the frequencies of its classes.

use backburn_preprocessing::{Distribution, PredictedQuantiles, Predictions, Target, Task};
use backburn_training::metrics::Metric;

use crate::distribution_score::{DistributionScore, PredictedDistribution};
use crate::score::{Metrics, Score, metric_name};
use crate::scoring::Scoring;
use crate::targets::Targets;
use crate::text::number;

/// The rows that a constant is fitted on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConstantFit<'a> {
    /// The training rows.
    pub training: &'a [usize],
    /// The weight of each row of their table.
    pub weights: Option<&'a [f64]>,
    /// The exposure of each row of their table.
    pub exposures: Option<&'a [f64]>,
}

/// The predictions of a constant for `count` rows. With exposures, it is a rate, which is multiplied by the exposure of
/// each of these rows. `None` where the kind of the targets is not that of the model.
pub(crate) fn constant_predictions(
    targets: &Targets,
    target: &Target,
    fit: ConstantFit,
    (count, exposures): (usize, Option<&[f64]>),
) -> Option<Predictions> {
    let training = fit.training.iter().copied();
    let weight = |row: usize| fit.weights.map_or(1.0, |weights| weights[row]);
    match (targets, target) {
        (
            Targets::Classes(of_row),
            Target::Classification {
                classes, decision, ..
            },
        ) => {
            let total: f64 = training.clone().map(weight).sum();
            let mut shares = vec![0.0; classes.len()];
            for (row, class) in training.filter_map(|row| Some((row, of_row[row]?))) {
                shares[class] += weight(row) / total;
            }
            Some(Predictions::Classes {
                classes: classes.clone(),
                probabilities: shares.repeat(count),
                decision: decision.clone(),
            })
        }
        (Targets::Values(values), _) => {
            let exposures = fit.exposures.zip(exposures);
            let exposure = |row: usize| exposures.map_or(1.0, |(training, _)| training[row]);
            let sum: f64 = training.clone().map(|row| weight(row) * values[row]).sum();
            let total: f64 = training.map(|row| weight(row) * exposure(row)).sum();
            let rate = sum / total;
            Some(Predictions::Values(match exposures {
                Some((_, of_rows)) => of_rows.iter().map(|exposure| rate * exposure).collect(),
                None => vec![rate; count],
            }))
        }
        (Targets::Classes(_), Target::Regression { .. }) => None,
    }
}

/// The quantiles of the training rows, for each of `count` rows. `None` for a target whose quantiles are not predicted.
pub(crate) fn constant_quantiles(
    targets: &Targets,
    target: &Target,
    fit: ConstantFit,
    count: usize,
) -> Option<PredictedQuantiles> {
    let Some(Distribution::Quantiles { levels, .. }) = target.distribution() else {
        return None;
    };
    let Targets::Values(values) = targets else {
        return None;
    };
    let weight = |row: usize| fit.weights.map_or(1.0, |weights| weights[row]);
    let rows = fit.training.iter().copied();
    let known = rows.filter(|&row| !values[row].is_nan());
    let mut known: Vec<(f64, f64)> = known.map(|row| (values[row], weight(row))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = known.iter().map(|(_, weight)| weight).sum();
    // The least value up to which the rows have the share of the level.
    let quantile = |level: &f64| {
        let mut sum: f64 = 0.0;
        let reached = known.iter().find(|(_, weight)| {
            sum += *weight;
            sum >= level * total
        });
        reached.or(known.last()).map(|(value, _)| *value)
    };
    let of_row: Vec<f64> = levels.iter().map(quantile).collect::<Option<_>>()?;
    Some(PredictedQuantiles {
        levels: levels.clone(),
        values: of_row.repeat(count),
    })
}

/// The score on some rows of a constant that was fitted on the rows in `training`. All are rows of the table of
/// `scoring`.
pub(crate) fn constant_score(
    targets: &Targets,
    target: &Target,
    (training, rows): (&[usize], &[usize]),
    scoring: &Scoring,
) -> Option<Score> {
    let fit = ConstantFit {
        training,
        weights: scoring.weights(),
        exposures: scoring.exposures(),
    };
    let exposures: Option<Vec<f64>> = scoring
        .exposures()
        .map(|exposures| rows.iter().map(|&row| exposures[row]).collect());
    let predicted = (rows.len(), exposures.as_deref());
    let predictions = constant_predictions(targets, target, fit, predicted)?;
    let quantiles = constant_quantiles(targets, target, fit, rows.len());
    let score = scoring.score(&predictions, targets, rows)?;
    let predicted = PredictedDistribution {
        target,
        predictions: &predictions,
        quantiles: quantiles.as_ref(),
        targets,
        rows,
        weights: scoring.weights(),
    };
    Some(score.with_distribution(&predicted, None))
}

/// What a constant predicts where quantiles are predicted.
pub(crate) const QUANTILES: &str = "the quantiles of the training rows";

/// What the constant of a score predicts, as far as the main metric depends on it: `the mean`, `the most frequent class`
/// or `the class frequencies`. By costs or a threshold, it may be another class than the most frequent one.
pub fn constant_name(constant: &Score) -> &'static str {
    match (&constant.metrics, constant.chosen) {
        (Metrics::Regression(_), _) => "the mean",
        (_, None | Some((Metric::Accuracy, _))) => "the most frequent class",
        (_, Some((metric, _))) if metric.depends_on_decision() => "the same class",
        _ => "the class frequencies",
    }
}

/// What the constant predicts, whatever the metric is: `the mean` or `the class frequencies`.
pub fn constant_of_task(task: Task) -> &'static str {
    match task {
        Task::Regression => "the mean",
        Task::Classification => "the class frequencies",
    }
}

/// The score of the constant, as it stands beside that of a model.
///
/// ```
/// use backburn::baselines::constant_line;
/// use backburn::{Predictions, Score, Targets};
///
/// let truth = Targets::Values(vec![1.0, 3.0]);
/// let constant = Score::of_rows(&Predictions::Values(vec![2.0; 2]), &truth, &[0, 1]).unwrap();
/// assert_eq!(constant_line(&constant, "$"), "RMSE $1.0000 by always predicting the mean");
/// ```
pub fn constant_line(constant: &Score, unit: &str) -> String {
    let (name, headline) = (constant_name(constant), constant.headline(unit));
    let by = |name: &str| format!("by always predicting {name}");
    let Some(distribution) = &constant.distribution else {
        return format!("{headline} {}", by(name));
    };
    let (metric, value) = distribution.main();
    let further = format!("{} {}", metric_name(metric), number(value));
    match distribution {
        DistributionScore::Quantiles(_) => {
            format!("{headline} {}, {further} {}", by(name), by(QUANTILES))
        }
        _ => format!("{headline}, {further} {}", by(name)),
    }
}

#[cfg(test)]
mod tests {
    use backburn_preprocessing::TargetTransform;
    use backburn_training::metrics::QuantileScore;

    use super::*;

    fn fit<'a>(weights: Option<&'a [f64]>, exposures: Option<&'a [f64]>) -> ConstantFit<'a> {
        ConstantFit {
            training: &[0, 1],
            weights,
            exposures,
        }
    }

    fn classes() -> Target {
        Target::Classification {
            column: "y".to_string(),
            classes: vec!["a".to_string(), "b".to_string()],
            temperature: 1.0,
            decision: None,
        }
    }

    fn number() -> Target {
        Target::Regression {
            column: "y".to_string(),
            scale: TargetTransform::None,
            mean: 0.0,
            std: 1.0,
            bounds: None,
            at_bounds: None,
            errors: Vec::new(),
            error_scale: None,
            distribution: None,
        }
    }

    #[test]
    fn quantiles_are_those_of_the_training_rows() {
        let values = Targets::Values(vec![4.0, 1.0, f64::NAN, 2.0, 3.0]);
        let levels = [0.25, 0.5, 0.9];
        let of = |weights: Option<&[f64]>| {
            let fit = ConstantFit {
                training: &[0, 1, 2, 3, 4],
                weights,
                exposures: None,
            };
            let target = number().with_quantiles(&levels);
            let quantiles = constant_quantiles(&values, &target, fit, 2).unwrap();
            assert_eq!(quantiles.rows(), 2);
            quantiles.row(1).unwrap().to_vec()
        };
        assert_eq!(of(None), [1.0, 2.0, 4.0]);
        // numpy.quantile([4, 1, 2, 3], q, weights=[1, 5, 1, 1], method="inverted_cdf")
        assert_eq!(of(Some(&[1.0, 5.0, 1.0, 1.0, 1.0])), [1.0, 1.0, 4.0]);
        assert_eq!(
            constant_quantiles(&values, &number(), fit(None, None), 2),
            None
        );
    }

    #[test]
    fn the_line_has_what_a_distribution_is_scored_by() {
        let truth = Targets::Values(vec![1.0, 3.0]);
        let constant = Score::of_rows(&Predictions::Values(vec![2.0; 2]), &truth, &[0, 1]);
        let mut constant = constant.unwrap();
        constant.distribution = Some(DistributionScore::PoissonDeviance(0.5));
        assert_eq!(
            constant_line(&constant, ""),
            "RMSE 1.0000, mean Poisson deviance 0.5000 by always predicting the mean"
        );
        constant.distribution = Some(DistributionScore::Quantiles(QuantileScore {
            mean_pinball_loss: 0.25,
            coverage: Vec::new(),
        }));
        assert_eq!(
            constant_line(&constant, ""),
            "RMSE 1.0000 by always predicting the mean, mean pinball loss 0.2500 by always predicting the quantiles of \
             the training rows"
        );
    }

    #[test]
    fn weights_and_exposures_count() {
        let number = number();
        let values = Targets::Values(vec![1.0, 4.0, 9.0]);
        let of = |fit: ConstantFit, exposures: Option<&[f64]>| {
            let predictions = constant_predictions(&values, &number, fit, (1, exposures)).unwrap();
            predictions.values().unwrap()[0]
        };
        assert_eq!(of(fit(None, None), None), 2.5);
        let weights = [3.0, 1.0, 1.0];
        assert_eq!(of(fit(Some(&weights), None), None), 1.75);
        // Five events in four years.
        let years = [1.0, 3.0, 2.0];
        assert_eq!(of(fit(None, Some(&years)), Some(&years[2..])), 2.5);
        let of_row = Targets::Classes(vec![Some(0), Some(1), None]);
        let known = fit(Some(&weights), None);
        let Some(Predictions::Classes { probabilities, .. }) =
            constant_predictions(&of_row, &classes(), known, (1, None))
        else {
            panic!("classes have probabilities");
        };
        assert_eq!(probabilities, [0.75, 0.25]);
    }

    #[test]
    fn the_name_is_that_of_what_the_metric_is_of() {
        let predictions = Predictions::Classes {
            classes: vec!["a".to_string(), "b".to_string()],
            probabilities: vec![0.75, 0.25],
            decision: None,
        };
        let targets = Targets::Classes(vec![Some(0)]);
        for (metric, name) in [
            (None, "the most frequent class"),
            (Some(Metric::Accuracy), "the most frequent class"),
            (Some(Metric::LogLoss), "the class frequencies"),
            (Some(Metric::F1), "the same class"),
        ] {
            let score = Score::weighted(&predictions, &targets, &[0], metric, None).unwrap();
            assert_eq!(constant_name(&score), name);
        }
    }
}
