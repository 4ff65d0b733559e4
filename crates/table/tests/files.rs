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
fn values_of_folders_are_read_as_they_are_meant() {
    let folder = folder(&[
        ("city=NA/1.csv", "x\n1\n"),
        ("city=New%20York/1.csv", "x\n2\n"),
        ("city=__HIVE_DEFAULT_PARTITION__/1.csv", "x\n3\n"),
        ("city=/1.csv", "x\n4\n"),
    ]);
    let table = read(folder.path()).unwrap();
    let cells = column(&table, "city");
    assert_eq!(cells, ["", "NA", "New York", ""]);
    let missing = table.column("city").unwrap().cells();
    let missing = missing.filter(|cell| *cell == Cell::Missing).count();
    assert_eq!(missing, 2, "only the value of Hive is missing");
}

#[test]
fn a_column_in_the_file_and_in_the_folder_is_compared() {
    let same = folder(&[
        ("year=2023/1.csv", "x,year\n1,2023\n2,2023.0\n"),
        ("year=2024/1.csv", "x,year\n3,2024\n4,\n"),
    ]);
    let table = read(same.path()).unwrap();
    assert_eq!(column(&table, "year"), ["2023", "2023", "2024", ""]);
    let notes = table.notes().join("");
    assert!(
        notes.contains("`year` is in the files and in the names"),
        "{notes}"
    );
    let other = folder(&[("year=2024/1.csv", "x,year\n1,2024\n2,2023\n")]);
    let error = read(other.path()).unwrap_err().to_string();
    assert!(
        error.contains("1.csv: column `year` is \"2023\" in row 2")
            && error.contains("the folder says \"2024\""),
        "{error}"
    );
}

#[test]
fn one_part_of_a_table_has_the_columns_that_a_model_needs() {
    let folder = folder(&[("year=2024/1.csv", "x\n1\n2\n")]);
    let file = folder.path().join("year=2024/1.csv");
    let columns = |path: &Path, known: &[&str]| {
        let options = ReadOptions {
            known_columns: known.iter().map(|name| name.to_string()).collect(),
            ..ReadOptions::default()
        };
        let table = Table::read(path, &options).unwrap();
        table.columns().map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(columns(&file, &[]), ["x"]);
    assert_eq!(columns(&file, &["x"]), ["x"]);
    assert_eq!(columns(&file, &["x", "year"]), ["x", "year"]);
    assert_eq!(
        columns(file.parent().unwrap(), &["x", "year"]),
        ["x", "year"]
    );
}

#[test]
fn files_beside_a_table_are_left_out() {
    let folder = folder(&[
        ("1.csv", "x,y\n1,a\n"),
        ("2.csv", "x,y\n2,b\n"),
        ("3.csv", ""),
        ("1.csv.crc", "\u{1}\u{2}"),
        ("1.csv~", "z\n"),
        ("Thumbs.db", "z"),
        ("README.md", "# Sales\n"),
        ("LICENSE", "MIT\n"),
        (".ipynb_checkpoints/1-checkpoint.csv", "x,y\n1,a\n"),
        ("_temporary/0/1.csv", "x,y\n1,a\n"),
    ]);
    let table = read(folder.path()).unwrap();
    assert_eq!(column(&table, "x"), ["1", "2"]);
    let notes = table.notes();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert_eq!(notes[0], "1 empty file is left out");
    assert!(notes[1].ends_with("`LICENSE`, `README.md`"), "{notes:?}");
}

#[test]
fn notes_name_the_files_that_they_are_about() {
    let folder = folder(&[
        ("1.csv", "Report\n\nx;y\n1;a\n2;b\n"),
        ("2.csv", "Report\n\nx;y\n3;a\n4;b\n"),
        ("3.csv", "x;y\n5;a\n# end\n"),
    ]);
    let table = read(folder.path()).unwrap();
    assert_eq!(column(&table, "x"), ["1", "2", "3", "4", "5"]);
    let notes = table.notes();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].contains("1.csv and another file: lines 1 to 2 are left out"),
        "{notes:?}"
    );
    assert!(
        notes[1].contains("3.csv: 1 comment line is left out"),
        "{notes:?}"
    );
}

