//! Detection of the layout of a CSV file from its first lines.

use std::collections::HashSet;

use crate::column_names::unique_names;
use crate::csv_record::Dialect;
use crate::described_columns::{FieldKind, describing_lines};
use crate::header_levels::{has_level_below, level_lines};
use crate::layout::{
    FOOTER_LINES, counts_rows, is_blank, is_comment, is_footer_text, is_rule, looks_like_a_number,
};
use crate::padded_titles::header_below_titles;
use crate::read_options::ReadOptions;

/// The largest number of columns of a text file.
pub(crate) const MAX_COLUMNS: usize = 1_000_000;
/// The number of first lines among which the header is looked for.
const MAX_LINES: usize = 50;

/// A record at the start of a file.
pub(crate) struct Record {
    pub line: u64,
    pub after_empty_line: bool,
    pub unclosed: bool,
    pub fields: Vec<Vec<u8>>,
}

impl Record {
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// The number of fields without the blank ones at the end.
    pub fn filled(&self) -> usize {
        let last = self.fields.iter().rposition(|field| !is_blank(field));
        last.map_or(0, |last| last + 1)
    }

    pub fn is_comment(&self) -> bool {
        self.fields
            .first()
            .is_some_and(|field| is_comment(field, self.len()))
    }

    /// Whether it is a line of dashes over all columns.
    fn is_rule(&self) -> bool {
        self.len() > 1 && self.fields.iter().all(|field| is_rule(field, 2))
    }

    /// Whether at most one field is filled, as in a title, which may be in the middle.
    fn has_one_text(&self) -> bool {
        self.fields.iter().filter(|field| !is_blank(field)).count() <= 1
    }

    fn is_blank_line(&self) -> bool {
        self.len() == 1 && self.filled() == 0
    }

    pub fn has_all(&self, names: &[String]) -> bool {
        let fields = self.fields.iter().map(|field| field.trim_ascii());
        let fields: HashSet<&[u8]> = fields.collect();
        names.iter().all(|name| fields.contains(name.as_bytes()))
    }

    /// Whether every field names something: text, or a year beside text.
    fn looks_like_header(&self) -> bool {
        let fields = &self.fields[..self.filled()];
        let text = fields
            .iter()
            .filter(|field| !looks_like_a_number(field))
            .count();
        let named =
            |field: &Vec<u8>| !is_blank(field) && (!looks_like_a_number(field) || is_year(field));
        let different: HashSet<&Vec<u8>> = fields.iter().collect();
        let all_different = different.len() == fields.len();
        text > 0 && fields.len() > 1 && fields.iter().all(named) && all_different
    }
}

fn is_year(field: &[u8]) -> bool {
    let field = field.trim_ascii();
    let digits = field.len() == 4 && field.iter().all(u8::is_ascii_digit);
    digits && matches!(field[0], b'1' | b'2')
}

/// The start of a file, taken apart by one delimiter.
pub(crate) struct Sample {
    pub records: Vec<Record>,
    /// Whether these are all records.
    pub is_all: bool,
}

/// How well the records fit a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// One column.
    Single,
    /// Some rows do not fit.
    Partly,
    /// All lines are accounted for, and some are not rows.
    Explained,
    /// All lines have the same number of fields.
    Plain,
}

/// The layout by one delimiter.
pub(crate) struct Candidate {
    pub dialect: Dialect,
    pub sample: Sample,
    /// The index of the header, or of the first row without one.
    pub first: usize,
    /// Records below the header that are left out.
    pub skip_records: usize,
    /// Those of them that describe the columns; the others are the types and roles of an Orange file.
    pub describing: usize,
    /// Those of them that hold further levels of the names. One more may hold the names of the index.
    pub levels: usize,
    /// The number of columns.
    pub columns: usize,
    /// Whether the rows have a name each, which the header does not name.
    pub row_names: bool,
    pub min_fields: usize,
    pub fit: Fit,
    /// The share of the rows that fit.
    pub share: f64,
    /// The number of fields that most records have.
    pub usual: usize,
    /// Quotes that end a field before its end.
    pub odd_quotes: u64,
}

