//! Values as people write them in other languages, programs and countries.

use std::collections::BTreeMap;
use std::io::Cursor;

use backburn_table::{
    Cell, ColumnKind, FormatOptions, InferOptions, InferredTable, ReadOptions, Table, infer_table,
};
use chrono::{Datelike, NaiveDate};

fn table(columns: &[(&str, Vec<String>)], delimiter: u8) -> Table {
    let separator = char::from(delimiter).to_string();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut csv = names.join(&separator) + "\n";
    for row in 0..columns[0].1.len() {
        let fields = columns.iter().map(|(_, values)| values[row].as_str());
        csv += &(fields.collect::<Vec<_>>().join(&separator) + "\n");
    }
    let options = ReadOptions {
        delimiter: Some(delimiter),
        ..ReadOptions::default()
    };
    Table::from_reader("t.csv", Cursor::new(csv), &options).unwrap()
}

fn infer(columns: &[(&str, Vec<String>)]) -> InferredTable {
    infer_table(&table(columns, b'|'), &InferOptions::default()).unwrap()
}

fn infer_column(values: Vec<String>) -> InferredTable {
    infer(&[("x", values)])
}

fn column(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_string()).collect()
}

fn cells(inferred: &InferredTable) -> Vec<Cell<'_>> {
    inferred.table.column("x").unwrap().cells().collect()
}

fn dates(inferred: &InferredTable) -> Vec<String> {
    let cells = cells(inferred);
    let dates = cells.iter().map(|cell| cell.category().unwrap_or_default());
    dates.map(|date| date.replace(" 00:00:00", "")).collect()
}

fn numbers(inferred: &InferredTable) -> Vec<f64> {
    inferred.table.numbers("x").unwrap()
}

fn notes(inferred: &InferredTable) -> String {
    let notes = inferred.notes.iter().map(ToString::to_string);
    notes.collect::<Vec<_>>().join("\n")
}

fn kind(inferred: &InferredTable) -> ColumnKind {
    inferred.schema.columns[0].kind
}

/// Days over a whole year.
fn days() -> Vec<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    (0..40).map(|n| first + chrono::Days::new(n * 9)).collect()
}

#[test]
fn names_of_months_are_read_in_other_languages() {
    let languages = [
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "januari februari maart april mei juni juli augustus september oktober november december",
        "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
        "ENE FEB MAR ABR MAY JUN JUL AGO SEP OCT NOV DIC",
    ];
    let expected: Vec<String> = days().iter().map(ToString::to_string).collect();
    let days = days();
    for language in languages {
        let months: Vec<&str> = language.split(' ').collect();
        let writings: [fn(u32, &str, i32) -> String; 4] = [
            |day, month, year| format!("{day}. {month} {year}"),
            |day, month, year| format!("{day:02}-{month}-{:02}", year % 100),
            |day, month, year| format!("{day} de {month} de {year}"),
            |day, month, year| format!("{month} {day}, {year}"),
        ];
        for write in writings {
            let values = days
                .iter()
                .map(|date| write(date.day(), months[date.month0() as usize], date.year()));
            let inferred = infer_column(values.collect());
            assert_eq!(dates(&inferred), expected, "{language}");
        }
    }
}

#[test]
fn dates_of_programs_are_read() {
    let strftime = [
        "%d-%b-%y",
        "%d%b%Y:00:00:00",
        "%d/%b/%Y:00:00:00 +0000",
        "%d.%m.%Y 00.00",
        "%d-%b-%y 12.00.00.000000 AM",
        "%Y-%m-%d-00.00.00.000000",
        "%Y%m%dT000000",
        "%G-W%V-%u",
        "%Y:%m:%d 00:00:00",
        "%Y年%m月%d日",
        "%m/%d/%y 12AM",
        "%d/%m/%Y 00h00",
        "%Y-%m-%d 00:00:00 Europe/Berlin",
        "%Y-%m-%dT00:00:00+00:00[UTC]",
        "%d. %m. %Y",
        "00:00 %d.%m.%Y",
        "12:00 AM %m/%d/%Y",
        "00:00:00 %Y-%m-%d",
        "00:00, %b %d, %Y",
    ];
    let expected: Vec<String> = days().iter().map(ToString::to_string).collect();
    for pattern in strftime {
        for upper in [false, true] {
            let write = |date: &NaiveDate| {
                let text = date.format(pattern).to_string();
                if upper && pattern.contains("%b-") {
                    text.to_uppercase()
                } else {
                    text
                }
            };
            let inferred = infer_column(days().iter().map(write).collect());
            assert_eq!(dates(&inferred), expected, "{pattern}");
        }
    }
}

