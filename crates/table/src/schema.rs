//! The schema of a table: what each column holds.

use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cell::{Cell, within_range};
use crate::column_kind::ColumnKind;
use crate::error::{CellError, TableError};
use crate::table::Table;

/// A column and what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSchema {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Number of rows without a value.
    pub missing: usize,
    /// Number of rows whose number is infinite or too large for an `f32`; they count as missing.
    pub infinite: usize,
    /// Number of different values, counted up to 100,000.
    pub distinct: usize,
    /// Why the column is ignored, if it is.
    pub reason: Option<String>,
}

/// What the columns of a table hold, in the order of the table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The columns.
    pub columns: Vec<ColumnSchema>,
}

impl Schema {
    /// Infers what each column holds; `overrides` sets the kind of the columns that it names.
    ///
    /// A column is numeric if all its values are numbers, boolean if all are boolean, a date if
    /// all are dates, and categorical otherwise. A column is ignored if it is constant or only
    /// identifies rows: its text differs in nearly every row, or its whole numbers all differ and it
    /// is named like an identifier or counts the rows.
    ///
    /// # Errors
    ///
    /// An override names a column that does not exist or does not fit its values, or a column of
    /// numbers or dates holds a few values that are neither.
    pub fn infer(
        table: &Table,
        overrides: &BTreeMap<String, ColumnKind>,
    ) -> Result<Self, TableError> {
        for name in overrides.keys() {
            table.column(name)?;
        }
        let names: Vec<String> = table.columns().map(str::to_string).collect();
        let columns = names
            .par_iter()
            .map(|name| infer_column(table, name, overrides.get(name).copied()))
            .collect::<Vec<_>>();
        let columns = columns.into_iter().collect::<Result<_, _>>()?;
        Ok(Self { columns })
    }

    /// Checks that a column of another table holds values of the kind that it has in this schema. An
    /// ignored column may hold anything.
    ///
    /// # Errors
    ///
    /// The table has no such column, or a value is of another kind.
    pub fn check(&self, table: &Table, name: &str) -> Result<(), TableError> {
        table.column(name)?;
        self.column(name)
            .map_or(Ok(()), |column| check_kind(table, name, column.kind))
    }

    /// A column by name; `None` if the schema does not have it.
    pub fn column(&self, name: &str) -> Option<&ColumnSchema> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Different values are counted up to this number.
const MAX_DISTINCT: usize = 100_000;
/// In a table with fewer rows, values that all differ are no sign of an identifier.
const FEW_ROWS: usize = 20;

/// Statistics of one pass over a column.
#[derive(Default)]
struct ColumnStatistics {
    rows: usize,
    missing: usize,
    numbers: usize,
    infinite: usize,
    booleans: usize,
    dates: usize,
    whole: bool,
    counts_rows: bool,
    first_not_number: Option<(usize, String)>,
    first_not_date: Option<(usize, String)>,
    texts: HashSet<String>,
    values: HashSet<u64>,
}

impl ColumnStatistics {
    fn add(&mut self, row: usize, cell: &Cell) {
        if *cell == Cell::Missing {
            self.missing += 1;
            return;
        }
        match cell.number() {
            Some(number) if matches!(cell, Cell::Number(_) | Cell::Text(_)) => {
                self.numbers += 1;
                if !within_range(number) {
                    self.infinite += 1;
                } else if self.values.len() < MAX_DISTINCT {
                    self.values.insert((number + 0.0).to_bits());
                }
                self.whole &= number.fract() == 0.0;
                let offset = number - row as f64;
                self.counts_rows &= offset == 0.0 || offset == 1.0;
            }
            _ => {
                if self.first_not_number.is_none() {
                    let value = cell.category().unwrap_or_default().into_owned();
                    self.first_not_number = Some((row, value));
                }
            }
        }
        self.booleans += usize::from(cell.boolean().is_some());
        match cell.date() {
            Some(_) => self.dates += 1,
            None if self.first_not_date.is_none() => {
                self.first_not_date = Some((row, cell.category().unwrap_or_default().into_owned()));
            }
            None => {}
        }
        if self.texts.len() < MAX_DISTINCT
            && let Some(text) = cell.category()
            && !self.texts.contains(text.as_ref())
        {
            self.texts.insert(text.into_owned());
        }
    }

