//! A few rows with their predictions, as text.

use std::borrow::Cow;

use backburn_preprocessing::Target;
use backburn_table::Table;

use crate::error::Error;
use crate::fitted_model::FittedModel;
use crate::targets::Targets;
use crate::text::{aligned, number};

impl FittedModel {
    /// Evenly spaced rows of a table, with their predictions and targets, as lines of text with columns of
    /// equal width. The first line is the header. `columns` are shown beside, and `unit` is written before
    /// amounts of the target. A table without rows gives the header alone.
    ///
    /// # Errors
    ///
    /// A table that does not fit the model, or that lacks the target or one of the columns.
    pub fn sample_rows(
        &self,
        table: &Table,
        rows: usize,
        columns: &[&str],
        unit: &str,
    ) -> Result<Vec<String>, Error> {
        let rows = rows.min(table.rows());
        let indices: Vec<usize> = (0..rows).map(|row| row * table.rows() / rows).collect();
        let sample = table.select(table.name(), &indices)?;
        let predictions = self.predict(&sample)?;
        let target = &self.model().target;
        let targets = Targets::read(&sample, target)?;
        let amount = |value: f64| format!("{unit}{}", number(value));
        let header = [columns, &["predicted", "actual"]].concat();
        let mut lines: Vec<Vec<String>> = vec![header.iter().map(|s| (*s).to_string()).collect()];
        let labels = predictions.labels();
        for row in 0..rows {
            let mut line = Vec::new();
            for column in columns {
                let cell = sample.column(column)?.cells().nth(row);
                let text = cell.and_then(|cell| cell.category());
                line.push(text.map_or_else(|| "missing".to_string(), Cow::into_owned));
            }
            match (&targets, target) {
                (Targets::Values(values), _) => {
                    line.push(labels[row].parse().map_or(String::new(), amount));
                    line.push(amount(values[row]));
                }
                (Targets::Classes(of_row), Target::Classification { classes, .. }) => {
                    line.push(labels[row].clone());
                    line.push(of_row[row].map_or(String::new(), |class| classes[class].clone()));
                }
                (Targets::Classes(_), Target::Regression { .. }) => {
                    line.extend([String::new(), String::new()]);
                }
            }
            lines.push(line);
        }
        Ok(aligned(&lines))
    }
}
