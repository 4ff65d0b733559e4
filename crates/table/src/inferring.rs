//! Finding out how the text of each column is to be read.

use std::collections::BTreeSet;

use crate::column_format::ColumnFormat;
use crate::column_kind::ColumnKind;
use crate::column_statistics::ColumnStatistics;
use crate::date_format::{DateFormat, DateNotation};
use crate::duration_format::DurationFormat;
use crate::error::TableError;
use crate::format_note::{Decided, FormatNote};
use crate::format_options::FormatOptions;
use crate::number_format::NumberFormat;
use crate::number_guess::NumberGuess;
use crate::read_column::{
    Candidate, Looked, Read, look, notation_of_declared, points_may_group, read, sentinel_note,
    told_apart,
};
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
            && (self.kind.is_some() || self.found.code().is_none())
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
        if let Some(pattern) = options.date_formats.get(&self.name) {
            if self.kind != Some(ColumnKind::Ignored) {
                self.settle_pattern(table, pattern)?;
            }
        } else if is_date && self.found.all_numbers() && self.found.numbers > 0 {
            self.settle_declared_numbers(table)?;
        } else if signs.points_group && self.has_plain_numbers() {
            self.settle_grouping_points(table, options)?;
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
                    let (notation, decided) = match guess.open {
                        true => signs.choose_order(guess.notation),
                        false => (guess.notation, Decided::ByValues),
                    };
                    self.settle_dates(table, notation, decided)?;
                }
                Some(Candidate::Durations) => self.settle_durations(table)?,
                None => {}
            }
        }
        if self.format.is_none() {
            self.settle_as_it_is(options);
        }
        Ok(())
    }

    fn accepts(&self, read: &Read, by_itself: bool) -> bool {
        match self.kind {
            Some(_) => read.reads_half(),
            None => by_itself,
        }
    }

    fn settle_numbers(
        &mut self,
        table: &Table,
        format: NumberFormat,
        decided: Decided,
        other: Option<NumberFormat>,
    ) -> Result<(), TableError> {
        let mut format = format;
        let found = read(table, &self.name, &ColumnFormat::Number(format.clone()))?;
        if !self.accepts(&found, found.is_numeric()) {
            return Ok(());
        }
        if self.kind.is_none() && found.are_codes() {
            self.notes.push(found.code_note(&self.name));
            return Ok(());
        }
        if let (None, Some(example)) = (self.kind, found.code()) {
            self.notes.push(FormatNote::LeadingZeros {
                column: self.name.clone(),
                example: example.clone(),
            });
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

    fn settle_dates(
        &mut self,
        table: &Table,
        notation: DateNotation,
        decided: Decided,
    ) -> Result<(), TableError> {
        let mut format = DateFormat::new(notation);
        let found = read(table, &self.name, &ColumnFormat::Date(format.clone()))?;
        if !self.accepts(&found, found.is_date()) {
            return Ok(());
        }
        format.lenient = found.is_lenient();
        let sentinels = found.sentinels().into_iter();
        format.sentinels = sentinels.map(|(day, _)| day).collect();
        if !self.found_some_plain_date() || format.notation != DateNotation::YearFirst {
            self.note_dates(&format, &found, decided);
        }
        self.notes.extend(found.sentinel_note(&self.name));
        self.notes
            .extend(found.text_note(&self.name, ColumnKind::Date));
        self.format = Some(ColumnFormat::Date(format));
        Ok(())
    }

    fn found_some_plain_date(&self) -> bool {
        self.found.dates > 0
    }

    fn note_dates(&mut self, format: &DateFormat, found: &Read, decided: Decided) {
        let Some(example) = found.example() else {
            return;
        };
        let date = format.read(&example).unwrap_or_default();
        let other = match format.notation {
            DateNotation::DayFirst => DateNotation::MonthFirst,
            _ => DateNotation::DayFirst,
        };
        // The example does not show the difference, if it has the year first or the name of a month.
        let alike = DateFormat::new(other).read(&example) == Some(date);
        let otherwise = match (decided, &format.notation) {
            _ if alike => None,
            (Decided::ByDefault, DateNotation::DayFirst) => Some("%m"),
            (Decided::ByDefault, _) => Some("%d"),
            _ => None,
        };
        let otherwise = otherwise.map(|first| pattern_like(&example, first));
        self.notes.push(FormatNote::Dates {
            column: self.name.clone(),
            format: order_in_words(format, &example),
            example: (example, date.to_string().replace(" 00:00:00", "")),
            decided,
            otherwise,
        });
    }

    fn settle_durations(&mut self, table: &Table) -> Result<(), TableError> {
        let mut format = DurationFormat::default();
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

    /// Dates in the format that the user sets. No day stands for no date, so that all can be kept.
    fn settle_pattern(&mut self, table: &Table, pattern: &str) -> Result<(), TableError> {
        let mut format = DateFormat::new(DateNotation::Pattern(pattern.to_string()));
        let found = read(table, &self.name, &ColumnFormat::Date(format.clone()))?;
        if !found.reads_half()
            && let Some((row, value)) = found.first_other()
        {
            return Err(TableError::malformed(
                table.location(*row),
                format!(
                    "column `{}` holds dates in the format {pattern}, but here is {value:?}: correct \
                     the format",
                    self.name
                ),
            ));
        }
        format.lenient = found.is_lenient();
        self.notes
            .extend(found.text_note(&self.name, ColumnKind::Date));
        self.format = Some(ColumnFormat::Date(format));
        Ok(())
    }

    /// Numbers that are declared dates.
    fn settle_declared_numbers(&mut self, table: &Table) -> Result<(), TableError> {
        let format = DateFormat::new(notation_of_declared(table, &self.name)?);
        let cells = table.column(&self.name)?.cells();
        let number = cells.filter_map(|cell| cell.number()).next();
        if let Some(number) = number {
            let date = format.read_number(number).unwrap_or_default();
            self.notes.push(FormatNote::Dates {
                column: self.name.clone(),
                format: format.notation.to_string(),
                example: (number.to_string(), date.to_string()),
                decided: Decided::ByValues,
                otherwise: None,
            });
        }
        self.format = Some(ColumnFormat::Date(format));
        Ok(())
    }

    /// Plain numbers such as `1.234` in a table with decimal commas.
    fn settle_grouping_points(
        &mut self,
        table: &Table,
        options: &FormatOptions,
    ) -> Result<(), TableError> {
        if !points_may_group(table, &self.name)? {
            return Ok(());
        }
        let decided = match options.names_signs() {
            true => Decided::ByRequest,
            false => Decided::ByTable,
        };
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
    fn settle_as_it_is(&mut self, options: &FormatOptions) {
        let found = &self.found;
        let is_date = matches!(self.kind, None | Some(ColumnKind::Date)) && found.all_dates();
        let name = &self.name;
        if is_date && found.dates > 0 && !found.all_numbers() {
            let dates = found.sentinels.found();
            if !dates.is_empty() {
                let mut format = DateFormat::new(DateNotation::YearFirst);
                format.sentinels = dates.iter().map(|(day, _)| day.clone()).collect();
                self.format = Some(ColumnFormat::Date(format));
                self.notes.extend(sentinel_note(name, dates));
            }
            return;
        }
        if self.kind.is_none()
            && let Some(example) = found.code()
        {
            self.notes.push(FormatNote::LeadingZeros {
                column: name.clone(),
                example: example.clone(),
            });
        }
        let is_numeric = self.has_plain_numbers() || self.kind == Some(ColumnKind::Numeric);
        if options.keep_na && !is_numeric && !is_date && self.kind != Some(ColumnKind::Ignored) {
            self.format = Some(ColumnFormat::Text);
        }
    }
}

/// The order of the parts of a date, where they are not told apart by themselves.
fn order_in_words(format: &DateFormat, example: &str) -> String {
    let year = example.bytes().take_while(u8::is_ascii_digit).count() == 4;
    match format.notation == DateNotation::YearFirst && !year {
        true if example.contains(|c: char| c.is_alphabetic()) => "they are written".to_string(),
        _ => format.notation.to_string(),
    }
}

/// A format of dates in the notation of an example, with this part first: `%d/%m/%Y`.
fn pattern_like(example: &str, first: &str) -> String {
    let separator = example.chars().find(|c| !c.is_ascii_digit()).unwrap_or('/');
    let second = if first == "%d" { "%m" } else { "%d" };
    let year = match example.splitn(3, separator).nth(2) {
        Some(rest) if rest.bytes().take_while(u8::is_ascii_digit).count() == 2 => "%y",
        _ => "%Y",
    };
    format!("{first}{separator}{second}{separator}{year}")
}

/// What all columns together say about signs of numbers and the order of dates.
#[derive(Debug, Default)]
pub(crate) struct Signs {
    /// The decimal sign of the table.
    decimal: Option<char>,
    /// Whether a point in plain numbers may stand between thousands.
    points_group: bool,
    /// The order of day and month.
    order: Option<DateNotation>,
}

impl Signs {
    pub fn of(
        table: &Table,
        columns: &[Inferring],
        options: &FormatOptions,
    ) -> Result<Self, TableError> {
        let mut orders = Vec::new();
        let mut decimals = BTreeSet::new();
        let mut open = false;
        for column in columns {
            match &column.looked.candidate {
                Some(Candidate::Dates(guess)) if guess.decided => {
                    orders.push(guess.notation.clone());
                }
                Some(Candidate::Numbers(guess)) => {
                    decimals.extend(guess.decides);
                    open |= guess.otherwise.is_some();
                }
                _ => {}
            }
        }
        orders.dedup();
        let order = match orders.as_slice() {
            [order] => Some(order.clone()),
            _ => None,
        };
        // Numbers that are read as they are need a look only where it matters.
        if open || decimals.contains(&',') {
            for column in columns.iter().filter(|column| column.has_plain_numbers()) {
                if column.found.fractions && !points_may_group(table, &column.name)? {
                    decimals.insert('.');
                    break;
                }
            }
        }
        let semicolons = (table.delimiter() == Some(b';')).then_some(',');
        let decimal = match decimals.len() {
            0 => semicolons,
            1 => decimals.first().copied(),
            _ => None,
        };
        let by_request = options.names_signs() && options.allows(',', Some('.'));
        Ok(Self {
            points_group: by_request || (decimals.len() == 1 && decimals.contains(&',')),
            decimal,
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
        match self.decimal {
            Some(sign) if sign == other.decimal => (other.clone(), Decided::ByTable),
            Some(_) => (format, Decided::ByTable),
            None => (format, Decided::ByDefault),
        }
    }

    fn choose_order(&self, default: DateNotation) -> (DateNotation, Decided) {
        match &self.order {
            Some(order) => (order.clone(), Decided::ByTable),
            None => (default, Decided::ByDefault),
        }
    }
}
