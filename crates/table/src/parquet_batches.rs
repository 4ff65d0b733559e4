//! Reading Parquet.

use std::fs::File;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;

use crate::batches::{Batches, batch_rows};
use crate::catch_panic::catch_panic;
use crate::column::stored_type;
use crate::column_names::unique_names;
use crate::error::TableError;
use crate::notes::LayoutInfo;
use crate::parquet_pages;
use crate::skip_bad_rows::SkippedRows;
use crate::source::Source;
use crate::table_size::TableSize;

const DAMAGED: &str = "the Parquet file is damaged";

/// Opens a Parquet file. The headers of all pages are checked before anything is decoded.
pub(crate) fn parquet_batches(name: &str, file: File) -> Result<Batches, TableError> {
    let refuse = |error: ParquetError| TableError::malformed(name, error.to_string());
    let damaged = || TableError::malformed(name, DAMAGED);
    let metadata = catch_panic(|| ArrowReaderMetadata::load(&file, Default::default()));
    let metadata = metadata.ok_or_else(damaged)?.map_err(refuse)?;
    let largest_pages = parquet_pages::check(&file, metadata.metadata());
    let largest_pages =
        largest_pages.map_err(|error| TableError::malformed(name, with_reason(error)))?;
    let again = file.try_clone();
    let again = again.map_err(|error| TableError::io(name, error))?;
    let all = metadata.metadata().clone();
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let schema = stored_schema(builder.schema());
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mut at_least = TableSize::without_text(&schema, rows);
    at_least.bytes = at_least.bytes.saturating_add(largest_pages);
    let builder = builder.with_batch_size(batch_rows(schema.fields().len()));
    let batches = catch_panic(|| builder.build()).ok_or_else(damaged)?;
    let mut batches = batches.map_err(refuse)?;
    let target = schema.clone();
    let (mut unchecked, mut failed) = (Some((again, all)), false);
    let batches = std::iter::from_fn(move || {
        if failed {
            return None;
        }
        if let Some((file, metadata)) = unchecked.take() {
            let check = || parquet_pages::check_packed(&file, &metadata).map_err(with_reason);
            let checked = catch_panic(check).unwrap_or_else(|| Err(DAMAGED.to_string()));
            if let Err(error) = checked {
                failed = true;
                return Some(Err(error));
            }
        }
        let read = || batches.next().map(|batch| converted(&batch?, &target));
        let batch = match catch_panic(read) {
            Some(batch) => batch?.map_err(|error| error.to_string()),
            None => Err(DAMAGED.to_string()),
        };
        failed = batch.is_err();
        Some(batch)
    });
    Ok(Batches {
        source: Source::typed(name),
        schema,
        batches: Box::new(batches),
        skipped: SkippedRows::default(),
        at_least,
        layout: LayoutInfo::default(),
    })
}

fn with_reason(reason: String) -> String {
    format!("{DAMAGED}: {reason}")
}

/// The schema with the types that columns are stored as, and unique names.
fn stored_schema(original: &SchemaRef) -> SchemaRef {
    let names = original.fields().iter().map(|field| field.name().clone());
    let names = unique_names(names.collect());
    let fields = original.fields().iter().zip(names).map(|(field, name)| {
        let stored = stored_type(field.data_type());
        Field::new(name, stored.unwrap_or(field.data_type().clone()), true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<Field>>()))
}

fn converted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(
        |(array, field)| match field.data_type() == array.data_type() {
            true => Ok(array.clone()),
            false => cast(array, field.data_type()),
        },
    );
    let columns: Vec<ArrayRef> = columns.collect::<Result<_, ArrowError>>()?;
    RecordBatch::try_new(schema.clone(), columns)
}
