//! Metrics of predicted numbers. They have the definitions of scikit-learn. All rows fit
//! ([`ValueRows::fits`]).

use super::rows::ValueRows;

/// The weighted mean of a function of prediction and true value.
fn mean(rows: &ValueRows, of_row: impl Fn(f64, f64) -> f64) -> f64 {
    let pairs = rows.predicted.iter().zip(rows.actual);
    rows.weights.mean(pairs.map(|(p, a)| of_row(*p, *a)))
}

/// The root mean squared error.
pub fn rmse(rows: &ValueRows) -> f64 {
    mean(rows, |p, a| (p - a) * (p - a)).sqrt()
}

/// The mean absolute error.
pub fn mae(rows: &ValueRows) -> f64 {
    mean(rows, |p, a| (p - a).abs())
}

/// The mean absolute percentage error, as a fraction. A true value of 0 counts as the smallest difference of
/// two numbers near 1, as in scikit-learn.
pub fn mape(rows: &ValueRows) -> f64 {
    mean(rows, |p, a| (p - a).abs() / a.abs().max(f64::EPSILON))
}

/// The root mean squared logarithmic error. `None` if a true value is at most -1; infinite if a prediction is.
pub fn rmsle(rows: &ValueRows) -> Option<f64> {
    if rows.actual.iter().any(|a| *a <= -1.0) {
        return None;
    }
    if rows.predicted.iter().any(|p| *p <= -1.0) {
        return Some(f64::INFINITY);
    }
    let off = |p: f64, a: f64| p.ln_1p() - a.ln_1p();
    Some(mean(rows, |p, a| off(p, a) * off(p, a)).sqrt())
}

/// The coefficient of determination R². `None` where the true values are all the same.
pub fn r2(rows: &ValueRows) -> Option<f64> {
    let ValueRows { actual, .. } = rows;
    let center = mean(rows, |_, a| a);
    let sum = |of_row: &dyn Fn(f64, f64) -> f64| -> f64 {
        let pairs = rows.predicted.iter().zip(*actual).enumerate();
        pairs
            .map(|(row, (p, a))| rows.weights.of(row) * of_row(*p, *a))
            .sum()
    };
    let squares = sum(&|p, a| (p - a) * (p - a));
    let variance = sum(&|_, a| (a - center) * (a - center));
    // The variance of equal numbers may be above 0, since their mean is rounded.
    let varies = actual.iter().any(|a| *a != actual[0]);
    varies.then(|| 1.0 - squares / variance)
}

/// The median of the absolute errors. With weights it is the weighted median, the mean of two errors where
/// half of the weight is up to the first of them.
pub fn median_absolute_error(rows: &ValueRows) -> f64 {
    let pairs = rows.predicted.iter().zip(rows.actual).enumerate();
    let errors = pairs.map(|(row, (p, a))| ((p - a).abs(), rows.weights.of(row)));
    let mut errors: Vec<(f64, f64)> = errors.filter(|(_, weight)| *weight > 0.0).collect();
    errors.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let half = errors.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    for (index, (error, weight)) in errors.iter().enumerate() {
        sum += weight;
        if sum > half {
            return *error;
        }
        if sum == half
            && let Some((next, _)) = errors.get(index + 1)
        {
            return (error + next) / 2.0;
        }
    }
    errors.last().map_or(f64::NAN, |(error, _)| *error)
}

/// The mean pinball loss of predicted quantiles of a level between 0 and 1.
pub fn quantile_loss(rows: &ValueRows, level: f64) -> f64 {
    mean(rows, |p, a| {
        let off = a - p;
        (level * off).max((level - 1.0) * off)
    })
}

#[cfg(test)]
mod tests {
    use super::super::rows::RowWeights;
    use super::*;

    const ACTUAL: [f64; 5] = [3.0, 0.5, 2.0, 7.0, 4.25];
    const PREDICTED: [f64; 5] = [2.5, 0.75, 2.0, 8.0, 3.5];
    const WEIGHTS: [f64; 5] = [1.0, 2.0, 0.5, 3.0, 1.5];

    fn rows(weights: Option<&[f64]>) -> ValueRows<'_> {
        ValueRows {
            predicted: &PREDICTED,
            actual: &ACTUAL,
            weights: RowWeights(weights),
        }
    }

    /// Compares a metric without and with weights.
    fn check(metric: impl Fn(&ValueRows) -> f64, plain: f64, weighted: f64) {
        assert!((metric(&rows(None)) - plain).abs() < 1e-12);
        assert!((metric(&rows(Some(&WEIGHTS))) - weighted).abs() < 1e-12);
    }

    // Each expected number is that of scikit-learn 1.9.1 for these arrays as `y` (true), `p` and `w`: first
    // `metric(y, p)`, then `metric(y, p, sample_weight=w)`.

    #[test]
    fn squared_and_absolute_errors() {
        // root_mean_squared_error
        check(rmse, 0.6123724356957945, 0.7261843774138906);
        // mean_absolute_error
        check(mae, 0.5, 0.640625);
        // r2_score
        let r2 = |rows: &ValueRows| r2(rows).unwrap();
        check(r2, 0.9225206611570248, 0.9226997816984576);
    }

    #[test]
    fn relative_errors() {
        // mean_absolute_percentage_error
        check(mape, 0.19719887955182075, 0.23249299719887956);
        // root_mean_squared_log_error
        let rmsle = |rows: &ValueRows| rmsle(rows).unwrap();
        check(rmsle, 0.1258795777615171, 0.13351857342742804);
    }

    #[test]
    fn quantiles_of_errors() {
        // median_absolute_error
        check(median_absolute_error, 0.5, 0.75);
        // mean_pinball_loss(alpha=0.9)
        check(|rows| quantile_loss(rows, 0.9), 0.25, 0.2265625);
        // median_absolute_error([1, 2, 3, 4], [1, 3, 5, 7])
        for weights in [None, Some([2.0; 4])] {
            let even = ValueRows {
                predicted: &[1.0, 3.0, 5.0, 7.0],
                actual: &[1.0, 2.0, 3.0, 4.0],
                weights: RowWeights(weights.as_ref().map(|w| w.as_slice())),
            };
            assert_eq!(median_absolute_error(&even), 1.5);
        }
    }

    #[test]
    fn what_is_not_defined_is_none() {
        let of = |actual: &'static [f64], predicted: &'static [f64]| ValueRows {
            predicted,
            actual,
            weights: RowWeights(None),
        };
        assert_eq!(r2(&of(&[0.1, 0.1, 0.1], &[0.1, 0.15, 0.1])), None);
        assert_eq!(rmsle(&of(&[-1.0], &[0.0])), None);
        assert_eq!(rmsle(&of(&[0.0], &[-2.0])), Some(f64::INFINITY));
    }
}
