//! What a model without columns predicts: the mean of the target, or the frequencies of its classes.

use backburn_preprocessing::{Predictions, Target, Task};
use backburn_training::metrics::Metric;

use crate::distribution_score::PredictedDistribution;
use crate::score::{Metrics, Score};
use crate::scoring::Scoring;
use crate::targets::Targets;

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
    let score = scoring.score(&predictions, targets, rows)?;
    let predicted = PredictedDistribution {
        target,
        predictions: &predictions,
        quantiles: None,
        targets,
        rows,
        weights: scoring.weights(),
    };
    Some(score.with_distribution(&predicted, None))
}

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
    let name = constant_name(constant);
    format!("{} by always predicting {name}", constant.headline(unit))
}

#[cfg(test)]
mod tests {
    use backburn_preprocessing::TargetTransform;

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

    #[test]
    fn weights_and_exposures_count() {
        let number = Target::Regression {
            column: "y".to_string(),
            scale: TargetTransform::None,
            mean: 0.0,
            std: 1.0,
            bounds: None,
            at_bounds: None,
            errors: Vec::new(),
            error_scale: None,
            distribution: None,
        };
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
