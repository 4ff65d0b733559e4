//! Finding out how the text of each column is to be read.

use std::collections::BTreeMap;

use crate::column_format::ColumnFormat;
use crate::column_kind::ColumnKind;
use crate::column_statistics::ColumnStatistics;
use crate::date_format::{DateFormat, DateNotation};
use crate::date_guess::DateGuess;
use crate::date_shapes::DateShape;
use crate::duration_format::DurationFormat;
use crate::error::TableError;
use crate::format_note::{Decided, FormatNote};
use crate::format_options::FormatOptions;
use crate::number_format::NumberFormat;
use crate::number_guess::NumberGuess;
use crate::numbers_like_dates::numbers_like_dates;
use crate::read_column::{
    Candidate, Looked, Read, format_of_plain_dates, look, points_may_group, read, sentinel_note,
    told_apart,
};
use crate::settled_dates::{DateColumn, Settled};
use crate::table::Table;

/// A column about which more and more is known.
pub(crate) struct Inferring {
    pub name: String,
    pub kind: Option<ColumnKind>,
    pub found: ColumnStatistics,
    pub looked: Looked,
    pub format: Option<ColumnFormat>,
    pub notes: Vec<FormatNote>,
}

impl Inferring {
    pub fn new(table: &Table, name: &str, kind: Option<ColumnKind>) -> Result<Self, TableError> {
        Ok(Self {
            name: name.to_string(),
            kind,
            found: ColumnStatistics::of(table, name)?,
            looked: Looked::default(),
            format: None,
            notes: Vec::new(),
        })
    }

    /// Whether the text of the column is read as it is.
    fn is_plain(&self) -> bool {
        let found = &self.found;
        match self.kind {
            None if found.are_months() => false,
            None => found.all_numbers() || found.all_booleans() || found.all_dates(),
            Some(ColumnKind::Numeric) => found.all_numbers(),
            Some(ColumnKind::Date) => found.all_dates(),
            Some(_) => true,
        }
    }

    /// Whether the column holds numbers that were text and are read as they are.
    fn has_plain_numbers(&self) -> bool {
        let numeric = matches!(self.kind, None | Some(ColumnKind::Numeric));
        numeric
            && self.found.all_numbers()
            && self.found.numbers > 0
            && (self.kind.is_some() || !(self.found.code().is_some() || self.found.are_months()))
    }

    pub fn look(&mut self, table: &Table, options: &FormatOptions) -> Result<(), TableError> {
        let declared = options.date_formats.contains_key(&self.name);
        if !self.is_plain() && !declared {
            self.looked = look(table, &self.name, self.kind, options)?;
        }
        Ok(())
    }

    /// Decides on the format of the column.
    pub fn settle(
        &mut self,
        table: &Table,
        options: &FormatOptions,
        signs: &Signs,
    ) -> Result<(), TableError> {
        self.notes.append(&mut self.looked.notes);
        let candidate = self.looked.candidate.take();
        let is_date = self.kind == Some(ColumnKind::Date);
        let dates = DateColumn {
            table,
            name: &self.name,
            kind: self.kind,
            has_plain_dates: self.found.dates > 0,
        };
        if let Some(pattern) = options.date_formats.get(&self.name) {
            if self.kind != Some(ColumnKind::Ignored) {
                let settled = dates.settle_pattern(pattern)?;
                self.take(settled);
            }
        } else if is_date && self.found.may_be_short_months() {
            let settled = dates.settle_pattern(DateShape::MonthAndYear.pattern())?;
            self.take(settled);
        } else if is_date
            && self.found.all_numbers()
            && self.found.numbers > 0
            && !(self.found.may_be_months() || self.found.are_months())
        {
            let settled = dates.settle_declared_numbers()?;
            self.take(settled);
        } else if let Some(decided) = &signs.points_group
            && self.has_plain_numbers()
        {
            self.settle_grouping_points(table, decided.clone())?;
        } else if self.has_plain_numbers() && table.delimiter() == Some(b';') {
            self.note_points(table, options)?;
        } else {
            match candidate {
                Some(Candidate::Numbers(guess)) => {
                    let (format, decided) = signs.choose(&guess, options);
                    let other = guess.otherwise.filter(|_| decided == Decided::ByDefault);
                    self.settle_numbers(table, format, decided, other)?;
                }
                Some(Candidate::Dates(guess)) => {
                    let (guess, decided) = signs.choose_order(guess);
                    let settled = dates.settle(&guess, decided)?;
                    self.take(settled);
                }
                Some(Candidate::Durations(format)) => self.settle_durations(table, format)?,
                None => {}
            }
        }
        if self.format.is_none() {
            self.settle_as_it_is(table, options)?;
        }
        Ok(())
    }

    fn take(&mut self, settled: Settled) {
        self.format = settled.format;
        self.notes.extend(settled.notes);
    }

    fn accepts(&self, read: &Read, by_itself: bool) -> bool {
        match self.kind {
            Some(_) => read.reads_half(),
            None => by_itself,
        }
    }

