//! How large the errors of a model are, depending on the row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// With fewer rows, all errors count as equally large.
const MIN_ROWS: usize = 100;
/// The largest number of knots.
const MAX_KNOTS: usize = 16;
/// The number of rows for each knot, and the least of them where outputs are equal.
const ROWS_OF_KNOT: usize = 50;
const MIN_ROWS_OF_KNOT: usize = 25;
/// The least scale, so that no interval is of a width near 0 by chance.
const FLOOR: f64 = 0.2;
/// There is a scale if at least this share of the variance between knots is no chance.
const MIN_SHARE: f64 = 0.5;
/// A row is scaled by what the rows of other folds say.
const FOLDS: usize = 5;
/// The largest share by which the squared error may grow if a value is imputed.
pub(crate) const MAX_SHARE: f64 = 1e6;

/// How large the errors of a model are for a row, divided by their mean over all rows. Prediction intervals are as wide as
/// it is large (Lei and others, "Distribution-Free Predictive Inference for Regression", 2018, section 5.2).
///
/// For complete rows, it is a piecewise-linear function of the output of the networks, constant outside of its knots.
/// Imputed values make it larger; see [`at_row`](Self::at_row).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorScale {
    /// Outputs in ascending order, each with its scale, which is above 0. Without knots, the scale is 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    knots: Vec<[f64; 2]>,
    /// For columns that hardly any training row lacks: by which share the squared error grows if the value is imputed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    imputed: BTreeMap<String, f64>,
}

impl ErrorScale {
    /// Fits the scale on the absolute errors of outputs for rows that were not trained on. Returns it, and each error
    /// divided by the scale that the rows of other folds have: an error that made its own scale larger would seem
    /// smaller than those of new rows. `None` for fewer than 100 rows, and where the errors do not clearly depend on
    /// the output. Rows whose numbers are not finite are left out; their errors are returned as they are.
    pub(crate) fn fit(outputs: &[f32], errors: &[f64]) -> Option<(Self, Vec<f64>)> {
        let known = outputs.iter().zip(errors).enumerate();
        let known = known.filter(|(_, (output, error))| output.is_finite() && error.is_finite());
        let mut rows: Vec<(usize, f64, f64)> = known
            .map(|(row, (output, error))| (row, f64::from(*output), *error))
            .collect();
        if rows.len() < MIN_ROWS {
            return None;
        }
        rows.sort_by(|a, b| a.1.total_cmp(&b.1));
        let bins = bins(&rows);
        let all = rows.iter().map(|(_, _, error)| error).sum::<f64>() / rows.len() as f64;
        let share = share_of_no_chance(&bins, all)?;
        let scale = Self::of_bins(&bins, all, share, None);
        let folds = (0..FOLDS).map(|fold| Self::of_bins(&bins, all, share, Some(fold)));
        let folds: Vec<Self> = folds.collect();
        let mut scaled = errors.to_vec();
        for (place, (row, output, error)) in rows.iter().enumerate() {
            scaled[*row] = error / folds[place % FOLDS].at(*output);
        }
        scale.problem().is_none().then_some((scale, scaled))
    }

    /// Errors divided by this scale, which other rows were fitted on. `None` for so many rows that they have a scale of
    /// their own.
    pub(crate) fn divided(&self, outputs: &[f32], errors: &[f64]) -> Option<Vec<f64>> {
        let rows = outputs.iter().zip(errors);
        let divided = rows.map(|(output, error)| error / self.at(f64::from(*output)));
        (errors.len() < MIN_ROWS).then(|| divided.collect())
    }

    /// The scale of the bins, without the rows of a fold if one is given. `all` is the mean of all errors, `share` that of
    /// the deviations from it that is kept.
    fn of_bins(bins: &[Bin], all: f64, share: f64, without: Option<usize>) -> Self {
        let means: Vec<f64> = bins.iter().map(|bin| bin.mean(without) / all).collect();
        let knots = bins.iter().enumerate().map(|(index, bin)| {
            let mean = match (index.checked_sub(1), means.get(index + 1)) {
                (Some(before), Some(after)) => (means[before] + 2.0 * means[index] + after) / 4.0,
                _ => means[index],
            };
            [bin.output, (1.0 + share * (mean - 1.0)).max(FLOOR)]
        });
        Self {
            knots: knots.collect(),
            imputed: BTreeMap::new(),
        }
    }

