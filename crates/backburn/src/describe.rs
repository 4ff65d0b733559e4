//! Describes a table before anything is trained.

use std::path::Path;

use arrow_array::RecordBatch;
use backburn_preprocessing::{ColumnEncoder, Task};
use backburn_table::{
    Cell, Column, ColumnKind, ColumnSchema, ReadOptions, Schema, Table, TableError, TableFormat,
    TableReader,
};
use rayon::prelude::*;

use crate::check_target::check_target;
use crate::column_options::ColumnOptions;
use crate::column_sketch::ColumnSketch;
use crate::config::DataConfig;
use crate::copied_rows::copies_without_target;
use crate::dataset::Dataset;
use crate::dataset_options::DatasetOptions;
use crate::description_notes::{column_warnings, target_warnings};
use crate::error::Error;
use crate::explaining_columns::explained_alone;
use crate::infer_columns::infer_columns;
use crate::memory::{open_table, share_of_free};
use crate::rare_classes::rare_classes;
use crate::row_copies::RowCopies;
use crate::split_note::SplitNote;
use crate::table_description::{
    Bound, ColumnDescription, TableDescription, TargetDescription, Training,
};
use crate::value_count::ValueCount;
use crate::warning::Warning;

/// What to describe, and how to read it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DescribeOptions {
    /// How to read the file.
    pub read: ReadOptions,
    /// The column to predict.
    pub target: Option<String>,
    /// Regression or classification; inferred from the target unless set.
    pub task: Option<Task>,
    /// What the columns are.
    pub columns: ColumnOptions,
}

/// The most memory for the rows that decide what the columns hold, in bytes.
const MAX_HELD: u64 = 512 << 20;
/// Different values are counted up to this number in a column, and in all columns together.
const MAX_DISTINCT: usize = 100_000;
const MAX_DISTINCT_OF_TABLE: usize = 10_000_000;
/// Rows are compared with this many different rows.
const MAX_DIFFERENT_ROWS: usize = 4_000_000;
/// Bytes of memory of a value or a row that is compared, at most.
const BYTES_OF_DIFFERENT: u64 = 64;
/// The number of values of a column that are kept.
const VALUES: usize = 10;
/// The number of classes of the target that are kept.
const CLASSES: usize = 100;
/// Batches that are read before their columns are worked on in parallel.
const BATCHES: usize = 16;
/// Bytes of these batches, at most; a single batch may have more.
const BATCHES_BYTES: usize = 64 << 20;

/// Describes a table: what each column holds, and what training makes of it. What the columns hold is decided
/// as for training, by all rows; of a table of more than 512 MB in memory, by its first rows. The statistics
/// are of all rows, which are read once. Memory does not grow beyond that.
///
/// ```no_run
/// use std::path::Path;
///
/// let description = backburn::describe(Path::new("houses.csv"), &Default::default())?;
/// println!("{}", description.lines().join("\n"));
/// # Ok::<(), backburn::Error>(())
/// ```
///
/// # Errors
///
/// The table cannot be read, or a column that the options name does not exist. A target that training would
/// refuse is only a note.
pub fn describe(path: &Path, options: &DescribeOptions) -> Result<TableDescription, Error> {
    let named = options.target.iter().cloned();
    let read = ReadOptions {
        named_columns: named.chain(options.columns.named_columns()).collect(),
        ..options.read.clone()
    };
    describe_reader(open_table(path, &read)?, options)
}

/// Describes a table like [`describe`], from any source of rows, such as bytes in memory.
///
/// ```
/// use backburn::{TableReader, describe_reader};
///
/// let csv = "size,rooms\n50,2\n70,3\n90,3\n".as_bytes();
/// let reader = TableReader::from_reader("houses.csv", csv, &Default::default())?;
/// let description = describe_reader(reader, &Default::default())?;
/// assert_eq!(description.rows, 3);
/// # Ok::<(), backburn::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`describe`].
pub fn describe_reader(
    reader: TableReader,
    options: &DescribeOptions,
) -> Result<TableDescription, Error> {
    // The first rows, the same with their text read, and what is different in as many columns as there are
    // threads.
    let parts = 8 + 2 * rayon::current_num_threads() as u64;
    describe_rows(reader, options, share_of_free(parts).min(MAX_HELD))
}

