//! The encoder of a table: what it learned, and where columns are in an encoded row.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use backburn_model::EmbeddingConfig;
use backburn_table::{ColumnKind, ColumnSchema, Schema, Table, TableError};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::column_encoder::ColumnEncoder;
use crate::column_profile::ColumnProfile;
use crate::encoder_options::EncoderOptions;
use crate::imputer::{Imputer, imputation_width};
use crate::knn_target_encoder::KnnTargetEncoder;

/// Encodes the rows of a table as rows of numbers, as scikit-learn's `ColumnTransformer` does.
///
/// An encoded row holds, in this order: scaled numbers with their bins, one-hot categories and
/// indicators of missing values, column by column; then the k-NN features; then, for each embedding,
/// the index of the category.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use backburn_preprocessing::{Encoder, EncoderOptions};
/// use backburn_table::{ReadOptions, Schema, Table};
///
/// let csv = "size,street,price\n120,Elm,300\n95,Oak,240\n140,Elm,330\n";
/// let table = Table::from_reader("houses.csv", csv.as_bytes(), &ReadOptions::default())?;
/// let schema = Schema::infer(&table, &BTreeMap::new())?;
/// let training = [0, 1, 2];
/// let options = EncoderOptions::default();
/// let (encoder, _) = Encoder::fit(&table, &schema, &["price"], &training, &options)?;
/// assert_eq!(encoder.encode(&table)?.len(), 3 * encoder.width());
/// # Ok::<(), backburn_table::TableError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoder {
    /// The encoders of the columns that are used, in the order of the table it was fitted on.
    pub columns: Vec<ColumnEncoder>,
    /// The k-NN features; see [`with_neighbor_features`](Self::with_neighbor_features).
    #[serde(rename = "neighbours", default, skip_serializing_if = "Vec::is_empty")]
    pub knn_features: Vec<KnnTargetEncoder>,
    /// The imputer of missing values; see [`with_imputer`](Self::with_imputer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imputer: Option<Imputer>,
    /// What the training rows have in each of the columns. Empty in models of older formats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profile: Vec<ColumnProfile>,
}

impl Encoder {
    /// Fits the encoders of all columns of the schema, except `excluded` ones (the target, the
    /// weights), on the training rows alone.
    ///
    /// Returns the names of the columns that are constant in the training rows, beside the encoder:
    /// they are not encoded.
    ///
    /// # Errors
    ///
    /// The table lacks a column of the schema, or no column is left.
    pub fn fit(
        table: &Table,
        schema: &Schema,
        excluded: &[&str],
        training: &[usize],
        options: &EncoderOptions,
    ) -> Result<(Self, Vec<String>), TableError> {
        let used = membership(table.rows(), training);
        let wanted: Vec<&ColumnSchema> = schema
            .columns
            .iter()
            .filter(|column| column.kind != ColumnKind::Ignored)
            .filter(|column| !excluded.contains(&column.name.as_str()))
            .collect();
        let fitted = wanted.par_iter().map(|column| {
            let all = table.column(&column.name)?;
            let cells = || {
                let cells = all.cells().zip(&used);
                cells.filter_map(|(cell, used)| used.then_some(cell))
            };
            let encoder = ColumnEncoder::fit(&column.name, column.kind, cells(), options);
            Ok(encoder.map(|encoder| (encoder, ColumnProfile::fit(column.kind, cells()))))
        });
        let fitted: Vec<Result<_, TableError>> = fitted.collect();
        let (mut columns, mut profile) = (Vec::new(), Vec::new());
        let mut constant_features = Vec::new();
        for (column, fitted) in wanted.iter().zip(fitted) {
            match fitted? {
                Some((encoder, of_column)) => {
                    columns.push(encoder);
                    profile.push(of_column);
                }
                None => constant_features.push(column.name.clone()),
            }
        }
        if columns.is_empty() {
            return Err(table.unusable(
                "there is no column to learn from: all columns besides the target are constant or ignored; \
                 --numeric NAME or --categorical NAME uses a column that is ignored and not constant",
            ));
        }
        let encoder = Self {
            columns,
            knn_features: Vec::new(),
            imputer: None,
            profile,
        };
        Ok((encoder, constant_features))
    }

