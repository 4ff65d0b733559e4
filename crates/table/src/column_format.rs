//! How the text of a column is read as values.

use std::fmt;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, LargeStringBuilder, TimestampMicrosecondBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::column::Column;
use crate::column_kind::ColumnKind;
use crate::date_format::DateFormat;
use crate::duration_format::DurationFormat;
use crate::missing_words::MissingWords;
use crate::number_format::NumberFormat;

/// How the text of a column is read as values, where it is not read as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnFormat {
    /// Numbers.
    Number(NumberFormat),
    /// Dates.
    Date(DateFormat),
    /// Times of day and durations, as numbers of hours.
    Duration(DurationFormat),
    /// Text in which `NA`, `None`, `null` and the like are text. Only an empty field is missing.
    Text,
}

impl fmt::Display for ColumnFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(format) => format.fmt(f),
            Self::Date(format) => format.notation.fmt(f),
            Self::Duration(_) => f.write_str("hours"),
            Self::Text => f.write_str("NA, None and the like are text"),
        }
    }
}

/// A value that text stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    Missing,
    Number(f64),
    /// Microseconds since 1970.
    Moment(i64),
}

/// A value that cannot be read: the index of its row, and its text.
pub(crate) type Unreadable = (usize, String);

impl ColumnFormat {
    /// The kind of the column that is read.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Number(_) | Self::Duration(_) => ColumnKind::Numeric,
            Self::Date(_) => ColumnKind::Date,
            Self::Text => ColumnKind::Categorical,
        }
    }

    /// What the values of such a column are, for error messages: "column `a` holds numbers with a decimal
    /// comma".
    pub fn expected(&self) -> &'static str {
        match self {
            Self::Number(format) if format.decimal == ',' => "numbers with a decimal comma",
            Self::Number(format) if format.thousands.is_some() => "numbers with a decimal point",
            Self::Duration(_) => "times of day or durations, such as 14:30",
            Self::Date(format) => format.notation.expected(),
            Self::Number(_) | Self::Text => self.kind().expected(),
        }
    }

    /// The same format, with which other text is an error.
    pub(crate) fn strict(&self) -> Self {
        let mut strict = self.clone();
        match &mut strict {
            Self::Number(format) => format.lenient = false,
            Self::Date(format) => format.lenient = false,
            Self::Duration(format) => format.lenient = false,
            Self::Text => {}
        }
        strict
    }

    pub(crate) fn is_lenient(&self) -> bool {
        match self {
            Self::Number(format) => format.lenient,
            Self::Date(format) => format.lenient,
            Self::Duration(format) => format.lenient,
            Self::Text => false,
        }
    }

    /// The value of a cell; `None` if it cannot be read. Values that have the type already are
    /// unchanged.
    pub(crate) fn cell<'a>(&self, cell: Cell<'a>) -> Option<Cell<'a>> {
        let reader = Reader::new(self);
        let value = match cell {
            Cell::Text(_) if *self == Self::Text => return Some(cell),
            Cell::Text(text) => reader.text(text.trim())?,
            Cell::Number(number) if reader.counts_time() => reader.number(number)?,
            Cell::Date(seconds) => reader.moment((seconds * 1e6).round() as i64),
            _ => return Some(cell),
        };
        Some(match value {
            Value::Missing => Cell::Missing,
            Value::Number(number) => Cell::Number(number),
            Value::Moment(micros) => Cell::Date(micros as f64 / 1e6),
        })
    }

    /// The values of an array. Arrays that have the type already are unchanged.
    pub(crate) fn array(
        &self,
        array: &ArrayRef,
        words: &MissingWords,
    ) -> Result<ArrayRef, Unreadable> {
        let reader = Reader::new(self);
        let is_text = matches!(array.data_type(), DataType::Utf8 | DataType::LargeUtf8);
        match (self, array.data_type()) {
            (Self::Text, DataType::Utf8) => Ok(kept_text(array.as_string(), words)),
            (Self::Text, _) => Ok(without_words(array, words)),
            (Self::Number(_) | Self::Duration(_), _) if is_text => reader.numbers(array, words),
            (Self::Date(_), DataType::Timestamp(TimeUnit::Microsecond, None)) => {
                reader.moments(array, words)
            }
            (Self::Date(_), _) if is_text => reader.moments(array, words),
            (Self::Date(_), DataType::Float64 | DataType::Int64) if reader.counts_time() => {
                reader.moments(array, words)
            }
            _ => Ok(without_words(array, words)),
        }
    }
}

/// A format that is ready to read many values.
struct Reader<'a> {
    format: &'a ColumnFormat,
    days: Vec<chrono::NaiveDate>,
}

impl<'a> Reader<'a> {
    fn new(format: &'a ColumnFormat) -> Self {
        let days = match format {
            ColumnFormat::Date(format) => format.days(),
            _ => Vec::new(),
        };
        Self { format, days }
    }

    /// Whether numbers stand for dates.
    fn counts_time(&self) -> bool {
        matches!(self.format, ColumnFormat::Date(format) if format.reads_numbers())
    }

