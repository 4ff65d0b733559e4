//! Tables of several files, and categories in files of every kind.

use std::fs;
use std::path::Path;

use backburn_table::{Cell, ReadOptions, Table, TableError, TableReader};
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read(path: impl AsRef<Path>) -> Result<Table, TableError> {
    Table::read(path, &ReadOptions::default())
}

fn column(table: &Table, column: &str) -> Vec<String> {
    let cells = table.column(column).unwrap().cells();
    let names = cells.map(|cell| cell.category().unwrap_or_default().into_owned());
    names.collect()
}

#[test]
fn a_folder_is_read_in_the_order_of_names() {
    let folder = folder(&[
        ("year=2024/b.csv", "x,y\n3,c\n"),
        ("year=2024/a.csv", "y,x\nb,2\n"),
        ("year=2023/z.csv", "x,y\n1,a\n"),
        ("_SUCCESS", ""),
        (".part.crc", "no table"),
    ]);
    let table = read(folder.path()).unwrap();
    assert_eq!(table.columns().collect::<Vec<_>>(), ["x", "y", "year"]);
    assert_eq!(column(&table, "x"), ["1", "2", "3"]);
    assert_eq!(column(&table, "y"), ["a", "b", "c"]);
    assert_eq!(column(&table, "year"), ["2023", "2024", "2024"]);
    assert!(
        table.location(2).ends_with("b.csv:2"),
        "{}",
        table.location(2)
    );
    assert_eq!(table.fingerprint().unwrap().len(), 32);
}

#[test]
fn a_pattern_is_read_unless_a_file_has_that_name() {
    let folder = folder(&[
        ("1.csv", "x,y\n1,a\n2,b\n"),
        ("2.csv", "x,y\n3,c\n"),
        ("2.txt", "z\n"),
        ("[1].csv", "x,y\n9,z\n"),
    ]);
    let table = read(folder.path().join("?.csv")).unwrap();
    assert_eq!(column(&table, "x"), ["1", "2", "3"]);
    let one = read(folder.path().join("[1].csv")).unwrap();
    assert_eq!(column(&one, "x"), ["9"]);
    let error = read(folder.path().join("*.parquet"))
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("no file has a name like this"), "{error}");
    let reader = TableReader::open(folder.path().join("?.csv"), &ReadOptions::default());
    assert_eq!(reader.unwrap().at_least().bytes, 20);
}

#[test]
fn a_file_with_other_columns_is_named() {
    for (text, reason) in [
        ("x,z\n1,a\n", "column `z` is not in"),
        ("x\n1\n", "there is no column `y`"),
    ] {
        let folder = folder(&[("1.csv", "x,y\n1,a\n"), ("2.csv", text)]);
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("2.csv: ") && error.contains(reason),
            "{error}"
        );
        assert!(error.contains("1.csv"), "{error}");
    }
}

#[test]
fn a_mistake_is_located_in_its_file() {
    let folder = folder(&[("1.csv", "x,y\n1,a\n"), ("2.csv", "x,y\n2,b\n3\n")]);
    let error = read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("2.csv:3: "), "{error}");
}

#[test]
fn skipped_rows_count_over_all_files() {
    let folder = folder(&[("1.csv", "x,y\n1,a\n0\n"), ("2.csv", "x,y\n2,b\n3\n4,c\n")]);
    let options = ReadOptions {
        skip_bad_rows: true,
        ..ReadOptions::default()
    };
    let mut reader = TableReader::open(folder.path(), &options).unwrap();
    let rows = reader.by_ref().map(|batch| batch.unwrap().num_rows());
    assert_eq!(rows.sum::<usize>(), 3);
    let skipped = reader.skipped().into_iter();
    let skipped: Vec<usize> = skipped.flat_map(|skipped| skipped.rows).collect();
    assert_eq!(skipped, [1, 3]);
    assert!(
        reader.location(3).ends_with("2.csv:3"),
        "{}",
        reader.location(3)
    );
}

#[cfg(feature = "json")]
#[test]
fn types_of_several_files_are_widened() {
    let folder = folder(&[
        ("1.jsonl", "{\"a\": 1, \"b\": null}\n"),
        ("2.jsonl", "{\"a\": 2.5, \"b\": \"x\"}\n"),
    ]);
    let table = read(folder.path()).unwrap();
    assert_eq!(table.numbers("a").unwrap(), [1.0, 2.5]);
    assert_eq!(column(&table, "b"), ["", "x"]);
}

#[test]
fn numbers_are_spelled_as_python_writes_them() {
    for line in include_str!("data/python_floats.txt").lines() {
        let (bits, expected) = line.split_once(' ').unwrap();
        let number = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        let typed = Cell::Number(number).category().unwrap().into_owned();
        let text = Cell::from_text(expected).category().unwrap().into_owned();
        assert_eq!(typed, text, "{line}");
    }
}

#[test]
fn files_that_are_no_tables_are_named() {
    for (bytes, word) in [
        (&b"SQLite format 3\0rest"[..], "an SQLite database"),
        (b"%PDF-1.4\n", "a PDF document"),
        (b"<!doctype html><html>", "an HTML page"),
        (b"\x93NUMPY\x01\0", "a NumPy array"),
        (b"PARE....PARE", "encrypted"),
    ] {
        let reader = std::io::Cursor::new(bytes);
        let error = Table::from_reader("t", reader, &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        fs::write(&path, bytes).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains(word));
    }
}
