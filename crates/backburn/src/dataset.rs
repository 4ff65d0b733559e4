//! A table with its schema, target and rows to learn from.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use backburn_preprocessing::{Target, Task};
use backburn_table::{
    ColumnKind, ColumnSchema, FormatNote, InferredTable, ReadOptions, Schema, Table, TableError,
    TableFormat, within_range,
};

use crate::check_target::check_target;
use crate::class_warnings::warnings_about_classes;
use crate::column_warnings::warnings_about_columns;
use crate::config::{Config, KnnFeatures};
use crate::copied_rows::{CopiedRows, copied_rows, rows_in};
use crate::dataset_options::DatasetOptions;
use crate::error::Error;
use crate::exposures::check_exposures;
use crate::infer_columns::table_and_task;
use crate::memory::room_to_infer;
use crate::row_weights::row_weights;
use crate::same_time::same_time;
use crate::split_hints::split_hints;
use crate::split_note::SplitNote;
use crate::split_rule::split_rule;
use crate::splitter::Splitter;
use crate::trend_options::check_trend;
use crate::unknown_classes::{nothing_to_score, unknown_classes};
use crate::warning::Warning;

/// A table with its schema, its target and the rows to learn from.
///
/// ```
/// use backburn::{Dataset, ReadOptions, Table, Task};
///
/// let csv = "size,price\n50,100\n70,140\n90,180\n110,220.5\n";
/// let table = Table::from_reader("houses", csv.as_bytes(), &ReadOptions::default())?;
/// let data = Dataset::new(table, "price", &Default::default())?;
/// assert_eq!(data.task(), Task::Regression);
/// assert_eq!(data.features().collect::<Vec<_>>(), ["size"]);
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The table, its text read as values.
    table: Table,
    /// The table as it was given, if that is not the same.
    raw: Option<Table>,
    format: TableFormat,
    schema: Schema,
    task: Task,
    target: String,
    /// Rows with a target and a weight above 0, in ascending order.
    rows: Vec<usize>,
    /// For classification, the classes of those rows.
    classes: Option<Vec<usize>>,
    /// The names of the classes: of a part of a dataset, those of the whole.
    class_names: Option<Arc<[String]>>,
    /// The weight of each row of the table.
    weights: Option<Vec<f64>>,
    options: DatasetOptions,
    splitter: Arc<Splitter>,
    warnings: Vec<Warning>,
}

impl Dataset {
    /// Infers the schema, the task and the rows to learn from.
    ///
    /// # Errors
    ///
    /// No such column, an option that does not fit the table, or no row to learn from.
    pub fn new(table: Table, target: &str, options: &DatasetOptions) -> Result<Self, Error> {
        check_roles(&table, target, options)?;
        room_to_infer(&table)?;
        let layout = table.notes().into_iter();
        let mut warnings: Vec<Warning> = layout.map(|note| Warning::Layout { note }).collect();
        let (inferred, task) = table_and_task(&table, target, options)?;
        let raw = (!inferred.format.is_plain()).then_some(table);
        let InferredTable {
            table,
            schema,
            format,
            notes,
        } = inferred;
        let weight = options.weight.as_deref();
        let weights = weight.map(|column| row_weights(&table, column));
        let weights = weights.transpose()?;
        check_exposures(&table, options.offset.as_deref(), [Some(target), weight])?;
        warnings.extend(notes.into_iter().map(|note| reading(note, target, task)));
        let roles = [vec![target], options.other_roles()].concat();
        warnings.extend(warnings_about_columns(&schema, &roles, &options.features));
        let mut rows = Target::known_rows(&table, target, task)?;
        warnings.extend(rows_without_target(&table, target, task, rows.len())?);
        if let Some((column, weights)) = weight.zip(weights.as_ref()) {
            leave_out_zero_weights(&mut rows, &table, column, weights)?;
        }
        let (classes, class_names) = match task {
            Task::Regression => (None, None),
            Task::Classification => {
                let fitted = Target::fit(&table, target, task, &rows, &rows)?;
                let of_row = fitted.classes(&table)?;
                let classes: Vec<usize> = rows.iter().filter_map(|&row| of_row[row]).collect();
                let kind = schema.column(target).map(|column| column.kind);
                warnings.extend(warnings_about_classes(&fitted, &classes, kind));
                let names = fitted.class_names().unwrap_or_default();
                (Some(classes), Some(names.into()))
            }
        };
        let mut data = Self {
            table,
            raw,
            format,
            schema,
            task,
            target: target.to_string(),
            rows,
            classes,
            class_names,
            weights,
            options: options.clone(),
            splitter: Arc::default(),
            warnings,
        };
        data.find_splits()?;
        Ok(data)
    }

