//! Columns that alone explain nearly all of the target.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use backburn_preprocessing::Target;
use backburn_table::ColumnKind;
use rayon::prelude::*;

use crate::dataset::Dataset;
use crate::error::Error;
use crate::targets::Targets;

/// The targets of the training rows.
pub(crate) enum TrainingTargets {
    Values(Vec<f64>),
    Classes {
        of_row: Vec<usize>,
        counts: Vec<usize>,
        names: Vec<String>,
    },
}

impl TrainingTargets {
    pub fn new(data: &Dataset, target: &Target, rows: &[usize]) -> Result<Self, Error> {
        let names = match target {
            Target::Classification { classes, .. } => classes.clone(),
            Target::Regression { .. } => Vec::new(),
        };
        Ok(match Targets::read(data.table(), target)? {
            Targets::Values(values) => Self::Values(rows.iter().map(|&row| values[row]).collect()),
            Targets::Classes(all) => {
                Self::of_classes(rows.iter().filter_map(|&row| all[row]).collect(), names)
            }
        })
    }

    /// The targets of some of the rows.
    pub fn at(&self, positions: &[usize]) -> Self {
        match self {
            Self::Values(values) => Self::Values(positions.iter().map(|&at| values[at]).collect()),
            Self::Classes { of_row, names, .. } => Self::of_classes(
                positions
                    .iter()
                    .filter_map(|&at| of_row.get(at).copied())
                    .collect(),
                names.clone(),
            ),
        }
    }

    fn of_classes(of_row: Vec<usize>, names: Vec<String>) -> Self {
        let mut counts = vec![0; names.len()];
        for &class in &of_row {
            counts[class] += 1;
        }
        Self::Classes {
            of_row,
            counts,
            names,
        }
    }

    pub fn rows(&self) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Classes { of_row, .. } => of_row.len(),
        }
    }

    /// How much of the target is explained by knowing which group each row is in: the share of the
    /// variance, or of the rows that the groups' commonest classes get right.
    pub fn explained_by(&self, groups: &[usize], number_of_groups: usize) -> f64 {
        match self {
            Self::Values(values) => {
                let count = values.len() as f64;
                let mean = values.iter().sum::<f64>() / count;
                let total: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
                let mut sums = vec![(0.0, 0.0); number_of_groups];
                for (&group, value) in groups.iter().zip(values) {
                    sums[group].0 += value - mean;
                    sums[group].1 += 1.0;
                }
                let between = sums
                    .iter()
                    .filter(|(_, n)| *n > 0.0)
                    .map(|(sum, n)| sum * sum / n);
                between.sum::<f64>() / total
            }
            Self::Classes { of_row, counts, .. } => {
                let mut of_group = vec![vec![0usize; counts.len()]; number_of_groups];
                for (&group, &class) in groups.iter().zip(of_row) {
                    of_group[group][class] += 1;
                }
                let right: usize = of_group
                    .iter()
                    .filter_map(|counts| counts.iter().max())
                    .sum();
                right as f64 / of_row.len() as f64
            }
        }
    }
}

/// The columns that alone explain nearly all of the target of the rows to learn from, with the share that
/// each explains.
pub(crate) fn explained_alone(data: &Dataset) -> Result<Vec<(String, f64)>, Error> {
    let rows = data.rows();
    let target = data.fit_target(rows)?;
    let targets = TrainingTargets::new(data, &target, rows)?;
    explaining_columns(data, &targets, rows)
}

/// The same for targets that are known, of these rows.
pub(crate) fn explaining_columns(
    data: &Dataset,
    targets: &TrainingTargets,
    rows: &[usize],
) -> Result<Vec<(String, f64)>, Error> {
    const MIN_ROWS: usize = 50;
    const MAX_CLASSES: usize = 100;
    /// The share that is nearly all of the target.
    const NEARLY_ALL: f64 = 0.99;
    let features: Vec<&str> = data.features().collect();
    let different = without_copies(data, rows);
    let of_different = different
        .as_ref()
        .map(|(positions, _)| targets.at(positions));
    let targets = of_different.as_ref().unwrap_or(targets);
    let rows = different.as_ref().map_or(rows, |(_, rows)| rows.as_slice());
    let constant_share = match targets {
        TrainingTargets::Values(_) => 0.0,
        TrainingTargets::Classes { counts, .. } => {
            *counts.iter().max().unwrap_or(&0) as f64 / targets.rows() as f64
        }
    };
    let many =
        matches!(targets, TrainingTargets::Classes { counts, .. } if counts.len() > MAX_CLASSES);
    if rows.len() < MIN_ROWS || features.len() < 2 || constant_share > 0.95 || many {
        return Ok(Vec::new());
    }
    let likely = likely_columns(&features, data, targets, rows)?;
    let explained: Vec<Option<f64>> = likely
        .par_iter()
        .map(|name| share_explained(name, data, targets, rows))
        .collect::<Result<_, Error>>()?;
    let explaining = likely.iter().zip(explained);
    let explaining = explaining.filter_map(|(name, share)| Some(((*name).to_string(), share?)));
    Ok(explaining
        .filter(|(_, share)| *share > NEARLY_ALL)
        .collect())
}

