//! Rows to numbers.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use backburn_model::EmbeddingConfig;
use chrono::{DateTime, Datelike, Timelike};
use serde::{Deserialize, Serialize};

use crate::{Cell, CellError, Column, ColumnKind, Schema, Table, TableError};

/// How columns are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncoderOptions {
    /// A categorical column with more categories than this is embedded; one with as many or fewer
    /// becomes one-hot.
    pub one_hot_max: usize,
    /// The length of an embedding; 0 takes `1.6 · categories^0.56`, at most 50.
    pub embedding_dimension: usize,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self {
            one_hot_max: 50,
            embedding_dimension: 0,
        }
    }
}

/// Turns the rows of a table into rows of numbers: standardized numbers, one-hot categories and
/// indicators of missing values first, then the index of the category for each embedding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoder {
    /// The columns that are used, in the order of the table it was fitted on.
    pub columns: Vec<ColumnEncoder>,
}

/// A column and how it becomes numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ColumnEncoder {
    /// A number: standardized. A missing or infinite one becomes the mean.
    Numeric {
        /// The column.
        name: String,
        /// How it is standardized.
        scale: Scale,
        /// Whether a second number tells if it is missing.
        indicator: bool,
    },
    /// A truth value: standardized from 0 and 1, else like a number.
    Boolean {
        /// The column.
        name: String,
        /// How it is standardized.
        scale: Scale,
        /// Whether a second number tells if it is missing.
        indicator: bool,
    },
    /// A date: its parts, each standardized.
    Date {
        /// The column.
        name: String,
        /// The parts that vary.
        parts: Vec<(DatePart, Scale)>,
        /// Whether a further number tells if it is missing.
        indicator: bool,
    },
    /// A category: a 1 in its place and 0 elsewhere; unseen ones are 0 everywhere.
    OneHot {
        /// The column.
        name: String,
        /// The categories seen in training.
        categories: Vec<String>,
        /// Whether a missing value has a place of its own, the last.
        missing: bool,
    },
    /// A category: its index in a table of learned vectors. 0 is for unseen and missing ones.
    Embedding {
        /// The column.
        name: String,
        /// The categories seen in training, from index 1 on.
        categories: Vec<String>,
        /// The length of the vector.
        dimension: usize,
    },
}

/// `(value - mean) / std`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Mean over the training rows.
    pub mean: f64,
    /// Standard deviation over the training rows; above 0.
    pub std: f64,
}

/// A part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    /// Days since 1970, with fractions.
    Days,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
    /// 1 (Monday) to 7.
    Weekday,
    /// 0 to 24, with fractions.
    Hour,
}

const DATE_PARTS: [DatePart; 5] = [
    DatePart::Days,
    DatePart::Month,
    DatePart::Day,
    DatePart::Weekday,
    DatePart::Hour,
];

impl Scale {
    /// `None` if the values never vary, or are too large to average.
    fn fit(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let count = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / count;
        let std = (values.map(|v| (v - mean) * (v - mean)).sum::<f64>() / count).sqrt();
        let usable = mean.is_finite() && std.is_finite() && std > mean.abs() * 1e-12;
        usable.then_some(Self { mean, std })
    }

    fn apply(&self, value: f64) -> f32 {
        ((value - self.mean) / self.std) as f32
    }

    fn is_usable(&self) -> bool {
        self.mean.is_finite() && self.std.is_finite() && self.std > 0.0
    }
}

