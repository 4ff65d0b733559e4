//! The table in a sheet of a workbook: its header, its rows, and what is no part of it.

use std::collections::BTreeMap;

use crate::describing_rows::drop_describing_rows;
use crate::detect_layout::{Record, first_record, usual_fields};
use crate::header_guess::{are_names, header_is_data, shown};
use crate::layout::{FOOTER_LINES, is_blank, is_footer_text, looks_like_a_number};
use crate::read_options::ReadOptions;
use crate::sheet_levels::sheet_levels;
use crate::typed_column::{TypedValue, as_text};

/// The cells of a sheet by row and column.
pub(crate) type Rows = BTreeMap<u32, Vec<(u32, TypedValue)>>;

/// The table in a sheet.
#[derive(Debug, Default)]
pub(crate) struct SheetTable {
    /// The cells of the header; none without one.
    pub header: Vec<(u32, TypedValue)>,
    pub rows: Vec<Vec<(u32, TypedValue)>>,
    /// What was left out.
    pub notes: Vec<String>,
    /// Whether the header looks like a row.
    pub header_looks_like_data: bool,
}

/// Finds the table in a sheet, as in a text file: titles before the header and lines of a report below the rows are
/// left out.
pub(crate) fn sheet_table(rows: Rows, options: &ReadOptions) -> Result<SheetTable, String> {
    let skipped = u32::try_from(options.skip_lines).unwrap_or(u32::MAX);
    let mut rows: Vec<(u32, Vec<(u32, TypedValue)>)> = rows
        .into_iter()
        .filter(|(row, _)| *row >= skipped)
        .collect();
    let first_column = rows.iter().filter_map(|(_, cells)| cells.first());
    let first_column = first_column.map(|(column, _)| *column).min().unwrap_or(0);
    let records = records(&rows, first_column);
    let usual = usual_fields(&records);
    let first = first_record(&records, usual, options);
    let mut table = SheetTable::default();
    if let (true, Some(header)) = (first > 0, records.get(first)) {
        table.notes.push(titles_note(&records[0], header));
    }
    let has_header = options.header != Some(false);
    if let (true, Some(header)) = (has_header, records.get(first)) {
        let below = &records[first + 1..];
        table.header_looks_like_data = check_header(header, below, options)?;
        if table.header_looks_like_data {
            table.notes.push(format!(
                "the first row looks like data ({}): if it is, pass --no-header",
                shown(&header.fields)
            ));
        }
    }
    let start = first + usize::from(has_header);
    let footer = footer_rows(&rows, start, first_column, usual);
    if let Some((row, cells)) = rows.get(rows.len() - footer).filter(|_| footer > 0) {
        table.notes.push(footer_note(*row, footer, cells));
    }
    rows.truncate(rows.len() - footer);
    let mut cells = rows.into_iter().map(|(_, cells)| cells).skip(first);
    if has_header {
        table.header = cells.next().unwrap_or_default();
    }
    let levels = sheet_levels(records.get(first..).unwrap_or_default(), options);
    if let Some((names, below)) = levels {
        table.notes.push(levels_note(&names, below + 1));
        let named = names.into_iter().zip(first_column..);
        table.header = named
            .map(|(name, column)| (column, TypedValue::Text(name)))
            .collect();
        cells.nth(below - 1);
    }
    table.rows = cells.collect();
    let described = drop_describing_rows(&table.header, &mut table.rows, options);
    table.notes.extend(described);
    Ok(table)
}

/// The first rows as text, each up to its last cell.
fn records(rows: &[(u32, Vec<(u32, TypedValue)>)], first_column: u32) -> Vec<Record> {
    const MAX_RECORDS: usize = 2000;
    const MAX_FIELDS: usize = 200_000;
    let mut records: Vec<Record> = Vec::new();
    let (mut fields, mut before) = (0, None);
    for (row, cells) in rows.iter().take(MAX_RECORDS) {
        let record = record(*row, cells, first_column, before);
        fields += record.len();
        before = Some(*row);
        records.push(record);
        if fields > MAX_FIELDS {
            break;
        }
    }
    records
}

