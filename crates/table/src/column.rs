//! One column of a table.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, BooleanArray, LargeStringArray, PrimitiveArray, StringArray};
use arrow_schema::{DataType, TimeUnit};

use crate::cell::Cell;

/// One column of a table: the arrays of its batches, read as a sequence of [`Cell`]s.
#[derive(Debug, Clone)]
pub struct Column<'a> {
    chunks: Vec<Chunk<'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Chunk<'a> {
    Text(&'a StringArray),
    TypedText(&'a LargeStringArray),
    Number(&'a PrimitiveArray<Float64Type>),
    Boolean(&'a BooleanArray),
    Date(&'a PrimitiveArray<TimestampMicrosecondType>),
    Unreadable(&'a ArrayRef),
}

/// The type that a column of this Arrow type is converted to when it is read; `None` for types that
/// cannot be used, such as lists and structures.
#[cfg(feature = "parquet")]
pub(crate) fn stored_type(data_type: &DataType) -> Option<DataType> {
    use DataType::*;
    Some(match data_type {
        Utf8 | LargeUtf8 | Utf8View => Utf8,
        Boolean => Boolean,
        Date32 | Date64 | Timestamp(..) => Timestamp(TimeUnit::Microsecond, None),
        Dictionary(_, values) => stored_type(values)?,
        Null => Utf8,
        numeric if numeric.is_numeric() => Float64,
        _ => return None,
    })
}

impl<'a> Column<'a> {
    /// A column of these arrays, one after the other. Arrays of other types than
    /// [`TableReader`](crate::TableReader) returns hold only missing values.
    pub fn new(arrays: impl IntoIterator<Item = &'a ArrayRef>) -> Self {
        let chunk = |array: &'a ArrayRef| match array.data_type() {
            DataType::Utf8 => Chunk::Text(array.as_string()),
            DataType::LargeUtf8 => Chunk::TypedText(array.as_string()),
            DataType::Float64 => Chunk::Number(array.as_primitive()),
            DataType::Boolean => Chunk::Boolean(array.as_boolean()),
            DataType::Timestamp(TimeUnit::Microsecond, None) => Chunk::Date(array.as_primitive()),
            _ => Chunk::Unreadable(array),
        };
        Self {
            chunks: arrays.into_iter().map(chunk).collect(),
        }
    }

    /// The name of the column's Arrow type, if values of that type cannot be used.
    pub fn unreadable(&self) -> Option<String> {
        self.chunks.iter().find_map(|chunk| match chunk {
            Chunk::Unreadable(array) if *array.data_type() != DataType::Null => {
                Some(array.data_type().to_string())
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
    fn len(&self) -> usize {
        match self {
            Self::Text(array) => array.len(),
            Self::TypedText(array) => array.len(),
            Self::Number(array) => array.len(),
            Self::Boolean(array) => array.len(),
            Self::Date(array) => array.len(),
            Self::Unreadable(array) => array.len(),
        }
    }

    fn cell(&self, row: usize) -> Cell<'a> {
        match *self {
            Self::Text(array) if array.is_valid(row) => Cell::from_text(array.value(row)),
            Self::TypedText(array) if array.is_valid(row) => Cell::Text(array.value(row)),
            Self::Number(array) if array.is_valid(row) && !array.value(row).is_nan() => {
                Cell::Number(array.value(row))
            }
            Self::Boolean(array) if array.is_valid(row) => Cell::Boolean(array.value(row)),
            Self::Date(array) if array.is_valid(row) => Cell::Date(array.value(row) as f64 / 1e6),
            _ => Cell::Missing,
        }
    }
}
