//! Fits the linear trend of a target over time.

use backburn_table::{Cell, CellError, ColumnKind, Table, TableError};

use crate::column_encoder::{ColumnEncoder, cell_value};
use crate::column_profile::ColumnProfile;
use crate::encoder::{Encoder, membership};
use crate::target::Target;

impl Encoder {
    /// The encoder with the linear trend of a numeric target over time, by least squares over the training rows, in the
    /// unit of the transformed target. The trend at the time of a row is the first number of an encoded row, to be added to
    /// the outputs of the network: the network then learns the difference from the trend. If the slope is 0, or not defined
    /// since all training rows have the same time, the encoder has no trend and stays as it is.
    ///
    /// # Errors
    ///
    /// The table lacks the column or the target, or a training row has no time.
    pub fn with_trend(
        mut self,
        table: &Table,
        column: &str,
        training: &[usize],
        target: &Target,
    ) -> Result<Self, TableError> {
        let used = membership(table.rows(), training);
        let cells = table.column(column)?;
        let cells = || {
            let cells = cells.cells().zip(&used).enumerate();
            cells.filter_map(|(row, (cell, used))| used.then_some((row, cell)))
        };
        let dates = cells().any(|(_, cell)| is_date(&cell));
        let kind = match dates {
            true => ColumnKind::Date,
            false => ColumnKind::Numeric,
        };
        let values = target.values(table)?;
        let mut pairs = Vec::with_capacity(training.len());
        for (row, cell) in cells() {
            let Some(time) = cell_value(kind, &cell).ok().flatten() else {
                return Err(table.cell_error(CellError {
                    column: column.to_string(),
                    row,
                    value: cell.category().unwrap_or_default().into_owned(),
                    expected: "times, which are numbers or dates, one in each row",
                }));
            };
            pairs.push((time, target.scale(values[row])));
        }
        let (origin, slope) = line(&pairs);
        if slope == 0.0 {
            return Ok(self);
        }
        let profile = ColumnProfile::fit(kind, cells().map(|(_, cell)| cell));
        self.profile.insert(0, profile);
        let name = column.to_string();
        let trend = ColumnEncoder::Trend {
            name,
            dates,
            origin,
            slope,
        };
        self.columns.insert(0, trend);
        Ok(self)
    }
}

/// Whether a cell holds a date, and no number.
fn is_date(cell: &Cell) -> bool {
    cell.number().is_none() && cell.date().is_some()
}

/// The mean of the first numbers, and the slope of the second ones over them by least squares: 0 if all of the first are
/// equal. Pairs without a finite second number count for nothing.
fn line(pairs: &[(f64, f64)]) -> (f64, f64) {
    let pairs = || pairs.iter().filter(|(_, y)| y.is_finite());
    // The mean of equal numbers may differ from them in the last digit.
    let first = pairs().next().map_or(0.0, |(x, _)| *x);
    if pairs().all(|(x, _)| *x == first) {
        return (first, 0.0);
    }
    let count = pairs().count().max(1) as f64;
    let mean_x = pairs().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = pairs().map(|(_, y)| y).sum::<f64>() / count;
    let squares: f64 = pairs().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let products: f64 = pairs().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let slope = products / squares;
    (mean_x, if slope.is_finite() { slope } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use backburn_table::{ReadOptions, Schema};

    use super::*;
    use crate::encoder_options::EncoderOptions;
    use crate::task::Task;

    fn table(csv: &str) -> Table {
        let bytes = std::io::Cursor::new(csv.as_bytes().to_vec());
        Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap()
    }

    fn fitted(csv: &str, time: &str, training: &[usize]) -> Result<(Encoder, Target), TableError> {
        let table = table(csv);
        let schema = Schema::infer(&table, &BTreeMap::new())?;
        let options = EncoderOptions::default();
        let (encoder, _) = Encoder::fit(&table, &schema, &["y", time], training, &options)?;
        let target = Target::fit(&table, "y", Task::Regression, training, training)?;
        Ok((encoder.with_trend(&table, time, training, &target)?, target))
    }

    #[test]
    fn a_line_goes_on_after_the_training_rows() {
        let csv = "t,x,y\n1,4,10\n2,1,13\n3,7,16\n4,2,19\n40,5,0\n";
        let (encoder, target) = fitted(csv, "t", &[0, 1, 2, 3]).unwrap();
        assert_eq!(encoder.trend(), Some("t"));
        assert_eq!(encoder.exposure(), None);
        assert_eq!(encoder.problem(), None);
        let rows = encoder.encode(&table("t,x\n1,4\n9,4\n")).unwrap();
        // Without a difference from the trend, the prediction is on the line.
        for (row, expected) in rows.chunks(encoder.width()).zip([10.0, 34.0]) {
            let predicted = target.predictions(&row[..1], 1);
            let predicted = predicted.values().unwrap()[0];
            assert!((predicted - expected).abs() < 1e-4, "{predicted}");
        }
        let batch = encoder.encode_by_batch(&table("t,x\n900,4\n")).next();
        assert_eq!(batch.unwrap().unwrap().counts[0].beyond, 0);
    }

    #[test]
    fn times_may_be_dates_and_are_in_every_row() {
        let csv = "day,x,y\n2024-01-01,4,10\n2024-01-02,1,12\n2024-01-03,7,14\n";
        let (encoder, target) = fitted(csv, "day", &[0, 1, 2]).unwrap();
        let row = encoder.encode(&table("day,x\n2024-01-11,4\n")).unwrap();
        let predicted = target.predictions(&row[..1], 1);
        assert!((predicted.values().unwrap()[0] - 30.0).abs() < 1e-3);
        let error = encoder.encode(&table("day,x\n,4\n")).unwrap_err();
        assert!(error.to_string().contains("which are dates"), "{error}");
    }

    #[test]
    fn without_a_slope_there_is_no_trend() {
        let same_time = "t,x,y\n5,4,10\n5,1,13\n5,7,16\n9,2,19\n";
        let level = "t,x,y\n1,4,10\n2,1,16\n3,7,10\n";
        for csv in [same_time, level] {
            let (encoder, _) = fitted(csv, "t", &[0, 1, 2]).unwrap();
            assert_eq!(encoder.trend(), None, "{csv}");
            assert_eq!(encoder.problem(), None, "{csv}");
            // The time is not needed.
            let rows = encoder.encode(&table("x\n4\n")).unwrap();
            assert_eq!(rows.len(), encoder.width(), "{csv}");
        }
    }

    #[test]
    fn a_column_without_a_trend_has_the_slope_0() {
        // The sum of such numbers is rounded, and so is their mean.
        let time = 1_700_000_000.1;
        let pairs: Vec<(f64, f64)> = (0..7).map(|n| (time, f64::from(n))).collect();
        assert_eq!(line(&pairs), (time, 0.0));
        assert_eq!(line(&[(1.0, 5.0), (1.0, 7.0)]), (1.0, 0.0));
        assert_eq!(line(&[(1.0, 5.0), (2.0, 5.0), (3.0, 5.0)]), (2.0, 0.0));
        assert_eq!(line(&[]), (0.0, 0.0));
    }
}