    /// Finds the rule of splits, with the rows that are copies of others.
    fn find_splits(&mut self) -> Result<(), Error> {
        let (table, columns) = (&self.table, &self.options.split);
        let roles = [vec![self.target.as_str()], self.options.other_roles()].concat();
        let mut notes = split_hints(table, &self.schema, columns, &roles);
        let mut splitter = split_rule(table, columns, &self.rows)?;
        if let (Some(time), Some(times)) = (&columns.time, &splitter.times) {
            let others = [roles.as_slice(), &[time.as_str()]].concat();
            let columns = same_time(table, &self.schema, &others, times, &self.rows);
            let time = time.clone();
            let is_same = !columns.is_empty();
            notes.extend(is_same.then_some(SplitNote::SameTime { time, columns }));
        }
        if let Some(copied) = copied_rows(table, &self.compared_columns(), &self.rows) {
            notes.extend(notes_on_copies(
                &copied,
                self.rows.len(),
                splitter.has_rule(),
            ));
            splitter.copies = Some(copied.first);
        }
        self.splitter = Arc::new(splitter);
        self.warnings.extend(notes.into_iter().map(Warning::Splits));
        Ok(())
    }

    /// The columns in which copies are equal: the features, the exposure and the target, each with its kind.
    fn compared_columns(&self) -> Vec<(&str, ColumnKind)> {
        let used = self.inputs().filter(|c| c.kind != ColumnKind::Ignored);
        let target = match self.task {
            Task::Regression => ColumnKind::Numeric,
            Task::Classification => ColumnKind::Categorical,
        };
        let used = used.map(|column| (column.name.as_str(), column.kind));
        let exposure = self.offset().map(|column| (column, ColumnKind::Numeric));
        let target = (self.target.as_str(), target);
        used.chain(exposure).chain([target]).collect()
    }

    /// The rule by which the rows are split.
    pub(crate) fn splitter(&self) -> &Splitter {
        &self.splitter
    }

    /// Sets which rows of the table are given validation rows.
    pub(crate) fn hold_out(&mut self, held_out: Option<Vec<bool>>) {
        Arc::make_mut(&mut self.splitter).held_out = held_out;
    }

    /// Notes if rows of a test table are copies or near-copies of rows of this one.
    ///
    /// # Errors
    ///
    /// The table cannot be read in the format of this one.
    pub(crate) fn copies_in_test(&self, test: &Table) -> Result<Vec<SplitNote>, Error> {
        let test = self.format.apply_to_table(test)?;
        let (copies, near) = rows_in(&test, &self.table, &self.compared_columns());
        let rows = test.rows();
        let copies = (copies > 0).then_some(SplitNote::CopiesInTest { copies, rows });
        let near = (near > 0).then_some(SplitNote::NearCopiesInTest { near, rows });
        Ok(copies.into_iter().chain(near).collect())
    }

    /// The table, its text read as values.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The schema: the name and the kind of each column.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// How the text of the table is read as values.
    pub fn format(&self) -> &TableFormat {
        &self.format
    }

    /// Regression or classification.
    pub fn task(&self) -> Task {
        self.task
    }

    /// The column to predict.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The column with the weights of the rows.
    pub fn weight(&self) -> Option<&str> {
        self.options.weight.as_deref()
    }