/// One of the rows of each set of copies, by their positions in `rows` and as rows. `None` without copies. Of a row and
/// its copies, any column with different values explains the target.
fn without_copies(data: &Dataset, rows: &[usize]) -> Option<(Vec<usize>, Vec<usize>)> {
    let copies = data.splitter().copies.as_ref()?;
    let mut seen = HashSet::new();
    let first = rows.iter().enumerate();
    let first = first.filter(|&(_, &row)| seen.insert(copies[row]));
    Some(first.map(|(position, &row)| (position, row)).unzip())
}

/// The columns that may explain nearly all of the target: of many rows, those that explain most of it in
/// evenly spaced ones.
fn likely_columns<'a>(
    features: &[&'a str],
    data: &Dataset,
    targets: &TrainingTargets,
    rows: &[usize],
) -> Result<Vec<&'a str>, Error> {
    const SAMPLE: usize = 50_000;
    const MOST: f64 = 0.9;
    if rows.len() < 2 * SAMPLE {
        return Ok(features.to_vec());
    }
    let positions: Vec<usize> = (0..rows.len()).step_by(rows.len() / SAMPLE).collect();
    let sampled: Vec<usize> = positions.iter().map(|&at| rows[at]).collect();
    let sample = data.select(&sampled)?;
    let targets = targets.at(&positions);
    let likely: Vec<bool> = features
        .par_iter()
        .map(|name| {
            let share = share_explained(name, &sample, &targets, sample.rows())?;
            // A column with too many groups for the sample may have few for all rows.
            Ok(share.is_none_or(|share| share > MOST))
        })
        .collect::<Result<_, Error>>()?;
    let likely = features.iter().zip(likely);
    Ok(likely
        .filter_map(|(name, is_likely)| is_likely.then_some(*name))
        .collect())
}

/// The share of the target that a column explains alone; `None` if its values make one group, or too many.
fn share_explained(
    name: &str,
    data: &Dataset,
    targets: &TrainingTargets,
    rows: &[usize],
) -> Result<Option<f64>, Error> {
    const ROWS_IN_A_GROUP: usize = 5;
    let max_groups = rows.len() / ROWS_IN_A_GROUP;
    let kind = data.schema().column(name).map(|column| column.kind);
    let cells: Vec<_> = data.table().column(name)?.cells().collect();
    let groups = match kind {
        Some(ColumnKind::Numeric | ColumnKind::Date) => {
            let number = |row: usize| match kind {
                Some(ColumnKind::Date) => cells[row].date(),
                _ => cells[row].number(),
            };
            let numbers: Vec<Option<f64>> = rows.iter().map(|&row| number(row)).collect();
            ranked(&numbers, max_groups.clamp(1, 100))
        }
        _ => {
            let mut group_of: HashMap<Option<Cow<str>>, usize> = HashMap::new();
            let mut group = |row: usize| {
                let next = group_of.len();
                *group_of.entry(cells[row].category()).or_insert(next)
            };
            rows.iter().map(|&row| group(row)).collect()
        }
    };
    let number_of_groups = groups.iter().max().map_or(0, |last| last + 1);
    if number_of_groups < 2 || number_of_groups > max_groups + 1 {
        return Ok(None);
    }
    Ok(Some(targets.explained_by(&groups, number_of_groups)))
}

/// Groups of equal size by rank. Equal numbers are in the same group, and missing ones in group 0.
fn ranked(numbers: &[Option<f64>], groups: usize) -> Vec<usize> {
    let known = numbers.iter().enumerate();
    let mut order: Vec<(f64, usize)> = known
        .filter_map(|(row, number)| Some(((*number)?, row)))
        .collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut of_row = vec![0; numbers.len()];
    let mut group = 0;
    let mut last = None;
    for (rank, &(number, row)) in order.iter().enumerate() {
        let due = 1 + rank * groups / order.len();
        if due > group && last != Some(number) {
            group = due;
        }
        last = Some(number);
        of_row[row] = group;
    }
    of_row
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::{ReadOptions, Table};

    use super::*;

    #[test]
    fn copies_of_rows_do_not_count() {
        // Groups of a column without a pattern do not explain the target, however often the rows are repeated.
        let row = |row: usize| {
            let n = row % 60;
            let y = (n * 7919 + 13) % 101;
            format!("{}.25,{}.5,{y}.75\n", n * 37 % 101, n * 11 % 97)
        };
        let explained = |rows: usize| {
            let rows: String = (0..rows).map(row).collect();
            let csv = Cursor::new(format!("x,z,y\n{rows}"));
            let table = Table::from_reader("t", csv, &ReadOptions::default()).unwrap();
            explained_alone(&Dataset::new(table, "y", &Default::default()).unwrap()).unwrap()
        };
        assert!(explained(60).is_empty());
        assert!(explained(600).is_empty());
    }

    #[test]
    fn groups_by_rank_keep_equal_numbers_together() {
        let numbers = [3.0, 1.0, 1.0, 1.0, 2.0, 4.0].map(Some);
        assert_eq!(ranked(&numbers, 3), [3, 1, 1, 1, 2, 3]);
        assert_eq!(ranked(&[None, Some(1.0)], 1), [0, 1]);
    }
}
