//! Rows to numbers.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use arrow_array::RecordBatch;
use backburn_model::EmbeddingConfig;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::writers::encode_into;
use crate::{
    Bins, CellError, ColumnEncoder, ColumnKind, ColumnSchema, Imputer, Neighbours, Schema, Table,
    TableError,
};

/// How numbers are scaled for the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NumberScale {
    /// Mean 0 and deviation 1 over the training rows.
    Standard,
    /// Median 0 and 1 between the quartiles, with what is far out drawn in: nothing is beyond 3.
    #[default]
    Robust,
    /// By ranks: the numbers that a standard normal distribution has at the same shares, nothing beyond 5.2.
    Quantile,
}

/// How columns are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncoderOptions {
    /// How numbers are scaled.
    pub numbers: NumberScale,
    /// Bins of each numeric column, at its quantiles over the training rows.
    pub bins: Bins,
    /// A categorical column with more categories than this is embedded; one with as many or fewer
    /// becomes one-hot.
    pub one_hot_max: usize,
    /// The length of an embedding; 0 takes `1.6 · categories^0.56`, at most 50.
    pub embedding_dimension: usize,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self {
            numbers: NumberScale::Robust,
            bins: Bins::Auto,
            one_hot_max: 50,
            embedding_dimension: 0,
        }
    }
}

/// Turns the rows of a table into rows of numbers: scaled numbers and their bins, one-hot categories
/// and indicators of missing values first, then what neighbours say, then the index of the category
/// for each embedding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoder {
    /// The columns that are used, in the order of the table it was fitted on.
    pub columns: Vec<ColumnEncoder>,
    /// See [`with_neighbours`](Self::with_neighbours).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbours: Vec<Neighbours>,
    /// See [`with_imputer`](Self::with_imputer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imputer: Option<Imputer>,
}

/// Rows as numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Encoded {
    /// `rows * width` numbers, row by row.
    pub numbers: Vec<f32>,
    /// Their categories that were not seen in training.
    pub unseen: Unseen,
}

/// By column, the rows whose category was not seen in training; columns without any are absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unseen(pub BTreeMap<String, usize>);

impl Unseen {
    /// Adds the rows of a further batch.
    pub fn add(&mut self, further: Self) {
        for (column, rows) in further.0 {
            *self.0.entry(column).or_default() += rows;
        }
    }
}

impl Encoder {
    /// Learns the encoding of every column of the schema except `excluded` ones (the target, the
    /// weights) from the training rows alone.
    ///
    /// A column that varies in the table but not in the training rows is left out; their names
    /// are returned beside the encoder.
    ///
    /// # Errors
    ///
    /// A schema that is not the table's, or one that leaves no column to learn from.
    pub fn fit(
        table: &Table,
        schema: &Schema,
        excluded: &[&str],
        training: &[usize],
        options: &EncoderOptions,
    ) -> Result<(Self, Vec<String>), TableError> {
        let mut used = vec![false; table.rows()];
        for &row in training {
            used[row] = true;
        }
        let wanted: Vec<&ColumnSchema> = schema
            .columns
            .iter()
            .filter(|column| column.kind != ColumnKind::Ignored)
            .filter(|column| !excluded.contains(&column.name.as_str()))
            .collect();
        let fitted = wanted.par_iter().map(|column| {
            let cells = table.column(&column.name)?.cells().zip(&used);
            let cells = cells.filter_map(|(cell, used)| used.then_some(cell));
            Ok(ColumnEncoder::fit(
                &column.name,
                column.kind,
                cells,
                options,
            ))
        });
        let fitted: Vec<Result<_, TableError>> = fitted.collect();
        let mut columns = Vec::new();
        let mut left_out = Vec::new();
        for (column, fitted) in wanted.iter().zip(fitted) {
            match fitted? {
                Some(encoder) => columns.push(encoder),
                None => left_out.push(column.name.clone()),
            }
        }
        match columns.is_empty() {
            true => Err(TableError::Unusable {
                name: table.name().to_string(),
                reason: "there is no column to learn from: beside the target, each is ignored or \
                         never varies; --set columns.NAME=numeric uses one all the same"
                    .to_string(),
            }),
            false => {
                let encoder = Self {
                    columns,
                    neighbours: Vec::new(),
                    imputer: None,
                };
                Ok((encoder, left_out))
            }
        }
    }

    /// Numbers in an encoded row, before the embeddings' indices.
    pub fn inputs(&self) -> usize {
        let neighbours = self.neighbours.iter().map(Neighbours::width);
        self.columns_width() + neighbours.sum::<usize>()
    }

