//! Cells of OpenDocument sheets that stand for many.

use std::io::{BufRead, Read};

/// Columns and rows of a sheet, at most.
const MAX_COLUMNS: u64 = 16_384;
const MAX_ROWS: u64 = 1_048_576;
/// Bytes that the library takes for a cell and its formula when it reads a row, and for a cell of a sheet.
const READ_BYTES: u64 = 56;
const CELL_BYTES: u64 = 32;

/// Checks how much memory the cells of a document take when each cell and each row stands for as many as it
/// says: a line of text may stand for millions of cells, and the library writes all of them out. `content` is the
/// document's `content.xml`.
///
/// # Errors
///
/// More than `limit` bytes.
pub(crate) fn check_repeated_cells(mut content: impl BufRead, limit: u64) -> Result<(), String> {
    /// A tag is looked at in parts of this length.
    const MAX_PART: u64 = 1 << 20;
    let (mut part, mut sheets) = (Vec::new(), Sheets::default());
    loop {
        part.clear();
        // Up to the end of a tag; a tag with such a sign inside is several parts.
        let read = content.by_ref().take(MAX_PART).read_until(b'>', &mut part);
        if read.map_err(|error| error.to_string())? == 0 {
            return Ok(());
        }
        sheets.add(&part);
        if sheets.bytes() > limit {
            return Err(
                "its cells are too many for the memory: export the sheet as CSV".to_string(),
            );
        }
    }
}

/// The sheets so far.
#[derive(Default)]
struct Sheets {
    /// Bytes of the sheets before.
    before: u64,
    /// Bytes of the cells of the sheet as they are read.
    read: u64,
    /// Rows of the sheet, the empty ones at its end, and the cells of the widest row.
    rows: u64,
    empty_rows: u64,
    widest: u64,
    row: Row,
}

/// A row so far.
#[derive(Default)]
struct Row {
    /// How many rows it stands for.
    repeats: u64,
    cells: u64,
    /// Empty cells at its end.
    empty: u64,
    bytes: u64,
    /// How many cells the current cell stands for.
    of_cell: u64,
}

impl Sheets {
    fn bytes(&self) -> u64 {
        let rows = self.rows.saturating_add(self.row.repeats);
        let dense = rows.saturating_mul(self.widest.max(self.row.cells));
        let row = self.row.bytes.saturating_mul(self.row.repeats.max(1));
        [
            self.before,
            self.read,
            row,
            dense.saturating_mul(CELL_BYTES),
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    fn add(&mut self, part: &[u8]) {
        let is = |name: &[u8]| position(part, name).is_some();
        let is_cell = is(b"<table:table-cell") || is(b"<table:covered-table-cell");
        match () {
            () if is(b"<table:table-row") => {
                self.end_row();
                let repeats = number(part, b"number-rows-repeated");
                self.row.repeats = repeats.clamp(1, MAX_ROWS);
            }
            () if is(b"<table:table>") || is(b"<table:table ") => self.end_sheet(),
            () if is(b"table-cell>") && is(b"</") => self.row.of_cell = 1,
            // Empty cells are written out only if another one follows.
            () if is_cell && part.ends_with(b"/>") && !is(b"office:") => {
                self.row.empty += number(part, b"number-columns-repeated").clamp(1, MAX_COLUMNS);
            }
            () => {
                let repeats = number(part, b"number-columns-repeated").min(MAX_COLUMNS);
                if is_cell || repeats > 1 {
                    let row = &mut self.row;
                    row.of_cell = repeats.max(1);
                    let cells = row.of_cell + std::mem::take(&mut row.empty);
                    row.cells = (row.cells + cells).min(MAX_COLUMNS);
                    row.bytes = row.bytes.saturating_add(cells * READ_BYTES);
                }
                // Its text is copied as well.
                let text = (part.len() as u64).saturating_mul(self.row.of_cell);
                self.row.bytes = self.row.bytes.saturating_add(text);
            }
        }
    }

    fn end_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        match row.cells {
            0 => self.empty_rows = self.empty_rows.saturating_add(row.repeats),
            cells => {
                let empty = std::mem::take(&mut self.empty_rows);
                self.rows = self.rows.saturating_add(empty).saturating_add(row.repeats);
                self.widest = self.widest.max(cells);
                let bytes = row.bytes.saturating_mul(row.repeats.max(1));
                self.read = self.read.saturating_add(bytes);
            }
        }
    }

    fn end_sheet(&mut self) {
        self.end_row();
        self.before = self.bytes();
        (self.read, self.rows, self.empty_rows, self.widest) = (0, 0, 0, 0);
    }
}

/// The largest value of an attribute in a part of a tag; 0 without it.
fn number(part: &[u8], attribute: &[u8]) -> u64 {
    let mut largest = 0;
    let mut rest = part;
    while let Some(at) = position(rest, attribute) {
        rest = &rest[at + attribute.len()..];
        let value = rest.iter().skip_while(|byte| !byte.is_ascii_digit());
        let digits = value.take_while(|byte| byte.is_ascii_digit());
        let number = digits.fold(0u64, |number, digit| {
            let digit = u64::from(digit - b'0');
            number.saturating_mul(10).saturating_add(digit)
        });
        largest = number.max(largest);
    }
    largest
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(sheet: &str, bytes: u64) -> bool {
        let content = format!("<table:table table:name=\"a\">{sheet}</table:table>");
        check_repeated_cells(content.as_bytes(), bytes).is_ok()
    }

    /// A cell that stands for so many.
    fn cell(repeats: usize) -> String {
        format!(
            "<table:table-cell table:number-columns-repeated=\"{repeats}\" office:value=\"1\"/>"
        )
    }

    fn row(cells: &str) -> String {
        format!("<table:table-row>{cells}</table:table-row>")
    }

    const KB: u64 = 1_000;

    #[test]
    fn repeated_cells_and_rows_are_counted() {
        assert!(fits(&row(&cell(1)).repeat(10), 10 * KB));
        let wide = row(&cell(1_000));
        assert!(fits(&wide, 300 * KB) && !fits(&wide, 50 * KB));
        assert!(!fits(&wide.repeat(5), 250 * KB));
        let rows = wide.replace("table-row>", "table-row table:number-rows-repeated='1000'>");
        assert!(!fits(&rows, 50_000 * KB));
        // A sheet is as wide in each row as in the widest.
        let mixed = row(&cell(16_000)) + &row(&cell(1)).repeat(1_000);
        assert!(!fits(&mixed, 500_000 * KB));
        // More columns than there are do not count.
        let many = row(&cell(1)).replace("\"1\"", "\"99999999999999999999\"");
        assert!(fits(&many, 10_000 * KB));
    }

    #[test]
    fn text_is_copied_into_each_cell() {
        let text = "x".repeat(1_000);
        let filled = format!(
            "<table:table-cell table:number-columns-repeated='1000'><text:p>{text}</text:p></table:table-cell>"
        );
        assert!(!fits(&row(&filled), 1_000 * KB));
        assert!(fits(&row(&filled.replace("1000", "1")), 10 * KB));
    }

    #[test]
    fn empty_cells_count_if_others_follow() {
        let empty = "<table:table-cell table:number-columns-repeated=\"16000\"/>";
        let last = row(&(cell(1) + empty));
        assert!(fits(&last.repeat(1_000), 500 * KB));
        let first = row(&(empty.to_string() + &cell(1)));
        assert!(!fits(&first, 500 * KB));
        // A sign that ends a tag may stand in a value.
        let hidden = cell(9_000).replace("table-cell ", "table-cell a=\">\" ");
        assert!(!fits(&row(&hidden), 500 * KB));
    }
}
