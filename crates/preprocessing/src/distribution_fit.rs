//! Targets whose distribution is learned.

use backburn_table::{CellError, Table, TableError};

use crate::distribution::Distribution;
use crate::predicted_quantiles::PredictedQuantiles;
use crate::target::Target;
use crate::target_transform::TargetTransform;

impl Target {
    /// The target with quantiles of these levels as the outputs of the network. A target of classes is not
    /// changed.
    #[must_use]
    pub fn with_quantiles(mut self, levels: &[f64]) -> Self {
        if let Self::Regression { distribution, .. } = &mut self {
            *distribution = Some(Distribution::Quantiles {
                levels: levels.to_vec(),
                errors: Vec::new(),
            });
        }
        self
    }

    /// The target with a log link: the network learns the logarithm of the mean, and starts at that of the
    /// training rows, since its targets are divided by their mean. A target of classes is not changed.
    ///
    /// `rows` have a target, and `training` are those of them to fit it on. With `exposures`, one for each row of
    /// the table, the mean is that for an exposure of 1.
    ///
    /// # Errors
    ///
    /// One of `rows` has a number outside of the range of the distribution: below 0 for a count, or not above
    /// 0 for [`Distribution::Gamma`].
    pub fn with_log_link(
        mut self,
        link: Distribution,
        table: &Table,
        (rows, training): (&[usize], &[usize]),
        exposures: Option<&[f64]>,
    ) -> Result<Self, TableError> {
        let Self::Regression {
            column,
            scale,
            mean,
            std,
            distribution,
            ..
        } = &mut self
        else {
            return Ok(self);
        };
        let all = table.numbers(column)?;
        let above_zero = matches!(link, Distribution::Gamma { .. });
        let is_outside = |value: f64| value < 0.0 || (above_zero && value == 0.0);
        let expected = match above_zero {
            true => {
                "numbers above 0, which training.loss=gamma needs (poisson also takes 0, and auto any number)"
            }
            false => {
                "numbers of at least 0, which training.loss=poisson needs (auto takes any number)"
            }
        };
        if let Some(&row) = rows.iter().find(|&&row| is_outside(all[row])) {
            return Err(table.cell_error(CellError {
                column: column.clone(),
                row,
                value: all[row].to_string(),
                expected,
            }));
        }
        let sum: f64 = training.iter().map(|&row| all[row]).sum();
        let exposure: f64 = match exposures {
            Some(exposures) => training.iter().map(|&row| exposures[row]).sum(),
            None => training.len() as f64,
        };
        let average = sum / exposure;
        (*scale, *mean, *std) = (TargetTransform::Log, average.ln(), 1.0);
        *distribution = Some(link);
        Ok(self)
    }

    /// What the outputs of the network stand for, if not for the number itself.
    pub fn distribution(&self) -> Option<&Distribution> {
        match self {
            Self::Regression { distribution, .. } => distribution.as_ref(),
            Self::Classification { .. } => None,
        }
    }

    /// The quantiles that outputs of a network stand for, in the unit of the target and within its bounds.
    /// `None` if the model predicts no quantiles.
    pub fn quantiles(&self, outputs: &[f32]) -> Option<PredictedQuantiles> {
        let levels = self.distribution()?.levels()?;
        let values = outputs.iter().map(|output| self.value(f64::from(*output)));
        Some(PredictedQuantiles {
            levels: levels.to_vec(),
            values: values.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use backburn_table::ReadOptions;

    use super::*;
    use crate::predictions::Predictions;
    use crate::task::Task;

    fn table(values: &[f64]) -> Table {
        let values: Vec<String> = values.iter().map(f64::to_string).collect();
        let csv = std::io::Cursor::new(format!("y\n{}\n", values.join("\n")));
        Table::from_reader("t.csv", csv, &ReadOptions::default()).unwrap()
    }

    fn fitted(values: &[f64], link: Distribution) -> Result<Target, TableError> {
        let table = table(values);
        let rows: Vec<usize> = (0..values.len()).collect();
        let target = Target::fit(&table, "y", Task::Regression, &rows, &rows).unwrap();
        target.with_log_link(link, &table, (&rows, &rows), None)
    }

    fn poisson() -> Distribution {
        Distribution::Poisson { errors: Vec::new() }
    }

    #[test]
    fn an_output_of_zero_is_the_mean() {
        let target = fitted(&[0.0, 1.0, 2.0, 5.0], poisson()).unwrap();
        let Predictions::Values(values) = target.predictions(&[0.0, 1.0, -100.0], 1) else {
            panic!("numbers")
        };
        assert!((values[0] - 2.0).abs() < 1e-12);
        assert!((values[1] - 2.0 * 1f64.exp()).abs() < 1e-12);
        assert!(values[2] > 0.0);
        // The network learns the ratio to the mean.
        assert!((target.scale(5.0) - 2.5).abs() < 1e-12);
        assert_eq!(target.scale(0.0), 0.0);
        assert_eq!(target.problem(), None);
    }

    #[test]
    fn numbers_outside_of_the_range_are_refused() {
        let error = fitted(&[1.0, -2.0, 3.0], poisson())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("-2") && error.contains("training.loss=poisson"),
            "{error}"
        );
        let gamma = Distribution::Gamma { errors: Vec::new() };
        let error = fitted(&[1.0, 0.0, 3.0], gamma.clone())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("above 0") && error.contains("poisson"),
            "{error}"
        );
        assert!(fitted(&[1.0, 0.5, 3.0], gamma).is_ok());
    }

    #[test]
    fn quantiles_are_in_the_unit_of_the_target() {
        let values = [0.0, 10.0];
        let rows = [0, 1];
        let target = Target::fit(&table(&values), "y", Task::Regression, &rows, &rows).unwrap();
        assert_eq!(target.quantiles(&[0.0]), None);
        let target = target.with_quantiles(&[0.1, 0.5, 0.9]);
        let quantiles = target.quantiles(&[-1.0, 0.0, 2.0, 0.0, 1.0, 1.0]).unwrap();
        assert_eq!(quantiles.rows(), 2);
        assert_eq!(quantiles.row(0), Some(&[0.0, 5.0, 15.0][..]));
        assert_eq!(quantiles.column(1).collect::<Vec<_>>(), [5.0, 10.0]);
        let predictions = target.predictions(&[-1.0, 0.0, 2.0, 0.0, 1.0, 1.0], 3);
        assert_eq!(predictions.values(), Some(&[5.0, 10.0][..]));
    }
}
