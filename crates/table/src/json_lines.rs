//! Reading JSON lines: an object a row, in lines or in an array.

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use serde_json::de::IoRead;
use serde_json::{Deserializer, StreamDeserializer};
use std::collections::HashMap;
use std::io::{self, BufReader, Read};

use crate::batches::{Batches, batch_rows};
use crate::byte_limit::{ByteBudget, LimitedReader, TOO_LONG, text_limit};
use crate::column_names::{unique_names, without_hidden};
use crate::encoding::{Encoding, as_utf8};
use crate::error::TableError;
use crate::json_record::JsonRecord;
use crate::json_text::{JsonText, PlainJson};
use crate::read_options::ReadOptions;
use crate::selection::Selection;
use crate::table_size::TableSize;
use crate::typed_column::{TypedValue, TypesFound, array};

/// Different names, at most: with more, names are data.
const MAX_COLUMNS: usize = 65_536;
/// Tables with more columns must have a value in one of this many cells.
const WIDE: usize = 1000;
const MAX_EMPTY: u64 = 100;
const NO_OBJECTS: &str = "this JSON is one object of lists or objects, not an object for each row: write it as JSON \
     lines (in pandas: to_json(orient=\"records\", lines=True))";

type Text = JsonText<Box<dyn Read + Send>>;
type Records = StreamDeserializer<'static, IoRead<BufReader<Text>>, JsonRecord>;

