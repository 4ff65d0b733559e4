//! What a user says about columns, before the table is known.

use std::collections::BTreeMap;

use backburn_table::{ColumnKind, FormatOptions, ReadOptions, Table, columns_named};

use crate::dataset_options::DatasetOptions;
use crate::error::Error;
use crate::text::shown;

/// What a user says about columns. Each word names a column, or several with commas between them; a word that
/// as a whole is the name of a column is that column.
///
/// ```
/// use backburn::{ColumnKind, ColumnOptions, DatasetOptions, ReadOptions, Table};
///
/// let csv = "id,zip,size,price\n1,01569,50,100\n";
/// let table = Table::from_reader("houses", csv.as_bytes(), &ReadOptions::default())?;
/// let words = |words: &str| vec![words.to_string()];
/// let said = ColumnOptions { ignore: words("id,size"), categorical: words("zip"), ..Default::default() };
/// let options = said.resolve(&table, Some("price"), DatasetOptions::default())?;
/// assert_eq!(options.columns["size"], ColumnKind::Ignored);
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnOptions {
    /// Columns to leave out.
    pub ignore: Vec<String>,
    /// The columns to learn from; all others are left out. Empty for all.
    pub features: Vec<String>,
    /// Columns of numbers.
    pub numeric: Vec<String>,
    /// Columns of categories.
    pub categorical: Vec<String>,
    /// Columns of dates. A word may be `COLUMN=FORMAT`, in the notation of `strftime`.
    pub date: Vec<String>,
    /// How text is read. The formats of dates are added to it.
    pub format: FormatOptions,
}

impl ColumnOptions {
    /// The options to read the table with, so that columns that are left out are not decoded. `others` are the
    /// target and the weight, and `kinds` the kinds of columns that a config sets.
    pub fn read_options(
        &self,
        options: ReadOptions,
        others: &[&str],
        kinds: &BTreeMap<String, ColumnKind>,
    ) -> ReadOptions {
        let others: Vec<String> = others.iter().map(|name| (*name).to_string()).collect();
        let mut without = self.ignore.clone();
        if self.features.is_empty() {
            let ignored = kinds
                .iter()
                .filter(|(_, kind)| **kind == ColumnKind::Ignored);
            without.extend(ignored.map(|(name, _)| name.clone()));
        }
        without.retain(|name| !others.contains(name));
        let features = (!self.features.is_empty()).then(|| self.features.clone());
        let named = kinds.keys().chain(&others).cloned();
        let named: Vec<String> = named.chain(self.named_columns()).collect();
        ReadOptions {
            columns: features.map(|features| [features, others].concat()),
            without_columns: without,
            named_columns: named,
            ..options
        }
    }

    /// The words of all options that name columns.
    pub(crate) fn named_columns(&self) -> impl Iterator<Item = String> + '_ {
        let words = [
            &self.ignore,
            &self.features,
            &self.numeric,
            &self.categorical,
        ];
        let dates = self.date.iter().map(|word| match word.rsplit_once('=') {
            Some((column, _)) => column.to_string(),
            None => word.clone(),
        });
        words.into_iter().flatten().cloned().chain(dates)
    }

    /// Adds these options to those of a dataset. They win where both are about the same column.
    ///
    /// # Errors
    ///
    /// A column that does not exist, that is named twice with different meanings, or that is the target and
    /// cannot be left out.
    pub fn resolve(
        &self,
        table: &Table,
        target: Option<&str>,
        mut options: DatasetOptions,
    ) -> Result<DatasetOptions, Error> {
        let mut kinds = BTreeMap::new();
        for (option, words, kind) in [
            ("--ignore", &self.ignore, ColumnKind::Ignored),
            ("--numeric", &self.numeric, ColumnKind::Numeric),
            ("--categorical", &self.categorical, ColumnKind::Categorical),
        ] {
            for column in columns(option, words, table)? {
                set(&mut kinds, column, kind, option)?;
            }
        }
        options.format = self.format.clone();
        for (column, format) in dates(&self.date, table)? {
            set(&mut kinds, column.clone(), ColumnKind::Date, "--date")?;
            options
                .format
                .date_formats
                .extend(format.map(|format| (column, format)));
        }
        if let Some(problem) = options.format.problem() {
            return Err(Error::Config(problem));
        }
        if let Some(target) = target
            && matches!(kinds.get(target), Some((ColumnKind::Ignored, _)))
        {
            return Err(is_the_target(target, "--ignore"));
        }
        options.features = columns("--features", &self.features, table)?;
        for column in &options.features {
            if Some(column.as_str()) == target {
                return Err(is_the_target(column, "--features"));
            }
            if let Some((ColumnKind::Ignored, _)) = kinds.get(column) {
                return Err(twice(column, "--ignore", "--features"));
            }
            // A feature is used, whatever a config file says.
            if options.columns.get(column) == Some(&ColumnKind::Ignored) {
                options.columns.remove(column);
            }
        }
        let kinds = kinds.into_iter().map(|(column, (kind, _))| (column, kind));
        options.columns.extend(kinds);
        Ok(options)
    }
}

