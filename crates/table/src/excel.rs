//! Reading Excel and OpenDocument workbooks.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema, SchemaRef};
use calamine::{
    Data, DataRef, Ods, OdsError, Reader, Sheet, SheetVisible, Xls, XlsError, Xlsb, XlsbError,
    Xlsx, XlsxError,
};
use zip::ZipArchive;

use crate::batches::{Batches, batch_rows};
use crate::catch_panic::catch_panic;
use crate::cell::Cell;
use crate::column_names::{repeated_names, unique_names};
use crate::error::TableError;
use crate::read_options::ReadOptions;
use crate::repeated_cells::check_repeated_cells;
use crate::selection::Selection;
use crate::sheet_table::{Rows, SheetTable, sheet_table};
use crate::table_size::TableSize;
use crate::typed_column::{TypedValue, TypesFound, array, as_text};

const PROTECTED: &str =
    "the workbook is protected by a password: save it without a password, or as CSV";
const DAMAGED: &str = "the workbook cannot be read";
/// Bytes of all files of a workbook, decompressed, at most.
const MAX_UNPACKED: u64 = 2 << 30;
/// Bytes of all cells of a sheet in memory, at most.
const MAX_CELLS: u64 = 4 << 30;
/// A part of the memory that may be taken for each of them.
const SHARE: u64 = 4;
const TOO_LARGE: &str = "the sheet is too large for the memory: export it as CSV";
/// Bytes of a cell with what is around it.
const CELL_BYTES: u64 = 80;
/// Columns of a sheet, as in Excel.
const MAX_COLUMNS: u32 = 16_384;

/// Opens a workbook.
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
    let Workbook::Xlsx(workbook) = workbook else {
        return None;
    };
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
    let formulas = || {
        let mut reader = workbook.worksheet_cells_reader(sheet).ok()?;
        loop {
            let formula = reader.next_formula().ok()??;
            let column = formula.get_position().1;
            if let Some(name) = empty
                .get(&column)
                .filter(|_| !formula.get_value().is_empty())
            {
                return as_text(name);
            }
        }
    };
    let name = catch_panic(formulas)??;
    Some(format!(
        "column `{name}` holds formulas without their values: open the workbook in Excel, and save it"
    ))
}

/// What a workbook may take of memory, in bytes.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// All files, decompressed.
    unpacked: u64,
    /// The cells of a sheet.
    cells: u64,
}

impl Limits {
    fn new(options: &ReadOptions) -> Self {
        let share = options.memory.map_or(u64::MAX, |memory| memory / SHARE);
        Self {
            unpacked: MAX_UNPACKED.min(share),
            cells: MAX_CELLS.min(share),
        }
    }
}

/// A workbook of any format.
enum Workbook {
    Xlsx(Xlsx<BufReader<File>>),
    Xlsb(Xlsb<BufReader<File>>),
    Xls(Xls<BufReader<File>>),
    Ods(Ods<BufReader<File>>),
}

/// Refuses a file of the old format that claims a sheet of impossible size: calamine allocates what it claims.
fn check_dimensions(mut file: impl Read) -> Result<(), String> {
    /// The type and the length of a record with the size of a sheet, of the later versions.
    const RECORD: [u8; 4] = [0x00, 0x02, 0x0e, 0x00];
    const MAX_ROWS: u32 = 65_536;
    const MAX_COLUMNS: u16 = 256;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    for (at, _) in bytes
        .windows(4)
        .enumerate()
        .filter(|(_, four)| *four == RECORD)
    {
        let Some(&[_, _, _, _, _, _, _, _, a, b, c, d, _, _, e, f]) = bytes.get(at..at + 16) else {
            break;
        };
        let rows = u32::from_le_bytes([a, b, c, d]);
        let columns = u16::from_le_bytes([e, f]);
        if rows > MAX_ROWS || columns > MAX_COLUMNS {
            return Err(DAMAGED.to_string());
        }
    }
    Ok(())
}

impl Workbook {
    fn open(mut file: File, limits: Limits) -> Result<Self, String> {
        let io_error = |error: io::Error| error.to_string();
        file.rewind().map_err(io_error)?;
        let mut magic = [0; 2];
        file.read_exact(&mut magic).map_err(io_error)?;
        file.rewind().map_err(io_error)?;
        let again = || -> Result<BufReader<File>, String> {
            let mut file = file.try_clone().map_err(io_error)?;
            file.rewind().map_err(io_error)?;
            Ok(BufReader::new(file))
        };
        if magic != *b"PK" {
            check_dimensions(again()?)?;
            return match Xls::new(again()?) {
                Ok(workbook) => Ok(Self::Xls(workbook)),
                Err(XlsError::Password) => Err(PROTECTED.to_string()),
                // An encrypted workbook of a later format has the container of the old one.
                Err(error) => match Xlsx::new(again()?) {
                    Err(XlsxError::Password) => Err(PROTECTED.to_string()),
                    _ => Err(not_a_workbook(&error)),
                },
            };
        }
        match main_file(again()?, limits)? {
            Kind::Xlsx => match Xlsx::new(again()?) {
                Err(XlsxError::Password) => Err(PROTECTED.to_string()),
                workbook => workbook.map(Self::Xlsx).map_err(failed),
            },
            Kind::Xlsb => match Xlsb::new(again()?) {
                Err(XlsbError::Password) => Err(PROTECTED.to_string()),
                workbook => workbook.map(Self::Xlsb).map_err(failed),
            },
            Kind::Ods => match Ods::new(again()?) {
                Err(OdsError::Password) => Err(PROTECTED.to_string()),
                workbook => workbook.map(Self::Ods).map_err(failed),
            },
        }
    }

