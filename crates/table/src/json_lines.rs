//! Reading JSON lines: an object a row, in lines or in an array.

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use serde_json::de::IoRead;
use serde_json::{Deserializer, StreamDeserializer};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use crate::batches::{Batches, batch_rows};
use crate::byte_limit::{ByteBudget, LimitedReader, TOO_LONG, text_limit};
use crate::column_names::unique_names;
use crate::error::TableError;
use crate::json_record::JsonRecord;
use crate::notes::LayoutInfo;
use crate::read_options::ReadOptions;
use crate::selection::Selection;
use crate::skip_bad_rows::SkippedRows;
use crate::source::Source;
use crate::table_size::TableSize;
use crate::typed_column::{TypedValue, TypesFound, array};

/// Different names, at most: with more, names are data.
const MAX_COLUMNS: usize = 65_536;

type Text<R> = BufReader<JsonText<LimitedReader<BufReader<R>>>>;
type Records<R> = StreamDeserializer<'static, IoRead<Text<R>>, JsonRecord>;

/// Opens a JSON file.
pub(crate) fn json_file(
    name: &str,
    mut file: File,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    let io_error = |error| TableError::io(name, error);
    let mut again = file.try_clone().map_err(io_error)?;
    file.rewind().map_err(io_error)?;
    let again = move || again.rewind().map(|()| again);
    json_batches(name, file, again, options)
}

/// Opens JSON. It is read twice: for the names and types of the columns, and for the rows.
pub(crate) fn json_batches<R: Read + Send + 'static>(
    name: &str,
    text: R,
    again: impl FnOnce() -> io::Result<R> + Send + 'static,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    let budget = ByteBudget::new(text_limit(options));
    let (names, types, rows) = columns(name, records(text, &budget), &budget)?;
    let unique = unique_names(names.clone());
    let selection = Selection::new(unique.iter().map(String::as_str), options);
    let index = names.into_iter().zip(0..);
    let index = index.filter(|(_, column)| selection.reads(*column));
    let index: HashMap<String, usize> = index.collect();
    let types: Vec<DataType> = types.iter().map(TypesFound::data_type).collect();
    if rows == 1 && !types.is_empty() && types.iter().all(DataType::is_nested) {
        return Err(TableError::malformed(
            name,
            "this JSON is one object of lists or objects, not an object for each row: write it as \
             JSON lines (in pandas: to_json(orient=\"records\", lines=True))",
        ));
    }
    let fields = unique.into_iter().zip(&types);
    let fields = fields.map(|(name, data_type)| Field::new(name, data_type.clone(), true));
    let schema = selection.schema(&Schema::new(fields.collect::<Vec<Field>>()));
    let (mut batches, mut started) = (None, Some(again));
    let of_batches = schema.clone();
    let batches = std::iter::from_fn(move || {
        if let Some(again) = started.take() {
            match again() {
                Ok(text) => batches = Some(records(text, &budget)),
                Err(error) => return Some(Err(error.to_string())),
            }
        }
        budget.reset();
        match next_batch(batches.as_mut()?, &index, &of_batches) {
            Ok(batch) => batch.map(Ok),
            Err(error) => {
                batches = None;
                Some(Err(error))
            }
        }
    });
    Ok(Batches {
        source: Source::typed(name),
        at_least: TableSize::without_text(&schema, rows),
        schema,
        batches: Box::new(batches),
        skipped: SkippedRows::default(),
        layout: LayoutInfo::default(),
    })
}

fn records<R: Read>(text: R, budget: &ByteBudget) -> Records<R> {
    let text = LimitedReader::new(BufReader::new(text), budget.clone());
    let text = BufReader::new(JsonText::new(text));
    Deserializer::from_reader(text).into_iter()
}

type Columns = (Vec<String>, Vec<TypesFound>, u64);

/// The columns in the order of their first value, their types, and the number of rows.
fn columns<R: Read>(
    name: &str,
    records: Records<R>,
    budget: &ByteBudget,
) -> Result<Columns, TableError> {
    let mut index: HashMap<String, usize> = HashMap::new();
    let (mut names, mut types): (Vec<String>, Vec<TypesFound>) = (Vec::new(), Vec::new());
    let mut rows = 0;
    for record in records {
        let record = record.map_err(|error| malformed(name, &error))?;
        budget.reset();
        rows += 1;
        for (column, value) in record.0 {
            let position = match index.get(&column) {
                Some(&position) => position,
                None if names.len() == MAX_COLUMNS => {
                    let reason = format!("there are more than {MAX_COLUMNS} different names");
                    return Err(TableError::malformed(name, reason));
                }
                None => {
                    index.insert(column.clone(), names.len());
                    names.push(column);
                    types.push(TypesFound::default());
                    names.len() - 1
                }
            };
            types[position].add(&value);
        }
    }
    Ok((names, types, rows))
}

fn malformed(name: &str, error: &serde_json::Error) -> TableError {
    let location = format!("{name}:{}", error.line());
    TableError::malformed(location, reason(error))
}

fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    // The line is a part of the location.
    let message = message.split(" at line ").next().unwrap_or_default();
    if message.starts_with(TOO_LONG) {
        return message.to_string();
    }
    format!("this is not JSON, with an object for each row: {message}")
}