    /// The encoder with a column of exposures. The logarithm of the exposure is the first number of an encoded
    /// row.
    ///
    /// # Errors
    ///
    /// The table lacks the column.
    pub fn with_exposure(
        mut self,
        table: &Table,
        column: &str,
        training: &[usize],
    ) -> Result<Self, TableError> {
        let used = membership(table.rows(), training);
        let all = table.column(column)?;
        let cells = all.cells().zip(&used);
        let cells = cells.filter_map(|(cell, used)| used.then_some(cell));
        let profile = ColumnProfile::fit(ColumnKind::Numeric, cells);
        self.profile.insert(0, profile);
        let name = column.to_string();
        self.columns.insert(0, ColumnEncoder::Exposure { name });
        Ok(self)
    }

    /// The column of exposures, if there is one.
    pub fn exposure(&self) -> Option<&str> {
        match self.columns.first() {
            Some(ColumnEncoder::Exposure { name }) => Some(name),
            _ => None,
        }
    }

    /// The column with the time of a trend of the target, if there is one.
    pub fn trend(&self) -> Option<&str> {
        match self.columns.first() {
            Some(ColumnEncoder::Trend { name, .. }) => Some(name),
            _ => None,
        }
    }

    /// Numbers in an encoded row without the indices of embeddings.
    pub fn inputs(&self) -> usize {
        let knn = self.knn_features.iter().map(KnnTargetEncoder::width);
        self.columns_width() + knn.sum::<usize>()
    }

    fn columns_width(&self) -> usize {
        self.columns.iter().map(ColumnEncoder::width).sum()
    }

    /// The embeddings whose indices are at the end of an encoded row, in order.
    pub fn embeddings(&self) -> Vec<EmbeddingConfig> {
        self.columns
            .iter()
            .filter_map(|column| match column {
                ColumnEncoder::Embedding {
                    categories,
                    dimension,
                    ..
                } => Some(EmbeddingConfig {
                    categories: categories.len() + 1,
                    dimension: *dimension,
                }),
                _ => None,
            })
            .collect()
    }

    /// The columns, each with the range of its numbers in an encoded row.
    pub fn column_ranges(&self) -> Vec<(&str, Range<usize>)> {
        let mut number = 0;
        let mut category = self.inputs();
        let columns = self.columns.iter().map(|column| {
            let (next, width) = match column {
                ColumnEncoder::Embedding { .. } => (&mut category, 1),
                _ => (&mut number, column.width()),
            };
            let first = *next;
            *next += width;
            (column.name(), first..*next)
        });
        columns.collect()
    }

    /// For each k-NN encoder its columns, and the range of its features in an encoded row.
    pub fn knn_ranges(&self) -> Vec<(&[String], Range<usize>)> {
        let mut start = self.columns_width();
        let encoders = self.knn_features.iter().map(|knn| {
            let first = start;
            start += knn.width();
            (knn.columns.as_slice(), first..start)
        });
        encoders.collect()
    }

    /// Where the scaled numbers of these numeric columns are in an encoded row.
    pub(crate) fn coordinates(&self, columns: &[String]) -> Vec<usize> {
        let ranges: HashMap<&str, Range<usize>> = self.column_ranges().into_iter().collect();
        let start = |name: &String| ranges.get(name.as_str()).map_or(0, |range| range.start);
        columns.iter().map(start).collect()
    }

    /// The numeric columns with their ranges; the first number of each is the scaled value.
    pub(crate) fn numeric_ranges(&self) -> Vec<(String, Range<usize>)> {
        let numeric = self.columns.iter().zip(self.column_ranges());
        let numeric = numeric.filter(|(column, _)| matches!(column, ColumnEncoder::Numeric { .. }));
        numeric
            .map(|(_, (name, range))| (name.to_string(), range))
            .collect()
    }

    /// Where the numbers that the imputer uses are in an encoded row.
    pub(crate) fn imputation_indices(&self) -> Vec<usize> {
        let columns = self.columns.iter().zip(self.column_ranges());
        let indices = columns.flat_map(|(column, (_, range))| {
            let (first, last) = (range.start, range.end.saturating_sub(1));
            let index = move |n: usize| match column {
                // The bins are between the number and the indicator.
                ColumnEncoder::Numeric { .. } if n == 1 => last,
                _ => first + n,
            };
            (0..imputation_width(column)).map(index)
        });
        indices.collect()
    }