fn record(row: u32, cells: &[(u32, TypedValue)], first_column: u32, before: Option<u32>) -> Record {
    let last = cells.iter().map(|(column, _)| *column).max();
    let length = last.map_or(0, |last| last - first_column) as usize + 1;
    let mut fields = vec![Vec::new(); length];
    for (column, value) in cells {
        let place = column.checked_sub(first_column);
        if let Some(field) = place.and_then(|place| fields.get_mut(place as usize)) {
            *field = as_text(value).unwrap_or_default().into_bytes();
        }
    }
    Record {
        line: u64::from(row) + 1,
        after_empty_line: before.is_some_and(|before| row > before + 1),
        unclosed: false,
        fields,
    }
}

fn titles_note(title: &Record, header: &Record) -> String {
    let text = title.fields.iter().find(|field| !is_blank(field));
    let text = String::from_utf8_lossy(text.map_or(&[], Vec::as_slice)).into_owned();
    let rows = match (title.line, header.line - 1) {
        (from, to) if from >= to => format!("row {from} is"),
        (from, to) => format!("rows {from} to {to} are"),
    };
    format!("{rows} left out, before the header: {:?}", text.trim())
}

fn levels_note(names: &[String], rows: usize) -> String {
    let names: Vec<Vec<u8>> = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    format!(
        "{rows} rows are read as a header of several levels, as pandas writes it ({}); with --header, what is below the \
         first of them is a row",
        shown(&names)
    )
}

/// Whether the header looks like data.
///
/// # Errors
///
/// It holds numbers that are no names.
fn check_header(header: &Record, below: &[Record], options: &ReadOptions) -> Result<bool, String> {
    let known = &options.known_columns;
    if options.header.is_some() || (!known.is_empty() && header.has_all(known)) {
        return Ok(false);
    }
    let is_number = |field: &Vec<u8>| {
        let text = std::str::from_utf8(field).unwrap_or_default();
        text.trim().parse::<f64>().is_ok()
    };
    if header.fields.iter().all(is_number) && !are_names(header, below) {
        return Err(
            "the first row holds numbers, not column names: add a row of names, or pass --no-header \
             (--header if the numbers are names)"
                .to_string(),
        );
    }
    Ok(header_is_data(header, below))
}

/// The number of last rows that end a report, such as `Total` or `Source: ...`.
fn footer_rows(
    rows: &[(u32, Vec<(u32, TypedValue)>)],
    start: usize,
    first_column: u32,
    usual: usize,
) -> usize {
    const SAMPLE: usize = 200;
    let first = |cells: &[(u32, TypedValue)]| match cells.first() {
        Some((column, value)) if *column == first_column => as_text(value).unwrap_or_default(),
        _ => String::new(),
    };
    let body = rows.get(start..).unwrap_or_default();
    let whole = body.iter().filter(|(_, cells)| cells.len() >= usual);
    let number_first = whole
        .take(SAMPLE)
        .all(|(_, cells)| looks_like_a_number(first(cells).as_bytes()));
    let is_footer = |index: usize, after_empty_line: bool| {
        let (_, cells) = &body[index];
        let text = first(cells);
        cells.len() < usual
            && is_footer_text(text.as_bytes(), cells.len(), after_empty_line, number_first)
    };
    let after_empty_line = |index: usize| {
        let before = index.checked_sub(1).and_then(|before| body.get(before));
        before.is_some_and(|(before, _)| body[index].0 > before + 1)
    };
    // Below the first line of a footer, each line may belong to it.
    let last = (0..body.len()).rev().take(FOOTER_LINES);
    let may_belong = last.take_while(|&index| is_footer(index, true));
    let count = may_belong
        .filter(|&index| is_footer(index, after_empty_line(index)))
        .last()
        .map_or(0, |index| body.len() - index);
    if count < body.len() { count } else { 0 }
}

