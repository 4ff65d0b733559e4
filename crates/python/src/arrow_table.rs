//! Tables from Python, through the Arrow PyCapsule interface.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::ffi_stream::RecordBatchStreamReader;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, RecordBatchReader};
use arrow_cast::cast;
use arrow_pyarrow::FromPyArrow;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use arrow_select::concat::concat_batches;
use backburn::Table;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The table of an object with the method `__arrow_c_stream__`. `name` is what messages call the table.
///
/// A table of one record batch is not copied. Text is taken as it is: words such as `NA` are no missing values.
///
/// # Errors
///
/// The object has no such method, its stream cannot be read, or two columns have the same name.
pub fn table_from(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Table> {
    let reader = RecordBatchStreamReader::from_pyarrow_bound(object)?;
    let batch = one_batch(reader).and_then(with_large_text);
    let batch = batch.map_err(|error| PyValueError::new_err(format!("{name}: {error}")))?;
    let schema = batch.schema();
    let mut names = HashSet::new();
    let mut all = schema.fields().iter().map(|field| field.name());
    if let Some(twice) = all.find(|name| !names.insert(*name)) {
        let message = format!("{name}: two columns are named `{twice}`");
        return Err(PyValueError::new_err(message));
    }
    Ok(Table::from_batch(name, batch))
}

fn one_batch(reader: RecordBatchStreamReader) -> Result<RecordBatch, ArrowError> {
    let schema = reader.schema();
    let batches = reader.collect::<Result<Vec<RecordBatch>, ArrowError>>()?;
    match batches.as_slice() {
        [alone] => Ok(alone.clone()),
        _ => concat_batches(&schema, &batches),
    }
}

/// The same batch with text of type `LargeUtf8`, which a table takes as it is.
fn with_large_text(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let fields = batch.schema();
    let columns = batch.columns().iter().zip(fields.fields());
    let columns = columns.map(|(array, field)| {
        let array = match array.data_type() {
            DataType::Utf8 => cast(array, &DataType::LargeUtf8),
            _ => Ok(array.clone()),
        };
        array.map(|array| {
            (
                Field::new(field.name(), array.data_type().clone(), true),
                array,
            )
        })
    });
    let columns = columns.collect::<Result<Vec<(Field, ArrayRef)>, ArrowError>>()?;
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
}
