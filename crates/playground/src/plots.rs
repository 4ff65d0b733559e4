//! What the page draws: curves, the plane of two inputs, and points.

use backburn::{Cell, ColumnEncoder, Predictions};
use backburn_training::row_pass::{Aim, Pass, Statistics};
use serde::Serialize;

use crate::playground::Playground;

/// The losses of the epochs, each of the same length. Of a long run, some epochs are left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Curve {
    /// The epochs, counted from 1.
    pub epoch: Vec<usize>,
    /// The mean training loss.
    pub loss: Vec<f64>,
    /// The validation loss, if there are validation rows.
    pub validation_loss: Vec<Option<f64>>,
}

/// Some rows with their predictions.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Points {
    /// The rows, counted as for [`Playground::row`].
    pub index: Vec<usize>,
    /// The values of both inputs, where there are [two](Playground::domain); otherwise empty.
    pub x: Vec<[f64; 2]>,
    /// The number of the table in the unit of the target, or the index of the class.
    pub target: Vec<f64>,
    /// The predicted number, or the index of the most probable class.
    pub predicted: Vec<f64>,
    /// Whether the row is a validation row.
    pub is_validation: Vec<bool>,
}

/// The margin around the points of the plane, as a share of their range.
const MARGIN: f64 = 0.1;

impl Playground {
    /// The losses of the epochs so far.
    pub fn curve(&self) -> Curve {
        let points = self.curve.iter();
        Curve {
            epoch: points.clone().map(|point| point.epoch).collect(),
            loss: points.clone().map(|point| point.loss).collect(),
            validation_loss: points.map(|point| point.validation_loss).collect(),
        }
    }

    /// The range of the plane of two numeric inputs, with a margin: `[min_x, max_x, min_y, max_y]`. `None` for a table
    /// with other inputs.
    pub fn domain(&self) -> Option<[f64; 4]> {
        let [x, y] = self.plane()?;
        let ([min_x, max_x], [min_y, max_y]) = (self.range(x)?, self.range(y)?);
        Some([min_x, max_x, min_y, max_y])
    }

    /// What the network predicts on a grid of `size * size` points of the plane: the probability of the second class, or
    /// the number. Row by row: `x` rises within a row, and `y` from row to row. Empty for a table without a plane.
    pub fn surface(&self, size: usize) -> Vec<f32> {
        let Some([min_x, max_x, min_y, max_y]) = self.domain() else {
            return Vec::new();
        };
        let at = |min: f64, max: f64, index: usize| {
            min + (max - min) * (index as f64 + 0.5) / size.max(1) as f64
        };
        let encoder = self.data.encoded.encoder.row_encoder();
        let mut surface = Vec::with_capacity(size * size);
        for row in 0..size {
            let y = at(min_y, max_y, row);
            let features = (0..size).flat_map(|column| {
                let cells = [Cell::Number(at(min_x, max_x, column)), Cell::Number(y)];
                let encoded = encoder.encode(&cells).unwrap_or_default();
                self.network.features_of(&encoded)
            });
            let features: Vec<f64> = features.collect();
            let pass = Pass::forward(&self.network, features, Statistics::Running);
            surface.extend(heights(&self.predictions(pass.outputs())));
        }
        surface
    }

    /// At most `limit` rows, evenly spread, with their predictions.
    pub fn points(&self, limit: usize) -> Points {
        let all = self.data.rows();
        let count = all.min(limit);
        let rows: Vec<usize> = (0..count).map(|row| row * all / count).collect();
        let features = self.data.features(&self.network, &rows);
        let pass = Pass::forward(&self.network, features, Statistics::Running);
        let predictions = self.predictions(pass.outputs());
        let predicted = match predictions.class_indices() {
            Some(classes) => classes.into_iter().map(|class| class as f64).collect(),
            None => predictions.values().unwrap_or_default().to_vec(),
        };
        Points {
            x: self.places(&rows),
            target: self.targets(&rows),
            predicted,
            is_validation: rows
                .iter()
                .map(|&row| row >= self.data.training_rows())
                .collect(),
            index: rows,
        }
    }

    /// The columns of the plane: the only two inputs, both numeric and each a single feature.
    fn plane(&self) -> Option<[&str; 2]> {
        let is_plain = |column: &ColumnEncoder| matches!(column, ColumnEncoder::Numeric { .. });
        let columns = &self.data.encoded.encoder.columns;
        let inputs = self.data.inputs.len();
        match columns.as_slice() {
            [x, y] if inputs == 2 && is_plain(x) && is_plain(y) => Some([x.name(), y.name()]),
            _ => None,
        }
    }

    fn range(&self, column: &str) -> Option<[f64; 2]> {
        let numbers = self.dataset.table().numbers(column).ok()?;
        let known = numbers.iter().copied().filter(|number| number.is_finite());
        let min = known.clone().fold(f64::INFINITY, f64::min);
        let max = known.fold(f64::NEG_INFINITY, f64::max);
        let margin = MARGIN * (max - min);
        (min <= max).then_some([min - margin, max + margin])
    }

    /// The places of rows in the plane.
    fn places(&self, rows: &[usize]) -> Vec<[f64; 2]> {
        let Some(columns) = self.plane() else {
            return Vec::new();
        };
        let table = self.dataset.table();
        let [x, y] = columns.map(|column| table.numbers(column).unwrap_or_default());
        let table_rows = rows.iter().map(|&row| self.data.table_rows[row]);
        let place = |row: usize| Some([*x.get(row)?, *y.get(row)?]);
        table_rows.filter_map(place).collect()
    }

    /// The targets of rows: numbers in the unit of the table, or indices of classes.
    fn targets(&self, rows: &[usize]) -> Vec<f64> {
        let target = &self.data.encoded.target;
        let numbers = match target.class_names() {
            None => target.values(self.dataset.table()).unwrap_or_default(),
            Some(_) => Vec::new(),
        };
        let of_row = |&row: &usize| match self.data.aims[row] {
            Aim::Class(class) => class as f64,
            Aim::Value(value) => *numbers.get(self.data.table_rows[row]).unwrap_or(&value),
        };
        rows.iter().map(of_row).collect()
    }
}

/// What is drawn as height: the probability of the second class, or the number.
fn heights(predictions: &Predictions) -> Vec<f32> {
    match predictions {
        Predictions::Values(values) => values.iter().map(|&value| value as f32).collect(),
        Predictions::Classes {
            classes,
            probabilities,
            ..
        } => {
            let rows = probabilities.chunks_exact(classes.len().max(1));
            rows.map(|row| row.get(1).copied().unwrap_or_default() as f32)
                .collect()
        }
    }
}
