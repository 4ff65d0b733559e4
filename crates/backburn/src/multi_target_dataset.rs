//! A table with several columns to predict.

use std::borrow::Cow;
use std::collections::BTreeMap;

use backburn_preprocessing::Task;
use backburn_table::{ColumnKind, ReadOptions, Table};

use crate::check_target::check_target;
use crate::config::Config;
use crate::dataset::Dataset;
use crate::dataset_options::DatasetOptions;
use crate::error::Error;
use crate::missing_targets::check_columns;
use crate::single_value::check_values_differ;
use crate::target_warnings::warnings_about_targets;
use crate::text::{count, shown};
use crate::warning::Warning;

/// A table with several columns to predict by one network: numbers, classes, or both. No target is a feature.
///
/// A row that lacks some of the targets is learned from for the others.
///
/// ```
/// use backburn::{MultiTargetDataset, ReadOptions, Table};
///
/// let csv = "size,price,rent\n50,100.5,5.5\n70,140,7\n90,,9\n110,220,\n";
/// let table = Table::from_reader("houses", csv.as_bytes(), &ReadOptions::default())?;
/// let data = MultiTargetDataset::new(table, &["price", "rent"], &Default::default())?;
/// assert_eq!(data.rows().len(), 4);
/// assert_eq!(data.target("rent").map(|rent| rent.rows()), Some(&[0, 1, 2][..]));
/// assert_eq!(data.targets()[0].features().collect::<Vec<_>>(), ["size"]);
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MultiTargetDataset {
    /// The table with each of the targets.
    targets: Vec<Dataset>,
    /// The table with the rows that have at least one target, by which rows are split.
    joint: Dataset,
    warnings: Vec<Warning>,
}

impl MultiTargetDataset {
    /// Infers the schema, the task of each target, and the rows to learn from. The task of the options is that of the
    /// targets whose column has no kind in the options.
    ///
    /// # Errors
    ///
    /// No target, a column that is named twice or is a feature, the column of an exposure, a target with a single value,
    /// or an error of [`Dataset::new`] for one of the targets.
    pub fn new<S: AsRef<str>>(
        table: Table,
        targets: &[S],
        options: &DatasetOptions,
    ) -> Result<Self, Error> {
        let names: Vec<&str> = targets.iter().map(AsRef::as_ref).collect();
        check_names(&names, options)?;
        let columns = kinds(&names, options);
        let mut targets: Vec<Dataset> = Vec::with_capacity(names.len());
        for name in &names {
            if names.len() > 1 {
                check_target(&table, name)?;
                check_values_differ(&table, name)?;
            }
            let others = names.iter().filter(|other| *other != name);
            let options = DatasetOptions {
                task: None,
                columns: columns.clone(),
                other_targets: others.map(|other| (*other).to_string()).collect(),
                ..options.clone()
            };
            let data = Dataset::new(table.clone(), name, &options)?;
            targets.push(match targets.first() {
                Some(first) => data.with_table_of(first),
                None => data,
            });
        }
        Self::of(targets)
    }

    /// The dataset of these targets of one table.
    fn of(targets: Vec<Dataset>) -> Result<Self, Error> {
        let Some(first) = targets.first() else {
            return Err(no_target());
        };
        let mut has_target = vec![false; first.table().rows()];
        for &row in targets.iter().flat_map(Dataset::rows) {
            has_target[row] = true;
        }
        let rows = has_target.iter().enumerate().filter(|(_, has)| **has);
        let rows: Vec<usize> = rows.map(|(row, _)| row).collect();
        let strata = targets.iter().find_map(|data| strata(data, &rows));
        let joint = first.clone().with_rows(rows, strata)?;
        Ok(Self {
            warnings: warnings_about_targets(&targets, &joint),
            targets,
            joint,
        })
    }

    /// The table with each of the targets, in the order in which they were named.
    pub fn targets(&self) -> &[Dataset] {
        &self.targets
    }

