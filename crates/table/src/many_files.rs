//! Reading several files as one table.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, LargeStringArray, RecordBatch, RecordBatchOptions, StringArray, new_null_array,
};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::batches::Batches;
use crate::error::TableError;
use crate::notes::LayoutInfo;
use crate::part_files::PartFile;
use crate::parts::Parts;
use crate::read_options::ReadOptions;
use crate::selection::Selection;
use crate::skip_bad_rows::{Skipped, SkippedRows};
use crate::source::Source;
use crate::table_size::TableSize;
use crate::typed_file::Opened;

/// Opens one file.
pub(crate) type OpenFile = Box<dyn Fn(&Path) -> Result<Opened, TableError> + Send>;

/// Files that stay open between the check of their columns and reading them; the others are opened again.
const STAY_OPEN: usize = 16;
/// The most digits of a whole number of 128 bits.
const MAX_DIGITS: u8 = 38;

/// Several files as one table: the batches, notes, and where rows come from.
pub(crate) fn many_batches(
    name: &str,
    files: Vec<PartFile>,
    open: OpenFile,
    options: &ReadOptions,
) -> Result<(Batches, Vec<String>, Parts), TableError> {
    let (mut columns, mut first): (Vec<Field>, Option<String>) = (Vec::new(), None);
    let (mut at_least, mut notes) = (TableSize::default(), Vec::new());
    let mut waiting = VecDeque::new();
    for file in files {
        let (batches, of_file) = open(&file.path)?;
        let name = &batches.source.name;
        let fields = with_partitions(&batches, &file, options);
        match &first {
            None => (columns, first) = (fields, Some(name.clone())),
            Some(first) => merge(&mut columns, fields, first, name)?,
        }
        at_least.rows = at_least.rows.saturating_add(batches.at_least.rows);
        at_least.bytes = at_least.bytes.saturating_add(batches.at_least.bytes);
        at_least.at_once = at_least.at_once.max(batches.at_least.at_once);
        notes.extend(of_file);
        let stays_open = waiting.len() < STAY_OPEN;
        waiting.push_back((file, stays_open.then_some(batches)));
    }
    let schema: SchemaRef = Arc::new(Schema::new(columns));
    let (parts, skipped) = (Parts::default(), SkippedRows::default());
    let reading = Reading {
        waiting,
        open,
        current: None,
        next_row: 0,
        schema: schema.clone(),
        parts: parts.clone(),
        skipped: skipped.clone(),
    };
    let batches = Batches {
        source: Source::typed(name),
        schema,
        batches: Box::new(reading),
        skipped,
        at_least,
        layout: LayoutInfo::default(),
    };
    Ok((batches, notes, parts))
}

/// The columns of a file, and those that its folders give it.
fn with_partitions(batches: &Batches, file: &PartFile, options: &ReadOptions) -> Vec<Field> {
    let fields = batches
        .schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone());
    let mut fields: Vec<Field> = fields.collect();
    for (name, value) in &file.partitions {
        if fields.iter().all(|field| field.name() != name) {
            let data_type = match (&batches.source.is_text, value) {
                (true, _) => DataType::Utf8,
                (false, None) => DataType::Null,
                (false, Some(value)) if value.parse::<i64>().is_ok() => DataType::Int64,
                (false, Some(value)) if value.parse::<f64>().is_ok() => DataType::Float64,
                (false, Some(_)) => DataType::LargeUtf8,
            };
            fields.push(Field::new(name, data_type, true));
        }
    }
    let names = fields.iter().map(|field| field.name().as_str());
    let selection = Selection::new(names, options);
    let of_folders = fields.iter_mut().enumerate();
    for (index, field) in of_folders.skip(batches.schema.fields().len()) {
        if !selection.reads(index) {
            *field = Field::new(field.name(), DataType::Null, true);
        }
    }
    fields
}