impl ColumnOptions {
    /// Adds these options to those of a dataset with several targets, like [`resolve`](Self::resolve).
    ///
    /// # Errors
    ///
    /// The same as for each of the targets.
    pub fn resolve_targets(
        &self,
        table: &Table,
        targets: &[String],
        options: DatasetOptions,
    ) -> Result<DatasetOptions, Error> {
        let mut resolved = options.clone();
        for target in targets {
            resolved = self.resolve(table, Some(target), options.clone())?;
        }
        Ok(resolved)
    }
}

/// Sets the kind of a column once.
fn set(
    kinds: &mut BTreeMap<String, (ColumnKind, &'static str)>,
    column: String,
    kind: ColumnKind,
    option: &'static str,
) -> Result<(), Error> {
    match kinds.get(&column) {
        Some((other, earlier)) if *other != kind => Err(twice(&column, earlier, option)),
        _ => {
            kinds.insert(column, (kind, option));
            Ok(())
        }
    }
}

fn is_the_target(column: &str, option: &str) -> Error {
    let column = shown(column);
    Error::Config(format!("{option}: `{column}` is the target"))
}

fn twice(column: &str, first: &str, second: &str) -> Error {
    let column = shown(column);
    Error::Config(format!(
        "column `{column}` is named by {first} and by {second}"
    ))
}

fn no_name(option: &str) -> Error {
    Error::Config(format!("{option} needs the name of a column"))
}

/// The columns that the words of an option name.
fn columns(option: &str, words: &[String], table: &Table) -> Result<Vec<String>, Error> {
    let is_blank = |word: &String| {
        !table.has_column(word) && word.split(',').all(|name| name.trim().is_empty())
    };
    if words.iter().any(is_blank) {
        return Err(no_name(option));
    }
    let columns = columns_named(words, |name| table.has_column(name));
    columns.map_err(|name| match name.as_str() {
        "" => no_name(option),
        name => table.no_column(name).into(),
    })
}

/// Columns of dates, with their formats if they have one.
fn dates(words: &[String], table: &Table) -> Result<Vec<(String, Option<String>)>, Error> {
    let mut dates = Vec::new();
    for word in words {
        let mut signs = word
            .match_indices('=')
            .map(|(index, _)| word.split_at(index));
        let with_format = signs.find(|(name, _)| table.has_column(name));
        match with_format {
            _ if table.has_column(word) => dates.push((word.clone(), None)),
            Some((name, format)) => dates.push((name.to_string(), Some(format[1..].to_string()))),
            None if word.contains('=') => {
                return Err(match word.split('=').next().unwrap_or_default().trim() {
                    "" => no_name("--date"),
                    name => table.no_column(name).into(),
                });
            }
            None => {
                let names = columns("--date", std::slice::from_ref(word), table)?;
                dates.extend(names.into_iter().map(|name| (name, None)));
            }
        }
    }
    Ok(dates)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::ReadOptions;

    use super::*;

    fn table() -> Table {
        let csv = "a,b,\"c,d\",e=f,sold,y\n1,2,3,4,2024-01-01,6\n";
        Table::from_reader("t.csv", Cursor::new(csv), &ReadOptions::default()).unwrap()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_string()).collect()
    }

    fn resolve(said: ColumnOptions) -> Result<DatasetOptions, String> {
        let columns = BTreeMap::from([("a".to_string(), ColumnKind::Ignored)]);
        let options = DatasetOptions {
            columns,
            ..DatasetOptions::default()
        };
        let resolved = said.resolve(&table(), Some("y"), options);
        resolved.map_err(|error| error.to_string())
    }

    #[test]
    fn columns_that_are_named_keep_their_names() {
        let said = ColumnOptions {
            numeric: words(&["\u{200b}a"]),
            date: words(&["\u{200b}d=%Y"]),
            ..ColumnOptions::default()
        };
        let kinds = BTreeMap::from([("\u{200b}c".to_string(), ColumnKind::Numeric)]);
        let options = said.read_options(ReadOptions::default(), &["unit\u{a0}cost"], &kinds);
        let csv = "\u{200b}a,\u{200b}b,\u{200b}c,\u{200b}d,unit\u{a0}cost\n1,2,3,2024,5\n";
        let table = Table::from_reader("t.csv", Cursor::new(csv), &options).unwrap();
        let columns: Vec<&str> = table.columns().collect();
        let expected = ["\u{200b}a", "b", "\u{200b}c", "\u{200b}d", "unit\u{a0}cost"];
        assert_eq!(columns, expected);
    }

    #[test]
    fn only_columns_that_are_used_are_read() {
        let read = |said: ColumnOptions, others: &[&str]| {
            let kinds = BTreeMap::from([
                ("a".to_string(), ColumnKind::Ignored),
                ("b".to_string(), ColumnKind::Numeric),
                ("y".to_string(), ColumnKind::Ignored),
            ]);
            let options = said.read_options(ReadOptions::default(), others, &kinds);
            let csv = "a,b,\"c,d\",e=f,sold,y\n1,2,3,4,2024-01-01,6\n";
            let table = Table::from_reader("t.csv", Cursor::new(csv), &options).unwrap();
            let columns: Vec<String> = table.columns().map(str::to_string).collect();
            assert_eq!(columns, ["a", "b", "c,d", "e=f", "sold", "y"]);
            let has_values = |name: &String| {
                let mut cells = table.column(name).unwrap().cells();
                cells.any(|cell| cell != backburn_table::Cell::Missing)
            };
            columns.into_iter().filter(has_values).collect::<Vec<_>>()
        };
        let said = ColumnOptions::default();
        assert_eq!(read(said, &["y"]), ["b", "c,d", "e=f", "sold", "y"]);
        let said = ColumnOptions {
            ignore: words(&["sold,c,d"]),
            ..ColumnOptions::default()
        };
        assert_eq!(read(said, &["y"]), ["b", "e=f", "y"]);
        let said = ColumnOptions {
            features: words(&["a,c,d"]),
            ..ColumnOptions::default()
        };
        assert_eq!(read(said, &["y", "b"]), ["a", "b", "c,d", "y"]);
    }

    #[test]
    fn words_that_name_no_column_are_errors() {
        let table = table();
        let error = columns("--ignore", &words(&["a,bb"]), &table).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("no column `bb`"), "{error}");
        assert!(error.contains("the columns are `a`, `b`, `c,d`"), "{error}");
    }

    #[test]
    fn an_option_without_a_name_is_wrong_usage() {
        let table = table();
        for word in ["", " ", ",", "a,,b"] {
            let error = columns("--features", &words(&[word]), &table).unwrap_err();
            assert!(matches!(error, Error::Config(_)), "{word:?}: {error}");
            assert_eq!(error.to_string(), "--features needs the name of a column");
        }
        let error = dates(&words(&["=%Y"]), &table).unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{error}");
    }

    #[test]
    fn a_date_may_have_a_format() {
        let table = table();
        let date = |word: &str| dates(&words(&[word]), &table).unwrap();
        let format = |format: &str| Some(format.to_string());
        assert_eq!(
            date("sold=%b %d, %Y"),
            [("sold".to_string(), format("%b %d, %Y"))]
        );
        assert_eq!(date("e=f"), [("e=f".to_string(), None)]);
        assert_eq!(
            date("e=f=%d.%m.%Y"),
            [("e=f".to_string(), format("%d.%m.%Y"))]
        );
        assert_eq!(date("a,sold").len(), 2);
        let error = dates(&words(&["solt=%Y"]), &table).unwrap_err().to_string();
        assert!(error.contains("did you mean `sold`?"), "{error}");
    }

    #[test]
    fn options_win_over_settings() {
        let said = ColumnOptions {
            numeric: words(&["a"]),
            date: words(&["sold=%Y-%m-%d"]),
            features: words(&["a,b,sold"]),
            ..ColumnOptions::default()
        };
        let options = resolve(said).unwrap();
        assert_eq!(options.columns["a"], ColumnKind::Numeric);
        assert_eq!(options.columns["sold"], ColumnKind::Date);
        assert_eq!(options.format.date_formats["sold"], "%Y-%m-%d");
        assert_eq!(options.features, ["a", "b", "sold"]);
    }

    #[test]
    fn a_column_has_one_meaning() {
        let error = |said| resolve(said).unwrap_err();
        let said = ColumnOptions {
            numeric: words(&["b"]),
            ignore: words(&["a,b"]),
            ..ColumnOptions::default()
        };
        assert_eq!(
            error(said),
            "column `b` is named by --ignore and by --numeric"
        );
        let said = ColumnOptions {
            features: words(&["b"]),
            ignore: words(&["b"]),
            ..ColumnOptions::default()
        };
        assert_eq!(
            error(said),
            "column `b` is named by --ignore and by --features"
        );
        for said in [
            ColumnOptions {
                ignore: words(&["y"]),
                ..ColumnOptions::default()
            },
            ColumnOptions {
                features: words(&["a,y"]),
                ..ColumnOptions::default()
            },
        ] {
            assert!(error(said).ends_with("`y` is the target"));
        }
    }
}
