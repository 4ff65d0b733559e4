//! The table in an Excel or OpenDocument workbook.

use std::collections::BTreeMap;
use std::fs::File;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema, SchemaRef};

use crate::batches::{Batches, batch_rows};
use crate::catch_panic::catch_panic;
use crate::column_names::{repeated_names, unique_names, without_hidden};
use crate::error::TableError;
use crate::read_options::ReadOptions;
use crate::selection::Selection;
use crate::sheet_table::{Rows, SheetTable, sheet_table};
use crate::table_size::TableSize;
use crate::typed_column::{TypedValue, TypesFound, array, as_text};
use crate::workbook::{DAMAGED, Limits, Workbook};

/// Opens a workbook, and reads one of its sheets.
pub(crate) fn workbook_batches(
    name: &str,
    file: File,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    let malformed = |reason: String| TableError::malformed(name, reason);
    let limits = Limits::new(options);
    let opened = catch_panic(|| Workbook::open(file, limits));
    let opened = opened.unwrap_or_else(|| Err(DAMAGED.to_string()));
    let mut workbook = opened.map_err(malformed)?;
    let chosen = catch_panic(|| choose_sheet(&mut workbook, options.sheet.as_deref(), limits));
    let chosen = chosen.unwrap_or_else(|| Err(DAMAGED.to_string()));
    let Chosen { sheet, rows, note } = chosen.map_err(malformed)?;
    let table = sheet_table(rows, options).map_err(malformed)?;
    let formulas = empty_formulas(&mut workbook, &sheet, &table);
    let batches = batches(name, table, options);
    let notes = note.into_iter().chain(formulas);
    notes.for_each(|note| batches.layout.notes.add(note));
    Ok(batches)
}

/// A note on columns of formulas whose values were not stored: they look empty.
fn empty_formulas(workbook: &mut Workbook, sheet: &str, table: &SheetTable) -> Option<String> {
    let mut empty: BTreeMap<u32, &TypedValue> = table
        .header
        .iter()
        .map(|(column, name)| (*column, name))
        .collect();
    for (column, _) in table.rows.iter().flatten() {
        empty.remove(column);
        if empty.is_empty() {
            return None;
        }
    }
    let column =
        catch_panic(|| workbook.column_of_formula(sheet, |column| empty.contains_key(&column)))??;
    let name = as_text(empty.get(&column)?)?;
    Some(format!(
        "column `{name}` holds formulas without their values: open the workbook in Excel, and save it"
    ))
}

/// The sheet that is read.
struct Chosen {
    /// Its name.
    sheet: String,
    rows: Rows,
    /// A note if the workbook has other sheets.
    note: Option<String>,
}

/// The sheet of this name, or the first sheet that has rows.
fn choose_sheet(
    workbook: &mut Workbook,
    wanted: Option<&str>,
    limits: Limits,
) -> Result<Chosen, String> {
    let sheets = workbook.sheets();
    match wanted {
        Some(wanted) => sheet_of_name(workbook, &sheets, wanted, limits),
        None => first_sheet_with_rows(workbook, &sheets, limits),
    }
}

/// The sheet of this name; upper and lower case count as equal if there is no other way.
fn sheet_of_name(
    workbook: &mut Workbook,
    sheets: &[(String, bool)],
    wanted: &str,
    limits: Limits,
) -> Result<Chosen, String> {
    let alike = |name: &str| name.trim().eq_ignore_ascii_case(wanted.trim());
    let found = sheets.iter().find(|(name, _)| name == wanted);
    let found = found.or_else(|| sheets.iter().find(|(name, _)| alike(name)));
    match found {
        Some((name, _)) => Ok(Chosen {
            sheet: name.clone(),
            rows: workbook.rows(name, limits)?,
            note: None,
        }),
        None => Err(format!(
            "there is no sheet `{wanted}`; the sheets are {}",
            quoted_names(sheets)
        )),
    }
}

