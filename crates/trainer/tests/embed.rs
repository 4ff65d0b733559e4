//! `embed` and `neighbors`: embeddings of rows, and the rows most like a row.

use std::fs::File;

use crate::common::{Folder, QUICK, flowers, houses};
use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use arrow_array::{Array, FixedSizeListArray, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use serde_json::Value;

/// Settings of one network with eight units in its last hidden layer, which trains in no time.
const ONE: &str = "--set training.epochs=3 --set network.hidden=[16,8] --set ensemble.members=1";

fn model(csv: &str, target: &str, settings: &str) -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", csv);
    folder.done(&format!(
        "train t.csv --target {target} --out m.safetensors {settings}"
    ));
    folder
}

fn batches(folder: &Folder, file: &str) -> Vec<RecordBatch> {
    let file = File::open(folder.path(file)).unwrap();
    let reader = ParquetRecordBatchReader::try_new(file, 1 << 20).unwrap();
    reader.map(Result::unwrap).collect()
}

/// The vectors of a Parquet file of embeddings.
fn vectors(folder: &Folder, file: &str) -> Vec<Vec<f32>> {
    let mut vectors = Vec::new();
    for batch in batches(folder, file) {
        let lists: &FixedSizeListArray = batch["embedding"].as_fixed_size_list();
        for row in 0..lists.len() {
            let vector = lists.value(row);
            vectors.push(vector.as_primitive::<Float32Type>().values().to_vec());
        }
    }
    vectors
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b));
    let squared: f64 = differences.map(|difference| difference.powi(2)).sum();
    squared.sqrt()
}

#[test]
fn an_embedding_has_the_units_of_the_last_hidden_layer() {
    let folder = model(&houses(60), "price", ONE);
    let answer = folder.done("embed m.safetensors t.csv --out e.parquet --json");
    let note = "60 rows embedded in 8 dimensions, written to e.parquet";
    assert!(answer.stderr.contains(note), "{}", answer.stderr);
    let json = answer.json();
    assert_eq!((&json["rows"], &json["skipped"]), (&60.into(), &0.into()));
    assert_eq!(json["out"], "e.parquet");
    let vectors = vectors(&folder, "e.parquet");
    assert_eq!(vectors.len(), 60);
    assert!(vectors.iter().all(|vector| vector.len() == 8));
    assert_ne!(vectors[0], vectors[1]);
    let schema = batches(&folder, "e.parquet")[0].schema();
    assert_eq!(schema.fields().len(), 1);
}

#[test]
fn an_ensemble_has_the_embeddings_of_its_networks_side_by_side() {
    let settings = QUICK.to_string() + " --set ensemble.members=3";
    let folder = model(&flowers(60), "kind", &settings);
    folder.done("embed m.safetensors t.csv --out e.parquet");
    // ensemble.widths is [2, 1].
    assert_eq!(vectors(&folder, "e.parquet")[0].len(), 16 + 8 + 16);
}

#[test]
fn embeddings_do_not_depend_on_the_format_of_the_table_or_of_the_output() {
    let folder = model(&houses(60), "price", ONE);
    folder.done("embed m.safetensors t.csv --keep-all --out e.parquet");
    let expected = vectors(&folder, "e.parquet");
    // The file has all columns of the table, and is a table itself.
    folder.done("embed m.safetensors e.parquet --out again.parquet");
    assert_eq!(vectors(&folder, "again.parquet"), expected);
    folder.done("embed m.safetensors t.csv --out e.jsonl");
    let text = String::from_utf8(folder.read("e.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let lists = lines.map(|line: Value| {
        let list = line["embedding"].as_array().unwrap().clone();
        let numbers = list
            .into_iter()
            .map(|number| number.as_f64().unwrap() as f32);
        numbers.collect::<Vec<f32>>()
    });
    assert_eq!(lists.collect::<Vec<_>>(), expected);
    for file in ["e.arrow", "e.feather"] {
        folder.done(&format!("embed m.safetensors t.csv --out {file}"));
        assert!(folder.read(file).starts_with(b"ARROW1"));
    }
}

