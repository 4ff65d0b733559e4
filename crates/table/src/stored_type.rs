//! Conversion of Arrow arrays to the types that columns are stored as.

use std::sync::Arc;

use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch, RecordBatchOptions};
use arrow_cast::{can_cast_types, cast};
#[cfg(any(feature = "arrow", feature = "parquet"))]
use arrow_schema::SchemaRef;
use arrow_schema::{ArrowError, DataType, Field, IntervalUnit, Schema, TimeUnit};

#[cfg(any(feature = "arrow", feature = "parquet"))]
use crate::column_names::unique_names;

/// The type that a column of this Arrow type is converted to when it is read; `None` for types that
/// cannot be used, such as lists and structures.
pub(crate) fn stored_type(data_type: &DataType) -> Option<DataType> {
    use DataType::*;
    /// The most digits of a number of 128 bits.
    const MAX_DIGITS: u8 = 38;
    Some(match data_type {
        Utf8 | LargeUtf8 | Utf8View => LargeUtf8,
        Null => Null,
        Boolean => Boolean,
        Date32 | Date64 | Timestamp(..) => Timestamp(TimeUnit::Microsecond, None),
        Dictionary(_, values) => stored_type(values)?,
        RunEndEncoded(_, values) => stored_type(values.data_type())?,
        Int64 => Int64,
        UInt64 => UInt64,
        Decimal32(digits, 0)
        | Decimal64(digits, 0)
        | Decimal128(digits, 0)
        | Decimal256(digits, 0)
            if *digits <= MAX_DIGITS =>
        {
            Decimal128(*digits, 0)
        }
        Time32(_) | Time64(_) | Duration(_) | Interval(_) => Float64,
        numeric if numeric.is_numeric() => Float64,
        _ => return None,
    })
}

/// The schema with the types that columns are stored as, and unique names. Columns of other types keep
/// theirs, but for those of bytes that are `texts`, by their index. Metadata stays.
#[cfg(any(feature = "arrow", feature = "parquet"))]
pub(crate) fn stored_schema(original: &Schema, texts: &[usize]) -> SchemaRef {
    let names = original.fields().iter().map(|field| field.name().clone());
    let names = unique_names(names.collect());
    let fields = original.fields().iter().zip(names).enumerate();
    let fields = fields.map(|(index, (field, name))| {
        let stored = match texts.contains(&index) {
            true => Some(DataType::LargeUtf8),
            false => stored_type(field.data_type()),
        };
        Field::new(name, stored.unwrap_or(field.data_type().clone()), true)
    });
    let fields: Vec<Field> = fields.collect();
    Arc::new(Schema::new_with_metadata(
        fields,
        original.metadata().clone(),
    ))
}

/// A batch with the types of a schema that [`stored_schema`] made.
#[cfg(any(feature = "arrow", feature = "parquet"))]
pub(crate) fn converted(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(array, field)| as_stored(array, field.data_type()));
    let columns: Vec<ArrayRef> = columns.collect::<Result<_, ArrowError>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
}

/// Whether a type is bytes, which are text if all values are UTF-8: some programs write text so.
#[cfg(any(feature = "arrow", feature = "parquet"))]
pub(crate) fn may_be_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Dictionary(_, values) => may_be_text(values),
        _ => false,
    }
}

/// Whether all values of an array of bytes are UTF-8.
#[cfg(any(feature = "arrow", feature = "parquet"))]
pub(crate) fn is_text(array: &ArrayRef) -> bool {
    use arrow_array::cast::AsArray;

    fn all<'a>(mut values: impl Iterator<Item = Option<&'a [u8]>>) -> bool {
        values.all(|value| value.is_none_or(|value| std::str::from_utf8(value).is_ok()))
    }
    match array.data_type() {
        DataType::Binary => all(array.as_binary::<i32>().iter()),
        DataType::LargeBinary => all(array.as_binary::<i64>().iter()),
        DataType::BinaryView => all(array.as_binary_view().iter()),
        DataType::Dictionary(..) => array
            .as_any_dictionary_opt()
            .is_some_and(|dictionary| is_text(dictionary.values())),
        _ => false,
    }
}

/// A batch from memory with the types that columns are stored as. `Utf8` and what cannot be converted
/// stay.
pub(crate) fn with_stored_types(batch: RecordBatch) -> RecordBatch {
    let stays = |data_type: &DataType| {
        *data_type == DataType::Utf8 || stored_type(data_type).is_none_or(|t| t == *data_type)
    };
    let schema = batch.schema();
    if schema.fields().iter().all(|field| stays(field.data_type())) {
        return batch;
    }
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(array, field)| {
        let stored = stored_type(field.data_type()).filter(|_| !stays(field.data_type()));
        let array = match stored.map(|stored| as_stored(array, &stored)) {
            Some(Ok(converted)) => converted,
            _ => array.clone(),
        };
        let field = Field::new(field.name(), array.data_type().clone(), true);
        (field, array)
    });
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.unzip();
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(schema), arrays, &options).unwrap_or(batch)
}

