//! Predictions as a record batch: the columns that every format of predictions has.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use backburn_preprocessing::Predictions;

use crate::kept_columns::KeptColumns;
use crate::predicted_rows::PredictedRows;

/// Which columns are written, and how.
#[derive(Debug, Clone, Default)]
pub(crate) struct PredictionLayout {
    /// Whether the number of each row, counted from 1, comes first.
    pub row_numbers: bool,
    /// The columns of the input, which come before the predictions.
    pub kept: KeptColumns,
    /// Whether columns have types.
    pub typed: bool,
    /// Whether the name of a class that begins like a formula gets a leading apostrophe.
    pub no_formulas: bool,
}

impl PredictionLayout {
    /// The columns: the number of the row, columns of the input, the prediction, the bounds of its
    /// interval, its quantiles, and the probability of each class.
    pub fn batch(&self, predicted: &PredictedRows) -> io::Result<RecordBatch> {
        self.batch_of(self.own_columns(predicted), predicted)
    }

    /// The same for several targets: each column of predictions has the name of its target after its first word.
    pub fn batch_of_targets(
        &self,
        targets: &[&str],
        predicted: &[PredictedRows],
    ) -> io::Result<RecordBatch> {
        let first = predicted
            .first()
            .ok_or_else(|| io::Error::other("no target"))?;
        self.batch_of(self.columns_of_targets(targets, predicted), first)
    }

    fn batch_of(
        &self,
        own: Vec<(FieldRef, ArrayRef)>,
        predicted: &PredictedRows,
    ) -> io::Result<RecordBatch> {
        let mut taken: HashSet<String> =
            own.iter().map(|(field, _)| field.name().clone()).collect();
        let mut columns = Vec::with_capacity(own.len());
        let mut own = own.into_iter();
        if self.row_numbers {
            columns.extend(own.next());
        }
        if let Some(inputs) = &predicted.inputs {
            columns.extend(self.kept.of_batch(inputs, self.typed, &mut taken));
        }
        columns.extend(own);
        let (fields, arrays): (Vec<FieldRef>, Vec<ArrayRef>) = columns.into_iter().unzip();
        let schema = Arc::new(Schema::new(fields));
        RecordBatch::try_new(schema, arrays).map_err(io::Error::other)
    }

    /// The kept columns that get another name, with that name.
    pub fn renamed(&self, predicted: &PredictedRows) -> Vec<(String, String)> {
        self.renamed_beside(&self.own_columns(predicted))
    }

    /// The same for several targets.
    pub fn renamed_of_targets(
        &self,
        targets: &[&str],
        predicted: &[PredictedRows],
    ) -> Vec<(String, String)> {
        self.renamed_beside(&self.columns_of_targets(targets, predicted))
    }

    fn renamed_beside(&self, own: &[(FieldRef, ArrayRef)]) -> Vec<(String, String)> {
        let taken = own.iter().map(|(field, _)| field.name().clone()).collect();
        self.kept.renamed(&taken)
    }

    /// The columns of several targets. The number of the row comes once.
    fn columns_of_targets(
        &self,
        targets: &[&str],
        predicted: &[PredictedRows],
    ) -> Vec<(FieldRef, ArrayRef)> {
        let mut columns = Vec::new();
        for (target, predicted) in targets.iter().zip(predicted) {
            let mut own = self.own_columns(predicted).into_iter();
            let row = self.row_numbers.then(|| own.next()).flatten();
            if columns.is_empty() {
                columns.extend(row);
            }
            columns.extend(own.map(|(field, array)| {
                let name = match field.name().split_once('_') {
                    Some((what, of)) => format!("{what}_{target}_{of}"),
                    None => format!("{}_{target}", field.name()),
                };
                (Arc::new(field.as_ref().clone().with_name(name)), array)
            }));
        }
        columns
    }

    fn own_columns(&self, predicted: &PredictedRows) -> Vec<(FieldRef, ArrayRef)> {
        let mut columns = Vec::new();
        if self.row_numbers {
            let rows = predicted.rows.iter().map(|&row| row as i64 + 1);
            let rows: Int64Array = rows.collect();
            columns.push((field("row", DataType::Int64), Arc::new(rows) as ArrayRef));
        }
        let prediction = self.prediction(&predicted.predictions);
        columns.push((
            field("prediction", prediction.data_type().clone()),
            prediction,
        ));
        for (bound, name) in ["lower", "upper"].into_iter().enumerate() {
            if let Some(intervals) = &predicted.intervals {
                columns.push(numbers(
                    name,
                    intervals.iter().map(|interval| interval[bound]),
                ));
            }
        }
        if let Some(quantiles) = &predicted.quantiles {
            for (index, level) in quantiles.levels.iter().enumerate() {
                let of_level = quantiles.column(index);
                columns.push(numbers(&format!("quantile_{level}"), of_level));
            }
        }
        if let Predictions::Classes {
            classes,
            probabilities,
            ..
        } = &predicted.predictions
        {
            for (index, class) in classes.iter().enumerate() {
                let of_class = probabilities.iter().skip(index).step_by(classes.len());
                columns.push(numbers(&format!("probability_{class}"), of_class.copied()));
            }
        }
        columns
    }

