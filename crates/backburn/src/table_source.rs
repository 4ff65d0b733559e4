//! A table to learn from, as a command line names it.

use std::path::PathBuf;

use backburn_table::{ReadOptions, Table};

use crate::column_options::ColumnOptions;
use crate::config::Config;
use crate::dataset::Dataset;
use crate::dataset_options::DatasetOptions;
use crate::error::Error;
use crate::memory::read_table;
use crate::target_words::{one_target, target_columns};

/// A table to learn from, the words that name its targets and what is said about its columns.
#[derive(Debug, Clone, Default)]
pub struct TableSource {
    /// The file.
    pub path: PathBuf,
    /// How to read it.
    pub read: ReadOptions,
    /// The words of `--target`; see [`target_columns`].
    pub targets: Vec<String>,
    /// What is said about columns.
    pub columns: ColumnOptions,
    /// The task and the columns with roles. The kinds of columns are those of the config and of `columns`.
    pub options: DatasetOptions,
}

impl TableSource {
    /// Reads the table, with its targets, and how it is a dataset. The config gets the kinds of columns that
    /// `columns` names, since they win.
    ///
    /// # Errors
    ///
    /// The table cannot be read, or a word names no column or one that has another role.
    pub fn read(&self, config: &mut Config) -> Result<(Table, Vec<String>, DatasetOptions), Error> {
        let DatasetOptions { weight, offset, .. } = &self.options;
        let roles = [None, weight.as_deref(), offset.as_deref()];
        let mut others = self.options.split.with_others(roles);
        others.extend(self.targets.iter().map(String::as_str));
        let read = self.read.clone();
        let read = self.columns.read_options(read, &others, &config.columns);
        let table = read_table(&self.path, &read)?;
        let targets = target_columns(&self.targets, &table)?;
        let options = DatasetOptions {
            columns: config.columns.clone(),
            ..self.options.clone()
        };
        let options = self.columns.resolve_targets(&table, &targets, options)?;
        config.columns = options.columns.clone();
        Ok((table, targets, options))
    }

    /// Reads the table as a dataset with its only target.
    ///
    /// # Errors
    ///
    /// There are several targets, or an error of [`read`](Self::read) or of [`Dataset::new`].
    pub fn dataset(&self, config: &mut Config) -> Result<Dataset, Error> {
        let (table, targets, options) = self.read(config)?;
        Dataset::new(table, one_target(&targets)?, &options)
    }
}

impl ColumnOptions {
    /// The dataset of a table, as [`TableSource::dataset`] makes it.
    ///
    /// # Errors
    ///
    /// The same as for [`resolve`](Self::resolve) and [`Dataset::new`].
    pub fn dataset(
        &self,
        table: Table,
        target: &str,
        options: DatasetOptions,
        config: &mut Config,
    ) -> Result<Dataset, Error> {
        let options = DatasetOptions {
            columns: config.columns.clone(),
            ..options
        };
        let options = self.resolve(&table, Some(target), options)?;
        config.columns = options.columns.clone();
        Dataset::new(table, target, &options)
    }
}