impl Candidate {
    /// The header; `None` if the first line is a row.
    pub fn header(&self, options: &ReadOptions) -> Option<&Record> {
        let has_header = options.header != Some(false);
        has_header
            .then(|| self.sample.records.get(self.first))
            .flatten()
    }

    /// The rows below the header.
    pub fn rows(&self, options: &ReadOptions) -> &[Record] {
        let start = self.first + usize::from(options.header != Some(false)) + self.skip_records;
        self.sample.records.get(start..).unwrap_or_default()
    }

    /// The fields of the records below the header that are left out.
    pub fn left_out_below_header(&self) -> Vec<&[Vec<u8>]> {
        let below = self.sample.records.iter().skip(self.first + 1);
        let fields = below.map(|record| record.fields.as_slice());
        fields.take(self.skip_records).collect()
    }

    /// Whether the first line has all columns that a model needs.
    pub fn has_known_columns(&self, options: &ReadOptions) -> bool {
        let known = &options.known_columns;
        let header = self.header(options);
        !known.is_empty() && header.is_some_and(|header| header.has_all(known))
    }
}

/// Finds what in a sample is not part of the table, and how well the rest fits.
pub(crate) fn analyzed(sample: Sample, dialect: Dialect, options: &ReadOptions) -> Candidate {
    let usual = usual_fields(&sample.records);
    let first = first_record(&sample.records, usual, options);
    let mut candidate = Candidate {
        dialect,
        sample,
        first,
        skip_records: 0,
        describing: 0,
        levels: 0,
        columns: 0,
        row_names: false,
        min_fields: 0,
        fit: Fit::Single,
        share: 0.0,
        usual,
        odd_quotes: 0,
    };
    candidate.skip_records = lines_below_header(&candidate, options);
    if candidate.skip_records == 0 {
        candidate.describing = lines_that_describe(&candidate, options);
        candidate.skip_records = candidate.describing;
        set_levels(&mut candidate, options);
    }
    set_columns(&mut candidate, options);
    set_fit(&mut candidate, options);
    candidate
}

/// The most frequent number of fields above one; of several, the one that comes first.
pub(crate) fn usual_fields(records: &[Record]) -> usize {
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for record in records.iter().filter(|record| record.len() > 1) {
        match counts
            .iter_mut()
            .find(|(fields, _)| *fields == record.len())
        {
            Some((_, count)) => *count += 1,
            None => counts.push((record.len(), 1)),
        }
    }
    let mut usual = (1, 0);
    for (fields, count) in counts {
        if count > usual.1 {
            usual = (fields, count);
        }
    }
    usual.0
}

/// The index of the header, or of the first row: 0, unless the lines before it are plainly a title or
/// comments.
pub(crate) fn first_record(records: &[Record], usual: usize, options: &ReadOptions) -> usize {
    let known = &options.known_columns;
    let has_header = options.header != Some(false);
    let mut searched = records.iter().take(MAX_LINES);
    if has_header
        && !known.is_empty()
        && let Some(found) = searched.position(|record| record.has_all(known))
    {
        return found;
    }
    if options.header.is_none() && known.is_empty() {
        let lines = records.iter().map(|record| record.fields.as_slice());
        let lines: Vec<&[Vec<u8>]> = lines.collect();
        if let Some(header) = header_below_titles(&lines, usual) {
            return header;
        }
    }
    below_titles(records, usual, has_header).unwrap_or(0)
}