    /// The column with the exposures of the rows.
    pub fn offset(&self) -> Option<&str> {
        self.options.offset.as_deref()
    }

    /// How the table is read as a dataset.
    pub fn options(&self) -> &DatasetOptions {
        &self.options
    }

    /// The weight of each row of the table, if there is a column of weights.
    pub(crate) fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The rows to learn from: those with a target and a weight above 0, in ascending order.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// For classification, the class of each of [`rows`](Self::rows).
    pub fn classes(&self) -> Option<&[usize]> {
        self.classes.as_deref()
    }

    /// Warnings about columns and rows that are not used as they are.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The names of the columns to learn from.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.inputs()
            .filter(|column| column.kind != ColumnKind::Ignored)
            .map(|column| column.name.as_str())
    }

    /// The columns other than the target and those with another role, such as the weight; including ignored ones.
    pub fn inputs(&self) -> impl Iterator<Item = &ColumnSchema> {
        let roles = self.options.other_roles();
        let columns = self.schema.columns.iter();
        columns.filter(move |column| {
            column.name != self.target && !roles.contains(&column.name.as_str())
        })
    }

    /// The columns other than the target that are no features, such as the weight.
    pub(crate) fn other_roles(&self) -> Vec<&str> {
        self.options.other_roles()
    }

    /// Sets a fraction of the rows aside: rows to train on, and rows to test on. They are drawn at random, the same
    /// fraction of each class, unless [`SplitColumns`](crate::SplitColumns) say otherwise: then whole groups or folds are set aside, or
    /// the last rows in time. The schema is inferred again, from the training rows alone.
    ///
    /// # Errors
    ///
    /// The training rows cannot be learned from, for example because all are of a single class.
    pub fn split(&self, test_fraction: f64, seed: u64) -> Result<(Self, Self), Error> {
        let split = self
            .splitter
            .split(&self.rows, test_fraction, self.classes(), seed);
        if !split.validation.is_empty() {
            self.check_rest(&split)?;
        }
        let train = self.table.select(self.table.name(), &split.training)?;
        let options = DatasetOptions {
            task: Some(self.task),
            ..self.options.clone()
        };
        let train = Self::new(train, &self.target, &options)?;
        let mut train = train.read_as(self, &split.training)?;
        train.hold_out(self.splitter.select(&split.training).held_out);
        let left_out = self.rows_left_out_of_test(&split);
        train.warnings.extend(left_out.map(Warning::Splits));
        Ok((train, self.select(&split.validation)?))
    }

    /// The same, where the table has these rows of another dataset, which are read already, in the format that all of
    /// its rows decide.
    pub(crate) fn read_as(mut self, whole: &Self, rows: &[usize]) -> Result<Self, TableError> {
        self.raw = whole.select_raw(rows)?;
        self.format = whole.format.clone();
        Ok(self)
    }

    /// The same with the table of another dataset, which is equal to its own: it is then in memory once.
    pub(crate) fn with_table_of(mut self, other: &Self) -> Self {
        (self.table, self.raw) = (other.table.clone(), other.raw.clone());
        self
    }

    /// The same with other rows to learn from, which have one of several targets. `classes` are their classes for
    /// splits. The warnings are those about splits.
    pub(crate) fn with_rows(
        mut self,
        rows: Vec<usize>,
        classes: Option<Vec<usize>>,
    ) -> Result<Self, Error> {
        (self.rows, self.classes, self.warnings) = (rows, classes, Vec::new());
        self.find_splits()?;
        Ok(self)
    }

    /// The same table with some of its rows to learn from, in rising order. The [`table`](Self::table)
    /// is still the whole one.
    pub fn subset(&self, rows: &[usize]) -> Self {
        Self {
            rows: rows.to_vec(),
            classes: self.classes_of(rows),
            ..self.clone()
        }
    }

    /// A table of these rows alone, in ascending order, with the schema of the whole.
    pub(crate) fn select(&self, rows: &[usize]) -> Result<Self, Error> {
        let of_rows = |weights: &Vec<f64>| rows.iter().map(|&row| weights[row]).collect();
        Ok(Self {
            table: self.table.select(self.table.name(), rows)?,
            raw: self.select_raw(rows)?,
            format: self.format.clone(),
            schema: self.schema.clone(),
            task: self.task,
            target: self.target.clone(),
            rows: (0..rows.len()).collect(),
            classes: self.classes_of(rows),
            class_names: self.class_names.clone(),
            weights: self.weights.as_ref().map(of_rows),
            options: self.options.clone(),
            splitter: Arc::new(self.splitter.select(rows)),
            warnings: Vec::new(),
        })
    }

    /// The names of the classes, for classification: of a part of a dataset, those of the whole.
    pub(crate) fn class_names(&self) -> Option<&Arc<[String]>> {
        self.class_names.as_ref()
    }

    /// The same with other classes: their names, and those of [`rows`](Self::rows).
    pub(crate) fn with_classes(self, names: &Arc<[String]>, classes: Vec<usize>) -> Self {
        Self {
            class_names: Some(names.clone()),
            classes: Some(classes),
            ..self
        }
    }

    fn select_raw(&self, rows: &[usize]) -> Result<Option<Table>, TableError> {
        let raw = self.raw.as_ref();
        raw.map(|raw| raw.select(raw.name(), rows)).transpose()
    }

    /// The classes of some of [`rows`](Self::rows) in ascending order, for classification.
    pub(crate) fn classes_of(&self, some: &[usize]) -> Option<Vec<usize>> {
        let classes = self.classes.as_ref()?;
        let of_row = self.rows.iter().zip(classes);
        let of_some = of_row.filter(|(row, _)| some.binary_search(row).is_ok());
        Some(of_some.map(|(_, class)| *class).collect())
    }

    /// The dataset as a config wants it: with the kinds of columns that the config sets.
    ///
    /// # Errors
    ///
    /// A config that is not valid or does not fit the table.
    pub(crate) fn for_config(&self, config: &Config) -> Result<Cow<'_, Self>, Error> {
        config.validate()?;
        let own = &self.options.columns;
        let is_new = |(name, kind)| own.get(name) != Some(kind);
        let data = match config.columns.iter().any(is_new) {
            true => Cow::Owned(self.with_columns(&config.columns)?),
            false => Cow::Borrowed(self),
        };
        config.check_task(data.task)?;
        check_trend(&data.options, data.task, config)?;
        if data.splitter.has_rule() && config.data.knn_features == KnnFeatures::Always {
            let reason = "data.knn_features=always: the targets of the nearest rows may be of the same group or \
                          of later rows, so they cannot be features with --group, --time and --fold";
            return Err(Error::Config(reason.to_string()));
        }
        Ok(data)
    }

    fn with_columns(&self, columns: &BTreeMap<String, ColumnKind>) -> Result<Self, Error> {
        let mut options = self.options.clone();
        options.columns.extend(columns.clone());
        // The kind of the target says what the task is.
        if columns.contains_key(&self.target) {
            options.task = None;
        }
        let table = self.raw.as_ref().unwrap_or(&self.table).clone();
        let mut whole = Self::new(table, &self.target, &options)?;
        whole.hold_out(self.splitter.held_out.clone());
        let has_target = |row: &&usize| whole.rows.binary_search(row).is_ok();
        let rows: Vec<usize> = self.rows.iter().filter(has_target).copied().collect();
        whole.subset(&rows).with_classes_of(self)
    }

    /// The options to read a test table, so that only the columns that a model may need are decoded.
    pub fn test_options(&self, options: ReadOptions) -> ReadOptions {
        let features = self.features().chain(self.offset());
        let features: Vec<String> = features.map(str::to_string).collect();
        let others = [Some(&self.target), self.options.weight.as_ref()].into_iter();
        let others: Vec<String> = others.flatten().cloned().collect();
        ReadOptions {
            columns: Some([features.as_slice(), &others].concat()),
            known_columns: features,
            ..options
        }
    }

    /// Checks that a test table has the target and the columns that a model will need.
    ///
    /// # Errors
    ///
    /// A column that is missing or of another kind, or no row with a target that could be scored.
    pub fn check_test(&self, test: &Table) -> Result<(), Error> {
        let target = &self.target;
        let test = &self.format.apply_to_table(test)?;
        self.schema.check(test, target)?;
        Target::known_rows(test, target, self.task)?;
        if self.task == Task::Classification {
            let fitted = self.fit_target(&self.rows)?;
            let known = fitted.classes(test)?;
            if known.iter().all(Option::is_none) {
                let unknown = unknown_classes(test, &fitted, &known)?;
                return Err(nothing_to_score(test, &fitted, &unknown, false));
            }
        }
        check_exposures(test, self.offset(), [None; 2])?;
        for column in self.features() {
            self.schema.check(test, column)?;
        }
        Ok(())
    }
}

