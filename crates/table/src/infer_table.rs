//! Finding out what the columns of a table hold, and how their text is to be read.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::cell::Cell;
use crate::column_kind::ColumnKind;
use crate::column_schema::{column_schema, unreadable_column};
use crate::column_statistics::ColumnStatistics;
use crate::error::TableError;
use crate::format_note::{Examples, FormatNote};
use crate::format_options::InferOptions;
use crate::index_column::Place;
use crate::inferring::{Inferring, Signs};
use crate::missing_words::MissingWords;
use crate::schema::{ColumnSchema, Schema, check_kind};
use crate::similar_categories::similar_categories;
use crate::spelled_missing::missing_by_spelling;
use crate::table::Table;
use crate::table_format::TableFormat;

/// A table with its text read as values.
#[derive(Debug, Clone)]
pub struct InferredTable {
    /// The table: text that stands for numbers or dates is read as such.
    pub table: Table,
    /// What each column holds.
    pub schema: Schema,
    /// How the text is read. It is empty for a plain table.
    pub format: TableFormat,
    /// What was found out, in the order of the columns.
    pub notes: Vec<FormatNote>,
}

/// Infers what each column holds and how its text is to be read, and reads it.
///
/// A column is numeric if its values are numbers, in whatever way they are written; boolean if all
/// are boolean; a date if its values are dates; and categorical otherwise. Decimal sign, grouping of
/// digits and order of day and month are decided by all values of a column; where they leave it open,
/// by the other columns; else there is a default, and a note. A column is ignored if it is constant or
/// only identifies rows.
///
/// # Errors
///
/// An option names a column that does not exist, does not fit its values, or contradicts another.
pub fn infer_table(table: &Table, options: &InferOptions) -> Result<InferredTable, TableError> {
    let kinds = kinds(table, options)?;
    let mut format = TableFormat {
        missing: MissingWords::new(&options.format.na),
        columns: BTreeMap::new(),
    };
    let raw = format.apply_to_table(table)?;
    let names: Vec<String> = table.columns().map(str::to_string).collect();
    let mut columns = names
        .par_iter()
        .map(|name| Inferring::new(&raw, name, kinds.get(name).copied()))
        .collect::<Result<Vec<_>, _>>()?;
    let raw = drop_never_values(raw, &mut columns, &mut format)?;
    columns
        .par_iter_mut()
        .map(|column| column.look(&raw, &options.format))
        .collect::<Result<(), _>>()?;
    let signs = Signs::of(&raw, &columns, &options.format)?;
    columns
        .par_iter_mut()
        .map(|column| column.settle(&raw, &options.format, &signs))
        .collect::<Result<(), _>>()?;
    for column in &mut columns {
        if let Some(read) = column.format.take() {
            format.columns.insert(column.name.clone(), read);
        }
    }
    finish(table, &format, columns)
}

impl Schema {
    /// Infers what each column holds, as [`infer_table`] does; `kinds` sets the kind of the columns that
    /// it names. If some text has to be read in a format of its own, the schema is that of the table
    /// that `infer_table` returns.
    ///
    /// # Errors
    ///
    /// The same as for [`infer_table`].
    pub fn infer(table: &Table, kinds: &BTreeMap<String, ColumnKind>) -> Result<Self, TableError> {
        let options = InferOptions {
            kinds: kinds.clone(),
            ..InferOptions::default()
        };
        Ok(infer_table(table, &options)?.schema)
    }
}

/// The kinds that the user sets. A column with a format of dates holds dates.
fn kinds(
    table: &Table,
    options: &InferOptions,
) -> Result<BTreeMap<String, ColumnKind>, TableError> {
    if let Some(problem) = options.format.problem() {
        return Err(table.unusable(problem));
    }
    let mut kinds = options.kinds.clone();
    for name in options.format.date_formats.keys() {
        let kind = *kinds.entry(name.clone()).or_insert(ColumnKind::Date);
        if !matches!(kind, ColumnKind::Date | ColumnKind::Ignored) {
            return Err(table.unusable(format!(
                "column `{name}` has a format of dates, and is declared {kind}: choose one"
            )));
        }
    }
    for name in kinds.keys() {
        table.column(name)?;
    }
    Ok(kinds)
}