    /// The number of training rows whose numbers and targets the encoder stores for k-NN features; 0 without
    /// such features.
    pub fn training_rows(&self) -> usize {
        let rows = self
            .knn_features
            .iter()
            .map(KnnTargetEncoder::training_rows);
        rows.max().unwrap_or(0)
    }

    /// Numbers in an encoded row.
    pub fn width(&self) -> usize {
        self.inputs() + self.embeddings().len()
    }

    /// The columns that the encoder needs and that are not among these names.
    pub fn lacking<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<&str> {
        let names: HashSet<&str> = names.collect();
        self.columns
            .iter()
            .map(ColumnEncoder::name)
            .filter(|name| !names.contains(name))
            .collect()
    }

    /// Why the encoder is invalid, if it is. Used for encoders from files, which may hold anything.
    pub fn problem(&self) -> Option<String> {
        if self.columns.is_empty() {
            return Some("it uses no column".to_string());
        }
        let mut names: Vec<&str> = self.columns.iter().map(ColumnEncoder::name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Some("it uses a column twice".to_string());
        }
        let is_exposure = |column: &ColumnEncoder| matches!(column, ColumnEncoder::Exposure { .. });
        if self.columns.iter().skip(1).any(is_exposure) {
            return Some("its exposure is not the first column".to_string());
        }
        let is_trend = |column: &ColumnEncoder| matches!(column, ColumnEncoder::Trend { .. });
        if self.columns.iter().skip(1).any(is_trend) {
            return Some("its trend is not the first column".to_string());
        }
        let unusable = self.columns.iter().find(|column| !column.is_usable());
        if let Some(column) = unusable {
            return Some(format!("column {:?} cannot be encoded", column.name()));
        }
        if !self.profile.is_empty() && self.profile.len() != self.columns.len() {
            return Some("its profile does not fit its columns".to_string());
        }
        let unusable = self.profile.iter().position(|profile| !profile.is_usable());
        if let Some(index) = unusable {
            let column = self.columns[index].name();
            return Some(format!(
                "the profile of column {column:?} contradicts itself"
            ));
        }
        let numeric = self.columns.iter();
        let numeric = numeric.filter(|column| column.kind() == ColumnKind::Numeric);
        let numeric: HashSet<&str> = numeric.map(ColumnEncoder::name).collect();
        let numeric = |name: &String| numeric.contains(name.as_str());
        let unusable = self
            .knn_features
            .iter()
            .find(|knn| !knn.columns.iter().all(numeric) || !knn.is_usable());
        if let Some(KnnTargetEncoder { columns, .. }) = unusable {
            return Some(format!("k-NN features of {columns:?} cannot be encoded"));
        }
        let size = self.imputation_indices().len();
        self.imputer.as_ref()?.problem(&self.columns, size)
    }
}

/// Whether each of the rows of a table is one of `some`.
pub(crate) fn membership(rows: usize, some: &[usize]) -> Vec<bool> {
    let mut is_member = vec![false; rows];
    for &row in some {
        if let Some(is_member) = is_member.get_mut(row) {
            *is_member = true;
        }
    }
    is_member
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_must_be_in_ascending_order() {
        let problem = |edges: &str| {
            let columns = format!(
                r#"{{"columns": [{{"kind": "numeric", "name": "a", "indicator": false,
                "scale": {{"mean": 0.0, "std": 1.0}}, "edges": {edges}}}]}}"#
            );
            serde_json::from_str::<Encoder>(&columns).unwrap().problem()
        };
        for edges in ["[]", "[0.0, 1.0]", "[-1.0, 0.0, 2.0]"] {
            assert_eq!(problem(edges), None, "{edges}");
        }
        for edges in ["[1.0]", "[0.0, 0.0]", "[1.0, 0.0]", "[0.0, 1e300]"] {
            assert!(problem(edges).is_some(), "{edges}");
        }
    }
}
