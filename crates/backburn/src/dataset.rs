//! A table with its schema, target and rows to learn from.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use backburn_preprocessing::{Target, Task};
use backburn_table::{
    CellError, ColumnKind, ColumnSchema, FormatNote, FormatOptions, InferOptions, InferredTable,
    ReadOptions, Schema, Split, Table, TableError, TableFormat, infer_table, similar_names,
    within_range,
};

use crate::check_target::check_target;
use crate::config::Config;
use crate::error::Error;
use crate::exposures::check_exposures;
use crate::memory::room_to_infer;
use crate::rare_classes::rare_classes;
use crate::text::{count, shown};
use crate::unknown_classes::{nothing_to_score, unknown_classes};
use crate::warning::Warning;

/// How to read a table as a dataset. What is not set is inferred.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DatasetOptions {
    /// Regression or classification; inferred from the target unless set.
    pub task: Option<Task>,
    /// A column with the weight of each row.
    pub weight: Option<String>,
    /// A column with the exposure of each row, a number above 0, for a loss with a log link: its logarithm is
    /// added to the output of the network, so that the prediction is proportional to it.
    pub offset: Option<String>,
    /// The kinds of columns.
    pub columns: BTreeMap<String, ColumnKind>,
    /// The columns to learn from; all others are left out. Empty for all.
    pub features: Vec<String>,
    /// How text is read as values.
    pub format: FormatOptions,
}

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
    /// The weight of each row of the table.
    weights: Option<Vec<f64>>,
    options: DatasetOptions,
    warnings: Vec<Warning>,
}

impl Dataset {
    /// Checks that the rows can be divided into folds. `option` has their number, such as `--folds`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if there are fewer rows than folds.
    pub fn check_folds(&self, option: &str, folds: usize) -> Result<(), Error> {
        match folds <= self.rows().len() {
            true => Ok(()),
            false => Err(Error::Config(format!(
                "{option} {folds}: must be at most the number of rows, and there are {}",
                count(self.rows().len(), "row")
            ))),
        }
    }

