//! Tables as people write them are read as the plain tables that they mean.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use backburn_table::{
    Cell, ColumnKind, FormatNote, FormatOptions, InferOptions, InferredTable, ReadOptions, Table,
    TableError, TableFormat, infer_table,
};
use proptest::prelude::*;

/// A table with one column for each name, all as long as the first.
fn table(columns: &[(&str, Vec<String>)]) -> Table {
    let mut csv = String::new();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    writeln!(csv, "{}", names.join("|")).unwrap();
    for row in 0..columns[0].1.len() {
        let fields: Vec<&str> = columns
            .iter()
            .map(|(_, values)| values[row].as_str())
            .collect();
        writeln!(csv, "{}", fields.join("|")).unwrap();
    }
    let options = ReadOptions {
        delimiter: Some(b'|'),
        ..ReadOptions::default()
    };
    Table::from_reader("t.csv", std::io::Cursor::new(csv), &options).unwrap()
}

fn column(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_string()).collect()
}

fn infer(table: &Table) -> InferredTable {
    infer_table(table, &InferOptions::default()).unwrap()
}

fn infer_column(values: Vec<String>) -> InferredTable {
    infer(&table(&[("x", values)]))
}

fn with_format(table: &Table, format: FormatOptions) -> Result<InferredTable, TableError> {
    let options = InferOptions {
        format,
        ..InferOptions::default()
    };
    infer_table(table, &options)
}

fn kind(inferred: &InferredTable) -> ColumnKind {
    inferred.schema.columns[0].kind
}

fn cells(inferred: &InferredTable) -> Vec<Cell<'_>> {
    inferred.table.column("x").unwrap().cells().collect()
}

fn notes(inferred: &InferredTable) -> String {
    let notes = inferred.notes.iter().map(ToString::to_string);
    notes.collect::<Vec<_>>().join("\n")
}

fn repeated(texts: &[&str], times: usize) -> impl Iterator<Item = String> {
    let texts: Vec<String> = column(texts);
    (0..times).flat_map(move |_| texts.clone())
}

fn numbers(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("{}.{}", n + 3, n % 10))
}

#[test]
fn plain_tables_have_no_format() {
    let inferred = infer(&table(&[
        ("n", column(&["1.5", "NA", "1e3"])),
        ("b", column(&["yes", "no", "yes"])),
        ("d", column(&["2024-01-01", "", "2024-01-03"])),
        ("c", column(&["x", "y", "2"])),
    ]));
    assert!(
        inferred.format.is_plain() && inferred.notes.is_empty(),
        "{}",
        notes(&inferred)
    );
    assert_eq!(serde_json::to_string(&inferred.format).unwrap(), "{}");
}

#[test]
fn text_among_numbers_is_missing_from_one_percent_to_half() {
    for others in [2, 10, 20, 60, 99, 100] {
        let values = numbers(100).chain(repeated(&["bad"], others)).collect();
        let inferred = infer_column(values);
        assert_eq!(kind(&inferred), ColumnKind::Numeric, "{others}");
        assert_eq!(inferred.schema.columns[0].missing, others);
        assert!(
            notes(&inferred).contains(&format!("`bad` {others}")),
            "{}",
            notes(&inferred)
        );
        assert!(notes(&inferred).contains("--categorical x"));
        let unknown = inferred.format.cell("x", Cell::Text("worse")).unwrap();
        assert_eq!(unknown, Cell::Missing);
    }
    let values = numbers(100).chain(repeated(&["bad"], 101)).collect();
    assert_eq!(kind(&infer_column(values)), ColumnKind::Categorical);
}

#[test]
fn values_beyond_a_limit_are_the_limit() {
    let values = numbers(50).chain(repeated(&["<0.5", ">100", "~3", "90+", "≤ 5", "-"], 5));
    let inferred = infer_column(values.collect());
    assert_eq!(kind(&inferred), ColumnKind::Numeric);
    let expected = [0.5, 100.0, 3.0, 90.0, 5.0].map(Cell::Number);
    assert_eq!(cells(&inferred)[50..55], expected);
    assert_eq!(cells(&inferred)[55], Cell::Missing);
    let said = notes(&inferred);
    assert!(
        said.contains("30 of 80") && said.contains("25 read as") && said.contains("`<0.5` 5"),
        "{said}"
    );
    // A few bands are categories.
    let bands = repeated(&["<10", "10", ">20"], 20).collect();
    assert_eq!(kind(&infer_column(bands)), ColumnKind::Categorical);
}

