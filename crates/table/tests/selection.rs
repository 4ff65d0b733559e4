//! Columns that are not read.

use std::io::Cursor;

use backburn_table::{Cell, ReadOptions, Table, TableReader};

const CSV: &str = "a,b,\"c,d\"\n1,x,3\n2,y,4\n,,5\n,,6\n";

fn only(words: &[&str]) -> ReadOptions {
    ReadOptions {
        columns: Some(words.iter().map(|word| (*word).to_string()).collect()),
        ..ReadOptions::default()
    }
}

fn read(bytes: impl Into<Vec<u8>>, options: &ReadOptions) -> Table {
    Table::from_reader("t", Cursor::new(bytes.into()), options).unwrap()
}

fn cells(table: &Table, column: &str) -> Vec<String> {
    let cells = table.column(column).unwrap().cells();
    let text = |cell: Cell| cell.category().unwrap_or_default().into_owned();
    cells.map(text).collect()
}

/// Reads one of three columns, and checks that all are there and the others are null.
fn check(bytes: Vec<u8>) {
    let whole = read(bytes.clone(), &ReadOptions::default());
    let table = read(bytes, &only(&["b", "no such column"]));
    assert!(table.columns().eq(whole.columns()));
    assert_eq!(table.rows(), whole.rows());
    assert_eq!(cells(&table, "b"), cells(&whole, "b"));
    for unread in ["a", "c,d"] {
        let mut cells = table.column(unread).unwrap().cells();
        assert!(cells.all(|cell| cell == Cell::Missing), "{unread}");
    }
    let selected = table.select("some", &[1, 0]).unwrap();
    assert_eq!(cells(&selected, "b")[..2], ["y", "x"]);
    assert_eq!((table.row_number(1), selected.row_number(0)), (2, 2));
    let again = selected.select("again", &[1]).unwrap();
    assert_eq!(again.row_number(0), 1);
    let error = table.column("e").unwrap_err().to_string();
    assert!(error.contains("`a`, `b`, `c,d`"), "{error}");
}

#[test]
fn columns_of_text_are_left_out() {
    check(CSV.into());
    // Row by row, and with a title that makes the file not plain.
    check(format!("Title\n\n{CSV}").into());
    let options = ReadOptions {
        skip_bad_rows: true,
        ..only(&["b"])
    };
    let mut reader =
        TableReader::from_reader("t", Cursor::new(format!("{CSV}1\n2,z,3\n")), &options).unwrap();
    let rows = reader.by_ref().map(|batch| batch.unwrap().num_rows());
    assert_eq!(rows.sum::<usize>(), 5);
}

#[test]
fn a_row_is_blank_by_all_of_its_fields() {
    let table = read(format!("{CSV},,\n"), &only(&["b"]));
    assert_eq!(cells(&table, "b"), ["x", "y", "", ""]);
}

#[test]
fn words_may_hold_commas() {
    let table = read(CSV, &only(&["a,c,d"]));
    assert_eq!(cells(&table, "a")[..2], ["1", "2"]);
    assert_eq!(cells(&table, "c,d"), ["3", "4", "5", "6"]);
    assert_eq!(cells(&table, "b"), [""; 4]);
    let options = ReadOptions {
        without_columns: vec!["b,c,d".to_string()],
        ..ReadOptions::default()
    };
    let table = read(CSV, &options);
    assert_eq!(cells(&table, "a")[..2], ["1", "2"]);
    assert_eq!(cells(&table, "c,d"), [""; 4]);
}

#[test]
fn columns_of_several_files_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    for (year, value) in [("2023", "1"), ("2024", "2")] {
        let of_year = folder.path().join(format!("year={year}"));
        std::fs::create_dir(&of_year).unwrap();
        std::fs::write(of_year.join("t.csv"), format!("a,b\n{value},x\n")).unwrap();
    }
    let read = |words: &[&str]| Table::read(folder.path(), &only(words)).unwrap();
    let table = read(&["a,year"]);
    assert!(table.columns().eq(["a", "b", "year"]));
    assert_eq!(cells(&table, "a"), ["1", "2"]);
    assert_eq!(cells(&table, "b"), ["", ""]);
    assert_eq!(cells(&table, "year"), ["2023", "2024"]);
    assert_eq!(cells(&read(&["b"]), "year"), ["", ""]);
}

#[cfg(feature = "json")]
#[test]
fn columns_of_json_are_left_out() {
    let json = "{\"a\": 1, \"b\": \"x\", \"c,d\": [1]}\n{\"a\": 2, \"b\": \"y\", \"c,d\": {}}\n";
    check(json.into());
}

#[cfg(feature = "arrow")]
#[test]
fn columns_of_arrow_files_are_left_out() {
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

    let table = read(CSV, &ReadOptions::default());
    let batch = &table.batches()[0];
    for compression in [None, Some(CompressionType::ZSTD)] {
        let options = IpcWriteOptions::default();
        let options = options.try_with_compression(compression).unwrap();
        let mut file = Vec::new();
        let writer = FileWriter::try_new_with_options(&mut file, &batch.schema(), options.clone());
        let mut writer = writer.unwrap();
        writer.write(batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        check(file);
        let mut stream = Vec::new();
        let writer = StreamWriter::try_new_with_options(&mut stream, &batch.schema(), options);
        let mut writer = writer.unwrap();
        writer.write(batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        check(stream);
    }
}

#[cfg(feature = "parquet")]
#[test]
fn columns_of_parquet_are_not_decoded() {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;

    let ints: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "z"]));
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&b"1"[..], b"2", b"3"]));
    let columns = [("a", ints), ("b", texts), ("c,d", bytes)];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    let mut file = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut file, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    let metadata = writer.close().unwrap();
    check(file.clone());
    // Nothing of a column that is not read is looked at.
    for column in [0, 2] {
        let column = metadata.row_group(0).column(column);
        let start = column.dictionary_page_offset();
        let start = start.unwrap_or(column.data_page_offset()) as usize;
        file[start..start + column.compressed_size() as usize].fill(0xff);
    }
    let table = read(file.clone(), &only(&["b"]));
    assert_eq!(cells(&table, "b"), ["x", "y", "z"]);
    let whole = Table::from_reader("t", Cursor::new(file), &ReadOptions::default());
    assert!(whole.is_err());
}