    fn present(&self) -> usize {
        self.rows - self.missing
    }
}

fn infer_column(
    table: &Table,
    name: &str,
    kind_override: Option<ColumnKind>,
) -> Result<ColumnSchema, TableError> {
    let found = column_statistics(table, name)?;
    if let Some(data_type) = table.column(name)?.unreadable()
        && kind_override.is_none()
    {
        return Ok(ColumnSchema {
            name: name.to_string(),
            kind: ColumnKind::Ignored,
            missing: 0,
            infinite: 0,
            distinct: 0,
            reason: Some(format!("values of type {data_type} cannot be read")),
        });
    }
    let kind = match kind_override {
        Some(kind) => {
            check_kind(table, name, kind)?;
            kind
        }
        None => infer_kind(table, name, &found)?,
    };
    let distinct = match kind {
        ColumnKind::Numeric => found.values.len(),
        _ => found.texts.len(),
    };
    let mut column = ColumnSchema {
        name: name.to_string(),
        kind,
        missing: found.missing,
        infinite: match kind {
            ColumnKind::Numeric => found.infinite,
            _ => 0,
        },
        distinct,
        reason: None,
    };
    if kind == ColumnKind::Ignored {
        column.reason = Some("by request".to_string());
    } else if let Some(reason) = reason_to_ignore(&column, &found)
        && (kind_override.is_none() || distinct == 0)
    {
        column.kind = ColumnKind::Ignored;
        column.reason = Some(reason.to_string());
    }
    Ok(column)
}

/// The kind of a column by its values.
fn infer_kind(
    table: &Table,
    name: &str,
    found: &ColumnStatistics,
) -> Result<ColumnKind, TableError> {
    let present = found.present();
    if present == found.numbers {
        return Ok(ColumnKind::Numeric);
    }
    if present == found.booleans {
        return Ok(ColumnKind::Boolean);
    }
    if present == found.dates {
        return Ok(ColumnKind::Date);
    }
    // A few words among many different numbers or dates are a mistake, not categories.
    let mostly = |count: usize| count >= 10 && count * 5 >= present * 4;
    let many = |different: usize| different * 2 > present.min(40);
    let (kind, first) = if mostly(found.numbers) && many(found.values.len()) {
        (ColumnKind::Numeric, &found.first_not_number)
    } else if mostly(found.dates) && many(found.texts.len()) {
        (ColumnKind::Date, &found.first_not_date)
    } else {
        return Ok(ColumnKind::Categorical);
    };
    let (row, value) = first.clone().unwrap_or_default();
    let holds = kind.expected();
    Err(TableError::Malformed {
        location: table.location(row),
        reason: format!(
            "column `{name}` holds {holds}, but here is {value:?}: correct it, or declare the \
             column with --categorical '{name}'"
        ),
    })
}

fn column_statistics(table: &Table, name: &str) -> Result<ColumnStatistics, TableError> {
    let mut found = ColumnStatistics {
        whole: true,
        counts_rows: true,
        ..ColumnStatistics::default()
    };
    for (row, cell) in table.column(name)?.cells().enumerate() {
        found.rows += 1;
        found.add(row, &cell);
    }
    Ok(found)
}

/// Checks that every value of a column is of this kind.
fn check_kind(table: &Table, name: &str, kind: ColumnKind) -> Result<(), TableError> {
    let column = table.column(name)?;
    if let Some(data_type) = column.unreadable()
        && kind != ColumnKind::Ignored
    {
        return Err(TableError::Unusable {
            name: table.name().to_string(),
            reason: format!("column `{name}` has values of type {data_type}, which cannot be read"),
        });
    }
    for (row, cell) in column.cells().enumerate() {
        let fits = match kind {
            _ if cell == Cell::Missing => true,
            ColumnKind::Numeric => cell.number().is_some(),
            ColumnKind::Boolean => cell.boolean().is_some(),
            ColumnKind::Date => cell.date().is_some(),
            ColumnKind::Categorical | ColumnKind::Ignored => true,
        };
        if !fits {
            return Err(table.cell_error(CellError {
                column: name.to_string(),
                row,
                value: cell.category().unwrap_or_default().into_owned(),
                expected: kind.expected(),
            }));
        }
    }
    Ok(())
}

/// Why a column is of no use for training, if it is not.
fn reason_to_ignore(column: &ColumnSchema, found: &ColumnStatistics) -> Option<&'static str> {
    let present = found.present();
    let varies_by_missing = column.missing > 0;
    match (column.kind, column.distinct) {
        (_, 0) => return Some("it has no values"),
        (_, 1) if !varies_by_missing => return Some("it never varies"),
        _ => {}
    }
    if present < FEW_ROWS {
        return None;
    }
    match column.kind {
        ColumnKind::Numeric => {
            let differ = found.whole && column.distinct == present.min(MAX_DISTINCT);
            let counts = found.counts_rows;
            (differ && (counts || named_like_identifier(&column.name)))
                .then_some("it only numbers the rows")
        }
        ColumnKind::Categorical if column.distinct * 10 > present * 9 => {
            Some("its text differs in nearly every row")
        }
        ColumnKind::Categorical if column.distinct == MAX_DISTINCT => {
            Some("it has too many different texts")
        }
        _ => None,
    }
}