#[test]
fn words_for_missing_values_are_missing_among_numbers_and_errors_everywhere() {
    for word in [
        "-", "--", ".", "na", "N.A.", "nil", "unknown", "n/a", "\\N", "#DIV/0!", "#REF!",
    ] {
        let values = repeated(&["1", "2", "3", word], 10).collect();
        let inferred = infer_column(values);
        assert_eq!(kind(&inferred), ColumnKind::Numeric, "{word}");
        assert_eq!(inferred.schema.columns[0].missing, 10);
    }
    let values = repeated(&["red", "\\N", "blue", "#VALUE!"], 10).collect();
    let inferred = infer_column(values);
    assert_eq!(inferred.schema.columns[0].missing, 20);
    assert!(
        notes(&inferred).contains("`\\N` 10"),
        "{}",
        notes(&inferred)
    );
    // A word that is a category of its own is one.
    let values = repeated(&["red", "unknown", "-"], 10).collect();
    assert_eq!(infer_column(values).schema.columns[0].missing, 0);
}

#[test]
fn tickets_are_codes() {
    let values = (0..60).map(|n| format!("{}", 113_803 + n * 7));
    let others = (0..30).map(|n| format!("A/5 21{n}"));
    let inferred = infer_column(values.chain(others).collect());
    assert!(inferred.format.is_plain());
    assert!(notes(&inferred).contains("A/5"), "{}", notes(&inferred));
    let zips = repeated(&["01569", "10115", "80331"], 10).collect();
    let inferred = infer_column(zips);
    assert_eq!(kind(&inferred), ColumnKind::Categorical);
    assert!(notes(&inferred).contains("`01569`"));
}

#[test]
fn words_may_be_added_and_kept() {
    let values: Vec<String> = repeated(&["1", "-999", "3.5"], 10).collect();
    let classes = repeated(&["None", "Apnea", ""], 10).collect();
    let table = table(&[("x", values), ("c", classes)]);
    let inferred = infer(&table);
    assert_eq!(inferred.schema.columns[1].missing, 20);
    assert!(notes(&inferred).contains("`None` is treated as missing in 10 of 30 rows"));
    assert!(notes(&inferred).contains("--keep-na"));
    let several = infer_column(repeated(&["None", "NA", "Apnea", "other"], 10).collect());
    let said = notes(&several);
    assert!(
        said.contains("20 of 40 rows are treated as missing (`NA` 10, `None` 10)"),
        "{said}"
    );
    let options = FormatOptions {
        na: column(&["-999"]),
        keep_na: true,
        ..FormatOptions::default()
    };
    let inferred = with_format(&table, options).unwrap();
    assert_eq!(inferred.schema.columns[0].missing, 10);
    assert_eq!(inferred.schema.columns[1].missing, 10);
    assert_eq!(inferred.schema.columns[1].distinct, 2);
    let read = inferred.format.apply_to_table(&table).unwrap();
    assert_eq!(
        read.fingerprint().unwrap(),
        inferred.table.fingerprint().unwrap()
    );
}

#[test]
fn an_open_decimal_sign_is_said_and_decided_by_others() {
    let open = column(&["1,234", "2,345"]);
    let inferred = infer(&table(&[("x", open.clone())]));
    assert_eq!(cells(&inferred)[0], Cell::Number(1234.0));
    assert!(
        notes(&inferred).contains("pass --decimal ,"),
        "{}",
        notes(&inferred)
    );
    let others = column(&["0,5", "1,25"]);
    let inferred = infer(&table(&[("x", open.clone()), ("y", others.clone())]));
    assert_eq!(cells(&inferred)[0], Cell::Number(1.234));
    let options = FormatOptions {
        decimal: Some(','),
        ..FormatOptions::default()
    };
    let inferred = with_format(&table(&[("x", open)]), options).unwrap();
    assert_eq!(cells(&inferred)[0], Cell::Number(1.234));
    // Plain numbers, each with three digits behind the point, are thousands beside decimal commas.
    let grouped = column(&["1.234", "12.345"]);
    let inferred = infer(&table(&[("x", grouped.clone()), ("y", others.clone())]));
    assert_eq!(cells(&inferred)[0], Cell::Number(1234.0));
    let points = column(&["1.5", "2.25"]);
    let inferred = infer(&table(&[("x", grouped), ("y", others), ("z", points)]));
    assert_eq!(cells(&inferred)[0], Cell::Text("1.234"));
}

