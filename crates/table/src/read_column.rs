//! Finding out how the text of one column is to be read.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use foldhash::fast::RandomState;

use crate::cell::Cell;
use crate::column_format::ColumnFormat;
use crate::column_kind::ColumnKind;
use crate::counts::Counts;
use crate::date_format::{DateFormat, DateNotation};
use crate::date_guess::{DateEvidence, DateGuess};
use crate::date_pattern::pattern_like;
use crate::date_shapes::DateShape;
use crate::duration_format::{DurationEvidence, DurationFormat};
use crate::error::TableError;
use crate::format_note::{Examples, FormatNote};
use crate::format_options::FormatOptions;
use crate::missing_words::is_missing_among_values;
use crate::number_format::NumberFormat;
use crate::number_guess::{NumberEvidence, NumberGuess};
use crate::sentinel::Sentinels;
use crate::table::Table;

/// How the values of a column may be written.
#[derive(Debug, Clone)]
pub(crate) enum Candidate {
    Numbers(NumberGuess),
    Dates(DateGuess),
    Durations(DurationFormat),
}

/// A column of text that may be read as values, and what to say of it.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    pub candidate: Option<Candidate>,
    pub notes: Vec<FormatNote>,
}

/// Values of a column to look at before all are: most columns of text are known as such by then.
const SAMPLE: usize = 400;
/// Values that many differ from each other: more than half of this many.
const MANY: usize = 40;
/// Fewer numbers among other text are an accident.
const FEW_NUMBERS: usize = 10;

/// The text of a column, without surrounding white space.
fn texts<'a>(table: &'a Table, name: &str) -> Result<impl Iterator<Item = &'a str>, TableError> {
    let cells = table.column(name)?.cells();
    Ok(cells.filter_map(|cell| match cell {
        Cell::Text(text) if !text.trim().is_empty() => Some(text.trim()),
        _ => None,
    }))
}

/// What to look for in a column.
#[derive(Debug, Clone, Copy)]
struct Search {
    numbers: bool,
    dates: bool,
    durations: bool,
}

#[derive(Default)]
struct Evidence {
    present: usize,
    numbers: NumberEvidence,
    dates: DateEvidence,
    durations: DurationEvidence,
}

impl Evidence {
    fn of<'a>(texts: impl Iterator<Item = &'a str>, search: Search) -> Self {
        let mut found = Self::default();
        for text in texts.filter(|text| !is_missing_among_values(text)) {
            found.present += 1;
            if search.numbers {
                found.numbers.add(text);
            }
            if search.dates {
                found.dates.add(text);
            }
            if search.durations {
                found.durations.add(text);
            }
        }
        found
    }

    fn dates(&self) -> usize {
        self.dates.readable() + self.dates.zeros
    }

    /// Values that are dates, or that are like dates.
    fn like_dates(&self) -> usize {
        let dates = self.dates().max(self.dates.months.count);
        let shapes = &self.dates.shapes;
        dates
            + self.dates.without_year.1
            + self.dates.month_and_number.1
            + shapes.days
            + shapes.years_first.max(shapes.months_first)
    }
}

/// Looks at the text of a column for numbers, dates, times and durations.
pub(crate) fn look(
    table: &Table,
    name: &str,
    kind: Option<ColumnKind>,
    options: &FormatOptions,
) -> Result<Looked, TableError> {
    let mut search = Search {
        numbers: kind != Some(ColumnKind::Date),
        durations: kind != Some(ColumnKind::Date),
        dates: kind != Some(ColumnKind::Numeric),
    };
    let step = table.rows() / SAMPLE + 1;
    let sample = Evidence::of(texts(table, name)?.step_by(step), search);
    let plausible = |count: usize| count * 3 >= sample.present;
    search.numbers &= plausible(sample.numbers.readable() + sample.numbers.hexadecimals);
    search.durations &= plausible(sample.durations.count);
    search.dates &= plausible(sample.like_dates());
    if !(search.numbers || search.durations || search.dates) {
        return Ok(Looked::default());
    }
    let found = match step {
        1 => sample,
        _ => Evidence::of(texts(table, name)?, search),
    };
    let mut looked = candidate(name, kind, &found, options);
    if kind.is_none() && looked.candidate.is_none() && looked.notes.is_empty() {
        let note = numbers_beside_words(table, name, &found, options)?;
        looked.notes.extend(note);
    }
    Ok(looked)
}

