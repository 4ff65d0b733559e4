//! Statistics of one pass over a column.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use crate::cell::{Cell, within_range};
use crate::error::TableError;
use crate::index_column::RowNumbers;
use crate::sentinel::Sentinels;
use crate::table::Table;

/// Different values are counted up to this number.
pub(crate) const MAX_DISTINCT: usize = 100_000;
/// The largest whole number up to which an `f64` holds every whole number.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Statistics of one pass over a column.
#[derive(Default)]
pub(crate) struct ColumnStatistics {
    pub rows: usize,
    pub missing: usize,
    pub numbers: usize,
    pub infinite: usize,
    pub booleans: usize,
    pub dates: usize,
    /// Whether a number is not whole.
    pub fractions: bool,
    /// The first number with leading zeros.
    pub leading_zero: Option<String>,
    /// The first whole number that an `f64` cannot hold.
    pub large: Option<String>,
    pub row_numbers: RowNumbers,
    pub sentinels: Sentinels,
    pub texts: HashSet<String, RandomState>,
    pub values: HashSet<u64, RandomState>,
    /// The bits of the typed numbers and dates whose text was looked at.
    typed: HashSet<u64, RandomState>,
}

impl ColumnStatistics {
    /// The statistics of a column.
    pub fn of(table: &Table, name: &str) -> Result<Self, TableError> {
        let mut found = Self::default();
        for (row, cell) in table.column(name)?.cells().enumerate() {
            found.rows += 1;
            found.add(row, &cell);
        }
        Ok(found)
    }

    fn add(&mut self, row: usize, cell: &Cell) {
        if *cell == Cell::Missing {
            self.missing += 1;
            return;
        }
        if !matches!(cell, Cell::Boolean(_))
            && let Some(number) = cell.number()
        {
            self.add_number(row, number, cell);
        }
        self.booleans += usize::from(cell.boolean().is_some());
        if let Some(seconds) = cell.date() {
            self.dates += 1;
            self.sentinels.add(seconds);
        }
        if self.texts.len() < MAX_DISTINCT
            && self.may_be_new(cell)
            && let Some(text) = cell.category()
            && !self.texts.contains(text.as_ref())
        {
            self.texts.insert(text.into_owned());
        }
    }

    /// Whether the text of a cell may be a new one. It takes time to write typed values as text.
    fn may_be_new(&mut self, cell: &Cell) -> bool {
        match *cell {
            Cell::Number(number) => self.typed.insert(number.to_bits()),
            Cell::Date(seconds) => self.typed.insert(seconds.to_bits()),
            _ => true,
        }
    }

    fn add_number(&mut self, row: usize, number: f64, cell: &Cell) {
        self.numbers += 1;
        if !within_range(number) {
            self.infinite += 1;
        } else if self.values.len() < MAX_DISTINCT {
            self.values.insert((number + 0.0).to_bits());
        }
        self.fractions |= number.fract() != 0.0;
        self.row_numbers.add(row, number);
        if let Cell::Integer(whole) = cell
            && self.large.is_none()
            && number.abs() >= MAX_WHOLE
        {
            self.large = Some(whole.unsigned_abs().to_string());
        }
        if let Cell::Text(text) = cell {
            if self.leading_zero.is_none() && text.len() > 1 && text.starts_with('0') {
                self.leading_zero = digits(text);
            }
            if self.large.is_none() && number.abs() >= MAX_WHOLE {
                self.large = digits(text.strip_prefix('-').unwrap_or(text));
            }
        }
    }

    /// Rows with a value.
    pub fn present(&self) -> usize {
        self.rows - self.missing
    }

    /// Whether all values are numbers.
    pub fn all_numbers(&self) -> bool {
        self.present() == self.numbers
    }

    /// Whether all values are booleans.
    pub fn all_booleans(&self) -> bool {
        self.present() == self.booleans
    }

    /// Whether all values are dates.
    pub fn all_dates(&self) -> bool {
        self.present() == self.dates
    }

    /// The first number with leading zeros, if all values are whole numbers.
    pub fn code(&self) -> Option<&String> {
        let whole = self.all_numbers() && !self.fractions && self.row_numbers.low() >= 0.0;
        self.leading_zero.as_ref().filter(|_| whole)
    }
}

/// The text, if it consists of digits.
fn digits(text: &str) -> Option<String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.to_string())
}
