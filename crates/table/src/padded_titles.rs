//! Titles of two fields above a table that are filled up with delimiters: `Region,North,,`.

use std::collections::HashSet;

use crate::described_columns::FieldKind;
use crate::layout::{is_blank, looks_like_a_number};

/// The fields of a line.
type Fields = [Vec<u8>];

/// The index of the header below such titles, by the first lines and the usual number of fields. Each field of the header
/// is a text, and the texts differ. Directly below the titles, two columns hold only numbers; below an empty line, one is
/// enough.
pub(crate) fn header_below_titles(lines: &[&Fields], usual: usize) -> Option<usize> {
    const MAX_TITLES: usize = 10;
    const MIN_ROWS: usize = 3;
    if usual < 3 {
        return None;
    }
    let mut first = lines.iter().take(MAX_TITLES + 1);
    let header = first.position(|line| line.len() == usual && filled(line) == usual)?;
    let (titles, table) = lines.split_at(header);
    let (names, rows) = table.split_first()?;
    let is_title = |line: &&Fields| {
        let mut others = line.iter().skip(2);
        (line.len() == usual || line.len() == 1) && others.all(|field| is_blank(field))
    };
    let has_two = |line: &&Fields| filled(line) == 2;
    let is_parted = titles.last().is_some_and(|line| filled(line) == 0);
    let numbers = match is_parted {
        true => 1,
        false => 2,
    };
    let fits = titles.iter().all(is_title)
        && titles.iter().any(has_two)
        && rows.len() >= titles.len().max(MIN_ROWS)
        && are_names(names)
        && number_columns(rows, usual) >= numbers;
    fits.then_some(header)
}

/// The number of fields that are not blank.
fn filled(line: &Fields) -> usize {
    line.iter().filter(|field| !is_blank(field)).count()
}

/// Whether all fields are texts that differ.
fn are_names(line: &Fields) -> bool {
    let different: HashSet<&[u8]> = line.iter().map(|field| field.trim_ascii()).collect();
    different.len() == line.len() && !line.iter().any(|field| looks_like_a_number(field))
}

/// The number of columns whose values are numbers, but for missing ones.
fn number_columns(rows: &[&Fields], columns: usize) -> usize {
    const ROWS: usize = 200;
    let rows = &rows[..rows.len().min(ROWS)];
    let is_numeric = |column: &usize| {
        let fields = rows.iter().filter_map(|row| row.get(*column));
        let kinds = fields.map(|field| {
            let text = String::from_utf8_lossy(field);
            FieldKind::of(text.trim(), looks_like_a_number(field))
        });
        let kinds: Vec<FieldKind> = kinds.collect();
        kinds.contains(&FieldKind::Number) && !kinds.contains(&FieldKind::Text)
    };
    (0..columns).filter(is_numeric).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Option<usize> {
        let fields = |line: &str| -> Vec<Vec<u8>> {
            let fields = line.split(',');
            fields.map(|field| field.as_bytes().to_vec()).collect()
        };
        let lines: Vec<Vec<Vec<u8>>> = text.lines().map(fields).collect();
        let lines: Vec<&Fields> = lines.iter().map(Vec::as_slice).collect();
        header_below_titles(&lines, 3)
    }

    const ROWS: &str = "a,1,2\nb,3,\nc,5,6\n";

    #[test]
    fn a_header_below_titles_of_two_fields_is_found() {
        for (titles, expected) in [
            ("My report,,\nDate,2024-01-01,\n,,\n", 3),
            ("Region:,North,\nYear:,2024,\n,,\n", 3),
            ("Region:,North,\nYear:,2024,\n", 2),
            ("Region,North,\n", 1),
        ] {
            let text = format!("{titles}city,n,y\n{ROWS}");
            assert_eq!(header(&text), Some(expected), "{text}");
        }
        let one = "Region,North,\n,,\ncity,kind,y\na,x,2\nb,y,3\nc,x,4\n";
        assert_eq!(header(one), Some(2));
    }

    #[test]
    fn a_header_that_lacks_its_last_name_is_one() {
        for text in [
            format!("city,n,\n{ROWS}"),
            format!("city,n,\n,kg,USD\n{ROWS}"),
            format!("My report,,\ncity,n,y\n{ROWS}"),
            format!("city,n,y\nd,7,8\n{ROWS}"),
            "city,kind,\na,x,absent\nb,y,3\nc,x,4\nd,y,5\n".to_string(),
            "city,n,\nx,y,y\na,1,2\nb,3,4\nc,5,6\n".to_string(),
            "Region,North,\n,,\ncity,n,y\na,1,2\n".to_string(),
        ] {
            assert_eq!(header(&text), None, "{text}");
        }
    }
}
