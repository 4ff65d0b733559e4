//! Columns of files whose cells have types, but whose columns do not: JSON and Excel.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, LargeStringArray,
    TimestampMicrosecondArray, UInt64Array, new_null_array,
};
use arrow_schema::{DataType, Field, Fields, TimeUnit};

use crate::category::{boolean_name, number_name};

/// A cell with a type of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TypedValue {
    Null,
    Boolean(bool),
    #[cfg_attr(not(feature = "json"), expect(dead_code))]
    Integer(i128),
    Number(f64),
    /// Microseconds since 1970.
    #[cfg_attr(not(feature = "excel"), expect(dead_code))]
    Date(i64),
    Text(String),
    /// A list or an object, which cannot be read.
    #[cfg_attr(not(feature = "json"), expect(dead_code))]
    List,
    #[cfg_attr(not(feature = "json"), expect(dead_code))]
    Object,
}

/// The types of the cells of a column so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TypesFound {
    boolean: bool,
    integer: bool,
    /// An integer that does not fit 64 bits with a sign, and one that does not fit without.
    beyond: [bool; 2],
    number: bool,
    date: bool,
    text: bool,
    list: bool,
    object: bool,
}

/// The most digits of a whole number of 128 bits.
const MAX_DIGITS: u8 = 38;

impl TypesFound {
    pub fn add(&mut self, value: &TypedValue) {
        match value {
            TypedValue::Null => {}
            TypedValue::Boolean(_) => self.boolean = true,
            TypedValue::Integer(whole) => {
                self.integer = true;
                self.beyond[0] |= i64::try_from(*whole).is_err();
                self.beyond[1] |= u64::try_from(*whole).is_err();
            }
            TypedValue::Number(_) => self.number = true,
            TypedValue::Date(_) => self.date = true,
            TypedValue::Text(_) => self.text = true,
            TypedValue::List => self.list = true,
            TypedValue::Object => self.object = true,
        }
    }

    /// The type that holds all cells; text if their types differ.
    pub fn data_type(&self) -> DataType {
        let scalars = [
            self.boolean,
            self.integer || self.number,
            self.date,
            self.text,
        ];
        match scalars.iter().filter(|&&found| found).count() {
            _ if self.object => DataType::Struct(Fields::empty()),
            _ if self.list => DataType::List(Arc::new(Field::new("item", DataType::Null, true))),
            0 => DataType::Null,
            1 if self.boolean => DataType::Boolean,
            1 if self.number => DataType::Float64,
            1 if self.date => DataType::Timestamp(TimeUnit::Microsecond, None),
            1 if self.integer => match self.beyond {
                [false, _] => DataType::Int64,
                [true, false] => DataType::UInt64,
                [true, true] => DataType::Decimal128(MAX_DIGITS, 0),
            },
            _ => DataType::LargeUtf8,
        }
    }
}

/// The array of a column's cells, of the type that [`TypesFound::data_type`] chose. A cell has its row; the others
/// are missing.
pub(crate) fn array(cells: &[(usize, TypedValue)], rows: usize, data_type: &DataType) -> ArrayRef {
    if cells.is_empty() {
        return new_null_array(data_type, rows);
    }
    let integers = || {
        all_rows(cells, rows, |value| match value {
            TypedValue::Integer(whole) => Some(*whole),
            _ => None,
        })
    };
    match data_type {
        DataType::Boolean => {
            let booleans = all_rows(cells, rows, |value| match value {
                TypedValue::Boolean(value) => Some(*value),
                _ => None,
            });
            Arc::new(booleans.collect::<BooleanArray>())
        }
        DataType::Int64 => {
            let integers = integers().map(|whole| i64::try_from(whole?).ok());
            Arc::new(integers.collect::<Int64Array>())
        }
        DataType::UInt64 => {
            let integers = integers().map(|whole| u64::try_from(whole?).ok());
            Arc::new(integers.collect::<UInt64Array>())
        }
        DataType::Decimal128(..) => {
            let integers = integers().collect::<Decimal128Array>();
            Arc::new(integers.with_data_type(data_type.clone()))
        }
        DataType::Float64 => {
            let numbers = all_rows(cells, rows, |value| match value {
                TypedValue::Integer(whole) => Some(*whole as f64),
                TypedValue::Number(number) => Some(*number),
                _ => None,
            });
            Arc::new(numbers.collect::<Float64Array>())
        }
        DataType::Timestamp(..) => {
            let dates = all_rows(cells, rows, |value| match value {
                TypedValue::Date(microseconds) => Some(*microseconds),
                _ => None,
            });
            Arc::new(dates.collect::<TimestampMicrosecondArray>())
        }
        DataType::LargeUtf8 => {
            let texts = all_rows(cells, rows, as_text);
            Arc::new(texts.collect::<LargeStringArray>())
        }
        unreadable => new_null_array(unreadable, rows),
    }
}

/// The values of all rows.
fn all_rows<T: Clone>(
    cells: &[(usize, TypedValue)],
    rows: usize,
    value: impl Fn(&TypedValue) -> Option<T>,
) -> impl Iterator<Item = Option<T>> {
    let mut all = vec![None; rows];
    for (row, cell) in cells {
        if let Some(place) = all.get_mut(*row) {
            *place = value(cell);
        }
    }
    all.into_iter()
}

/// A cell as it would be in a CSV file; `None` if it is missing.
pub(crate) fn as_text(value: &TypedValue) -> Option<String> {
    match value {
        TypedValue::Null | TypedValue::List | TypedValue::Object => None,
        TypedValue::Boolean(value) => Some(boolean_name(*value).to_string()),
        TypedValue::Integer(whole) => Some(whole.to_string()),
        TypedValue::Number(number) => Some(number_name(*number)),
        TypedValue::Date(microseconds) => {
            let moment = chrono::DateTime::from_timestamp_micros(*microseconds)?.naive_utc();
            let date = moment.date().to_string();
            Some(match moment.time() == chrono::NaiveTime::MIN {
                true => date,
                false => moment.to_string(),
            })
        }
        TypedValue::Text(text) => Some(text.clone()),
    }
}
