//! Records of CSV with everything around them: line numbers, comments, and quotes after a space.

use std::io::{self, BufRead, BufReader, Read};

/// How text is taken apart into fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The byte between fields; a space stands for one or more spaces or tabs.
    pub delimiter: u8,
    /// Lines that begin with this byte are left out.
    pub comment: Option<u8>,
    /// Whether a quote may follow spaces after a delimiter.
    pub spaced_quotes: bool,
    /// The byte around fields that hold a delimiter.
    pub quote: u8,
    /// Whether a backslash before a quote, a delimiter, a line end or a backslash means that byte.
    pub escapes: bool,
    /// Whether a delimiter stands before the first field as well.
    pub bordered: bool,
}

impl Dialect {
    /// Plain CSV with this delimiter.
    pub fn of(delimiter: u8) -> Self {
        Self {
            delimiter,
            comment: None,
            spaced_quotes: false,
            quote: b'"',
            escapes: false,
            bordered: false,
        }
    }

    fn is_delimiter(&self, byte: u8) -> bool {
        byte == self.delimiter || (self.delimiter == b' ' && byte == b'\t')
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    StartRecord,
    Comment,
    StartField,
    /// In spaces at the start of a field, before which a quote would not count.
    Indent,
    /// After one or more spaces that delimit.
    AfterSpaces,
    InField,
    Quoted,
    /// After a quote inside quotes: the end, or half of a doubled quote.
    QuoteInQuotes,
    /// After the closing quote of a field with `spaced_quotes`.
    AfterQuote,
    /// After a backslash, with `escapes`.
    EscapedInField,
    EscapedInQuotes,
}

/// Reads one record after the other. Quotes, line ends and empty lines count as for the csv crate.
pub(crate) struct RecordReader<R> {
    reader: BufReader<R>,
    dialect: Dialect,
    state: State,
    /// The number of line feeds so far.
    line_feeds: u64,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// Whether the last byte was a carriage return that ended a line.
    after_return: bool,
    empty_lines: u64,
    line: u64,
    unclosed: bool,
    spaced: bool,
    odd_quotes: u64,
}

impl<R: Read> RecordReader<R> {
    pub fn new(reader: R, dialect: Dialect) -> Self {
        Self {
            reader: BufReader::with_capacity(64 << 10, reader),
            dialect,
            state: State::StartRecord,
            line_feeds: 0,
            text: Vec::new(),
            ends: Vec::new(),
            after_return: false,
            empty_lines: 0,
            line: 1,
            unclosed: false,
            spaced: false,
            odd_quotes: 0,
        }
    }

    /// Leaves out lines; called before the first record.
    pub fn skip_lines(&mut self, lines: usize) -> io::Result<()> {
        for _ in 0..lines {
            if self.reader.fill_buf()?.is_empty() {
                break;
            }
            self.line_feeds += u64::from(skip_line(&mut self.reader)?);
        }
        Ok(())
    }

    /// Reads the next record; false at the end.
    pub fn read(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.ends.clear();
        self.empty_lines = 0;
        self.state = State::StartRecord;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(self.finish());
            }
            // The buffer is borrowed from the reader, and stepping needs the rest of this struct.
            let mut steps = Steps {
                dialect: self.dialect,
                state: self.state,
                line_feeds: &mut self.line_feeds,
                text: &mut self.text,
                ends: &mut self.ends,
                after_return: &mut self.after_return,
                empty_lines: &mut self.empty_lines,
                line: &mut self.line,
                spaced: &mut self.spaced,
                odd_quotes: &mut self.odd_quotes,
            };
            let mut used = 0;
            let mut ended = false;
            for &byte in buffer {
                used += 1;
                if steps.step(byte) {
                    ended = true;
                    break;
                }
            }
            self.state = steps.state;
            self.reader.consume(used);
            if ended {
                return Ok(true);
            }
        }
    }

    /// Ends the last record of the text.
    fn finish(&mut self) -> bool {
        match self.state {
            State::StartRecord | State::Comment => return false,
            State::AfterSpaces if self.ends.is_empty() => return false,
            State::AfterSpaces => {}
            state => {
                if matches!(state, State::EscapedInField | State::EscapedInQuotes) {
                    self.text.push(b'\\');
                }
                self.unclosed = matches!(state, State::Quoted | State::EscapedInQuotes);
                self.ends.push(self.text.len());
            }
        }
        true
    }

    /// The number of fields of the record.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The fields of the record.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        (0..self.ends.len()).map(|index| self.field(index))
    }

    /// A field of the record; empty if the record has none with this index.
    pub fn field(&self, index: usize) -> &[u8] {
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(index).copied().unwrap_or_default();
        self.text.get(start..end).unwrap_or_default()
    }

    /// The bytes of all fields.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The line where the record begins, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether an empty line stands before the record.
    pub fn after_empty_line(&self) -> bool {
        self.empty_lines > 0
    }

    /// Whether the text ends inside quotes of this record.
    pub fn unclosed(&self) -> bool {
        self.unclosed
    }

    /// The quotes so far that ended a field before its end.
    pub fn odd_quotes(&self) -> u64 {
        self.odd_quotes
    }

    /// Whether a quote followed spaces in any record so far.
    pub fn has_spaced_quotes(&self) -> bool {
        self.spaced
    }
}