/// The index of the first record below lines that are plainly a title or comments, if there are such lines.
fn below_titles(records: &[Record], usual: usize, has_header: bool) -> Option<usize> {
    let searched = &records[..records.len().min(MAX_LINES)];
    let start = searched.first()?;
    // Without a header below it, a text in the middle may be a row; one in the last column may be the only name of a
    // header, as pandas writes it for an index without names.
    let one_text = |record: &Record| {
        record.filled() <= 1 || (has_header && record.filled() < usual && record.has_one_text())
    };
    let is_title = |record: &Record| one_text(record) || record.is_comment();
    let narrow = start.len() < usual;
    let is_drawn = start.is_comment() || start.is_rule();
    if !(narrow || is_drawn || (one_text(start) && usual > 2)) {
        return None;
    }
    for (index, record) in searched.iter().enumerate().skip(1) {
        let before = &searched[..index];
        let wide = record.len() + 1 >= usual.max(3) || (usual == 2 && record.len() == 2);
        if !wide || one_text(record) || (record.is_comment() && record.len() != usual) {
            continue;
        }
        // A table has more lines than the text before it.
        let alike = records[index..].iter();
        if alike
            .filter(|other| other.len().abs_diff(usual) <= 1)
            .count()
            < before.len().max(2)
        {
            return None;
        }
        let titles = before.iter().all(is_title);
        let is_no_row = |r: &Record| r.is_comment() || r.is_blank_line() || r.is_rule();
        let comments = before.iter().all(is_no_row);
        let plain = match has_header {
            true => {
                let below = &records[index + 1..];
                let parted = record.after_empty_line && before.iter().all(|r| r.len() != usual);
                record.looks_like_header()
                    && ((comments && narrow)
                        || parted
                        || ((titles || comments) && has_number_columns(record, below)))
            }
            false => comments || (titles && record.len() == usual),
        };
        if plain {
            return Some(index);
        }
        // A commented header or one without its first name is not a line before the header. More lines of a
        // title may follow a narrow one.
        if record.len() >= usual {
            return None;
        }
    }
    None
}

/// Whether a column holds numbers under a name that is none.
fn has_number_columns(header: &Record, rows: &[Record]) -> bool {
    const ROWS: usize = 50;
    (0..header.len()).any(|column| {
        let values = rows.iter().take(ROWS).filter(|row| !row.is_rule());
        let values = values.filter_map(|row| row.fields.get(column));
        let values: Vec<_> = values.filter(|value| !is_blank(value)).collect();
        let numbers = values.iter().filter(|value| looks_like_a_number(value));
        !looks_like_a_number(&header.fields[column])
            && !values.is_empty()
            && numbers.count() * 5 >= values.len() * 4
    })
}

/// The lines below the header that are not rows: a line of dashes, or the types and roles of an Orange file.
fn lines_below_header(candidate: &Candidate, options: &ReadOptions) -> usize {
    let below = candidate
        .header(options)
        .and(candidate.rows(options).first());
    let is_line = |row: &Record| {
        let filled = &row.fields[..row.filled()];
        filled.len() > 1
            && filled.iter().all(|field| is_rule(field, 1))
            && filled.iter().any(|field| is_rule(field, 2))
    };
    match below.is_some_and(is_line) {
        true => 1,
        false => orange_lines(candidate, options),
    }
}

/// The lines of an Orange file below the header, which hold types and roles: two or none.
fn orange_lines(candidate: &Candidate, options: &ReadOptions) -> usize {
    const TYPES: [&str; 10] = [
        "c",
        "d",
        "s",
        "t",
        "continuous",
        "discrete",
        "string",
        "time",
        "n",
        "",
    ];
    const ROLES: [&str; 5] = ["", "class", "meta", "ignore", "weight"];
    let of = |record: &Record, words: &[&str]| {
        let mut fields = record.fields.iter();
        fields.all(|field| {
            words
                .iter()
                .any(|word| field.trim_ascii() == word.as_bytes())
        })
    };
    let (Some(header), [types, roles, ..]) = (candidate.header(options), candidate.rows(options))
    else {
        return 0;
    };
    let typed = types.len() == header.len() && header.len() > 1 && types.filled() == types.len();
    let is_orange = typed && of(types, &TYPES) && of(roles, &ROLES) && roles.filled() > 0;
    if is_orange && !of(header, &TYPES) {
        2
    } else {
        0
    }
}

