//! What was found out about the text of a table, as sentences.

use std::fmt;

use crate::column_kind::ColumnKind;
use crate::format_note::{Decided, Examples, FormatNote, quoted};

/// A name as an argument of a command line.
fn argument(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    match !name.is_empty() && name.chars().all(plain) {
        true => name.to_string(),
        false => format!("'{}'", quoted(name).trim_matches('`')),
    }
}

impl fmt::Display for FormatNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.column();
        write!(f, "column {}: ", quoted(name))?;
        let name = argument(name);
        match self {
            Self::Numbers { .. }
            | Self::Dates { .. }
            | Self::Durations { .. }
            | Self::Unmarked { .. } => how_it_is_read(f, self, &name),
            Self::TextAmongValues { .. }
            | Self::Sentinels { .. }
            | Self::MissingWords { .. }
            | Self::MissingBySpelling { .. } => what_is_missing(f, self, &name),
            Self::OrdersDiffer { .. }
            | Self::FewDates { .. }
            | Self::MonthsOrDays { .. }
            | Self::WithoutYear { .. }
            | Self::DaysOfYear { .. }
            | Self::MonthsLikeNumbers { .. }
            | Self::NumbersLikeDates { .. } => what_may_be_a_date(f, self, &name),
            Self::Codes { .. } | Self::FewNumbers { .. } | Self::NumbersBesideWords { .. } => {
                what_is_read_as_categories(f, self, &name)
            }
            _ => what_stays_text(f, self, &name),
        }
    }
}

/// How the values of a column are read.
fn how_it_is_read(f: &mut fmt::Formatter<'_>, note: &FormatNote, name: &str) -> fmt::Result {
    match note {
        FormatNote::Numbers {
            format,
            example,
            decided,
            otherwise,
            ..
        } => numbers_with(f, format, example, decided, *otherwise),
        FormatNote::Dates {
            format,
            example: (text, date),
            decided,
            otherwise,
            ..
        } => {
            let (format, text) = (printable(format), quoted(text));
            write!(f, "dates read as {format}, such as {text} for {date}")?;
            decided.fmt(f)?;
            match otherwise {
                Some(other) => {
                    write!(f, "; pass {} if that is wrong", date_option(name, other))
                }
                None => Ok(()),
            }
        }
        FormatNote::Durations {
            example: (text, hours),
            ..
        } => write!(
            f,
            "times and durations are read as hours, such as {} for {hours}; --categorical {name} \
             keeps the text",
            quoted(text)
        ),
        FormatNote::Unmarked { mark, rows, of, .. } => write!(
            f,
            "{rows} of {of} numbers have no {}, and are read like the others",
            quoted(mark)
        ),
        _ => Ok(()),
    }
}

/// How numbers are written, and what decides.
fn numbers_with(
    f: &mut fmt::Formatter<'_>,
    format: &str,
    (text, number): &(String, f64),
    decided: &Decided,
    otherwise: Option<(f64, char)>,
) -> fmt::Result {
    let (format, text) = (printable(format), quoted(text));
    write!(f, "numbers with {format}, such as {text} for {number}")?;
    match decided {
        Decided::ByColumn(column) => {
            write!(
                f,
                " (the decimal sign of column {} decides)",
                quoted(column)
            )?;
        }
        decided => decided.fmt(f)?,
    }
    match otherwise {
        Some((other, sign)) => write!(f, "; if it is {other}, pass --decimal {sign}"),
        None => Ok(()),
    }
}

/// What counts as missing.
fn what_is_missing(f: &mut fmt::Formatter<'_>, note: &FormatNote, name: &str) -> fmt::Result {
    match note {
        FormatNote::TextAmongValues {
            kind,
            values,
            near,
            missing,
            ..
        } => {
            let expected = match kind {
                ColumnKind::Date => "dates",
                _ => "numbers",
            };
            let other = near.total + missing.total;
            let is = if other == 1 { "is" } else { "are" };
            write!(f, "{other} of {values} values {is} text among {expected}: ")?;
            match (near.total, missing.total) {
                (_, 0) => write!(f, "read as the number in it ({near})")?,
                (0, _) => write!(f, "treated as missing ({missing})")?,
                (some, others) => write!(
                    f,
                    "{some} read as the number in it ({near}), {others} treated as missing ({missing})"
                )?,
            }
            write!(f, "; --categorical {name} keeps all as text")
        }
        FormatNote::Sentinels { dates, format, .. } => {
            write!(
                f,
                "{dates}: far outside the other dates, treated as missing"
            )?;
            match format {
                Some(format) => write!(f, "; {} keeps every date", date_option(name, format)),
                None => Ok(()),
            }
        }
        FormatNote::MissingWords { words, .. } => write!(f, "{words}: treated as missing"),
        FormatNote::MissingBySpelling { words, of, .. } => match words.texts.as_slice() {
            [(word, rows)] => write!(
                f,
                "{} is treated as missing in {rows} of {of} rows; if it is a category or a class, pass \
                 --keep-na",
                quoted(word)
            ),
            _ => write!(
                f,
                "{} of {of} rows are treated as missing ({words}); if these are categories or classes, pass \
                 --keep-na",
                words.total
            ),
        },
        _ => Ok(()),
    }
}

