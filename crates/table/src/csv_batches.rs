//! Reading CSV.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::batches::{Batches, batch_rows};
use crate::byte_limit::{ByteBudget, LimitedReader};
use crate::column_names::unique_names;
use crate::csv_text::{END, UNCLOSED, decompressed, head, not_utf8, without_byte_order_mark};
use crate::error::TableError;
use crate::read_options::ReadOptions;
use crate::skip_bad_rows::{SkipBadRows, SkippedRows};
use crate::source::{CsvFile, Source};
use crate::table_size::TableSize;
use crate::utf8::Utf8;

/// Opens CSV. Every column is text. `path` is the file, if it can be read again to find a line.
pub(crate) fn csv_batches(
    name: &str,
    path: Option<&Path>,
    bytes: impl Read + Send + 'static,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    let io_error = |error| TableError::io(name, error);
    let mut bytes = decompressed(bytes).map_err(io_error)?;
    let head = head(&mut bytes).map_err(io_error)?;
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        let reason = "the text is UTF-16: save it as UTF-8";
        return Err(TableError::malformed(name, reason));
    }
    let head = without_byte_order_mark(&head).to_vec();
    if head.iter().all(u8::is_ascii_whitespace) {
        return Err(TableError::malformed(name, "the file is empty"));
    }
    let delimiter = options.delimiter.unwrap_or_else(|| detect_delimiter(&head));
    let names = column_names(name, &head, delimiter, options.header)?;
    let text = Cursor::new(head).chain(bytes).chain(END);
    let budget = ByteBudget::new();
    let text = LimitedReader::new(text, budget.clone());
    let skipped = SkippedRows::default();
    let text: Box<dyn Read + Send> = match options.skip_bad_rows {
        true => {
            let (header, fields) = (options.header, names.len());
            let skipped = skipped.clone();
            Box::new(SkipBadRows::new(text, delimiter, header, fields, skipped))
        }
        false => Box::new(Utf8::new(text)),
    };
    let schema = text_schema(&names);
    let batches = arrow_csv::ReaderBuilder::new(schema.clone())
        .with_header(options.header)
        .with_delimiter(delimiter)
        .with_batch_size(batch_rows(names.len()))
        .build(text)
        .map_err(|error| TableError::malformed(name, error.to_string()))?
        .map(move |batch| {
            budget.reset();
            let batch = batch.map_err(|error| without_prefix(&error.to_string()))?;
            match ends_inside_quotes(&batch) {
                true => Err(UNCLOSED.to_string()),
                false => Ok(batch),
            }
        });
    let csv = path.map(|path| CsvFile {
        path: path.to_path_buf(),
        delimiter,
        header: options.header,
    });
    Ok(Batches {
        source: Source {
            name: name.to_string(),
            csv,
            is_text: true,
            skips_bad_rows: options.skip_bad_rows,
        },
        schema,
        batches: Box::new(batches),
        skipped,
        at_least: TableSize::default(),
    })
}

fn text_schema(names: &[String]) -> SchemaRef {
    let fields = names.iter();
    let fields = fields.map(|name| Field::new(name, DataType::Utf8, true));
    Arc::new(Schema::new(fields.collect::<Vec<Field>>()))
}

fn ends_inside_quotes(batch: &RecordBatch) -> bool {
    let last = batch.columns().last();
    let last = last.and_then(|column| column.as_string_opt::<i32>());
    let value = last.and_then(|column| column.iter().next_back().flatten());
    value.is_some_and(|value| value.as_bytes().ends_with(END))
}

/// Arrow's message without its prefixes.
fn without_prefix(message: &str) -> String {
    let prefixes = ["Csv error: ", "Io error: ", "Parser error: "];
    let plain = prefixes.iter().fold(message, |message, prefix| {
        message.trim_start_matches(prefix)
    });
    plain.to_string()
}

/// The candidate that occurs most often in the first row, outside quotes; a comma if none occurs.
fn detect_delimiter(head: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in head.iter().skip_while(|byte| matches!(byte, b'\r' | b'\n')) {
        quoted ^= byte == b'"';
        if byte == b'\n' && !quoted {
            break;
        }
        if let Some((_, count)) = counts.iter_mut().find(|(d, _)| *d == byte && !quoted) {
            *count += 1;
        }
    }
    let mut best = counts[0];
    for candidate in counts {
        if candidate.1 > best.1 {
            best = candidate;
        }
    }
    best.0
}

/// The names of the columns, all different, from the first row.
fn column_names(
    name: &str,
    head: &[u8],
    delimiter: u8,
    has_header: bool,
) -> Result<Vec<String>, TableError> {
    let first_line = || format!("{name}:1");
    let mut first = csv::ByteRecord::new();
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .from_reader(head.chain(END))
        .read_byte_record(&mut first)
        .map_err(|error| TableError::malformed(name, error.to_string()))?;
    let last = first.iter().next_back();
    if last.is_some_and(|field| field.ends_with(END)) {
        return Err(TableError::malformed(first_line(), UNCLOSED));
    }
    let fields: Vec<&str> = first
        .iter()
        .enumerate()
        .map(|(field, text)| std::str::from_utf8(text).map_err(|_| field))
        .collect::<Result<_, _>>()
        .map_err(|field| TableError::malformed(first_line(), not_utf8(field)))?;
    if !has_header {
        return Ok((1..=fields.len()).map(|n| format!("column_{n}")).collect());
    }
    let is_number = |field: &&str| field.trim().parse::<f64>().is_ok();
    if fields.iter().all(is_number) {
        return Err(TableError::malformed(
            first_line(),
            "the first line holds numbers, not column names: add a header line, or pass \
             --no-header",
        ));
    }
    let names = fields.iter().map(|field| field.trim().to_string());
    Ok(unique_names(names.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_inside_quotes_do_not_count() {
        assert_eq!(detect_delimiter(b"a,b;c,d\n"), b',');
        assert_eq!(detect_delimiter(b"\r\n\"a,b,c\";d\n1,2,3,4;5"), b';');
        assert_eq!(detect_delimiter(b"a\tb\n"), b'\t');
        assert_eq!(detect_delimiter(b"a|b|c\n"), b'|');
        assert_eq!(detect_delimiter(b"alone\n"), b',');
    }
}