impl DatePart {
    fn of(self, seconds: f64) -> f64 {
        let days = seconds / 86_400.0;
        let Some(moment) = DateTime::from_timestamp(seconds.floor() as i64, 0) else {
            return days;
        };
        match self {
            Self::Days => days,
            Self::Month => f64::from(moment.month()),
            Self::Day => f64::from(moment.day()),
            Self::Weekday => f64::from(moment.weekday().number_from_monday()),
            Self::Hour => f64::from(moment.num_seconds_from_midnight()) / 3600.0,
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
        let mut columns = Vec::new();
        let mut left_out = Vec::new();
        for column in &schema.columns {
            if column.kind == ColumnKind::Ignored || excluded.contains(&column.name.as_str()) {
                continue;
            }
            let cells: Vec<Cell> = table
                .column(&column.name)?
                .cells()
                .zip(&used)
                .filter_map(|(cell, used)| used.then_some(cell))
                .collect();
            match ColumnEncoder::fit(&column.name, column.kind, &cells, options) {
                Some(encoder) => columns.push(encoder),
                None => left_out.push(column.name.clone()),
            }
        }
        match columns.is_empty() {
            true => Err(TableError::Unusable {
                name: table.name().to_string(),
                reason: "there is no column to learn from: none varies beside the target"
                    .to_string(),
            }),
            false => Ok((Self { columns }, left_out)),
        }
    }

    /// Numbers in an encoded row, before the embeddings' indices.
    pub fn inputs(&self) -> usize {
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
        let mut numbers = Vec::with_capacity(table.rows() * self.width());
        for batch in self.encode_by_batch(table) {
            numbers.extend(batch?);
        }
        Ok(numbers)
    }

    /// Encodes a table part by part, each as by [`encode`](Self::encode).
    pub fn encode_by_batch<'a>(
        &'a self,
        table: &'a Table,
    ) -> impl Iterator<Item = Result<Vec<f32>, TableError>> + 'a {
        let mut before = 0;
        table.batches().iter().map(move |batch| {
            if let Some(column) = self.lacking(table.columns()).first() {
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
    /// gives: `rows * width` numbers, row by row. A column that the batch lacks counts as missing
    /// in every row; see [`lacking`](Self::lacking).
    ///
    /// # Errors
    ///
    /// A value that is not of its column's kind; the row is counted within the batch.
    pub fn encode_batch(&self, batch: &RecordBatch) -> Result<Vec<f32>, CellError> {
        let rows = batch.num_rows();
        let width = self.width();
        let nothing = arrow_array::new_null_array(&arrow_schema::DataType::Null, rows);
        let mut numbers = vec![0.0; rows * width];
        let mut place = 0;
        let mut index = self.inputs();
        for encoder in &self.columns {
            let column = Column::new([batch.column_by_name(encoder.name()).unwrap_or(&nothing)]);
            let first = match encoder {
                ColumnEncoder::Embedding { .. } => &mut index,
                _ => &mut place,
            };
            encoder.fill(&column, &mut numbers, *first, width)?;
            *first += encoder.width().max(1);
        }
        Ok(numbers)
    }

    /// The columns that a table with these columns lacks.
    pub fn lacking<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<&str> {
        let names: Vec<&str> = names.collect();
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
        self.columns.iter().find_map(|column| {
            let usable = match column {
                ColumnEncoder::Numeric { scale, .. } | ColumnEncoder::Boolean { scale, .. } => {
                    scale.is_usable()
                }
                ColumnEncoder::Date { parts, .. } => {
                    parts.iter().all(|(_, scale)| scale.is_usable())
                }
                ColumnEncoder::OneHot { categories, .. } => !categories.is_empty(),
                ColumnEncoder::Embedding {
                    categories,
                    dimension,
                    ..
                } => !categories.is_empty() && *dimension > 0,
            };
            (!usable).then(|| format!("column {:?} cannot be encoded", column.name()))
        })
    }
}

impl ColumnEncoder {
    fn fit(name: &str, kind: ColumnKind, cells: &[Cell], options: &EncoderOptions) -> Option<Self> {
        let name = name.to_string();
        let indicator = cells.iter().any(|cell| value(kind, cell) == Ok(None))
            && cells
                .iter()
                .any(|cell| matches!(value(kind, cell), Ok(Some(_))));
        let values = || {
            cells
                .iter()
                .filter_map(|cell| value(kind, cell).ok().flatten())
        };
        match kind {
            ColumnKind::Numeric | ColumnKind::Boolean => {
                // A column that is either one value or missing varies by being missing.
                let constant = indicator.then(|| Scale {
                    mean: values().next().unwrap_or(0.0),
                    std: 1.0,
                });
                let scale = Scale::fit(values()).or(constant)?;
                Some(match kind {
                    ColumnKind::Boolean => Self::Boolean {
                        name,
                        scale,
                        indicator,
                    },
                    _ => Self::Numeric {
                        name,
                        scale,
                        indicator,
                    },
                })
            }
            ColumnKind::Date => {
                let parts: Vec<(DatePart, Scale)> = DATE_PARTS
                    .iter()
                    .filter_map(|part| {
                        let values = values().map(|seconds| part.of(seconds));
                        Some((*part, Scale::fit(values)?))
                    })
                    .collect();
                (indicator || !parts.is_empty()).then_some(Self::Date {
                    name,
                    parts,
                    indicator,
                })
            }
            ColumnKind::Categorical => {
                let missing = cells.contains(&Cell::Missing);
                let mut categories: Vec<String> = cells.iter().filter_map(Cell::category).collect();
                categories.sort_unstable();
                categories.dedup();
                let slots = categories.len() + usize::from(missing);
                if slots < 2 || categories.is_empty() {
                    return None;
                }
                if categories.len() <= options.one_hot_max {
                    return Some(Self::OneHot {
                        name,
                        categories,
                        missing,
                    });
                }
                let dimension = match options.embedding_dimension {
                    0 => (1.6 * (categories.len() as f64).powf(0.56))
                        .round()
                        .min(50.0) as usize,
                    given => given,
                };
                Some(Self::Embedding {
                    name,
                    categories,
                    dimension,
                })
            }
            ColumnKind::Ignored => None,
        }
    }

    /// The column.
    pub fn name(&self) -> &str {
        match self {
            Self::Numeric { name, .. }
            | Self::Boolean { name, .. }
            | Self::Date { name, .. }
            | Self::OneHot { name, .. }
            | Self::Embedding { name, .. } => name,
        }
    }

    /// What the column holds.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Numeric { .. } => ColumnKind::Numeric,
            Self::Boolean { .. } => ColumnKind::Boolean,
            Self::Date { .. } => ColumnKind::Date,
            Self::OneHot { .. } | Self::Embedding { .. } => ColumnKind::Categorical,
        }
    }

    /// Numbers that the column becomes, besides an embedding's index.
    fn width(&self) -> usize {
        match self {
            Self::Numeric { indicator, .. } | Self::Boolean { indicator, .. } => {
                1 + usize::from(*indicator)
            }
            Self::Date {
                parts, indicator, ..
            } => parts.len() + usize::from(*indicator),
            Self::OneHot {
                categories,
                missing,
                ..
            } => categories.len() + usize::from(*missing),
            Self::Embedding { .. } => 0,
        }
    }

    /// Writes the column's numbers into rows of `width`, from place `first` on.
    fn fill(
        &self,
        column: &Column,
        numbers: &mut [f32],
        first: usize,
        width: usize,
    ) -> Result<(), CellError> {
        let rows = numbers.chunks_mut(width).enumerate();
        let error = |row: usize, cell: &Cell| CellError {
            column: self.name().to_string(),
            row,
            value: cell.category().unwrap_or_default(),
            expected: self.kind().expected(),
        };
        match self {
            Self::Numeric {
                scale, indicator, ..
            }
            | Self::Boolean {
                scale, indicator, ..
            } => {
                for ((row, numbers), cell) in rows.zip(column.cells()) {
                    match value(self.kind(), &cell).map_err(|()| error(row, &cell))? {
                        Some(value) => numbers[first] = scale.apply(value),
                        None if *indicator => numbers[first + 1] = 1.0,
                        None => {}
                    }
                }
            }
            Self::Date {
                parts, indicator, ..
            } => {
                for ((row, numbers), cell) in rows.zip(column.cells()) {
                    match value(ColumnKind::Date, &cell).map_err(|()| error(row, &cell))? {
                        Some(seconds) => {
                            for (place, (part, scale)) in parts.iter().enumerate() {
                                numbers[first + place] = scale.apply(part.of(seconds));
                            }
                        }
                        None if *indicator => numbers[first + parts.len()] = 1.0,
                        None => {}
                    }
                }
            }
            Self::OneHot {
                categories,
                missing,
                ..
            } => {
                let index = Index::new(categories);
                for ((_, numbers), cell) in rows.zip(column.cells()) {
                    match index.get(&cell) {
                        Some(category) => numbers[first + category] = 1.0,
                        None if *missing && cell == Cell::Missing => {
                            numbers[first + categories.len()] = 1.0;
                        }
                        None => {}
                    }
                }
            }
            Self::Embedding { categories, .. } => {
                let index = Index::new(categories);
                for ((_, numbers), cell) in rows.zip(column.cells()) {
                    numbers[first] = index
                        .get(&cell)
                        .map_or(0.0, |category| (category + 1) as f32);
                }
            }
        }
        Ok(())
    }
}

/// The places of categories by name.
struct Index<'a>(HashMap<&'a str, usize>);

