//! Rows of a table that are copies of each other.

use std::collections::HashMap;

use backburn_table::{Cell, Column, ColumnKind, Table, within_range};
use foldhash::fast::RandomState;
use rayon::prelude::*;

use crate::row_hashes::{MISSING, cell_hash, combined, hash};

/// The largest number of rows whose values are counted.
const SAMPLE: usize = 10_000;
/// Rows are not taken for copies if chance alone explains this share of the pairs of equal rows.
const BY_CHANCE: f64 = 0.1;

/// Rows of a table that are copies of each other.
#[derive(Debug, PartialEq)]
pub(crate) struct CopiedRows {
    /// For each row of the table, the first row that it is a copy of, or itself.
    pub first: Vec<usize>,
    /// The number of rows that are copies of earlier rows.
    pub copies: usize,
}

/// The rows among `rows` that are equal in all of the columns, which are the features and, as the last one, the target.
/// Numbers are compared with 32 bits, as networks see them. `None` if there are none, or if equal rows are different
/// observations: there are about as many as chance gives, since a few columns have a few values each; or rows that are
/// equal in the features have the same target about as often as any two rows.
pub(crate) fn copied_rows(
    table: &Table,
    columns: &[(&str, ColumnKind)],
    rows: &[usize],
) -> Option<CopiedRows> {
    let hashes = row_hashes(table, columns);
    let (target, features) = columns.split_last()?;
    let of_features = row_hashes(table, features);
    let mut equal_features: HashMap<u64, usize, RandomState> = HashMap::default();
    let mut seen: HashMap<u64, (usize, usize), RandomState> = HashMap::default();
    let mut pairs_in_features = 0.0;
    let mut first: Vec<usize> = (0..table.rows()).collect();
    let (mut copies, mut pairs) = (0, 0.0);
    for &row in rows {
        let (earliest, equal) = seen.entry(*hashes.get(row)?).or_insert((row, 0));
        first[row] = *earliest;
        copies += usize::from(*equal > 0);
        pairs += *equal as f64;
        *equal += 1;
        let earlier = equal_features.entry(*of_features.get(row)?).or_insert(0);
        pairs_in_features += *earlier as f64;
        *earlier += 1;
    }
    if copies == 0 || !share_the_target(table, target, rows, [pairs, pairs_in_features]) {
        return None;
    }
    let possible = rows.len() as f64 * (rows.len() as f64 - 1.0) / 2.0;
    if chance_of_equal_rows(table, columns, rows) * possible >= BY_CHANCE * pairs {
        return None;
    }
    Some(CopiedRows { first, copies })
}

/// How many rows of `table` are equal to a row of `known` in all of the columns; 0 if chance gives about as many.
/// Both are read in the same format.
pub(crate) fn rows_in(table: &Table, known: &Table, columns: &[(&str, ColumnKind)]) -> usize {
    let equal_rows = |columns: &[(&str, ColumnKind)]| {
        let mut counts: HashMap<u64, usize, RandomState> = HashMap::default();
        for hash in row_hashes(known, columns) {
            *counts.entry(hash).or_insert(0) += 1;
        }
        let hashes = row_hashes(table, columns).into_iter();
        let equal = hashes.filter_map(|hash| counts.get(&hash).copied());
        equal.collect::<Vec<usize>>()
    };
    let Some((target, features)) = columns.split_last() else {
        return 0;
    };
    let equal = equal_rows(columns);
    let pairs = [&equal, &equal_rows(features)].map(|equal| equal.iter().sum::<usize>() as f64);
    let rows: Vec<usize> = (0..known.rows()).collect();
    let possible = table.rows() as f64 * known.rows() as f64;
    let are_copies = share_the_target(known, target, &rows, pairs)
        && chance_of_equal_rows(known, columns, &rows) * possible < BY_CHANCE * pairs[0];
    match are_copies {
        true => equal.len(),
        false => 0,
    }
}

/// Whether pairs of rows that are equal in the features are nearer to always having the same target than to having it
/// as often as any two rows. `pairs` are those that are equal in all columns and those that are equal in the features.
fn share_the_target(
    table: &Table,
    target: &(&str, ColumnKind),
    rows: &[usize],
    pairs: [f64; 2],
) -> bool {
    let by_chance = chance_of_equal_rows(table, &[*target], rows);
    pairs[0] >= (1.0 + by_chance) / 2.0 * pairs[1]
}

