//! Partial dependence.

use std::borrow::Cow;
use std::collections::HashMap;

use backburn_tabular::{Cell, ColumnKind, Predictions};
use serde::Serialize;

use crate::Explainer;

/// What predictions do, on average, as one column varies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dependence {
    /// The column.
    pub column: String,
    /// Its kind.
    pub kind: ColumnKind,
    /// Rising for numbers and dates; the commonest first for categories.
    pub points: Vec<Point>,
    /// For classes, the one whose probability this is.
    pub class: Option<String>,
}

/// The mean prediction where every row has this value in the column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The value as text; empty where it is missing.
    pub value: String,
    /// The value as a number (for a date, the year with its fraction), if it is one.
    pub number: Option<f64>,
    /// The mean prediction, in the target's unit or as a probability.
    pub mean: f64,
}

/// Values of a number that are tried.
const NUMBERS: usize = 25;
/// Categories that are tried, the commonest ones.
const CATEGORIES: usize = 12;
const SECONDS_IN_A_YEAR: f64 = 365.2425 * 86400.0;
/// Rows that the mean is over.
const ROWS: usize = 300;

impl Explainer<'_> {
    /// The mean prediction as one column takes the values that it has in the table, the other columns
    /// staying as they are (Friedman, "Greedy Function Approximation", 2001). Of two classes the
    /// second is followed, of more the one whose probability varies the most.
    ///
    /// `None` if the model does not use the column, or the table lacks it.
    pub fn dependence(&self, column: &str) -> Option<Dependence> {
        let (_, place) = self
            .places()
            .into_iter()
            .find(|(name, _)| *name == column)?;
        let kind = self
            .model()
            .encoder
            .columns
            .iter()
            .find(|c| c.name() == column)?
            .kind();
        let cells: Vec<Cell> = self.column(column)?.cells().collect();
        let width = self.width();
        let step = self.rows().div_ceil(ROWS).max(1);
        let mut rows: Vec<f32> = self
            .encoded
            .chunks_exact(width)
            .step_by(step)
            .flatten()
            .copied()
            .collect();
        let rows_and_means: Vec<(usize, Vec<f64>)> = representatives(&cells, kind)
            .into_iter()
            .map(|row| {
                let part = self.encoded[row * width..][place.clone()].to_vec();
                for other in rows.chunks_exact_mut(width) {
                    other[place.clone()].copy_from_slice(&part);
                }
                (row, means(&self.predict(&rows)))
            })
            .collect();
        let class = match self.classes().map(<[String]>::len) {
            None => 0,
            Some(2) => 1,
            Some(classes) => {
                let range = |class: usize| {
                    let of_class = rows_and_means.iter().map(|(_, means)| means[class]);
                    let high = of_class.clone().fold(f64::NEG_INFINITY, f64::max);
                    high - of_class.fold(f64::INFINITY, f64::min)
                };
                (0..classes).fold(0, |best, class| match range(class) > range(best) {
                    true => class,
                    false => best,
                })
            }
        };
        let points = rows_and_means
            .into_iter()
            .map(|(row, means)| Point {
                value: cells[row].category().unwrap_or_default().into_owned(),
                number: number(&cells[row], kind),
                mean: means[class],
            })
            .collect();
        Some(Dependence {
            column: column.to_string(),
            kind,
            points,
            class: self.classes().map(|classes| classes[class].clone()),
        })
    }
}

fn number(cell: &Cell, kind: ColumnKind) -> Option<f64> {
    match kind {
        ColumnKind::Numeric => cell.number().filter(|number| number.is_finite()),
        ColumnKind::Date => cell
            .date()
            .map(|seconds| 1970.0 + seconds / SECONDS_IN_A_YEAR),
        _ => None,
    }
}

/// The mean prediction, or the mean probability of each class.
fn means(predictions: &Predictions) -> Vec<f64> {
    let (numbers, width) = match predictions {
        Predictions::Values(values) => (values, 1),
        Predictions::Classes {
            classes,
            probabilities,
        } => (probabilities, classes.len()),
    };
    let rows = (numbers.len() / width).max(1) as f64;
    (0..width)
        .map(|class| numbers.iter().skip(class).step_by(width).sum::<f64>() / rows)
        .collect()
}

/// Rows that stand for the values of a column: those at evenly spaced ranks, or one for each of the
/// commonest categories; and one that is missing, if there is one.
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