/// What is like dates, and not plainly so.
fn what_may_be_a_date(f: &mut fmt::Formatter<'_>, note: &FormatNote, name: &str) -> fmt::Result {
    match note {
        FormatNote::OrdersDiffer {
            month_first,
            day_first,
            read,
            ..
        } => orders_differ(f, name, month_first, day_first, read.as_deref()),
        FormatNote::FewDates { dates, others, .. } => {
            let (all, other) = (dates + others.total, others.total);
            write!(
                f,
                "{dates} of {all} values are dates, and the other {other} are not ({others}): left as text; \
                 --date {name} reads the dates, and treats the others as missing"
            )
        }
        FormatNote::MonthsOrDays {
            example, format, ..
        } => write!(
            f,
            "text such as {} may be a month of a year or a day of a month: left as text; {} reads \
             years",
            quoted(example),
            date_option(name, format)
        ),
        FormatNote::WithoutYear { example, .. } => write!(
            f,
            "days and months without a year, such as {}, are left as text; write the year to have \
             dates",
            quoted(example)
        ),
        FormatNote::DaysOfYear {
            example: (text, date),
            format,
            ..
        } => write!(
            f,
            "text such as {} may be a day of a year ({date}): left as text; {} reads dates",
            quoted(text),
            date_option(name, format)
        ),
        FormatNote::MonthsLikeNumbers {
            example: (text, date),
            ..
        } => write!(
            f,
            "values such as {} are read as months of years ({date}); --numeric {name} reads numbers",
            quoted(text)
        ),
        FormatNote::NumbersLikeDates {
            example: (text, date),
            format,
            ..
        } => write!(
            f,
            "numbers such as {} may be dates ({format}: {date}), and are read as numbers; --date {name} \
             reads dates",
            quoted(text)
        ),
        _ => Ok(()),
    }
}

/// That dates have the day and the month in different orders, and how they are read.
fn orders_differ(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    (months, month_format): &(Examples, String),
    (days, day_format): &(Examples, String),
    read: Option<&str>,
) -> fmt::Result {
    write!(
        f,
        "{} the month first ({months}), and {} the day ({days}): ",
        match months.total {
            1 => "1 date has".to_string(),
            total => format!("{total} dates have"),
        },
        days.total
    )?;
    let read_months = date_option(name, month_format);
    let read_days = date_option(name, day_format);
    match read {
        Some(order) => {
            let others = if months.total < days.total {
                &read_months
            } else {
                &read_days
            };
            write!(
                f,
                "read as {order}, and the others are treated as missing; {others} reads the \
                 others instead"
            )
        }
        None => write!(
            f,
            "left as text; write them alike, or pass {read_days} or {read_months}, which \
             treats the others as missing"
        ),
    }
}

/// What holds numbers beside text, and is read as categories.
fn what_is_read_as_categories(
    f: &mut fmt::Formatter<'_>,
    note: &FormatNote,
    name: &str,
) -> fmt::Result {
    match note {
        FormatNote::Codes {
            numbers, others, ..
        } => write!(
            f,
            "{numbers} values are whole numbers and the other {} are text with digits ({others}): read \
             as categories; --numeric {name} reads the numbers alone",
            others.total
        ),
        FormatNote::FewNumbers {
            numbers, others, ..
        } => write!(
            f,
            "{numbers} values are numbers, and few different ones; the other {} are text ({others}): read as \
             categories; --numeric {name} reads the numbers alone",
            others.total
        ),
        FormatNote::NumbersBesideWords {
            numbers, others, ..
        } => {
            write!(
                f,
                "{numbers} values are numbers, and the other {} are text ({others}): read as categories; if \
                 the text stands for missing values, pass",
                others.total
            )?;
            let mut words = others.texts.iter();
            words.try_for_each(|(word, _)| write!(f, " --na {}", argument(word)))
        }
        _ => Ok(()),
    }
}

/// What is left as text, or would lose something as numbers.
fn what_stays_text(f: &mut fmt::Formatter<'_>, note: &FormatNote, name: &str) -> fmt::Result {
    match note {
        FormatNote::LeadingZeros { example, .. } => write!(
            f,
            "codes with leading zeros, such as {}, are kept as text; --numeric {name} reads numbers",
            quoted(example)
        ),
        FormatNote::DifferentMarks {
            currencies, marks, ..
        } => {
            let what = if *currencies { "currencies" } else { "units" };
            write!(
                f,
                "numbers with different {what} ({marks}) are left as text"
            )
        }
        FormatNote::Hexadecimal { example, .. } => write!(
            f,
            "hexadecimal numbers such as {} are left as text; write them with decimal digits",
            quoted(example)
        ),
        FormatNote::LargeNumbers { example, .. } => write!(
            f,
            "whole numbers beyond 2^53, such as {}, lose digits as numbers; --categorical {name} keeps \
             them",
            quoted(example)
        ),
        FormatNote::SimilarCategories { groups, of, .. } => similar_categories(f, groups, *of),
        _ => Ok(()),
    }
}

