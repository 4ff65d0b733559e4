//! Standard errors of scores: how far a score lies from that on very many rows, by chance.

use std::collections::BTreeMap;

use crate::row_units::number_of_units;

/// The number of groups of rows.
const GROUPS: usize = 20;
/// From this number of rows on, each group is scored by itself.
const MANY_ROWS: usize = 2_000;

/// The standard errors of metrics over rows. `score` returns the metrics of some of the rows, by their positions
/// from 0. `units` are those of the rows: rows of a unit are not independent of each other. A metric that is not defined
/// for a part of the rows has no standard error; fewer than three units have none.
///
/// The units are divided into groups, with every twentieth unit in one. For few rows, the metrics are computed
/// without each group (the delete-a-group jackknife: Kott, "The Delete-a-Group Jackknife", 2001; with one row in
/// a group it is that of Tukey). It holds for metrics that are no means, such as AUC or R², and needs no random
/// numbers. For many rows, they are computed on each group, which takes less time.
pub(crate) fn standard_errors(
    units: &[usize],
    score: impl Fn(&[usize]) -> Option<BTreeMap<String, f64>>,
) -> BTreeMap<String, f64> {
    let count = number_of_units(units);
    let groups = GROUPS.min(count);
    if count < 3 {
        return BTreeMap::new();
    }
    let many = count >= MANY_ROWS;
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for group in 0..groups {
        let is_in_group = |row: &usize| units[*row] % groups == group;
        let rows = 0..units.len();
        let part: Vec<usize> = rows.filter(|row| is_in_group(row) == many).collect();
        for (metric, value) in score(&part).unwrap_or_default() {
            values.entry(metric).or_default().push(value);
        }
    }
    let count = groups as f64;
    let error = |values: Vec<f64>| {
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|value| (value - mean) * (value - mean));
        let squares: f64 = squares.sum();
        match many {
            true => (squares / (count - 1.0) / count).sqrt(),
            false => (squares * (count - 1.0) / count).sqrt(),
        }
    };
    let complete = values.into_iter().filter(|(_, v)| v.len() == groups);
    let errors = complete.map(|(metric, values)| (metric, error(values)));
    errors.filter(|(_, error)| error.is_finite()).collect()
}

/// The mean of the differences between two methods, one for each fold, and its standard error. Differences between
/// the folds themselves cancel out.
pub(crate) fn mean_difference(differences: &[f64]) -> (f64, f64) {
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let squares = differences.iter().map(|d| (d - mean) * (d - mean));
    let error = (squares.sum::<f64>() / (count - 1.0).max(1.0) / count).sqrt();
    (mean, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_over_folds_has_a_standard_error() {
        assert_eq!(mean_difference(&[1.0, 3.0]), (2.0, 1.0));
        assert_eq!(mean_difference(&[1.0, 1.0, 1.0]), (1.0, 0.0));
    }

    /// The standard error of the mean of some values.
    fn of_mean(values: &[f64]) -> Option<f64> {
        let units: Vec<usize> = (0..values.len()).collect();
        let errors = standard_errors(&units, |rows| {
            let sum: f64 = rows.iter().map(|&row| values[row]).sum();
            let mean = sum / rows.len() as f64;
            Some(BTreeMap::from([("mean".to_string(), mean)]))
        });
        errors.get("mean").copied()
    }

    #[test]
    fn that_of_a_mean_of_few_values_is_the_usual_one() {
        // The mean is 3, and the squared differences from it add up to 8.
        let values = [1.0, 3.0, 5.0, 3.0];
        let deviation = (8.0f64 / 3.0).sqrt();
        assert!((of_mean(&values).unwrap() - deviation / 2.0).abs() < 1e-12);
        assert_eq!(of_mean(&[5.0; 10]), Some(0.0));
        assert_eq!(of_mean(&[1.0, 2.0]), None);
        assert_eq!(of_mean(&[]), None);
    }

    #[test]
    fn groups_of_rows_have_about_the_same() {
        let value = |row: usize| (row as f64 * 0.618_034).fract() * 12f64.sqrt();
        for rows in [500, 1999, 2000, 5000] {
            // A deviation of 1, and rows in an order without a pattern.
            let values: Vec<f64> = (0..rows).map(|row| value(row * row % 65_537)).collect();
            let error = of_mean(&values).unwrap() * (rows as f64).sqrt();
            assert!((0.5..1.6).contains(&error), "{rows}: {error}");
        }
    }

    #[test]
    fn rows_of_a_unit_count_as_one() {
        // Each value stands five times.
        let values: Vec<f64> = (0..50).map(|row| (row / 5 * 7 % 10) as f64).collect();
        let of_units = |units: &[usize]| {
            let errors = standard_errors(units, |rows| {
                let sum: f64 = rows.iter().map(|&row| values[row]).sum();
                Some(BTreeMap::from([(
                    "mean".to_string(),
                    sum / rows.len() as f64,
                )]))
            });
            errors["mean"]
        };
        let alone: Vec<usize> = (0..50).collect();
        let together: Vec<usize> = (0..50).map(|row| row / 5).collect();
        let ratio = of_units(&together) / of_units(&alone);
        assert!(ratio > 2.0, "{ratio}");
    }

    #[test]
    fn a_metric_that_is_not_always_defined_has_none() {
        let units: Vec<usize> = (0..10).collect();
        let errors = standard_errors(&units, |rows| {
            let first = (rows[0] == 0).then(|| ("some".to_string(), 1.0));
            let all = ("all".to_string(), 1.0);
            Some(first.into_iter().chain([all]).collect())
        });
        assert_eq!(errors.keys().collect::<Vec<_>>(), ["all"]);
    }
}
