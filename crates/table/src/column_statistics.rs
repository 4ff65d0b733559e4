//! Statistics of one pass over a column.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use foldhash::fast::RandomState;

use crate::cell::{Cell, within_range};
use crate::date_format::{DateFormat, DateNotation};
use crate::date_shapes::{ShapeCounts, is_short_month};
use crate::error::TableError;
use crate::index_column::RowNumbers;
use crate::missing_words::NEVER_VALUES;
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
    /// Whether a number is neither a day such as `20240131` nor a time of one.
    pub other_than_days: bool,
    /// Numbers that may be months of years.
    pub shapes: ShapeCounts,
    /// Those such as `1.2023`, which have no zero in front of the month.
    pub short_months: usize,
    /// The first number with leading zeros.
    pub leading_zero: Option<String>,
    /// The first whole number that an `f64` cannot hold.
    pub large: Option<String>,
    pub row_numbers: RowNumbers,
    pub sentinels: Sentinels,
    /// Number of different texts, up to [`MAX_DISTINCT`].
    pub texts: usize,
    /// Number of different numbers, up to [`MAX_DISTINCT`].
    pub values: usize,
    /// The words of [`NEVER_VALUES`] among the texts.
    pub never_values: Vec<&'static str>,
}

/// What is different in a column. It takes more memory than the column, and so it does not outlive the pass.
#[derive(Default)]
struct Different {
    texts: HashSet<String, RandomState>,
    values: HashSet<u64, RandomState>,
    /// The bits of the typed numbers and dates whose text was looked at.
    typed: HashSet<u64, RandomState>,
}

impl Different {
    /// Whether the text of a cell may be a new one. It takes time to write typed values as text.
    fn may_be_new(&mut self, cell: &Cell) -> bool {
        match *cell {
            Cell::Number(number) => self.typed.insert(number.to_bits()),
            Cell::Date(seconds) => self.typed.insert(seconds.to_bits()),
            _ => true,
        }
    }
}

impl ColumnStatistics {
    /// The statistics of a column.
    pub fn of(table: &Table, name: &str) -> Result<Self, TableError> {
        let mut found = Self::default();
        let mut different = Different::default();
        for (row, cell) in table.column(name)?.cells().enumerate() {
            found.rows += 1;
            found.add(row, &cell, &mut different);
        }
        found.texts = different.texts.len();
        found.values = different.values.len();
        let is_there = |word: &&str| different.texts.contains(*word);
        found.never_values = NEVER_VALUES.into_iter().filter(is_there).collect();
        Ok(found)
    }

    fn add(&mut self, row: usize, cell: &Cell, different: &mut Different) {
        if *cell == Cell::Missing {
            self.missing += 1;
            return;
        }
        if !matches!(cell, Cell::Boolean(_))
            && let Some(number) = cell.number()
        {
            self.add_number(row, number, cell, different);
        }
        self.booleans += usize::from(cell.boolean().is_some());
        if let Some(seconds) = cell.date() {
            self.dates += 1;
            self.sentinels.add(seconds);
        }
        if different.texts.len() < MAX_DISTINCT
            && different.may_be_new(cell)
            && let Some(text) = cell.category()
            && !different.texts.contains(text.as_ref())
        {
            different.texts.insert(text.into_owned());
        }
    }

    fn add_number(&mut self, row: usize, number: f64, cell: &Cell, different: &mut Different) {
        self.numbers += 1;
        if !within_range(number) {
            self.infinite += 1;
        } else if different.values.len() < MAX_DISTINCT {
            different.values.insert((number + 0.0).to_bits());
        }
        self.fractions |= number.fract() != 0.0;
        self.other_than_days = self.other_than_days || !is_day(number);
        self.row_numbers.add(row, number);
        if let Cell::Integer(whole) = cell
            && self.large.is_none()
            && number.abs() >= MAX_WHOLE
        {
            self.large = Some(whole.unsigned_abs().to_string());
        }
        if let Cell::Text(text) = cell {
            self.shapes.add(text);
            self.short_months += usize::from(is_short_month(text));
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

    /// Whether most values are months of years, such as `01.2023`, that numbers are not written like.
    pub fn are_months(&self) -> bool {
        self.all_numbers() && self.shapes.are_mostly_months(self.numbers)
    }

    /// Whether all values are numbers that may be months of years: `10.2023` or `2023.10`.
    pub fn may_be_months(&self) -> bool {
        let all = self.numbers > 0 && self.all_numbers();
        all && self.shapes.most(self.numbers).is_some()
    }

    /// Whether all values are numbers that may be months of years without a zero in front: `1.2023` and
    /// `10.2023`. Numbers that are all near each other, such as rates of exchange, are none.
    pub fn may_be_short_months(&self) -> bool {
        let months = self.short_months + self.shapes.months_first;
        let differ = self.row_numbers.high() - self.row_numbers.low() >= 2.0;
        self.short_months > 0 && self.all_numbers() && months == self.numbers && differ
    }

    /// The first number with leading zeros, if all values are whole numbers.
    pub fn code(&self) -> Option<&String> {
        let whole = self.all_numbers() && !self.fractions && self.row_numbers.low() >= 0.0;
        self.leading_zero.as_ref().filter(|_| whole)
    }
}

/// Whether a number is a day such as `20240131`, or a minute or a second of one: `20240131130500`.
fn is_day(number: f64) -> bool {
    const RANGES: [RangeInclusive<f64>; 3] = [
        19_000_101.0..=20_991_231.0,
        190_001_010_000.0..=209_912_312_359.0,
        19_000_101_000_000.0..=20_991_231_235_959.0,
    ];
    let format = DateFormat::new(DateNotation::Compact);
    let in_range = RANGES.iter().any(|range| range.contains(&number));
    in_range && format.read_number(number).is_some()
}

/// The text, if it consists of digits.
fn digits(text: &str) -> Option<String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.to_string())
}
