//! What the commands do when all is well.

use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;

use crate::common::{Answer, Folder, QUICK, flowers, houses, skipped_without};

#[test]
fn a_regression_goes_from_table_to_predictions() {
    let folder = Folder::new();
    folder.write("houses.csv", houses(200)).write(
        "new.csv",
        "street,size,built\nnorth,100,1999-01-01\nnowhere,,\n",
    );
    let answer = folder.done("train houses.csv --target price --test houses.csv --json --seed 1 --set training.epochs=60");
    let score = answer.json();
    assert_eq!(score["task"], "regression");
    assert_eq!(score["rows"], 200);
    assert!(score["r2"].as_f64().unwrap() > 0.9, "{score}");
    assert!(score["rmse"].is_f64() && score["mae"].is_f64());
    assert_eq!(
        answer.stdout.lines().count(),
        1,
        "messages go to standard error"
    );

    let evaluated = folder
        .done("evaluate houses.safetensors houses.csv --json")
        .json();
    assert_eq!(evaluated["rmse"], score["rmse"]);

    let predicted = folder.done("predict houses.safetensors new.csv").stdout;
    let lines: Vec<&str> = predicted.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0], "prediction");
    let price: f64 = lines[1].parse().unwrap();
    assert!((price - 100_000.0).abs() < 20_000.0, "{price}");

    folder.done("predict houses.safetensors new.csv --out new-prices.csv");
    assert_eq!(folder.read("new-prices.csv"), predicted.as_bytes());
    let shown = folder.done("inspect houses.safetensors").stdout;
    assert!(
        shown.contains("price (regression)") && shown.contains("street"),
        "{shown}"
    );
    assert_eq!(
        folder.names(),
        [
            "houses.csv",
            "houses.history.jsonl",
            "houses.safetensors",
            "new-prices.csv",
            "new.csv"
        ]
    );
}

#[test]
fn a_classification_gives_classes_and_their_probabilities() {
    let folder = Folder::new();
    folder.write("flowers.csv", flowers(120));
    let score = folder
        .done("train flowers.csv --target kind --out m.safetensors --json")
        .json();
    assert_eq!(
        (&score["task"], &score["scored_on"]),
        (&"classification".into(), &"validation".into())
    );
    for metric in ["accuracy", "log_loss", "macro_f1", "auc"] {
        assert!(score[metric].is_f64(), "{metric}: {score}");
    }
    let predicted = folder.done("predict m.safetensors flowers.csv").stdout;
    let mut lines = predicted.lines();
    assert_eq!(
        lines.next(),
        Some("prediction,probability_lily,probability_rose")
    );
    let first: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(first[0], "rose");
    let sum: f64 = first[1..].iter().map(|p| p.parse::<f64>().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5);
    let confusion = folder.done("evaluate m.safetensors flowers.csv").stdout;
    assert!(confusion.contains("confusion"), "{confusion}");
}

#[test]
fn one_seed_gives_one_file_whatever_the_number_of_threads() {
    let folder = Folder::new();
    folder.write("t.csv", houses(300));
    let line = "train t.csv --target price --set training.epochs=4 --set network.hidden=[256,256] --set training.batch_size=256 --set network.dropout=0.1 --out";
    let train = |threads: &str, out: &str| {
        let mut command = folder.command(&format!("{line} {out}"));
        let output = command.env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert!(output.status.success());
        folder.read(out)
    };
    let one = train("1", "one.safetensors");
    assert_eq!(one, train("2", "two.safetensors"));
    assert_eq!(one, train("4", "four.safetensors"));
}

#[test]
fn csv_in_other_guises_is_the_same_table() {
    let folder = Folder::new();
    let csv = houses(100);
    folder.write("plain.csv", &csv);
    folder.write("semicolon.csv", csv.replace(',', ";"));
    folder.write("tab.tsv", csv.replace(',', "\t"));
    folder.write(
        "windows.csv",
        format!("\u{feff}{}", csv.replace('\n', "\r\n")),
    );
    folder.write(
        "quoted.csv",
        csv.replace("north", "\"north\"")
            .replace("price\n", "\"price\"\n"),
    );
    let gzip = std::process::Command::new("gzip")
        .arg("-k")
        .arg(folder.path("plain.csv"))
        .status();
    let mut names = vec![
        "plain.csv",
        "semicolon.csv",
        "tab.tsv",
        "windows.csv",
        "quoted.csv",
    ];
    match gzip {
        Ok(status) => {
            assert!(status.success(), "gzip: {status}");
            names.push("plain.csv.gz");
        }
        Err(_) => skipped_without("gzip", "a compressed table"),
    }
    let mut scores = Vec::new();
    for name in names {
        let line = format!("train {name} --target price --out m.safetensors --json {QUICK}");
        scores.push(folder.done(&line).json()["rmse"].as_f64().unwrap());
    }
    assert!(scores.iter().all(|score| *score == scores[0]), "{scores:?}");
}