    /// The names of the sheets, and whether each is visible.
    fn sheets(&self) -> Vec<(String, bool)> {
        let sheets: &[Sheet] = match self {
            Self::Xlsx(workbook) => workbook.sheets_metadata(),
            Self::Xlsb(workbook) => workbook.sheets_metadata(),
            Self::Xls(workbook) => workbook.sheets_metadata(),
            Self::Ods(workbook) => workbook.sheets_metadata(),
        };
        let sheets = sheets.iter();
        let sheets = sheets.map(|s| (s.name.clone(), s.visible == SheetVisible::Visible));
        sheets.collect()
    }

    fn rows(&mut self, sheet: &str, limits: Limits) -> Result<Rows, String> {
        let mut cells = Cells::new(limits);
        match self {
            Self::Xlsx(workbook) => {
                let mut reader = match workbook.worksheet_cells_reader(sheet) {
                    Ok(reader) => reader,
                    // A sheet of charts.
                    Err(XlsxError::NotAWorksheet(_)) => return Ok(Rows::new()),
                    Err(error) => return Err(failed(error)),
                };
                while let Some(cell) = reader.next_cell().map_err(failed)? {
                    cells.add(cell.get_position(), of_reference(cell.get_value()))?;
                }
            }
            Self::Xlsb(workbook) => {
                let mut reader = workbook.worksheet_cells_reader(sheet).map_err(failed)?;
                while let Some(cell) = reader.next_cell().map_err(failed)? {
                    cells.add(cell.get_position(), of_reference(cell.get_value()))?;
                }
            }
            Self::Xls(workbook) => {
                cells.add_range(&workbook.worksheet_range(sheet).map_err(failed)?)?;
            }
            Self::Ods(workbook) => {
                cells.add_range(&workbook.worksheet_range(sheet).map_err(failed)?)?;
            }
        }
        Ok(cells.rows)
    }
}

/// The message for a file in the container of old Office documents that is no workbook that can be read.
fn not_a_workbook(error: &XlsError) -> String {
    // The type of this error is private to the library.
    match error.to_string() {
        text if text.contains("Cannot find") && text.contains("stream") => {
            "this is an Office document of the old format without a sheet, such as Word: save the table as .xlsx \
             or CSV"
                .to_string()
        }
        text => failed(text),
    }
}

fn failed(error: impl std::fmt::Display) -> String {
    format!("{DAMAGED}: {error}")
}

enum Kind {
    Xlsx,
    Xlsb,
    Ods,
}

/// The format by the main file in the archive. All files are decompressed once, because the library has
/// no bound on what it decompresses.
fn main_file(file: BufReader<File>, limits: Limits) -> Result<Kind, String> {
    let mut archive = ZipArchive::new(file).map_err(failed)?;
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let Ok(entry) = archive.by_index(index) else {
            continue;
        };
        let left = (limits.unpacked + 1).saturating_sub(unpacked);
        // Other errors are left to the library, which reports them.
        unpacked += io::copy(&mut entry.take(left), &mut io::sink()).unwrap_or(0);
        if unpacked > limits.unpacked {
            let megabytes = limits.unpacked >> 20;
            return Err(format!(
                "the workbook has more than {megabytes} MB when it is unpacked: export the sheet as CSV"
            ));
        }
    }
    let has = |name: &str| archive.index_for_name(name).is_some();
    let other = |what: &str| {
        Err(format!(
            "this is {what}, not a workbook: write its table as CSV"
        ))
    };
    match () {
        () if has("word/document.xml") => other("a Word document"),
        () if has("ppt/presentation.xml") => other("a presentation"),
        () if has("xl/workbook.bin") => Ok(Kind::Xlsb),
        () if has("content.xml") => {
            let content = archive.by_name("content.xml").map_err(failed)?;
            check_repeated_cells(BufReader::new(content), limits.cells)?;
            Ok(Kind::Ods)
        }
        () => Ok(Kind::Xlsx),
    }
}

/// The cells of a sheet that are not empty.
struct Cells {
    rows: Rows,
    /// Bytes of memory so far, and at most.
    bytes: u64,
    limit: u64,
}

