//! The dataset of a table and its target.

use backburn::{Config, Dataset, DatasetOptions, SplitColumns, TableSource};

use super::table_args::TableArgs;
use crate::error::Error;

/// Reads the table and its only target. The config gets the kinds of columns that the options name, since they win.
pub fn read_dataset(args: &TableArgs, config: &mut Config) -> Result<Dataset, Error> {
    Ok(source(args).dataset(config)?)
}

/// The table and its targets.
pub fn source(args: &TableArgs) -> TableSource {
    TableSource {
        path: args.table.clone(),
        read: args.read.options(),
        targets: args.target.clone(),
        columns: args.columns.options(),
        options: DatasetOptions {
            task: args.task,
            weight: args.weight.clone(),
            offset: args.offset.clone(),
            split: SplitColumns {
                group: args.group.clone(),
                time: args.time.clone(),
                gap: args.gap,
                fold: args.fold.clone(),
            },
            ..DatasetOptions::default()
        },
    }
}
