//! The text of CSV files: the first lines, and messages about bad rows.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::decompress::unpacked;
use crate::encoding::{Encoding, as_utf8};

/// Line ends that are read after the end of a CSV file. The CSV parser skips empty lines, unless a
/// quote was never closed: then they are part of the last field, and show the mistake.
pub(crate) const END: &[u8] = &[b'\n'; 64];
/// The message for a field that ends with [`END`].
pub(crate) const UNCLOSED: &str = "a quote is opened in this row and never closed";
/// What to do with text that is not UTF-8.
pub(crate) const SAVE_AS_UTF8: &str = "save the file as UTF-8, or if it is Windows-1252 (Latin-1), \
                                       pass --encoding windows-1252";

/// The message for a field that is not UTF-8; fields count from 0.
pub(crate) fn not_utf8(field: usize) -> String {
    format!("field {} is not UTF-8 text: {SAVE_AS_UTF8}", field + 1)
}

/// The message for a row with the wrong number of fields, with the cure that fits: `whole_rows` is the
/// number of rows before it that have the right number.
pub(crate) fn wrong_number_of_fields(found: usize, expected: usize, whole_rows: usize) -> String {
    let fields = if found == 1 { "field" } else { "fields" };
    let cure = match () {
        () if found < expected && whole_rows == 0 => {
            "pass --fill-short-rows if its last fields are missing, or --skip-lines N if the header \
             is line N+1"
        }
        () if found < expected => {
            "pass --fill-short-rows to read its last fields as missing, or --comment CHAR if the \
             line is a comment"
        }
        () if whole_rows == 0 => {
            "pass --skip-lines N if the header is line N+1, or --delimiter CHAR if the fields are \
             separated by another character"
        }
        () => "quote a field that holds the delimiter",
    };
    format!("this row has {found} {fields}, the header {expected}; {cure}")
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
