//! Deciding how the dates of a column are read.

use crate::column_format::ColumnFormat;
use crate::column_kind::ColumnKind;
use crate::counts::Counts;
use crate::date_format::{DateFormat, DateNotation};
use crate::date_guess::{DateGuess, digits_with_year_last, notation_of_numbers};
use crate::date_pattern::pattern_like;
use crate::date_shapes::DateShape;
use crate::error::TableError;
use crate::format_note::{Decided, Examples, FormatNote};
use crate::read_column::{Read, dates_told_apart, read, sentinel_note};
use crate::sentinel::Sentinels;
use crate::table::Table;

/// How a column is read, and what to say of it.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// `None` if it stays as it is.
    pub format: Option<ColumnFormat>,
    pub notes: Vec<FormatNote>,
}

/// A column that may hold dates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateColumn<'a> {
    pub table: &'a Table,
    pub name: &'a str,
    /// The kind that the user sets.
    pub kind: Option<ColumnKind>,
    /// Whether some values are dates that are read without a format.
    pub has_plain_dates: bool,
}

impl DateColumn<'_> {
    /// Dates in the order that the values, the table or the default decides.
    pub fn settle(&self, guess: &DateGuess, decided: Decided) -> Result<Settled, TableError> {
        let mut format = DateFormat::new(guess.notation.clone());
        let found = read(self.table, self.name, &ColumnFormat::Date(format.clone()))?;
        let mut settled = Settled::default();
        let accepted = match self.kind {
            Some(_) => found.reads_half(),
            None => found.is_date(),
        };
        let differ = self.orders_differ(guess, accepted);
        if !accepted {
            let few = found.few_dates_note(self.name);
            settled.notes.extend(differ.or(few));
            return Ok(settled);
        }
        format.lenient = found.is_lenient();
        let sentinels = found.sentinels().into_iter();
        format.sentinels = sentinels.map(|(day, _)| day).collect();
        if !self.has_plain_dates || format.notation != DateNotation::YearFirst {
            let note = self.note(&format, guess, &found, decided)?;
            settled.notes.extend(note);
        }
        let sentinels = found.sentinel_notes(self.name, &format.notation);
        settled.notes.extend(sentinels);
        // The note on both orders counts the dates in the other one.
        let counted = guess.contradiction.as_ref();
        let counted = counted.map(|[months, days]| months.total.min(days.total));
        if differ.is_none() || counted != Some(found.others()) {
            let text = found.text_note(self.name, ColumnKind::Date);
            settled.notes.extend(text);
        }
        settled.notes.extend(differ);
        settled.format = Some(ColumnFormat::Date(format));
        Ok(settled)
    }

    /// What to say of dates with the month first and dates with the day first in one column.
    fn orders_differ(&self, guess: &DateGuess, accepted: bool) -> Option<FormatNote> {
        let [months, days] = guess.contradiction.clone()?;
        let format = |examples: &Examples, notation| {
            let example = examples.texts.first().map(|(text, _)| text.as_str());
            pattern_like(example.unwrap_or_default(), &notation)
        };
        let month_format = format(&months, DateNotation::MonthFirst);
        let day_format = format(&days, DateNotation::DayFirst);
        Some(FormatNote::OrdersDiffer {
            column: self.name.to_string(),
            month_first: (months, month_format),
            day_first: (days, day_format),
            read: accepted.then(|| guess.notation.to_string()),
        })
    }

    /// How the dates are read, what decides, and what to pass where that is wrong.
    fn note(
        &self,
        format: &DateFormat,
        guess: &DateGuess,
        found: &Read,
        decided: Decided,
    ) -> Result<Option<FormatNote>, TableError> {
        let other = match (&format.notation, &guess.otherwise) {
            (_, None) => None,
            (DateNotation::DayFirst, _) => Some(DateNotation::MonthFirst),
            (DateNotation::MonthFirst, _) => Some(DateNotation::DayFirst),
            (_, other) => other.clone(),
        };
        let apart = match &other {
            Some(other) => {
                let other = DateFormat::new(other.clone());
                dates_told_apart(self.table, self.name, (format, &other))?
            }
            None => None,
        };
        // Dates that are the same in both orders leave nothing to decide.
        let decided = match apart {
            Some(_) => decided,
            None => Decided::ByValues,
        };
        let otherwise = apart.as_deref().zip(other);
        let otherwise = otherwise.map(|(text, other)| pattern_like(text, &other));
        let Some(example) = apart.or(found.example()) else {
            return Ok(None);
        };
        let date = format.read(&example).unwrap_or_default();
        let column = self.name.to_string();
        let example = (example, date.to_string().replace(" 00:00:00", ""));
        if self.kind.is_none() && is_month_and_year(&format.notation) {
            return Ok(Some(FormatNote::MonthsLikeNumbers { column, example }));
        }
        Ok(Some(FormatNote::Dates {
            column,
            format: order_in_words(format, &example.0),
            example,
            decided,
            otherwise,
        }))
    }

    /// Dates in the format that the user sets. No day stands for no date, so that all can be kept.
    pub fn settle_pattern(&self, pattern: &str) -> Result<Settled, TableError> {
        let mut format = DateFormat::new(DateNotation::Pattern(pattern.to_string()));
        let found = read(self.table, self.name, &ColumnFormat::Date(format.clone()))?;
        if !found.reads_half()
            && let Some((row, value)) = found.first_other()
        {
            return Err(TableError::malformed(
                self.table.location(*row),
                format!(
                    "column `{}` holds dates in the format {pattern}, but here is {value:?}: correct \
                     the format",
                    self.name
                ),
            ));
        }
        format.lenient = found.is_lenient();
        let note = found.text_note(self.name, ColumnKind::Date);
        Ok(Settled {
            format: Some(ColumnFormat::Date(format)),
            notes: note.into_iter().collect(),
        })
    }

    /// Asks for the format of dates such as `17082023`, which are not told from a time since 1970.
    fn refuse_digits_alone(&self, notation: &DateNotation) -> Result<(), TableError> {
        let cells = self.table.column(self.name)?.cells();
        let texts: Vec<_> = cells.filter_map(|cell| cell.category()).collect();
        let texts = texts.iter().map(|text| &**text);
        let (Some(pattern), Some(first)) = (
            digits_with_year_last(notation, texts.clone()),
            texts.clone().next(),
        ) else {
            return Ok(());
        };
        Err(self.table.unusable(format!(
            "column `{name}` holds numbers such as {first}, which may be dates in several formats: pass the \
             format, such as --date '{name}={pattern}'",
            name = self.name
        )))
    }

    /// Numbers that are declared dates. Some may stand for no date, such as 0 and 99991231.
    pub fn settle_declared_numbers(&self) -> Result<Settled, TableError> {
        let cells = || -> Result<_, TableError> {
            let cells = self.table.column(self.name)?.cells();
            Ok(cells.filter_map(|cell| Some((cell.category()?, cell.number()?))))
        };
        let numbers: Vec<f64> = cells()?.map(|(_, number)| number).collect();
        let mut format = DateFormat::new(notation_of_numbers(numbers.iter().copied()));
        self.refuse_digits_alone(&format.notation)?;
        let (mut others, mut sentinels) = (Counts::default(), Sentinels::default());
        let mut example = None;
        for (text, number) in cells()? {
            match format.read_number(number) {
                Some(moment) => {
                    sentinels.add(moment.and_utc().timestamp_micros() as f64 / 1e6);
                    example.get_or_insert_with(|| (text.into_owned(), moment.to_string()));
                }
                None => others.add(&text),
            }
        }
        let mut notes = Vec::new();
        let column = self.name.to_string();
        notes.extend(example.map(|example| FormatNote::Dates {
            column: column.clone(),
            format: format.notation.to_string(),
            example,
            decided: Decided::ByValues,
            otherwise: None,
        }));
        format.lenient = others.total > 0;
        if format.lenient {
            let words = others.examples();
            notes.push(FormatNote::MissingWords {
                column: column.clone(),
                words,
            });
        }
        let dates = sentinels.found();
        format.sentinels = dates.iter().map(|(day, _)| day.clone()).collect();
        notes.extend(sentinel_note(self.name, dates, None));
        Ok(Settled {
            format: Some(ColumnFormat::Date(format)),
            notes,
        })
    }
}