#[test]
fn weeks_quarters_and_months_are_read() {
    for (values, expected) in [
        (["2024-W05", "2024-W06", "2023-W52"], "2024-01-29"),
        (["2024W05", "2024W06", "2023W52"], "2024-01-29"),
        (["KW 5/2024", "KW 6/2024", "KW 52/2023"], "2024-01-29"),
        (["2024Q2", "2024Q3", "2023Q1"], "2024-04-01"),
        (["2Q24", "3Q24", "1Q23"], "2024-04-01"),
        (["Q2'24", "Q3'24", "Q1'23"], "2024-04-01"),
        (["2024H2", "2024H1", "2023H1"], "2024-07-01"),
        (["2024M05", "2024M06", "2023M01"], "2024-05-01"),
        (["2024-05", "2024-06", "2023-01"], "2024-05-01"),
        (["Jan-99", "Feb-99", "Mar-01"], "1999-01-01"),
    ] {
        let inferred = infer_column(column(&values));
        assert_eq!(kind(&inferred), ColumnKind::Date, "{values:?}");
        assert_eq!(dates(&inferred)[0], expected, "{values:?}");
        assert!(!notes(&inferred).is_empty(), "{values:?}");
        let stored = serde_json::to_string(&inferred.format).unwrap();
        assert_eq!(
            serde_json::from_str::<backburn_table::TableFormat>(&stored).unwrap(),
            inferred.format
        );
    }
}

#[test]
fn what_is_like_a_date_has_a_hint() {
    for (values, words) in [
        (
            &["Jan-24", "Jan-25", "Feb-11", "Mar-07"][..],
            "--date x=%b-%y",
        ),
        (&["24-Jan", "25-Jan", "11-Feb", "7-Mar"], "write the year"),
        (
            &["2024-02-30", "2024-02-28", "2023-02-29", "2024-01-01"],
            "2 of 4 values are dates",
        ),
        (
            &["20240131", "20240201", "20240202"],
            "--date x reads dates",
        ),
    ] {
        let inferred = infer_column(column(values));
        assert_ne!(kind(&inferred), ColumnKind::Date, "{values:?}");
        let said = notes(&inferred);
        assert!(said.contains(words), "{values:?}: {said}");
    }
    let options = InferOptions {
        kinds: BTreeMap::from([("x".to_string(), ColumnKind::Date)]),
        ..InferOptions::default()
    };
    let months = table(&[("x", column(&["Jan-24", "Jan-25", "Feb-11"]))], b'|');
    let inferred = infer_table(&months, &options).unwrap();
    assert_eq!(dates(&inferred), ["2024-01-01", "2025-01-01", "2011-02-01"]);
    let numbers = ["20240131", "0", "99991231", "20240201"];
    let inferred = infer_table(&table(&[("x", column(&numbers))], b'|'), &options).unwrap();
    assert_eq!(inferred.schema.columns[0].missing, 2);
    assert!(notes(&inferred).contains("`0` 1"), "{}", notes(&inferred));
    assert!(
        notes(&inferred).contains("`9999-12-31` 1"),
        "{}",
        notes(&inferred)
    );
}