fn as_stored(array: &ArrayRef, stored: &DataType) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        same if same == stored => Ok(array.clone()),
        DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Duration(_)
        | DataType::Interval(_) => hours(array),
        DataType::Dictionary(_, values) if !can_cast_types(array.data_type(), stored) => {
            as_stored(&cast(array, values)?, stored)
        }
        _ => cast(array, stored),
    }
}

/// Times of day and durations as hours.
fn hours(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{
        IntervalDayTimeType, IntervalMonthDayNanoType, IntervalYearMonthType,
    };

    /// The mean length of a month, by the Gregorian calendar.
    const MONTH: f64 = 730.485;
    let of_interval = |months: i32, days: i32, rest: f64| {
        f64::from(months) * MONTH + f64::from(days) * 24.0 + rest
    };
    let unit = match array.data_type() {
        DataType::Interval(unit) => {
            let hours: PrimitiveArray<Float64Type> = match unit {
                IntervalUnit::YearMonth => array
                    .as_primitive::<IntervalYearMonthType>()
                    .unary(|months| of_interval(months, 0, 0.0)),
                IntervalUnit::DayTime => array
                    .as_primitive::<IntervalDayTimeType>()
                    .unary(|time| of_interval(0, time.days, f64::from(time.milliseconds) / 3.6e6)),
                IntervalUnit::MonthDayNano => array
                    .as_primitive::<IntervalMonthDayNanoType>()
                    .unary(|time| {
                        of_interval(time.months, time.days, time.nanoseconds as f64 / 3.6e12)
                    }),
            };
            return Ok(Arc::new(hours));
        }
        DataType::Time32(unit) | DataType::Time64(unit) | DataType::Duration(unit) => *unit,
        _ => return cast(array, &DataType::Float64),
    };
    let units_per_hour = match unit {
        TimeUnit::Second => 3.6e3,
        TimeUnit::Millisecond => 3.6e6,
        TimeUnit::Microsecond => 3.6e9,
        TimeUnit::Nanosecond => 3.6e12,
    };
    // A duration has no direct way to a float.
    let whole = match array.data_type() {
        DataType::Time32(_) => cast(&cast(array, &DataType::Int32)?, &DataType::Int64)?,
        _ => cast(array, &DataType::Int64)?,
    };
    let whole = whole.as_primitive::<arrow_array::types::Int64Type>();
    let hours: PrimitiveArray<Float64Type> = whole.unary(|count| count as f64 / units_per_hour);
    Ok(Arc::new(hours))
}

#[cfg(test)]
mod tests {
    use arrow_array::types::Int32Type;
    use arrow_array::{
        Decimal128Array, DictionaryArray, DurationSecondArray, Float64Array, Int64Array,
        IntervalDayTimeArray, StringArray, StringViewArray, Time32SecondArray,
        Time64NanosecondArray, UInt64Array,
    };

    use super::*;
    use crate::cell::Cell;
    use crate::table::Table;

    fn first_cell(array: ArrayRef) -> String {
        let batch = RecordBatch::try_from_iter([("a", array)]).unwrap();
        let table = Table::from_batch("t", batch);
        let column = table.column("a").unwrap();
        format!("{:?}", column.cells().next().unwrap())
    }

    #[test]
    fn arrays_of_any_type_are_converted() {
        let id = i64::MAX - 1;
        let dictionary: DictionaryArray<Int32Type> = ["NA", "b"].into_iter().collect();
        let whole = Decimal128Array::from(vec![12]).with_precision_and_scale(20, 0);
        let decimal = Decimal128Array::from(vec![125]).with_precision_and_scale(9, 2);
        let half = cast(&Float64Array::from(vec![1.5]), &DataType::Float16).unwrap();
        let time = arrow_array::types::IntervalDayTime::new(1, 3_600_000);
        let expected: [(ArrayRef, Cell); 12] = [
            (
                Arc::new(Int64Array::from(vec![id])),
                Cell::Integer(id.into()),
            ),
            (
                Arc::new(UInt64Array::from(vec![u64::MAX])),
                Cell::Integer(u64::MAX.into()),
            ),
            (Arc::new(dictionary), Cell::Text("NA")),
            (
                Arc::new(StringViewArray::from(vec![" None "])),
                Cell::Text("None"),
            ),
            (Arc::new(StringArray::from(vec!["None"])), Cell::Missing),
            (Arc::new(whole.unwrap()), Cell::Integer(12)),
            (Arc::new(decimal.unwrap()), Cell::Number(1.25)),
            (half, Cell::Number(1.5)),
            (
                Arc::new(Time32SecondArray::from(vec![5400])),
                Cell::Number(1.5),
            ),
            (
                Arc::new(Time64NanosecondArray::from(vec![1_800_000_000_000])),
                Cell::Number(0.5),
            ),
            (
                Arc::new(DurationSecondArray::from(vec![-7200])),
                Cell::Number(-2.0),
            ),
            (
                Arc::new(IntervalDayTimeArray::from(vec![time])),
                Cell::Number(25.0),
            ),
        ];
        for (array, cell) in expected {
            assert_eq!(first_cell(array), format!("{cell:?}"));
        }
    }
}
