//! The text of CSV files: the first lines, and messages about bad rows.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::decompress::unpacked;
use crate::encoding::{Encoding, as_utf8};
use crate::encoding_guess::Guess;

/// Line ends that are read after the end of a CSV file. The CSV parser skips empty lines, unless a
/// quote was never closed: then they are part of the last field, and show the mistake.
pub(crate) const END: &[u8] = &[b'\n'; 64];
/// The message for a field that ends with [`END`].
pub(crate) const UNCLOSED: &str = "a quote is opened in this row and never closed: close it, or, if it is \
     part of the text, double it and put the field in quotes";
/// The message for a field that is not UTF-8; fields count from 0.
pub(crate) fn not_utf8(field: usize, text: &[u8], guess: Guess) -> String {
    format!(
        "field {} is not UTF-8 text: {}",
        field + 1,
        guess.advice(text)
    )
}

/// A row with the wrong number of fields, and what is around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WrongRow {
    pub found: usize,
    pub expected: usize,
    /// The number of rows before it that have the right number.
    pub whole_rows: usize,
    /// The number of fields that most lines at the start of the file have.
    pub usual: usize,
    pub delimiter: u8,
    /// Whether an empty line stands before it.
    pub after_empty_line: bool,
    /// What separates the fields of the row, if that is not the delimiter.
    pub other_delimiter: Option<u8>,
    /// Whether it has a backslash before a quote or a delimiter.
    pub has_escape: bool,
}

impl WrongRow {
    /// The message, with the cure that fits.
    pub fn message(&self) -> String {
        let Self {
            found, expected, ..
        } = *self;
        let fields = if found == 1 { "field" } else { "fields" };
        if let Some(other) = self.other_delimiter.filter(|_| self.whole_rows == 0) {
            let [header, row] = [self.delimiter, other].map(char::from);
            return format!(
                "this row has {found} {fields}, the header {expected}; the names in the header are separated by \
                 {header:?}, and the fields of this row by {row:?}: write both alike"
            );
        }
        let cure = self.cure();
        format!("this row has {found} {fields}, the header {expected}; {cure}")
    }

    fn cure(&self) -> &'static str {
        let missing = self.found < self.expected;
        match () {
            () if self.has_escape => {
                "write a quote within quotes as two, without a backslash, and quote a field that holds the \
                 delimiter"
            }
            () if missing && self.whole_rows == 0 => {
                "pass --fill-short-rows if its last fields are missing, or --skip-lines N if the header \
                 is line N+1"
            }
            () if missing && self.after_empty_line => {
                "if another table begins here, remove it; otherwise pass --fill-short-rows to read its last \
                 fields as missing, or --comment CHAR if the line is a comment"
            }
            () if missing => {
                "pass --fill-short-rows to read its last fields as missing, or --comment CHAR if the \
                 line is a comment"
            }
            () if self.whole_rows == 0 && self.delimiter == b',' => {
                "pass --skip-lines N if the header is line N+1, or --delimiter CHAR if the fields are \
                 separated by another character; if commas are decimal signs, write the file with semicolons \
                 between the fields"
            }
            () if self.whole_rows == 0 => {
                "pass --skip-lines N if the header is line N+1, or --delimiter CHAR if the fields are \
                 separated by another character"
            }
            () if self.usual == self.found => {
                "pass --skip-lines N if the header is line N+1: most lines are as long as this one"
            }
            () => "quote a field that holds the delimiter",
        }
    }
}

/// The bytes of the first line, at most.
const MAX_LINE: usize = 16 << 20;

/// The first bytes of a CSV file: at least 64 KiB, and up to the end of the first line if that is
/// longer.
pub(crate) struct Head {
    pub bytes: Vec<u8>,
    /// Whether these are all bytes of the file.
    pub is_all: bool,
}

impl Head {
    /// Whether the first line is longer than that of any table.
    pub fn is_cut_off(&self) -> bool {
        let has_line_end = |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
        !self.is_all && !has_line_end(&self.bytes)
    }
}

/// Reads the head of a text.
pub(crate) fn head(text: &mut impl Read) -> io::Result<Head> {
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len();
        text.by_ref().take(64 << 10).read_to_end(&mut bytes)?;
        let is_all = bytes.len() - before < 64 << 10;
        if is_all || bytes[before..].contains(&b'\n') || bytes.len() > MAX_LINE {
            return Ok(Head { bytes, is_all });
        }
    }
}

/// The decompressed and decoded text of a CSV file; `None` if it cannot be read.
pub(crate) fn open_text(path: &Path, encoding: Option<Encoding>) -> Option<Box<dyn Read + Send>> {
    let file = File::open(path).ok()?;
    let unpacked = unpacked("", Some(path), None, file).ok()?;
    as_utf8(unpacked.bytes, encoding).ok()
}
