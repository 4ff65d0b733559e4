//! Reading CSV: delimiters, quotes, compression and headers, and the messages about bad files.

use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;

use backburn_table::{ReadOptions, Table, TableError, TableReader};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

fn read_with(bytes: &[u8], options: &ReadOptions) -> Result<Table, TableError> {
    Table::from_reader("t.csv", Cursor::new(bytes.to_vec()), options)
}

fn read(bytes: &[u8]) -> Result<Table, TableError> {
    read_with(bytes, &ReadOptions::default())
}

fn message(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

/// The columns, and the cells of each as text; a missing one is `-`.
fn contents(table: &Table) -> Vec<(String, Vec<String>)> {
    let columns = table.columns().map(|name| {
        let cells = table.column(name).unwrap().cells();
        let cells = cells.map(|cell| match cell.category() {
            Some(text) => text.into_owned(),
            None => "-".to_string(),
        });
        (name.to_string(), cells.collect())
    });
    columns.collect()
}

fn expected(columns: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let columns = columns.iter().map(|(name, cells)| {
        let cells = cells.iter().map(|cell| cell.to_string());
        (name.to_string(), cells.collect())
    });
    columns.collect()
}

/// A file in a folder that is removed at the end.
fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn delimiters_are_detected_or_given() {
    for delimiter in [',', ';', '\t', '|'] {
        let csv = "a,b\n1,x\n2,\n".replace(',', &delimiter.to_string());
        let table = read(csv.as_bytes()).unwrap();
        let both = expected(&[("a", &["1", "2"]), ("b", &["x", "-"])]);
        assert_eq!(contents(&table), both, "{delimiter:?}");
    }
    let options = ReadOptions {
        delimiter: Some(b':'),
        ..ReadOptions::default()
    };
    let table = read_with(b"a:b,c\n1:2\n", &options).unwrap();
    assert_eq!(
        contents(&table),
        expected(&[("a", &["1"]), ("b,c", &["2"])])
    );
}

#[test]
fn quotes_hold_delimiters_quotes_and_line_ends() {
    let table = read(b"a,b\n\"x, \"\"y\"\"\",1\n\"two\nlines\",2\n").unwrap();
    let both = expected(&[("a", &["x, \"y\"", "two\nlines"]), ("b", &["1", "2"])]);
    assert_eq!(contents(&table), both);
}

#[test]
fn options_that_leave_out_every_line_are_named() {
    let message = |csv: &str, options: ReadOptions| {
        let error = read_with(csv.as_bytes(), &options).unwrap_err();
        error.to_string()
    };
    let skip = |skip_lines| ReadOptions {
        skip_lines,
        ..ReadOptions::default()
    };
    let said = message("a,b\n1,2\n", skip(5));
    assert!(said.contains("no line behind the first 5"), "{said}");
    let said = message(&"1,2\n".repeat(100_000), skip(90_000));
    assert!(said.contains("the whole start of the file"), "{said}");
    let comment = ReadOptions {
        comment: Some(b'#'),
        ..ReadOptions::default()
    };
    let said = message("#a\n#b\n", comment);
    assert!(said.contains("--comment"), "{said}");
    assert!(message("", skip(0)).contains("the file is empty"));
}

#[test]
fn a_quote_that_is_never_closed_is_an_error_with_its_line() {
    let csv = b"a,b\n1,2\n3,\"4\n5,6\n";
    assert!(message(csv).contains("a quote is opened in this row and never closed"));
    let (_folder, path) = file(csv);
    let error = Table::read(&path, &ReadOptions::default()).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("t.csv:3: a quote is opened"), "{error}");
}

#[test]
fn gzip_is_read_like_plain_text() {
    let csv = b"a,b\n1,x\n2,y\n";
    let plain = contents(&read(csv).unwrap());
    assert_eq!(contents(&read(&gzip(csv)).unwrap()), plain);
    let (_folder, path) = file(&gzip(csv));
    let table = Table::read(&path, &ReadOptions::default()).unwrap();
    assert_eq!(contents(&table), plain);
    let packed = gzip(csv);
    assert!(read(&packed[..packed.len() / 2]).is_err(), "cut off");
}

#[cfg(all(feature = "compression", feature = "parquet"))]
#[test]
fn a_compressed_file_may_hold_any_format() {
    use std::sync::Arc;

    use arrow_array::{Float64Array, RecordBatch};
    use parquet::arrow::ArrowWriter;

    let csv = b"a\n1.5\n2.5\n";
    let plain = contents(&read(csv).unwrap());
    let numbers = Arc::new(Float64Array::from(vec![1.5, 2.5])) as _;
    let batch = RecordBatch::try_from_iter([("a", numbers)]).unwrap();
    let mut parquet = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut parquet, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    for bytes in [&csv[..], &parquet] {
        let zstd = zstd::encode_all(bytes, 0).unwrap();
        for packed in [gzip(bytes), zstd] {
            assert_eq!(contents(&read(&packed).unwrap()), plain);
            let (_folder, path) = file(&packed);
            let table = Table::read(&path, &ReadOptions::default()).unwrap();
            assert_eq!(contents(&table), plain);
        }
    }
}