    /// The scale with other shares of imputed columns.
    #[must_use]
    pub(crate) fn with_imputed(self, imputed: BTreeMap<String, f64>) -> Self {
        Self { imputed, ..self }
    }

    /// For columns that hardly any training row lacks: by which share the squared error grows if the value is imputed.
    pub fn imputed(&self) -> &BTreeMap<String, f64> {
        &self.imputed
    }

    /// The scale at an output of the networks, for a row without imputed values.
    pub fn at(&self, output: f64) -> f64 {
        let above = self.knots.partition_point(|[knot, _]| *knot <= output);
        let before = above.checked_sub(1).and_then(|index| self.knots.get(index));
        match (before, self.knots.get(above)) {
            (Some([low, from]), Some([high, to])) => {
                from + (output - low) / (high - low) * (to - from)
            }
            (Some([_, scale]), None) | (None, Some([_, scale])) => *scale,
            (None, None) => 1.0,
        }
    }

    /// The scale at an output of the networks, for a row whose imputed values add `imputed` to the squared error, as a
    /// share of the mean squared error. Where the errors of complete rows are larger than their mean, these values add
    /// more, in proportion to the square of the scale. Where they are smaller, these values add no less: they change the
    /// prediction there too.
    pub fn at_row(&self, output: f64, imputed: f64) -> f64 {
        with_imputed_values(self.at(output), imputed)
    }

    /// Outputs in ascending order, each with its scale; between them, the scale is interpolated linearly.
    pub fn knots(&self) -> &[[f64; 2]] {
        &self.knots
    }

    /// The largest scale, with all values imputed.
    pub(crate) fn largest(&self) -> f64 {
        let scales = self.knots.iter().map(|[_, scale]| *scale);
        let shares: f64 = self.imputed.values().sum();
        with_imputed_values(scales.reduce(f64::max).unwrap_or(1.0), shares)
    }

    /// The same scale for outputs in another unit; `None` if numbers become too large. The unit must have the same
    /// direction.
    pub(crate) fn with_outputs(&self, unit: impl Fn(f64) -> f64) -> Option<Self> {
        let knots = self.knots.iter();
        let knots = knots.map(|[output, scale]| [unit(*output), *scale]);
        let moved = Self {
            knots: knots.collect(),
            imputed: self.imputed.clone(),
        };
        moved.problem().is_none().then_some(moved)
    }

    /// Why it is invalid, if it is. Used for models from files, which may hold anything.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.knots.is_empty() && self.imputed.is_empty() {
            return Some("the scale of the errors is empty");
        }
        let fits = |share: &f64| (0.0..=MAX_SHARE).contains(share);
        if !self.imputed.values().all(fits) {
            return Some("the errors by imputed values are not numbers from 0 to 1,000,000");
        }
        // Outputs are 32-bit numbers.
        let limit = f64::from(f32::MAX);
        let fits =
            |[output, scale]: &[f64; 2]| output.abs() <= limit && scale.is_finite() && *scale > 0.0;
        if !self.knots.iter().all(fits) {
            return Some("the scale of the errors is not a number above 0 at each knot");
        }
        let rises = |pair: &[[f64; 2]]| {
            let [[low, from], [high, to]] = [pair[0], pair[1]];
            low < high && ((to - from) / (high - low)).is_finite()
        };
        match self.knots.windows(2).all(rises) {
            true => None,
            false => Some("the knots of the scale of the errors do not rise"),
        }
    }
}

/// The scale of a row whose imputed values add a share to the squared error, from that of a complete row.
fn with_imputed_values(scale: f64, share: f64) -> f64 {
    scale.hypot(scale.max(1.0) * share.sqrt())
}

/// Rows with similar outputs.
struct Bin {
    /// Their mean output.
    output: f64,
    /// The sum of their errors in each fold, and of the squares in all.
    sums: [f64; FOLDS],
    squares: f64,
    /// The number of rows in each fold.
    rows: [usize; FOLDS],
}

