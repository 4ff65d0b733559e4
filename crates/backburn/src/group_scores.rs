//! Scores by group.

use std::collections::BTreeMap;

use backburn_preprocessing::Predictions;
use backburn_table::Table;
use serde_json::{Value, json};

use crate::error::Error;
use crate::score::Score;
use crate::scoring::Scoring;
use crate::targets::Targets;
use crate::text::{count, shown};

/// The largest number of groups with a score of their own.
const MOST: usize = 20;

/// The scores of the groups of a table, by the values of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupScores {
    /// The column.
    pub column: String,
    /// The groups with the most rows, at most 20, the largest first: the value, which is `None` where it is
    /// missing, and the score; `None` if no row of the group has a target.
    pub groups: Vec<(Option<String>, usize, Option<Score>)>,
    /// The number of other groups.
    pub others: usize,
}

impl GroupScores {
    /// Scores predictions for every row of a table by the values of a column.
    ///
    /// # Errors
    ///
    /// The table does not have the column.
    pub(crate) fn new(
        column: &str,
        predictions: &Predictions,
        targets: &Targets,
        table: &Table,
        scoring: &Scoring,
    ) -> Result<Self, Error> {
        let mut by_value: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
        for (row, cell) in table.column(column)?.cells().enumerate() {
            let value = cell.category().map(|value| value.into_owned());
            by_value.entry(value).or_default().push(row);
        }
        let mut groups: Vec<_> = by_value.into_iter().collect();
        // Groups of equal size stay in the order of their values.
        groups.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
        let others = groups.len().saturating_sub(MOST);
        groups.truncate(MOST);
        let groups = groups.into_iter().map(|(value, rows)| {
            let of_rows = predictions.select(&rows);
            let score = scoring.score(&of_rows, targets, &rows);
            (value, rows.len(), score)
        });
        Ok(Self {
            column: column.to_string(),
            groups: groups.collect(),
            others,
        })
    }

    /// A line of text for each group.
    pub fn lines(&self) -> Vec<String> {
        let name = |value: &Option<String>| match value {
            Some(value) => shown(value),
            None => "(missing)".to_string(),
        };
        let widths = self.groups.iter().map(|(v, ..)| name(v).chars().count());
        let width = widths.max().unwrap_or(0);
        let mut lines: Vec<String> = self
            .groups
            .iter()
            .map(|(value, rows, score)| {
                let (name, rows) = (name(value), count(*rows, "row"));
                let score = match score {
                    Some(score) => score.line(""),
                    None => "no row has a target".to_string(),
                };
                format!("{name:width$}  {rows:>12}  {score}")
            })
            .collect();
        if self.others > 0 {
            let others = count(self.others, "smaller group");
            lines.push(format!("{others} not shown"));
        }
        lines
    }

    /// The scores as JSON.
    pub fn json(&self) -> Value {
        let groups = self.groups.iter().map(|(value, rows, score)| {
            let score = score.as_ref().map(Score::json);
            json!({ "value": value, "rows": rows, "score": score })
        });
        json!({
            "column": self.column,
            "groups": groups.collect::<Vec<_>>(),
            "other_groups": self.others,
        })
    }
}

#[cfg(test)]
mod tests {
    use backburn_table::ReadOptions;

    use super::*;

    fn scores(csv: &str) -> GroupScores {
        let bytes = std::io::Cursor::new(csv.to_string());
        let table = Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap();
        let values = |factor: f64| (0..table.rows()).map(|row| row as f64 * factor).collect();
        let predictions = Predictions::Values(values(1.0));
        let targets = Targets::Values(values(2.0));
        let scoring = Scoring::default();
        GroupScores::new("g", &predictions, &targets, &table, &scoring).unwrap()
    }

    #[test]
    fn each_value_has_a_score_and_a_missing_one_too() {
        let scores = scores("g,x\nb,1\na,1\nb,1\n,1\n");
        let mae = |group: usize| {
            let (value, rows, score) = &scores.groups[group];
            let mae = score.as_ref().unwrap().metric("mae").unwrap();
            (value.as_deref(), *rows, mae)
        };
        assert_eq!(mae(0), (Some("b"), 2, 1.0));
        assert_eq!(mae(1), (None, 1, 3.0));
        assert_eq!(mae(2), (Some("a"), 1, 1.0));
        assert_eq!(scores.others, 0);
        let lines = scores.lines();
        let start = format!("(missing)  {:>12}  RMSE 3.0000", "1 row");
        assert!(lines[1].starts_with(&start), "{lines:?}");
        assert_eq!(scores.json()["groups"][0]["score"]["mae"], 1.0);
        assert!(scores.json()["groups"][1]["value"].is_null());
    }

    #[test]
    fn no_more_than_twenty_groups_are_shown() {
        let rows: String = (0..30).map(|row| format!("g{row},1\n")).collect();
        let scores = scores(&format!("g,x\n{rows}"));
        assert_eq!((scores.groups.len(), scores.others), (20, 10));
        let lines = scores.lines();
        assert_eq!(lines.last().unwrap(), "10 smaller groups not shown");
    }
}