/// A hash of each row of a table.
fn row_hashes(table: &Table, columns: &[(&str, ColumnKind)]) -> Vec<u64> {
    let batches = table.batches().par_iter().map(|batch| {
        let mut hashes = vec![0; batch.num_rows()];
        // Arrow looks names up one after the other.
        let schema = batch.schema();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let places: HashMap<&str, usize> = names.zip(0..).collect();
        for (name, kind) in columns {
            if let Some(&place) = places.get(name) {
                let column = Column::new([batch.column(place)]);
                for (hash, cell) in hashes.iter_mut().zip(column.cells()) {
                    *hash = combined(*hash, value_hash(*kind, &cell));
                }
            }
        }
        hashes
    });
    let batches: Vec<Vec<u64>> = batches.collect();
    batches.concat()
}

fn value_hash(kind: ColumnKind, cell: &Cell) -> u64 {
    match kind {
        ColumnKind::Numeric => match cell.number().filter(|number| within_range(*number)) {
            Some(number) => hash(&(number as f32 + 0.0).to_le_bytes()),
            None => MISSING,
        },
        kind => cell_hash(kind, cell),
    }
}

/// The probability that two rows are equal, if the columns were independent of each other.
fn chance_of_equal_rows(table: &Table, columns: &[(&str, ColumnKind)], rows: &[usize]) -> f64 {
    let step = rows.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<usize> = rows.iter().copied().step_by(step).collect();
    let mut probability = 1.0;
    for (name, kind) in columns {
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
                *counts.entry(value_hash(*kind, &cell)).or_insert(0.0) += 1.0;
            }
        }
        let squares: f64 = counts.values().map(|count| count * count).sum();
        probability *= squares / (sample.len() * sample.len()).max(1) as f64;
    }
    probability
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::ReadOptions;

    use super::*;

    fn table(rows: impl Iterator<Item = String>) -> Table {
        let csv = format!("a,b,c\n{}\n", rows.collect::<Vec<_>>().join("\n"));
        Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap()
    }

    const COLUMNS: [(&str, ColumnKind); 3] = [
        ("a", ColumnKind::Numeric),
        ("b", ColumnKind::Numeric),
        ("c", ColumnKind::Categorical),
    ];

    fn row(n: usize) -> String {
        format!("{}.25,{},{}", n * 37 % 101, n * 11 % 97, n % 2)
    }

    #[test]
    fn copies_are_found_among_the_rows() {
        let table = table((0..100).map(|n| row(n % 80)));
        let rows: Vec<usize> = (0..100).collect();
        let found = copied_rows(&table, &COLUMNS, &rows).unwrap();
        assert_eq!(found.copies, 20);
        assert_eq!(found.first[85], 5);
        assert!((0..80).all(|row| found.first[row] == row));
        assert_eq!(copied_rows(&table, &COLUMNS, &rows[..80]), None);
        assert_eq!(rows_in(&table, &table, &COLUMNS), 100);
    }

    #[test]
    fn numbers_that_a_network_cannot_tell_apart_are_equal() {
        let texts = (0..50).map(row);
        let near = |n: usize| format!("{}.2500000001,{}.00000001,{}", n * 37 % 101, n * 11, n % 2);
        let table = table(texts.chain((1..6).map(near)));
        let rows: Vec<usize> = (0..55).collect();
        let found = copied_rows(&table, &COLUMNS, &rows).unwrap();
        assert_eq!(found.first[50..], [1, 2, 3, 4, 5]);
    }

    #[test]
    fn rows_with_equal_features_and_targets_of_their_own_are_no_copies() {
        // Five people of each of twenty cities.
        let person = |n: usize| format!("{}.5,{},{}", n % 20, n % 20 * 7, (n / 20 + n) % 2);
        let people = table((0..100).map(person));
        let rows: Vec<usize> = (0..100).collect();
        assert_eq!(copied_rows(&people, &COLUMNS, &rows), None);
        assert_eq!(rows_in(&people, &people, &COLUMNS), 0);
    }

    #[test]
    fn few_values_give_equal_rows_by_chance() {
        let table = table((0..200).map(|n| format!("{},{},{}", n * 7 % 5, n % 3, n % 2)));
        let rows: Vec<usize> = (0..200).collect();
        assert_eq!(copied_rows(&table, &COLUMNS, &rows), None);
    }
}