#[test]
fn a_file_and_its_compressed_copy_are_said() {
    let folder = folder(&[("1.csv", "x,y\n1,a\n")]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"x,y\n1,a\n").unwrap();
    fs::write(folder.path().join("1.csv.gz"), packed.finish().unwrap()).unwrap();
    let notes = read(folder.path()).unwrap().notes().join("");
    assert!(notes.contains("1.csv.gz are both read"), "{notes}");
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_above_is_named() {
    let folder = folder(&[("1.csv", "x\n1\n")]);
    std::os::unix::fs::symlink(".", folder.path().join("again")).unwrap();
    let error = read(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("again: this is a link to a folder that it is in"),
        "{error}"
    );
}

#[test]
fn folders_of_databases_are_named() {
    let folder = folder(&[("_delta_log/0.json", "{}"), ("part-0.csv", "x\n1\n")]);
    let error = read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("a Delta table"), "{error}");
    let error = read(folder.path().join("*.{csv,gz}"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("`{a,b}` is no part of a pattern"), "{error}");
}

#[cfg(feature = "json")]
#[test]
fn files_of_different_kinds_are_named() {
    let folder = folder(&[
        ("1.csv", "x,y\n1,a\n"),
        ("2.jsonl", "{\"x\": 1, \"y\": \"a\"}\n"),
    ]);
    let error = read(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("2.jsonl: column `x` holds whole numbers, and text in")
            && error.contains("convert them to one kind"),
        "{error}"
    );
    let folder = self::folder(&[
        ("1.jsonl", "{\"x\": [1], \"y\": 1}\n"),
        ("2.jsonl", "{\"x\": 2, \"y\": 2}\n"),
    ]);
    let table = read(folder.path()).unwrap();
    assert_eq!(
        table.column("x").unwrap().unreadable().as_deref(),
        Some("lists")
    );
    assert_eq!(column(&table, "y"), ["1", "2"]);
}

#[test]
fn a_file_without_a_header_among_others_is_named() {
    let folder = folder(&[
        ("1.csv", "5.9,setosa\n6.1,versi\n5.9,setosa\n"),
        ("2.csv", "6.2,versi\n5.8,setosa\n6.2,versi\n"),
    ]);
    let error = read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("--no-header"), "{error}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn files_that_are_compressed_twice_are_named() {
    let message = |bytes: Vec<u8>| {
        let reader = std::io::Cursor::new(bytes);
        let error = Table::from_reader("t", reader, &ReadOptions::default()).unwrap_err();
        error.to_string()
    };
    let csv = b"x,y\n1,a\n";
    let error = message(gzip(&gzip(csv)));
    assert!(
        error.contains("compressed twice, by gzip and then by gzip"),
        "{error}"
    );
    let mut tar = vec![0; 1024];
    tar[..5].copy_from_slice(b"t.csv");
    tar[257..262].copy_from_slice(b"ustar");
    let error = message(gzip(&tar));
    assert!(
        error.contains("a tar archive, compressed by gzip"),
        "{error}"
    );
    let error = message(gzip(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    assert!(
        error.contains("a zip archive that is compressed by gzip"),
        "{error}"
    );
    let packed = gzip(&csv.repeat(10_000));
    let error = message(packed[..packed.len() / 2].to_vec());
    assert!(
        error.contains("compressed by gzip, and damaged or cut off"),
        "{error}"
    );
}

#[test]
fn options_that_mean_nothing_are_noted() {
    let options = ReadOptions {
        sheet: Some("Data".to_string()),
        ..ReadOptions::default()
    };
    let reader = std::io::Cursor::new(b"x,y\n1,a\n2,b\n");
    let table = Table::from_reader("t", reader, &options).unwrap();
    assert_eq!(
        table.notes(),
        ["--sheet has no effect here, because the file is a text file"]
    );
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
        (
            b"@relation iris\n@attribute x real\n@data\n1\n",
            "--skip-lines",
        ),
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

#[test]
fn a_table_below_lines_of_another_kind_is_read() {
    let text = "@relation t\n@attribute x real\n@attribute y real\n@data\n1,2\n3,4\n";
    let below = |lines: usize| {
        let options = ReadOptions {
            header: Some(false),
            skip_lines: lines,
            ..ReadOptions::default()
        };
        Table::from_reader("t", std::io::Cursor::new(text), &options)
    };
    let table = below(4).unwrap();
    assert_eq!((table.rows(), table.columns().count()), (2, 2));
    let error = below(1).unwrap_err().to_string();
    assert!(error.contains("Weka"), "{error}");
}