/// What to say where more than half of the values are a few words, and the others are numbers.
fn numbers_beside_words(
    table: &Table,
    name: &str,
    found: &Evidence,
    options: &FormatOptions,
) -> Result<Option<FormatNote>, TableError> {
    let numbers = found.numbers.readable();
    let some = numbers * 3 >= found.present && numbers * 2 < found.present;
    let guess = found.numbers.guess(options).filter(|_| some);
    let Some(guess) = guess else { return Ok(None) };
    let found = read(table, name, &ColumnFormat::Number(guess.format))?;
    Ok(found.words_note(name))
}

fn candidate(
    name: &str,
    kind: Option<ColumnKind>,
    found: &Evidence,
    options: &FormatOptions,
) -> Looked {
    let numbers = found.numbers.readable();
    let half = |count: usize| count > 0 && count * 2 >= found.present;
    let durations = found.durations.count;
    if half(durations) && durations >= found.dates().max(numbers) {
        return Looked {
            candidate: Some(Candidate::Durations(found.durations.format())),
            notes: Vec::new(),
        };
    }
    let are_months = found.dates.shapes.are_mostly_months(found.present);
    if half(found.dates()) && (found.dates() >= numbers || are_months) {
        return Looked {
            candidate: found.dates.guess().map(Candidate::Dates),
            notes: Vec::new(),
        };
    }
    if kind == Some(ColumnKind::Date)
        && let Some(guess) = declared_guess(found)
    {
        return Looked {
            candidate: Some(Candidate::Dates(guess)),
            notes: Vec::new(),
        };
    }
    let mut looked = Looked::default();
    looked.notes.extend(like_dates(name, found));
    // `24-Jan` is no number with a unit.
    if looked.notes.is_empty() && half(numbers) {
        match found.numbers.guess(options) {
            Some(guess) => looked.candidate = Some(Candidate::Numbers(guess)),
            None => looked.notes.extend(different_marks(name, &found.numbers)),
        }
    }
    if let Some(example) = &found.numbers.hexadecimal
        && half(found.numbers.hexadecimals)
    {
        looked.notes.push(FormatNote::Hexadecimal {
            column: name.to_string(),
            example: example.clone(),
        });
    }
    looked
}

/// How dates are written that are dates only because the user says so.
fn declared_guess(found: &Evidence) -> Option<DateGuess> {
    let half = found.present.div_ceil(2).max(1);
    let months = (found.dates.months.count >= half).then(DateGuess::of_months);
    let shape = || found.dates.shapes.most(half);
    months.or_else(|| shape().map(DateGuess::of_shape))
}

/// What to say of months beside numbers, and of days without a year.
fn like_dates(name: &str, found: &Evidence) -> Option<FormatNote> {
    let half = |count: usize| count > 0 && count * 2 >= found.present;
    let months = &found.dates.months;
    let column = name.to_string();
    match (&months.example, &found.dates.without_year) {
        (Some(example), _) if half(months.count) => Some(FormatNote::MonthsOrDays {
            column,
            example: example.clone(),
            format: "%b-%y".to_string(),
        }),
        (_, (Some(example), count)) if half(*count) => Some(FormatNote::WithoutYear {
            column,
            example: example.clone(),
        }),
        _ if half(found.dates.month_and_number.1) => {
            let example = found.dates.month_and_number.0.clone()?;
            Some(FormatNote::MonthsOrDays {
                column,
                example,
                format: "%m/%y".to_string(),
            })
        }
        _ if half(found.dates.shapes.days) => days_of_year(column, found),
        _ => None,
    }
}

