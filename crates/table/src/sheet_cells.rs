//! The cells of a sheet of a workbook, as values.

use calamine::{Data, DataRef, Range};

use crate::cell::Cell;
use crate::sheet_table::Rows;
use crate::typed_column::TypedValue;

const TOO_LARGE: &str = "the sheet is too large for the memory: export it as CSV";
/// Bytes of a cell with what is around it.
const CELL_BYTES: u64 = 80;
/// Columns of a sheet, as in Excel.
const MAX_COLUMNS: u32 = 16_384;

/// The cells of a sheet that are not empty.
pub(crate) struct SheetCells {
    pub rows: Rows,
    /// Bytes of memory so far, and at most.
    bytes: u64,
    limit: u64,
}

impl SheetCells {
    /// No cells. `limit` is the number of bytes that they may take in memory.
    pub fn new(limit: u64) -> Self {
        Self {
            rows: Rows::new(),
            bytes: 0,
            limit,
        }
    }

    /// Adds a cell.
    ///
    /// # Errors
    ///
    /// The sheet takes too much memory, or has too many columns.
    pub fn add_cell(&mut self, place: (u32, u32), value: &DataRef) -> Result<(), String> {
        self.add(place, of_reference(value))
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

    /// Adds all cells of a range.
    ///
    /// # Errors
    ///
    /// The same as for [`add_cell`](Self::add_cell).
    pub fn add_range(&mut self, range: &Range<Data>) -> Result<(), String> {
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, column, value) in range.used_cells() {
            let (Ok(row), Ok(column)) = (u32::try_from(row), u32::try_from(column)) else {
                return Err(TOO_LARGE.to_string());
            };
            let row = row.saturating_add(first_row);
            let column = column.saturating_add(first_column);
            self.add((row, column), of_data(value))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_hours() {
        assert_eq!(hours("PT01H30M36S"), Some(1.51));
        assert_eq!(hours("PT90M"), Some(1.5));
        assert_eq!(hours("1:30"), None);
        let date = Data::DateTimeIso("1970-01-02".to_string());
        assert_eq!(of_data(&date), TypedValue::Date(86_400_000_000));
    }
}