/// Widens the types of the columns to those of a further file.
fn merge(
    columns: &mut [Field],
    fields: Vec<Field>,
    first: &str,
    name: &str,
) -> Result<(), TableError> {
    let known = columns.iter().map(|column| column.name().clone());
    let index: HashMap<String, usize> = known.zip(0..).collect();
    for field in &fields {
        let column = field.name();
        let known = index.get(column).and_then(|&index| columns.get_mut(index));
        let Some(known) = known else {
            let reason =
                format!("column `{column}` is not in {first}, which is part of the same table");
            return Err(TableError::malformed(name, reason));
        };
        let (one, other) = (known.data_type().clone(), field.data_type());
        let Some(data_type) = common_type(&one, other) else {
            let reason = format!(
                "column `{column}` is of type {other}, and of type {one} in {first}, which is part of \
                 the same table"
            );
            return Err(TableError::malformed(name, reason));
        };
        *known = Field::new(column, data_type, true);
    }
    let names: HashSet<&String> = fields.iter().map(Field::name).collect();
    let lacking = columns.iter().find(|column| !names.contains(column.name()));
    match lacking {
        Some(column) => {
            let column = column.name();
            let reason =
                format!("there is no column `{column}`, which is in {first}, of the same table");
            Err(TableError::malformed(name, reason))
        }
        None => Ok(()),
    }
}

fn common_type(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::*;
    let is_whole = |data_type: &DataType| matches!(data_type, Int64 | UInt64 | Decimal128(_, 0));
    match (one, other) {
        (one, other) if one == other => Some(one.clone()),
        (Null, other) => Some(other.clone()),
        (one, Null) => Some(one.clone()),
        (one, other) if is_whole(one) && is_whole(other) => Some(Decimal128(MAX_DIGITS, 0)),
        (one, other) if one.is_numeric() && other.is_numeric() => Some(Float64),
        // A folder of a column of numbers, or a few cells of a file without types, may be text.
        (LargeUtf8, Int64 | Float64) | (Int64 | Float64, LargeUtf8) => Some(LargeUtf8),
        _ => None,
    }
}

/// The files that are still to be read.
struct Reading {
    waiting: VecDeque<(PartFile, Option<Batches>)>,
    open: OpenFile,
    current: Option<(PartFile, Batches)>,
    /// The index of the next row, which counts skipped rows as well.
    next_row: usize,
    schema: SchemaRef,
    parts: Parts,
    skipped: SkippedRows,
}

impl Iterator for Reading {
    type Item = Result<RecordBatch, String>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((file, batches)) = &mut self.current {
                let batch = batches.batches.next();
                // A row is counted from the start of its file there, and from the start of all here.
                let first = self.parts.first_row();
                for Skipped { rows, reason } in batches.skipped.take() {
                    self.next_row += rows.len();
                    let rows = rows.start + first..rows.end + first;
                    self.skipped.add(Skipped { rows, reason });
                }
                match batch {
                    Some(batch) => {
                        let batch = batch.and_then(|batch| adapted(&batch, file, &self.schema));
                        self.next_row += batch.as_ref().map_or(0, RecordBatch::num_rows);
                        return Some(batch);
                    }
                    None => self.current = None,
                }
            }
            let (file, opened) = self.waiting.pop_front()?;
            let opened = match opened {
                Some(batches) => Ok(batches),
                None => (self.open)(&file.path).map(|(batches, _)| batches),
            };
            match opened {
                Ok(batches) => {
                    self.parts.add(self.next_row, batches.source.clone());
                    self.current = Some((file, batches));
                }
                Err(error) => {
                    self.waiting.clear();
                    return Some(Err(error.to_string()));
                }
            }
        }
    }
}

/// A batch of a file with the columns and types of the whole table.
fn adapted(
    batch: &RecordBatch,
    file: &PartFile,
    schema: &SchemaRef,
) -> Result<RecordBatch, String> {
    let text = |error: arrow_schema::ArrowError| error.to_string();
    let of_batch = batch.schema();
    let names = of_batch.fields().iter().map(|field| field.name());
    let arrays: HashMap<&String, &ArrayRef> = names.zip(batch.columns()).collect();
    let columns = schema.fields().iter().map(|field| {
        let array = match arrays.get(field.name()) {
            Some(&array) => array.clone(),
            None => partition_array(file, field, batch.num_rows()),
        };
        match array.data_type() == field.data_type() {
            true => Ok(array),
            false => cast(&array, field.data_type()).map_err(text),
        }
    });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_, String>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(text)
}

fn partition_array(file: &PartFile, field: &Field, rows: usize) -> ArrayRef {
    let of_name = file
        .partitions
        .iter()
        .find(|(name, _)| name == field.name());
    let value = of_name.and_then(|(_, value)| value.as_deref());
    let values = std::iter::repeat_n(value, rows);
    match field.data_type() {
        DataType::Utf8 => Arc::new(values.collect::<StringArray>()),
        DataType::Null => new_null_array(&DataType::Null, rows),
        _ => Arc::new(values.collect::<LargeStringArray>()),
    }
}