/// What to say of text such as `2023-005`, which may be a day of a year or a code.
fn days_of_year(column: String, found: &Evidence) -> Option<FormatNote> {
    let text = found.dates.shapes.day.clone()?;
    let format = DateShape::DayOfYear.pattern().to_string();
    let date = DateFormat::new(DateNotation::Pattern(format.clone())).read(&text)?;
    Some(FormatNote::DaysOfYear {
        column,
        example: (text, date.date().to_string()),
        format,
    })
}

fn different_marks(name: &str, found: &NumberEvidence) -> Option<FormatNote> {
    let marks = found.marks.counts();
    (2..=4)
        .contains(&marks.len())
        .then(|| FormatNote::DifferentMarks {
            column: name.to_string(),
            currencies: found.marks.are_currencies(),
            marks: Examples::new(marks),
        })
}

/// What a column is, read in a format.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// Values that are read.
    pub values: usize,
    /// Those of them that are plain.
    plain: usize,
    /// The first of them, as text, and the first that is not a plain number or a date with the year first.
    examples: [Option<String>; 2],
    distinct: HashSet<u64, RandomState>,
    fractions: bool,
    /// The first number with leading zeros.
    leading_zero: Option<String>,
    near: Counts,
    /// Words for missing values.
    words: Counts,
    others: Counts,
    first_other: Option<(usize, String)>,
    zeros: usize,
    sentinels: Sentinels,
}

/// Reads all text of a column in a format, strictly.
pub(crate) fn read(table: &Table, name: &str, format: &ColumnFormat) -> Result<Read, TableError> {
    let mut found = Read::default();
    for (row, cell) in table.column(name)?.cells().enumerate() {
        let Cell::Text(text) = cell else { continue };
        let text = text.trim();
        match format {
            _ if text.is_empty() => {}
            ColumnFormat::Number(format) => found.add_number(row, text, format.read_near(text)),
            ColumnFormat::Duration(format) => {
                found.add_number(row, text, format.read(text).map(|hours| (hours, false)));
            }
            ColumnFormat::Date(_) if DateFormat::is_missing(text) => found.zeros += 1,
            ColumnFormat::Date(format) => found.add_date(row, text, format.read(text)),
            ColumnFormat::Text => {}
        }
    }
    Ok(found)
}

impl Read {
    fn add_number(&mut self, row: usize, text: &str, number: Option<(f64, bool)>) {
        let Some((number, is_near)) = number else {
            return self.add_other(row, text);
        };
        self.add_value(text, text.parse::<f64>().is_ok(), (number + 0.0).to_bits());
        let digits = || text.bytes().all(|byte| byte.is_ascii_digit());
        if self.leading_zero.is_none() && text.len() > 1 && text.starts_with('0') && digits() {
            self.leading_zero = Some(text.to_string());
        }
        self.fractions |= number.fract() != 0.0;
        if is_near {
            self.near.add(text);
        }
    }

    fn add_date(&mut self, row: usize, text: &str, moment: Option<NaiveDateTime>) {
        let Some(moment) = moment else {
            return self.add_other(row, text);
        };
        let micros = moment.and_utc().timestamp_micros();
        self.sentinels.add(micros as f64 / 1e6);
        let year = text.bytes().take(4).filter(u8::is_ascii_digit).count() == 4;
        self.add_value(text, year, micros as u64);
    }

    fn add_value(&mut self, text: &str, plain: bool, bits: u64) {
        self.values += 1;
        self.plain += usize::from(plain);
        if self.examples[0].is_none() {
            self.examples[0] = Some(text.to_string());
        }
        if self.examples[1].is_none() && !plain {
            self.examples[1] = Some(text.to_string());
        }
        if self.distinct.len() <= MANY {
            self.distinct.insert(bits);
        }
    }

    fn add_other(&mut self, row: usize, text: &str) {
        if is_missing_among_values(text) {
            return self.words.add(text);
        }
        if self.first_other.is_none() {
            self.first_other = Some((row, text.to_string()));
        }
        self.others.add(text);
    }

