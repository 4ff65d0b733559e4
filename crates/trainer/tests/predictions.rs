//! `predict`: formats, kept columns, and what is unlike training.

use crate::common::{Folder, QUICK, flowers, houses};
use backburn_table::{Cell, ReadOptions, Table};

fn model(csv: &str, target: &str) -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", csv);
    folder.done(&format!(
        "train t.csv --target {target} --out m.safetensors {QUICK}"
    ));
    folder
}

/// The text of each cell of a column of a file of predictions; numbers rounded to 9 digits.
fn column(folder: &Folder, file: &str, name: &str) -> Vec<String> {
    let table = Table::read(folder.path(file), &ReadOptions::default()).unwrap();
    let cells = table.column(name).unwrap().cells();
    let text = |cell: Cell| match cell.number() {
        Some(number) => format!("{number:.9}"),
        None => cell.category().unwrap_or_default().into_owned(),
    };
    cells.map(text).collect()
}

#[test]
fn the_suffix_names_the_format() {
    let folder = model(&flowers(40), "kind");
    folder.done("predict m.safetensors t.csv --out p.csv");
    for file in ["p.csv.gz", "p.parquet", "p.tsv"] {
        folder.done(&format!("predict m.safetensors t.csv --out {file}"));
        for name in ["prediction", "probability_lily", "probability_rose"] {
            assert_eq!(
                column(&folder, file, name),
                column(&folder, "p.csv", name),
                "{file}"
            );
        }
    }
    assert!(folder.read("p.csv.gz").starts_with(b"\x1f\x8b"));
    assert!(folder.read("p.parquet").starts_with(b"PAR1"));
    for file in ["p.arrow", "p.feather"] {
        folder.done(&format!("predict m.safetensors t.csv --out {file}"));
        assert!(folder.read(file).starts_with(b"ARROW1"));
    }
    for file in ["p.jsonl", "p.ndjson"] {
        folder.done(&format!("predict m.safetensors t.csv --out {file}"));
        let text = String::from_utf8(folder.read(file)).unwrap();
        assert_eq!(text.lines().count(), 40);
        let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert!(first["probability_rose"].is_f64(), "{first}");
    }
}

#[test]
fn another_suffix_is_refused_before_work() {
    let folder = Folder::new();
    for file in ["p.xlsx", "p.json", "p", "p.csv.zip"] {
        // Not even the model is read.
        let line = format!("predict no.safetensors no.csv --out {file}");
        folder.refused(&line, 2, &["--out", file, ".csv, .tsv, .jsonl", ".parquet"]);
    }
    folder.write("t.csv", houses(50));
    let line = "train t.csv --target price --folds 2 --out-of-fold p.xls";
    folder.refused(line, 2, &["--out-of-fold", ".parquet"]);
    assert_eq!(folder.names(), ["t.csv"]);
}

#[test]
fn out_of_fold_predictions_follow_the_suffix() {
    let folder = Folder::new();
    folder.write("t.csv", houses(50));
    let line = format!("train t.csv --target price --folds 2 --out-of-fold p.parquet {QUICK}");
    folder.done(&line);
    assert_eq!(column(&folder, "p.parquet", "row").len(), 50);
}

#[test]
fn probabilities_of_many_classes_add_up_to_one() {
    let mut csv = "x,z,kind\n".to_string();
    for row in 0..1200 {
        csv += &format!("{},{},k{}\n", row % 37, row % 11, row % 300);
    }
    let folder = model(&csv, "kind");
    folder.done("predict m.safetensors t.csv --out p.csv");
    let text = String::from_utf8(folder.read("p.csv")).unwrap();
    for line in text.lines().skip(1) {
        let probabilities = line.split(',').skip(1).map(|p| p.parse::<f64>().unwrap());
        let sum: f64 = probabilities.sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    }
}