    /// The table with the target of this name.
    pub fn target(&self, name: &str) -> Option<&Dataset> {
        self.targets.iter().find(|data| data.target() == name)
    }

    /// The names of the targets with commas between them.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.targets.iter().map(Dataset::target).collect();
        names.join(",")
    }

    /// The table, its text read as values.
    pub fn table(&self) -> &Table {
        self.joint.table()
    }

    /// The rows to learn from: those with at least one target and a weight above 0, in ascending order.
    pub fn rows(&self) -> &[usize] {
        self.joint.rows()
    }

    /// Warnings about columns and rows that are not used as they are.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The table with the rows that have at least one target, by which rows are split. It has the first target.
    pub(crate) fn joint(&self) -> &Dataset {
        &self.joint
    }

    /// Sets a fraction of the rows aside, as [`Dataset::split`] does: rows to train on, and a table to test on. The
    /// rows are drawn with the same share of each class of the first target that has classes.
    ///
    /// # Errors
    ///
    /// The training rows cannot be learned from, for example because all are of a single class.
    pub fn split(&self, test_fraction: f64, seed: u64) -> Result<(Self, Table), Error> {
        let joint = &self.joint;
        let (rows, classes) = (joint.rows(), joint.classes());
        let split = joint.splitter().split(rows, test_fraction, classes, seed);
        if !split.validation.is_empty() {
            joint.check_rest(&split)?;
        }
        let table = joint.table();
        let select = |rows: &[usize]| table.select(table.name(), rows);
        let training = select(&split.training)?;
        let part = |whole: &Dataset| -> Result<Dataset, Error> {
            let options = DatasetOptions {
                task: Some(whole.task()),
                ..whole.options().clone()
            };
            let part = Dataset::new(training.clone(), whole.target(), &options)?;
            Ok(part.read_as(whole, &split.training)?)
        };
        let parts = self.targets.iter().map(part);
        let mut training = Self::of(parts.collect::<Result<_, _>>()?)?;
        let left_out = joint.rows_left_out_of_test(&split);
        training.warnings.extend(left_out.map(Warning::Splits));
        Ok((training, select(&split.validation)?))
    }

    /// The dataset as a config wants it: with the kinds of columns that the config sets.
    ///
    /// # Errors
    ///
    /// A config that is not valid or does not fit the table.
    pub(crate) fn for_config(&self, config: &Config) -> Result<Cow<'_, Self>, Error> {
        config.validate()?;
        let names: Vec<&str> = self.targets.iter().map(Dataset::target).collect();
        let options = DatasetOptions {
            columns: config.columns.clone(),
            ..DatasetOptions::default()
        };
        let kinds = Config {
            columns: kinds(&names, &options),
            ..Config::default()
        };
        let mut targets = Vec::with_capacity(self.targets.len());
        let mut are_new = false;
        for data in &self.targets {
            let data = data.for_config(&kinds)?;
            are_new |= matches!(data, Cow::Owned(_));
            targets.push(data);
        }
        if !are_new {
            return Ok(Cow::Borrowed(self));
        }
        let targets = targets.into_iter().map(Cow::into_owned);
        Ok(Cow::Owned(Self::of(targets.collect())?))
    }

    /// The options to read a test table, so that only the columns that a model may need are decoded.
    pub fn test_options(&self, options: ReadOptions) -> ReadOptions {
        let options = self.joint.test_options(options);
        let names = self.targets.iter().map(|data| data.target().to_string());
        ReadOptions {
            columns: options.columns.map(|columns| {
                let others = names.filter(|name| !columns.contains(name));
                let others: Vec<String> = others.collect();
                [columns, others].concat()
            }),
            ..options
        }
    }

    /// Checks that a test table has the targets and the columns that a model will need.
    ///
    /// # Errors
    ///
    /// As for [`Dataset::check_test`], for one of the targets.
    pub fn check_test(&self, test: &Table) -> Result<(), Error> {
        let targets: Vec<&str> = self.targets.iter().map(Dataset::target).collect();
        let to_do = "a test table has the columns of all targets, which may be empty in some rows";
        check_columns(test, &targets, to_do)?;
        self.targets
            .iter()
            .try_for_each(|data| data.check_test(test))
    }

    /// What a fit learns from, in sentences with short headings, as [`Dataset::in_words`] says it; a line for each
    /// target.
    pub fn in_words(&self, test: Option<&Table>) -> Vec<(&'static str, String)> {
        let is_own = |heading: &str| !matches!(heading, "note" | "target");
        let lines = self.joint.in_words(test).into_iter();
        let (own, splits): (Vec<_>, Vec<_>) = lines
            .filter(|(heading, _)| is_own(heading))
            .partition(|(heading, _)| *heading != "splits");
        let notes = self.warnings.iter();
        let notes = notes.map(|note| ("note", note.to_string()));
        let targets = self.targets.iter().map(|data| ("target", line(data)));
        own.into_iter()
            .chain(notes)
            .chain(targets)
            .chain(splits)
            .collect()
    }
}