/// Opens JSON. It is read twice: for the names and types of the columns, and for the rows. `text` opens it at
/// its start.
pub(crate) fn json_batches<R: Read + Send + 'static>(
    name: &str,
    text: impl Fn() -> io::Result<R> + Send + 'static,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    let io_error = |error| TableError::io(name, error);
    let budget = ByteBudget::new(text_limit(options));
    let (encoding, of_text) = (options.encoding, budget.clone());
    let open = move |rewritten: bool| records(text()?, encoding, rewritten, &of_text);
    let find = |rewritten: bool| {
        let records = open(rewritten).map_err(|error| NotFound {
            error: io_error(error),
            is_syntax: false,
        })?;
        Columns::find(name, records, &budget)
    };
    let (found, rewritten) = as_it_is_or_rewritten(find)?;
    let rows = found.rows;
    let (types, note) = found.check(name)?;
    let mut names = found.names.clone();
    let hidden = without_hidden(&mut names, options);
    let names = unique_names(names);
    let selection = Selection::new(names.iter().map(String::as_str), options);
    let index = found.names.into_iter().zip(0..);
    let index = index.filter(|(_, column)| selection.reads(*column));
    let index: HashMap<String, usize> = index.collect();
    let fields = names.into_iter().zip(types);
    let fields = fields.map(|(name, data_type)| Field::new(name, data_type, true));
    let schema = selection.schema(&Schema::new(fields.collect::<Vec<Field>>()));
    let (mut batches, mut started) = (None, Some(open));
    let of_batches = schema.clone();
    let batches = std::iter::from_fn(move || {
        if let Some(open) = started.take() {
            match open(rewritten) {
                Ok(records) => batches = Some(records),
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
    let at_least = TableSize::without_text(&schema, rows);
    let opened = Batches::typed(name, schema, at_least, batches);
    let notes = note.into_iter().chain(hidden);
    notes.for_each(|note| opened.layout.notes.add(note));
    Ok(opened)
}

/// The columns, and whether the text has to be rewritten to be JSON.
fn as_it_is_or_rewritten(
    find: impl Fn(bool) -> Result<Columns, NotFound>,
) -> Result<(Columns, bool), TableError> {
    match find(false) {
        Ok(found) => Ok((found, false)),
        // NaN and infinite numbers are no JSON, but some programs write them.
        Err(error) if error.is_syntax => match find(true) {
            Ok(found) => Ok((found, true)),
            Err(_) => Err(error.error),
        },
        Err(error) => Err(error.error),
    }
}

fn records(
    text: impl Read + Send + 'static,
    encoding: Option<Encoding>,
    rewritten: bool,
    budget: &ByteBudget,
) -> io::Result<Records> {
    budget.reset();
    let text = as_utf8(BufReader::new(text), encoding)?;
    let text = LimitedReader::new(text, budget.clone());
    let text: Box<dyn Read + Send> = match rewritten {
        true => Box::new(PlainJson::new(text)),
        false => Box::new(text),
    };
    let text = BufReader::new(JsonText::new(text));
    Ok(Deserializer::from_reader(text).into_iter())
}

/// The columns in the order of their first value.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    types: Vec<TypesFound>,
    rows: u64,
    /// The number of values in all rows.
    values: u64,
}

/// Why the columns were not found.
struct NotFound {
    error: TableError,
    /// Whether the text is not JSON.
    is_syntax: bool,
}

impl Columns {
    fn find(name: &str, records: Records, budget: &ByteBudget) -> Result<Self, NotFound> {
        let mut index: HashMap<String, usize> = HashMap::new();
        let mut found = Self::default();
        for record in records {
            let record = record.map_err(|error| NotFound {
                error: malformed(name, &error),
                is_syntax: error.is_syntax(),
            })?;
            budget.reset();
            found.rows += 1;
            found.values += record.0.len() as u64;
            for (column, value) in record.0 {
                let position = match index.get(&column) {
                    Some(&position) => position,
                    None if found.names.len() == MAX_COLUMNS => {
                        return Err(NotFound {
                            error: names_are_data(name, MAX_COLUMNS + 1, found.rows),
                            is_syntax: false,
                        });
                    }
                    None => {
                        index.insert(column.clone(), found.names.len());
                        found.names.push(column);
                        found.types.push(TypesFound::default());
                        found.names.len() - 1
                    }
                };
                found.types[position].add(&value);
            }
        }
        Ok(found)
    }

    /// The types of the columns, and a note. Checks that the records are rows.
    fn check(&self, name: &str) -> Result<(Vec<DataType>, Option<String>), TableError> {
        let refuse = |reason: &str| Err(TableError::malformed(name, reason));
        let unusable = |reason: &str| {
            Err(TableError::Unusable {
                name: name.to_string(),
                reason: reason.to_string(),
            })
        };
        let types: Vec<DataType> = self.types.iter().map(TypesFound::data_type).collect();
        let columns = types.len() as u64;
        // The memory and the time of a table are those of all its cells.
        let cells = self.rows.saturating_mul(columns);
        if types.len() > WIDE && self.values.saturating_mul(MAX_EMPTY) < cells {
            return Err(names_are_data(name, types.len(), self.rows));
        }
        if self.rows == 0 {
            return unusable("the JSON has no rows");
        }
        if types.is_empty() {
            return unusable("the JSON has objects without names, and so no columns");
        }
        if self.rows == 1 && types.iter().all(DataType::is_nested) {
            return refuse(NO_OBJECTS);
        }
        let is_list = |data_type: &DataType| matches!(data_type, DataType::List(_));
        let list = types.iter().position(is_list).filter(|_| self.rows == 1);
        let note = list.map(|list| {
            format!(
                "this JSON is one object: if the rows are in its list `{}`, write that list alone",
                self.names[list]
            )
        });
        Ok((types, note))
    }
}

fn names_are_data(name: &str, names: usize, rows: u64) -> TableError {
    let reason = format!(
        "there are {names} different names in {rows} objects, and few of them in each: the names look like \
         data; write each as a row with its name and its value"
    );
    TableError::malformed(name, reason)
}

fn malformed(name: &str, error: &serde_json::Error) -> TableError {
    let location = format!("{name}:{}", error.line());
    TableError::malformed(location, reason(error))
}

fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    // The line is a part of the location.
    let message = message.split(" at line ").next().unwrap_or_default();
    match message {
        "invalid unicode code point" => {
            "this is not UTF-8 text: pass --encoding NAME, such as windows-1252 for Latin-1, or write \
             the file as UTF-8"
                .to_string()
        }
        message if message.starts_with(TOO_LONG) => message.to_string(),
        message => format!("this is not JSON, with an object for each row: {message}"),
    }
}

fn next_batch(
    records: &mut Records,
    index: &HashMap<String, usize>,
    schema: &SchemaRef,
) -> Result<Option<RecordBatch>, String> {
    let mut columns: Vec<Vec<(usize, TypedValue)>> = vec![Vec::new(); schema.fields().len()];
    let mut rows = 0;
    for record in records.take(batch_rows(index.len())) {
        let record = record.map_err(|error| reason(&error))?;
        for (name, value) in record.0 {
            if let Some(&column) = index.get(&name) {
                let column = &mut columns[column];
                // A name that is there twice has its last value.
                match column.last_mut() {
                    Some((row, last)) if *row == rows => *last = value,
                    _ => column.push((rows, value)),
                }
            }
        }
        rows += 1;
    }
    if rows == 0 {
        return Ok(None);
    }
    let columns = columns
        .iter()
        .zip(schema.fields())
        .map(|(values, field)| array(values, rows, field.data_type()));
    let columns: Vec<ArrayRef> = columns.collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(schema.clone(), columns, &options);
    batch.map(Some).map_err(|error| error.to_string())
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
    fn numbers_beyond_the_range_are_missing_as_in_csv() {
        let json =
            "{\"x\": 1e400, \"y\": NaN}\n{\"x\": 2, \"y\": Infinity}\n{\"x\": -1e999, \"y\": 3}\n";
        let csv = "x,y\n1e400,NaN\n2,Infinity\n-1e999,3\n";
        let csv = Table::from_reader("t.csv", Cursor::new(csv), &ReadOptions::default()).unwrap();
        for json in [
            json,
            "[{\"x\":1e400,\"y\":NaN},{\"x\":2,\"y\":Infinity},{\"x\":-1e999,\"y\":3}]",
        ] {
            let table = read(json).unwrap();
            for column in ["x", "y"] {
                let bits = |table: &Table| -> Vec<bool> {
                    let numbers = table.numbers(column).unwrap();
                    numbers.iter().map(|number| number.is_nan()).collect()
                };
                assert_eq!(bits(&table), bits(&csv), "{column}");
            }
        }
    }

    #[test]
    fn many_names_with_few_values_are_data() {
        let rows = |rows: usize, values: usize| -> String {
            let value = |row: usize| move |n: usize| format!("\"n{}\": 1", row * values + n);
            let row = |row: usize| (0..values).map(value(row)).collect::<Vec<_>>().join(", ");
            (0..rows).map(|r| format!("{{{}}}\n", row(r))).collect()
        };
        let open = |text: String| {
            Table::from_reader("t.jsonl", Cursor::new(text), &ReadOptions::default())
        };
        let error = open(rows(3000, 1)).unwrap_err().to_string();
        assert!(
            error.contains("3000 different names in 3000 objects"),
            "{error}"
        );
        assert_eq!(open(rows(40, 50)).unwrap().columns().count(), 2000);
        let error = open(rows(10, 7000)).unwrap_err().to_string();
        assert!(error.contains("65537 different names"), "{error}");
    }

    #[test]
    fn other_encodings_are_read() {
        let json = "[{\"größe\": 1, \"y\": \"ä\"}]";
        let bytes: Vec<u8> = json.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let options = ReadOptions::default();
        let table = Table::from_reader("t.json", Cursor::new(bytes), &options).unwrap();
        assert_eq!(cells(&table, "y"), ["ä"]);
        let latin1: Vec<u8> = json.chars().map(|c| c as u8).collect();
        let error = Table::from_reader("t.json", Cursor::new(latin1.clone()), &options);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("--encoding"), "{error}");
        let options = ReadOptions {
            encoding: Some("latin1".parse().unwrap()),
            ..ReadOptions::default()
        };
        let table = Table::from_reader("t.json", Cursor::new(latin1), &options).unwrap();
        assert_eq!(cells(&table, "größe"), ["1"]);
    }

    #[test]
    fn one_object_with_a_list_is_said() {
        let table = read("{\"status\": \"ok\", \"data\": [{\"x\": 1}]}").unwrap();
        let notes = table.notes().join("");
        assert!(notes.contains("in its list `data`"), "{notes}");
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
            ("[]", "t.jsonl: the JSON has no rows"),
            ("{}", "t.jsonl: the JSON has objects without names"),
        ] {
            let error = read(json).unwrap_err().to_string();
            assert!(error.starts_with(line), "{json}: {error}");
        }
    }
}
