//! Opening a table whose rows are written with what a model computes for them.

use std::path::Path;

use backburn_table::{ReadOptions, TableReader};

use crate::error::Error;
use crate::kept_columns::KeptColumns;
use crate::memory::open_table;
use crate::model_file::SavedModel;

/// Opens a table that a model is used on, and finds the columns of it that are written beside the results: those
/// that the words of `keep` name, or all if it is `None`. Other columns than these and those of the model are not
/// read.
///
/// # Errors
///
/// The file is not a table, a part of it does not fit into memory, or it has no such column.
pub fn open_rows(
    path: &Path,
    model: &SavedModel,
    options: ReadOptions,
    keep: Option<&[String]>,
) -> Result<(TableReader, KeptColumns), Error> {
    let mut options = model.read_options(options, keep.unwrap_or_default());
    if keep.is_none() {
        options.columns = None;
    }
    let reader = open_table(path, &options)?;
    let kept = match keep {
        None => KeptColumns::all(&reader.schema(), &model.encoder, &model.format),
        Some(names) => KeptColumns::named(names, &reader, &model.encoder, &model.format)?,
    };
    Ok((reader, kept))
}