    /// The first of the numbers with leading zeros, if all numbers are whole: they are codes.
    pub fn code(&self) -> Option<&String> {
        self.leading_zero.as_ref().filter(|_| !self.fractions)
    }

    /// Whether a number is not plain in a way that the text note does not say, such as `(7)`.
    pub fn is_written_otherwise(&self) -> bool {
        self.examples[1].is_some() && self.near.total == 0
    }

    /// What to say about numbers without the mark that the others have.
    pub fn unmarked_note(&self, name: &str, format: &NumberFormat) -> Option<FormatNote> {
        let mark = format.mark.clone()?;
        (self.plain > 0 && self.plain < self.values).then(|| FormatNote::Unmarked {
            column: name.to_string(),
            mark,
            rows: self.plain,
            of: self.values,
        })
    }

    /// A value as text, if possible one that is not plain.
    pub fn example(&self) -> Option<String> {
        let [first, written] = &self.examples;
        written.as_ref().or(first.as_ref()).cloned()
    }

    fn present(&self) -> usize {
        self.values + self.zeros + self.others.total
    }

    /// The first value that is not read, and its row.
    pub fn first_other(&self) -> Option<&(usize, String)> {
        self.first_other.as_ref()
    }

    /// Values that are not read.
    pub fn others(&self) -> usize {
        self.others.total
    }

    /// What to say of numbers that are too few, or too few different ones, beside other text.
    pub fn few_numbers_note(&self, name: &str) -> Option<FormatNote> {
        let said = self.others.total > 0 && self.reads_half() && !self.are_codes();
        said.then(|| FormatNote::FewNumbers {
            column: name.to_string(),
            numbers: self.values,
            others: self.others.examples(),
        })
    }

    /// What to say of many different numbers beside few words.
    fn words_note(&self, name: &str) -> Option<FormatNote> {
        const FEW_WORDS: usize = 5;
        let many = self.values >= FEW_NUMBERS && self.distinct.len() * 2 > self.values.min(MANY);
        let few = (1..=FEW_WORDS).contains(&self.others.texts.len());
        (many && few).then(|| FormatNote::NumbersBesideWords {
            column: name.to_string(),
            numbers: self.values,
            others: self.others.examples(),
        })
    }

    /// What to say of dates that are too few: at least half of the values.
    pub fn few_dates_note(&self, name: &str) -> Option<FormatNote> {
        self.reads_half().then(|| FormatNote::FewDates {
            column: name.to_string(),
            dates: self.values + self.zeros,
            others: self.others.examples(),
        })
    }

    /// Whether other text occurs, so that it has to count as missing.
    pub fn is_lenient(&self) -> bool {
        self.others.total + self.words.total > 0
    }

    /// Whether the values are many different ones.
    fn many(&self) -> bool {
        self.distinct.len() * 2 > self.present().min(MANY)
    }

    /// Whether at least half of the values are read.
    pub fn reads_half(&self) -> bool {
        self.values > 0 && (self.values + self.zeros) * 2 >= self.present()
    }

    /// Whether the column holds numbers: all its values are, or half of them, and many different ones.
    pub fn is_numeric(&self) -> bool {
        match (self.others.total, self.near.total) {
            (0, 0) => self.values > 0,
            (0, _) => self.many(),
            _ => self.values >= FEW_NUMBERS && self.reads_half() && self.many(),
        }
    }

    /// Whether the column holds dates: four of five values are, or half of them, and many different
    /// ones.
    pub fn is_date(&self) -> bool {
        let four_of_five = (self.values + self.zeros) * 5 >= self.present() * 4;
        self.values > 0 && (four_of_five || (self.reads_half() && self.many()))
    }

    /// Whether the numbers are codes: they are whole, and most of the other texts have digits.
    pub fn are_codes(&self) -> bool {
        let others = self.others.texts.keys();
        let with_digit = others.filter(|text| text.bytes().any(|byte| byte.is_ascii_digit()));
        self.others.total > 0 && !self.fractions && with_digit.count() * 2 > self.others.texts.len()
    }