impl AsRef<Table> for Dataset {
    fn as_ref(&self) -> &Table {
        &self.table
    }
}

/// Checks that the columns of the target, the weights and the splits are in the table, each with one role.
fn check_roles(table: &Table, target: &str, options: &DatasetOptions) -> Result<(), Error> {
    check_target(table, target)?;
    let weight = options.weight.as_deref();
    if weight == Some(target) {
        let reason = format!("`{target}` is the target: it cannot be the weight as well");
        return Err(Error::Config(reason));
    }
    options.split.check(target, weight, &options.features)?;
    for (_, column) in options.split.named() {
        table.column(column)?;
    }
    Ok(())
}

/// Notes on copies and near-copies among some rows. With a rule of the user, those of validation rows are left out.
fn notes_on_copies(found: &CopiedRows, rows: usize, has_rule: bool) -> Vec<SplitNote> {
    let (copies, near) = (found.copies, found.near);
    let note = match has_rule {
        true => SplitNote::CopiesLeftOut { copies, rows },
        false => SplitNote::Copies { copies, rows },
    };
    let near = SplitNote::NearCopies {
        near,
        rows,
        left_out: has_rule,
    };
    let notes = [(found.copies, note), (found.near, near)].into_iter();
    notes
        .filter_map(|(number, note)| (number > 0).then_some(note))
        .collect()
}