    fn prediction(&self, predictions: &Predictions) -> ArrayRef {
        match predictions {
            Predictions::Values(values) => Arc::new(Float64Array::from(values.clone())),
            Predictions::Classes { .. } => {
                let labels = predictions.labels();
                let labels = labels.iter().map(|label| match self.no_formulas {
                    true => no_formula(label),
                    false => Cow::Borrowed(label.as_str()),
                });
                Arc::new(StringArray::from_iter_values(labels))
            }
        }
    }
}

impl PredictedRows {
    /// The predictions as a record batch, with the columns that every format has: `prediction`, `lower` and
    /// `upper` if there are intervals, `quantile_LEVEL` for each level if there are quantiles, and for classification `probability_CLASS` for each class.
    ///
    /// # Errors
    ///
    /// The parts do not have the same number of rows.
    pub fn to_batch(&self) -> io::Result<RecordBatch> {
        let columns = PredictionLayout::default().own_columns(self).into_iter();
        let (fields, arrays): (Vec<FieldRef>, Vec<ArrayRef>) = columns.unzip();
        let schema = Arc::new(Schema::new(fields));
        RecordBatch::try_new(schema, arrays).map_err(io::Error::other)
    }
}

fn field(name: &str, data_type: DataType) -> FieldRef {
    Arc::new(Field::new(name, data_type, true))
}

fn numbers(name: &str, numbers: impl Iterator<Item = f64>) -> (FieldRef, ArrayRef) {
    let numbers = Float64Array::from_iter_values(numbers);
    (field(name, DataType::Float64), Arc::new(numbers))
}

/// The name of a class as a cell that a spreadsheet does not evaluate as a formula: a name that begins like
/// a formula and is not a number gets a leading apostrophe.
fn no_formula(name: &str) -> Cow<'_, str> {
    let like_one = name.starts_with(['=', '+', '-', '@', '\t', '\r']);
    match like_one && name.parse::<f64>().is_err() {
        true => format!("'{name}").into(),
        false => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_formula_is_text() {
        for name in ["=1+1", "+cmd", "-x", "@SUM(A1)", "\tx"] {
            assert_eq!(no_formula(name), format!("'{name}"));
        }
        for name in ["", "rose", "-1", "+2.5", "1e3", "a=b", "-inf"] {
            assert_eq!(no_formula(name), name);
        }
    }

    #[test]
    fn columns_are_in_one_order() {
        let predicted = PredictedRows {
            rows: vec![0, 2],
            predictions: Predictions::Classes {
                classes: vec!["=a".to_string(), "b".to_string()],
                probabilities: vec![0.75, 0.25, 0.5, 0.5],
                decision: None,
            },
            intervals: None,
            quantiles: None,
            inputs: None,
        };
        let layout = PredictionLayout {
            row_numbers: true,
            no_formulas: true,
            ..PredictionLayout::default()
        };
        let batch = layout.batch(&predicted).unwrap();
        let schema = batch.schema();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(
            names,
            ["row", "prediction", "probability_=a", "probability_b"]
        );
        let labels = batch.column(1).as_ref();
        let expected = StringArray::from(vec!["'=a", "'=a"]);
        assert_eq!(labels, &expected as &dyn arrow_array::Array);
    }

    #[test]
    fn columns_of_several_targets_have_their_names() {
        let price = PredictedRows {
            rows: vec![0, 1],
            predictions: Predictions::Values(vec![1.5, 2.5]),
            intervals: Some(vec![[1.0, 2.0], [2.0, 3.0]]),
            quantiles: None,
            inputs: None,
        };
        let sold = PredictedRows {
            predictions: Predictions::Classes {
                classes: vec!["no".to_string(), "yes".to_string()],
                probabilities: vec![0.75, 0.25, 0.5, 0.5],
                decision: None,
            },
            intervals: None,
            ..price.clone()
        };
        let layout = PredictionLayout {
            row_numbers: true,
            ..PredictionLayout::default()
        };
        let batch = layout.batch_of_targets(&["price", "sold"], &[price, sold]);
        let schema = batch.unwrap().schema();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        let expected = [
            "row",
            "prediction_price",
            "lower_price",
            "upper_price",
            "prediction_sold",
            "probability_sold_no",
            "probability_sold_yes",
        ];
        assert_eq!(names, expected);
    }
}