    fn columns_width(&self) -> usize {
        self.columns.iter().map(ColumnEncoder::width).sum()
    }

    /// The embeddings that the encoded rows end with, in order.
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

    /// The columns, each with its place in an encoded row.
    pub fn places(&self) -> Vec<(&str, Range<usize>)> {
        let mut place = 0;
        let mut index = self.inputs();
        let columns = self.columns.iter().map(|column| {
            let (next, width) = match column {
                ColumnEncoder::Embedding { .. } => (&mut index, 1),
                _ => (&mut place, column.width()),
            };
            let first = *next;
            *next += width;
            (column.name(), first..*next)
        });
        columns.collect()
    }

    /// The columns of each of the neighbours, and the place of their inputs in an encoded row.
    pub fn neighbour_places(&self) -> Vec<(&[String], Range<usize>)> {
        let mut place = self.columns_width();
        let neighbours = self.neighbours.iter().map(|neighbours| {
            let first = place;
            place += neighbours.width();
            (neighbours.columns.as_slice(), first..place)
        });
        neighbours.collect()
    }

    /// Numbers in an encoded row.
    pub fn width(&self) -> usize {
        self.inputs() + self.embeddings().len()
    }

    /// Encodes a table: `rows * width` numbers, row by row.
    ///
    /// # Errors
    ///
    /// A column that is missing, or a value that is not of its kind.
    pub fn encode(&self, table: &Table) -> Result<Vec<f32>, TableError> {
        let mut numbers = self.encode_columns(table)?;
        self.complete(&mut numbers);
        Ok(numbers)
    }

    /// Encodes the columns of a table as [`encode`](Self::encode) does, and leaves what follows from them to
    /// [`complete`](Self::complete): a number that is to be guessed is `NaN`, and what neighbours
    /// say is zero.
    ///
    /// # Errors
    ///
    /// Those of [`encode`](Self::encode).
    pub fn encode_columns(&self, table: &Table) -> Result<Vec<f32>, TableError> {
        let width = self.width();
        if let Some(column) = self.lacking(table.columns()).first() {
            table.column(column)?;
        }
        let mut numbers = vec![0.0; table.rows() * width];
        let mut rest = numbers.as_mut_slice();
        let mut parts = Vec::new();
        let mut before = 0;
        for batch in table.batches() {
            let (part, further) = rest.split_at_mut(batch.num_rows() * width);
            parts.push((batch, before, part));
            rest = further;
            before += batch.num_rows();
        }
        let writers = self.writers();
        let encoded = parts.into_par_iter().map(|(batch, before, part)| {
            let encoded = encode_into(&writers, batch, width, part);
            encoded.map_err(|error| CellError {
                row: before + error.row,
                ..error
            })
        });
        // The first row that is wrong, whichever was found first.
        let encoded: Vec<Result<Unseen, CellError>> = encoded.collect();
        for part in encoded {
            part.map_err(|error| table.cell_error(error))?;
        }
        Ok(numbers)
    }