fn describe_rows(
    mut reader: TableReader,
    options: &DescribeOptions,
    held: u64,
) -> Result<TableDescription, Error> {
    let head = Table::head(&mut reader, held)?;
    let (meaning, head) = Meaning::new(head, options)?;
    let mut statistics = Statistics::new(&meaning, options);
    for batches in head.batches().chunks(BATCHES) {
        statistics.add(batches);
    }
    statistics.in_head = (statistics.copies.copies, meaning.copies(&head));
    let typed_by_rows = head.rows();
    let encodings = encodings(&head, &meaning.schema)?;
    let copies = meaning.copies_of_target()?;
    drop(head);
    let (mut batches, mut bytes) = (Vec::new(), 0);
    for batch in reader {
        let batch = batch?;
        bytes += batch.get_array_memory_size();
        batches.push(batch);
        if batches.len() == BATCHES || bytes > BATCHES_BYTES {
            statistics.add(&meaning.read(&batches));
            (batches, bytes) = (Vec::new(), 0);
        }
    }
    statistics.add(&meaning.read(&batches));
    Ok(statistics.describe(&meaning, encodings, typed_by_rows, &copies))
}

/// What the columns of a table hold, by its first rows.
struct Meaning {
    table: String,
    schema: Schema,
    /// How text is read.
    format: TableFormat,
    target: Option<String>,
    /// The first rows as training reads them, if it can use the target.
    data: Option<Dataset>,
    warnings: Vec<Warning>,
}

impl Meaning {
    /// What the columns hold, and the first rows with their text read as values.
    fn new(head: Table, options: &DescribeOptions) -> Result<(Self, Table), Error> {
        let target = options.target.as_deref();
        if let Some(target) = target {
            check_target(&head, target)?;
        }
        let dataset = DatasetOptions {
            task: options.task,
            ..DatasetOptions::default()
        };
        let dataset = options.columns.resolve(&head, target, dataset)?;
        let mut warnings = Vec::new();
        let data = target.and_then(|target| {
            let refused = |error: &Error| {
                let reason = error.to_string();
                warnings.push(Warning::Refused { reason });
            };
            let data = Dataset::new(head.clone(), target, &dataset);
            data.inspect_err(refused).ok()
        });
        let layout = head.notes().into_iter();
        warnings.extend(layout.map(|note| Warning::Layout { note }));
        let (read, mut schema, format) = match &data {
            Some(data) => {
                let of_first_rows = data.warnings().iter().filter(|w| is_of_first_rows(w));
                warnings.extend(of_first_rows.cloned());
                (
                    data.table().clone(),
                    data.schema().clone(),
                    data.format().clone(),
                )
            }
            None => {
                let inferred = infer_columns(&head, target, &dataset)?;
                warnings.extend(inferred.notes.into_iter().map(Warning::Reading));
                (inferred.table, inferred.schema, inferred.format)
            }
        };
        if let Some(data) = data.as_ref().filter(|data| data.task() == Task::Regression) {
            keep_target(&mut schema, data.target());
        }
        let meaning = Self {
            table: head.name().to_string(),
            schema,
            format,
            target: options.target.clone(),
            data,
            warnings,
        };
        Ok((meaning, read))
    }

    /// The values of batches. A batch with a value that cannot be read stays text: its values are counted as
    /// other values.
    fn read(&self, batches: &[RecordBatch]) -> Vec<RecordBatch> {
        let read = |batch: &RecordBatch| self.format.apply(batch).unwrap_or_else(|_| batch.clone());
        batches.par_iter().map(read).collect()
    }

    fn is_target(&self, column: &ColumnSchema) -> bool {
        self.target.as_ref() == Some(&column.name)
    }

    /// The first rows that are copies of earlier ones, by the rule of training: equal rows that chance gives are none.
    fn copies(&self, head: &Table) -> usize {
        let Some(data) = &self.data else {
            let columns = self.schema.columns.iter();
            let used = columns.filter(|column| column.kind != ColumnKind::Ignored);
            let used: Vec<_> = used
                .map(|column| (column.name.as_str(), column.kind))
                .collect();
            return copies_without_target(head, &used);
        };
        let copies = data.warnings().iter().find_map(|warning| match warning {
            Warning::Splits(SplitNote::Copies { copies, .. }) => Some(*copies),
            _ => None,
        });
        copies.unwrap_or(0)
    }

    /// Columns that alone almost determine the target.
    fn copies_of_target(&self) -> Result<Vec<(String, f64)>, Error> {
        match &self.data {
            Some(data) => explained_alone(data),
            None => Ok(Vec::new()),
        }
    }
}

/// A target of numbers is numeric also if, as a feature, it would be ignored: as an index is.
fn keep_target(schema: &mut Schema, target: &str) {
    for column in &mut schema.columns {
        if column.name == target && column.kind == ColumnKind::Ignored {
            column.kind = ColumnKind::Numeric;
        }
    }
}

