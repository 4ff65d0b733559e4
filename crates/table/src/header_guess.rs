//! Whether the first line of a table names the columns.

use crate::detect_layout::Record;
use crate::layout::{is_blank, looks_like_a_number};

/// Whether numbers are plainly names: 0, 1, 2, ... as pandas writes, or years, above rows that are not
/// whole numbers alone.
pub(crate) fn are_names(header: &Record, rows: &[Record]) -> bool {
    const ROWS: usize = 200;
    let numbers = header.fields.iter().map(|field| {
        let text = std::str::from_utf8(field).ok()?;
        text.trim().parse::<i64>().ok()
    });
    let Some(numbers) = numbers.collect::<Option<Vec<i64>>>() else {
        return false;
    };
    let counted = numbers
        .windows(2)
        .all(|pair| pair[1] == pair[0].saturating_add(1));
    let start = numbers.first().copied().unwrap_or(-1);
    let is_range = counted && numbers.len() > 1 && (start == 0 || (1800..=2200).contains(&start));
    let is_whole = |field: &Vec<u8>| {
        let digits = field.trim_ascii();
        digits.iter().all(u8::is_ascii_digit)
    };
    let mut values = rows.iter().take(ROWS).flat_map(|row| &row.fields);
    is_range && values.any(|field| !is_whole(field))
}

/// Whether the header is like the rows: numbers stand above numbers and text above text, and a value
/// comes again or no name would be such a number.
pub(crate) fn header_is_data(header: &Record, rows: &[Record]) -> bool {
    const ROWS: usize = 500;
    let rows = &rows[..rows.len().min(ROWS)];
    let column = |index: usize| {
        let values = rows.iter().filter_map(move |row| row.fields.get(index));
        values.filter(|value| !is_blank(value))
    };
    let (mut numbers, mut fractions, mut again) = (0, 0, 0);
    for (index, field) in header.fields.iter().enumerate() {
        let number = looks_like_a_number(field);
        let count = column(index).count();
        let alike = column(index)
            .filter(|value| looks_like_a_number(value) == number)
            .count();
        if is_blank(field) || count == 0 || alike * 5 < count * 4 {
            return false;
        }
        numbers += usize::from(number);
        fractions += usize::from(number && !field.trim_ascii().iter().all(u8::is_ascii_digit));
        let same = |value: &Vec<u8>| value.trim_ascii() == field.trim_ascii();
        again += usize::from(!number && column(index).any(same));
    }
    let all = header.len();
    match numbers {
        0 => again == all && rows.len() > 2,
        _ => numbers < all && (fractions > 0 || again > 0),
    }
}

/// The first fields of a line, for messages.
pub(crate) fn shown(fields: &[Vec<u8>]) -> String {
    const SHOWN: usize = 4;
    let names = fields.iter().take(SHOWN);
    let names = names.map(|field| format!("`{}`", String::from_utf8_lossy(field).trim()));
    let more = if fields.len() > SHOWN { ", ..." } else { "" };
    names.collect::<Vec<_>>().join(", ") + more
}