    /// Encodes a table part by part, as by [`encode_batch`](Self::encode_batch).
    pub fn encode_by_batch<'a>(
        &'a self,
        table: &'a Table,
    ) -> impl Iterator<Item = Result<Encoded, TableError>> + 'a {
        let lacking = self.lacking(table.columns()).first().copied();
        let mut before = 0;
        table.batches().iter().map(move |batch| {
            if let Some(column) = lacking {
                table.column(column)?;
            }
            let encoded = self.encode_batch(batch).map_err(|error| {
                table.cell_error(CellError {
                    row: before + error.row,
                    ..error
                })
            })?;
            before += batch.num_rows();
            Ok(encoded)
        })
    }

    /// Encodes a record batch with the column types that [`TableReader`](crate::TableReader)
    /// gives. A column that the batch lacks counts as missing in every row; see
    /// [`lacking`](Self::lacking).
    ///
    /// # Errors
    ///
    /// A value that is not of its column's kind; the row is counted within the batch.
    pub fn encode_batch(&self, batch: &RecordBatch) -> Result<Encoded, CellError> {
        let width = self.width();
        let mut numbers = vec![0.0; batch.num_rows() * width];
        let writers = self.writers();
        let unseen = encode_into(&writers, batch, width, &mut numbers)?;
        writers.complete(&mut numbers, width);
        Ok(Encoded { numbers, unseen })
    }

    /// The columns that a table with these columns lacks.
    pub fn lacking<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<&str> {
        let names: HashSet<&str> = names.collect();
        self.columns
            .iter()
            .map(ColumnEncoder::name)
            .filter(|name| !names.contains(name))
            .collect()
    }

    /// Why this encoder cannot be, if it can't: a file may hold anything.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.columns.is_empty() {
            return Some("it uses no column".to_string());
        }
        let mut names: Vec<&str> = self.columns.iter().map(ColumnEncoder::name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Some("it uses a column twice".to_string());
        }
        let unusable = self.columns.iter().find(|column| !column.is_usable());
        if let Some(column) = unusable {
            return Some(format!("column {:?} cannot be encoded", column.name()));
        }
        let numeric = self.columns.iter();
        let numeric = numeric.filter(|column| column.kind() == ColumnKind::Numeric);
        let numeric: HashSet<&str> = numeric.map(ColumnEncoder::name).collect();
        let numeric = |name: &String| numeric.contains(name.as_str());
        let unusable = self
            .neighbours
            .iter()
            .find(|neighbours| !neighbours.columns.iter().all(numeric) || !neighbours.is_usable());
        if let Some(Neighbours { columns, .. }) = unusable {
            return Some(format!("neighbours by {columns:?} cannot be encoded"));
        }
        self.imputer.as_ref()?.problem(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DatePart, ReadOptions};

    fn table(csv: &str) -> Table {
        let bytes = std::io::Cursor::new(csv.as_bytes().to_vec());
        Table::from_reader("test.csv", bytes, &ReadOptions::default()).unwrap()
    }

    fn fitted(csv: &str, training: &[usize], options: &EncoderOptions) -> Encoder {
        let table = table(csv);
        let schema = Schema::infer(&table, &BTreeMap::new()).unwrap();
        Encoder::fit(&table, &schema, &["y"], training, options)
            .unwrap()
            .0
    }

    fn standard() -> EncoderOptions {
        EncoderOptions {
            numbers: NumberScale::Standard,
            ..EncoderOptions::default()
        }
    }

    fn unseen(encoder: &Encoder, table: &Table) -> Vec<(String, usize)> {
        let mut unseen = Unseen::default();
        for batch in encoder.encode_by_batch(table) {
            unseen.add(batch.unwrap().unseen);
        }
        unseen.0.into_iter().collect()
    }

    #[test]
    fn statistics_come_from_the_training_rows_alone() {
        let csv = "a,y\n1,0\n3,0\n1000,0\n";
        let encoder = fitted(csv, &[0, 1], &standard());
        assert_eq!(encoder.encode(&table(csv)).unwrap(), [-1.0, 1.0, 998.0]);
    }

    #[test]
    fn missing_infinite_and_unseen_values_have_their_places() {
        let csv = "a,c,y\n1,x,0\n3,z,0\n,,0\ninf,x,1\n,x,0\n";
        let encoder = fitted(csv, &[0, 1, 2, 3, 4], &standard());
        assert_eq!(encoder.width(), 2 + 3);
        let new = table("c,a\nz,2\nnew,NA\n,3\n");
        assert_eq!(unseen(&encoder, &new), [("c".to_string(), 1)]);
        let rows = encoder.encode(&new).unwrap();
        assert_eq!(
            rows,
            [0., 0., 0., 1., 0., 0., 1., 0., 0., 0., 1., 0., 0., 0., 1.]
        );
    }

    #[test]
    fn numbers_by_quartiles_and_by_bins() {
        let options = EncoderOptions {
            numbers: NumberScale::Robust,
            bins: Bins::AtMost(2),
            ..EncoderOptions::default()
        };
        // Quartiles 1, 2 and 3; three are missing.
        let csv = "a,flag,y\n0,0,0\n1,1,0\n2,0,0\n3,1,0\n4,0,0\n,1,0\n,1,0\n,0,0\n";
        let encoder = fitted(csv, &[0, 1, 2, 3, 4, 5, 6, 7], &options);
        assert_eq!(encoder.columns[0].width(), 1 + 2 + 1);
        let new = table("a,flag\n2,0\n5,0\n1e30,0\n,0\n-1,0\n");
        let rows = encoder.encode(&new).unwrap();
        let rows: Vec<&[f32]> = rows.chunks(encoder.width()).map(|row| &row[..4]).collect();
        let clip = |z: f64| (z / (1.0 + (z / 3.0).powi(2)).sqrt()) as f32;
        assert_eq!(rows[0], [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(rows[1], [clip(1.5), 1.0, 1.0, 0.0]);
        assert!((rows[2][0] - 3.0).abs() < 1e-6, "{:?}", rows[2]);
        assert_eq!(rows[3], [0.0, 0.0, 0.0, 1.0]);
        assert_eq!(rows[4], [clip(-1.5), 0.0, 0.0, 0.0]);
    }

    #[test]
    fn what_was_hardly_ever_missing_is_the_median() {
        let options = EncoderOptions {
            bins: Bins::AtMost(2),
            ..EncoderOptions::default()
        };
        let csv = "a,flag,y\n0,0,0\n1,1,0\n2,0,0\n3,1,0\n4,0,0\n,1,0\n,0,0\n";
        let encoder = fitted(csv, &[0, 1, 2, 3, 4, 5, 6], &options);
        assert_eq!(encoder.columns[0].width(), 1 + 2);
        let rows = encoder.encode(&table("a,flag\n2,0\n,0\n")).unwrap();
        let (known, missing) = rows.split_at(encoder.width());
        assert_eq!(known, missing);
    }

    #[test]
    fn bins_where_values_repeat_are_fewer() {
        let options = EncoderOptions {
            numbers: NumberScale::Robust,
            bins: Bins::AtMost(8),
            ..EncoderOptions::default()
        };
        // The quartiles are one: half of the range counts.
        let csv = "a,b,y\n0,0,0\n0,7,0\n0,7,0\n0,7,0\n0,7,0\n0,7,0\n0,9,0\n0,7,0\n1,7,0\n";
        let rows: Vec<usize> = (0..9).collect();
        let encoder = fitted(csv, &rows, &options);
        assert_eq!(encoder.columns[0].width(), 1, "two values are two edges");
        assert_eq!(encoder.columns[1].width(), 1 + 2);
        let encoded = encoder.encode(&table("a,b\n1,8\n")).unwrap();
        assert!((encoded[0] - 2.0 / (1.0f32 + 4.0 / 9.0).sqrt()).abs() < 1e-6);
        assert_eq!(encoded[2..], [1.0, 0.5]);
    }

    #[test]
    fn edges_out_of_order_are_no_bins() {
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

    #[test]
    fn a_whole_number_is_one_category_with_and_without_its_point() {
        let options = EncoderOptions::default();
        let encoder = fitted("c,y\nx,0\n1,0\n2,0\n", &[0, 1, 2], &options);
        let rows = encoder.encode(&table("c\n1.0\n2\nx\n")).unwrap();
        assert_eq!(rows, [1., 0., 0., 0., 1., 0., 0., 0., 1.]);
    }

    #[test]
    fn many_categories_are_embedded_behind_the_numbers() {
        let options = EncoderOptions {
            one_hot_max: 2,
            embedding_dimension: 0,
            ..EncoderOptions::default()
        };
        let encoder = fitted("c,a,y\nx,1,0\nz,2,0\nw,3,0\n", &[0, 1, 2], &options);
        assert_eq!((encoder.inputs(), encoder.width()), (1, 2));
        assert_eq!(encoder.embeddings()[0].categories, 4);
        let new = table("c,a\nw,2\nnew,2\nz,2\n");
        assert_eq!(encoder.encode(&new).unwrap(), [0., 1., 0., 0., 0., 3.]);
        assert_eq!(unseen(&encoder, &new), [("c".to_string(), 1)]);
    }

    #[test]
    fn a_value_of_another_kind_names_its_row() {
        let encoder = fitted("a,y\n1,0\n2,0\n", &[0, 1], &EncoderOptions::default());
        let error = encoder.encode(&table("a\n1\nx\n")).unwrap_err().to_string();
        assert!(
            error.contains("data row 2: column `a` holds numbers, but here is \"x\""),
            "{error}"
        );
        let error = encoder.encode(&table("b\n1\n")).unwrap_err().to_string();
        assert!(error.contains("has no column `a`"), "{error}");
    }

    #[test]
    fn dates_become_the_parts_that_vary() {
        let encoder = fitted(
            "d,y\n2024-01-01,0\n2024-01-03,0\n",
            &[0, 1],
            &EncoderOptions::default(),
        );
        let ColumnEncoder::Date { parts, .. } = &encoder.columns[0] else {
            panic!("a date")
        };
        let names: Vec<DatePart> = parts.iter().map(|(part, _)| *part).collect();
        assert_eq!(names, [DatePart::Days, DatePart::Day, DatePart::Weekday]);
    }
}
