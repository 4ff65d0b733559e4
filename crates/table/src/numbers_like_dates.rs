//! Columns of whole numbers that may be dates.

use crate::column_statistics::ColumnStatistics;
use crate::date_format::{DateFormat, DateNotation};
use crate::date_shapes::DateShape;
use crate::format_note::FormatNote;

/// Fewer different numbers are an accident.
const FEW: usize = 3;

/// A note on a column of plain numbers that are all dates such as `20240131` and `20240131130500`, or
/// are named like a time and are in the range of seconds or milliseconds since 1970, or of the days of
/// spreadsheets.
pub(crate) fn numbers_like_dates(name: &str, found: &ColumnStatistics) -> Option<FormatNote> {
    if let Some(note) = months_of_years(name, found) {
        return Some(note);
    }
    if !found.all_numbers() || found.values < FEW || found.code().is_some() {
        return None;
    }
    let (low, high) = (found.row_numbers.low(), found.row_numbers.high());
    let within = |from: f64, to: f64| low >= from && high <= to;
    let named = named_like_moment(name) || named_like_date(name);
    let notation = match () {
        () if !found.other_than_days && !found.fractions => DateNotation::Compact,
        // From 1990 to 2100.
        () if named && within(631_152_000.0, 4_102_444_800.0) => DateNotation::EpochSeconds,
        () if named && within(631_152_000e3, 4_102_444_800e3) => DateNotation::EpochMilliseconds,
        // A fraction is the time of the day.
        () if named_like_date(name) && within(32_000.0, 74_000.0) => DateNotation::SpreadsheetDays,
        () => return None,
    };
    let format = DateFormat::new(notation);
    let date = format.read_number(low)?.to_string();
    Some(FormatNote::NumbersLikeDates {
        column: name.to_string(),
        example: (low.to_string(), date.replace(" 00:00:00", "")),
        format: format.notation.to_string(),
    })
}

/// A note on a column of numbers that may all be months of years: `10.2023` or `2023.10`.
fn months_of_years(name: &str, found: &ColumnStatistics) -> Option<FormatNote> {
    let is_short = found.may_be_short_months();
    if !(found.may_be_months() || is_short) || found.values < FEW {
        return None;
    }
    let low = found.row_numbers.low();
    let shape = match is_short {
        true => DateShape::MonthAndYear,
        false => found.shapes.most(found.numbers)?,
    };
    let text = match shape {
        DateShape::MonthAndYear if is_short => format!("{low:.4}"),
        DateShape::MonthAndYear => format!("{low:07.4}"),
        _ => format!("{low:.2}"),
    };
    let format = DateFormat::new(DateNotation::Pattern(shape.pattern().to_string()));
    let date = format.read(&text)?.date().to_string();
    Some(FormatNote::NumbersLikeDates {
        column: name.to_string(),
        example: (text, date),
        format: shape.pattern().to_string(),
    })
}

/// The words of a name, in lower case.
fn words(name: &str) -> impl Iterator<Item = String> {
    let words = name.split(|c: char| !c.is_alphanumeric());
    words.map(str::to_lowercase)
}

/// Whether a column is named like a day: `Order Date`, `orderdate`.
fn named_like_date(name: &str) -> bool {
    let others = ["update", "candidate", "mandate", "validate"];
    words(name).any(|word| {
        let is_date = word.ends_with("date") || word.ends_with("datum") || word == "fecha";
        is_date && !others.contains(&word.as_str())
    })
}

/// Whether a column is named like a moment: `created_at`, `Timestamp`.
fn named_like_moment(name: &str) -> bool {
    words(name).any(|word| {
        let ends = ["time", "epoch", "stamp"];
        let names = ["at", "ts", "unix", "when", "created", "updated", "modified"];
        ends.iter().any(|end| word.ends_with(end)) || names.contains(&word.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_options::ReadOptions;
    use crate::table::Table;

    fn note(name: &str, values: &[&str]) -> Option<String> {
        let csv = format!("{name},y\n{},1\n", values.join(",1\n"));
        let bytes = std::io::Cursor::new(csv);
        let table = Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap();
        let found = ColumnStatistics::of(&table, name).unwrap();
        numbers_like_dates(name, &found).map(|note| note.to_string())
    }

    #[test]
    fn numbers_that_may_be_dates_are_said() {
        let days = ["20240131", "20240201", "20231224"];
        let said = note("x", &days).unwrap();
        assert!(
            said.contains("`20231224`") && said.contains("2023-12-24"),
            "{said}"
        );
        assert!(said.contains("--date x"), "{said}");
        assert_eq!(note("x", &["20240131", "20240201", "20231324"]), None);
        for (moments, first) in [
            (
                ["20240131130500", "20240201235959", "20231224081500"],
                "2023-12-24 08:15:00",
            ),
            (
                ["202401311305", "202402012359", "202312240815"],
                "2023-12-24 08:15:00",
            ),
        ] {
            let said = note("x", &moments).unwrap();
            assert!(said.contains(first), "{said}");
        }
        assert_eq!(
            note("x", &["202401311305", "202402012359", "202402012463"]),
            None
        );
        assert_eq!(note("x", &["20240131", "20240201"]), None);
        let seconds = ["1700000000", "1700086401", "1710000000"];
        assert!(
            note("created_at", &seconds)
                .unwrap()
                .contains("seconds since 1970")
        );
        let milliseconds = ["1640995200000", "1641124800000", "1641254400000"];
        assert!(
            note("when", &milliseconds)
                .unwrap()
                .contains("milliseconds since 1970: 2022-01-01")
        );
        assert_eq!(note("account", &seconds), None);
        let serial = ["45292", "45300", "45301"];
        assert!(
            note("Order Date", &serial)
                .unwrap()
                .contains("spreadsheets")
        );
        let months = note("x", &["10.2023", "11.2023", "12.2020"]).unwrap();
        assert!(
            months.contains("`10.2023` may be dates (%m.%Y: 2023-10-01)"),
            "{months}"
        );
        let months = note("x", &["2023.11", "2023.10", "2024.01"]).unwrap();
        assert!(months.contains("`2023.10`"), "{months}");
        assert_eq!(note("x", &["10.2023", "11.2023", "12.5"]), None);
        let months = note("x", &["2.2019", "12.2019", "1.2020", "10.2020"]).unwrap();
        assert!(
            months.contains("`1.2020` may be dates (%m.%Y: 2020-01-01)"),
            "{months}"
        );
        // Rates of exchange.
        assert_eq!(note("x", &["1.1912", "1.2011", "1.1987"]), None);
        let with_times = ["45292.25", "45300.5", "45301.75"];
        let said = note("OrderDate", &with_times).unwrap();
        assert!(said.contains("2024-01-01 06:00:00"), "{said}");
        let fractions = ["1700000000.5", "1700086401.25", "1710000000.125"];
        assert!(note("timestamp", &fractions).is_some());
        for name in ["price", "runtime", "update"] {
            assert_eq!(note(name, &serial), None, "{name}");
            assert_eq!(note(name, &with_times), None, "{name}");
        }
    }
}
