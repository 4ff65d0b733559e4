//! Lines below the header that describe the columns: units such as `kg`, or what a column means.

use crate::missing_words::is_missing_among_values;

/// What a field below a header is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Number,
    Missing,
    Text,
}

impl FieldKind {
    /// What text is, if `is_number` says whether it looks like a number.
    pub fn of(text: &str, is_number: bool) -> Self {
        match () {
            () if is_number => Self::Number,
            () if text.is_empty() || is_missing_among_values(text) => Self::Missing,
            () => Self::Text,
        }
    }
}

/// More lines below a header do not describe the columns.
const MAX_LINES: usize = 3;
/// Rows below them, at least.
const MIN_ROWS: usize = 3;
/// Rows below a line that are looked at.
const ROWS: usize = 200;
/// Rows below the header that [`describing_lines`] looks at, at most.
#[cfg(feature = "excel")]
pub(crate) const MAX_ROWS: usize = MAX_LINES + ROWS;

/// The number of lines below a header that describe the columns: they have text in most columns whose other
/// values are numbers, and a number in none. `field` says what a field is, by row and column.
pub(crate) fn describing_lines(
    (rows, columns): (usize, usize),
    field: impl Fn(usize, usize) -> FieldKind,
) -> usize {
    let mut lines = 0;
    while lines < MAX_LINES && rows > lines + MIN_ROWS && describes(lines, (rows, columns), &field)
    {
        lines += 1;
    }
    lines
}

fn describes(
    line: usize,
    (rows, columns): (usize, usize),
    field: &impl Fn(usize, usize) -> FieldKind,
) -> bool {
    let below = || line + 1..rows.min(line + 1 + ROWS);
    let is_numeric = |&column: &usize| {
        let mut numbers = 0;
        below().all(|row| match field(row, column) {
            FieldKind::Number => {
                numbers += 1;
                true
            }
            FieldKind::Missing => true,
            // Further lines that describe the columns.
            FieldKind::Text => numbers == 0 && row < line + MAX_LINES,
        }) && numbers > 0
    };
    let numeric: Vec<usize> = (0..columns).filter(is_numeric).collect();
    let texts = numeric
        .iter()
        .filter(|column| field(line, **column) == FieldKind::Text)
        .count();
    let has_number = numeric
        .iter()
        .any(|column| field(line, *column) == FieldKind::Number);
    let others_are_empty = || {
        let mut others = (0..columns).filter(|column| !numeric.contains(column));
        columns > 1 && others.all(|column| field(line, column) == FieldKind::Missing)
    };
    let most = texts * 2 >= numeric.len();
    // Text in one column may be a value that could not be measured.
    most && !has_number && (texts > 1 || (texts == 1 && others_are_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(rows: &[&str]) -> usize {
        // The last row comes again, so that there are enough.
        let last = [*rows.last().unwrap(); 2];
        let fields = rows.iter().chain(&last).map(|row| row.split(','));
        let fields: Vec<Vec<&str>> = fields.map(Iterator::collect).collect();
        let is_number = |text: &str| text.parse::<f64>().is_ok();
        let field = |row: usize, column: usize| {
            let text = fields[row][column];
            FieldKind::of(text, is_number(text))
        };
        describing_lines((fields.len(), fields[0].len()), field)
    }

    #[test]
    fn lines_that_describe_columns_are_found() {
        for (rows, expected) in [
            (&["x,kg,USD", "a,1,2", "b,3,4"][..], 1),
            (&[",kg", "a,1", "b,3"], 1),
            (&["cm,kg,", "1,2,3", "4,5,6", "7,8,9"], 1),
            (&["cm,kg,,,", "1,2,3,4,5", "4,5,6,5,6", "7,8,9,6,7"], 0),
            (
                &[
                    "name of it,how heavy,how dear",
                    "text,kg,USD",
                    "a,1,2",
                    "b,3,4",
                ],
                2,
            ),
            (&["x,failed", "a,1", "b,3"], 0),
            (&["x,n/a,-", "a,1,2", "b,3,4"], 0),
            (&["a,1,2", "b,3,4", "c,kg,USD"], 0),
            (&["x,kg,5", "a,1,2", "b,3,4"], 0),
            (&["a,b,c", "d,e,f", "g,h,i"], 0),
            (&["x,kg,USD", "a,1,2"], 1),
            (&["x,kg,USD"], 0),
            (&["x,kg,USD", "a,1,2", "b,x,4"], 0),
        ] {
            assert_eq!(lines(rows), expected, "{rows:?}");
        }
    }
}