#[test]
fn dates_that_contradict_each_other_are_said() {
    let some = |text: &str, rows: usize| vec![text.to_string(); rows];
    let open = some("01/02/2024", 5);
    let halves = [some("31/12/2024", 20), some("12/31/2024", 20), open.clone()].concat();
    let inferred = infer_column(halves);
    assert_eq!(kind(&inferred), ColumnKind::Categorical);
    let said = notes(&inferred);
    assert!(
        said.contains(
            "20 dates have the month first (`12/31/2024` 20), and 20 the day (`31/12/2024` 20)"
        ),
        "{said}"
    );
    assert!(
        said.contains("--date x=%d/%m/%Y or --date x=%m/%d/%Y"),
        "{said}"
    );
    let mostly = [some("31/12/2024", 40), some("12/31/2024", 4), open].concat();
    let inferred = infer_column(mostly);
    assert_eq!(kind(&inferred), ColumnKind::Date);
    assert_eq!(inferred.schema.columns[0].missing, 4);
    let said = notes(&inferred);
    assert!(said.contains("read as day, month, year"), "{said}");
    assert!(
        said.contains("--date x=%m/%d/%Y reads the others"),
        "{said}"
    );
    // The rows are counted once.
    assert!(!said.contains("text among dates"), "{said}");
}

#[test]
fn the_table_decides_an_open_order_and_that_is_said() {
    let open = || column(&["01/02/2024", "03/04/2024"]);
    let first = |inferred: &InferredTable| dates(inferred)[0].clone();
    let by_column = infer(&[("x", open()), ("y", column(&["31/12/2024", "01/01/2024"]))]);
    assert_eq!(first(&by_column), "2024-02-01");
    assert!(
        notes(&by_column).contains("(as in column `y`)"),
        "{}",
        notes(&by_column)
    );
    let by_comma = infer(&[("x", open()), ("y", column(&["1,5", "2,25"]))]);
    assert_eq!(first(&by_comma), "2024-02-01");
    assert!(
        notes(&by_comma).contains("decimal commas"),
        "{}",
        notes(&by_comma)
    );
    assert!(
        notes(&by_comma).contains("--date x=%m/%d/%Y"),
        "{}",
        notes(&by_comma)
    );
    let columns = [("x", open()), ("y", column(&["1", "2"]))];
    let semicolons = infer_table(&table(&columns, b';'), &InferOptions::default()).unwrap();
    assert_eq!(first(&semicolons), "2024-02-01");
    assert!(
        notes(&semicolons).contains("semicolons"),
        "{}",
        notes(&semicolons)
    );
    let options = InferOptions {
        format: FormatOptions {
            decimal: Some(','),
            ..FormatOptions::default()
        },
        ..InferOptions::default()
    };
    let asked = infer_table(&table(&columns, b'|'), &options).unwrap();
    assert_eq!(first(&asked), "2024-02-01");
    let nothing = infer(&columns);
    assert_eq!(first(&nothing), "2024-01-02");
    assert!(
        notes(&nothing).contains("this is the default"),
        "{}",
        notes(&nothing)
    );
    // Two columns that differ decide nothing.
    let both = infer(&[
        ("x", open()),
        ("y", column(&["31/12/2024", "01/01/2024"])),
        ("z", column(&["12/31/2024", "01/01/2024"])),
    ]);
    assert_eq!(first(&both), "2024-01-02");
}

#[test]
fn amounts_with_signs_of_magnitude_are_numbers() {
    for (values, expected) in [
        (["19M", "8.7k", "1.5B"], [19e6, 8700.0, 1.5e9]),
        (["€110.5M", "€565K", "€0"], [110.5e6, 565_000.0, 0.0]),
        (["1.80 Cr", "42 Lac", "65 Lac"], [18e6, 4.2e6, 6.5e6]),
        (["1.2K", "987", "3K"], [1200.0, 987.0, 3000.0]),
        (["1,2 Mio. €", "3,5 Mrd. €", "900 €"], [1.2e6, 3.5e9, 900.0]),
        (["340 KB", "1.2 MB", "2 GB"], [340e3, 1.2e6, 2e9]),
        (["57.05N", "33.5S", "0N"], [57.05, -33.5, 0.0]),
        (["5 kg", "6 Kg", "7 kg."], [5.0, 6.0, 7.0]),
        (["1 year", "2 years", "3 Years"], [1.0, 2.0, 3.0]),
        (["1st", "2nd", "23rd"], [1.0, 2.0, 23.0]),
        (
            ["8,400E+02", "9,061E+02", "3,547E+01"],
            [840.0, 906.1, 35.47],
        ),
        (["\u{200b}5.5", "\u{feff}6", "7"], [5.5, 6.0, 7.0]),
    ] {
        let inferred = infer_column(column(&values));
        assert_eq!(numbers(&inferred), expected, "{values:?}");
        assert!(!notes(&inferred).is_empty(), "{values:?}");
        let again = inferred.format.cell("x", Cell::Text(values[0])).unwrap();
        assert_eq!(again, Cell::Number(expected[0]), "{values:?}");
    }
    for values in [
        ["5 kg", "300 g", "2 kg"],
        ["5 km", "3 m", "2 m"],
        ["5 CR", "6 DR", "7 DR"],
    ] {
        let inferred = infer_column(column(&values));
        assert_eq!(kind(&inferred), ColumnKind::Categorical, "{values:?}");
        assert!(notes(&inferred).contains("different units"), "{values:?}");
    }
}