/// The lines below the header that describe the columns, unless the user says that there is a header.
fn lines_that_describe(candidate: &Candidate, options: &ReadOptions) -> usize {
    let Some(header) = candidate
        .header(options)
        .filter(|_| options.header.is_none())
    else {
        return 0;
    };
    let (rows, columns) = (candidate.rows(options), header.len());
    let field = |row: usize, column: usize| {
        let record = &rows[row];
        match record.fields.get(column) {
            Some(field) if record.len() == columns => {
                let text = String::from_utf8_lossy(field);
                FieldKind::of(text.trim(), looks_like_a_number(field))
            }
            _ => FieldKind::Missing,
        }
    };
    describing_lines((rows.len(), columns), field)
}

/// Finds a header of several lines, unless the user says that there is one of one line.
fn set_levels(candidate: &mut Candidate, options: &ReadOptions) {
    let records = &candidate.sample.records;
    let below = records.iter().skip(candidate.first + 1);
    let rows: Vec<&[Vec<u8>]> = below.map(|record| record.fields.as_slice()).collect();
    let header = candidate
        .header(options)
        .filter(|header| options.header.is_none() && !is_whole_header(header, options));
    let lines = header.and_then(|header| level_lines(&header.fields, &rows, candidate.describing));
    if let Some(lines) = lines {
        candidate.levels = lines;
        candidate.skip_records = lines + 1;
        candidate.describing = candidate.skip_records;
    } else if header.is_some_and(|header| has_level_below(&header.fields, &rows)) {
        candidate.levels = 1;
        candidate.skip_records = 1;
        candidate.describing = 1;
    }
}

/// Whether a model knows the names of the first line alone: it is older than the reading of several lines.
fn is_whole_header(header: &Record, options: &ReadOptions) -> bool {
    let known = &options.known_columns;
    if known.is_empty() {
        return false;
    }
    let names = header.fields.iter();
    let names = names.map(|field| String::from_utf8_lossy(field).trim().to_string());
    let names: HashSet<String> = unique_names(names.collect()).into_iter().collect();
    known.iter().all(|name| names.contains(name))
}

fn set_columns(candidate: &mut Candidate, options: &ReadOptions) {
    let rows = candidate.rows(options);
    let rows = rows
        .iter()
        .filter(|row| !row.is_comment() && !row.is_blank_line());
    let rows: Vec<&Record> = rows.collect();
    let usual = usual_length(&rows);
    let Some(header) = candidate.header(options) else {
        let columns = usual.max(1);
        let least = min_fields(&rows, columns, options);
        candidate.columns = columns;
        candidate.min_fields = least;
        return;
    };
    let names = header.len();
    let is_row_names = names > 1
        && rows.len() > 1
        && usual == names + 1
        && header.filled() == names
        && rows.iter().all(|row| row.len() == usual)
        && rows.iter().any(|row| row.filled() == usual)
        && all_different(&rows);
    let known: HashSet<&String> = options.known_columns.iter().collect();
    let columns = match is_row_names {
        true => usual,
        false => {
            let last = rows.iter().map(|row| row.filled()).max().unwrap_or(names);
            let used = (header.filled()..names).rev();
            let used = used.map(|index| index + 1);
            let kept = used
                .filter(|n| known.contains(&format!("column_{n}")))
                .max();
            let least = header.filled().max(kept.unwrap_or(0)).max(1);
            if rows.is_empty() {
                names
            } else {
                last.clamp(least, names.max(least))
            }
        }
    };
    let least = min_fields(&rows, columns, options);
    candidate.row_names = is_row_names;
    candidate.columns = columns;
    candidate.min_fields = least;
}

/// The most frequent number of fields among the first rows; 0 without rows.
fn usual_length(rows: &[&Record]) -> usize {
    const ROWS: usize = 200;
    let first = &rows[..rows.len().min(ROWS)];
    let mut most = (0, 0);
    for row in rows {
        let same = first.iter().filter(|r| r.len() == row.len()).count();
        if same > most.1 {
            most = (row.len(), same);
        }
        if same * 2 > first.len() {
            break;
        }
    }
    most.0
}