/// Whether dates are months of years that look like numbers: `01.2023`.
fn is_month_and_year(notation: &DateNotation) -> bool {
    let pattern = DateShape::MonthAndYear.pattern();
    matches!(notation, DateNotation::Pattern(found) if found == pattern)
}

/// The order of the parts of a date, where they are not told apart by themselves.
fn order_in_words(format: &DateFormat, example: &str) -> String {
    let year = example.bytes().take_while(u8::is_ascii_digit).count() == 4;
    let digits = example.split(|c: char| !c.is_ascii_digit());
    let numbers = digits.filter(|digits| !digits.is_empty()).count();
    let has_word = example.contains(|c: char| c.is_alphabetic());
    // `07/2022` and `2022-W29-3` have no year, month and day.
    let is_period = numbers < 3 || example.contains("-W");
    match format.notation == DateNotation::YearFirst && (is_period || has_word && !year) {
        true => "they are written".to_string(),
        false => format.notation.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_weeks_have_no_order_of_year_month_and_day() {
        let words = |text: &str| order_in_words(&DateFormat::new(DateNotation::YearFirst), text);
        for text in ["07/2022", "2022-Q3", "2022-W29", "2022-W29-3", "5 May 2024"] {
            assert_eq!(words(text), "they are written", "{text}");
        }
        for text in ["24-12-31", "2024.12.31", "2024-12-31T10:00"] {
            assert_eq!(words(text), "year, month, day", "{text}");
        }
    }
}