    /// Whether the numbers that were found are the values of the column. If not, a note says why.
    fn takes_numbers(&mut self, found: &Read) -> bool {
        if !self.accepts(found, found.is_numeric()) {
            self.notes.extend(found.few_numbers_note(&self.name));
            return false;
        }
        if self.kind.is_none() && found.are_codes() {
            self.notes.push(found.code_note(&self.name));
            return false;
        }
        if let (None, Some(example)) = (self.kind, found.code()) {
            self.notes.push(FormatNote::LeadingZeros {
                column: self.name.clone(),
                example: example.clone(),
            });
            return false;
        }
        true
    }

    fn settle_numbers(
        &mut self,
        table: &Table,
        mut format: NumberFormat,
        decided: Decided,
        other: Option<NumberFormat>,
    ) -> Result<(), TableError> {
        let found = read(table, &self.name, &ColumnFormat::Number(format.clone()))?;
        if !self.takes_numbers(&found) {
            return Ok(());
        }
        format.lenient = found.is_lenient();
        let is_plain = NumberFormat {
            lenient: false,
            ..format.clone()
        } == NumberFormat::default();
        let apart = match &other {
            Some(other) => told_apart(table, &self.name, (&format, other))?,
            None => None,
        };
        let decided = match (decided, &apart) {
            (Decided::ByDefault, None) => Decided::ByValues,
            (decided, _) => decided,
        };
        let example = apart.as_ref().map(|(text, ..)| text.clone());
        let is_plain = is_plain && !found.is_written_otherwise();
        if let (false, Some(example)) = (is_plain, example.or(found.example())) {
            let number = format.read(&example).unwrap_or_default();
            let otherwise = apart
                .zip(other)
                .map(|((_, _, number), other)| (number, other.decimal));
            self.notes.push(FormatNote::Numbers {
                column: self.name.clone(),
                format: format.to_string(),
                example: (example, number),
                decided,
                otherwise,
            });
        }
        self.notes.extend(found.unmarked_note(&self.name, &format));
        self.notes
            .extend(found.text_note(&self.name, ColumnKind::Numeric));
        self.format = Some(ColumnFormat::Number(format));
        Ok(())
    }

    fn settle_durations(
        &mut self,
        table: &Table,
        mut format: DurationFormat,
    ) -> Result<(), TableError> {
        let found = read(table, &self.name, &ColumnFormat::Duration(format))?;
        if !self.accepts(&found, found.is_numeric()) {
            return Ok(());
        }
        format.lenient = found.is_lenient();
        if let Some(example) = found.example() {
            let hours = format.read(&example).unwrap_or_default();
            self.notes.push(FormatNote::Durations {
                column: self.name.clone(),
                example: (example, hours),
            });
        }
        self.notes
            .extend(found.text_note(&self.name, ColumnKind::Numeric));
        self.format = Some(ColumnFormat::Duration(format));
        Ok(())
    }

    /// Plain numbers such as `1.234` in a table with decimal commas.
    fn settle_grouping_points(
        &mut self,
        table: &Table,
        decided: Decided,
    ) -> Result<(), TableError> {
        if !points_may_group(table, &self.name)? {
            return Ok(());
        }
        self.settle_numbers(table, NumberFormat::new(',', Some('.')), decided, None)
    }

    /// Plain numbers such as `84.210` in a file with semicolons, where nothing else decides.
    fn note_points(&mut self, table: &Table, options: &FormatOptions) -> Result<(), TableError> {
        if options.names_signs() || !points_may_group(table, &self.name)? {
            return Ok(());
        }
        let formats = (&NumberFormat::default(), &NumberFormat::new(',', Some('.')));
        let apart = told_apart(table, &self.name, formats)?;
        self.notes
            .extend(apart.map(|(text, number, other)| FormatNote::Numbers {
                column: self.name.clone(),
                format: formats.0.to_string(),
                example: (text, number),
                decided: Decided::ByDefault,
                otherwise: Some((other, ',')),
            }));
        Ok(())
    }

    /// Plain dates of which some stand for no date, codes, and text that keeps its words.
    fn settle_as_it_is(
        &mut self,
        table: &Table,
        options: &FormatOptions,
    ) -> Result<(), TableError> {
        let found = &self.found;
        let is_date = matches!(self.kind, None | Some(ColumnKind::Date)) && found.all_dates();
        let name = &self.name;
        if is_date && found.dates > 0 && !found.all_numbers() {
            let dates = found.sentinels.found();
            if !dates.is_empty() {
                let mut format = DateFormat::new(DateNotation::YearFirst);
                format.sentinels = dates.iter().map(|(day, _)| day.clone()).collect();
                self.format = Some(ColumnFormat::Date(format));
                let kept_by = format_of_plain_dates(table, name)?;
                self.notes.extend(sentinel_note(name, dates, kept_by));
            }
            return Ok(());
        }
        if self.kind.is_none()
            && let Some(example) = found.code()
        {
            self.notes.push(FormatNote::LeadingZeros {
                column: name.clone(),
                example: example.clone(),
            });
        }
        if self.kind.is_none() {
            self.notes.extend(numbers_like_dates(name, found));
        }
        let is_numeric = self.has_plain_numbers() || self.kind == Some(ColumnKind::Numeric);
        if options.keep_na && !is_numeric && !is_date && self.kind != Some(ColumnKind::Ignored) {
            self.format = Some(ColumnFormat::Text);
        }
        Ok(())
    }
}