#[test]
fn a_long_table_is_embedded_part_by_part_as_its_rows_are_alone() {
    let folder = model(&houses(60), "price", ONE);
    folder.write("long.csv", houses(40_000));
    folder.done("embed m.safetensors long.csv --out long.parquet");
    let long = vectors(&folder, "long.parquet");
    assert_eq!(long.len(), 40_000);
    let lines: Vec<String> = houses(40_000).lines().map(str::to_string).collect();
    for row in [0, 1, 20_000, 39_999] {
        let alone = format!("{}\n{}\n", lines[0], lines[row + 1]);
        folder.write("alone.csv", alone);
        folder.done("embed m.safetensors alone.csv --out alone.parquet");
        assert_eq!(vectors(&folder, "alone.parquet"), [long[row].clone()]);
    }
}

#[test]
fn columns_are_kept_and_bad_rows_are_skipped() {
    let folder = model(&houses(60), "price", ONE);
    folder.write(
        "new.csv",
        "id,size,street,built,embedding\n007,100,north,1999-01-01,a\n008,x,south,1999-01-01,b\n",
    );
    let line = "embed m.safetensors new.csv --out e.parquet";
    folder.refused(line, 1, &["new.csv:3", "`size` holds numbers", "\"x\""]);
    let answer = folder.done(&format!("{line} --keep id,embedding --on-error skip"));
    let note = "the column `embedding` of the table is written as `embedding.1`";
    assert!(answer.stderr.contains(note), "{}", answer.stderr);
    assert!(answer.stderr.contains("1 row skipped"), "{}", answer.stderr);
    let schema = batches(&folder, "e.parquet")[0].schema();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["row", "id", "embedding.1", "embedding"]);
}

#[test]
fn what_cannot_be_embedded_is_refused() {
    let folder = model(&houses(60), "price", ONE);
    for file in ["e.csv", "e.tsv.gz", "e.npy", "e"] {
        let line = format!("embed no.safetensors no.csv --out {file}");
        folder.refused(&line, 2, &["--out", file, ".parquet", ".jsonl"]);
    }
    let words = &["--out -", "name a file"];
    folder.refused("embed m.safetensors t.csv --out -", 2, words);
    folder.refused("embed m.safetensors t.csv", 2, &["--out"]);
    // An output is no input.
    folder.done("embed m.safetensors t.csv --keep-all --out e.parquet");
    let line = "embed m.safetensors e.parquet --out ./e.parquet";
    folder.refused(line, 2, &["--out is ./e.parquet", "read as a table"]);
    for (table, model, word) in [
        ("t.csv", "t.csv", "t.csv"),
        ("t.csv", "no.safetensors", "no.safetensors"),
        ("no.csv", "m.safetensors", "no.csv"),
    ] {
        folder.refused(
            &format!("embed {model} {table} --out f.parquet"),
            1,
            &[word],
        );
    }
    folder.write("few.csv", "size,street\n100,north\n");
    let line = "embed m.safetensors few.csv --out f.parquet";
    folder.refused(line, 1, &["few.csv", "has no column `built`"]);
    folder.write("none.csv", "size,street,built\n");
    let line = "embed m.safetensors none.csv --out f.parquet";
    folder.refused(line, 1, &["none.csv", "no rows"]);
    assert!(!folder.names().contains(&"f.parquet".to_string()));

    let linear = "--set training.epochs=3 --set network.hidden=[] --set ensemble.members=1";
    let folder = self::model(&houses(60), "price", linear);
    let line = "embed m.safetensors t.csv --out e.parquet";
    folder.refused(line, 1, &["the model is linear", "network.hidden=[64]"]);
    let line = "neighbors m.safetensors t.csv --of 1";
    folder.refused(line, 1, &["the model is linear"]);
}

