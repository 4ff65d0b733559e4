//! The text of CSV files: decompression, the first lines, and messages about bad rows.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// The first bytes of a gzip file.
pub(crate) const GZIP: &[u8] = &[0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Line ends that are read after the end of every CSV file. The CSV parser skips empty lines, unless a
/// quote was never closed: then they are part of the last field, and show the mistake.
pub(crate) const END: &[u8] = &[b'\n'; 64];
/// The message for a field that ends with [`END`].
pub(crate) const UNCLOSED: &str = "a quote is opened in this row and never closed";

/// The message for a field that is not UTF-8; fields count from 0.
pub(crate) fn not_utf8(field: usize) -> String {
    format!(
        "field {} is not UTF-8 text: save the file as UTF-8",
        field + 1
    )
}

/// The message for a row with the wrong number of fields.
pub(crate) fn wrong_number_of_fields(found: usize, expected: usize) -> String {
    let fields = if found == 1 { "field" } else { "fields" };
    format!(
        "this row has {found} {fields}, the header {expected}; quote a field that holds the \
         delimiter"
    )
}

/// Decompresses gzip, and passes any other bytes through.
pub(crate) fn decompressed(
    mut bytes: impl Read + Send + 'static,
) -> io::Result<Box<dyn Read + Send>> {
    let mut magic = Vec::new();
    bytes.by_ref().take(2).read_to_end(&mut magic)?;
    let gzip = magic == GZIP;
    let all = Cursor::new(magic).chain(bytes);
    Ok(match gzip {
        true => Box::new(BufReader::new(MultiGzDecoder::new(BufReader::new(all)))),
        false => Box::new(BufReader::new(all)),
    })
}

/// The first bytes of a CSV file: at least 64 KiB, and up to the end of the first line if that is
/// longer.
pub(crate) fn head(bytes: &mut impl Read) -> io::Result<Vec<u8>> {
    const MAX_LINE: u64 = 64 << 20;
    let mut head = Vec::new();
    loop {
        let before = head.len();
        bytes.by_ref().take(64 << 10).read_to_end(&mut head)?;
        let ended = head.len() == before;
        if ended || head.contains(&b'\n') || head.len() as u64 > MAX_LINE {
            return Ok(head);
        }
    }
}

/// Bytes without a byte order mark at their start.
pub(crate) fn without_byte_order_mark(head: &[u8]) -> &[u8] {
    head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head)
}

/// The decompressed text of a CSV file, without a byte order mark; `None` if it cannot be read.
pub(crate) fn open_text(path: &Path) -> Option<impl Read + use<>> {
    let mut bytes = decompressed(File::open(path).ok()?).ok()?;
    let head = head(&mut bytes).ok()?;
    let head = without_byte_order_mark(&head).to_vec();
    Some(Cursor::new(head).chain(bytes))
}