/// A target, its task and its rows.
fn line(data: &Dataset) -> String {
    let rows = count(data.rows().len(), "row");
    format!("{} ({}), {rows}", shown(data.target()), data.task())
}

impl AsRef<Table> for MultiTargetDataset {
    fn as_ref(&self) -> &Table {
        self.table()
    }
}

fn no_target() -> Error {
    Error::Config("--target needs the name of a column".to_string())
}

/// Checks that each target is named once, and has no other role.
fn check_names(names: &[&str], options: &DatasetOptions) -> Result<(), Error> {
    if names.is_empty() {
        return Err(no_target());
    }
    for (index, name) in names.iter().enumerate() {
        let column = shown(name);
        if names[..index].contains(name) {
            let reason = format!("--target: `{column}` is named twice");
            return Err(Error::Config(reason));
        }
        if options.features.iter().any(|feature| feature == name) {
            return Err(Error::Config(format!("--features: `{column}` is a target")));
        }
        let weight = options.weight.as_deref();
        if weight == Some(*name) {
            let reason = format!("--weight: `{column}` is a target");
            return Err(Error::Config(reason));
        }
        options.split.check(name, weight, &options.features)?;
    }
    match &options.offset {
        None => Ok(()),
        Some(column) => Err(Error::Config(format!(
            "--offset `{}`: an exposure is for one target: train a model for each",
            shown(column)
        ))),
    }
}

/// The kinds of columns, in which the targets have those of their tasks, as far as the options say them. With the same
/// kinds, the table is read alike for each target.
fn kinds(names: &[&str], options: &DatasetOptions) -> BTreeMap<String, ColumnKind> {
    let mut kinds = options.columns.clone();
    for name in names {
        let kind = match (kinds.get(*name), options.task) {
            (Some(ColumnKind::Numeric), _) => Some(ColumnKind::Numeric),
            (Some(ColumnKind::Categorical | ColumnKind::Boolean), _) => {
                Some(ColumnKind::Categorical)
            }
            (_, Some(Task::Regression)) => Some(ColumnKind::Numeric),
            (_, Some(Task::Classification)) => Some(ColumnKind::Categorical),
            (_, None) => None,
        };
        match kind {
            Some(kind) => kinds.insert((*name).to_string(), kind),
            None => kinds.remove(*name),
        };
    }
    kinds
}

