//! The statistics of a column, collected batch by batch in bounded memory.

use std::collections::HashMap;
use std::hash::BuildHasher;

use backburn_table::{Cell, Column, ColumnKind, within_range};
use foldhash::{fast, quality};

/// The statistics of a column so far.
#[derive(Debug)]
pub(crate) struct ColumnSketch {
    kind: ColumnKind,
    /// Different values are counted up to this number.
    max_distinct: usize,
    /// The text of this many different values is kept.
    max_texts: usize,
    pub missing: usize,
    /// Numbers that are infinite or too large for an `f32`.
    pub infinite: usize,
    /// Values that are not of the column's kind.
    pub other_values: usize,
    /// The first of them as text.
    pub first_other_value: Option<String>,
    pub lowest: Extreme,
    pub highest: Extreme,
    /// The number of rows of each value, by the hash of the value.
    counts: HashMap<u64, usize, fast::RandomState>,
    /// The first different values.
    texts: Vec<(u64, String)>,
    hashes: quality::RandomState,
}

/// The smallest or largest number of a column (or a date, in seconds), and the one next to it.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Extreme {
    pub value: Option<f64>,
    pub rows: usize,
    pub next: Option<f64>,
}

impl Extreme {
    fn add(&mut self, number: f64, beyond: impl Fn(f64, f64) -> bool) {
        match self.value {
            Some(value) if value == number => self.rows += 1,
            Some(value) if !beyond(number, value) => {
                if self.next.is_none_or(|next| beyond(number, next)) {
                    self.next = Some(number);
                }
            }
            earlier => {
                *self = Self {
                    value: Some(number),
                    rows: 1,
                    next: earlier,
                };
            }
        }
    }
}

/// What a missing value counts as in the hash of a row.
const MISSING: u64 = 0x9e37_79b9_7f4a_7c15;

impl ColumnSketch {
    pub fn new(kind: ColumnKind, max_distinct: usize, max_texts: usize) -> Self {
        Self {
            kind,
            max_distinct,
            max_texts,
            missing: 0,
            infinite: 0,
            other_values: 0,
            first_other_value: None,
            lowest: Extreme::default(),
            highest: Extreme::default(),
            counts: HashMap::default(),
            texts: Vec::new(),
            hashes: quality::RandomState::default(),
        }
    }

    /// Adds the values of further rows, and returns a hash of each.
    pub fn add(&mut self, column: &Column) -> Vec<u64> {
        column.cells().map(|cell| self.add_cell(&cell)).collect()
    }

    fn add_cell(&mut self, cell: &Cell) -> u64 {
        if *cell == Cell::Missing {
            self.missing += 1;
            return MISSING;
        }
        let number = match self.kind {
            ColumnKind::Numeric => cell.number(),
            ColumnKind::Date => cell.date(),
            _ => None,
        };
        let fits = match self.kind {
            ColumnKind::Numeric | ColumnKind::Date => number.is_some(),
            ColumnKind::Boolean => cell.boolean().is_some(),
            ColumnKind::Categorical | ColumnKind::Ignored => true,
        };
        if !fits {
            self.other_values += 1;
            if self.first_other_value.is_none() {
                self.first_other_value = cell.category().map(|text| text.into_owned());
            }
        }
        let hash = match (number, *cell) {
            (Some(number), _) => self.hashes.hash_one((number + 0.0).to_bits()),
            // Typed values differ as their names do, which take time to write.
            (None, Cell::Number(number)) => self.hashes.hash_one(number.to_bits()),
            (None, Cell::Integer(whole)) => self.hashes.hash_one(whole),
            (None, Cell::Date(seconds)) => self.hashes.hash_one(seconds as i64),
            (None, _) => self.hashes.hash_one(cell.category().unwrap_or_default()),
        };
        match number {
            Some(number) if !within_range(number) => {
                self.infinite += 1;
                return hash;
            }
            Some(number) => {
                self.lowest.add(number, |a, b| a < b);
                self.highest.add(number, |a, b| a > b);
            }
            None => {}
        }
        self.count(hash, cell);
        hash
    }

    fn count(&mut self, hash: u64, cell: &Cell) {
        if let Some(count) = self.counts.get_mut(&hash) {
            *count += 1;
        } else if self.counts.len() < self.max_distinct {
            self.counts.insert(hash, 1);
            if self.texts.len() < self.max_texts {
                let text = cell.category().unwrap_or_default().into_owned();
                self.texts.push((hash, text));
            }
        }
    }

    /// The number of different values.
    pub fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// Whether there may be more different values than were counted.
    pub fn is_full(&self) -> bool {
        self.counts.len() == self.max_distinct
    }

    /// The values whose text is kept, with their numbers of rows, the commonest first.
    pub fn values(&self) -> Vec<(&str, usize)> {
        let count = |hash| self.counts.get(hash).copied().unwrap_or_default();
        let texts = self.texts.iter();
        let mut values: Vec<(&str, usize)> = texts
            .map(|(hash, text)| (text.as_str(), count(hash)))
            .collect();
        values.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        values
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, StringArray};

    use super::*;

    fn sketch(kind: ColumnKind, values: &[&str]) -> (ColumnSketch, Vec<u64>) {
        let array: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
        let mut sketch = ColumnSketch::new(kind, 4, 2);
        let hashes = sketch.add(&Column::new([&array]));
        (sketch, hashes)
    }

    #[test]
    fn numbers_have_a_range_and_extremes() {
        let values = ["3", "-999", "1.0", "1", "NA", "-999", "inf", "abc"];
        let (sketch, hashes) = sketch(ColumnKind::Numeric, &values);
        let Extreme { value, rows, next } = sketch.lowest;
        assert_eq!((value, rows, next), (Some(-999.0), 2, Some(1.0)));
        let Extreme { value, rows, next } = sketch.highest;
        assert_eq!((value, rows, next), (Some(3.0), 1, Some(1.0)));
        assert_eq!(
            (sketch.missing, sketch.infinite, sketch.other_values),
            (1, 1, 1)
        );
        assert_eq!(sketch.first_other_value.as_deref(), Some("abc"));
        // `1.0` and `1` are the same number.
        assert_eq!(hashes[2], hashes[3]);
        assert_eq!(sketch.distinct(), 4);
        assert!(sketch.is_full());
    }

    #[test]
    fn the_commonest_values_come_first() {
        let (sketch, _) = sketch(
            ColumnKind::Categorical,
            &["a", "b", "b", "c", "b", "d", "e"],
        );
        assert_eq!(sketch.values(), [("b", 3), ("a", 1)]);
        assert_eq!(sketch.distinct(), 4);
        assert!(sketch.is_full());
    }
}
