//! The layout of a CSV file: how it is taken apart, and what in it is not part of the table.

use std::io::{self, Read};

use crate::column_names::is_name;
use crate::csv_record::{Dialect, RecordReader};
use crate::csv_text::{UNCLOSED, WrongRow, not_utf8};
use crate::encoding_guess::Guess;

/// How a CSV file is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub dialect: Dialect,
    /// Lines at the start that are left out.
    pub skip_lines: usize,
    /// Records before the header that are left out.
    pub titles: usize,
    /// Whether the first record names the columns.
    pub header: bool,
    /// Records below the header that are left out: the types and roles of an Orange file.
    pub skip_records: usize,
    /// The names of the columns, all different.
    pub names: Vec<String>,
    /// Rows with at least this many fields are filled with empty ones.
    pub min_fields: usize,
    /// The number of fields that most lines at the start have.
    pub usual: usize,
    /// Whether a row that repeats the header is no row.
    pub skip_headers: bool,
    /// Whether a row of dashes alone is no row, since one is below the header.
    pub has_rules: bool,
    /// Whether the file is what Arrow's CSV reader expects, as far as it was looked at.
    pub plain: bool,
    /// What the encoding of text may be that is not UTF-8.
    pub guess: Guess,
}

impl Layout {
    /// Whether the fields of a row are the names of the columns: files were joined with their headers.
    pub fn is_header<'a>(&self, mut fields: impl Iterator<Item = &'a [u8]>) -> bool {
        let mut names = self.names.iter();
        self.skip_headers && names.all(|name| is_name(fields.next().unwrap_or_default(), name))
    }
}

/// What a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Row {
    /// A row of the table. It may have fewer fields than columns, or more, which are empty.
    Data,
    /// A row that cannot be used, and why.
    Bad(String),
}

/// The last lines of a file, which are not rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footer {
    /// The first line.
    pub line: u64,
    pub lines: usize,
    /// The first field of the first line.
    pub text: String,
}

/// Reads the rows of a CSV file by its layout.
pub(crate) struct LayoutRows<R> {
    records: RecordReader<R>,
    layout: Layout,
    /// Whether the first rows were reached.
    started: bool,
    /// Rows that have every column.
    whole_rows: usize,
    /// Lines that are bad rows, unless the file ends with them.
    held: Vec<Held>,
    /// The bad rows that are returned next.
    returned: std::vec::IntoIter<Held>,
    /// Whether the current record is to be returned after the bad rows.
    after_held: bool,
    line: u64,
    footer: Option<Footer>,
    /// Whether the first column holds only numbers so far.
    number_first: bool,
    comments: usize,
    headers: usize,
    /// The odd quotes of the records before.
    odd_quotes: u64,
}

struct Held {
    line: u64,
    text: String,
    reason: String,
}

/// A footer has at most this many lines.
pub(crate) const FOOTER_LINES: usize = 20;

impl<R: Read> LayoutRows<R> {
    pub fn new(text: R, layout: Layout) -> Self {
        Self {
            records: RecordReader::new(text, layout.dialect),
            layout,
            started: false,
            whole_rows: 0,
            held: Vec::new(),
            returned: Vec::new().into_iter(),
            after_held: false,
            line: 1,
            footer: None,
            number_first: true,
            comments: 0,
            headers: 0,
            odd_quotes: 0,
        }
    }

    /// The next row; `None` at the end. A row that is [`Row::Data`] has the fields of
    /// [`fields`](Self::fields).
    pub fn next_row(&mut self) -> io::Result<Option<Row>> {
        if !self.started {
            self.started = true;
            self.records.skip_lines(self.layout.skip_lines)?;
            let header = usize::from(self.layout.header);
            let before = self.layout.titles + header + self.layout.skip_records;
            for _ in 0..before {
                self.records.read()?;
            }
        }
        if let Some(held) = self.returned.next() {
            self.line = held.line;
            return Ok(Some(Row::Bad(held.reason)));
        }
        if std::mem::take(&mut self.after_held) {
            return Ok(Some(self.current()));
        }
        loop {
            if !self.next_record()? {
                return Ok(self.end());
            }
            let after_footer = !self.held.is_empty();
            if self.whole_rows > 0
                && may_be_footer(&self.records, &self.layout, self.number_first, after_footer)
            {
                let first = match self.layout.dialect.delimiter {
                    b' ' => self.records.len(),
                    _ => 1,
                };
                self.held.push(Held {
                    line: self.records.line(),
                    text: joined(self.records.fields().take(first)).trim().to_string(),
                    reason: self.wrong_number(),
                });
                if self.held.len() <= FOOTER_LINES {
                    continue;
                }
                return Ok(self.return_held(false));
            }
            if !self.held.is_empty() {
                return Ok(self.return_held(true));
            }
            return Ok(Some(self.current()));
        }
    }

    /// At the end of the file, the held lines are a footer.
    fn end(&mut self) -> Option<Row> {
        let first = self.held.first()?;
        self.footer = Some(Footer {
            line: first.line,
            lines: self.held.len(),
            text: first.text.clone(),
        });
        self.held.clear();
        None
    }