/// Whether a warning about a dataset is of the rows that decide how it is read, or can only be known of these. The others are
/// made anew, of all rows.
fn is_of_first_rows(warning: &Warning) -> bool {
    matches!(
        warning,
        Warning::Reading(_)
            | Warning::LargeTarget { .. }
            | Warning::NumbersAsClasses { .. }
            | Warning::Splits(SplitNote::NearCopies { .. })
    )
}

/// How training encodes each column of categories.
fn encodings(head: &Table, schema: &Schema) -> Result<Vec<Option<ColumnEncoder>>, TableError> {
    let options = DataConfig::default().encoder();
    let encoder = |column: &ColumnSchema| -> Result<Option<ColumnEncoder>, TableError> {
        match column.kind {
            ColumnKind::Categorical => {
                let cells = head.column(&column.name)?.cells();
                Ok(ColumnEncoder::fit(
                    &column.name,
                    column.kind,
                    cells,
                    &options,
                ))
            }
            _ => Ok(None),
        }
    };
    schema.columns.par_iter().map(encoder).collect()
}

/// The statistics of all rows.
struct Statistics {
    rows: usize,
    sketches: Vec<ColumnSketch>,
    copies: RowCopies,
    /// The first rows that are equal to earlier ones in all columns, and those that are copies.
    in_head: (usize, usize),
}

impl Statistics {
    fn new(meaning: &Meaning, options: &DescribeOptions) -> Self {
        let columns = &meaning.schema.columns;
        let fitting = usize::try_from(share_of_free(8) / BYTES_OF_DIFFERENT).unwrap_or(usize::MAX);
        let max_distinct = MAX_DISTINCT_OF_TABLE.min(fitting) / columns.len().max(1);
        let max_distinct = max_distinct.clamp(100, MAX_DISTINCT);
        let sketch = |column: &ColumnSchema| {
            let texts = match options.target.as_ref() == Some(&column.name) {
                true => max_distinct,
                false => CLASSES,
            };
            ColumnSketch::new(column.kind, max_distinct, texts)
        };
        Self {
            rows: 0,
            sketches: columns.iter().map(sketch).collect(),
            copies: RowCopies::new(MAX_DIFFERENT_ROWS.min(fitting)),
            in_head: (0, 0),
        }
    }

    fn add(&mut self, batches: &[RecordBatch]) {
        let sketches = self.sketches.par_iter_mut().enumerate();
        let hashes: Vec<Vec<u64>> = sketches
            .map(|(index, sketch)| {
                let arrays = batches.iter().map(|batch| batch.column(index));
                sketch.add(&Column::new(arrays))
            })
            .collect();
        self.rows += batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        self.copies.add(&hashes);
    }

    /// The rows that are copies, and whether all were compared. Further rows are compared in all columns, if equal rows
    /// among the first ones are copies.
    fn copies(&self, typed_by_rows: usize) -> (usize, bool) {
        let RowCopies {
            copies, complete, ..
        } = self.copies;
        match self.in_head {
            (_, in_head) if self.rows == typed_by_rows => (in_head, true),
            (1.., 0) => (0, true),
            _ => (copies, complete),
        }
    }

    fn describe(
        &self,
        meaning: &Meaning,
        encodings: Vec<Option<ColumnEncoder>>,
        typed_by_rows: usize,
        copies_of_target: &[(String, f64)],
    ) -> TableDescription {
        let columns = meaning.schema.columns.iter().zip(&self.sketches);
        let described = columns.clone().zip(encodings);
        let described = described.map(|((column, sketch), encoder)| {
            let training = match meaning.is_target(column) {
                true => Training::Target,
                false => training(column, encoder),
            };
            let format = meaning.format.columns.get(&column.name);
            ColumnDescription {
                format: format.map(ToString::to_string),
                ..describe_column(column, sketch, training)
            }
        });
        let mut target = columns.filter(|(column, _)| meaning.is_target(column));
        let target = meaning.data.as_ref().zip(target.next());
        let warnings = self.warnings(meaning, typed_by_rows, copies_of_target);
        let (copies, copies_complete) = self.copies(typed_by_rows);
        TableDescription {
            table: meaning.table.clone(),
            rows: self.rows,
            copies,
            copies_complete,
            typed_by_rows,
            target: target.map(|(data, (_, sketch))| describe_target(data, sketch)),
            columns: described.collect(),
            notes: warnings.iter().map(Warning::to_string).collect(),
            warnings,
        }
    }