#[test]
fn parquet_is_read_with_its_types() {
    use arrow_array::{ArrayRef, BooleanArray, Float32Array, Int64Array, RecordBatch, StringArray};
    let folder = Folder::new();
    let rows = 0..60i64;
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "size",
            Arc::new(Int64Array::from_iter(
                rows.clone().map(|r| (r % 7 != 0).then_some(r * 37 % 50)),
            )),
        ),
        (
            "ratio",
            Arc::new(Float32Array::from_iter_values(
                rows.clone().map(|r| (r % 11) as f32 / 3.0),
            )),
        ),
        (
            "new",
            Arc::new(BooleanArray::from_iter(
                rows.clone().map(|r| Some(r % 2 == 0)),
            )),
        ),
        (
            "street",
            Arc::new(StringArray::from_iter_values(
                rows.clone().map(|r| if r % 3 == 0 { "a" } else { "b" }),
            )),
        ),
        (
            "price",
            Arc::new(Float32Array::from_iter_values(
                rows.map(|r| (r * 37 % 50) as f32 * 1.5),
            )),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(folder.path("t.parquet")).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let answer = folder.done(&format!("train t.parquet --target price {QUICK}"));
    assert!(
        answer
            .stdout
            .contains("2 numeric (size, ratio), 1 boolean (new), 1 categorical (street)"),
        "{}",
        answer.stdout
    );
    let predicted = folder.done("predict t.safetensors t.parquet").stdout;
    assert_eq!(predicted.lines().count(), 61);
}

#[test]
fn columns_of_types_that_cannot_be_read_are_named() {
    use arrow_array::{ArrayRef, BinaryArray, Float64Array, RecordBatch};
    let folder = Folder::new();
    let write = |name: &str, size: ArrayRef| {
        let numbers = || Float64Array::from_iter_values((0..40).map(|r| f64::from(r * 37 % 50)));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("size", size),
            ("age", Arc::new(numbers())),
            ("price", Arc::new(numbers())),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let file = std::fs::File::create(folder.path(name)).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    };
    let numbers = Float64Array::from_iter_values((0..40).map(f64::from).map(|r| r * r));
    write("good.parquet", Arc::new(numbers));
    write(
        "bad.parquet",
        Arc::new(BinaryArray::from_iter_values((0..40u8).map(|r| [r, 255]))),
    );
    folder.done(&format!("train good.parquet --target price {QUICK}"));
    folder.refused(
        "predict good.safetensors bad.parquet",
        1,
        &["`size` holds numbers", "a column of bytes"],
    );
    let answer = folder.done(&format!("train bad.parquet --target price {QUICK}"));
    let note = "column `size` ignored: it holds bytes, which cannot be read";
    assert!(answer.stdout.contains(note), "{}", answer.stdout);
    folder.refused(
        "train bad.parquet --target price --set columns.size=numeric",
        1,
        &["`size` holds bytes, which cannot be read"],
    );
}

#[test]
fn names_may_hold_anything() {
    let folder = Folder::new();
    let mut csv = "\"n=1.5\n(m)\";a;y\n".to_string();
    for row in 0..60 {
        csv += &format!("{};{};{}\n", row * 37 % 50, row % 7, row * 3 % 11);
    }
    folder.write("t.csv", csv);
    let column = "n=1.5\n(m)";
    let mut command = folder.command("train t.csv --target y --task regression");
    command.args(QUICK.split(' '));
    command.args(["--set", &format!("columns.{column}=categorical")]);
    command.args(["--set", "columns.\"a\"=categorical"]);
    let answer = Answer::new(command.output().unwrap());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stdout.contains("2 categorical"), "{}", answer.stdout);
}

#[test]
fn numbers_beyond_all_others_do_no_harm() {
    let folder = Folder::new();
    let extreme = "size,street,built,price\n1.7976931348623157e308,north,1990-01-01,1e200\n\
        60,south,1991-02-01,80000\n";
    let largest = "3.4028235e38,south,1991-02-01,80000\n";
    folder
        .write("t.csv", houses(60))
        .write("largest.csv", houses(60) + largest)
        .write("extreme.csv", extreme);
    let line = format!("train largest.csv --target price {QUICK}");
    let answer = folder.done(&line);
    let note = "column `size`: infinite or too large in 1 row";
    assert!(answer.stdout.contains(note), "{}", answer.stdout);
    let line = format!("train t.csv --target price --test extreme.csv --json {QUICK}");
    let answer = folder.done(&line).json();
    assert!(answer["rmse"].is_f64(), "{answer}");
    assert_eq!(
        answer["rows"], 1,
        "one has no target that could be: {answer}"
    );
    folder.done("inspect t.safetensors");
    let predicted = folder.done("predict t.safetensors extreme.csv").stdout;
    let values: Vec<f64> = predicted
        .lines()
        .skip(1)
        .map(|line| line.parse().unwrap())
        .collect();
    assert!(values.iter().all(|v| v.is_finite()), "{predicted}");
}