/// That categories are spelled in several ways.
fn similar_categories(
    f: &mut fmt::Formatter<'_>,
    groups: &[Vec<(String, usize)>],
    of: usize,
) -> fmt::Result {
    let group =
        |spellings: &Vec<(String, usize)>| Examples::new(spellings.iter().cloned()).to_string();
    let shown: Vec<String> = groups.iter().map(group).collect();
    let more = if groups.len() < of { "; …" } else { "" };
    let are = match of {
        1 => "spellings that differ only in case or spaces are different categories".to_string(),
        of => format!(
            "spellings of {of} categories that differ only in case or spaces are different \
             categories"
        ),
    };
    write!(
        f,
        "{are} ({}{more}); write them alike if they mean the same",
        shown.join("; ")
    )
}

/// The option that reads a column of dates in a format.
fn date_option(name: &str, format: &str) -> String {
    match format.contains(' ') {
        true => format!("--date '{}={format}'", name.trim_matches('\'')),
        false => format!("--date {name}={format}"),
    }
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

impl Decided {
    /// Writes what decides, in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByValues => Ok(()),
            Self::ByColumn(column) => write!(f, " (as in column {})", quoted(column)),
            Self::ByDecimalComma => f.write_str(" (as is usual with decimal commas)"),
            Self::BySemicolons => f.write_str(" (as is usual with semicolons between the fields)"),
            Self::ByRequest => f.write_str(" (as requested)"),
            Self::ByDefault => {
                f.write_str(" (nothing in the column decides, so this is the default)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(texts: &[(&str, usize)]) -> Examples {
        Examples::new(
            texts
                .iter()
                .map(|(text, rows)| ((*text).to_string(), *rows)),
        )
    }

    #[test]
    fn a_contradiction_of_dates_shows_both_orders_and_what_to_pass() {
        let note = |read: Option<&str>| FormatNote::OrdersDiffer {
            column: "sold on".to_string(),
            month_first: (examples(&[("12/31/2024", 4)]), "%m/%d/%Y".to_string()),
            day_first: (
                examples(&[("31/12/2024", 20)]),
                "%d/%m/%Y %H:%M".to_string(),
            ),
            read: read.map(str::to_string),
        };
        assert_eq!(
            note(None).to_string(),
            "column `sold on`: 4 dates have the month first (`12/31/2024` 4), and 20 the day \
             (`31/12/2024` 20): left as text; write them alike, or pass --date 'sold on=%d/%m/%Y %H:%M' or \
             --date 'sold on'=%m/%d/%Y, which treats the others as missing"
        );
        let said = note(Some("day, month, year")).to_string();
        assert!(
            said.ends_with(
                "read as day, month, year, and the others are treated as missing; --date \
                 'sold on'=%m/%d/%Y reads the others instead"
            ),
            "{said}"
        );
    }

    #[test]
    fn what_decides_is_said() {
        let note = |decided| {
            let note = FormatNote::Dates {
                column: "x".to_string(),
                format: "day, month, year".to_string(),
                example: ("01/02/2024".to_string(), "2024-02-01".to_string()),
                decided,
                otherwise: Some("%m/%d/%Y".to_string()),
            };
            note.to_string()
        };
        for (decided, words) in [
            (
                Decided::ByColumn("when".to_string()),
                "(as in column `when`)",
            ),
            (Decided::ByDecimalComma, "decimal commas"),
            (Decided::BySemicolons, "semicolons"),
            (Decided::ByDefault, "this is the default"),
        ] {
            let said = note(decided);
            assert!(said.contains(words), "{said}");
            assert!(
                said.ends_with("; pass --date x=%m/%d/%Y if that is wrong"),
                "{said}"
            );
        }
    }

    #[test]
    fn the_column_that_decides_the_decimal_sign_is_said() {
        let note = FormatNote::Numbers {
            column: "x".to_string(),
            format: "a comma between thousands".to_string(),
            example: ("1,234".to_string(), 1234.0),
            decided: Decided::ByColumn("price".to_string()),
            otherwise: None,
        };
        assert_eq!(
            note.to_string(),
            "column `x`: numbers with a comma between thousands, such as `1,234` for 1234 (the decimal \
             sign of column `price` decides)"
        );
    }

    #[test]
    fn spellings_are_shown_with_their_rows() {
        let group = |one: &str, other: &str| vec![(one.to_string(), 30), (other.to_string(), 12)];
        let note = |of| FormatNote::SimilarCategories {
            column: "c".to_string(),
            groups: vec![group("Yes", "yes")],
            of,
        };
        assert_eq!(
            note(1).to_string(),
            "column `c`: spellings that differ only in case or spaces are different categories \
             (`Yes` 30, `yes` 12); write them alike if they mean the same"
        );
        assert!(note(3).to_string().contains("spellings of 3 categories"));
        assert!(note(3).to_string().contains("`yes` 12; …)"));
    }
}