#[test]
fn numbers_with_footnotes_and_estimates_are_read_and_said() {
    let plain = (0..30).map(|n| format!("{n}.5"));
    let noted = [
        "833.0*",
        "1234[1]",
        "5.5 ± 0.3",
        "ca. 7",
        "less than 8",
        "about 9",
    ];
    let inferred = infer_column(plain.chain(column(&noted)).collect());
    assert_eq!(
        numbers(&inferred)[30..],
        [833.0, 1234.0, 5.5, 7.0, 8.0, 9.0]
    );
    let said = notes(&inferred);
    assert!(
        said.contains("6 of 36 values are text among numbers"),
        "{said}"
    );
}

#[test]
fn few_different_numbers_beside_text_are_categories_and_that_is_said() {
    let ratings = (0..60).map(|n| (n % 5 + 1).to_string());
    let inferred = infer_column(
        ratings
            .chain(column(&["bad", "bad", "none given"]))
            .collect(),
    );
    assert_eq!(kind(&inferred), ColumnKind::Categorical);
    let said = notes(&inferred);
    assert!(said.contains("60 values are numbers"), "{said}");
    assert!(
        said.contains("`bad` 2") && said.contains("--numeric x"),
        "{said}"
    );
}

#[test]
fn both_decimal_signs_in_one_column_are_read() {
    let inferred = infer_column(column(&["1,5", "2,25", "3.5", "7"]));
    assert_eq!(numbers(&inferred), [1.5, 2.25, 3.5, 7.0]);
    let said = notes(&inferred);
    assert!(
        said.contains("a decimal point or a decimal comma"),
        "{said}"
    );
    // Numbers between text of a typed file are written with a point.
    let json = r#"{"x":"1,5","y":1}
{"x":"2,25","y":2}
{"x":2.5,"y":3}
{"x":"1,234","y":4}
"#;
    let table = Table::from_reader("t.jsonl", json.as_bytes(), &ReadOptions::default()).unwrap();
    for decimal in [None, Some(',')] {
        let options = InferOptions {
            format: FormatOptions {
                decimal,
                ..FormatOptions::default()
            },
            ..InferOptions::default()
        };
        let inferred = infer_table(&table, &options).unwrap();
        assert_eq!(numbers(&inferred), [1.5, 2.25, 2.5, 1.234], "{decimal:?}");
    }
}

#[test]
fn times_are_read_by_what_the_column_has() {
    let hours = |values: &[&str]| numbers(&infer_column(column(values)));
    assert_eq!(hours(&["3 AM", "11 PM", "12 AM"]), [3.0, 23.0, 0.0]);
    assert_eq!(hours(&["14h30", "9h00"]), [14.5, 9.0]);
    let minutes: Vec<f64> = hours(&["58:12", "1:02:33", "59:00"]);
    assert!((minutes[0] - 0.97).abs() < 1e-12 && minutes[1] > minutes[2]);
    let laps = hours(&["1:23.4", "0:59.9"]);
    assert!((laps[0] * 3600.0 - 83.4).abs() < 1e-9, "{laps:?}");
}

