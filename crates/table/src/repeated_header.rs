//! Rows that repeat the header, where files were joined with their headers.

use arrow_array::cast::AsArray;
use arrow_array::{BooleanArray, RecordBatch, StringArray};
use arrow_select::filter::filter_record_batch;

use crate::column_names::is_name;
use crate::csv_rows::REPEATED_HEADER;
use crate::layout::Layout;
use crate::notes::Notes;

/// A batch of text without the rows that repeat the header.
pub(crate) fn without_headers(
    batch: RecordBatch,
    layout: &Layout,
    notes: &Notes,
) -> Result<RecordBatch, String> {
    let columns = batch.columns().iter();
    let columns: Option<Vec<&StringArray>> = columns
        .map(|column| column.as_string_opt::<i32>())
        .collect();
    let (Some(columns), Some(name), true) = (columns, layout.names.first(), layout.skip_headers)
    else {
        return Ok(batch);
    };
    let rows = 0..batch.num_rows();
    let is_header = |row: usize| {
        let first = columns[0].value(row);
        first.len() >= name.len()
            && is_name(first.as_bytes(), name)
            && layout.is_header(columns.iter().map(|column| column.value(row).as_bytes()))
    };
    if !rows.clone().any(is_header) {
        return Ok(batch);
    }
    notes.add(REPEATED_HEADER.to_string());
    let kept: BooleanArray = rows.map(|row| Some(!is_header(row))).collect();
    filter_record_batch(&batch, &kept).map_err(|error| error.to_string())
}