#[test]
fn kept_columns_come_before_the_predictions() {
    let folder = model(&houses(50), "price");
    folder.write(
        "new.csv",
        "id,size,street,built,prediction\n007,100,north,1999-01-01,a\n008,x,south,1999-01-01,b\n\
         009,120,\"so, uth\",1999-01-02,c\n",
    );
    let line = "predict m.safetensors new.csv --on-error skip";
    folder.done(&format!("{line} --keep id,street --out p.csv"));
    let text = String::from_utf8(folder.read("p.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "row,id,street,prediction");
    assert!(lines[1].starts_with("1,007,north,"), "{text}");
    assert!(lines[2].starts_with("3,009,\"so, uth\","), "{text}");

    let answer = folder.done(&format!("{line} --keep-all --out p.parquet"));
    let note = "the column `prediction` of the table is written as `prediction.1`";
    assert!(answer.stderr.contains(note), "{}", answer.stderr);
    let table = Table::read(folder.path("p.parquet"), &ReadOptions::default()).unwrap();
    let names: Vec<&str> = table.columns().collect();
    assert_eq!(
        names,
        [
            "row",
            "id",
            "size",
            "street",
            "built",
            "prediction.1",
            "prediction"
        ]
    );
    let cells = |name: &str| table.column(name).unwrap().cells().collect::<Vec<_>>();
    assert_eq!(cells("id"), [Cell::Text("007"), Cell::Text("009")]);
    assert_eq!(cells("size"), [Cell::Number(100.0), Cell::Number(120.0)]);
    assert!(matches!(cells("built")[0], Cell::Date(_)));
    assert_eq!(cells("prediction.1"), [Cell::Text("a"), Cell::Text("c")]);
    assert!(matches!(cells("prediction")[1], Cell::Number(_)));

    folder.refused(
        "predict m.safetensors new.csv --keep stret",
        1,
        &["new.csv", "has no column `stret`", "street"],
    );
    folder.refused(
        "predict m.safetensors t.csv --keep id --keep-all",
        2,
        &["--keep"],
    );
}

/// Two numbers and their sum.
fn sums(x: impl Fn(usize) -> String, z: impl Fn(usize) -> String) -> String {
    let rows = (0..60).map(|n| format!("{},{},{}.5\n", x(n), z(n), n % 17 + n % 7));
    format!("x1,x2,y\n{}", rows.collect::<String>())
}

fn usual(n: usize) -> String {
    format!("{}.5", n % 17 + 1)
}

fn also_usual(n: usize) -> String {
    format!("{}.25", n % 7 + 1)
}

#[test]
fn other_data_than_in_training_are_said() {
    let folder = model(&sums(usual, also_usual), "y");
    for (csv, note, what) in [
        (
            sums(|_| String::new(), also_usual),
            "`x1` is missing in 60 of 60 rows, in training in none",
            "missing",
        ),
        (
            sums(usual, |n| format!("{}250", n % 7 + 1)),
            "`x2` is over 100 times as large as usual in training in 60 of 60 rows",
            "other_unit",
        ),
        (
            sums(usual, |n| format!("{}.25", n % 7 + 9)),
            "`x2` is outside the range of training (1.2500 to 7.2500) in 60 of 60 rows",
            "beyond",
        ),
    ] {
        folder.write("new.csv", csv);
        let answer = folder.done("predict m.safetensors new.csv");
        assert!(answer.stderr.contains(note), "{note}: {}", answer.stderr);
        let answer = folder.done("predict m.safetensors new.csv --out p.csv --json");
        let json = answer.json();
        assert_eq!((&json["rows"], &json["skipped"]), (&60.into(), &0.into()));
        assert_eq!(json["out"], "p.csv");
        assert_eq!(json["unlike_training"][0]["what"], what, "{json}");
        let answer = folder.done("evaluate m.safetensors new.csv --json");
        assert!(answer.stderr.contains(note), "{note}: {}", answer.stderr);
        assert_eq!(answer.json()["unlike_training"][0]["what"], what);
        let line = format!("train t.csv --target y --test new.csv --json {QUICK}");
        let answer = folder.done(&line);
        assert!(answer.stderr.contains(note), "{note}: {}", answer.stderr);
        assert_eq!(answer.json()["unlike_training"][0]["what"], what);
    }
    // The same data are like training.
    let answer = folder.done("predict m.safetensors t.csv --out p.csv --json");
    assert_eq!(answer.json()["unlike_training"], serde_json::json!([]));
    assert!(!answer.stderr.contains("note"), "{}", answer.stderr);
    folder.refused("predict m.safetensors t.csv --json", 2, &["--out"]);
}

#[test]
fn a_number_that_is_written_otherwise_than_in_training_is_said_to_be() {
    let european = sums(usual, also_usual).replace(',', ";").replace('.', ",");
    let folder = model(&european, "y");
    folder.write("new.csv", sums(usual, also_usual));
    folder.refused(
        "predict m.safetensors new.csv",
        1,
        &[
            "new.csv:2",
            "`x1` holds numbers with a decimal comma",
            "\"1.5\"",
        ],
    );
}

#[test]
fn predictions_at_the_bound_are_said() {
    let table = |from: usize| {
        let rows = (from..from + 100).map(|n| format!("{n}.5,{},{}.5\n", n * 7 % 13, 2 * n));
        format!("t,z,y\n{}", rows.collect::<String>())
    };
    let folder = Folder::new();
    folder
        .write("past.csv", table(0))
        .write("future.csv", table(200));
    let line = "train past.csv --target y --test future.csv --preset fast --out m.safetensors";
    let answer = folder.done(line);
    for said in [
        answer.stdout + &answer.stderr,
        folder.done("predict m.safetensors future.csv").stderr,
    ] {
        assert!(
            said.contains("of 100 predictions are at the greatest value seen in training")
                && said.contains("(data.clip_predictions)"),
            "{said}"
        );
    }
}

#[test]
fn an_interval_holds_its_prediction_within_the_range_of_training() {
    let folder = Folder::new();
    let table = |from: i32, to: i32| {
        let rows = (from..to).map(|n| format!("{n},{},{}.5\n", n * 7 % 13, 2 * n + n * 11 % 5));
        format!("t,z,y\n{}", rows.collect::<String>())
    };
    folder
        .write("t.csv", table(0, 300))
        .write("far.csv", table(-1000, 2000));
    folder
        .done("train t.csv --target y --preset fast --out m.safetensors --set training.epochs=20");
    let answer = folder.done("predict m.safetensors far.csv --interval 90");
    let mut lines = answer.stdout.lines();
    assert_eq!(lines.next(), Some("prediction,lower,upper"));
    let mut rows = 0;
    for line in lines {
        let numbers: Vec<f64> = line.split(',').map(|n| n.parse().unwrap()).collect();
        let [prediction, lower, upper] = numbers[..] else {
            panic!("{line}")
        };
        assert!(lower <= prediction && prediction <= upper, "{line}");
        assert!(lower >= 0.5 && upper <= 602.5, "{line}");
        rows += 1;
    }
    assert_eq!(rows, 3000);
}

#[test]
fn labels_that_the_model_does_not_know_are_shown_with_its_own() {
    let folder = model(&flowers(40), "kind");
    let dotted = flowers(20)
        .replace("rose\n", "rose.\n")
        .replace("lily\n", "lily.\n");
    folder.write("e.csv", dotted);
    let words = "no row has a class that the model knows: the table has `lily.`, `rose.`; the model \
                 `lily`, `rose`";
    folder.refused("evaluate m.safetensors e.csv", 1, &["e.csv", words]);
    let line = format!("train t.csv --target kind --test e.csv {QUICK}");
    folder.refused(&line, 1, &["e.csv", words]);
    folder.write("e.csv", flowers(20).replace("rose\n", "rose.\n"));
    let answer = folder.done("evaluate m.safetensors e.csv");
    let note = "10 rows skipped: the model does not know their class (`rose.` 10)";
    assert!(answer.stdout.contains(note), "{}", answer.stdout);
}

#[test]
fn classes_of_one_or_two_rows_are_said() {
    let folder = Folder::new();
    folder.write("t.csv", flowers(40) + "3,1,rare\n3,1.1,rare\n");
    let answer = folder.done(&format!("train t.csv --target kind --folds 5 {QUICK}"));
    let note = "`kind` has 1 class of one or two rows (`rare` 2)";
    assert!(answer.stdout.contains(note), "{}", answer.stdout);
}

#[test]
fn targets_beyond_32_bits_are_said() {
    let folder = Folder::new();
    folder.write("t.csv", houses(50) + "100,north,1999-01-01,1e300\n");
    let answer = folder.done(&format!("train t.csv --target price {QUICK}"));
    let note = "1 row left out: `price` is infinite or too large for 32 bits";
    assert!(answer.stdout.contains(note), "{}", answer.stdout);
}

#[test]
fn an_output_is_never_a_table() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("parts")).unwrap();
    folder
        .write("parts/a.csv", houses(60))
        .write("t.csv", houses(60));
    folder.done(&format!("train t.csv --target price {QUICK}"));
    for (table, out) in [
        ("t.csv", "t.csv"),
        ("parts", "parts/a.csv"),
        ("parts/*.csv", "./parts/a.csv"),
    ] {
        folder.refused(
            &format!("predict t.safetensors {table} --out {out}"),
            2,
            &["--out"],
        );
    }
    for (options, out) in [("", "t.csv"), ("--test parts", "parts/a.csv")] {
        let line =
            format!("train t.csv --target price {QUICK} --folds 2 {options} --out-of-fold {out}");
        folder.refused(&line, 2, &["--out-of-fold", "read as a table"]);
    }
    assert_eq!(folder.read("t.csv"), houses(60).into_bytes());
    assert_eq!(folder.read("parts/a.csv"), houses(60).into_bytes());
}
