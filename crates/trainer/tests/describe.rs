//! `trainer describe`, the options about columns, and what is said of a table that does not fit.

use std::fs::File;
use std::process::Stdio;
use std::sync::Arc;

use crate::common::{Answer, Folder, QUICK, houses};
use arrow_array::{ArrayRef, BinaryArray, Float64Array, RecordBatch};
use parquet::arrow::ArrowWriter;

#[test]
fn columns_are_described_before_anything_is_trained() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let answer = folder.done("describe t.csv");
    for words in [
        "data       t.csv: 60 rows, 4 columns",
        "size ",
        "numeric",
        "one-hot, ",
    ] {
        assert!(
            answer.stdout.contains(words),
            "no {words:?} in {}",
            answer.stdout
        );
    }
    assert!(
        answer
            .stdout
            .lines()
            .all(|line| line.chars().count() <= 120)
    );
    let answer = folder.done("describe t.csv --target price");
    assert!(
        answer.stdout.contains("target     price (regression): "),
        "{}",
        answer.stdout
    );
    assert!(answer.stdout.contains("the target"), "{}", answer.stdout);
    // Nothing is written.
    assert_eq!(folder.names(), ["t.csv"]);
}

#[test]
fn a_description_as_json_keeps_its_keys() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let answer = folder.done("describe t.csv --target price --json");
    assert_eq!(answer.stdout.lines().count(), 1);
    let json = answer.json();
    assert_eq!(json["rows"], 60);
    assert_eq!(json["target"]["task"], "regression");
    let columns = json["columns"].as_array().unwrap();
    let price = columns
        .iter()
        .find(|column| column["name"] == "price")
        .unwrap();
    assert_eq!(price["training"]["as"], "target");
    for key in [
        "copies",
        "copies_complete",
        "typed_by_rows",
        "notes",
        "table",
    ] {
        assert!(!json[key].is_null(), "{key}");
    }
    for key in [
        "kind",
        "missing",
        "infinite",
        "distinct",
        "distinct_complete",
        "values",
    ] {
        assert!(!price[key].is_null(), "{key}");
    }
}

#[test]
fn years_are_written_without_a_separator() {
    let folder = Folder::new();
    let mut csv = "year,amount\n".to_string();
    for row in 0..60 {
        csv += &format!("{},{}\n", 1998 + row * 7 % 25, 12_000 + row * 37 % 101);
    }
    folder.write("t.csv", csv);
    let said = folder.done("describe t.csv --target year").stdout;
    assert!(said.contains("1998 to 2022"), "{said}");
    assert!(said.contains("12,000 to 12,"), "{said}");
    assert!(!said.contains("2,022"), "{said}");
}

#[test]
fn classes_that_differ_only_in_case_are_said() {
    let folder = Folder::new();
    let mut csv = "size,kind\n".to_string();
    for row in 0..90 {
        let kind = ["Yes", "yes ", "no"][row % 3];
        csv += &format!("{}.5,{kind}\n", row * 37 % 101);
    }
    folder.write("t.csv", csv);
    let answer = folder.done(&format!("train t.csv --target kind {QUICK}"));
    let words = "(`Yes` 30, `yes` 30)";
    let train = answer.stdout + &answer.stderr;
    assert!(train.replace('\n', " ").contains("`Yes` 30"), "{train}");
    let json = folder.done("describe t.csv --target kind --json").json();
    assert!(json["notes"].to_string().contains(words), "{json}");
}

#[test]
fn a_target_is_named_as_it_is_in_the_file() {
    let folder = Folder::new();
    let row = |n: usize| format!("{},{}.5\n", n * 5 % 13, n * 7 % 11);
    let rows: String = (0..30).map(row).collect();
    folder.write("t.csv", format!("x,y\u{200b}\n{rows}"));
    for target in ["y\u{200b}", "y"] {
        let said = folder.done(&format!("describe t.csv --target {target}"));
        assert!(said.stdout.contains("regression"), "{}", said.stdout);
    }
}

#[test]
fn a_table_of_standard_input_is_described() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let mut command = folder.command("describe - --target price");
    command.stdin(Stdio::from(File::open(folder.path("t.csv")).unwrap()));
    let answer = Answer::new(command.output().unwrap());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(
        answer.stdout.contains("standard input: 60 rows"),
        "{}",
        answer.stdout
    );
}