#[test]
fn different_currencies_and_hexadecimal_numbers_are_text() {
    let inferred = infer_column(column(&["$5", "€6", "$7"]));
    assert_eq!(kind(&inferred), ColumnKind::Categorical);
    assert!(
        notes(&inferred).contains("currencies"),
        "{}",
        notes(&inferred)
    );
    let inferred = infer_column(column(&["0x1F", "0xFF"]));
    assert_eq!(kind(&inferred), ColumnKind::Categorical);
    assert!(
        notes(&inferred).contains("hexadecimal"),
        "{}",
        notes(&inferred)
    );
}

#[test]
fn large_whole_numbers_are_said() {
    let inferred = infer_column(column(&["9007199254740993", "3", "9007199254740993"]));
    assert_eq!(kind(&inferred), ColumnKind::Numeric);
    assert!(notes(&inferred).contains("2^53"), "{}", notes(&inferred));
}

#[test]
fn dates_that_stand_for_none_are_missing() {
    let dates = || (1..=28).map(|day| format!("2024-02-{day:02}"));
    for sentinel in [
        "9999-12-31",
        "1900-01-01",
        "1970-01-01",
        "0001-01-01",
        "0000-00-00",
        "2999-12-31",
    ] {
        let inferred = infer_column(dates().chain(repeated(&[sentinel], 3)).collect());
        assert_eq!(kind(&inferred), ColumnKind::Date);
        assert_eq!(inferred.schema.columns[0].missing, 3, "{sentinel}");
        assert!(
            notes(&inferred).contains(&format!("`{sentinel}` 3")),
            "{}",
            notes(&inferred)
        );
        let again = inferred.format.cell("x", Cell::Text(sentinel)).unwrap();
        assert_eq!(again, Cell::Missing);
    }
    let all = repeated(&["9999-12-31"], 5)
        .chain(repeated(&["NA"], 1))
        .collect();
    assert_eq!(infer_column(all).schema.columns[0].missing, 1);
}

#[test]
fn dates_that_repeat_are_dates() {
    let values = repeated(&["01/02/2024", "02/28/2024", "03/05/2024", "later"], 1);
    let values = values.chain(repeated(&["01/02/2024"], 30)).collect();
    let inferred = infer_column(values);
    assert_eq!(kind(&inferred), ColumnKind::Date);
    assert_eq!(inferred.schema.columns[0].missing, 1);
}

#[test]
fn an_open_order_of_day_and_month_is_said_and_decided_by_others() {
    let open = column(&["01/02/2024", "03/04/2024"]);
    let inferred = infer(&table(&[("x", open.clone())]));
    assert_eq!(
        cells(&inferred)[0].category().unwrap(),
        "2024-01-02 00:00:00"
    );
    assert!(
        notes(&inferred).contains("--date x=%d/%m/%Y"),
        "{}",
        notes(&inferred)
    );
    let inferred = infer(&table(&[
        ("x", open.clone()),
        ("y", column(&["31/12/2024", "1/1/2024"])),
    ]));
    assert_eq!(
        cells(&inferred)[0].category().unwrap(),
        "2024-02-01 00:00:00"
    );
    let options = FormatOptions {
        date_formats: BTreeMap::from([("x".to_string(), "%d/%m/%Y".to_string())]),
        ..FormatOptions::default()
    };
    let inferred = with_format(&table(&[("x", open.clone())]), options).unwrap();
    assert_eq!(
        cells(&inferred)[0].category().unwrap(),
        "2024-02-01 00:00:00"
    );
    let options = FormatOptions {
        date_formats: BTreeMap::from([("x".to_string(), "%d.%m.%Y".to_string())]),
        ..FormatOptions::default()
    };
    let error = with_format(&table(&[("x", open)]), options).unwrap_err();
    assert!(error.to_string().contains("%d.%m.%Y"), "{error}");
}

#[test]
fn numbers_are_dates_where_they_are_declared() {
    for (values, expected) in [
        (["20240131", "20240228"], "2024-01-31 00:00:00"),
        (["1704067200", "1704153600"], "2024-01-01 00:00:00"),
        (["1704067200000", "1704153600000"], "2024-01-01 00:00:00"),
    ] {
        let table = table(&[("x", column(&values))]);
        assert_eq!(kind(&infer(&table)), ColumnKind::Numeric);
        let options = InferOptions {
            kinds: BTreeMap::from([("x".to_string(), ColumnKind::Date)]),
            ..InferOptions::default()
        };
        let inferred = infer_table(&table, &options).unwrap();
        assert_eq!(cells(&inferred)[0].category().unwrap(), expected);
    }
}