    /// Infers the schema, the task and the rows to learn from.
    ///
    /// # Errors
    ///
    /// No such column, an option that does not fit the table, or no row to learn from.
    pub fn new(table: Table, target: &str, options: &DatasetOptions) -> Result<Self, Error> {
        check_target(&table, target)?;
        let weight = options.weight.as_deref();
        if weight == Some(target) {
            let reason = format!("`{target}` is the target: it cannot be the weight as well");
            return Err(Error::Config(reason));
        }
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
        let weights = weight.map(|column| weights(&table, column)).transpose()?;
        check_exposures(&table, options.offset.as_deref(), [Some(target), weight])?;
        warnings.extend(notes.into_iter().map(|note| reading(note, target, task)));
        warnings.extend(warnings_about_columns(&schema, target, options));
        let mut rows = Target::known_rows(&table, target, task)?;
        warnings.extend(rows_without_target(&table, target, task, rows.len())?);
        if let Some(weights) = &weights {
            rows.retain(|&row| weights[row] > 0.0);
        }
        if rows.is_empty() {
            let column = weight.unwrap_or_default();
            let reason = format!("every row has weight 0 in `{column}`");
            return Err(Error::Failed(format!("{}: {reason}", table.name())));
        }
        let classes = match task {
            Task::Regression => None,
            Task::Classification => {
                let fitted = Target::fit(&table, target, task, &rows, &rows)?;
                let of_row = fitted.classes(&table)?;
                let classes: Vec<usize> = rows.iter().filter_map(|&row| of_row[row]).collect();
                warnings.extend(warnings_about_classes(&fitted, &classes));
                // Words for booleans are compared as text where they are classes.
                if schema
                    .column(target)
                    .is_some_and(|column| column.kind == ColumnKind::Boolean)
                {
                    let similar = similar_names(target, class_counts(&fitted, &classes));
                    warnings.extend(similar.map(Warning::Reading));
                }
                Some(classes)
            }
        };
        Ok(Self {
            table,
            raw,
            format,
            schema,
            task,
            target: target.to_string(),
            rows,
            classes,
            weights,
            options: options.clone(),
            warnings,
        })
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

    /// The columns other than the target, the weight and the exposure, including ignored ones.
    pub fn inputs(&self) -> impl Iterator<Item = &ColumnSchema> {
        self.schema.columns.iter().filter(move |column| {
            let roles = [Some(self.target()), self.weight(), self.offset()];
            !roles.contains(&Some(column.name.as_str()))
        })
    }

    /// Sets a fraction of the rows aside at random, the same fraction of each class: rows to train on,
    /// and rows to test on. The schema is inferred again, from the training rows alone.
    ///
    /// # Errors
    ///
    /// The training rows cannot be learned from, for example because all are of a single class.
    pub fn split(&self, test_fraction: f64, seed: u64) -> Result<(Self, Self), Error> {
        let split = Split::new(&self.rows, test_fraction, self.classes(), seed);
        let train = self.table.select(self.table.name(), &split.training)?;
        let options = DatasetOptions {
            task: Some(self.task),
            ..self.options.clone()
        };
        let mut train = Self::new(train, &self.target, &options)?;
        // The selected rows are read already, in the format that all rows decide.
        train.raw = self.select_raw(&split.training)?;
        train.format = self.format.clone();
        Ok((train, self.select(&split.validation)?))
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
            weights: self.weights.as_ref().map(of_rows),
            options: self.options.clone(),
            warnings: Vec::new(),
        })
    }

    fn select_raw(&self, rows: &[usize]) -> Result<Option<Table>, TableError> {
        let raw = self.raw.as_ref();
        raw.map(|raw| raw.select(raw.name(), rows)).transpose()
    }

    /// The split into training and validation rows that a config asks for.
    pub fn validation_split(&self, config: &Config) -> Split {
        Split::new(
            &self.rows,
            config.data.validation_fraction,
            self.classes(),
            config.training.seed,
        )
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
        let whole = Self::new(table, &self.target, &options)?;
        let has_target = |row: &&usize| whole.rows.binary_search(row).is_ok();
        let rows: Vec<usize> = self.rows.iter().filter(has_target).copied().collect();
        Ok(whole.subset(&rows))
    }

    /// The options to read a test table, so that only the columns that a model may need are decoded.
    pub fn test_options(&self, options: ReadOptions) -> ReadOptions {
        let features = self.features().chain(self.offset());
        let features: Vec<String> = features.map(str::to_string).collect();
        ReadOptions {
            columns: Some([features.as_slice(), std::slice::from_ref(&self.target)].concat()),
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
            let fitted = Target::fit(&self.table, target, self.task, &self.rows, &self.rows)?;
            let known = fitted.classes(test)?;
            if known.iter().all(Option::is_none) {
                let unknown = unknown_classes(test, &fitted, &known)?;
                return Err(nothing_to_score(test, &fitted, &unknown));
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

/// The table with its schema, and the task.
fn table_and_task(
    table: &Table,
    target: &str,
    options: &DatasetOptions,
) -> Result<(InferredTable, Task), Error> {
    let mut kinds = kinds(table, Some(target), options)?;
    let task = options.task.or_else(|| match kinds.get(target)? {
        ColumnKind::Numeric => Some(Task::Regression),
        ColumnKind::Categorical | ColumnKind::Boolean => Some(Task::Classification),
        _ => None,
    });
    match task {
        Some(Task::Regression) => kinds.insert(target.to_string(), ColumnKind::Numeric),
        Some(Task::Classification) => kinds.insert(target.to_string(), ColumnKind::Categorical),
        None => kinds.remove(target),
    };
    let format = options.format.clone();
    let inferred = infer_table(table, &InferOptions { kinds, format });
    let inferred = match task {
        Some(Task::Regression) => inferred.map_err(|error| not_numbers(error, target))?,
        _ => inferred?,
    };
    let task = match task {
        Some(task) => task,
        None => Task::infer(&inferred.table, &inferred.schema, target)?,
    };
    Ok((inferred, task))
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

/// Warnings about the classes of rows.
fn warnings_about_classes(target: &Target, of_row: &[usize]) -> Vec<Warning> {
    let Target::Classification {
        column, classes, ..
    } = target
    else {
        return Vec::new();
    };
    if let Some(warning) = numbers_as_classes(column, classes, of_row.len()) {
        return vec![warning];
    }
    let rare = rare_classes(column, class_counts(target, of_row));
    rare.into_iter().collect()
}

/// The classes with their numbers of rows.
fn class_counts(target: &Target, of_row: &[usize]) -> Vec<(String, usize)> {
    let Target::Classification { classes, .. } = target else {
        return Vec::new();
    };
    let mut rows = vec![0; classes.len()];
    for &class in of_row {
        rows[class] += 1;
    }
    classes.iter().cloned().zip(rows).collect()
}

/// A warning about numbers that are predicted as classes, although most of them differ.
fn numbers_as_classes(target: &str, classes: &[String], rows: usize) -> Option<Warning> {
    const FEW_CLASSES: usize = 10;
    let are_numbers = classes.iter().all(|class| class.parse::<f64>().is_ok());
    let many = classes.len() > FEW_CLASSES && 2 * classes.len() > rows;
    (are_numbers && many).then(|| Warning::NumbersAsClasses {
        target: target.to_string(),
        classes: classes.len(),
        rows,
    })
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

/// The error of a target that holds other values than numbers, and is to be predicted as numbers.
fn not_numbers(error: TableError, target: &str) -> Error {
    match error {
        TableError::Cell { location, error } if error.column == target => Error::Failed(format!(
            "{location}: target `{}` has \"{}\" here, which is not a number: predict classes with --task \
             classification, or choose a target of numbers",
            shown(target),
            shown(&error.value)
        )),
        error => error.into(),
    }
}

/// What the columns of a table hold that has no target, or a target that cannot be predicted.
pub(crate) fn infer_columns(
    table: &Table,
    target: Option<&str>,
    options: &DatasetOptions,
) -> Result<InferredTable, Error> {
    let kinds = kinds(table, target, options)?;
    let format = options.format.clone();
    Ok(infer_table(table, &InferOptions { kinds, format })?)
}

/// The kinds that the options set. Where they name the features, all other columns are ignored.
fn kinds(
    table: &Table,
    target: Option<&str>,
    options: &DatasetOptions,
) -> Result<BTreeMap<String, ColumnKind>, Error> {
    let mut kinds = options.columns.clone();
    if options.features.is_empty() {
        return Ok(kinds);
    }
    for name in &options.features {
        table.column(name)?;
    }
    let used: HashSet<&str> = options.features.iter().map(String::as_str).collect();
    let roles = [target, options.weight.as_deref(), options.offset.as_deref()];
    let others = table
        .columns()
        .filter(|name| !used.contains(name) && !roles.contains(&Some(*name)));
    kinds.extend(others.map(|name| (name.to_string(), ColumnKind::Ignored)));
    Ok(kinds)
}

fn weights(table: &Table, column: &str) -> Result<Vec<f64>, Error> {
    table
        .column(column)?
        .cells()
        .enumerate()
        .map(|(row, cell)| match cell.number() {
            Some(weight) if weight.is_finite() && weight >= 0.0 => Ok(weight),
            _ => Err(Error::Table(TableError::Cell {
                location: table.location(row),
                error: CellError {
                    column: column.to_string(),
                    row,
                    value: cell.category().unwrap_or_default().into_owned(),
                    expected: "weights, which are numbers of at least 0",
                },
            })),
        })
        .collect()
}

fn warnings_about_columns(schema: &Schema, target: &str, options: &DatasetOptions) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut missing = Vec::new();
    let features: HashSet<&String> = options.features.iter().collect();
    for column in &schema.columns {
        let roles = [
            Some(target),
            options.weight.as_deref(),
            options.offset.as_deref(),
        ];
        let has_other_role = roles.contains(&Some(column.name.as_str()));
        // Whoever lists the features knows what they leave out.
        let left_out = !features.is_empty() && !features.contains(&column.name);
        if has_other_role || left_out {
            continue;
        }
        if let Some(reason) = &column.reason {
            warnings.push(Warning::ColumnIgnored {
                column: column.name.clone(),
                reason: reason.clone(),
            });
            continue;
        }
        if column.missing > 0 {
            missing.push((column.name.clone(), column.missing));
        }
        if column.infinite > 0 {
            warnings.push(Warning::InfiniteValues {
                column: column.name.clone(),
                rows: column.infinite,
            });
        }
    }
    if !missing.is_empty() {
        warnings.push(Warning::MissingValues { columns: missing });
    }
    warnings
}
