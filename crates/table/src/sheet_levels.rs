//! Headers of several rows in a sheet, as pandas writes them for columns of several levels.

use crate::detect_layout::Record;
use crate::header_levels::{level_lines, level_names};
use crate::layout::{is_blank, looks_like_a_number};
use crate::read_options::ReadOptions;

/// The names of such a header, with empty ones for columns without a name, and the number of rows below the first that
/// belong to it. `records` begin with the header. A name in merged cells stands in the first of them.
pub(crate) fn sheet_levels(
    records: &[Record],
    options: &ReadOptions,
) -> Option<(Vec<String>, usize)> {
    const ROWS: usize = 200;
    if options.header.is_some() {
        return None;
    }
    let first = &records[..records.len().min(ROWS)];
    let columns = first.iter().map(Record::len).max()?;
    let padded = first.iter().map(|record| {
        let mut fields = record.fields.clone();
        fields.resize(columns, Vec::new());
        fields
    });
    let mut lines: Vec<Vec<Vec<u8>>> = padded.collect();
    let mut before = Vec::new();
    for name in lines.first_mut()? {
        match is_blank(name) {
            true => name.clone_from(&before),
            false => before.clone_from(name),
        }
    }
    let rows: Vec<&[Vec<u8>]> = lines.iter().skip(1).map(Vec::as_slice).collect();
    let levels = level_lines(&lines[0], &rows, 0)?;
    let is_number = |field: &Vec<u8>| looks_like_a_number(field);
    if rows[..levels].iter().any(|row| row.iter().any(is_number)) {
        return None;
    }
    let names = level_names(&lines[0], &rows[..=levels]);
    // A model may know the names of the first row alone.
    let known = &options.known_columns;
    let is_known = known.is_empty() || known.iter().any(|name| names.contains(name));
    is_known.then_some((names, levels + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(text: &str) -> Option<(Vec<String>, usize)> {
        let record = |line: &str| Record {
            line: 1,
            after_empty_line: false,
            unclosed: false,
            fields: line
                .split(',')
                .map(|field| field.as_bytes().to_vec())
                .collect(),
        };
        let records: Vec<Record> = text.lines().map(record).collect();
        sheet_levels(&records, &ReadOptions::default())
    }

    #[test]
    fn names_in_merged_cells_are_joined() {
        for text in [
            ",p,,q\n,mean,sum,max\ncity\na,1,2,3\nb,4,5,6\n",
            ",p,p,q\n,mean,sum,max\ncity\na,1,2,3\nb,4,5,6\n",
        ] {
            let (names, rows) = levels(text).unwrap();
            assert_eq!(names, ["city", "p_mean", "p_sum", "q_max"], "{text}");
            assert_eq!(rows, 2);
        }
        for text in [
            ",p,,q\n,1,2,3\ncity\na,1,2,3\n",
            "k,p,,q\na,1,2,3\nb\nc,4,5,6\n",
            ",p,,q\na,mean,sum,max\na,1,2,3\n",
            "",
        ] {
            assert_eq!(levels(text), None, "{text}");
        }
    }
}
