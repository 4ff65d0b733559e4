//! The rows of a table that are most similar to a given row, by the embeddings of a model.

use std::borrow::Cow;
use std::ops::Range;

use backburn_table::{Cell, Table};
use serde::Serialize;

use crate::embedder::Embedder;
use crate::error::Error;

/// The rows of a table that are most similar to a given row, by the [embeddings](Embedder) of a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimilarRows {
    /// The index of the row in its table, from 0.
    pub row: usize,
    /// The column that the model predicts.
    pub target: String,
    /// The row's value of the target as text, if it is known.
    pub target_value: Option<String>,
    /// The length of the embeddings.
    pub dimensions: usize,
    /// The rows most similar to it, the closest first. Rows at the same distance are in the order of their table.
    pub neighbors: Vec<SimilarRow>,
}

/// One of the rows that are most similar to a given row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimilarRow {
    /// The index of the row in its table, from 0.
    pub row: usize,
    /// The Euclidean distance of the two embeddings.
    pub distance: f64,
    /// The row's value of the target as text, if it is known.
    pub target_value: Option<String>,
    /// What each column of the model contributes to the distance. The largest absolute amounts come first.
    pub contributions: Vec<ColumnDifference>,
}

/// What a column contributes to the distance of two rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnDifference {
    /// The column's name.
    pub column: String,
    /// The value of the similar row as text, or `None` if it is missing.
    pub value: Option<String>,
    /// The value of the row that was asked for, or `None` if it is missing.
    pub asked: Option<String>,
    /// The decrease of the squared distance if the similar row had the value that was asked for in this column
    /// alone. It is 0 for equal values, and negative where the difference makes up for differences in other
    /// columns. The amounts of all columns do not add up to the squared distance.
    pub amount: f64,
}

impl SimilarRows {
    /// Finds the `top` rows of a table that are most similar to a given row: those whose [embeddings](Embedder) have the
    /// smallest Euclidean distance from its embedding. All rows are compared. `row` is the index of the row in
    /// `table`. The rows are searched in `among`, or in `table` without the row itself. If there are fewer than `top`
    /// rows, all of them are found.
    ///
    /// ```
    /// use backburn::{Config, Dataset, Estimator, FitContext, Preset, ReadOptions, SimilarRows, Table};
    ///
    /// # let csv: String = (0..40).map(|n| format!("{},{}.5\n", n % 20, n % 20 * 3)).collect();
    /// # let csv = std::io::Cursor::new(format!("size,price\n{csv}"));
    /// # let table = Table::from_reader("houses", csv, &ReadOptions::default())?;
    /// # let data = Dataset::new(table.clone(), "price", &Default::default())?;
    /// # let model = Estimator::new(Config::preset(Preset::Fast)).fit(&data, &FitContext::default())?;
    /// let embedder = model.predictor().embedder()?;
    /// let similar = SimilarRows::find(&embedder, (&table, 3), None, 5)?;
    /// // The table has this row twice.
    /// assert_eq!((similar.neighbors.len(), similar.neighbors[0].distance), (5, 0.0));
    /// for line in similar.lines() {
    ///     println!("{line}");
    /// }
    /// # Ok::<(), backburn::Error>(())
    /// ```
    ///
    /// # Cost
    ///
    /// One forward pass for each row, and one for each column of each row that is found. Embeddings are not kept,
    /// so memory does not grow with the rows.
    ///
    /// # Errors
    ///
    /// The table has no such row, there is no row to compare it with, a table does not fit the model, or an
    /// embedding is not finite.
    pub fn find(
        embedder: &Embedder,
        (table, row): (&Table, usize),
        among: Option<&Table>,
        top: usize,
    ) -> Result<Self, Error> {
        if row >= table.rows() {
            let rows = table.rows();
            let reason = format!("there is no row of index {row}: it has {rows} rows");
            return Err(table.unusable(reason).into());
        }
        let asked = embedder.embed_row(table, row)?;
        let left_out = among.is_none().then_some(row);
        let among = among.unwrap_or(table);
        let mut nearest = Nearest::new(top);
        embedder.each_part(among, |first, part| {
            for (index, vector) in (first..).zip(part.vectors()) {
                if Some(index) != left_out {
                    nearest.add(index, squared_distance(&asked, vector));
                }
            }
        })?;
        if nearest.rows.is_empty() {
            let reason = "there is no other row to compare with";
            return Err(among.unusable(reason).into());
        }
        let asked_row = ReadRows::new(embedder, table, &[row])?;
        let found: Vec<usize> = nearest.rows.iter().map(|(_, row)| *row).collect();
        let found = ReadRows::new(embedder, among, &found)?;
        let neighbors = nearest.rows.iter().enumerate();
        let neighbors = neighbors.map(|(position, &(squared, row))| SimilarRow {
            row,
            distance: squared.sqrt(),
            target_value: found.target.get(position).cloned().flatten(),
            contributions: contributions(
                embedder,
                (asked.as_slice(), &asked_row),
                (&found, position, squared),
            ),
        });
        Ok(Self {
            row,
            target: embedder.predictor().model().target.column().to_string(),
            target_value: asked_row.target.first().cloned().flatten(),
            dimensions: embedder.dimensions(),
            neighbors: neighbors.collect(),
        })
    }
}

