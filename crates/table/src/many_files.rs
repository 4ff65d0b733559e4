//! Reading several files as one table.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, LargeStringArray, RecordBatch, RecordBatchOptions, StringArray, new_null_array,
};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::batches::Batches;
use crate::column::Column;
use crate::common_columns::{OfFile, merge, with_partitions};
use crate::error::TableError;
use crate::notes::{LayoutInfo, Notes};
use crate::part_files::{PartFile, PartFiles};
use crate::partition::agrees;
use crate::parts::Parts;
use crate::read_options::ReadOptions;
use crate::selection::Selection;
use crate::skip_bad_rows::{Skipped, SkippedRows};
use crate::stored_type::stored_type;
use crate::table_size::TableSize;

/// Opens one file.
pub(crate) type OpenFile = Box<dyn Fn(&Path) -> Result<Batches, TableError> + Send>;

/// Files that stay open between the check of their columns and reading them; the others are opened again.
const STAY_OPEN: usize = 16;

/// Several files as one table: the batches, and where rows come from.
pub(crate) fn many_batches(
    name: &str,
    found: PartFiles,
    open: OpenFile,
    options: &ReadOptions,
) -> Result<(Batches, Parts), TableError> {
    let (mut columns, mut first): (Vec<Field>, Option<String>) = (Vec::new(), None);
    let mut layout = LayoutInfo::default();
    let mut at_least = TableSize::default();
    let mut waiting = VecDeque::new();
    for note in found.notes {
        layout.notes.add(note);
    }
    for mut file in found.files {
        let batches = open(&file.path)?;
        leave_out_unread(&mut file, &batches, options);
        let of_file = OfFile {
            name: &batches.source.name,
            is_text: batches.source.is_text,
            looks_headerless: batches.layout.header_looks_like_data,
            partitions: &file.partitions,
        };
        let own = batches.schema.fields().iter();
        let own: Vec<Field> = own.map(|field| field.as_ref().clone()).collect();
        let fields = selected(with_partitions(&own, &of_file), own.len(), options);
        match &first {
            None => (columns, first) = (fields, Some(of_file.name.to_string())),
            Some(first) => merge(&mut columns, &fields, first, &of_file)?,
        }
        add_layout(&mut layout, &batches, &file, waiting.is_empty());
        at_least = at_least.followed_by(batches.at_least);
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
        notes: layout.notes.clone(),
    };
    let batches = Batches {
        skipped,
        layout,
        ..Batches::typed(name, schema, at_least, reading)
    };
    Ok((batches, parts))
}

/// Leaves out the values that folders give for columns of the file that are not read: there is nothing to compare
/// them with.
fn leave_out_unread(file: &mut PartFile, batches: &Batches, options: &ReadOptions) {
    let schema = &batches.schema;
    let selection = Selection::of_schema(schema, options);
    let is_unread = |name: &str| {
        schema
            .index_of(name)
            .is_ok_and(|index| !selection.reads(index))
    };
    file.partitions.retain(|(name, _)| !is_unread(name));
}

/// The columns, of which those that the folders give have no type if they are not read. `own` is the number of
/// those in the file.
fn selected(mut fields: Vec<Field>, own: usize, options: &ReadOptions) -> Vec<Field> {
    let names = fields.iter().map(|field| field.name().as_str());
    let selection = Selection::new(names, options);
    for (index, field) in fields.iter_mut().enumerate().skip(own) {
        if !selection.reads(index) {
            *field = Field::new(field.name(), DataType::Null, true);
        }
    }
    fields
}

/// Adds what was found out about the layout of a file.
fn add_layout(layout: &mut LayoutInfo, batches: &Batches, file: &PartFile, is_first: bool) {
    let name = &batches.source.name;
    let own = &batches.layout;
    for note in own.notes.all() {
        layout.notes.add_of_file(name, note);
    }
    layout.header_looks_like_data |= own.header_looks_like_data;
    for repeated in &own.repeated_names {
        if !layout.repeated_names.contains(repeated) {
            layout.repeated_names.push(repeated.clone());
        }
    }
    if is_first {
        layout.delimiter = own.delimiter;
        layout.one_column.clone_from(&own.one_column);
    } else if layout.delimiter != own.delimiter {
        // Commas between fields say nothing of those in others.
        layout.delimiter = layout.delimiter.and(own.delimiter).map(|_| b',');
    }
    for (column, _) in &file.partitions {
        if batches.schema.field_with_name(column).is_ok() {
            layout.notes.add(format!(
                "column `{column}` is in the files and in the names of their folders: it is read once, \
                 and its values are compared"
            ));
        }
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
    notes: Notes,
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
                        let row = self.next_row - first;
                        let batch = batch.and_then(|batch| {
                            check_partitions(&batch, file, row)?;
                            adapted(&batch, file, &self.schema)
                        });
                        self.next_row += batch.as_ref().map_or(0, RecordBatch::num_rows);
                        return Some(batch);
                    }
                    None => {
                        // Some notes are known only at the end.
                        for note in batches.layout.notes.all() {
                            self.notes.add_of_file(&batches.source.name, note);
                        }
                        self.current = None;
                    }
                }
            }
            let (file, opened) = self.waiting.pop_front()?;
            let opened = match opened {
                Some(batches) => Ok(batches),
                None => (self.open)(&file.path),
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

/// Checks that a column of the file has the value that the name of the folder gives. `row` is the index of the
/// first row of the batch.
fn check_partitions(batch: &RecordBatch, file: &PartFile, row: usize) -> Result<(), String> {
    for (name, value) in &file.partitions {
        let Some(array) = batch.column_by_name(name) else {
            continue;
        };
        let value = value.as_deref();
        let column = Column::new([array]);
        let differs = column.cells().position(|cell| !agrees(&cell, value));
        let Some(index) = differs else { continue };
        let found = column.cells().nth(index).and_then(|cell| cell.category());
        return Err(format!(
            "column `{name}` is {:?} in row {}, and the name of the folder says {}: correct one of them",
            found.unwrap_or_default(),
            row + index + 1,
            value.map_or("that it is missing".to_string(), |value| format!(
                "{value:?}"
            ))
        ));
    }
    Ok(())
}

/// A batch of a file with the columns and types of the whole table.
fn adapted(
    batch: &RecordBatch,
    file: &PartFile,
    schema: &SchemaRef,
) -> Result<RecordBatch, String> {
    let text = |error: arrow_schema::ArrowError| error.to_string();
    let rows = batch.num_rows();
    let of_batch = batch.schema();
    let names = of_batch.fields().iter().map(|field| field.name());
    let arrays: HashMap<&String, &ArrayRef> = names.zip(batch.columns()).collect();
    let columns = schema.fields().iter().map(|field| {
        let array = match arrays.get(field.name()) {
            Some(&array) => array.clone(),
            None => partition_array(file, field, rows),
        };
        let target = field.data_type();
        match array.data_type() == target {
            true => Ok(array),
            // It cannot be read in another file.
            false if stored_type(target).is_none() => Ok(new_null_array(target, rows)),
            false => cast(&array, target).map_err(text),
        }
    });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_, String>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
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
