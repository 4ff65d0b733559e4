//! The columns of a dataset as text.

use backburn_table::{ColumnKind, ColumnSchema};

use crate::dataset::Dataset;
use crate::text::shown;

impl Dataset {
    /// The columns to learn from by kind, as text: `2 numeric (size, built), 1 date (sold)`.
    pub fn columns_by_kind(&self) -> String {
        const FIRST: usize = 4;
        let kinds = [
            ColumnKind::Numeric,
            ColumnKind::Boolean,
            ColumnKind::Categorical,
            ColumnKind::Date,
            ColumnKind::Ignored,
        ];
        let words = kinds.into_iter().filter_map(|kind| {
            let columns: Vec<&ColumnSchema> = self.inputs().filter(|c| c.kind == kind).collect();
            let names = columns.iter().take(FIRST).map(|column| shown(&column.name));
            let mut names: Vec<String> = names.collect();
            if columns.len() > FIRST {
                names.push("…".to_string());
            }
            let names = names.join(", ");
            (!columns.is_empty()).then(|| format!("{} {kind} ({names})", columns.len()))
        });
        words.collect::<Vec<_>>().join(", ")
    }
}