    /// Returns the held lines as bad rows, because rows follow them.
    fn return_held(&mut self, and_current: bool) -> Option<Row> {
        self.returned = std::mem::take(&mut self.held).into_iter();
        self.after_held = and_current;
        let held = self.returned.next()?;
        self.line = held.line;
        Some(Row::Bad(held.reason))
    }

    /// Reads the next record that is not a comment, blank, or the header again.
    fn next_record(&mut self) -> io::Result<bool> {
        loop {
            self.odd_quotes = self.records.odd_quotes();
            if !self.records.read()? {
                return Ok(false);
            }
            let columns = self.layout.names.len();
            if self.records.len() >= columns && self.layout.is_header(self.records.fields()) {
                self.headers += 1;
                continue;
            }
            if self.layout.has_rules && self.records.fields().all(|field| is_rule(field, 2)) {
                self.comments += 1;
                continue;
            }
            if self.records.len() == columns || self.records.unclosed() {
                return Ok(true);
            }
            match is_comment(self.records.field(0), self.records.len()) {
                true => self.comments += 1,
                false if is_blank_line(&self.records) => {}
                false => return Ok(true),
            }
        }
    }

    fn wrong_number(&self) -> String {
        let found = self.records.len();
        let columns = self.layout.names.len();
        let mut others = self.records.fields().take(found.saturating_sub(1));
        let has_backslash = |field: &[u8]| field.contains(&b'\\');
        let odd = self.records.odd_quotes() > self.odd_quotes;
        let row = WrongRow {
            found,
            expected: columns,
            whole_rows: self.whole_rows,
            usual: self.layout.usual,
            delimiter: self.layout.dialect.delimiter,
            after_empty_line: self.records.after_empty_line(),
            other_delimiter: match found {
                1 => self.other_delimiter(columns),
                _ => None,
            },
            has_escape: !self.layout.dialect.escapes
                && (others.any(|field| field.ends_with(b"\\"))
                    || (odd && self.records.fields().any(has_backslash))),
        };
        row.message()
    }

    /// The other delimiter that makes the only field of a row the fields of all columns, if there is one.
    fn other_delimiter(&self, columns: usize) -> Option<u8> {
        let field = self.records.field(0);
        let count = |sign: u8| field.iter().filter(|byte| **byte == sign).count();
        let mut signs = [b',', b';', b'\t', b'|'].into_iter();
        let delimiter = self.layout.dialect.delimiter;
        signs.find(|sign| *sign != delimiter && columns > 1 && count(*sign) + 1 == columns)
    }

    /// What the current record is.
    fn current(&mut self) -> Row {
        self.line = self.records.line();
        let (found, columns) = (self.records.len(), self.layout.names.len());
        let not_text = self.records.fields();
        let not_text = not_text.map(std::str::from_utf8).position(|f| f.is_err());
        let fits = found == columns
            || (found < columns && found >= self.layout.min_fields)
            || (found > columns && self.records.fields().skip(columns).all(is_blank));
        match not_text {
            _ if self.records.unclosed() => Row::Bad(UNCLOSED.to_string()),
            Some(field) => Row::Bad(self.not_utf8(field)),
            None if fits => {
                self.whole_rows += 1;
                self.number_first &= looks_like_a_number(self.records.field(0));
                Row::Data
            }
            None => Row::Bad(self.wrong_number()),
        }
    }

    fn not_utf8(&mut self, field: usize) -> String {
        let text = self.records.field(field);
        // All bad rows are in the encoding of the first.
        if self.layout.guess == Guess::Unknown {
            self.layout.guess = Guess::of(text);
        }
        not_utf8(field, text, self.layout.guess)
    }

    /// The fields of the row, one for each column.
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let columns = self.layout.names.len();
        (0..columns).map(|column| self.records.field(column))
    }

    /// The line of the row, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Bytes of the row.
    pub fn bytes(&self) -> usize {
        self.records.bytes() + self.layout.names.len()
    }

    /// The bytes of the row in the file, with its line end and without its delimiters.
    pub fn bytes_read(&self) -> usize {
        self.records.bytes() + 1
    }

    /// Whether the text ends inside quotes of the row.
    pub fn unclosed(&self) -> bool {
        self.records.unclosed()
    }

    /// The comment lines so far.
    pub fn comments(&self) -> usize {
        self.comments
    }

    /// The rows so far that repeat the header.
    pub fn headers(&self) -> usize {
        self.headers
    }

    /// The last lines that were left out, once the end is reached.
    pub fn footer(&self) -> Option<&Footer> {
        self.footer.as_ref()
    }
}