/// The first sheet that has a header and a row. Hidden sheets come after all others.
fn first_sheet_with_rows(
    workbook: &mut Workbook,
    sheets: &[(String, bool)],
    limits: Limits,
) -> Result<Chosen, String> {
    let visible = sheets.iter().filter(|(_, visible)| *visible);
    let hidden = sheets.iter().filter(|(_, visible)| !*visible);
    for (name, _) in visible.chain(hidden) {
        let rows = workbook.rows(name, limits)?;
        if rows.len() < 2 {
            continue;
        }
        let note = (sheets.len() > 1).then(|| {
            format!(
                "the sheet `{name}` is read, of {}; --sheet NAME reads another",
                quoted_names(sheets)
            )
        });
        return Ok(Chosen {
            sheet: name.clone(),
            rows,
            note,
        });
    }
    Err(format!(
        "no sheet has a header and rows; the sheets are {}",
        quoted_names(sheets)
    ))
}

fn quoted_names(sheets: &[(String, bool)]) -> String {
    let names: Vec<String> = sheets.iter().map(|(name, _)| format!("`{name}`")).collect();
    names.join(", ")
}

/// The rows as batches.
fn batches(name: &str, table: SheetTable, options: &ReadOptions) -> Batches {
    let SheetTable {
        header,
        rows,
        notes,
        header_looks_like_data,
    } = table;
    let mut found: BTreeMap<u32, (String, TypesFound)> = BTreeMap::new();
    for (column, value) in &header {
        let name = as_text(value).unwrap_or_default();
        found.insert(*column, (name.trim().to_string(), TypesFound::default()));
    }
    for (column, value) in rows.iter().flatten() {
        found.entry(*column).or_default().1.add(value);
    }
    let names = found.values().map(|(name, _)| name.clone());
    let repeated_names = repeated_names(names.clone());
    let mut names: Vec<String> = names.collect();
    let hidden = without_hidden(&mut names, options);
    let names = unique_names(names);
    let fields = names.into_iter().zip(found.values());
    let fields = fields.map(|(name, (_, types))| Field::new(name, types.data_type(), true));
    let schema = Schema::new(fields.collect::<Vec<Field>>());
    let selection = Selection::of_schema(&schema, options);
    let schema = selection.schema(&schema);
    let positions = found.keys().copied().zip(0..);
    let positions = positions.filter(|(_, position)| selection.reads(*position));
    let positions: BTreeMap<u32, usize> = positions.collect();
    let at_least = TableSize::without_text(&schema, rows.len() as u64);
    let of_batches = schema.clone();
    let size = batch_rows(schema.fields().len());
    let mut rows = rows.into_iter().peekable();
    let batches = std::iter::from_fn(move || {
        rows.peek()?;
        let part: Vec<_> = rows.by_ref().take(size).collect();
        Some(batch(part, &positions, &of_batches))
    });
    let mut batches = Batches::typed(name, schema, at_least, batches);
    batches.layout.repeated_names = repeated_names;
    batches.layout.header_looks_like_data = header_looks_like_data;
    let notes = notes.into_iter().chain(hidden);
    notes.for_each(|note| batches.layout.notes.add(note));
    batches
}