#[test]
fn whole_numbers_that_numbers_cannot_tell_apart_are_not_constant() {
    let pair = ["9223372036854775807", "9223372036854775806"];
    let inferred = infer_column(
        pair.iter()
            .cycle()
            .take(40)
            .map(ToString::to_string)
            .collect(),
    );
    let reason = inferred.schema.columns[0].reason.clone().unwrap();
    assert_eq!(
        reason,
        "its whole numbers beyond 2^53 differ only in digits that numbers lose"
    );
    let ids = (0..40).map(|n| (1_234_567_890_123_456_789_u64 + n).to_string());
    let reason = infer_column(ids.collect()).schema.columns[0]
        .reason
        .clone()
        .unwrap();
    assert!(reason.contains("identifier"), "{reason}");
    let constant = infer_column(vec!["9223372036854775807".to_string(); 40]);
    let reason = constant.schema.columns[0].reason.as_deref();
    assert_eq!(reason, Some("it never varies"));
}

#[test]
fn categories_that_differ_in_case_or_spaces_are_said() {
    let values = ["Red", "red", "blue", "RED ", "New York", "New  York"];
    let inferred = infer_column(
        values
            .iter()
            .cycle()
            .take(60)
            .map(ToString::to_string)
            .collect(),
    );
    assert_eq!(inferred.schema.columns[0].distinct, 6);
    let said = notes(&inferred);
    assert!(said.contains("spellings of 2 categories"), "{said}");
    assert!(said.contains("`RED` 10, `Red` 10, `red` 10"), "{said}");
    let plain = infer_column(column(&["red", "blue", "red", "green"]));
    assert!(plain.notes.is_empty(), "{}", notes(&plain));
    // Words for booleans are the same in any case.
    let booleans = infer_column(column(&["Yes", "yes", "NO", "no"]));
    assert!(booleans.notes.is_empty(), "{}", notes(&booleans));
}

#[test]
fn words_that_are_more_than_the_numbers_are_said() {
    let value = |row: usize| match row % 5 {
        0 | 1 => format!("{}.5", row * 7),
        2 => "not tested".to_string(),
        _ => "hemolyzed".to_string(),
    };
    let inferred = infer_column((0..100).map(value).collect());
    assert_eq!(kind(&inferred), ColumnKind::Categorical);
    let said = notes(&inferred);
    let expected = "column `x`: 40 values are numbers, and the other 60 are text (`hemolyzed` 40, `not tested` 20): \
                    read as categories; if the text stands for missing values, pass --na hemolyzed --na 'not tested'";
    assert_eq!(said, expected);
    // Sizes are categories.
    let sizes = ["34", "36", "S", "M", "L"].into_iter().cycle();
    let sizes = infer_column(sizes.take(100).map(str::to_string).collect());
    assert!(sizes.notes.is_empty(), "{}", notes(&sizes));
}

#[test]
fn the_format_that_keeps_every_date_is_that_of_the_column() {
    let said = |write: fn(usize) -> String, sentinel: &str| {
        let dates = (1..=28).map(write);
        let sentinels = std::iter::repeat_n(sentinel.to_string(), 3);
        let inferred = infer(&[("x", dates.chain(sentinels).collect())]);
        assert_eq!(inferred.schema.columns[0].missing, 3, "{sentinel}");
        notes(&inferred)
    };
    let plain = said(|day| format!("2024-02-{day:02} 10:30"), "9999-12-31 00:00");
    assert!(
        plain.contains("; --date 'x=%Y-%m-%d %H:%M' keeps every date"),
        "{plain}"
    );
    let dotted = said(|day| format!("{day:02}.02.2024"), "31.12.9999");
    assert!(
        dotted.contains("; --date x=%d.%m.%Y keeps every date"),
        "{dotted}"
    );
    let words = said(|day| format!("{day:02}-Feb-2024"), "31-Dec-9999");
    assert!(
        words.ends_with("`9999-12-31` 3: far outside the other dates, treated as missing"),
        "{words}"
    );
    let zeros = said(|day| format!("{day:02}.02.2024"), "00.00.0000");
    assert!(
        zeros.ends_with("column `x`: `0000-00-00` 3: treated as missing"),
        "{zeros}"
    );
}