impl Cells {
    fn new(limits: Limits) -> Self {
        Self {
            rows: Rows::new(),
            bytes: 0,
            limit: limits.cells,
        }
    }

    fn add(&mut self, (row, column): (u32, u32), value: TypedValue) -> Result<(), String> {
        if value == TypedValue::Null {
            return Ok(());
        }
        let text = match &value {
            TypedValue::Text(text) => text.len() as u64,
            _ => 0,
        };
        self.bytes += CELL_BYTES + text;
        if self.bytes > self.limit || column >= MAX_COLUMNS {
            return Err(TOO_LARGE.to_string());
        }
        self.rows.entry(row).or_default().push((column, value));
        Ok(())
    }

    fn add_range(&mut self, range: &calamine::Range<Data>) -> Result<(), String> {
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, column, value) in range.used_cells() {
            let row = u32::try_from(row)
                .map_err(failed)?
                .saturating_add(first_row);
            let column = u32::try_from(column).map_err(failed)?;
            self.add((row, column.saturating_add(first_column)), of_data(value))?;
        }
        Ok(())
    }
}

fn of_reference(value: &DataRef) -> TypedValue {
    match value {
        // The text of most sheets is shared: this spares a copy.
        DataRef::SharedString(text) => of_text(text),
        value => of_data(&Data::from(value.clone())),
    }
}

fn of_data(value: &Data) -> TypedValue {
    const HOURS: f64 = 24.0;
    match value {
        Data::Empty | Data::Error(_) => TypedValue::Null,
        Data::Int(whole) => TypedValue::Number(*whole as f64),
        Data::Float(number) => TypedValue::Number(*number),
        Data::Bool(value) => TypedValue::Boolean(*value),
        Data::String(text) => of_text(text),
        // A time of day is a date of day 0.
        Data::DateTime(moment) if moment.is_duration() || moment.as_f64() < 1.0 => {
            TypedValue::Number(moment.as_f64() * HOURS)
        }
        Data::DateTime(moment) => match moment.as_datetime() {
            Some(moment) => TypedValue::Date(moment.and_utc().timestamp_micros()),
            None => TypedValue::Number(moment.as_f64()),
        },
        Data::DateTimeIso(text) => match Cell::Text(text).date() {
            Some(seconds) => TypedValue::Date((seconds * 1e6).round() as i64),
            None => of_text(text),
        },
        Data::DurationIso(text) => hours(text).map_or_else(|| of_text(text), TypedValue::Number),
    }
}

/// The hours of a duration such as `PT01H30M00S`.
fn hours(duration: &str) -> Option<f64> {
    let mut rest = duration.strip_prefix("PT")?;
    let mut hours = 0.0;
    for (unit, of_hour) in [('H', 1.0), ('M', 60.0), ('S', 3600.0)] {
        if let Some((number, after)) = rest.split_once(unit) {
            hours += number.parse::<f64>().ok()? / of_hour;
            rest = after;
        }
    }
    rest.is_empty().then_some(hours)
}

fn of_text(text: &str) -> TypedValue {
    match text.trim().is_empty() {
        true => TypedValue::Null,
        false => TypedValue::Text(text.to_string()),
    }
}

/// The sheet that is read.
struct Chosen {
    sheet: String,
    rows: Rows,
    /// A note where there are others.
    note: Option<String>,
}

/// The sheet of this name, or the first sheet that has rows.
fn choose_sheet(
    workbook: &mut Workbook,
    wanted: Option<&str>,
    limits: Limits,
) -> Result<Chosen, String> {
    let sheets = workbook.sheets();
    let list = |sheets: &[(String, bool)]| {
        let names: Vec<String> = sheets.iter().map(|(name, _)| format!("`{name}`")).collect();
        names.join(", ")
    };
    if let Some(wanted) = wanted {
        let found = sheets.iter().find(|(name, _)| name == wanted);
        let found = found.or_else(|| {
            let alike = |name: &str| name.trim().eq_ignore_ascii_case(wanted.trim());
            sheets.iter().find(|(name, _)| alike(name))
        });
        return match found {
            Some((name, _)) => Ok(Chosen {
                sheet: name.clone(),
                rows: workbook.rows(name, limits)?,
                note: None,
            }),
            None => Err(format!(
                "there is no sheet `{wanted}`; the sheets are {}",
                list(&sheets)
            )),
        };
    }
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
                list(&sheets)
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
        list(&sheets)
    ))
}

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
    let names = unique_names(names.collect());
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
    notes
        .into_iter()
        .for_each(|note| batches.layout.notes.add(note));
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
    fn times_of_day_are_hours() {
        assert_eq!(hours("PT01H30M36S"), Some(1.51));
        assert_eq!(hours("PT90M"), Some(1.5));
        assert_eq!(hours("1:30"), None);
        let date = Data::DateTimeIso("1970-01-02".to_string());
        assert_eq!(of_data(&date), TypedValue::Date(86_400_000_000));
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