#[test]
fn options_say_what_columns_are() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let columns = |options: &str| {
        let answer = folder.done(&format!("train t.csv --target price {options} {QUICK}"));
        let line = answer
            .stdout
            .lines()
            .find(|line| line.starts_with("columns"));
        line.unwrap()
            .split_whitespace()
            .skip(1)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        columns("--ignore street,built"),
        "1 numeric (size), 2 ignored (street, built)"
    );
    assert_eq!(
        columns("--ignore street --ignore built"),
        columns("--ignore street,built")
    );
    assert_eq!(columns("--features size"), columns("--ignore street,built"));
    assert_eq!(
        columns("--categorical size --ignore built"),
        "2 categorical (size, street), 1 ignored (built)"
    );
    // Options win over settings.
    assert_eq!(
        columns("--set columns.size=categorical --numeric size --ignore built,street"),
        "1 numeric (size), 2 ignored (street, built)"
    );
    folder.done("compare t.csv --target price --ignore built --only constant --folds 2");
    folder.done("find-lr t.csv --target price --features size,street");
    folder.done("gradcheck t.csv --target price --ignore built --set network.hidden=[4]");
    // Whoever leaves out a column needs no note.
    let described = folder.done("describe t.csv --ignore built").stdout;
    assert!(!described.contains("by request"), "{described}");
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    for command in ["train t.csv --target price", "describe t.csv"] {
        let refused = |options: &str, code, words: &[&str]| {
            folder.refused(&format!("{command} {options}"), code, words);
        };
        refused(
            "--ignore bulit",
            1,
            &["no column `bulit`", "did you mean `built`?"],
        );
        refused(
            "--features size,nothing",
            1,
            &["no column `nothing`", "the columns are `size`"],
        );
        refused("--date bilt=%Y", 1, &["no column `bilt`"]);
        refused(
            "--numeric size --ignore size",
            2,
            &["`size` is named by --ignore and by --numeric"],
        );
        refused("--numeric street", 1, &["`street` holds numbers"]);
        refused("--decimal , --thousands ,", 2, &["they must differ"]);
        refused("--decimal ;", 2, &["neither a point nor a comma"]);
    }
    folder.refused(
        "train t.csv --target price --ignore price",
        2,
        &["`price` is the target"],
    );
}

#[test]
fn a_column_that_is_not_there_lists_those_that_are() {
    let folder = Folder::new();
    folder
        .write("iris.data", "5.9,2.1,setosa\n4.9,2.2,versicolor\n")
        .write("space.txt", "x1 x2 y\n1 2 3\n")
        .write("t.csv", houses(20));
    folder.refused(
        "train t.csv --target cost",
        1,
        &["the columns are `size`, `street`, "],
    );
    folder.refused(
        "describe t.csv --target cost",
        1,
        &["the columns are `size`, `street`, "],
    );
    folder.refused(
        "train iris.data --target column_2",
        1,
        &["no column `column_2`"],
    );
    let wide: Vec<String> = (0..30).map(|n| format!("c{n}x")).collect();
    folder.write(
        "wide.csv",
        format!("{}\n{}\n", wide.join(","), vec!["1"; 30].join(",")),
    );
    folder.refused("train wide.csv --target y", 1, &["`c9x` and 20 more"]);
}

#[test]
fn a_target_of_a_type_that_cannot_be_read_is_named_by_it() {
    let folder = Folder::new();
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![1.5, 2.5, 3.5]));
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&b"\xff"[..], b"\xfe", b"\xfd"]));
    let batch = RecordBatch::try_from_iter([("x", numbers), ("t", bytes)]).unwrap();
    let file = File::create(folder.path("t.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    folder.refused(
        "train t.parquet --target t",
        1,
        &["target `t`", "holds bytes"],
    );
}

#[test]
fn a_target_of_dates_is_refused_with_what_to_do() {
    let folder = Folder::new();
    folder.write("t.csv", houses(30));
    folder.refused("train t.csv --target built", 1, &["dates", "days until"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_gives_a_model_without_an_odd_name() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let mut command = folder.command(&format!("train /dev/stdin --target price {QUICK}"));
    command.stdin(Stdio::from(File::open(folder.path("t.csv")).unwrap()));
    let answer = Answer::new(command.output().unwrap());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(folder.names().contains(&"model.safetensors".to_string()));
}

#[test]
fn a_header_of_many_equal_names_takes_no_long_time() {
    let folder = Folder::new();
    let names = vec!["a"; 50_000].join(",");
    let row = vec!["1"; 50_000].join(",");
    folder.write("t.csv", format!("{names}\n{row}\n{row}\n"));
    let started = std::time::Instant::now();
    folder.refused(
        "train t.csv --target y",
        1,
        &["no column `y`", "and 49990 more"],
    );
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}
