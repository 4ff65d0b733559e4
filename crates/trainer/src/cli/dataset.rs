//! The dataset of a table and its target.

use backburn::{Config, Dataset, DatasetOptions, SplitColumns, Table, read_table};

use super::table_args::{ColumnArgs, TableArgs};
use crate::error::Error;

/// Reads the table. The config gets the kinds of columns that the options name, since they win.
pub fn read_dataset(args: &TableArgs, config: &mut Config) -> Result<Dataset, Error> {
    let columns = args.columns.options();
    let split = SplitColumns {
        group: args.group.clone(),
        time: args.time.clone(),
        gap: args.gap,
        fold: args.fold.clone(),
    };
    let (weight, offset) = (args.weight.as_deref(), args.offset.as_deref());
    let others = split.with_others([Some(args.target.as_str()), weight, offset]);
    let read = columns.read_options(args.read.options(), &others, &config.columns);
    let table = read_table(&args.table, &read)?;
    let options = DatasetOptions {
        task: args.task,
        weight: args.weight.clone(),
        offset: args.offset.clone(),
        split,
        ..DatasetOptions::default()
    };
    dataset(table, &args.target, options, &args.columns, config)
}

/// The dataset of a table, as [`read_dataset`] makes it.
pub fn dataset(
    table: Table,
    target: &str,
    mut options: DatasetOptions,
    columns: &ColumnArgs,
    config: &mut Config,
) -> Result<Dataset, Error> {
    options.columns = config.columns.clone();
    let options = columns.options().resolve(&table, Some(target), options)?;
    config.columns = options.columns.clone();
    Ok(Dataset::new(table, target, &options)?)
}