#[test]
fn months_of_years_behind_a_point_are_dates() {
    let months = |separator: char| -> Vec<String> {
        let days = days().into_iter();
        days.map(|day| format!("{:02}{separator}{}", day.month(), day.year()))
            .collect()
    };
    let with_points = infer_column(months('.'));
    assert_eq!(kind(&with_points), ColumnKind::Date);
    assert_eq!(dates(&with_points)[39], "2024-12-01");
    let said = notes(&with_points);
    assert!(
        said.contains("`01.2024` are read as months of years (2024-01-01); --numeric x reads"),
        "{said}"
    );
    for separator in ['/', '-'] {
        let other = infer_column(months(separator));
        assert_eq!(dates(&other), dates(&with_points));
    }
    let mut with_text = months('.');
    with_text[3] = "-".to_string();
    assert_eq!(cells(&infer_column(with_text))[3], Cell::Missing);
    let options = InferOptions {
        kinds: BTreeMap::from([("x".to_string(), ColumnKind::Numeric)]),
        ..InferOptions::default()
    };
    let numbers = infer_table(&table(&[("x", months('.'))], b'|'), &options).unwrap();
    assert_eq!(numbers.table.numbers("x").unwrap()[0], 1.2024);
}

#[test]
fn numbers_like_months_of_years_are_numbers_unless_they_are_declared() {
    for (values, first) in [
        (["10.2023", "11.2023", "12.2023"], "2023-10-01"),
        (["2023.10", "2023.11", "2023.12"], "2023-10-01"),
    ] {
        let found = infer_column(column(&values));
        assert_eq!(kind(&found), ColumnKind::Numeric);
        assert!(notes(&found).contains("--date x reads dates"), "{values:?}");
        let options = InferOptions {
            kinds: BTreeMap::from([("x".to_string(), ColumnKind::Date)]),
            ..InferOptions::default()
        };
        let declared = table(&[("x", column(&values))], b'|');
        let declared = infer_table(&declared, &options).unwrap();
        assert_eq!(dates(&declared)[0], first, "{values:?}");
    }
    let prices = infer_column(column(&["10.2023", "11.2023", "12.5"]));
    assert_eq!(
        (kind(&prices), notes(&prices)),
        (ColumnKind::Numeric, String::new())
    );
}

#[test]
fn days_of_years_are_text_unless_they_are_declared() {
    let ordinals: Vec<String> = days()
        .iter()
        .map(|day| day.format("%Y-%j").to_string())
        .collect();
    let found = infer_column(ordinals.clone());
    assert_ne!(kind(&found), ColumnKind::Date);
    let said = notes(&found);
    assert!(
        said.contains(
            "`2024-001` may be a day of a year (2024-01-01): left as text; --date x=%Y-%j"
        ),
        "{said}"
    );
    let options = InferOptions {
        kinds: BTreeMap::from([("x".to_string(), ColumnKind::Date)]),
        ..InferOptions::default()
    };
    let declared = infer_table(&table(&[("x", ordinals)], b'|'), &options).unwrap();
    let expected: Vec<String> = days().iter().map(ToString::to_string).collect();
    assert_eq!(dates(&declared), expected);
}

#[test]
fn dates_and_times_with_a_time_zone_are_read() {
    let expected: Vec<String> = days().iter().map(ToString::to_string).collect();
    for zone in ["Z", "+01:00"] {
        let with_zone: Vec<String> = days().iter().map(|day| format!("{day}{zone}")).collect();
        let found = infer_column(with_zone);
        assert_eq!(kind(&found), ColumnKind::Date);
        assert_eq!(dates(&found), expected);
    }
    let times = (0..40).map(|n| format!("{:02}:{:02}Z", n % 24, n * 7 % 60));
    let found = infer_column(times.collect());
    assert_eq!(kind(&found), ColumnKind::Numeric);
    assert!((numbers(&found)[5] - (5.0 + 35.0 / 60.0)).abs() < 1e-12);
}