#[test]
fn tables_come_from_standard_input_too() {
    let folder = Folder::new();
    let pipe = |line: &str, input: &str| {
        let mut command = folder.command(line);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        Answer::new(child.wait_with_output().unwrap())
    };
    let line = format!("train - --target price --out m.safetensors {QUICK}");
    assert_eq!(pipe(&line, &houses(50)).code, 0);
    let predicted = pipe("predict m.safetensors -", &houses(30));
    assert_eq!(predicted.stdout.lines().count(), 31, "{}", predicted.stderr);
}

#[test]
fn settings_come_from_a_file_and_from_the_command_line() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    folder.write("c.toml", "[training]\nepochs = 2\npatience = 0\n[network]\nhidden = [5]\n[columns]\nbuilt = \"ignored\"\n");
    let score = folder
        .done("train t.csv --target price --config c.toml --json")
        .json();
    assert_eq!(score["epochs"], 2);
    let score = folder
        .done("train t.csv --target price --config c.toml --set training.epochs=3 --json")
        .json();
    assert_eq!(score["epochs"], 3);
    let shown = folder.done("inspect t.safetensors").stdout;
    assert!(
        shown.contains("→ 5 →") && shown.contains("ignored: by request"),
        "{shown}"
    );
    let template = folder.done("config").stdout;
    folder.write("all.toml", template);
    folder.done("train t.csv --target price --config all.toml --set training.epochs=1");
}

#[test]
fn weights_say_how_much_a_row_counts() {
    let folder = Folder::new();
    // Half the rows say the opposite of the other half, and count nothing.
    let mut csv = "x,w,y\n".to_string();
    for row in 0..200 {
        let x = row % 10;
        let (weight, y) = if row % 2 == 0 {
            (1, x as f64 + 0.5)
        } else {
            (0, 9.5 - x as f64)
        };
        csv += &format!("{x},{weight},{y}\n");
    }
    folder.write("t.csv", csv);
    let score = folder
        .done("train t.csv --target y --weight w --json --set ensemble.members=1")
        .json();
    assert!(score["r2"].as_f64().unwrap() > 0.95, "{score}");
    assert_eq!(
        score["training_rows"].as_i64().unwrap() + score["validation_rows"].as_i64().unwrap(),
        100
    );
    // The column of weights is nothing to learn from, and need not be there to predict.
    folder.write("p.csv", "x\n3\n");
    folder.done("predict t.safetensors p.csv");
}

#[test]
fn classes_can_be_balanced_and_weighted() {
    let folder = Folder::new();
    folder.write("t.csv", flowers(80));
    folder.done(&format!("train t.csv --target kind --set data.balance_classes=true --set class_weights.rose=2 {QUICK}"));
    folder.refused(
        "train t.csv --target kind --set class_weights.tulip=2",
        2,
        &["class_weights.tulip", "lily, rose"],
    );
    for loss in ["cross_entropy", "binary_cross_entropy"] {
        folder.done(&format!("train t.csv --target kind --set training.loss={loss} --set training.label_smoothing=0.1 {QUICK}"));
    }
    for loss in ["mean_squared_error", "huber", "mean_absolute_error"] {
        folder.refused(
            &format!("train t.csv --target kind --set training.loss={loss}"),
            2,
            &["this loss is for regression"],
        );
    }
}

