//! How a table is read as a dataset.

use std::collections::BTreeMap;

use backburn_preprocessing::Task;
use backburn_table::{ColumnKind, FormatOptions};

use crate::split_columns::SplitColumns;

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
    /// Columns that are other targets, and so no features. [`MultiTargetDataset`](crate::MultiTargetDataset) sets them.
    pub other_targets: Vec<String>,
    /// How text is read as values.
    pub format: FormatOptions,
    /// The columns that decide how rows are split.
    pub split: SplitColumns,
}

impl DatasetOptions {
    /// The columns that are no features: those of the weight, the exposure, the groups, the folds and other targets. So is
    /// the column of the time, unless it is named as a feature or has a kind, other than by the format of its dates.
    pub(crate) fn other_roles(&self) -> Vec<&str> {
        let is_feature = |name: &String| {
            let kind = self.columns.get(name);
            let has_kind = kind.is_some_and(|kind| *kind != ColumnKind::Ignored);
            self.features.contains(name) || has_kind && !self.format.date_formats.contains_key(name)
        };
        let time = self.split.time.as_ref().filter(|name| !is_feature(name));
        let columns = [
            self.weight.as_ref(),
            self.offset.as_ref(),
            self.split.group.as_ref(),
            self.split.fold.as_ref(),
            time,
        ];
        let columns = columns.into_iter().flatten().chain(&self.other_targets);
        columns.map(String::as_str).collect()
    }
}