#[test]
fn times_and_durations_are_hours() {
    let inferred = infer_column(column(&["14:30", "2:30 PM", "23:15:00"]));
    assert_eq!(
        cells(&inferred)[..2],
        [Cell::Number(14.5), Cell::Number(14.5)]
    );
    assert!(notes(&inferred).contains("hours"));
    let inferred = infer_column(column(&["2 days 03:00:00", "36:10:00", "PT15M", "1h 30m"]));
    assert_eq!(cells(&inferred)[3], Cell::Number(1.5));
}

#[test]
fn declared_kinds_are_obeyed() {
    let declared = |values: Vec<String>, kind| {
        let options = InferOptions {
            kinds: BTreeMap::from([("x".to_string(), kind)]),
            ..InferOptions::default()
        };
        infer_table(&table(&[("x", values)]), &options)
    };
    let money = || column(&["$5", "$6", "$7"]);
    let inferred = declared(money(), ColumnKind::Categorical).unwrap();
    assert!(inferred.format.is_plain());
    assert_eq!(
        kind(&declared(money(), ColumnKind::Numeric).unwrap()),
        ColumnKind::Numeric
    );
    let half = declared(column(&["1", "2", "x", "y"]), ColumnKind::Numeric).unwrap();
    assert_eq!(half.schema.columns[0].missing, 2);
    let error = declared(column(&["1", "z", "x", "y"]), ColumnKind::Numeric).unwrap_err();
    assert!(error.to_string().contains("\"z\""), "{error}");
    let error = declared(money(), ColumnKind::Date).unwrap_err();
    assert!(error.to_string().contains("dates"), "{error}");
}

#[test]
fn indexes_are_left_out() {
    let mut rows: Vec<usize> = (0..40).collect();
    rows.reverse();
    rows.swap(3, 17);
    let shuffled = rows.iter().map(ToString::to_string).collect();
    let part = rows.iter().map(|row| (row * 3 + 7).to_string()).collect();
    let size = rows
        .iter()
        .map(|row| (row * row % 31).to_string())
        .collect();
    let inferred = infer(&table(&[("", part), ("n", shuffled), ("size", size)]));
    let kinds: Vec<ColumnKind> = inferred.schema.columns.iter().map(|c| c.kind).collect();
    assert_eq!(
        kinds,
        [
            ColumnKind::Ignored,
            ColumnKind::Ignored,
            ColumnKind::Numeric
        ]
    );
    let reason = inferred.schema.columns[0].reason.as_deref();
    assert_eq!(reason, Some("an index: it only numbers the rows"));
}

#[test]
fn a_bad_value_has_its_line_when_a_clean_column_was_expected() {
    let inferred = infer_column(column(&["1,5", "2,25", "3,125"]));
    let other = table(&[("x", column(&["1,5", "bad"]))]);
    let error = inferred
        .format
        .apply_to_table(&other)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("t.csv, data row 2") && error.contains("\"bad\""),
        "{error}"
    );
}

/// A way to write numbers, with two digits behind the decimal sign.
#[derive(Debug, Clone)]
struct Writing {
    decimal: char,
    thousands: Option<&'static str>,
    front: &'static str,
    behind: &'static str,
    brackets: bool,
    minus: &'static str,
}

fn writings() -> impl Strategy<Value = Writing> {
    let groups = prop::sample::select(vec![
        None,
        Some(","),
        Some("."),
        Some(" "),
        Some("'"),
        Some("\u{a0}"),
        Some("\u{202f}"),
        Some("’"),
    ]);
    let marks = prop::sample::select(vec![
        ("", ""),
        ("$", ""),
        ("", " €"),
        ("", "%"),
        ("CHF ", ""),
        ("", " kg"),
        ("US$", ""),
        ("", " zł"),
        ("", "°C"),
    ]);
    let minus = prop::sample::select(vec!["-", "−"]);
    (prop::bool::ANY, groups, marks, prop::bool::ANY, minus).prop_map(
        |(comma, thousands, (front, behind), brackets, minus)| {
            let decimal = if comma { ',' } else { '.' };
            Writing {
                decimal,
                thousands: thousands.filter(|sign| !sign.contains(decimal)),
                front,
                behind,
                brackets,
                minus,
            }
        },
    )
}

impl Writing {
    fn write(&self, cents: i64) -> String {
        let whole = (cents.abs() / 100).to_string();
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if let Some(sign) = self.thousands
                && index > 0
                && (whole.len() - index).is_multiple_of(3)
            {
                grouped.push_str(sign);
            }
            grouped.push(digit);
        }
        let fraction = cents.abs() % 100;
        let number = format!(
            "{}{grouped}{}{fraction:02}{}",
            self.front, self.decimal, self.behind
        );
        match (cents < 0, self.brackets) {
            (false, _) => number,
            (true, true) => format!("({number})"),
            (true, false) => format!("{}{number}", self.minus),
        }
    }
}