#[test]
fn a_copy_of_a_row_is_its_first_neighbor() {
    let mut csv = houses(60);
    let row = csv.lines().nth(7).unwrap().to_string();
    csv += &format!("{row}\n");
    let folder = model(&csv, "price", ONE);
    let answer = folder.done("neighbors m.safetensors t.csv --of 7 --top 4 --json");
    let json = answer.json();
    assert_eq!((&json["row"], &json["dimensions"]), (&7.into(), &8.into()));
    assert_eq!(json["target"], "price");
    let neighbors = json["neighbors"].as_array().unwrap();
    assert_eq!(neighbors.len(), 4);
    assert_eq!(neighbors[0]["row"], 61);
    assert_eq!(neighbors[0]["distance"], 0.0);
    assert_eq!(neighbors[0]["target_value"], json["target_value"]);
    for part in neighbors[0]["contributions"].as_array().unwrap() {
        assert_eq!(part["amount"], 0.0, "{part}");
        assert_eq!(part["value"], part["asked"]);
    }
    assert!(neighbors.iter().all(|neighbor| neighbor["row"] != 7));

    let shown = folder.done("neighbors m.safetensors t.csv --of 7").stdout;
    assert!(
        shown.contains("data row 7") && shown.contains("8 dimensions"),
        "{shown}"
    );
    // What they are, the header, the row, and ten neighbors.
    assert_eq!(shown.lines().count(), 13, "{shown}");
    assert!(shown.contains("size"), "{shown}");
}

#[test]
fn neighbors_are_the_nearest_of_all_rows() {
    let folder = model(&houses(200), "price", ONE);
    folder.done("embed m.safetensors t.csv --out e.parquet");
    let vectors = vectors(&folder, "e.parquet");
    let answer = folder.done("neighbors m.safetensors t.csv --of 20 --top 5 --json");
    let json = answer.json();
    let mut expected: Vec<(f64, usize)> = (0..200)
        .filter(|row| *row != 19)
        .map(|row| (distance(&vectors[19], &vectors[row]), row))
        .collect();
    expected.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    for (neighbor, (distance, row)) in json["neighbors"].as_array().unwrap().iter().zip(expected) {
        assert_eq!(neighbor["row"], row + 1);
        let found = neighbor["distance"].as_f64().unwrap();
        assert!((found - distance).abs() < 1e-9, "{found} {distance}");
        let parts = neighbor["contributions"].as_array().unwrap();
        assert_eq!(parts.len(), 3);
        let amounts = parts
            .iter()
            .map(|part| part["amount"].as_f64().unwrap().abs());
        assert!(amounts.is_sorted_by(|a, b| a >= b), "{neighbor}");
    }
}

#[test]
fn a_column_contributes_what_the_distance_loses_without_its_difference() {
    let folder = model(&houses(60), "price", ONE);
    // The second row differs from the first in `size` alone, the third in `size` and `street`.
    folder.write(
        "new.csv",
        "size,street,built\n100,north,1999-01-01\n150,north,1999-01-01\n150,south,1999-01-01\n",
    );
    let json = folder
        .done("neighbors m.safetensors new.csv --of 1 --json")
        .json();
    assert!(json["target_value"].is_null());
    let neighbors = json["neighbors"].as_array().unwrap();
    assert_eq!(neighbors.len(), 2);
    let amount = |row: usize, column: &str| {
        let neighbor = neighbors.iter().find(|neighbor| neighbor["row"] == row);
        let parts = neighbor.unwrap()["contributions"].as_array().unwrap();
        let part = parts.iter().find(|part| part["column"] == column).unwrap();
        part["amount"].as_f64().unwrap()
    };
    let squared = |row: usize| {
        let neighbor = neighbors.iter().find(|neighbor| neighbor["row"] == row);
        neighbor.unwrap()["distance"].as_f64().unwrap().powi(2)
    };
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6 * (1.0 + b.abs()), "{a} {b}");
    close(amount(2, "size"), squared(2));
    close(amount(2, "street"), 0.0);
    // With the street of the first row, the third is the second.
    close(amount(3, "street"), squared(3) - squared(2));
    close(amount(3, "built"), 0.0);
}

