//! Rows of a table that are copies or near-copies of each other, or of rows of another table.

use backburn_table::Table;

use crate::equal_rows::{
    Columns, are_by_chance, equal_known_rows, equal_pairs, equal_rows, share_the_target,
};
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
pub(crate) fn copied_rows(table: &Table, columns: &Columns, rows: &[usize]) -> Option<CopiedRows> {
    let exact = equal_rows(table, columns, rows, &Rounding::none())?;
    let compared = Compared {
        table,
        columns,
        rows,
        possible: rows.len() as f64 * (rows.len() as f64 - 1.0) / 2.0,
        pairs: &|columns, rounding| equal_pairs(table, columns, rows, rounding),
    };
    let copies = exact.copies;
    let first = (copies > 0).then_some(exact.first);
    // Of near-copies of a number, some are equal in the features and differ in the last digits of the target.
    let are_copies = copies == 0 || compared.are_copies(exact.pairs);
    let Some(rounding) = compared.near_copies(exact.pairs) else {
        return first.filter(|_| are_copies).map(|first| CopiedRows {
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

/// The number of rows of a table without a target that are equal to earlier ones in all of the columns; 0 if chance gives
/// about as many equal rows.
pub(crate) fn copies_without_target(table: &Table, columns: &Columns) -> usize {
    let rows: Vec<usize> = (0..table.rows()).collect();
    let none = Rounding::none();
    let Some(exact) = equal_rows(table, columns, &rows, &none) else {
        return 0;
    };
    let possible = rows.len() as f64 * (rows.len() as f64 - 1.0) / 2.0;
    let pairs = (exact.pairs, possible);
    match exact.copies > 0 && are_by_chance(table, columns, &rows, &none, pairs) {
        true => 0,
        false => exact.copies,
    }
}

/// How many rows of `table` are equal to a row of `known` in all of the columns, and how many others are nearly equal to
/// one, as [`copied_rows`] compares them; 0 if chance gives about as many. Both are read in the same format.
pub(crate) fn rows_in(table: &Table, known: &Table, columns: &Columns) -> (usize, usize) {
    let equal =
        |columns: &Columns, rounding: &Rounding| equal_known_rows(table, known, columns, rounding);
    let exact = equal(columns, &Rounding::none());
    let copies = count(&exact);
    let pairs = sum(&exact);
    let rows: Vec<usize> = (0..known.rows()).collect();
    let compared = Compared {
        table: known,
        columns,
        rows: &rows,
        possible: table.rows() as f64 * known.rows() as f64,
        pairs: &|columns, rounding| sum(&equal(columns, rounding)),
    };
    let are_copies = copies == 0 || compared.are_copies(pairs);
    let Some(rounding) = compared.near_copies(pairs) else {
        return (if are_copies { copies } else { 0 }, 0);
    };
    let near = equal(columns, &rounding);
    let moved = equal(columns, &rounding.moved());
    let either: Vec<usize> = near.iter().zip(moved).map(|(a, b)| a + b).collect();
    (copies, count(&either).saturating_sub(copies))
}

/// How many rows are equal to at least one.
fn count(equal: &[usize]) -> usize {
    equal.iter().filter(|equal| **equal > 0).count()
}

fn sum(equal: &[usize]) -> f64 {
    equal.iter().sum::<usize>() as f64
}

/// Rows that are compared with each other, or with those of another table.
struct Compared<'a> {
    table: &'a Table,
    /// The features and, as the last one, the target.
    columns: &'a Columns<'a>,
    rows: &'a [usize],
    /// The number of pairs that are compared.
    possible: f64,
    /// Those that are equal in some columns, for rounded numbers.
    pairs: &'a dyn Fn(&Columns, &Rounding) -> f64,
}

impl Compared<'_> {
    /// Whether equal rows, of which there are so many pairs, are copies.
    fn are_copies(&self, pairs: f64) -> bool {
        let none = Rounding::none();
        self.have_the_same_target(pairs, &none) && !self.are_by_chance(self.columns, pairs, &none)
    }

    /// How numbers are rounded where there are near-copies. `exact` is the number of pairs of equal rows.
    fn near_copies(&self, exact: f64) -> Option<Rounding> {
        let rounding = Rounding::of_columns(self.table, self.columns, self.rows);
        if rounding.is_exact() {
            return None;
        }
        // All rows that are equal with smaller steps are equal with larger ones.
        let further = (self.pairs)(self.columns, &rounding.with_larger_steps(LARGER)) - exact;
        if further < MIN_PAIRS {
            return None;
        }
        let pairs = (self.pairs)(self.columns, &rounding);
        let near = pairs - exact;
        let (_, features) = self.columns.split_last()?;
        let are_copies = near >= MIN_PAIRS
            && further <= MOST_GROWTH * near
            && self.have_the_same_target(pairs, &rounding)
            && !self.are_by_chance(features, near, &rounding);
        are_copies.then_some(rounding)
    }

    /// Whether rows that are equal in the features mostly have the same target, where so many pairs are equal in all columns.
    fn have_the_same_target(&self, pairs: f64, rounding: &Rounding) -> bool {
        self.columns.split_last().is_some_and(|(_, features)| {
            let in_features = (self.pairs)(features, rounding);
            share_the_target(self.table, self.columns, self.rows, [pairs, in_features])
        })
    }

    fn are_by_chance(&self, columns: &Columns, pairs: f64, rounding: &Rounding) -> bool {
        are_by_chance(
            self.table,
            columns,
            self.rows,
            rounding,
            (pairs, self.possible),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::{ColumnKind, ReadOptions};

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
        assert_eq!(copies_without_target(&table, &COLUMNS), 20);
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
        assert_eq!(copies_without_target(&table, &COLUMNS), 0);
        assert_eq!(copies_without_target(&table, &[]), 0);
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
    fn near_copies_may_be_equal_in_the_features_alone() {
        let columns = ["a", "b", "c"].map(|name| (name, ColumnKind::Numeric));
        // Each of 60 rows five times, with errors in the last digits of some numbers.
        let row = |n: usize| {
            let number = |column: usize| {
                let error = [0.0, 0.0, 1e-6, -1e-6][(random(7 * n + column) * 4.0) as usize % 4];
                (random(5000 + 3 * (n % 60) + column) + error).to_string()
            };
            (0..3).map(number).collect::<Vec<_>>().join(",")
        };
        let table = table((0..300).map(row));
        let rows: Vec<usize> = (0..300).collect();
        let found = copied_rows(&table, &columns, &rows).unwrap();
        assert!(found.copies > 0, "{found:?}");
        assert!(found.copies + found.near > 230, "{found:?}");
        let (test, known) = (&rows[240..], &rows[..240]);
        let test = table.select("test", test).unwrap();
        let known = table.select("known", known).unwrap();
        let (copies, near) = rows_in(&test, &known, &columns);
        assert!(copies + near > 57, "{copies} {near}");
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
