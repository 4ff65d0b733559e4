//! How numbers to predict are scaled and bounded.

use serde::{Deserialize, Serialize};

use crate::target::{numbers, unusable};
use crate::{CellError, Table, TableError, Target};

/// How numbers to predict are scaled for the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetScale {
    /// Standardized: mean 0 and deviation 1 over the training rows.
    #[default]
    Standard,
    /// Their logarithms, standardized: for amounts above 0 that span orders of magnitude. The mean
    /// squared error is then of ratios, and predictions are above 0.
    Log,
    /// As they are.
    None,
    /// Logarithms where all values are above 0 and a few large ones stand out among them, but not
    /// among their logarithms; otherwise standardized.
    Auto,
}

impl Target {
    /// The same target with its numbers, if it has some, scaled in another way, learned from the
    /// training rows.
    ///
    /// # Errors
    ///
    /// Logarithms of numbers that are not above 0 in one of `rows`, or that are all the same.
    pub fn with_scale(
        self,
        wanted: TargetScale,
        table: &Table,
        rows: &[usize],
        training: &[usize],
    ) -> Result<Self, TableError> {
        let Self::Regression {
            column,
            scale,
            mean,
            std,
            bounds,
            errors,
        } = self
        else {
            return Ok(self);
        };
        let all = numbers(table, &column)?;
        let wanted = match wanted {
            TargetScale::Auto => {
                let above_zero = rows.iter().all(|&row| all[row] > 0.0);
                let values: Vec<f64> = training.iter().map(|&row| all[row]).collect();
                match above_zero && stands_out(&values) {
                    true => TargetScale::Log,
                    false => TargetScale::Standard,
                }
            }
            wanted => wanted,
        };
        let (scale, mean, std) = match wanted {
            TargetScale::Standard | TargetScale::Auto => (scale, mean, std),
            TargetScale::None => (wanted, 0.0, 1.0),
            TargetScale::Log => {
                if let Some(&row) = rows.iter().find(|&&row| all[row] <= 0.0) {
                    return Err(table.cell_error(CellError {
                        column,
                        row,
                        value: all[row].to_string(),
                        expected: "numbers above 0, as target_scale=log needs",
                    }));
                }
                let logarithms = training.iter().map(|&row| all[row].ln());
                let (mean, std) = mean_and_deviation(logarithms);
                if std <= 0.0 {
                    let reason = format!("the logarithms of target `{column}` are all the same");
                    return Err(unusable(table, reason));
                }
                (wanted, mean, std)
            }
        };
        Ok(Self::Regression {
            column,
            scale,
            mean,
            std,
            bounds,
            errors,
        })
    }

    /// How its numbers are scaled, if it has some.
    pub fn scaled(&self) -> Option<TargetScale> {
        match self {
            Self::Regression { scale, .. } => Some(*scale),
            Self::Classification { .. } => None,
        }
    }

    /// The same target with predictions of numbers bounded by the least and the greatest one in the
    /// training rows.
    ///
    /// # Errors
    ///
    /// No such column, or text in it.
    pub fn with_bounds(mut self, table: &Table, training: &[usize]) -> Result<Self, TableError> {
        if let Self::Regression { column, bounds, .. } = &mut self {
            let all = numbers(table, column)?;
            let values = training.iter().map(|&row| all[row]);
            let start = [f64::INFINITY, f64::NEG_INFINITY];
            let [least, greatest] = values.fold(start, |[least, greatest], v| {
                [least.min(v), greatest.max(v)]
            });
            *bounds = (least <= greatest).then_some([least, greatest]);
        }
        Ok(self)
    }
}

/// The mean and the standard deviation of numbers of which there is one at least.
pub(crate) fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares = values.map(|v| (v - mean) * (v - mean));
    (mean, (squares.sum::<f64>() / count).sqrt())
}

/// Whether some values stand out to one side, and their logarithms to neither: whether the skewness
/// (the mean of the cubed standard scores) is above 1, and at most half of it after logarithms.
fn stands_out(values: &[f64]) -> bool {
    let logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let skew = skewness(values);
    skew > 1.0 && skewness(&logarithms).abs() <= skew / 2.0
}

fn skewness(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let moment = |power| values.iter().map(|v| (v - mean).powi(power)).sum::<f64>() / count;
    moment(3) / moment(2).powf(1.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Predictions, ReadOptions, Task};

    fn table(values: &[f64]) -> Table {
        let values: Vec<String> = values.iter().map(f64::to_string).collect();
        let csv = std::io::Cursor::new(format!("y\n{}\n", values.join("\n")));
        Table::from_reader("t.csv", csv, &ReadOptions::default()).unwrap()
    }

    fn scale(values: impl Iterator<Item = f64>) -> TargetScale {
        let values: Vec<f64> = values.collect();
        let rows: Vec<usize> = (0..values.len()).collect();
        let table = table(&values);
        let target = Target::fit(&table, "y", Task::Regression, &rows, &rows).unwrap();
        let target = target.with_scale(TargetScale::Auto, &table, &rows, &rows);
        match target.unwrap() {
            Target::Regression { scale, .. } => scale,
            Target::Classification { .. } => panic!("numbers"),
        }
    }

    #[test]
    fn amounts_with_a_long_tail_are_learned_by_their_logarithm() {
        let even = || (0..100).map(|n| (f64::from(n) - 49.5) / 20.0);
        assert_eq!(scale(even().map(f64::exp)), TargetScale::Log);
        assert_eq!(scale(even().map(|x| x.exp() - 1.0)), TargetScale::Standard);
        assert_eq!(scale(even().map(|x| x + 10.0)), TargetScale::Standard);
    }

    #[test]
    fn bounds_are_those_of_the_training_rows() {
        let table = table(&[5.0, 1.0, 9.0, 70.0]);
        let training = [0, 1, 2];
        let target = Target::fit(&table, "y", Task::Regression, &[0, 1, 2, 3], &training).unwrap();
        let target = target.with_bounds(&table, &training).unwrap();
        let predicted = target.predictions(&[-50.0, 0.0, 50.0], 1);
        assert_eq!(predicted, Predictions::Values(vec![1.0, 5.0, 9.0]));
    }
}