fn footer_note(row: u32, count: usize, cells: &[(u32, TypedValue)]) -> String {
    let text = cells.first().and_then(|(_, value)| as_text(value));
    let text = text.unwrap_or_default();
    let rows = match count {
        1 => format!("row {} is", row + 1),
        count => format!("{count} rows from row {} on are", row + 1),
    };
    format!("{rows} left out, as the end of a report: {:?}", text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sheet of rows with cells between commas: numbers, or text.
    fn sheet(text: &str) -> Rows {
        let rows = text.lines().zip(0..).map(|(line, row)| {
            let cells = line
                .split(',')
                .zip(0..)
                .filter(|(cell, _)| !cell.is_empty());
            let cells = cells.map(|(cell, column)| {
                let value = match cell.parse() {
                    Ok(number) => TypedValue::Number(number),
                    Err(_) => TypedValue::Text(cell.to_string()),
                };
                (column, value)
            });
            (row, cells.collect::<Vec<_>>())
        });
        rows.filter(|(_, cells)| !cells.is_empty()).collect()
    }

    fn found(text: &str, options: &ReadOptions) -> (String, usize, usize) {
        let table = sheet_table(sheet(text), options).unwrap();
        let names = table.header.iter().filter_map(|(_, value)| as_text(value));
        let names: Vec<String> = names.collect();
        (names.join(" "), table.rows.len(), table.notes.len())
    }

    const TABLE: &str = "x,k,y\n1.5,a,2\n2.5,b,3\n3.5,a,4\n4.5,b,5\n";

    #[test]
    fn titles_and_the_ends_of_reports_are_left_out() {
        let plain = ReadOptions::default();
        for (text, notes) in [
            (TABLE.to_string(), 0),
            (format!("\n\n{TABLE}"), 0),
            (format!("Report of sensors\n\n{TABLE}"), 1),
            (format!("Report of sensors\n{TABLE}"), 1),
            (format!("Station,Berlin\nFrom,2024\n\n{TABLE}"), 1),
            (format!("{TABLE}Total,,14\n"), 1),
            (format!("{TABLE}\nSource: me\n"), 1),
            (format!("{TABLE}\nSource: me\nseen by Ada\n"), 1),
        ] {
            assert_eq!(
                found(&text, &plain),
                ("x k y".to_string(), 4, notes),
                "{text}"
            );
        }
        let text_first = "k,x\na,1\nb,2\na,3\n\nSource: me\nseen by Ada\n";
        assert_eq!(found(text_first, &plain), ("k x".to_string(), 3, 1));
    }

    #[test]
    fn options_say_where_the_header_is() {
        let skip = ReadOptions {
            skip_lines: 2,
            ..ReadOptions::default()
        };
        assert_eq!(found(&format!("a,b,c\nd,e,f\n{TABLE}"), &skip).0, "x k y");
        let none = ReadOptions {
            header: Some(false),
            ..ReadOptions::default()
        };
        assert_eq!(found(TABLE, &none), (String::new(), 5, 0));
    }

    #[test]
    fn numbers_are_no_names() {
        let numbers = "1.5,2.5\n1,2\n3,4\n";
        let error = sheet_table(sheet(numbers), &ReadOptions::default()).unwrap_err();
        assert!(error.contains("--no-header"), "{error}");
        let years = found("2001,2002\n1.5,2.5\n3.5,4.5\n", &ReadOptions::default());
        assert_eq!(years.0, "2001 2002");
        let named = ReadOptions {
            header: Some(true),
            ..ReadOptions::default()
        };
        assert_eq!(found(numbers, &named).0, "1.5 2.5");
        let data = sheet("5.9,setosa\n6.17,versi\n5.98,setosa\n");
        let data = sheet_table(data, &ReadOptions::default()).unwrap();
        assert!(data.header_looks_like_data);
    }
}
