//! What is known of the rows of a table after they were written with their results.

use serde::Serialize;

use crate::row_stream::RowStream;
use crate::shift_finding::{ShiftFinding, shift_notes};
use crate::text::{count, shown};
use crate::warning::Warning;

/// What is known of the rows of a table after the last of them; made by
/// [`PredictionStream::report`](crate::PredictionStream::report) and
/// [`EmbeddingStream::report`](crate::EmbeddingStream::report).
#[derive(Debug, Clone, Serialize)]
pub struct RowsReport {
    /// The number of rows that have a result.
    pub rows: usize,
    /// The number of rows that were skipped.
    pub skipped: usize,
    /// What is unlike training in the rows.
    pub unlike_training: Vec<ShiftFinding>,
    /// What was done about the layout of the file.
    pub warnings: Vec<Warning>,
    /// The kept columns that have another name in the output, with that name.
    #[serde(skip)]
    pub renamed: Vec<(String, String)>,
}

impl RowsReport {
    /// What is known of the rows of a stream so far.
    pub(crate) fn of_stream(
        stream: &RowStream,
        unlike_training: Vec<ShiftFinding>,
        renamed: &[(String, String)],
    ) -> Self {
        let rows = (stream.rows(), stream.skipped_rows());
        Self::new(rows, unlike_training, stream.notes(), renamed)
    }

    fn new(
        (rows, skipped): (usize, usize),
        unlike_training: Vec<ShiftFinding>,
        layout: Vec<String>,
        renamed: &[(String, String)],
    ) -> Self {
        let layout = layout.into_iter();
        Self {
            rows,
            skipped,
            unlike_training,
            warnings: layout.map(|note| Warning::Layout { note }).collect(),
            renamed: renamed.to_vec(),
        }
    }

    /// What to know about the rows, as sentences.
    pub fn notes(&self) -> Vec<String> {
        let skipped = format!("{} skipped", count(self.skipped, "row"));
        let mut notes: Vec<String> = (self.skipped > 0).then_some(skipped).into_iter().collect();
        notes.extend(self.renamed.iter().map(|(name, written)| {
            let (name, written) = (shown(name), shown(written));
            format!("the column `{name}` of the table is written as `{written}`")
        }));
        notes.extend(self.warnings.iter().map(Warning::to_string));
        notes.extend(shift_notes(&self.unlike_training));
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_sentences_and_json_has_counts() {
        let renamed = [("embedding".to_string(), "embedding.1".to_string())];
        let layout = vec!["a line is left out".to_string()];
        let report = RowsReport::new((5, 1), Vec::new(), layout, &renamed);
        let expected = [
            "1 row skipped",
            "the column `embedding` of the table is written as `embedding.1`",
            "a line is left out",
        ];
        assert_eq!(report.notes(), expected);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((&json["rows"], &json["skipped"]), (&5.into(), &1.into()));
        assert_eq!(json["warnings"][0]["what"], "layout");
        assert!(json.get("renamed").is_none());
    }
}
