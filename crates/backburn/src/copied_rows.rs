//! Rows of a table that are copies or near-copies of each other, or of rows of another table.

use backburn_table::{ColumnKind, Table};

use crate::equal_rows::{are_by_chance, equal_rows, known_rows, share_the_target};
use crate::rounding::Rounding;

/// Near-copies are also compared with steps that are larger by this factor.
const LARGER: f64 = 10.0;
/// With larger steps, there are at most as many more pairs of near-copies as this. Where values are continuous, there are
/// at least ten times as many.
const MOST_GROWTH: f64 = 2.0;
/// In a small table, fewer pairs of rows than these are also near each other where values are continuous.
const MIN_PAIRS: f64 = 3.0;

/// Rows of a table that are copies or near-copies of each other.
#[derive(Debug, PartialEq)]
pub(crate) struct CopiedRows {
    /// For each row of the table, the first row that it is a copy or a near-copy of, or itself.
    pub first: Vec<usize>,
    /// The number of rows that are copies of earlier rows.
    pub copies: usize,
    /// The number of further rows that are near-copies of earlier rows.
    pub near: usize,
}

/// The rows among `rows` that are equal in all of the columns, which are the features and, as the last one, the target;
/// and those that are equal when numbers are rounded to a thousandth of the interquartile range of their column.
///
/// `None` if there are none, or if equal rows are different observations: there are about as many as chance gives, since a
/// few columns have a few values each; or rows that are equal in the features have the same target about as often as any
/// two rows. Rows that are nearly equal are also different observations if there are hardly any, or if many more rows are a
/// little further from each other, as in tables whose numbers are continuous.
pub(crate) fn copied_rows(
    table: &Table,
    columns: &[(&str, ColumnKind)],
    rows: &[usize],
) -> Option<CopiedRows> {
    let exact = equal_rows(table, columns, rows, &Rounding::none())?;
    let known = Known {
        table,
        columns,
        rows,
        possible: rows.len() as f64 * (rows.len() as f64 - 1.0) / 2.0,
    };
    let copies = exact.copies;
    let first = (copies > 0).then_some(exact.first);
    if copies > 0 && !known.are_copies([exact.pairs, exact.pairs_in_features]) {
        return None;
    }
    let pairs = |rounding: &Rounding| {
        let found = equal_rows(table, columns, rows, rounding);
        found.map_or([0.0; 2], |found| [found.pairs, found.pairs_in_features])
    };
    let Some(rounding) = known.near_copies(exact.pairs, pairs) else {
        return first.map(|first| CopiedRows {
            first,
            copies,
            near: 0,
        });
    };
    drop(first);
    let mut first = equal_rows(table, columns, rows, &rounding)?.first;
    // Numbers on both sides of a limit between rounded numbers are in the middle between those of the other limits.
    let moved = equal_rows(table, columns, rows, &rounding.moved())?.first;
    let mut all = 0;
    for &row in rows {
        let earlier = if first[row] == row {
            moved[row]
        } else {
            first[row]
        };
        // Earlier rows have their first row already.
        first[row] = if earlier == row { row } else { first[earlier] };
        all += usize::from(first[row] != row);
    }
    let near = all.saturating_sub(copies);
    Some(CopiedRows {
        first,
        copies,
        near,
    })
}

/// How many rows of `table` are equal to a row of `known` in all of the columns, and how many others are nearly equal to
/// one, as [`copied_rows`] compares them; 0 if chance gives about as many. Both are read in the same format.
pub(crate) fn rows_in(
    table: &Table,
    known: &Table,
    columns: &[(&str, ColumnKind)],
) -> (usize, usize) {
    if columns.is_empty() {
        return (0, 0);
    }
    let exact = known_rows(table, known, columns, &Rounding::none());
    let copies = count(&exact.is_known);
    let rows: Vec<usize> = (0..known.rows()).collect();
    let compared = Known {
        table: known,
        columns,
        rows: &rows,
        possible: table.rows() as f64 * known.rows() as f64,
    };
    if copies > 0 && !compared.are_copies([exact.pairs, exact.pairs_in_features]) {
        return (0, 0);
    }
    let pairs = |rounding: &Rounding| {
        let found = known_rows(table, known, columns, rounding);
        [found.pairs, found.pairs_in_features]
    };
    let Some(rounding) = compared.near_copies(exact.pairs, pairs) else {
        return (copies, 0);
    };
    let near = known_rows(table, known, columns, &rounding).is_known;
    let moved = known_rows(table, known, columns, &rounding.moved()).is_known;
    let either: Vec<bool> = near.iter().zip(moved).map(|(a, b)| *a || b).collect();
    (copies, count(&either).saturating_sub(copies))
}

fn count(are: &[bool]) -> usize {
    are.iter().filter(|is| **is).count()
}

/// The rows that others are compared with.
struct Known<'a> {
    table: &'a Table,
    /// The features and, as the last one, the target.
    columns: &'a [(&'a str, ColumnKind)],
    rows: &'a [usize],
    /// The number of pairs that are compared.
    possible: f64,
}

