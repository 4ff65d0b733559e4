//! Partial dependence.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use backburn_preprocessing::Predictions;
use backburn_table::{Cell, ColumnKind};
use serde::Serialize;

use crate::explainer::Explainer;

/// How the mean prediction varies with one column. [`Explainer::dependence`] returns it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dependence {
    /// The column's name.
    pub column: String,
    /// The column's kind.
    pub kind: ColumnKind,
    /// The values tried. Numbers and dates are in rising order, and categories start with the most
    /// frequent one. A missing value is the last point, if the table has one.
    pub points: Vec<Point>,
    /// For classification, the class whose probability is shown.
    pub class: Option<String>,
}

/// The mean prediction if every row had the same value in the column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The value as text. Empty for a missing value.
    pub value: String,
    /// The value as a number. For a date it is the year with a fraction, and for a category it is
    /// `None`.
    pub number: Option<f64>,
    /// The mean prediction in the target's unit, or the mean probability of the class.
    pub mean: f64,
}

/// The largest number of values tried for a numeric column.
const NUMBERS: usize = 25;
/// The largest number of categories tried.
const CATEGORIES: usize = 12;
const SECONDS_IN_A_YEAR: f64 = 365.2425 * 86400.0;
/// The largest number of rows that the mean is over.
const ROWS: usize = 300;

impl Explainer<'_> {
    /// Partial dependence: the mean prediction over the rows as one column takes several of its
    /// values, with the other columns unchanged (Friedman, "Greedy Function Approximation", 2001).
    ///
    /// The values are 25 evenly spaced quantiles, or the 12 most frequent categories. The mean is over
    /// at most 300 evenly spaced rows. For classification it is the mean probability of one class: the
    /// second of two, and otherwise the class whose probability varies most.
    ///
    /// Returns `None` if the model does not use the column, or the table does not have it.
    ///
    /// ```no_run
    /// # use backburn_explain::Explainer;
    /// # fn show(explainer: &Explainer) {
    /// if let Some(size) = explainer.dependence("size") {
    ///     for point in &size.points {
    ///         println!("{}: {}", point.value, point.mean);
    ///     }
    /// }
    /// # }
    /// ```
    pub fn dependence(&self, column: &str) -> Option<Dependence> {
        let mut ranges = self.column_ranges().into_iter();
        let (_, range) = ranges.find(|(name, _)| *name == column)?;
        let mut encoders = self.model().encoder.columns.iter();
        let kind = encoders.find(|c| c.name() == column)?.kind();
        let cells: Vec<Cell> = self.column(column)?.cells().collect();
        let rows = representatives(&cells, kind);
        let means = self.means_by_row(&rows, range);
        let class = match self.classes().map(<[String]>::len) {
            None => 0,
            Some(2) => 1,
            Some(classes) => most_varied(&means, classes),
        };
        let points = rows.into_iter().zip(means).map(|(row, means)| Point {
            value: cells[row].category().unwrap_or_default().into_owned(),
            number: number(&cells[row], kind),
            mean: means[class],
        });
        Some(Dependence {
            column: column.to_string(),
            kind,
            points: points.collect(),
            class: self.classes().map(|classes| classes[class].clone()),
        })
    }

    /// For each of some rows, the mean prediction if all rows had that row's values in a range of the
    /// encoded columns.
    fn means_by_row(&self, rows: &[usize], range: Range<usize>) -> Vec<Vec<f64>> {
        let width = self.width();
        let step = self.rows().div_ceil(ROWS).max(1);
        let mut varied = self.encoded_rows((0..self.rows()).step_by(step));
        let means = rows.iter().map(|&row| {
            let value = &self.encoded[row * width..][range.clone()];
            for other in varied.chunks_exact_mut(width) {
                other[range.clone()].copy_from_slice(value);
            }
            means(&self.predict(&varied))
        });
        means.collect()
    }
}

/// The class whose mean probability has the widest range.
fn most_varied(means: &[Vec<f64>], classes: usize) -> usize {
    let range = |class: usize| {
        let of_class = means.iter().map(|means| means[class]);
        let high = of_class.clone().fold(f64::NEG_INFINITY, f64::max);
        high - of_class.fold(f64::INFINITY, f64::min)
    };
    (0..classes).fold(0, |best, class| match range(class) > range(best) {
        true => class,
        false => best,
    })
}

/// The number of a [`Point`].
fn number(cell: &Cell, kind: ColumnKind) -> Option<f64> {
    match kind {
        ColumnKind::Numeric => cell.number().filter(|number| number.is_finite()),
        ColumnKind::Date => cell
            .date()
            .map(|seconds| 1970.0 + seconds / SECONDS_IN_A_YEAR),
        _ => None,
    }
}

/// The mean prediction, or for classification the mean probability of each class.
fn means(predictions: &Predictions) -> Vec<f64> {
    let (numbers, width) = match predictions {
        Predictions::Values(values) => (values, 1),
        Predictions::Classes {
            classes,
            probabilities,
            ..
        } => (probabilities, classes.len()),
    };
    let rows = (numbers.len() / width).max(1) as f64;
    (0..width)
        .map(|class| numbers.iter().skip(class).step_by(width).sum::<f64>() / rows)
        .collect()
}

/// Rows whose values of the column are tried: those at evenly spaced ranks of a numeric column, or
/// one for each of the most frequent categories. The last one is a row with a missing value, if the
/// table has one.
fn representatives(cells: &[Cell], kind: ColumnKind) -> Vec<usize> {
    let missing = cells.iter().position(|cell| cell.category().is_none());
    let mut rows: Vec<usize> = match kind {
        ColumnKind::Numeric | ColumnKind::Date => {
            let mut known: Vec<(f64, usize)> = cells
                .iter()
                .enumerate()
                .filter_map(|(row, cell)| Some((number(cell, kind)?, row)))
                .collect();
            known.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            known.dedup_by_key(|(number, _)| number.to_bits());
            let last = known.len().saturating_sub(1);
            let ranks = NUMBERS.min(known.len());
            (0..ranks)
                .map(|rank| known[rank * last / ranks.saturating_sub(1).max(1)].1)
                .collect()
        }
        _ => {
            let mut counts: HashMap<Cow<str>, (usize, usize)> = HashMap::new();
            for (row, cell) in cells.iter().enumerate() {
                if let Some(name) = cell.category() {
                    counts.entry(name).or_insert((0, row)).0 += 1;
                }
            }
            let mut counts: Vec<(usize, usize)> = counts.into_values().collect();
            counts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            counts
                .into_iter()
                .take(CATEGORIES)
                .map(|(_, row)| row)
                .collect()
        }
    };
    rows.extend(missing);
    rows
}