#[test]
fn neighbors_are_found_in_another_table() {
    let folder = model(&houses(60), "price", ONE);
    folder.write(
        "new.csv",
        "size,street,built\n100,north,1999-01-01\n87,south,1991-02-01\n",
    );
    // The second row has the values of the second of the table.
    let line = "neighbors m.safetensors new.csv --of 2 --among t.csv --top 1 --json";
    let json = folder.done(line).json();
    let neighbor = &json["neighbors"][0];
    assert_eq!(
        (&neighbor["row"], &neighbor["distance"]),
        (&2.into(), &0.0.into())
    );
    assert_eq!(neighbor["target_value"], "107000.5");
    assert!(json["target_value"].is_null());
    // A file of embeddings with the columns of the table is a table.
    folder.done("embed m.safetensors t.csv --keep-all --out e.parquet");
    let json = folder.done(&line.replace("t.csv", "e.parquet")).json();
    assert_eq!(json["neighbors"][0]["row"], 2);
}

#[test]
fn vectors_of_another_model_are_not_used() {
    let folder = model(&houses(60), "price", ONE);
    folder.done(&format!(
        "train t.csv --target price --seed 1 --out other.safetensors {ONE}"
    ));
    folder.done("embed m.safetensors t.csv --keep-all --out same.parquet");
    folder.done("embed other.safetensors t.csv --keep-all --out other.parquet");
    assert_ne!(
        vectors(&folder, "same.parquet"),
        vectors(&folder, "other.parquet")
    );
    // The rows of such a file are embedded again, from their columns.
    let found = |file: &str| -> Vec<(Value, Value)> {
        let line = format!("neighbors m.safetensors t.csv --of 2 --among {file} --json");
        let json = folder.done(&line).json();
        let neighbors = json["neighbors"].as_array().unwrap().iter();
        neighbors
            .map(|neighbor| (neighbor["row"].clone(), neighbor["distance"].clone()))
            .collect()
    };
    assert_eq!(found("other.parquet"), found("t.csv"));
    // Without the columns, there is nothing to embed.
    folder.done("embed other.safetensors t.csv --out alone.parquet");
    let line = "neighbors m.safetensors t.csv --of 2 --among alone.parquet";
    folder.refused(line, 1, &["alone.parquet", "has no column"]);
}

#[test]
fn what_has_no_neighbors_is_refused() {
    let folder = model(&houses(60), "price", ONE);
    let line = "neighbors m.safetensors t.csv";
    let words = &["--of 61", "t.csv has only 60 data rows"];
    folder.refused(&format!("{line} --of 61"), 2, words);
    folder.refused(&format!("{line} --of 0"), 2, &["--of"]);
    folder.refused(&format!("{line} --of 1 --top 0"), 2, &["--top"]);
    folder.refused(line, 2, &["--of"]);
    folder.refused("neighbors t.csv t.csv --of 1", 1, &["t.csv"]);
    let words = &["- is given twice"];
    folder.refused("neighbors m.safetensors - --of 1 --among -", 2, words);
    // A file of embeddings alone has no columns to embed.
    folder.done("embed m.safetensors t.csv --out e.parquet");
    let words = &["e.parquet", "has no column"];
    folder.refused(&format!("{line} --of 1 --among e.parquet"), 1, words);
    let words = &["m.safetensors"];
    folder.refused(&format!("{line} --of 1 --among m.safetensors"), 1, words);
    folder.write("few.csv", "size,street\n100,north\n110,north\n");
    let words = &["few.csv", "has no column `built`"];
    folder.refused("neighbors m.safetensors few.csv --of 1", 1, words);
    folder.refused(&format!("{line} --of 1 --among few.csv"), 1, words);
    folder.write("one.csv", "size,street,built\n100,north,1999-01-01\n");
    let words = &["one.csv", "no other row"];
    folder.refused("neighbors m.safetensors one.csv --of 1", 1, words);
    folder.write(
        "bad.csv",
        "size,street,built\n100,north,1999-01-01\nx,north,1999-01-01\n",
    );
    let words = &["bad.csv:3", "\"x\""];
    for line in [
        "neighbors m.safetensors bad.csv --of 1",
        "neighbors m.safetensors bad.csv --of 2 --among t.csv",
    ] {
        folder.refused(line, 1, words);
    }
}