/// Leaves out the rows whose weight is 0.
fn leave_out_zero_weights(
    rows: &mut Vec<usize>,
    table: &Table,
    column: &str,
    weights: &[f64],
) -> Result<(), Error> {
    rows.retain(|&row| weights[row] > 0.0);
    if rows.is_empty() {
        let reason = format!("every row has weight 0 in `{column}`");
        return Err(Error::Failed(format!("{}: {reason}", table.name())));
    }
    Ok(())
}

/// A warning about the rows without a target, where `known` rows have one.
fn rows_without_target(
    table: &Table,
    target: &str,
    task: Task,
    known: usize,
) -> Result<Option<Warning>, Error> {
    if known == table.rows() {
        return Ok(None);
    }
    Ok(Some(Warning::RowsWithoutTarget {
        target: target.to_string(),
        rows: table.rows() - known,
        too_large: match task {
            Task::Regression => too_large(table, target)?,
            Task::Classification => 0,
        },
    }))
}

/// The number of rows whose target is infinite or does not fit in 32 bits.
fn too_large(table: &Table, target: &str) -> Result<usize, Error> {
    let numbers = table
        .column(target)?
        .cells()
        .filter_map(|cell| cell.number());
    Ok(numbers.filter(|number| !within_range(*number)).count())
}

/// What was found out about the text of a column. For a target of numbers, `--categorical` is no option.
fn reading(note: FormatNote, target: &str, task: Task) -> Warning {
    match note {
        FormatNote::LargeNumbers { column, example }
            if column == target && task == Task::Regression =>
        {
            Warning::LargeTarget {
                target: column,
                example,
            }
        }
        note => Warning::Reading(note),
    }
}
