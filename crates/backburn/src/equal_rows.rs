//! Rows of a table that are equal to each other, or to rows of another table.

use std::collections::HashMap;

use backburn_table::{Cell, Column, ColumnKind, Table, within_range};
use foldhash::fast::RandomState;
use rayon::prelude::*;

use crate::rounding::Rounding;
use crate::row_hashes::{MISSING, cell_hash, combined, hash};

/// The largest number of rows whose values are counted.
const SAMPLE: usize = 10_000;
/// Rows are not taken for copies if chance alone explains this share of the pairs of equal rows.
const BY_CHANCE: f64 = 0.1;

/// Columns of a table, each with its kind.
pub(crate) type Columns<'a> = [(&'a str, ColumnKind)];

/// Rows of a table that are equal to each other.
#[derive(Debug, PartialEq)]
pub(crate) struct EqualRows {
    /// For each row of the table, the first row that it is equal to, or itself.
    pub first: Vec<usize>,
    /// The number of rows that are equal to earlier rows.
    pub copies: usize,
    /// The pairs of equal rows.
    pub pairs: f64,
}

/// The rows among `rows` that are equal in all of the columns. Numbers are compared with 32 bits, as networks see them, and
/// rounded. `None` if the table lacks one of the rows.
pub(crate) fn equal_rows(
    table: &Table,
    columns: &Columns,
    rows: &[usize],
    rounding: &Rounding,
) -> Option<EqualRows> {
    let hashes = row_hashes(table, columns, rounding);
    let mut seen: HashMap<u64, (usize, usize), RandomState> = HashMap::default();
    let mut found = EqualRows {
        first: (0..table.rows()).collect(),
        copies: 0,
        pairs: 0.0,
    };
    for &row in rows {
        let (earliest, equal) = seen.entry(*hashes.get(row)?).or_insert((row, 0));
        found.first[row] = *earliest;
        found.copies += usize::from(*equal > 0);
        found.pairs += *equal as f64;
        *equal += 1;
    }
    Some(found)
}

/// The pairs of rows among `rows` that are equal, compared like [`equal_rows`].
pub(crate) fn equal_pairs(
    table: &Table,
    columns: &Columns,
    rows: &[usize],
    rounding: &Rounding,
) -> f64 {
    let hashes = row_hashes(table, columns, rounding);
    let mut counts: HashMap<u64, usize, RandomState> = HashMap::default();
    let mut pairs = 0.0;
    for hash in rows.iter().filter_map(|&row| hashes.get(row)) {
        let earlier = counts.entry(*hash).or_insert(0);
        pairs += *earlier as f64;
        *earlier += 1;
    }
    pairs
}

/// For each row of `table`, the number of rows of `known` that it is equal to, compared like [`equal_rows`]. Both are read in
/// the same format.
pub(crate) fn equal_known_rows(
    table: &Table,
    known: &Table,
    columns: &Columns,
    rounding: &Rounding,
) -> Vec<usize> {
    let mut counts: HashMap<u64, usize, RandomState> = HashMap::default();
    for hash in row_hashes(known, columns, rounding) {
        *counts.entry(hash).or_insert(0) += 1;
    }
    let hashes = row_hashes(table, columns, rounding).into_iter();
    let equal = hashes.map(|hash| counts.get(&hash).copied().unwrap_or(0));
    equal.collect()
}

/// Whether pairs of rows that are equal in the features are nearer to always having the same target than to having it
/// as often as any two rows. `pairs` are those that are equal in all columns and those that are equal in the features.
pub(crate) fn share_the_target(
    table: &Table,
    columns: &Columns,
    rows: &[usize],
    pairs: [f64; 2],
) -> bool {
    let target = &columns[columns.len().saturating_sub(1)..];
    let by_chance = chance_of_equal_rows(table, target, rows, &Rounding::none());
    pairs[0] >= (1.0 + by_chance) / 2.0 * pairs[1]
}

/// Whether chance gives about as many pairs of rows that are equal in these columns, out of all possible ones.
pub(crate) fn are_by_chance(
    table: &Table,
    columns: &Columns,
    rows: &[usize],
    rounding: &Rounding,
    (pairs, possible): (f64, f64),
) -> bool {
    chance_of_equal_rows(table, columns, rows, rounding) * possible >= BY_CHANCE * pairs
}

/// A hash of each row of a table.
fn row_hashes(table: &Table, columns: &Columns, rounding: &Rounding) -> Vec<u64> {
    let batches = table.batches().par_iter().map(|batch| {
        let mut hashes = vec![0; batch.num_rows()];
        // Arrow looks names up one after the other.
        let schema = batch.schema();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let places: HashMap<&str, usize> = names.zip(0..).collect();
        for (index, (name, kind)) in columns.iter().enumerate() {
            if let Some(&place) = places.get(name) {
                let column = Column::new([batch.column(place)]);
                for (hash, cell) in hashes.iter_mut().zip(column.cells()) {
                    *hash = combined(*hash, value_hash(*kind, &cell, (rounding, index)));
                }
            }
        }
        hashes
    });
    let batches: Vec<Vec<u64>> = batches.collect();
    batches.concat()
}

/// The hash of a cell, whose column has this index in the rounding.
fn value_hash(kind: ColumnKind, cell: &Cell, (rounding, index): (&Rounding, usize)) -> u64 {
    match kind {
        ColumnKind::Numeric => match cell.number().filter(|number| within_range(*number)) {
            Some(number) => {
                let rounded = rounding.rounded(index, number as f32);
                hash(&(rounded + 0.0).to_le_bytes())
            }
            None => MISSING,
        },
        kind => cell_hash(kind, cell),
    }
}

/// The probability that two rows are equal, if the columns were independent of each other.
fn chance_of_equal_rows(
    table: &Table,
    columns: &Columns,
    rows: &[usize],
    rounding: &Rounding,
) -> f64 {
    let step = rows.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<usize> = rows.iter().copied().step_by(step).collect();
    let mut probability = 1.0;
    for (index, (name, kind)) in columns.iter().enumerate() {
        // Further columns make no difference.
        if probability < 1e-30 {
            break;
        }
        let Ok(column) = table.column(name) else {
            continue;
        };
        let mut counts: HashMap<u64, f64, RandomState> = HashMap::default();
        let mut wanted = sample.iter().peekable();
        for (row, cell) in column.cells().enumerate() {
            if wanted.next_if_eq(&&row).is_some() {
                *counts
                    .entry(value_hash(*kind, &cell, (rounding, index)))
                    .or_insert(0.0) += 1.0;
            }
        }
        let squares: f64 = counts.values().map(|count| count * count).sum();
        probability *= squares / (sample.len() * sample.len()).max(1) as f64;
    }
    probability
}