/// For a target of classes, the class of each of `rows`; a number of their own for those that lack it.
fn strata(data: &Dataset, rows: &[usize]) -> Option<Vec<usize>> {
    let classes = data.classes()?;
    let lacking = data.class_names().map_or(0, |names| names.len());
    let class = |row: &usize| match data.rows().binary_search(row) {
        Ok(place) => classes.get(place).copied().unwrap_or(lacking),
        Err(_) => lacking,
    };
    Some(rows.iter().map(class).collect())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn table(csv: &'static str) -> Table {
        Table::from_reader("t.csv", Cursor::new(csv), &ReadOptions::default()).unwrap()
    }

    const CSV: &str = "x,sold,price\n10,yes,1.5\n40,no,2.5\n20,,3.5\n60,yes,\n50,no,5.5\n30,,\n";

    fn data() -> MultiTargetDataset {
        MultiTargetDataset::new(table(CSV), &["price", "sold"], &Default::default()).unwrap()
    }

    #[test]
    fn rows_with_one_of_the_targets_are_used() {
        let data = data();
        assert_eq!(data.rows(), [0, 1, 2, 3, 4]);
        assert_eq!(data.targets()[0].rows(), [0, 1, 2, 4]);
        assert_eq!(data.target("sold").unwrap().rows(), [0, 1, 3, 4]);
        assert!(data.target("x").is_none());
        let tasks = data.targets().iter().map(Dataset::task);
        let expected = [Task::Regression, Task::Classification];
        assert_eq!(tasks.collect::<Vec<_>>(), expected);
        for target in data.targets() {
            assert_eq!(target.features().collect::<Vec<_>>(), ["x"]);
        }
        // Folds have the same share of `no`, `yes` and rows without a class.
        assert_eq!(data.joint().classes(), Some(&[1, 0, 2, 1, 0][..]));
        let left_out = Warning::RowsWithoutTargets {
            targets: vec!["price".to_string(), "sold".to_string()],
            rows: 1,
        };
        assert!(data.warnings().contains(&left_out));
        let lines = data.in_words(None);
        let targets = lines.iter().filter(|(heading, _)| *heading == "target");
        let targets: Vec<&str> = targets.map(|(_, text)| text.as_str()).collect();
        let expected = [
            "price (regression), 4 rows",
            "sold (classification), 4 rows",
        ];
        assert_eq!(targets, expected);
        let notes = lines.iter().filter(|(heading, _)| *heading == "note");
        let notes: Vec<&str> = notes.map(|(_, text)| text.as_str()).collect();
        for expected in [
            "`price` is missing in 1 row, `sold` in 1 row: such a row trains the targets that it has",
            "1 row left out, without a value of any target (`price`, `sold`)",
        ] {
            assert!(notes.contains(&expected), "{notes:?}");
        }
    }

    #[test]
    fn a_target_has_one_role() {
        let error = |names: &[&str], options: &DatasetOptions| {
            let error = MultiTargetDataset::new(table(CSV), names, options).unwrap_err();
            assert!(matches!(error, Error::Config(_)), "{error}");
            error.to_string()
        };
        let plain = DatasetOptions::default();
        let twice = error(&["price", "sold", "price"], &plain);
        assert_eq!(twice, "--target: `price` is named twice");
        let features = DatasetOptions {
            features: vec!["x".to_string(), "sold".to_string()],
            ..plain.clone()
        };
        let feature = error(&["price", "sold"], &features);
        assert_eq!(feature, "--features: `sold` is a target");
        let offset = DatasetOptions {
            offset: Some("x".to_string()),
            ..plain.clone()
        };
        assert!(error(&["price", "sold"], &offset).contains("for one target"));
        assert!(error(&[], &plain).contains("needs the name of a column"));
    }

    #[test]
    fn the_task_is_that_of_targets_without_a_kind() {
        let csv = "x,a,b\n1,1,3\n2,2,4\n3,1,5\n4,2,3\n";
        let options = DatasetOptions {
            task: Some(Task::Regression),
            columns: BTreeMap::from([("b".to_string(), ColumnKind::Categorical)]),
            ..DatasetOptions::default()
        };
        let data = MultiTargetDataset::new(table(csv), &["a", "b"], &options).unwrap();
        assert_eq!(data.targets()[0].task(), Task::Regression);
        assert_eq!(data.targets()[1].task(), Task::Classification);
    }
}