fn named_like_identifier(name: &str) -> bool {
    let last = name
        .rsplit(|c: char| !c.is_alphanumeric())
        .find(|word| !word.is_empty())
        .unwrap_or_default();
    // `userId` and `userID`, but not `PAID`.
    let camel = last.strip_suffix("Id").or(last.strip_suffix("ID"));
    matches!(
        last.to_lowercase().as_str(),
        "id" | "index" | "rownames" | "uuid" | "key"
    ) || camel.is_some_and(|word| word.ends_with(|c: char| c.is_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_options::ReadOptions;

    fn table(csv: &str) -> Table {
        let bytes = std::io::Cursor::new(csv.as_bytes().to_vec());
        Table::from_reader("test.csv", bytes, &ReadOptions::default()).unwrap()
    }

    fn kinds(csv: &str) -> Vec<ColumnKind> {
        let schema = Schema::infer(&table(csv), &BTreeMap::new()).unwrap();
        schema.columns.iter().map(|column| column.kind).collect()
    }

    #[test]
    fn kinds_are_inferred() {
        use ColumnKind::*;
        let csv = "n,b,d,c,same,none\n1,yes,2024-01-01,x,5,\n2.5,no,2024-01-02,y,5,\n,NA,,2,5,\n";
        assert_eq!(
            kinds(csv),
            [Numeric, Boolean, Date, Categorical, Ignored, Ignored]
        );
    }

    #[test]
    fn identifiers_are_ignored() {
        use ColumnKind::*;
        let mut csv = "rownames,user_id,name,year,price\n".to_string();
        for row in 0..30 {
            csv += &format!(
                "{},{},name {row},{},{}\n",
                row + 1,
                977 - row * 3,
                2000 + row,
                row * 7
            );
        }
        assert_eq!(kinds(&csv), [Ignored, Ignored, Ignored, Numeric, Numeric]);
    }

    #[test]
    fn only_names_of_identifiers_count_as_identifiers() {
        for name in ["id", "user_id", "userId", "userID", "ID", "row.index"] {
            assert!(named_like_identifier(name), "{name}");
        }
        for name in ["PAID", "COVID", "Income ($)", "Share %", "idle", "", "€"] {
            assert!(!named_like_identifier(name), "{name}");
        }
    }

    #[test]
    fn an_impossible_date_is_an_error_with_its_value() {
        let mut csv = "d,y\n".to_string();
        for day in 1..=28 {
            csv += &format!("2024-02-{day:02},1\n");
        }
        csv += "0000-00-00,2\n";
        let error = Schema::infer(&table(&csv), &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("\"0000-00-00\""), "{error}");
    }

    #[test]
    fn identifiers_are_ignored_though_one_is_missing() {
        use ColumnKind::*;
        let mut csv = "name,note,price\n,,1\n".to_string();
        for row in 0..30 {
            let note = if row % 2 == 0 { "good" } else { "" };
            csv += &format!("name {row},{note},{}\n", row * 7);
        }
        assert_eq!(kinds(&csv), [Ignored, Categorical, Numeric]);
    }

    #[test]
    fn text_among_numbers_is_an_error_with_its_line() {
        let mut csv = "a,b\n".to_string();
        for row in 0..50 {
            csv += &format!("{row}.5,1\n");
        }
        csv += "abc,2\n";
        let error = Schema::infer(&table(&csv), &BTreeMap::new())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("test.csv, data row 51: column `a`"),
            "{error}"
        );
        assert!(error.contains("\"abc\""), "{error}");
        let overrides = BTreeMap::from([("a".to_string(), ColumnKind::Categorical)]);
        let schema = Schema::infer(&table(&csv), &overrides).unwrap();
        assert_eq!(schema.columns[0].kind, ColumnKind::Categorical);
    }

    #[test]
    fn overrides_must_fit() {
        let overrides = BTreeMap::from([("b".to_string(), ColumnKind::Numeric)]);
        let error = Schema::infer(&table("a,b\n1,x\n2,y\n"), &overrides)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("column `b` holds numbers, but here is \"x\""),
            "{error}"
        );
        let overrides = BTreeMap::from([("bb".to_string(), ColumnKind::Numeric)]);
        let error = Schema::infer(&table("aa,bbb\n1,x\n"), &overrides)
            .unwrap_err()
            .to_string();
        assert!(error.contains("did you mean `bbb`?"), "{error}");
    }
}
