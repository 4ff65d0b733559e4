//! What a model without columns predicts: the mean of the target, or the frequencies of its classes.

use backburn_preprocessing::{Predictions, Target, Task};

use crate::score::Score;
use crate::scoring::Scoring;
use crate::targets::Targets;

/// The predictions of a constant that was fitted on the rows in `training`, for `count` rows. `None` where the
/// kind of the targets is not that of the model.
pub(crate) fn constant_predictions(
    targets: &Targets,
    target: &Target,
    training: &[usize],
    count: usize,
) -> Option<Predictions> {
    let rows = training.len() as f64;
    match (targets, target) {
        (
            Targets::Classes(of_row),
            Target::Classification {
                classes, decision, ..
            },
        ) => {
            let mut shares = vec![0.0; classes.len()];
            for class in training.iter().filter_map(|&row| of_row[row]) {
                shares[class] += 1.0 / rows;
            }
            Some(Predictions::Classes {
                classes: classes.clone(),
                probabilities: shares.repeat(count),
                decision: decision.clone(),
            })
        }
        (Targets::Values(values), _) => {
            let sum: f64 = training.iter().map(|&row| values[row]).sum();
            Some(Predictions::Values(vec![sum / rows; count]))
        }
        (Targets::Classes(_), Target::Regression { .. }) => None,
    }
}

/// The score on some rows of a constant that was fitted on the rows in `training`.
pub(crate) fn constant_score(
    targets: &Targets,
    target: &Target,
    (training, rows): (&[usize], &[usize]),
    scoring: &Scoring,
) -> Option<Score> {
    let predictions = constant_predictions(targets, target, training, rows.len())?;
    let score = scoring.score(&predictions, targets, rows)?;
    Some(score.with_distribution((target, &predictions), None, targets, rows))
}

/// What the constant is: `the mean` or `the most frequent class`.
pub fn constant_name(task: Task) -> &'static str {
    match task {
        Task::Regression => "the mean",
        Task::Classification => "the most frequent class",
    }
}

/// The score of the constant, as it stands beside that of a model.
///
/// ```
/// use backburn::baselines::constant_line;
/// use backburn::{Predictions, Score, Targets, Task};
///
/// let truth = Targets::Values(vec![1.0, 3.0]);
/// let constant = Score::of_rows(&Predictions::Values(vec![2.0; 2]), &truth, &[0, 1]).unwrap();
/// let line = constant_line(&constant, Task::Regression, "$");
/// assert_eq!(line, "RMSE $1.0000 by always predicting the mean");
/// ```
pub fn constant_line(constant: &Score, task: Task, unit: &str) -> String {
    let name = constant_name(task);
    format!("{} by always predicting {name}", constant.headline(unit))
}