fn plain(cents: i64) -> String {
    format!(
        "{}{}.{:02}",
        if cents < 0 { "-" } else { "" },
        cents.abs() / 100,
        cents.abs() % 100
    )
}

fn bits(format: &TableFormat, table: &Table) -> Vec<u64> {
    let table = format.apply_to_table(table).unwrap();
    table
        .numbers("x")
        .unwrap()
        .iter()
        .map(|number| number.to_bits())
        .collect()
}

proptest! {
    #[test]
    fn numbers_are_read_in_every_writing(writing in writings(), cents in prop::collection::vec(-10_000_000_000_i64..10_000_000_000, 1..40)) {
        let written = table(&[("x", cents.iter().map(|c| writing.write(*c)).collect())]);
        let meant = table(&[("x", cents.iter().map(|c| plain(*c)).collect())]);
        let (read, expected) = (infer(&written), infer(&meant));
        prop_assert_eq!(&read.schema, &expected.schema);
        prop_assert_eq!(bits(&read.format, &written), bits(&TableFormat::default(), &meant));
        for (row, cents) in cents.iter().enumerate() {
            let text = writing.write(*cents);
            let alone = read.format.cell("x", Cell::Text(text.trim())).unwrap();
            let all: Vec<Cell> = read.table.column("x").unwrap().cells().collect();
            prop_assert_eq!(alone.number(), all[row].number());
        }
        let stored = serde_json::to_string(&read.format).unwrap();
        prop_assert_eq!(serde_json::from_str::<TableFormat>(&stored).unwrap(), read.format);
    }

    #[test]
    fn dates_are_read_in_every_writing(
        writing in prop::sample::select(vec![
            "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %b %Y", "%B %d, %Y", "%d-%b-%y", "%m/%d/%y",
            "%a, %d %b %Y %H:%M:%S GMT", "%Y-%m-%dT%H:%M:%S+0000", "%Y-%m-%d %H:%M:%S+00",
            "%Y-%m-%d %H:%M:%S UTC", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S", "%Y.%m.%d",
            "%Y%m%d",
        ]),
        seconds in prop::collection::vec(0_i64..1_800_000_000, 2..40),
    ) {
        let moment = |seconds: i64| chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
        // A day above 12 decides.
        let mut moments: Vec<_> = seconds.iter().map(|s| moment(*s)).collect();
        moments.push(moment(1_735_646_700));
        let has_time = writing.contains(['H', 'I']);
        let write = |pattern: &str| moments.iter().map(|m| m.format(pattern).to_string()).collect();
        let written = table(&[("x", write(writing))]);
        let iso = if has_time { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d" };
        let meant = table(&[("x", write(iso))]);
        let options = InferOptions {
            kinds: BTreeMap::from([("x".to_string(), ColumnKind::Date)]),
            ..InferOptions::default()
        };
        let read = infer_table(&written, &options).unwrap();
        let expected = infer_table(&meant, &options).unwrap();
        let seconds = |inferred: &InferredTable| -> Vec<Option<u64>> {
            cells(inferred).iter().map(|cell| cell.date().map(f64::to_bits)).collect()
        };
        prop_assert_eq!(seconds(&read), seconds(&expected));
        prop_assert_eq!(&read.schema.columns[0].kind, &expected.schema.columns[0].kind);
        if writing != "%Y%m%d" {
            let undeclared = infer(&written);
            prop_assert_eq!(seconds(&undeclared), seconds(&expected));
        }
    }

    #[test]
    fn no_text_panics(texts in prop::collection::vec("\\PC{0,12}|[0-9.,' $€%()<>+:/TZ-]{0,16}", 1..30)) {
        let texts: Vec<String> = texts.iter().map(|text| text.replace(['|', '"', '\n', '\r'], "")).collect();
        let mut values = texts.clone();
        values.push("1".to_string());
        let table = table(&[("x", values)]);
        let inferred = infer(&table);
        for note in &inferred.notes {
            let is_empty = matches!(note, FormatNote::Numbers { .. }) && note.to_string().is_empty();
            prop_assert!(!is_empty);
        }
        for kind in [ColumnKind::Numeric, ColumnKind::Date, ColumnKind::Boolean] {
            let options = InferOptions {
                kinds: BTreeMap::from([("x".to_string(), kind)]),
                ..InferOptions::default()
            };
            let _ = infer_table(&table, &options);
        }
    }
}
