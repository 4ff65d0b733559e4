//! How the values of a column are distributed.

use std::collections::HashMap;
use std::ops::Range;

use backburn::{Cell, ColumnKind, SavedModel, Table, Task};
use backburn_explain::Importance;

/// How the values of a column are distributed.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// The name of the column.
    pub column: String,
    /// The number of rows without a value.
    pub missing: usize,
    /// The values.
    pub values: DistributionValues,
}

/// The values of a [`Distribution`].
#[derive(Debug, Clone, PartialEq)]
pub enum DistributionValues {
    /// Numbers, or dates as years with a fraction.
    Numbers {
        /// The number of rows in each of the bins, which have the same width.
        counts: Vec<usize>,
        /// From the start of the first bin to the end of the last one.
        range: Range<f64>,
        /// Whether they are dates.
        are_dates: bool,
        /// Whether they are whole numbers. If there are few, each has a bin of its own.
        are_whole: bool,
    },
    /// Categories.
    Categories {
        /// The most frequent ones, each with its number of rows.
        counts: Vec<(String, usize)>,
        /// The number of rows with another category.
        others: usize,
    },
}

const BINS: usize = 20;
/// The largest number of categories that are named.
const CATEGORIES: usize = 8;
/// The largest number of columns, with the target.
const COLUMNS: usize = 9;
const SECONDS_IN_A_YEAR: f64 = 365.2425 * 86400.0;

impl Distribution {
    /// The distribution of a column of a table, whose text is read as values already. `None` if there is no such
    /// column, or it has no value.
    pub fn new(table: &Table, column: &str, kind: ColumnKind) -> Option<Self> {
        let cells = table.column(column).ok()?.cells();
        let (values, missing) = match kind {
            ColumnKind::Numeric => numbers(cells.map(|cell| cell.number()), false)?,
            ColumnKind::Date => {
                let year = |seconds: f64| 1970.0 + seconds / SECONDS_IN_A_YEAR;
                numbers(cells.map(|cell| cell.date().map(year)), true)?
            }
            _ => categories(cells)?,
        };
        Some(Self {
            column: column.to_string(),
            missing,
            values,
        })
    }

    /// The distributions of the target and of the most important columns.
    pub(crate) fn of_model(
        model: &SavedModel,
        table: &Table,
        importance: &[Importance],
    ) -> Vec<Self> {
        let target = match model.target.task() {
            Task::Regression => ColumnKind::Numeric,
            Task::Classification => ColumnKind::Categorical,
        };
        let columns = importance.iter().filter_map(|importance| {
            let mut encoders = model.encoder.columns.iter();
            let encoder = encoders.find(|encoder| encoder.name() == importance.column)?;
            Some((encoder.name(), encoder.kind()))
        });
        [(model.target.column(), target)]
            .into_iter()
            .chain(columns)
            .filter_map(|(column, kind)| Self::new(table, column, kind))
            .take(COLUMNS)
            .collect()
    }
}

/// The bins of numbers, and how many are missing.
fn numbers(
    values: impl Iterator<Item = Option<f64>>,
    are_dates: bool,
) -> Option<(DistributionValues, usize)> {
    let all: Vec<Option<f64>> = values.collect();
    let known = all.iter().flatten().copied();
    let known: Vec<f64> = known.filter(|x| x.is_finite() && x.abs() < 1e100).collect();
    let low = known.iter().copied().reduce(f64::min)?;
    let high = known.iter().copied().reduce(f64::max)?;
    let are_whole = !are_dates && known.iter().all(|x| x.fract() == 0.0);
    let (range, bins) = match high - low {
        width if are_whole && width < BINS as f64 => (low - 0.5..high + 0.5, width as usize + 1),
        0.0 => (low - 0.5..high + 0.5, BINS),
        _ => (low..high, BINS),
    };
    let mut counts = vec![0; bins];
    for x in &known {
        let bin = (x - range.start) / (range.end - range.start) * bins as f64;
        // A cast from a float saturates.
        counts[(bin as usize).min(bins - 1)] += 1;
    }
    let values = DistributionValues::Numbers {
        counts,
        range,
        are_dates,
        are_whole,
    };
    Some((values, all.len() - known.len()))
}

/// The most frequent categories, and how many are missing.
fn categories<'a>(cells: impl Iterator<Item = Cell<'a>>) -> Option<(DistributionValues, usize)> {
    let mut missing = 0;
    let mut counts: HashMap<String, usize> = HashMap::new();
    for cell in cells {
        match cell.category() {
            Some(name) => *counts.entry(name.into_owned()).or_default() += 1,
            None => missing += 1,
        }
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    if counts.is_empty() {
        return None;
    }
    let others = counts.iter().skip(CATEGORIES).map(|(_, count)| count).sum();
    counts.truncate(CATEGORIES);
    Some((DistributionValues::Categories { counts, others }, missing))
}

#[cfg(test)]
mod tests {
    use backburn::ReadOptions;

    use super::*;

    fn table() -> Table {
        let csv = "size,street,rooms\n0,Elm,2\n10,Elm,4\n,Oak,4\n5.5,,3\n";
        Table::from_reader("t.csv", csv.as_bytes(), &ReadOptions::default()).unwrap()
    }

    #[test]
    fn numbers_are_counted_in_bins() {
        let size = Distribution::new(&table(), "size", ColumnKind::Numeric).unwrap();
        assert_eq!(size.missing, 1);
        let DistributionValues::Numbers { counts, range, .. } = size.values else {
            panic!("no numbers");
        };
        assert_eq!(range, 0.0..10.0);
        assert_eq!((counts[0], counts[11], counts[19]), (1, 1, 1));
        assert_eq!(counts.iter().sum::<usize>(), 3);
    }

    #[test]
    fn few_whole_numbers_have_bins_of_their_own() {
        let rooms = Distribution::new(&table(), "rooms", ColumnKind::Numeric).unwrap();
        let expected = DistributionValues::Numbers {
            counts: vec![1, 1, 2],
            range: 1.5..4.5,
            are_dates: false,
            are_whole: true,
        };
        assert_eq!(rooms.values, expected);
    }

    #[test]
    fn categories_are_counted_by_name() {
        let street = Distribution::new(&table(), "street", ColumnKind::Categorical).unwrap();
        assert_eq!(street.missing, 1);
        let DistributionValues::Categories { counts, others } = street.values else {
            panic!("no categories");
        };
        assert_eq!(counts, [("Elm".to_string(), 2), ("Oak".to_string(), 1)]);
        assert_eq!(others, 0);
        assert_eq!(Distribution::new(&table(), "no", ColumnKind::Numeric), None);
    }
}