/// Words that are never a category become missing in the whole table.
fn drop_never_values(
    table: Table,
    columns: &mut [Inferring],
    format: &mut TableFormat,
) -> Result<Table, TableError> {
    let mut words = BTreeSet::new();
    let mut affected = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let here = column.found.never_values.clone();
        if !here.is_empty() {
            affected.push((index, here.clone()));
            words.extend(here);
        }
    }
    if words.is_empty() {
        return Ok(table);
    }
    for word in words {
        format.missing.add(word);
    }
    for (index, words) in &affected {
        let name = &columns[*index].name;
        let mut counts = BTreeMap::new();
        for cell in table.column(name)?.cells() {
            if let Cell::Text(text) = cell
                && let Some(word) = words.iter().find(|word| **word == text.trim())
            {
                *counts.entry((*word).to_string()).or_insert(0) += 1;
            }
        }
        let note = FormatNote::MissingWords {
            column: name.clone(),
            words: Examples::new(counts),
        };
        columns[*index].notes.push(note);
    }
    let table = format.apply_to_table(&table)?;
    for (index, _) in affected {
        let column = &mut columns[index];
        column.found = ColumnStatistics::of(&table, &column.name)?;
    }
    Ok(table)
}

/// Reads the table and describes its columns.
fn finish(
    table: &Table,
    format: &TableFormat,
    columns: Vec<Inferring>,
) -> Result<InferredTable, TableError> {
    let read = format.apply_to_table(table)?;
    let headerless = columns.len() > 1 && columns[1].name == "column_2";
    let indexes: BTreeSet<String> = table.index_columns().into_iter().collect();
    let described = columns
        .into_par_iter()
        .enumerate()
        .map(|(index, column)| {
            let place = InTable {
                is_first: index == 0,
                headerless,
                is_pandas_index: indexes.contains(&column.name),
            };
            describe(table, &read, format, column, place)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut schema = Schema::default();
    let mut notes = Vec::new();
    for (column, mut more) in described {
        schema.columns.push(column);
        notes.append(&mut more);
    }
    Ok(InferredTable {
        table: read,
        schema,
        format: format.clone(),
        notes,
    })
}

/// What the table says about a column.
struct InTable {
    is_first: bool,
    headerless: bool,
    is_pandas_index: bool,
}

fn describe(
    raw: &Table,
    table: &Table,
    format: &TableFormat,
    column: Inferring,
    place: InTable,
) -> Result<(ColumnSchema, Vec<FormatNote>), TableError> {
    let Inferring {
        name,
        kind,
        mut found,
        mut notes,
        ..
    } = column;
    if let Some(data_type) = table.column(&name)?.unreadable()
        && kind.is_none()
    {
        return Ok((unreadable_column(&name, &data_type), notes));
    }
    if format.columns.contains_key(&name) {
        found = ColumnStatistics::of(table, &name)?;
    }
    if let Some(kind) = kind {
        check_kind(table, &name, kind)?;
    }
    let place = Place {
        name: &name,
        is_first: place.is_first,
        headerless: place.headerless,
        is_pandas_index: place.is_pandas_index,
    };
    let schema = column_schema(place, &found, kind);
    match schema.kind {
        ColumnKind::Numeric => {
            notes.extend(found.large.clone().map(|example| FormatNote::LargeNumbers {
                column: name.clone(),
                example,
            }))
        }
        ColumnKind::Categorical | ColumnKind::Boolean if !format.columns.contains_key(&name) => {
            notes.extend(missing_by_spelling(raw, &name, found.missing));
        }
        _ => {}
    }
    if schema.kind == ColumnKind::Categorical {
        notes.extend(similar_categories(table, &name, &found)?);
    }
    Ok((schema, notes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format_options::FormatOptions;
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
    fn why_a_column_is_ignored_is_said() {
        let csv = "huge,same,id\n1e60,5,9007199254740993\n2e60,5,9007199254740992\n3e60,5,9007199254740992\n";
        let schema = Schema::infer(&table(csv), &BTreeMap::new()).unwrap();
        for (column, words) in schema.columns.iter().zip([
            "too large for 32 bits",
            "it never varies",
            "differ only in digits that numbers lose",
        ]) {
            let reason = column.reason.as_deref().unwrap_or_default();
            assert!(reason.contains(words), "{}: {reason:?}", column.name);
        }
    }

    #[test]
    fn an_index_of_pandas_that_says_more_than_the_row_is_kept() {
        use ColumnKind::*;
        for (values, kind, reason) in [
            (["2024-01-01", "2024-01-02", "2024-01-03"], Date, None),
            (["0.25", "0.5", "0.75"], Numeric, None),
            (["70", "20", "90"], Ignored, Some("it is the index")),
            (["a", "b", "c"], Ignored, Some("its text is the index")),
        ] {
            let csv = format!("__index_level_0__,x\n{},1\n", values.join(",1\n"));
            let schema = Schema::infer(&table(&csv), &BTreeMap::new()).unwrap();
            let index = &schema.columns[0];
            assert_eq!(index.kind, kind, "{values:?}");
            let said = index.reason.as_deref();
            assert_eq!(said.is_some(), reason.is_some(), "{said:?}");
            assert!(
                said.unwrap_or_default()
                    .starts_with(reason.unwrap_or_default()),
                "{said:?}"
            );
        }
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
    fn months_with_a_bad_value_are_dates() {
        for bad in ["00.2024", "13.2024"] {
            let mut csv = "m,y\n".to_string();
            for n in 0..60 {
                csv += &format!("{:02}.{},{}\n", n % 12 + 1, 2019 + n / 12, n * 7 % 11);
            }
            csv += &format!("{bad},3\n");
            assert_eq!(kinds(&csv)[0], ColumnKind::Date, "{bad}");
            let declared = BTreeMap::from([("m".to_string(), ColumnKind::Date)]);
            let infer = InferOptions {
                kinds: declared,
                format: FormatOptions::default(),
            };
            let inferred = infer_table(&table(&csv), &infer).unwrap();
            let notes: Vec<String> = inferred.notes.iter().map(|note| note.to_string()).collect();
            let notes = notes.join("; ");
            assert!(notes.contains(bad) && !notes.contains("1970"), "{notes}");
        }
    }

    #[test]
    fn declared_months_need_no_zero_in_front() {
        let table = table("m,y\n1.2019,1\n2.2019,2\n12.2019,4\n1.2020,3\n");
        let infer = InferOptions {
            kinds: BTreeMap::from([("m".to_string(), ColumnKind::Date)]),
            format: FormatOptions::default(),
        };
        let read = infer_table(&table, &infer).unwrap().table;
        let dates: Vec<_> = read
            .column("m")
            .unwrap()
            .cells()
            .map(|cell| cell.date())
            .collect();
        // 1 January 2019 and 1 December 2019, as seconds since 1970.
        assert_eq!(
            (dates[0], dates[2]),
            (Some(1_546_300_800.0), Some(1_575_158_400.0))
        );
    }

    #[test]
    fn digits_with_the_year_last_need_a_format() {
        for (first, second, format) in [
            ("17082023", "01022024", "%d%m%Y"),
            ("030923", "171023", "%d%m%y"),
        ] {
            let table = table(&format!("m,y\n{first},1\n{second},2\n"));
            let kinds = BTreeMap::from([("m".to_string(), ColumnKind::Date)]);
            let error = Schema::infer(&table, &kinds).unwrap_err().to_string();
            assert!(error.contains(&format!("--date 'm={format}'")), "{error}");
        }
    }

    #[test]
    fn months_with_a_year_of_two_digits_get_a_hint() {
        let mut csv = "m,y\n".to_string();
        for n in 0..60 {
            csv += &format!("{:02}/{},{}\n", n % 12 + 1, 19 + n / 12, n * 7 % 11);
        }
        let inferred = infer_table(&table(&csv), &InferOptions::default()).unwrap();
        let notes: Vec<String> = inferred.notes.iter().map(|note| note.to_string()).collect();
        let notes = notes.join("; ");
        assert!(
            notes.contains("`01/19`") && notes.contains("--date m=%m/%y"),
            "{notes}"
        );
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
        let format = FormatOptions {
            date_formats: BTreeMap::from([("a".to_string(), "%Y".to_string())]),
            ..FormatOptions::default()
        };
        let kinds = BTreeMap::from([("a".to_string(), ColumnKind::Numeric)]);
        let options = InferOptions { kinds, format };
        let error = infer_table(&table("a,b\n1,x\n"), &options).unwrap_err();
        assert!(error.to_string().contains("choose one"), "{error}");
    }
}