impl Bin {
    /// The bin of some rows of a sorted list, the first of which is at `first`: index, output and error.
    fn new(rows: &[(usize, f64, f64)], first: usize) -> Self {
        let mut bin = Self {
            output: rows.iter().map(|row| row.1).sum::<f64>() / rows.len().max(1) as f64,
            sums: [0.0; FOLDS],
            squares: 0.0,
            rows: [0; FOLDS],
        };
        for (place, (_, _, error)) in rows.iter().enumerate() {
            let fold = (first + place) % FOLDS;
            bin.sums[fold] += error;
            bin.squares += error * error;
            bin.rows[fold] += 1;
        }
        bin
    }

    /// The mean error, without the rows of a fold if one is given.
    fn mean(&self, without: Option<usize>) -> f64 {
        let counts = |fold: &usize| Some(*fold) != without;
        let sum: f64 = (0..FOLDS).filter(counts).map(|fold| self.sums[fold]).sum();
        let rows: usize = (0..FOLDS).filter(counts).map(|fold| self.rows[fold]).sum();
        sum / rows.max(1) as f64
    }

    /// The variance that the mean error has by chance.
    fn variance_of_mean(&self) -> f64 {
        let rows = self.rows.iter().sum::<usize>().max(2) as f64;
        let mean = self.mean(None);
        (self.squares / rows - mean * mean).max(0.0) / (rows - 1.0)
    }
}

/// Divides rows, sorted by output, into bins of as many rows as possible. Equal outputs are in one bin.
fn bins(rows: &[(usize, f64, f64)]) -> Vec<Bin> {
    let wanted = (rows.len() / ROWS_OF_KNOT).min(MAX_KNOTS);
    let mut bins = Vec::new();
    let mut first = 0;
    for index in 1..wanted {
        let mut end = (index * rows.len() / wanted).max(first + 1);
        while end < rows.len() && rows[end].1 == rows[end - 1].1 {
            end += 1;
        }
        if end - first >= MIN_ROWS_OF_KNOT && rows.len().saturating_sub(end) >= MIN_ROWS_OF_KNOT {
            bins.push(Bin::new(&rows[first..end], first));
            first = end;
        }
    }
    bins.push(Bin::new(&rows[first..], first));
    bins
}

