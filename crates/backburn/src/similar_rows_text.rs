//! Similar rows as text and as JSON.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::similar_rows::{ColumnDifference, SimilarRow, SimilarRows};
use crate::text::{aligned, count, number, shown};

/// The largest number of columns of the model that are shown.
const COLUMNS: usize = 6;
/// The largest number of characters of a value that are shown.
const CELL: usize = 18;

impl SimilarRows {
    /// The rows as lines of text: what they are, a header, the row that was asked for, and the similar rows. Of the
    /// columns, those are shown that contribute most to the distances.
    pub fn lines(&self) -> Vec<String> {
        let dimensions = count(self.dimensions, "dimension");
        let mut lines = vec![format!(
            "data row {}, and the rows most similar to it, by their distance in {dimensions}",
            self.row + 1
        )];
        lines.extend(aligned(&self.cells()));
        lines
    }

    /// The rows as a JSON object. Rows are counted from 1.
    pub fn to_json(&self) -> Value {
        let neighbors = self.neighbors.iter().map(|neighbor| SimilarRow {
            row: neighbor.row + 1,
            ..neighbor.clone()
        });
        let counted_from_1 = Self {
            row: self.row + 1,
            target: self.target.clone(),
            target_value: self.target_value.clone(),
            dimensions: self.dimensions,
            neighbors: neighbors.collect(),
        };
        json!(counted_from_1)
    }

    /// The cells of the table that is shown, with its header.
    fn cells(&self) -> Vec<Vec<String>> {
        let columns = self.leading_columns();
        let values = self.neighbors.iter().map(|row| &row.target_value);
        let mut values = values.chain([&self.target_value]);
        let has_target = values.any(Option::is_some);
        let line = |row: String, distance: String, target: Option<&str>| {
            let mut cells = vec![row, distance];
            cells.extend(has_target.then(|| cell(target)));
            cells
        };
        let number_of = |row: usize| (row + 1).to_string();
        let mut header = line(
            "row".to_string(),
            "distance".to_string(),
            Some(&self.target),
        );
        header.extend(columns.iter().map(|column| cell(Some(column))));
        let target = self.target_value.as_deref();
        let mut asked = line(number_of(self.row), String::new(), target);
        let first = self.neighbors.first();
        asked.extend(columns.iter().map(|column| {
            let part = first.and_then(|row| difference(row, column));
            cell(part.and_then(|part| part.asked.as_deref()))
        }));
        let mut cells = vec![header, asked];
        for neighbor in &self.neighbors {
            let distance = number(neighbor.distance);
            let target = neighbor.target_value.as_deref();
            let mut row = line(number_of(neighbor.row), distance, target);
            row.extend(columns.iter().map(|column| {
                let part = difference(neighbor, column);
                cell(part.and_then(|part| part.value.as_deref()))
            }));
            cells.push(row);
        }
        cells
    }

    /// The columns with the largest sums of absolute amounts over all rows.
    fn leading_columns(&self) -> Vec<&str> {
        let mut sums: HashMap<&str, f64> = HashMap::new();
        for part in self.neighbors.iter().flat_map(|row| &row.contributions) {
            *sums.entry(&part.column).or_default() += part.amount.abs();
        }
        let mut columns: Vec<(&str, f64)> =
            sums.into_iter().filter(|(_, sum)| *sum > 0.0).collect();
        columns.sort_by(|(a, of_a), (b, of_b)| of_b.total_cmp(of_a).then(a.cmp(b)));
        let columns = columns.into_iter().take(COLUMNS);
        columns.map(|(name, _)| name).collect()
    }
}

fn difference<'a>(row: &'a SimilarRow, column: &str) -> Option<&'a ColumnDifference> {
    row.contributions.iter().find(|part| part.column == column)
}

/// A value, safe to print and short; `-` if it is missing.
fn cell(value: Option<&str>) -> String {
    let text = value.map_or("-".to_string(), shown);
    match text.chars().nth(CELL) {
        Some(_) => text.chars().take(CELL - 1).chain(['…']).collect(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similar() -> SimilarRows {
        let part = |column: &str, value: &str, amount: f64| ColumnDifference {
            column: column.to_string(),
            value: Some(value.to_string()),
            asked: None,
            amount,
        };
        let row = |row: usize, distance: f64, contributions: Vec<ColumnDifference>| SimilarRow {
            row,
            distance,
            target_value: Some("200".to_string()),
            contributions,
        };
        SimilarRows {
            row: 1,
            target: "price".to_string(),
            target_value: None,
            dimensions: 8,
            neighbors: vec![
                row(
                    0,
                    0.0,
                    vec![part("size", "5", 0.0), part("equal", "1", 0.0)],
                ),
                row(
                    4,
                    2.5,
                    vec![part("size", "a very long value of a cell", -3.0)],
                ),
            ],
        }
    }

    #[test]
    fn lines_show_the_columns_that_differ() {
        let expected = [
            "data row 2, and the rows most similar to it, by their distance in 8 dimensions",
            "row  distance  price                size",
            "  2                -                   -",
            "  1    0.0000    200                   5",
            "  5    2.5000    200  a very long value…",
        ];
        assert_eq!(similar().lines(), expected);
    }

    #[test]
    fn json_counts_rows_from_1() {
        let json = similar().to_json();
        assert_eq!(
            (&json["row"], &json["neighbors"][1]["row"]),
            (&2.into(), &5.into())
        );
        let part = &json["neighbors"][1]["contributions"][0];
        assert_eq!(
            (&part["column"], &part["amount"]),
            (&"size".into(), &(-3.0).into())
        );
        assert!(part["asked"].is_null());
    }
}