impl<'a> Index<'a> {
    fn new(categories: &'a [String]) -> Self {
        let places = categories.iter().enumerate();
        Self(places.map(|(place, name)| (name.as_str(), place)).collect())
    }

    fn get(&self, cell: &Cell) -> Option<usize> {
        match cell {
            Cell::Text(text) => self.0.get(text).copied(),
            cell => self.0.get(cell.category()?.as_str()).copied(),
        }
    }
}

/// A cell as the number behind its kind; `None` where it is missing or infinite.
fn value(kind: ColumnKind, cell: &Cell) -> Result<Option<f64>, ()> {
    let value = match (kind, cell) {
        (_, Cell::Missing) => return Ok(None),
        (ColumnKind::Numeric, cell) => cell.number(),
        (ColumnKind::Boolean, cell) => cell.boolean().map(|truth| f64::from(u8::from(truth))),
        (ColumnKind::Date, cell) => cell.date(),
        (ColumnKind::Categorical | ColumnKind::Ignored, _) => return Ok(None),
    };
    value
        .map(|value| value.is_finite().then_some(value))
        .ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadOptions;
    use std::collections::BTreeMap;

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

    #[test]
    fn statistics_come_from_the_training_rows_alone() {
        let csv = "a,y\n1,0\n3,0\n1000,0\n";
        let encoder = fitted(csv, &[0, 1], &EncoderOptions::default());
        assert_eq!(encoder.encode(&table(csv)).unwrap(), [-1.0, 1.0, 998.0]);
    }

    #[test]
    fn missing_infinite_and_unseen_values_have_their_places() {
        let csv = "a,c,y\n1,x,0\n3,z,0\n,,0\ninf,x,1\n";
        let encoder = fitted(csv, &[0, 1, 2, 3], &EncoderOptions::default());
        assert_eq!(encoder.width(), 2 + 3);
        let rows = encoder.encode(&table("c,a\nz,2\nnew,NA\n,3\n")).unwrap();
        assert_eq!(
            rows,
            [0., 0., 0., 1., 0., 0., 1., 0., 0., 0., 1., 0., 0., 0., 1.]
        );
    }

    #[test]
    fn many_categories_are_embedded_behind_the_numbers() {
        let options = EncoderOptions {
            one_hot_max: 2,
            embedding_dimension: 0,
        };
        let encoder = fitted("c,a,y\nx,1,0\nz,2,0\nw,3,0\n", &[0, 1, 2], &options);
        assert_eq!((encoder.inputs(), encoder.width()), (1, 2));
        assert_eq!(encoder.embeddings()[0].categories, 4);
        let rows = encoder.encode(&table("c,a\nw,2\nnew,2\nz,2\n")).unwrap();
        assert_eq!(rows, [0., 1., 0., 0., 0., 3.]);
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
