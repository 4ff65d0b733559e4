//! What each column adds to the prediction for a row.

use backburn::{Error, TableFormat};
use backburn_explain::Explainer;
use serde::Serialize;

use crate::playground::Playground;

/// What a column adds to the prediction for the average row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnContribution {
    /// The column.
    pub column: String,
    /// The value of the row as text; empty where it is missing.
    pub value: String,
    /// What it adds, in the unit of the target, or to the probability of the predicted class.
    pub contribution: f64,
}

impl Playground {
    /// What each column adds to the prediction for a row, by integrated gradients, the largest amount first. Rows are
    /// counted as for [`row`](Self::row).
    ///
    /// # Errors
    ///
    /// There is no such row.
    pub fn attribution(&self, index: usize) -> Result<Vec<ColumnContribution>, Error> {
        let row = self.table_row(index)?;
        let table = self.dataset.table();
        let table = table.select(table.name(), &[row])?;
        // The text of this table is read as values already.
        let model = self.saved_model(TableFormat::default());
        let explainer = Explainer::new(&model, &table, &self.device)?;
        let explanations = explainer.explain_rows(&[0]);
        let contributions = explanations.into_iter().flat_map(|row| row.contributions);
        let contributions = contributions.map(|part| ColumnContribution {
            column: part.column,
            value: part.value.unwrap_or_default(),
            contribution: part.amount,
        });
        Ok(contributions.collect())
    }
}
