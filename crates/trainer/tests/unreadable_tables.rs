//! Files that cannot be read as tables get an error that says what they are, and where.

use crate::common::{Folder, QUICK, houses};

#[test]
fn tables_that_are_none() {
    let folder = Folder::new();
    folder
        .write("empty.csv", "")
        .write("blank.csv", "\n \n")
        .write("header.csv", "a,b\n")
        .write("numbers.csv", "1,2\n3,4\n");
    folder.refused(
        "train nowhere.csv --target y",
        1,
        &["nowhere.csv", "No such file"],
    );
    folder.refused(
        "train empty.csv --target y",
        1,
        &["empty.csv", "the file is empty"],
    );
    folder.refused("train blank.csv --target y", 1, &["the file is empty"]);
    folder.refused(
        "train header.csv --target b",
        1,
        &["header.csv", "a header but no rows"],
    );
    folder.refused(
        "train . --target y --out m.safetensors",
        1,
        &["./blank.csv", "empty"],
    );
    folder.refused(
        "train numbers.csv --target 2",
        1,
        &["numbers.csv:1", "--no-header"],
    );
    folder.write("x.parquet", b"PAR1 but not really");
    folder.refused("train x.parquet --target y", 1, &["x.parquet"]);
    folder.write("utf16.csv", b"\xff\xfea\0,\0b\0\n\0");
    folder.refused("train utf16.csv --target b", 1, &["a header but no rows"]);
    assert!(
        folder
            .names()
            .iter()
            .all(|name| !name.contains("safetensors")),
        "{:?}",
        folder.names()
    );
}

#[test]
fn files_of_other_programs_are_named_with_what_to_do() {
    let folder = Folder::new();
    folder
        .write("t.dta", b"<stata_dta><header><release>117</release>")
        .write(
            "t.sql",
            "-- MySQL dump 10.13\n\nCREATE TABLE t (x double);\n",
        )
        .write("t.yaml", "- x: 1\n  y: 2\n- x: 2\n  y: 3\n");
    for (file, words) in [
        ("t.dta", ["a Stata file", "pandas.read_stata(\"t.dta\")"]),
        ("t.sql", ["a dump of a MySQL database", "export the table"]),
        (
            "t.yaml",
            ["this is YAML", "yaml.safe_load(open(\"t.yaml\"))"],
        ),
    ] {
        folder.refused(&format!("train {file} --target y"), 1, &words);
    }
    folder.write("houses.csv", houses(30));
    folder.refused(
        "train hosues.csv --target price",
        1,
        &["No such file; did you mean houses.csv?"],
    );
}

#[test]
fn a_ragged_row_names_its_line() {
    let folder = Folder::new();
    folder
        .write("short.csv", "a,b\n1,2\n\"x\ny\",3\n4\n")
        .write("long.csv", "a,b\n1,2\n3,4,5\n");
    folder.refused(
        "train short.csv --target b",
        1,
        &["short.csv:5", "1 field", "the header 2"],
    );
    folder.refused(
        "train long.csv --target b",
        1,
        &["long.csv:3", "3 fields", "the header 2"],
    );
}

#[test]
fn a_quote_that_is_never_closed_names_its_line() {
    let folder = Folder::new();
    folder
        .write(
            "last.csv",
            "size,street\n1,north\n2,\"south\n3,east\n4,west\n",
        )
        .write("first.csv", "street,size\nnorth,1\n\"south,2\neast,3\n")
        .write("closed.csv", "size,street\n1,north\n2,\"south\n\"");
    folder.refused(
        "train last.csv --target size",
        1,
        &["last.csv:3", "never closed"],
    );
    folder.refused(
        "train first.csv --target size",
        1,
        &["first.csv:3", "never closed"],
    );
    folder.write("header.csv", "size,\"street\n1,north\n2,south\n");
    folder.refused(
        "train header.csv --target size",
        1,
        &["header.csv:1", "never closed"],
    );
    folder.done(&format!(
        "train closed.csv --target size --task regression --set data.validation_fraction=0 {QUICK}"
    ));
}

#[test]
fn bytes_that_are_not_utf8_name_their_line() {
    let folder = Folder::new();
    folder
        .write("t.csv", b"a,b\n1,2\n\xff\xfe,3\n")
        .write("windows.csv", b"a,b\r\n1,2\r\n\r\n\r\n\xff\xfe,3\r\n")
        .write("h.csv", b"a,\xff\n1,2\n");
    folder.refused("train t.csv --target b", 1, &["t.csv:3", "not UTF-8"]);
    folder.refused(
        "train windows.csv --target b",
        1,
        &["windows.csv:5", "not UTF-8"],
    );
    folder.refused("train h.csv --target a", 1, &["h.csv:1", "not UTF-8"]);
}
