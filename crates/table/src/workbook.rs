//! Excel and OpenDocument workbooks of all formats, within limits of memory.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use calamine::{
    Ods, OdsError, Reader, Sheet, SheetVisible, Xls, XlsError, Xlsb, XlsbError, Xlsx, XlsxError,
};
use zip::ZipArchive;

use crate::read_options::ReadOptions;
use crate::repeated_cells::check_repeated_cells;
use crate::sheet_cells::SheetCells;
use crate::sheet_table::Rows;

const PROTECTED: &str =
    "the workbook is protected by a password: save it without a password, or as CSV";
/// The message for a workbook that cannot be read for an unknown reason.
pub(crate) const DAMAGED: &str = "the workbook cannot be read";
/// Bytes of all files of a workbook, decompressed, at most.
const MAX_UNPACKED: u64 = 2 << 30;
/// Bytes of all cells of a sheet in memory, at most.
const MAX_CELLS: u64 = 4 << 30;
/// Each of them may also take at most this part of the memory: 1 / `SHARE`.
const SHARE: u64 = 4;

/// What a workbook may take of memory, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// All files, decompressed.
    unpacked: u64,
    /// The cells of a sheet.
    cells: u64,
}

impl Limits {
    /// The limits for the memory that the options allow.
    pub fn new(options: &ReadOptions) -> Self {
        let share = options.memory.map_or(u64::MAX, |memory| memory / SHARE);
        Self {
            unpacked: MAX_UNPACKED.min(share),
            cells: MAX_CELLS.min(share),
        }
    }
}

/// A workbook of any format.
pub(crate) enum Workbook {
    Xlsx(Xlsx<BufReader<File>>),
    Xlsb(Xlsb<BufReader<File>>),
    Xls(Xls<BufReader<File>>),
    Ods(Ods<BufReader<File>>),
}

impl Workbook {
    /// Opens a workbook.
    ///
    /// # Errors
    ///
    /// It is not a workbook, is protected by a password, is damaged, or takes too much memory.
    pub fn open(mut file: File, limits: Limits) -> Result<Self, String> {
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
    pub fn sheets(&self) -> Vec<(String, bool)> {
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

    /// The rows of the sheet of this name. A sheet of charts has none.
    ///
    /// # Errors
    ///
    /// The sheet is damaged, or takes too much memory.
    pub fn rows(&mut self, sheet: &str, limits: Limits) -> Result<Rows, String> {
        let mut cells = SheetCells::new(limits.cells);
        match self {
            Self::Xlsx(workbook) => {
                let mut reader = match workbook.worksheet_cells_reader(sheet) {
                    Ok(reader) => reader,
                    Err(XlsxError::NotAWorksheet(_)) => return Ok(Rows::new()),
                    Err(error) => return Err(failed(error)),
                };
                while let Some(cell) = reader.next_cell().map_err(failed)? {
                    cells.add_cell(cell.get_position(), cell.get_value())?;
                }
            }
            Self::Xlsb(workbook) => {
                let mut reader = workbook.worksheet_cells_reader(sheet).map_err(failed)?;
                while let Some(cell) = reader.next_cell().map_err(failed)? {
                    cells.add_cell(cell.get_position(), cell.get_value())?;
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

    /// The first column with a formula, of those that are wanted. `None` if there is none, and for formats other than
    /// xlsx, whose formulas are not looked at.
    pub fn column_of_formula(
        &mut self,
        sheet: &str,
        is_wanted: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let Self::Xlsx(workbook) = self else {
            return None;
        };
        let mut reader = workbook.worksheet_cells_reader(sheet).ok()?;
        loop {
            let formula = reader.next_formula().ok()??;
            let column = formula.get_position().1;
            if is_wanted(column) && !formula.get_value().is_empty() {
                return Some(column);
            }
        }
    }
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

/// The message for a file in the container of old Office documents that cannot be read as a workbook.
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

/// The message for an error of the library.
fn failed(error: impl Display) -> String {
    format!("{DAMAGED}: {error}")
}

/// A format that is a zip archive.
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