impl Known<'_> {
    /// Whether equal rows are copies. `pairs` are those that are equal in all columns and those that are equal in the
    /// features.
    fn are_copies(&self, pairs: [f64; 2]) -> bool {
        let Self {
            table,
            columns,
            rows,
            possible,
        } = *self;
        let none = Rounding::none();
        share_the_target(table, columns, rows, pairs)
            && !are_by_chance(table, columns, rows, &none, (pairs[0], possible))
    }

    /// How numbers are rounded where there are near-copies. `exact` is the number of pairs of equal rows. `pairs` counts
    /// those that are equal in all columns and those that are equal in the features, for rounded numbers.
    fn near_copies(&self, exact: f64, pairs: impl Fn(&Rounding) -> [f64; 2]) -> Option<Rounding> {
        let Self {
            table,
            columns,
            rows,
            possible,
        } = *self;
        let rounding = Rounding::of_columns(table, columns, rows);
        if rounding.is_exact() {
            return None;
        }
        let further = pairs(&rounding.with_larger_steps(LARGER))[0] - exact;
        if further <= 0.0 {
            return None;
        }
        let rounded = pairs(&rounding);
        let near = rounded[0] - exact;
        let (_, features) = columns.split_last()?;
        let are_copies = near >= MIN_PAIRS
            && further <= MOST_GROWTH * near
            && share_the_target(table, columns, rows, rounded)
            && !are_by_chance(table, features, rows, &rounding, (near, possible));
        are_copies.then_some(rounding)
    }
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
        assert_eq!((found.copies, found.near), (20, 0));
        assert_eq!(found.first[85], 5);
        assert!((0..80).all(|row| found.first[row] == row));
        assert_eq!(copied_rows(&table, &COLUMNS, &rows[..80]), None);
        assert_eq!(rows_in(&table, &table, &COLUMNS), (100, 0));
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
        assert_eq!(rows_in(&people, &people, &COLUMNS), (0, 0));
    }

    #[test]
    fn few_values_give_equal_rows_by_chance() {
        let table = table((0..200).map(|n| format!("{},{},{}", n * 7 % 5, n % 3, n % 2)));
        let rows: Vec<usize> = (0..200).collect();
        assert_eq!(copied_rows(&table, &COLUMNS, &rows), None);
    }

    /// Numbers from 0 to below 1 that look random.
    fn random(n: usize) -> f64 {
        let bits = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (bits ^ bits >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) as f64 / u64::MAX as f64
    }

    /// A row of random numbers with a class.
    fn measured(n: usize, error: f64) -> String {
        let (a, b) = (random(2 * n), random(2 * n + 1));
        format!("{},{},{}", a + error, 50.0 * (b - error), n % 2)
    }

    #[test]
    fn rows_that_differ_in_the_last_digits_are_near_copies() {
        let rows = (0..300).map(|n| measured(n, 0.0));
        let near = (0..40).map(|n| measured(n, 1e-6 * (random(n + 1000) + 1.0)));
        let table = table(rows.chain(near));
        let rows: Vec<usize> = (0..340).collect();
        let found = copied_rows(&table, &COLUMNS, &rows).unwrap();
        assert_eq!((found.copies, found.near), (0, 40));
        assert!((0..40).all(|row| found.first[300 + row] == row));
        assert!((0..300).all(|row| found.first[row] == row));
        let part: Vec<usize> = (300..340).collect();
        let test = table.select("test", &part).unwrap();
        let known = table.select("known", &rows[..300]).unwrap();
        assert_eq!(rows_in(&test, &known, &COLUMNS), (0, 40));
        assert_eq!(
            rows_in(&known.select("t", &[0, 1]).unwrap(), &known, &COLUMNS),
            (2, 0)
        );
    }

    #[test]
    fn a_few_near_rows_are_no_sign_of_copies() {
        let columns = ["a", "b", "c", "d"].map(|name| (name, ColumnKind::Numeric));
        let row = |n: usize, error: f64| {
            let numbers = (0..4).map(|column| (random(4 * n + column) + error).to_string());
            numbers.collect::<Vec<_>>().join(",")
        };
        let near = |copies: usize| {
            let rows = (0..100).map(|n| row(n, 0.0));
            let rows = rows.chain((0..copies).map(|n| row(n, 1e-6)));
            let csv = format!("a,b,c,d\n{}\n", rows.collect::<Vec<_>>().join("\n"));
            let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default());
            let table = table.unwrap();
            let rows: Vec<usize> = (0..table.rows()).collect();
            copied_rows(&table, &columns, &rows).map(|found| found.near)
        };
        assert_eq!(near(2), None);
        assert_eq!(near(5), Some(5));
    }

    #[test]
    fn copies_and_near_copies_are_counted_apart() {
        let rows = (0..200).map(|n| measured(n, 0.0));
        let near = (0..10).map(|n| measured(n, 1e-6));
        let copies = (0..30).map(|n| measured(n, 0.0));
        let table = table(rows.chain(near).chain(copies));
        let rows: Vec<usize> = (0..240).collect();
        let found = copied_rows(&table, &COLUMNS, &rows).unwrap();
        assert_eq!((found.copies, found.near), (30, 10));
        assert_eq!(found.first[205], 5);
        assert_eq!(found.first[215], 5);
    }

    #[test]
    fn rows_of_continuous_numbers_that_are_near_each_other_are_no_copies() {
        // So many rows that some are very near each other, in all columns.
        let smooth = (0..3000).map(|n| {
            let x = random(n);
            format!("{x},{},{}", x * x, u8::from(x > 0.5))
        });
        let table = table(smooth);
        let rows: Vec<usize> = (0..3000).collect();
        assert_eq!(copied_rows(&table, &COLUMNS, &rows), None);
        assert_eq!(rows_in(&table, &table, &COLUMNS).1, 0);
    }
}