/// Whether the first fields differ, as names of rows do.
fn all_different(rows: &[&Record]) -> bool {
    let mut first: Vec<&[u8]> = rows.iter().map(|row| row.fields[0].as_slice()).collect();
    first.sort_unstable();
    first.windows(2).all(|pair| pair[0] != pair[1])
}

/// The number of fields that a row needs. The last ones may be missing where most rows have them and
/// they are often empty.
fn min_fields(rows: &[&Record], columns: usize, options: &ReadOptions) -> usize {
    if options.fill_short_rows {
        return 1;
    }
    let whole: Vec<&&Record> = rows.iter().filter(|row| row.len() >= columns).collect();
    if whole.len() * 2 <= rows.len() {
        return columns;
    }
    let is_often_empty = |column: usize| {
        let empty = whole
            .iter()
            .filter(|row| row.fields.get(column).is_none_or(|f| is_blank(f)));
        empty.count() * 10 >= whole.len()
    };
    let filled = (1..columns)
        .rev()
        .take_while(|&column| is_often_empty(column));
    columns - filled.count()
}

fn set_fit(candidate: &mut Candidate, options: &ReadOptions) {
    let columns = candidate.columns;
    let rows = candidate.rows(options);
    let header = candidate.header(options);
    let names = header.map_or(columns, Record::len);
    let mut odd = candidate.first > 0
        || candidate.skip_records > 0
        || candidate.row_names
        || candidate.dialect.spaced_quotes
        || names != columns;
    let (mut fitting, mut all) = (0_u32, 0_u32);
    let numbers = rows.iter().filter(|row| row.len() == columns);
    let number_first = numbers
        .clone()
        .all(|row| looks_like_a_number(&row.fields[0]));
    let end = match candidate.sample.is_all {
        true => rows.len() - footer_records(rows, candidate, number_first),
        false => rows.len(),
    };
    odd |= end < rows.len();
    for row in &rows[..end] {
        let found = row.len();
        let extra_blank = found > columns && row.filled() <= columns;
        let short = found < columns && found >= candidate.min_fields;
        if found != columns && (row.is_comment() || row.is_blank_line()) {
            odd = true;
            continue;
        }
        all += 1;
        odd |= extra_blank || short;
        fitting += u32::from(!row.unclosed && (found == columns || extra_blank || short));
    }
    let share = match all {
        0 => 0.0,
        all => f64::from(fitting) / f64::from(all),
    };
    let fit = match () {
        () if columns == 1 => Fit::Single,
        () if fitting < all
            || (odd && all == 0)
            || header.is_some_and(|header| header.unclosed) =>
        {
            Fit::Partly
        }
        () if odd => Fit::Explained,
        () => Fit::Plain,
    };
    candidate.share = share;
    candidate.fit = fit;
}

/// The number of last records that end a report. Below the first, each line may belong to it.
fn footer_records(rows: &[Record], candidate: &Candidate, number_first: bool) -> usize {
    let is_footer = |row: &Record, after_empty_line: bool| {
        let filled = row.fields.iter().filter(|field| !is_blank(field)).count();
        let words = row.fields.iter().map(Vec::as_slice);
        let counts = candidate.dialect.delimiter == b' ' && counts_rows(words);
        let ends = counts || is_footer_text(&row.fields[0], filled, after_empty_line, number_first);
        ends && (row.len() < candidate.min_fields || (counts && row.after_empty_line))
    };
    let last = rows.iter().rev().take(FOOTER_LINES);
    let may_belong = last.take_while(|row| is_footer(row, true));
    let lines = may_belong
        .enumerate()
        .filter(|(_, row)| is_footer(row, row.after_empty_line))
        .last()
        .map_or(0, |(index, _)| index + 1);
    if lines < rows.len() { lines } else { 0 }
}