    /// The days that stand for no date, and how often each occurs.
    pub fn sentinels(&self) -> Vec<(String, usize)> {
        self.sentinels.found()
    }

    /// What to say about days that stand for no date, and about zeros.
    pub fn sentinel_notes(&self, name: &str, notation: &DateNotation) -> Vec<FormatNote> {
        let example = self.example().unwrap_or_default();
        let days = sentinel_note(name, self.sentinels(), format_like(&example, notation));
        let zeros = (self.zeros > 0).then(|| FormatNote::MissingWords {
            column: name.to_string(),
            words: Examples::new([("0000-00-00".to_string(), self.zeros)]),
        });
        days.into_iter().chain(zeros).collect()
    }

    /// What to say about text among the values.
    pub fn text_note(&self, name: &str, kind: ColumnKind) -> Option<FormatNote> {
        let words = self.words.texts.iter().chain(&self.others.texts);
        let mut missing = Examples::new(words.map(|(text, count)| (text.clone(), *count)));
        missing.total = self.words.total + self.others.total;
        let near = self.near.examples();
        (near.total + missing.total > 0).then(|| FormatNote::TextAmongValues {
            column: name.to_string(),
            kind,
            values: self.present() + self.words.total,
            near,
            missing,
        })
    }

    /// What to say about codes.
    pub fn code_note(&self, name: &str) -> FormatNote {
        FormatNote::Codes {
            column: name.to_string(),
            numbers: self.values,
            others: self.others.examples(),
        }
    }
}

/// What to say about days that stand for no date. In the format, every date of the column is kept.
pub(crate) fn sentinel_note(
    name: &str,
    dates: Vec<(String, usize)>,
    format: Option<String>,
) -> Option<FormatNote> {
    (!dates.is_empty()).then(|| FormatNote::Sentinels {
        column: name.to_string(),
        dates: Examples::new(dates),
        format,
    })
}

/// The format of `strftime` in which plain dates are read. Typed dates are kept by any format.
pub(crate) fn format_of_plain_dates(
    table: &Table,
    name: &str,
) -> Result<Option<String>, TableError> {
    let example = texts(table, name)?.next().unwrap_or("2024-12-31");
    Ok(format_like(example, &DateNotation::YearFirst))
}

/// The format of `strftime` in which a date is written; `None` if there is none, as for dates with words.
fn format_like(example: &str, notation: &DateNotation) -> Option<String> {
    let format = pattern_like(example, notation);
    let by_format = DateFormat::new(DateNotation::Pattern(format.clone()));
    by_format.read(example).map(|_| format)
}

/// A value that two formats read as different numbers.
pub(crate) fn told_apart(
    table: &Table,
    name: &str,
    (one, other): (&NumberFormat, &NumberFormat),
) -> Result<Option<(String, f64, f64)>, TableError> {
    let both = |text: &str| Some((text.to_string(), one.read(text)?, other.read(text)?));
    let mut readings = texts(table, name)?.filter_map(both);
    Ok(readings.find(|(_, one, other)| one != other))
}

/// A value that two formats read as different dates.
pub(crate) fn dates_told_apart(
    table: &Table,
    name: &str,
    (one, other): (&DateFormat, &DateFormat),
) -> Result<Option<String>, TableError> {
    let differ = |text: &&str| match (one.read(text), other.read(text)) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    };
    Ok(texts(table, name)?.find(differ).map(str::to_string))
}

/// Whether the text of a column of plain numbers is numbers with a point between thousands: every point
/// has three digits behind it.
pub(crate) fn points_may_group(table: &Table, name: &str) -> Result<bool, TableError> {
    let grouped = NumberFormat::new(',', Some('.'));
    let mut points = false;
    for text in texts(table, name)? {
        points |= text.contains('.');
        if grouped.read(text).is_none() {
            return Ok(false);
        }
    }
    Ok(points)
}