/// The share of the variance of mean errors between bins that chance does not explain. `None` if it is small. `all` is
/// the mean of all errors.
fn share_of_no_chance(bins: &[Bin], all: f64) -> Option<f64> {
    let count = bins.len() as f64;
    let squares = bins.iter().map(|bin| (bin.mean(None) / all - 1.0).powi(2));
    let between = squares.sum::<f64>() / count;
    let chance = bins.iter().map(Bin::variance_of_mean).sum::<f64>() / (all * all) / count;
    let share = 1.0 - chance / between;
    (bins.len() >= 2 && share.is_finite() && share >= MIN_SHARE).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors in the quartiles of a fixed distribution, times a function of the output.
    fn rows(count: usize, spread: impl Fn(f64) -> f64) -> (Vec<f32>, Vec<f64>) {
        let outputs: Vec<f32> = (0..count).map(|row| row as f32 / count as f32).collect();
        let errors = outputs.iter().enumerate().map(|(row, output)| {
            let error = (row * 7 % 20) as f64 / 20.0;
            error * spread(f64::from(*output))
        });
        let errors = errors.collect();
        (outputs, errors)
    }

    #[test]
    fn the_scale_follows_the_errors() {
        let (outputs, errors) = rows(2000, |output| 1.0 + 4.0 * output);
        let (scale, scaled) = ErrorScale::fit(&outputs, &errors).unwrap();
        assert_eq!(scale.knots().len(), MAX_KNOTS);
        assert_eq!(scale.problem(), None);
        for output in [0.1, 0.3, 0.5, 0.7, 0.9] {
            let expected = (1.0 + 4.0 * output) / 3.0;
            let found = scale.at(output);
            assert!(
                (found - expected).abs() < 0.1 * expected,
                "{output}: {found}"
            );
        }
        // Outside of the knots it is constant.
        assert_eq!(scale.at(-100.0), scale.knots()[0][1]);
        assert_eq!(scale.at(100.0), scale.largest());
        let mean = scaled.iter().sum::<f64>() / 2000.0;
        let unscaled = errors.iter().sum::<f64>() / 2000.0;
        assert!((mean / unscaled - 1.0).abs() < 0.05, "{mean} {unscaled}");
    }

    #[test]
    fn errors_of_one_size_have_no_scale() {
        let (outputs, errors) = rows(2000, |_| 1.0);
        assert!(ErrorScale::fit(&outputs, &errors).is_none());
        assert!(ErrorScale::fit(&outputs, &[0.0; 2000]).is_none());
        assert!(ErrorScale::fit(&[1.0; 2000], &errors).is_none());
        let (outputs, errors) = rows(99, |output| 1.0 + 9.0 * output);
        assert!(ErrorScale::fit(&outputs, &errors).is_none());
        assert!(ErrorScale::fit(&[], &[]).is_none());
    }

    #[test]
    fn no_scale_is_near_zero() {
        let (outputs, errors) = rows(1000, |output| if output < 0.5 { 0.0 } else { 1.0 });
        let (scale, scaled) = ErrorScale::fit(&outputs, &errors).unwrap();
        assert!(scale.knots().iter().all(|[_, scale]| *scale >= FLOOR));
        assert!(scaled.iter().all(|error| error.is_finite()));
    }

    #[test]
    fn equal_outputs_and_numbers_that_are_not_finite_are_no_problem() {
        let (mut outputs, mut errors) = rows(1000, |output| 1.0 + 4.0 * output);
        for output in &mut outputs[100..700] {
            *output = 0.3;
        }
        outputs[0] = f32::NAN;
        outputs[1] = f32::INFINITY;
        errors[2] = f64::NAN;
        let (scale, scaled) = ErrorScale::fit(&outputs, &errors).unwrap();
        assert_eq!(scale.problem(), None);
        assert_eq!(scaled.len(), 1000);
        assert_eq!(scaled[1], errors[1]);
        assert!(scale.at(f64::NAN).is_finite());
    }

    #[test]
    fn an_invalid_scale_is_a_problem() {
        let problem = |knots: &[[f64; 2]]| {
            let scale = ErrorScale {
                knots: knots.to_vec(),
                ..ErrorScale::default()
            };
            scale.problem()
        };
        assert_eq!(problem(&[[0.0, 1.0]]), None);
        assert_eq!(problem(&[[-1.0, 0.5], [1.0, 2.0]]), None);
        for knots in [
            vec![],
            vec![[0.0, 0.0]],
            vec![[0.0, -1.0]],
            vec![[0.0, f64::NAN]],
            vec![[0.0, f64::INFINITY]],
            vec![[f64::NAN, 1.0]],
            vec![[1e300, 1.0]],
            vec![[0.0, 1.0], [0.0, 2.0]],
            vec![[1.0, 1.0], [0.0, 2.0]],
            vec![[0.0, 1.0], [5e-324, 2.0]],
        ] {
            assert!(problem(&knots).is_some(), "{knots:?}");
        }
        for (share, fits) in [(0.0, true), (3.0, true), (-0.1, false), (f64::NAN, false)] {
            let imputed = BTreeMap::from([("a".to_string(), share)]);
            let scale = ErrorScale::default().with_imputed(imputed);
            assert_eq!(scale.problem().is_none(), fits, "{share}");
        }
    }

    #[test]
    fn imputed_values_add_to_the_squared_error() {
        let scale = ErrorScale {
            knots: vec![[0.0, 0.5], [1.0, 2.0]],
            imputed: BTreeMap::from([("a".to_string(), 3.0)]),
        };
        assert_eq!(scale.at_row(0.0, 0.0), 0.5);
        // The root of 0.5² + 3, and of 2² + 3 · 2².
        assert!((scale.at_row(0.0, 3.0) - 3.25f64.sqrt()).abs() < 1e-12);
        assert!((scale.at_row(1.0, 3.0) - 4.0).abs() < 1e-12);
        assert_eq!(scale.largest(), scale.at_row(1.0, 3.0));
    }

    #[test]
    fn a_scale_moves_to_another_unit() {
        let scale = ErrorScale {
            knots: vec![[0.0, 1.0], [1.0, 3.0]],
            imputed: BTreeMap::from([("a".to_string(), 0.5)]),
        };
        let moved = scale.with_outputs(|output| 10.0 + 2.0 * output).unwrap();
        assert_eq!(moved.at(11.0), scale.at(0.5));
        assert_eq!(moved.imputed(), scale.imputed());
        assert!(scale.with_outputs(|output| output * 1e300).is_none());
    }
}