#[test]
fn a_file_without_header_gets_numbered_columns() {
    let options = ReadOptions {
        header: Some(false),
        ..ReadOptions::default()
    };
    let table = read_with(b"1,x\n2,y\n", &options).unwrap();
    let both = expected(&[("column_1", &["1", "2"]), ("column_2", &["x", "y"])]);
    assert_eq!(contents(&table), both);
    let error = message(b"1,2\n3,4\n");
    assert!(
        error.starts_with("t.csv:1: the first line holds numbers"),
        "{error}"
    );
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_first_name() {
    let table = read(b"\xef\xbb\xbfa,b\n1,2\n").unwrap();
    assert_eq!(contents(&table), expected(&[("a", &["1"]), ("b", &["2"])]));
}

#[test]
fn rows_with_the_wrong_number_of_fields_are_errors_with_their_line() {
    let (_folder, path) = file(b"a,b\n1,2\n\n3\n");
    let error = Table::read(&path, &ReadOptions::default()).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("t.csv:4: this row has 1 field, the header 2"),
        "{error}"
    );
    let (_folder, path) = file(b"a,b\r\n1,2\r\n3,4,5\r\n");
    let error = Table::read(&path, &ReadOptions::default()).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("t.csv:3: this row has 3 fields, the header 2"),
        "{error}"
    );
}

#[test]
fn bad_rows_are_skipped_and_listed_on_request() {
    let options = ReadOptions {
        skip_bad_rows: true,
        ..ReadOptions::default()
    };
    let bytes = Cursor::new(b"a,b\n1,2\n3\n\xff,4\n5,6\n".to_vec());
    let mut reader = TableReader::from_reader("t.csv", bytes, &options).unwrap();
    let rows = reader.by_ref().map(|batch| batch.unwrap().num_rows());
    assert_eq!(rows.sum::<usize>(), 2);
    let skipped = reader.skipped();
    let rows: Vec<_> = skipped.iter().map(|s| s.rows.clone()).collect();
    assert_eq!(rows, [1..2, 2..3]);
    assert!(skipped[0].reason.contains("1 field"), "{skipped:?}");
    assert!(
        skipped[1].reason.contains("field 1 is not UTF-8"),
        "{skipped:?}"
    );
    assert!(reader.skipped().is_empty());
}

#[test]
fn an_invisible_first_field_is_a_row_with_and_without_bad_rows() {
    let skipping = ReadOptions {
        skip_bad_rows: true,
        ..ReadOptions::default()
    };
    for text in [
        "\" \"+\"+\"\n\"\"\u{feff}\n",
        "a\n\"\u{feff}\"\n",
        "a\n\"\u{feff}x\"\n\"\"\n",
        "a\n\"\u{200b}\"\n",
        "a,b\n\"\u{feff}\",1\n2,3\n",
    ] {
        let whole = read(text.as_bytes()).unwrap();
        let skipped = read_with(text.as_bytes(), &skipping).unwrap();
        assert_eq!(skipped.rows(), whole.rows(), "{text:?}");
        assert_eq!(contents(&skipped), contents(&whole), "{text:?}");
    }
}

#[test]
fn text_that_is_not_utf8_is_an_error_with_its_line() {
    let (_folder, path) = file(b"a,b\n1,2\n3,\xe9\n");
    let error = Table::read(&path, &ReadOptions::default()).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("t.csv:3: field 2 is not UTF-8 text"),
        "{error}"
    );
    let error = message(b"a,\xe9\n1,2\n");
    assert!(
        error.starts_with("t.csv:1: field 2 is not UTF-8 text"),
        "{error}"
    );
}

#[test]
fn files_without_rows_are_refused() {
    assert_eq!(message(b""), "t.csv: the file is empty");
    assert_eq!(message(b" \n\n"), "t.csv: the file is empty");
    assert_eq!(
        message(b"a,b\n"),
        "t.csv: the table has a header but no rows"
    );
    let folder = tempfile::tempdir().unwrap();
    let error = Table::read(folder.path(), &ReadOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("the folder has no files to read a table from")
    );
    let nowhere = folder.path().join("nowhere.csv");
    let error = Table::read(nowhere, &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, TableError::Io { .. }), "{error}");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_is_refused_without_its_feature() {
    let error = message(b"PAR1 and so on");
    assert!(error.contains("the feature `parquet`"), "{error}");
}