    /// What to know before training.
    fn warnings(
        &self,
        meaning: &Meaning,
        typed_by_rows: usize,
        copies_of_target: &[(String, f64)],
    ) -> Vec<Warning> {
        let mut warnings = meaning.warnings.clone();
        if self.rows > typed_by_rows {
            warnings.push(Warning::FirstRowsDecide {
                rows: typed_by_rows,
                of: self.rows,
            });
        }
        let is_usable = meaning.data.is_some();
        let mut rare = None;
        for (column, sketch) in meaning.schema.columns.iter().zip(&self.sketches) {
            if meaning.is_target(column) {
                warnings.extend(target_warnings(column, sketch, is_usable));
                rare = self.rare_classes(meaning, sketch);
            } else {
                warnings.extend(column_warnings(column, sketch));
            }
        }
        let (copies, complete) = self.copies(typed_by_rows);
        if copies > 0 {
            warnings.push(Warning::RowCopies {
                copies,
                rows: self.rows,
                compared: (!complete).then_some(self.copies.max),
            });
        }
        let near_copies = copies_of_target.iter();
        warnings.extend(
            near_copies.map(|(column, explained)| Warning::NearCopyOfTarget {
                column: column.clone(),
                explained: *explained,
            }),
        );
        warnings.extend(rare);
        warnings
    }

    /// The rare classes of a target, if all of its classes were counted, and if it is not one of numbers.
    fn rare_classes(&self, meaning: &Meaning, sketch: &ColumnSketch) -> Option<Warning> {
        let data = meaning.data.as_ref()?;
        let are_numbers = |warning: &Warning| matches!(warning, Warning::NumbersAsClasses { .. });
        let is_class = data.task() == Task::Classification;
        if !is_class || sketch.is_full() || data.warnings().iter().any(are_numbers) {
            return None;
        }
        let classes = sketch.values().into_iter();
        let classes = classes.map(|(class, rows)| (class.to_string(), rows));
        rare_classes(data.target(), classes)
    }
}

/// What training does with a column that is not the target.
fn training(column: &ColumnSchema, encoder: Option<ColumnEncoder>) -> Training {
    match (column.kind, encoder) {
        (ColumnKind::Numeric, _) => Training::Scaled,
        (ColumnKind::Boolean, _) => Training::Boolean,
        (ColumnKind::Date, _) => Training::Date,
        (_, Some(ColumnEncoder::OneHot { categories, .. })) => Training::OneHot {
            categories: categories.len(),
        },
        (
            _,
            Some(ColumnEncoder::Embedding {
                categories,
                dimension,
                ..
            }),
        ) => Training::Embedding {
            categories: categories.len(),
            dimension,
        },
        _ => Training::Ignored {
            reason: column
                .reason
                .clone()
                .unwrap_or_else(|| "it never varies".to_string()),
        },
    }
}

fn describe_column(
    column: &ColumnSchema,
    sketch: &ColumnSketch,
    training: Training,
) -> ColumnDescription {
    let bound = |value: Option<f64>| {
        value.map(|value| match column.kind {
            ColumnKind::Date => Bound::Date(date(value)),
            _ => Bound::Number(value),
        })
    };
    let kind = match (&training, column.kind) {
        // A target of classes that would be ignored as a feature.
        (Training::Target, ColumnKind::Ignored) => ColumnKind::Categorical,
        (_, kind) => kind,
    };
    ColumnDescription {
        name: column.name.clone(),
        kind,
        format: None,
        missing: sketch.missing,
        infinite: sketch.infinite,
        distinct: sketch.distinct(),
        distinct_complete: !sketch.is_full(),
        min: bound(sketch.lowest.value),
        max: bound(sketch.highest.value),
        values: values(sketch, VALUES),
        training,
    }
}

/// A moment as text, without the time if it is midnight.
fn date(seconds: f64) -> String {
    let text = Cell::Date(seconds).category().unwrap_or_default();
    text.strip_suffix(" 00:00:00").unwrap_or(&text).to_string()
}

fn values(sketch: &ColumnSketch, max: usize) -> Vec<ValueCount> {
    let values = sketch.values().into_iter().take(max);
    values.map(ValueCount::new).collect()
}

fn describe_target(data: &Dataset, sketch: &ColumnSketch) -> TargetDescription {
    let is_class = data.task() == Task::Classification;
    TargetDescription {
        column: data.target().to_string(),
        task: data.task(),
        classes: match is_class {
            true => values(sketch, CLASSES),
            false => Vec::new(),
        },
        number_of_classes: is_class.then(|| sketch.distinct()),
        min: sketch.lowest.value.filter(|_| !is_class),
        max: sketch.highest.value.filter(|_| !is_class),
        missing: sketch.missing + sketch.infinite,
    }
}

#[cfg(test)]
mod tests;
