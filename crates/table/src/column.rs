//! One column of a table.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType, UInt64Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, LargeStringArray, PrimitiveArray, StringArray};
use arrow_schema::{DataType, TimeUnit};

use crate::cell::Cell;
use crate::type_words::type_words;

/// One column of a table: the arrays of its batches, read as a sequence of [`Cell`]s.
///
/// `Utf8` is text of a CSV file, of which some words stand for missing values. `LargeUtf8` is text of a
/// file that has types, and is missing only where it is null.
#[derive(Debug, Clone)]
pub struct Column<'a> {
    chunks: Vec<Chunk<'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Chunk<'a> {
    Text(&'a StringArray),
    TypedText(&'a LargeStringArray),
    Number(&'a PrimitiveArray<Float64Type>),
    Signed(&'a PrimitiveArray<Int64Type>),
    Unsigned(&'a PrimitiveArray<UInt64Type>),
    WholeDecimal(&'a PrimitiveArray<Decimal128Type>),
    Boolean(&'a BooleanArray),
    Date(&'a PrimitiveArray<TimestampMicrosecondType>),
    Unreadable(&'a ArrayRef),
}

impl<'a> Column<'a> {
    /// A column of these arrays, one after the other. Arrays of other types than
    /// [`TableReader`](crate::TableReader) returns hold only missing values.
    pub fn new(arrays: impl IntoIterator<Item = &'a ArrayRef>) -> Self {
        let chunk = |array: &'a ArrayRef| match array.data_type() {
            DataType::Utf8 => Chunk::Text(array.as_string()),
            DataType::LargeUtf8 => Chunk::TypedText(array.as_string()),
            DataType::Float64 => Chunk::Number(array.as_primitive()),
            DataType::Int64 => Chunk::Signed(array.as_primitive()),
            DataType::UInt64 => Chunk::Unsigned(array.as_primitive()),
            DataType::Decimal128(_, 0) => Chunk::WholeDecimal(array.as_primitive()),
            DataType::Boolean => Chunk::Boolean(array.as_boolean()),
            DataType::Timestamp(TimeUnit::Microsecond, None) => Chunk::Date(array.as_primitive()),
            _ => Chunk::Unreadable(array),
        };
        Self {
            chunks: arrays.into_iter().map(chunk).collect(),
        }
    }

    /// What the column holds, in words such as `lists of numbers`, if its values cannot be used.
    pub fn unreadable(&self) -> Option<String> {
        self.chunks.iter().find_map(|chunk| match chunk {
            Chunk::Unreadable(array) if *array.data_type() != DataType::Null => {
                Some(type_words(array.data_type()))
            }
            _ => None,
        })
    }

    /// The values from the first row to the last.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        self.chunks
            .clone()
            .into_iter()
            .flat_map(|chunk| (0..chunk.len()).map(move |row| chunk.cell(row)))
    }
}

impl<'a> Chunk<'a> {
    fn array(&self) -> &dyn Array {
        match self {
            Self::Text(array) => array,
            Self::TypedText(array) => array,
            Self::Number(array) => array,
            Self::Signed(array) => array,
            Self::Unsigned(array) => array,
            Self::WholeDecimal(array) => array,
            Self::Boolean(array) => array,
            Self::Date(array) => array,
            Self::Unreadable(array) => array,
        }
    }

    fn len(&self) -> usize {
        self.array().len()
    }

    fn cell(&self, row: usize) -> Cell<'a> {
        match *self {
            Self::Text(array) if array.is_valid(row) => Cell::from_text(array.value(row)),
            Self::TypedText(array) if array.is_valid(row) => Cell::Text(array.value(row).trim()),
            Self::Number(array) if array.is_valid(row) && !array.value(row).is_nan() => {
                Cell::Number(array.value(row))
            }
            Self::Signed(array) if array.is_valid(row) => Cell::Integer(array.value(row).into()),
            Self::Unsigned(array) if array.is_valid(row) => Cell::Integer(array.value(row).into()),
            Self::WholeDecimal(array) if array.is_valid(row) => Cell::Integer(array.value(row)),
            Self::Boolean(array) if array.is_valid(row) => Cell::Boolean(array.value(row)),
            Self::Date(array) if array.is_valid(row) => Cell::Date(array.value(row) as f64 / 1e6),
            _ => Cell::Missing,
        }
    }
}