fn batch(
    rows: Vec<Vec<(u32, TypedValue)>>,
    positions: &BTreeMap<u32, usize>,
    schema: &SchemaRef,
) -> Result<RecordBatch, String> {
    let count = rows.len();
    let mut columns = vec![Vec::new(); schema.fields().len()];
    for (row, cells) in rows.into_iter().enumerate() {
        for (column, value) in cells {
            if let Some(&position) = positions.get(&column) {
                columns[position].push((row, value));
            }
        }
    }
    let columns = columns.iter().zip(schema.fields());
    let columns = columns.map(|(cells, field)| array(cells, count, field.data_type()));
    let columns: Vec<ArrayRef> = columns.collect();
    RecordBatch::try_new(schema.clone(), columns).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;
    use crate::cell::Cell;
    use crate::table::Table;

    const CONTENT: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#;
    const RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    const BOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Notes" sheetId="1" r:id="rId1"/><sheet name="Data" sheetId="2" r:id="rId2"/></sheets></workbook>"#;
    const BOOK_RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
    const STYLES: &str = r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

    fn sheet(rows: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/\
             spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
        )
    }

    fn text(place: &str, text: &str) -> String {
        format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    }

    fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut archive = ZipWriter::new(&mut bytes);
        for (name, text) in files {
            archive
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap();
        bytes.into_inner()
    }

    fn workbook() -> Vec<u8> {
        let notes = sheet(&format!(
            "<row r=\"1\">{}</row>",
            text("A1", "made by hand")
        ));
        let data = sheet(&format!(
            "<row r=\"2\">{}{}{}{}</row>\
             <row r=\"3\"><c r=\"B3\"><v>1.5</v></c><c r=\"C3\" s=\"1\"><v>45292</v></c>\
             <c r=\"D3\" t=\"b\"><v>1</v></c>{}</row>\
             <row r=\"5\"><c r=\"B5\"><v>2</v></c><c r=\"C5\" s=\"1\"><v>45293.5</v></c>\
             <c r=\"D5\" t=\"e\"><v>#N/A</v></c>{}</row>",
            text("B2", "size"),
            text("C2", "day"),
            text("D2", "flag"),
            text("E2", "word"),
            text("E3", "NA"),
            text("E5", "x"),
        ));
        zipped(&[
            ("[Content_Types].xml", CONTENT),
            ("_rels/.rels", RELS),
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", BOOK_RELS),
            ("xl/styles.xml", STYLES),
            ("xl/worksheets/sheet1.xml", notes.as_str()),
            ("xl/worksheets/sheet2.xml", data.as_str()),
        ])
    }

    fn read(options: &ReadOptions) -> Result<Table, TableError> {
        Table::from_reader("t.xlsx", Cursor::new(workbook()), options)
    }

    #[test]
    fn the_first_sheet_with_rows_is_read() {
        let table = read(&ReadOptions::default()).unwrap();
        let cells = |column| -> Vec<Cell> { table.column(column).unwrap().cells().collect() };
        assert_eq!(
            table.columns().collect::<Vec<_>>(),
            ["size", "day", "flag", "word"]
        );
        assert_eq!(cells("size"), [Cell::Number(1.5), Cell::Number(2.0)]);
        let day = 19_723.0 * 86_400.0;
        assert_eq!(cells("day"), [Cell::Date(day), Cell::Date(day + 129_600.0)]);
        assert_eq!(cells("flag"), [Cell::Boolean(true), Cell::Missing]);
        assert_eq!(cells("word"), [Cell::Text("NA"), Cell::Text("x")]);
        let notes = table.notes().join("");
        assert!(
            notes.contains("`Data` is read, of `Notes`, `Data`"),
            "{notes}"
        );
    }

    #[test]
    fn a_sheet_is_chosen_by_name() {
        let sheet = |name: &str| ReadOptions {
            sheet: Some(name.to_string()),
            ..ReadOptions::default()
        };
        assert!(read(&sheet("data")).unwrap().notes().is_empty());
        let error = read(&sheet("Dates")).unwrap_err().to_string();
        assert!(error.contains("the sheets are `Notes`, `Data`"), "{error}");
        assert!(
            read(&sheet("Notes"))
                .unwrap_err()
                .to_string()
                .contains("no rows")
        );
    }

    #[test]
    fn other_documents_are_named() {
        for (file, what) in [
            ("word/document.xml", "a Word document"),
            ("ppt/presentation.xml", "a presentation"),
        ] {
            let bytes = zipped(&[("[Content_Types].xml", CONTENT), (file, "<x/>")]);
            let read = Table::from_reader("t.docx", Cursor::new(bytes), &ReadOptions::default());
            let error = read.unwrap_err().to_string();
            assert!(
                error.contains(&format!("this is {what}, not a workbook")),
                "{error}"
            );
        }
    }

    #[test]
    fn damaged_workbooks_are_errors() {
        let whole = workbook();
        for length in (40..whole.len()).step_by(whole.len() / 40) {
            let bytes = Cursor::new(whole[..length].to_vec());
            assert!(Table::from_reader("t.xlsx", bytes, &ReadOptions::default()).is_err());
        }
        for place in (0..whole.len()).step_by(whole.len() / 200) {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x81;
            let _ = Table::from_reader("t.xlsx", Cursor::new(bytes), &ReadOptions::default());
        }
    }
}