/// The nearest rows so far.
struct Nearest {
    top: usize,
    /// Squared distances with the indices of rows, the smallest first.
    rows: Vec<(f64, usize)>,
}

impl Nearest {
    fn new(top: usize) -> Self {
        Self {
            top,
            rows: Vec::new(),
        }
    }

    /// Adds a row. Of rows at the same distance, those that are added first stay.
    fn add(&mut self, row: usize, squared: f64) {
        let is_farther = |&(other, _): &(f64, usize)| other > squared;
        if self.rows.len() < self.top || self.rows.last().is_some_and(is_farther) {
            let at = self.rows.partition_point(|&(other, _)| other <= squared);
            self.rows.insert(at, (squared, row));
            self.rows.truncate(self.top);
        }
    }
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b));
    differences.map(|difference| difference * difference).sum()
}

/// Some rows as the model reads them.
struct ReadRows<'a> {
    /// The columns of the model.
    columns: Vec<ReadColumn<'a>>,
    /// The values of the target as text. Empty if the table does not have it.
    target: Vec<Option<String>>,
    /// The rows as [`Encoder::encode_columns`](backburn_preprocessing::Encoder::encode_columns) returns them.
    encoded: Vec<f32>,
}

/// A column of some rows.
struct ReadColumn<'a> {
    name: &'a str,
    /// Where it is in an encoded row.
    range: Range<usize>,
    /// Its values as text.
    values: Vec<Option<String>>,
}

impl<'a> ReadRows<'a> {
    fn new(embedder: &Embedder<'a>, table: &Table, rows: &[usize]) -> Result<Self, Error> {
        let model = embedder.predictor().model();
        let selected = table.select(table.name(), rows)?;
        let read = model.format.apply_to_table(&selected)?;
        let columns = model.encoder.column_ranges().into_iter();
        let columns = columns.map(|(name, range)| ReadColumn {
            name,
            range,
            values: texts(&read, name),
        });
        Ok(Self {
            columns: columns.collect(),
            target: texts(&read, model.target.column()),
            encoded: model.encoder.encode_columns(&read)?,
        })
    }
}

/// The values of a column as text; none if the table does not have it.
fn texts(table: &Table, column: &str) -> Vec<Option<String>> {
    let Ok(column) = table.column(column) else {
        return Vec::new();
    };
    let text = |cell: Cell| cell.category().map(Cow::into_owned);
    column.cells().map(text).collect()
}

/// What each column contributes to the distance of a row that was found from the row that was asked for. The row
/// that was asked for comes with its embedding; the other one with its position in `found` and its squared
/// distance.
fn contributions(
    embedder: &Embedder,
    (asked_vector, asked): (&[f32], &ReadRows),
    (found, position, squared): (&ReadRows, usize, f64),
) -> Vec<ColumnDifference> {
    /// Numbers of encoded rows that are computed at a time.
    const NUMBERS: usize = 1 << 20;
    let encoder = &embedder.predictor().model().encoder;
    let width = encoder.width();
    let own = &found.encoded[position * width..(position + 1) * width];
    let is_other = |column: &usize| {
        let range = found.columns[*column].range.clone();
        let mut pairs = own[range.clone()].iter().zip(&asked.encoded[range]);
        // Values to impute are NaN.
        pairs.any(|(a, b)| a.to_bits() != b.to_bits())
    };
    let others: Vec<usize> = (0..found.columns.len()).filter(is_other).collect();
    let mut amounts = vec![0.0; found.columns.len()];
    for part in others.chunks((NUMBERS / width.max(1)).max(1)) {
        let mut rows = Vec::with_capacity(part.len() * width);
        for &column in part {
            let start = rows.len();
            rows.extend_from_slice(own);
            let range = found.columns[column].range.clone();
            rows[start + range.start..start + range.end].copy_from_slice(&asked.encoded[range]);
        }
        encoder.complete(&mut rows);
        let replaced = embedder.embed_encoded(&rows);
        for (&column, vector) in part.iter().zip(replaced.vectors()) {
            amounts[column] = squared - squared_distance(asked_vector, vector);
        }
    }
    let columns = found.columns.iter().zip(&asked.columns).zip(amounts);
    let mut differences: Vec<ColumnDifference> = columns
        .map(|((column, of_asked), amount)| ColumnDifference {
            column: column.name.to_string(),
            value: column.values.get(position).cloned().flatten(),
            asked: of_asked.values.first().cloned().flatten(),
            amount,
        })
        .collect();
    differences.sort_by(|a, b| b.amount.abs().total_cmp(&a.amount.abs()));
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rows_are_in_order_and_the_first_of_equals_stay() {
        let mut nearest = Nearest::new(3);
        for (row, squared) in [4.0, 1.0, 9.0, 1.0, 4.0, 0.0].into_iter().enumerate() {
            nearest.add(row, squared);
        }
        assert_eq!(nearest.rows, [(0.0, 5), (1.0, 1), (1.0, 3)]);
        let mut none = Nearest::new(0);
        none.add(0, 1.0);
        assert!(none.rows.is_empty());
    }

    #[test]
    fn distances_are_squared_and_summed() {
        assert_eq!(squared_distance(&[1.0, 2.0], &[4.0, -2.0]), 25.0);
    }
}