#[test]
fn folds_score_every_row_once() {
    let folder = Folder::new();
    folder.write("t.csv", flowers(50));
    let answer = folder.done(&format!(
        "train t.csv --target kind --folds 5 --json {QUICK}"
    ));
    let folds = &answer.json()["cross_validation"];
    assert_eq!(folds["metric"], "accuracy");
    let accuracies: Vec<f64> = folds["folds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fold| fold["accuracy"].as_f64().unwrap())
        .collect();
    assert_eq!(accuracies.len(), 5);
    // Each fold has ten of the fifty rows.
    for accuracy in &accuracies {
        let right = accuracy * 10.0;
        assert!((right - right.round()).abs() < 1e-9, "{accuracies:?}");
    }
    let mean = accuracies.iter().sum::<f64>() / 5.0;
    let said = folds["mean"].as_f64().unwrap();
    assert!((said - mean).abs() < 1e-12, "{said} {mean}");
    for metric in ["accuracy", "log_loss", "macro_f1", "auc"] {
        let of_metric = &folds["means"][metric];
        assert!(
            of_metric["mean"].is_f64() && of_metric["std"].is_f64(),
            "{folds}"
        );
    }
    let line = answer.stderr.lines().find(|line| line.starts_with("folds"));
    let line = line.unwrap();
    for name in ["mean accuracy", "log loss", "macro F1", "AUC"] {
        assert!(line.contains(name), "no {name:?} in {line}");
    }
    assert_eq!(line.matches(" ± ").count(), 4, "{line}");
    folder.refused(
        "train t.csv --target kind --folds 51",
        2,
        &[
            "--folds 51",
            "at most the number of rows, and there are 50 rows",
        ],
    );
}

#[test]
fn both_examples_run_offline_from_any_folder() {
    let folder = Folder::new();
    let answer = folder.done("");
    for words in [
        "House prices in Ames",
        "RMSE $",
        "always the mean",
        "a linear model",
        "predicted",
        "Species of penguins",
        "accuracy",
        "always the most frequent class",
        "saved      penguins.safetensors",
        "next       trainer inspect penguins.safetensors",
    ] {
        assert!(
            answer.stdout.contains(words),
            "no {words:?} in {}",
            answer.stdout
        );
    }
    assert_eq!(
        folder.names(),
        [
            "house-prices.history.jsonl",
            "house-prices.html",
            "house-prices.safetensors",
            "penguins.history.jsonl",
            "penguins.html",
            "penguins.safetensors"
        ]
    );
    let score = folder.done("example penguins --json --seed 3").json();
    assert!(score["accuracy"].as_f64().unwrap() > 0.9);
    let example = folder
        .done(&format!(
            "example house-prices --out h.safetensors --json {QUICK}"
        ))
        .json();
    assert!(example["linear"]["rmse"].is_f64());
}

#[test]
fn bad_rows_are_skipped_where_that_is_asked_for() {
    let folder = Folder::new();
    folder.write("t.csv", houses(200));
    folder.done(&format!("train t.csv --target price {QUICK}"));
    folder.write(
        "bad.csv",
        b"size,street,built\n100,north,2000-01-01\nmany,north,2000-01-01\n100\n\
          110,south,2000-01-01\n1,\xff,2000-01-01\n120,east,2000-01-01\n100,north,2000-01-01\n"
            .as_slice(),
    );
    folder.write(
        "good.csv",
        "size,street,built\n100,north,2000-01-01\n110,south,2000-01-01\n120,east,2000-01-01\n",
    );
    folder.refused("predict t.safetensors bad.csv", 1, &["bad.csv:"]);
    let good = folder.done("predict t.safetensors good.csv").stdout;
    let good: Vec<&str> = good.lines().skip(1).collect();
    let answer = folder.done("predict t.safetensors bad.csv --on-error skip");
    let expected = [
        "row,prediction".to_string(),
        format!("1,{}", good[0]),
        format!("4,{}", good[1]),
        format!("6,{}", good[2]),
        format!("7,{}", good[0]),
    ];
    assert_eq!(answer.stdout.lines().collect::<Vec<_>>(), expected);
    for words in [
        "bad.csv:3: column `size`",
        "bad.csv:4: this row has 1 field",
        "bad.csv:6: field 2 is not UTF-8",
        "3 rows skipped",
    ] {
        assert!(
            answer.stderr.contains(words),
            "no {words:?} in {}",
            answer.stderr
        );
    }
    // Thousands of them, among others.
    let mut many = "size,street,built\n".to_string();
    for row in 0..20_000 {
        many += if row % 3 == 1 {
            "many,north,2000-01-01\n"
        } else {
            "100,north,2000-01-01\n"
        };
    }
    folder.write("many.csv", many);
    let answer = folder.done("predict t.safetensors many.csv --on-error skip");
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(lines.len(), 1 + 13_333);
    assert!(lines[13_333].starts_with("19999,"), "{}", lines[13_333]);
    assert!(
        answer.stderr.contains("6,667 rows skipped"),
        "{}",
        answer.stderr
    );
    // All that follows an open quote is one field.
    let open = houses(50)
        .replacen("north", "\"north", 5)
        .replacen("\"north", "north", 4);
    folder.write("open.csv", open);
    let line = "predict t.safetensors open.csv --on-error skip";
    folder.refused(line, 1, &["open.csv", "never closed"]);
    folder.write("none.csv", "size,street,built\nmany,north,2000-01-01\n");
    folder.refused(
        "predict t.safetensors none.csv --on-error skip",
        1,
        &["none of its rows can be predicted"],
    );
}