/// What all columns together say about signs of numbers and the order of dates.
#[derive(Debug, Default)]
pub(crate) struct Signs {
    /// The decimal sign of the table, and what decides.
    decimal: Option<(char, Decided)>,
    /// What decides that a point in plain numbers may stand between thousands, if it may.
    points_group: Option<Decided>,
    /// The order of day and month, and what decides.
    order: Option<(DateNotation, Decided)>,
}

/// The order of day and month, and what decides: the columns whose dates have one possible order, or else the
/// decimal comma or the semicolons. `None` if these columns differ, or if nothing decides.
fn date_order(
    orders: &[(&DateNotation, &str)],
    has_decimal_comma: bool,
    has_semicolons: bool,
) -> Option<(DateNotation, Decided)> {
    match orders {
        [(first, name), rest @ ..] => {
            let alike = rest.iter().all(|(order, _)| order == first);
            alike.then(|| ((*first).clone(), Decided::ByColumn((*name).to_string())))
        }
        [] if has_decimal_comma => Some((DateNotation::DayFirst, Decided::ByDecimalComma)),
        [] => has_semicolons.then_some((DateNotation::DayFirst, Decided::BySemicolons)),
    }
}

/// The first column whose plain numbers have points that can only be decimal signs.
fn with_decimal_points<'a>(
    table: &Table,
    columns: &'a [Inferring],
) -> Result<Option<&'a str>, TableError> {
    for column in columns.iter().filter(|column| column.has_plain_numbers()) {
        if column.found.fractions && !points_may_group(table, &column.name)? {
            return Ok(Some(column.name.as_str()));
        }
    }
    Ok(None)
}

impl Signs {
    /// The signs and the order of the dates that the columns of a table decide together.
    pub fn of(
        table: &Table,
        columns: &[Inferring],
        options: &FormatOptions,
    ) -> Result<Self, TableError> {
        let mut orders: Vec<(&DateNotation, &str)> = Vec::new();
        // The first column with each decimal sign.
        let mut decimals: BTreeMap<char, &str> = BTreeMap::new();
        let mut open = false;
        for column in columns {
            match &column.looked.candidate {
                Some(Candidate::Dates(guess)) if guess.decided => {
                    orders.push((&guess.notation, &column.name));
                }
                Some(Candidate::Numbers(guess)) => {
                    if let Some(sign) = guess.decides {
                        decimals.entry(sign).or_insert(&column.name);
                    }
                    open |= guess.otherwise.is_some();
                }
                _ => {}
            }
        }
        // Numbers that are read as they are need a look only where it matters.
        if (open || decimals.contains_key(&','))
            && let Some(name) = with_decimal_points(table, columns)?
        {
            decimals.entry('.').or_insert(name);
        }
        let by_column = |name: &str| Decided::ByColumn(name.to_string());
        let semicolons = table.delimiter() == Some(b';');
        let decimal = match decimals.len() {
            0 => semicolons.then_some((',', Decided::BySemicolons)),
            1 => decimals
                .iter()
                .next()
                .map(|(sign, name)| (*sign, by_column(name))),
            _ => None,
        };
        let commas = decimals.get(&',').filter(|_| decimals.len() == 1);
        let by_request = options.names_signs() && options.allows(',', Some('.'));
        let points_group = match commas {
            _ if by_request => Some(Decided::ByRequest),
            Some(name) => Some(by_column(name)),
            None => None,
        };
        let has_decimal_comma = commas.is_some() || options.decimal == Some(',');
        let order = date_order(&orders, has_decimal_comma, semicolons);
        Ok(Self {
            decimal,
            points_group,
            order,
        })
    }

    /// The format of numbers where the column leaves it open, and what decides.
    fn choose(&self, guess: &NumberGuess, options: &FormatOptions) -> (NumberFormat, Decided) {
        let format = guess.format.clone();
        if options.names_signs() {
            return (format, Decided::ByRequest);
        }
        let Some(other) = &guess.otherwise else {
            return (format, Decided::ByValues);
        };
        match &self.decimal {
            Some((sign, decided)) if *sign == other.decimal => (other.clone(), decided.clone()),
            Some((_, decided)) => (format, decided.clone()),
            None => (format, Decided::ByDefault),
        }
    }

    /// The order of dates where the column leaves it open between the day and the month, and what
    /// decides.
    fn choose_order(&self, guess: DateGuess) -> (DateGuess, Decided) {
        match (&guess.otherwise, &self.order) {
            (None, _) => (guess, Decided::ByValues),
            (Some(_), Some((order, decided))) if guess.notation != DateNotation::YearFirst => {
                let guess = DateGuess {
                    notation: order.clone(),
                    ..guess
                };
                (guess, decided.clone())
            }
            (Some(_), _) => (guess, Decided::ByDefault),
        }
    }
}
