//! `evaluate` where there is little to score.

use crate::common::{Folder, QUICK, flowers, houses};
use serde_json::Value;

/// A folder with a model `m.safetensors` of each kind of flower.
fn model_of_flowers() -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", flowers(40));
    let line = format!("train t.csv --target kind --out m.safetensors {QUICK}");
    folder.done(&line);
    folder
}

fn evaluated(folder: &Folder, csv: &str) -> Value {
    folder.write("e.csv", csv);
    folder.done("evaluate m.safetensors e.csv --json").json()
}

#[test]
fn one_class_has_no_area_and_the_rest_is_scored() {
    let folder = model_of_flowers();
    let score = evaluated(&folder, "length,width,kind\n2.1,1,rose\n4.2,1.4,rose\n");
    assert_eq!(score["rows"], 2);
    assert_eq!(score.get("auc"), Some(&Value::Null), "{score}");
    for metric in ["accuracy", "log_loss", "macro_f1", "calibration_error"] {
        let number = score[metric].as_f64().unwrap();
        assert!(number.is_finite() && number >= 0.0, "{metric}: {score}");
    }
    let confusion: Vec<Vec<u64>> = serde_json::from_value(score["confusion"].clone()).unwrap();
    assert_eq!(confusion[0], [0, 0], "no row is a lily");
    assert_eq!(confusion[1].iter().sum::<u64>(), 2);
    let shown = folder.done("evaluate m.safetensors e.csv").stdout;
    assert!(shown.contains("AUC undefined"), "{shown}");
}

#[test]
fn classes_that_are_missing_or_unknown_are_passed_over() {
    let folder = model_of_flowers();
    let csv = "length,width,kind\n2.1,1,rose\n2.1,1,\n2.1,1,tulip\n4.2,1,lily\n";
    let score = evaluated(&folder, csv);
    assert_eq!((&score["rows"], &score["skipped"]), (&2.into(), &2.into()));
    for (a, b, words) in [
        ("", "NA", "no row has a value of `kind` to score"),
        (
            "tulip",
            "pansy",
            "the table has `pansy`, `tulip`; the model `lily`, `rose`",
        ),
    ] {
        folder.write("e.csv", format!("length,width,kind\n2,1,{a}\n2,1,{b}\n"));
        folder.refused("evaluate m.safetensors e.csv", 1, &["e.csv: no row", words]);
    }
}

#[test]
fn numbers_that_are_none_are_passed_over() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let line = format!("train t.csv --target price --out m.safetensors {QUICK}");
    folder.done(&line);
    let row = "100,north,1999-01-01";
    let csv = format!("size,street,built,price\n{row},100000\n{row},\n{row},NaN\n{row},inf\n");
    let score = evaluated(&folder, &csv);
    assert_eq!((&score["rows"], &score["skipped"]), (&1.into(), &3.into()));
    // A single row has no variance to explain.
    assert_eq!(score.get("r2"), Some(&Value::Null), "{score}");
    assert_eq!(score["rmse"], score["mae"]);
    assert!(score["rmse"].as_f64().unwrap() > 0.0, "{score}");
    folder.write(
        "e.csv",
        format!("size,street,built,price\n{row},\n{row},NaN\n"),
    );
    folder.refused(
        "evaluate m.safetensors e.csv",
        1,
        &["e.csv: no row has a value of `price` to score"],
    );
}