fn next_batch<R: Read>(
    records: &mut Records<R>,
    index: &HashMap<String, usize>,
    schema: &SchemaRef,
) -> Result<Option<RecordBatch>, String> {
    let mut columns: Vec<Vec<TypedValue>> = vec![Vec::new(); schema.fields().len()];
    let mut rows = 0;
    for record in records.take(batch_rows(index.len())) {
        let record = record.map_err(|error| reason(&error))?;
        for (name, value) in record.0 {
            if let Some(&column) = index.get(&name) {
                let column = &mut columns[column];
                // A name that is there twice has its last value.
                column.resize(rows, TypedValue::Null);
                column.push(value);
            }
        }
        rows += 1;
    }
    if rows == 0 {
        return Ok(None);
    }
    let columns = columns
        .iter_mut()
        .zip(schema.fields())
        .map(|(values, field)| {
            values.resize(rows, TypedValue::Null);
            array(values, field.data_type())
        });
    let columns: Vec<ArrayRef> = columns.collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(schema.clone(), columns, &options);
    batch.map(Some).map_err(|error| error.to_string())
}

/// JSON as objects one after the other: without a byte order mark, and without the brackets and commas
/// of an array around them.
struct JsonText<R> {
    text: R,
    started: bool,
    is_array: bool,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl<R: Read> JsonText<R> {
    fn new(text: R) -> Self {
        Self {
            text,
            started: false,
            is_array: false,
            depth: 0,
            in_string: false,
            escaped: false,
        }
    }

    /// The byte as it is passed on.
    fn outside_array(&mut self, byte: u8) -> u8 {
        if !self.started {
            self.started = !(byte.is_ascii_whitespace() || byte >= 0x80);
            self.is_array = byte == b'[';
            return if self.is_array || byte >= 0x80 {
                b' '
            } else {
                byte
            };
        }
        if !self.is_array {
            return byte;
        }
        if self.in_string {
            self.in_string = byte != b'"' || self.escaped;
            self.escaped = byte == b'\\' && !self.escaped;
            return byte;
        }
        match byte {
            b'"' => self.in_string = true,
            b',' if self.depth == 0 => return b' ',
            b']' if self.depth == 0 => {
                // Nothing may follow but white space, which is checked by the parser.
                self.is_array = false;
                return b' ';
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        byte
    }
}

impl<R: Read> Read for JsonText<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buffer)?;
        if !self.started || self.is_array {
            for byte in &mut buffer[..read] {
                *byte = self.outside_array(*byte);
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::cell::Cell;
    use crate::table::Table;

    fn read(json: &'static str) -> Result<Table, TableError> {
        Table::from_reader("t.jsonl", Cursor::new(json), &ReadOptions::default())
    }

    fn cells(table: &Table, column: &str) -> Vec<String> {
        let column = table.column(column).unwrap();
        let names = column.cells().map(|cell| match cell.category() {
            Some(name) => name.into_owned(),
            None => "-".to_string(),
        });
        names.collect()
    }

    #[test]
    fn lines_and_arrays_are_read() {
        for json in [
            "{\"b\": 1.5, \"a\": \"x,]\\\"{\"}\n{\"a\": \"NA\", \"c\": true, \"b\": 2}\n\n",
            "\u{feff}[{\"b\":1.5,\"a\":\"x,]\\\"{\"},\r\n {\"a\":\"NA\",\"c\":true,\"b\":2}]\n",
            "  {\"b\":1.5,\"a\":\"x,]\\\"{\"}{\"a\":\"NA\",\"c\":true,\"b\":2}",
        ] {
            let table = read(json).unwrap();
            assert_eq!(table.columns().collect::<Vec<_>>(), ["b", "a", "c"]);
            assert_eq!(cells(&table, "a"), ["x,]\"{", "NA"]);
            assert_eq!(cells(&table, "b"), ["1.5", "2"]);
            assert_eq!(cells(&table, "c"), ["-", "True"]);
        }
    }

    #[test]
    fn types_are_those_of_all_rows() {
        let table = read(
            "{\"id\": 9007199254740993, \"mixed\": 1, \"list\": [1, {\"a\": 2}], \"none\": null}\n\
             {\"id\": 9007199254740992, \"mixed\": \"x\", \"list\": null, \"big\": 18446744073709551615}\n\
             {\"mixed\": false, \"list\": [], \"big\": -1}\n",
        )
        .unwrap();
        assert_eq!(
            cells(&table, "id"),
            ["9007199254740993", "9007199254740992", "-"]
        );
        assert_eq!(cells(&table, "mixed"), ["1", "x", "False"]);
        assert_eq!(cells(&table, "big"), ["-", "18446744073709551615", "-1"]);
        assert!(table.column("list").unwrap().unreadable().is_some());
        assert!(table.column("none").unwrap().unreadable().is_none());
        assert!(
            table
                .column("none")
                .unwrap()
                .cells()
                .all(|cell| cell == Cell::Missing)
        );
    }

    #[test]
    fn a_value_for_a_name_that_is_there_twice_is_the_last() {
        let table = read("{\"a\": 1, \"a\": 2}\n{\"a\": 3}\n").unwrap();
        assert_eq!(cells(&table, "a"), ["2", "3"]);
    }

    #[test]
    fn mistakes_are_errors_with_their_line() {
        for (json, line) in [
            ("{\"a\": 1}\n{\"a\": }\n", "t.jsonl:2: this is not JSON"),
            ("{\"a\": 1}\n{\"a\": 2", "t.jsonl:2: this is not JSON"),
            ("{\"a\": 1}\n3\n", "t.jsonl:3: this is not JSON"),
            ("[{\"a\": 1}, [2]]", "t.jsonl:1: this is not JSON"),
            (
                "{\"a\": {\"0\": 1}, \"b\": {\"0\": 2}}",
                "t.jsonl: this JSON is one object",
            ),
        ] {
            let error = read(json).unwrap_err().to_string();
            assert!(error.starts_with(line), "{json}: {error}");
        }
    }
}