/// Skips a line, and returns whether it ended with a line feed.
fn skip_line(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let end = buffer
            .iter()
            .position(|&byte| matches!(byte, b'\n' | b'\r'));
        let Some(end) = end else {
            let length = buffer.len();
            reader.consume(length);
            continue;
        };
        let is_line_feed = buffer[end] == b'\n';
        reader.consume(end + 1);
        if is_line_feed {
            return Ok(true);
        }
        let follows = reader.fill_buf()?.first() == Some(&b'\n');
        reader.consume(usize::from(follows));
        return Ok(follows);
    }
}

/// The state machine, without the reader.
struct Steps<'a> {
    dialect: Dialect,
    state: State,
    line_feeds: &'a mut u64,
    text: &'a mut Vec<u8>,
    ends: &'a mut Vec<usize>,
    after_return: &'a mut bool,
    empty_lines: &'a mut u64,
    line: &'a mut u64,
    spaced: &'a mut bool,
    odd_quotes: &'a mut u64,
}

impl Steps<'_> {
    /// Takes a byte, and returns whether it ends the record.
    fn step(&mut self, byte: u8) -> bool {
        *self.line_feeds += u64::from(byte == b'\n');
        match self.state {
            State::StartRecord => self.start_record(byte),
            State::Comment => {
                if matches!(byte, b'\n' | b'\r') {
                    *self.after_return = byte == b'\r';
                    self.state = State::StartRecord;
                }
                false
            }
            State::StartField => self.start_field(byte),
            State::Indent => self.indent(byte),
            State::AfterSpaces => self.after_spaces(byte),
            State::InField => self.in_field(byte),
            State::Quoted => {
                match byte {
                    _ if byte == self.dialect.quote => self.state = State::QuoteInQuotes,
                    b'\\' if self.dialect.escapes => self.state = State::EscapedInQuotes,
                    _ => self.text.push(byte),
                }
                false
            }
            State::QuoteInQuotes => self.quote_in_quotes(byte),
            State::AfterQuote => match byte {
                b' ' => false,
                _ => self.after_quote(byte),
            },
            State::EscapedInField => self.escaped(byte, State::InField),
            State::EscapedInQuotes => self.escaped(byte, State::Quoted),
        }
    }

    fn start_record(&mut self, byte: u8) -> bool {
        if matches!(byte, b'\n' | b'\r') {
            let second_half = byte == b'\n' && *self.after_return;
            *self.empty_lines += u64::from(!second_half);
            *self.after_return = byte == b'\r';
            return false;
        }
        *self.after_return = false;
        if self.dialect.comment == Some(byte) {
            self.state = State::Comment;
            return false;
        }
        *self.line = *self.line_feeds + 1;
        if self.dialect.bordered && self.dialect.is_delimiter(byte) {
            self.state = State::StartField;
            return false;
        }
        self.start_field(byte)
    }

    /// Takes the byte after a backslash.
    fn escaped(&mut self, byte: u8, state: State) -> bool {
        let is_meant = byte == self.dialect.quote
            || self.dialect.is_delimiter(byte)
            || matches!(byte, b'\\' | b'\n');
        match byte {
            // A line feed follows.
            b'\r' => return false,
            _ if is_meant => self.text.push(byte),
            // Such as `\N`, which is no escape of a byte.
            _ => self.text.extend([b'\\', byte]),
        }
        self.state = state;
        false
    }

    fn start_field(&mut self, byte: u8) -> bool {
        if byte == self.dialect.quote {
            self.state = State::Quoted;
            return false;
        }
        if self.dialect.delimiter == b' ' && self.dialect.is_delimiter(byte) {
            self.state = State::AfterSpaces;
            return false;
        }
        if byte == b' ' && self.dialect.spaced_quotes {
            self.text.push(byte);
            self.state = State::Indent;
            return false;
        }
        self.in_field(byte)
    }

    fn indent(&mut self, byte: u8) -> bool {
        match byte {
            b' ' => {
                self.text.push(byte);
                false
            }
            _ if byte == self.dialect.quote => {
                self.text.truncate(self.ends.last().copied().unwrap_or(0));
                *self.spaced = true;
                self.state = State::Quoted;
                false
            }
            _ => self.in_field(byte),
        }
    }

    fn after_spaces(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' | b'\r' if self.ends.is_empty() => {
                // The line holds nothing but spaces.
                *self.empty_lines += 1;
                *self.after_return = byte == b'\r';
                self.state = State::StartRecord;
                false
            }
            b'\n' | b'\r' => {
                *self.after_return = byte == b'\r';
                true
            }
            _ => self.start_field(byte),
        }
    }

    fn in_field(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' | b'\r' => {
                self.ends.push(self.text.len());
                *self.after_return = byte == b'\r';
                true
            }
            _ if self.dialect.is_delimiter(byte) => {
                self.ends.push(self.text.len());
                self.state = match self.dialect.delimiter {
                    b' ' => State::AfterSpaces,
                    _ => State::StartField,
                };
                false
            }
            b'\\' if self.dialect.escapes => {
                self.state = State::EscapedInField;
                false
            }
            _ => {
                self.text.push(byte);
                self.state = State::InField;
                false
            }
        }
    }

    fn quote_in_quotes(&mut self, byte: u8) -> bool {
        match byte {
            _ if byte == self.dialect.quote => {
                self.text.push(byte);
                self.state = State::Quoted;
                false
            }
            b' ' if self.dialect.spaced_quotes && self.dialect.delimiter != b' ' => {
                self.state = State::AfterQuote;
                false
            }
            _ => self.after_quote(byte),
        }
    }

    /// Takes the byte after the end of quotes, which ends the field in a text without mistakes.
    fn after_quote(&mut self, byte: u8) -> bool {
        let ends = self.dialect.is_delimiter(byte) || matches!(byte, b'\n' | b'\r');
        *self.odd_quotes += u64::from(!ends);
        self.in_field(byte)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Records = Vec<(u64, Vec<String>)>;

    fn records(text: &str, dialect: Dialect, skip: usize) -> Records {
        let mut reader = RecordReader::new(text.as_bytes(), dialect);
        reader.skip_lines(skip).unwrap();
        let mut all = Vec::new();
        while reader.read().unwrap() {
            let fields = reader
                .fields()
                .map(|f| String::from_utf8_lossy(f).into_owned());
            all.push((reader.line(), fields.collect()));
        }
        all
    }

    fn record(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
        (line, fields.iter().map(|field| field.to_string()).collect())
    }

    #[test]
    fn records_know_their_lines() {
        let text = "title\r\n\r\na,b\r\n# none\n\"x\ny\",\"1\"\"\"\n\n2,";
        let dialect = Dialect {
            comment: Some(b'#'),
            ..Dialect::of(b',')
        };
        let expected = [
            record(3, &["a", "b"]),
            record(5, &["x\ny", "1\""]),
            record(8, &["2", ""]),
        ];
        assert_eq!(records(text, dialect, 1), expected);
        assert_eq!(records(text, dialect, 2), expected);
    }

    #[test]
    fn spaces_delimit_together() {
        let text = "  a b \n \n 1 \t \"2 3\"  \n4";
        let expected = [
            record(1, &["a", "b"]),
            record(3, &["1", "2 3"]),
            record(4, &["4"]),
        ];
        assert_eq!(records(text, Dialect::of(b' '), 0), expected);
    }

    #[test]
    fn quotes_may_follow_spaces() {
        let dialect = Dialect {
            spaced_quotes: true,
            ..Dialect::of(b',')
        };
        let text = "\"a\", \"b, c\" ,  d\n1,  \"2\", \n";
        let expected = [
            record(1, &["a", "b, c", "  d"]),
            record(2, &["1", "2", " "]),
        ];
        assert_eq!(records(text, dialect, 0), expected);
    }

    #[test]
    fn quotes_may_be_single_or_escaped() {
        let dialect = Dialect {
            quote: b'\'',
            ..Dialect::of(b',')
        };
        let expected = [record(1, &["a, b", "it's", "\"c\""])];
        assert_eq!(records("'a, b','it''s',\"c\"\n", dialect, 0), expected);
        let dialect = Dialect {
            escapes: true,
            ..Dialect::of(b',')
        };
        let text = "\"a \\\"b\\\", c\",d\\, e,\\N,f\\\ng,\"\\\\\"\r\n1\\\"\\";
        let expected = [
            record(1, &["a \"b\", c", "d, e", "\\N", "f\ng", "\\"]),
            record(3, &["1\"\\"]),
        ];
        assert_eq!(records(text, dialect, 0), expected);
        let mut reader = RecordReader::new(text.as_bytes(), Dialect::of(b','));
        while reader.read().unwrap() {}
        assert_eq!(reader.odd_quotes(), 1);
    }

    proptest! {
        #[test]
        fn records_are_those_of_the_csv_crate(text in "[a, \"\r\n]{0,40}") {
            let mut reader = csv::ReaderBuilder::new();
            let reader = reader.has_headers(false).flexible(true);
            let expected: Vec<Vec<String>> = reader
                .from_reader(text.as_bytes())
                .records()
                .map(|record| record.unwrap().iter().map(str::to_string).collect())
                .collect();
            let found = records(&text, Dialect::of(b','), 0);
            let found: Vec<Vec<String>> = found.into_iter().map(|(_, fields)| fields).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