/// Whether a record with the wrong number of fields is the end of a report rather than a row:
/// `Source: ...`, `(12 rows)` or `Total,123`. A row that was cut off is not: it begins with what the
/// first column holds. Lines below the first of a footer belong to it.
fn may_be_footer<R: Read>(
    records: &RecordReader<R>,
    layout: &Layout,
    number_first: bool,
    after_footer: bool,
) -> bool {
    let columns = layout.names.len();
    let counts = || layout.dialect.delimiter == b' ' && counts_rows(records.fields());
    // `12 rows selected.` may have as many words as there are columns.
    if records.after_empty_line() && !records.unclosed() && counts() {
        return true;
    }
    if records.len() >= columns || records.len() >= layout.min_fields || records.unclosed() {
        return false;
    }
    if counts() {
        return true;
    }
    let filled = records.fields().filter(|field| !is_blank(field)).count();
    is_footer_text(
        records.field(0),
        filled,
        records.after_empty_line() || after_footer,
        number_first,
    )
}

/// Whether a line may end a report: by its first field, the number of fields that are not blank,
/// whether an empty line or a footer stands before it, and whether the first column holds only numbers.
pub(crate) fn is_footer_text(
    first: &[u8],
    filled: usize,
    after_empty_line: bool,
    number_first: bool,
) -> bool {
    const TOTALS: [&str; 8] = [
        "total",
        "totals",
        "sum",
        "grand total",
        "subtotal",
        "average",
        "mean",
        "count",
    ];
    let first = String::from_utf8_lossy(first).trim().to_lowercase();
    if TOTALS.contains(&first.trim_end_matches(':')) {
        return true;
    }
    let words = first.chars().any(char::is_alphabetic) && !looks_like_a_number(first.as_bytes());
    let sentence = first.contains([' ', ':', '(', '=']) || first.starts_with("--");
    let ends = after_empty_line || is_count(&first) || names_source(&first);
    filled == 1 && words && (ends || (number_first && sentence))
}

/// Whether fields between spaces are the words of a line that counts rows.
pub(crate) fn counts_rows<'a>(fields: impl Iterator<Item = &'a [u8]>) -> bool {
    is_count(&joined(fields).to_lowercase())
}

fn joined<'a>(fields: impl Iterator<Item = &'a [u8]>) -> String {
    let words: Vec<_> = fields.map(String::from_utf8_lossy).collect();
    words.join(" ")
}

/// Whether text in lower case counts rows, as databases do: `(12 rows)`, `12 rows in set (0.00 sec)`.
fn is_count(text: &str) -> bool {
    let text = text.trim_start_matches('(');
    let words = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',');
    let word = words.trim_start().split([' ', ')', '.']).next();
    words.starts_with(' ')
        && words.len() < text.len()
        && matches!(
            word,
            Some("row" | "rows" | "row(s" | "record" | "records" | "record(s")
        )
}

/// Whether text in lower case says where a table is from, or that it ends: `source: ...`, `© 2024 ...`,
/// `*** end of report ***`.
fn names_source(text: &str) -> bool {
    const STARTS: [&str; 20] = [
        "source:",
        "sources:",
        "data source:",
        "quelle:",
        "quellen:",
        "fuente:",
        "fonte:",
        "bron:",
        "note:",
        "notes:",
        "hinweis:",
        "anmerkung:",
        "nota:",
        "remarque:",
        "last updated:",
        "generated on ",
        "generated on:",
        "report generated:",
        "report generated ",
        "©",
    ];
    const ENDS: [&str; 5] = ["report", "file", "data", "table", "list"];
    let plain = text.trim_matches(|c: char| !c.is_alphanumeric());
    let end = plain.strip_prefix("end of ");
    let is_end = plain == "end" && text.starts_with(['-', '*', '=']);
    STARTS.iter().any(|start| text.starts_with(start))
        || end.is_some_and(|end| ENDS.contains(&end))
        || is_end
        || is_page(text)
}

/// Whether text in lower case is the number of a page: `page 1 of 3`.
fn is_page(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    matches!(words[..], ["page", page, "of", pages] if is_number(page) && is_number(pages))
}

/// Whether a line begins as comments do, or is a line of dashes, by its first field and the number of all.
pub(crate) fn is_comment(first: &[u8], fields: usize) -> bool {
    let first = first.trim_ascii_start();
    first.starts_with(b"#")
        || first.starts_with(b"//")
        || first.starts_with(b"%")
        || (fields == 1 && is_rule(first, 3))
}

/// Whether a field is a part of a line of dashes, such as those that databases and Markdown have around a table.
pub(crate) fn is_rule(field: &[u8], least: usize) -> bool {
    let field = field.trim_ascii();
    let dashes = field.iter().filter(|byte| matches!(byte, b'-' | b'='));
    dashes.count() >= least && field.iter().all(|byte| b"-=+:| ".contains(byte))
}

pub(crate) fn is_blank(field: &[u8]) -> bool {
    field.trim_ascii().is_empty()
}

/// Whether a record is a line of spaces.
fn is_blank_line<R: Read>(records: &RecordReader<R>) -> bool {
    records.len() == 1 && is_blank(records.field(0))
}

/// Whether text looks like a number, an amount or a date, in any notation.
pub(crate) fn looks_like_a_number(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let rest = text.iter().filter(|byte| !byte.is_ascii_digit());
    let digits = text.len() - rest.clone().count();
    digits > 0 && rest.clone().all(|byte| b"+-.,:/%$'()eE ".contains(byte))
}