    fn text(&self, text: &str) -> Option<Value> {
        if text.is_empty() {
            return Some(Value::Missing);
        }
        let value = match self.format {
            ColumnFormat::Number(format) => format.read(text).map(Value::Number),
            ColumnFormat::Duration(format) => format.read(text).map(Value::Number),
            ColumnFormat::Date(_) if DateFormat::is_missing(text) => Some(Value::Missing),
            ColumnFormat::Date(format) => format.read(text).map(|moment| self.dated(moment)),
            ColumnFormat::Text => None,
        };
        value.or(self.format.is_lenient().then_some(Value::Missing))
    }

    fn number(&self, number: f64) -> Option<Value> {
        let ColumnFormat::Date(format) = self.format else {
            return Some(Value::Number(number));
        };
        let moment = format.read_number(number);
        let value = moment.map(|moment| self.dated(moment));
        value.or(format.lenient.then_some(Value::Missing))
    }

    fn moment(&self, micros: i64) -> Value {
        match DateTime::from_timestamp_micros(micros) {
            Some(moment) => self.dated(moment.naive_utc()),
            None => Value::Moment(micros),
        }
    }

    fn dated(&self, moment: NaiveDateTime) -> Value {
        match DateFormat::is_sentinel(moment, &self.days) {
            true => Value::Missing,
            false => Value::Moment(moment.and_utc().timestamp_micros()),
        }
    }

    /// The values of an array, row by row, as this format reads them.
    fn values(
        &self,
        array: &ArrayRef,
        words: &MissingWords,
    ) -> impl Iterator<Item = Result<Value, Unreadable>> {
        let integers = array.as_primitive_opt::<Int64Type>().cloned();
        let whole = integers.map(|array| {
            let number =
                |value: Option<i64>| value.map_or(Cell::Missing, |v| Cell::Number(v as f64));
            array.iter().map(number).collect::<Vec<_>>()
        });
        let cells: Box<dyn Iterator<Item = Cell<'_>>> = match whole {
            Some(cells) => Box::new(cells.into_iter()),
            None => Box::new(Column::new([array]).cells()),
        };
        cells.enumerate().map(move |(row, cell)| {
            let value = match cell {
                Cell::Text(text) if words.contains(text.trim()) => Some(Value::Missing),
                Cell::Text(text) => self.text(text.trim()),
                Cell::Number(number) if words.contains_number(number) => Some(Value::Missing),
                Cell::Number(number) => self.number(number),
                Cell::Date(seconds) => Some(self.moment((seconds * 1e6).round() as i64)),
                _ => Some(Value::Missing),
            };
            value.ok_or_else(|| (row, cell.category().unwrap_or_default().into_owned()))
        })
    }

    fn numbers(&self, array: &ArrayRef, words: &MissingWords) -> Result<ArrayRef, Unreadable> {
        let mut numbers = Float64Builder::with_capacity(array.len());
        for value in self.values(array, words) {
            match value? {
                Value::Number(number) => numbers.append_value(number),
                _ => numbers.append_null(),
            }
        }
        Ok(Arc::new(numbers.finish()))
    }

    fn moments(&self, array: &ArrayRef, words: &MissingWords) -> Result<ArrayRef, Unreadable> {
        let mut moments = TimestampMicrosecondBuilder::with_capacity(array.len());
        for value in self.values(array, words) {
            match value? {
                Value::Moment(micros) => moments.append_value(micros),
                _ => moments.append_null(),
            }
        }
        Ok(Arc::new(moments.finish()))
    }
}

/// Text that is missing only where it is empty or one of the words.
fn kept_text(array: &StringArray, words: &MissingWords) -> ArrayRef {
    let mut texts = LargeStringBuilder::new();
    for text in array {
        let text = text.map(str::trim);
        texts.append_option(text.filter(|text| !text.is_empty() && !words.contains(text)));
    }
    Arc::new(texts.finish())
}

/// An array in which the words are missing; the same array if it has none.
pub(crate) fn without_words(array: &ArrayRef, words: &MissingWords) -> ArrayRef {
    if words.is_empty() {
        return array.clone();
    }
    let is_word = |text: Option<&str>| text.is_some_and(|text| words.contains(text.trim()));
    if let Some(texts) = array.as_string_opt::<i32>()
        && texts.iter().any(is_word)
    {
        let kept = texts
            .iter()
            .map(|text| text.filter(|text| !is_word(Some(text))));
        return Arc::new(kept.collect::<StringArray>());
    }
    if let Some(texts) = array.as_string_opt::<i64>()
        && texts.iter().any(is_word)
    {
        let mut kept = LargeStringBuilder::new();
        for text in texts {
            kept.append_option(text.filter(|text| !is_word(Some(text))));
        }
        return Arc::new(kept.finish());
    }
    if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
        let is_word = |number: &f64| words.contains_number(*number);
        if numbers.iter().flatten().any(|number| is_word(&number)) {
            let mut kept = Float64Builder::with_capacity(numbers.len());
            for number in numbers {
                kept.append_option(number.filter(|number| !is_word(number)));
            }
            return Arc::new(kept.finish());
        }
    }
    array.clone()
}
