//! Ensembles, presets, intervals and comparisons, as a user meets them.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Folder, flowers, houses};

const FEW: &str =
    "--set training.epochs=8 --set network.hidden=[16] --set training.learning_rate=0.01";

fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.lines().map(str::to_string).collect()
}

#[test]
fn an_ensemble_is_trained_saved_and_used() {
    let folder = Folder::new();
    folder.write("t.csv", houses(200));
    let ensemble = format!("{FEW} --set ensemble.members=5 --set ensemble.folds=4");
    let line = format!("train t.csv --target price --json {ensemble}");
    let result = folder.done(&line).json();
    assert_eq!(result["validation_rows"], 200);
    let first = folder.read("t.safetensors");
    folder.done(&line);
    assert_eq!(first, folder.read("t.safetensors"), "one seed is one model");
    let shown = folder.done("inspect t.safetensors").stdout;
    assert!(shown.contains("5 networks"), "{shown}");
    folder.done("explain t.safetensors t.csv --row 3");
    folder.done("evaluate t.safetensors t.csv");
    folder.done("predict t.safetensors t.csv --interval 90 --out p.csv");
    let predicted = lines(&folder.read("p.csv"));
    assert_eq!(predicted[0], "prediction,lower,upper");
    assert_eq!(predicted.len(), 201);
    let table = houses(200);
    let prices = table.lines().skip(1).map(|row| {
        let price = row.rsplit(',').next().unwrap();
        price.parse::<f64>().unwrap()
    });
    let mut held = 0;
    for (line, price) in predicted[1..].iter().zip(prices) {
        let numbers: Vec<f64> = line.split(',').map(|n| n.parse().unwrap()).collect();
        assert!(numbers[1] < numbers[2], "{line}");
        held += usize::from((numbers[1]..=numbers[2]).contains(&price));
    }
    assert!(held >= 160, "{held} of 200 rows are in their intervals");
}

#[test]
fn intervals_that_cannot_be_are_refused() {
    let folder = Folder::new();
    folder.write("t.csv", flowers(60));
    folder.done(&format!("train t.csv --target kind {FEW}"));
    let line = "predict t.safetensors t.csv --interval 90";
    folder.refused(line, 1, &["--interval 90", "intervals are for numbers"]);
    folder.refused("predict t.safetensors t.csv --interval 30", 2, &["30"]);
    folder.write("h.csv", houses(60));
    folder.done(&format!(
        "train h.csv --target price {FEW} --set data.validation_fraction=0"
    ));
    let line = "predict h.safetensors h.csv --interval 90";
    folder.refused(line, 1, &["trained without rows for validation"]);
}

#[test]
fn every_row_is_predicted_out_of_fold() {
    let folder = Folder::new();
    folder.write("t.csv", flowers(50));
    let line = format!("train t.csv --target kind {FEW} --folds 4 --out-of-fold o.csv");
    folder.done(&line);
    let written = lines(&folder.read("o.csv"));
    assert!(
        written[0].starts_with("row,prediction,probability_"),
        "{}",
        written[0]
    );
    let rows: Vec<&str> = written[1..]
        .iter()
        .map(|l| l.split(',').next().unwrap())
        .collect();
    let all: Vec<String> = (1..=50).map(|row| row.to_string()).collect();
    assert_eq!(rows, all);
    folder.refused(
        "train t.csv --target kind --out-of-fold o.csv",
        2,
        &["--folds"],
    );
}

#[test]
fn presets_are_printed_and_taken() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    for preset in ["fast", "default", "best"] {
        let printed = folder.done(&format!("config --preset {preset}")).stdout;
        folder.write("p.toml", &printed);
        let taken = "train t.csv --target price --json --set training.epochs=2 --out m.safetensors";
        folder.done(&format!("{taken} --preset {preset}"));
        let by_name = folder.read("m.safetensors");
        folder.done(&format!("{taken} --config p.toml"));
        assert_eq!(by_name, folder.read("m.safetensors"), "{preset}");
    }
    folder.refused(
        "train t.csv --target price --preset quick",
        2,
        &["quick", "fast"],
    );
}

#[test]
fn a_time_limit_ends_training_with_a_model() {
    let folder = Folder::new();
    folder.write("t.csv", houses(500));
    let long = "--set training.epochs=100000 --set training.patience=0";
    for more in ["", "--set ensemble.members=50"] {
        let line = format!("train t.csv --target price {long} {more} --time-limit 1.5s");
        let started = std::time::Instant::now();
        folder.done(&line);
        assert!(started.elapsed().as_secs() < 60, "{more}");
        folder.done("predict t.safetensors t.csv");
    }
    // The limit is that of each training: the folds do not use it up.
    let line = format!("train t.csv --target price {FEW} --folds 3 --time-limit 30s --json");
    let result = folder.done(&line).json();
    assert_eq!(result["stop"], "Finished");
    assert_eq!(result["epochs"], 8);
    folder.refused(
        "train t.csv --target price --time-limit soon",
        2,
        &["90s or 10m"],
    );
}

#[test]
fn methods_are_compared() {
    let folder = Folder::new();
    folder.write("t.csv", flowers(60));
    let only = "--only constant --only linear --only boosting --only fast";
    let line = format!("compare t.csv --target kind --folds 3 {only} --json");
    let answer = folder.done(&line);
    let result = answer.json();
    let methods = result["methods"].as_array().unwrap();
    let names: Vec<&str> = methods
        .iter()
        .map(|m| m["method"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["constant", "linear", "boosting", "fast"]);
    let loss = |method: usize| methods[method]["log_loss"]["mean"].as_f64().unwrap();
    assert!(loss(0) > loss(1), "{result:#}");
    assert!(loss(0) > loss(2), "{result:#}");
    assert!(
        answer.stderr.contains("has the lowest error"),
        "{}",
        answer.stderr
    );
    let verdict = result["verdict"].as_str().unwrap();
    assert!(verdict.contains("has the lowest error"), "{verdict}");
    assert_eq!(result["weighted"], false);
    let line = "compare t.csv --target kind --weight length --folds 2 --only constant";
    let answer = folder.done(line);
    assert!(
        answer.stdout.contains("errors are better (weighted)"),
        "{}",
        answer.stdout
    );
    folder.refused("compare t.csv --target kind --folds 90", 2, &["60 rows"]);
    folder.write("ensembles.csv", flowers(300));
    let line = "compare ensembles.csv --target kind --folds 2 --only default";
    let answer = folder.done(line);
    assert!(answer.stdout.contains("default     "), "{}", answer.stdout);
    for heading in ["choosing", "chosen", "networks", "averaged"] {
        assert!(!answer.stdout.contains(heading), "{}", answer.stdout);
        assert!(!answer.stderr.contains(heading), "{}", answer.stderr);
    }
}

#[test]
fn a_kill_leaves_the_networks_so_far() {
    let folder = Folder::new();
    folder.write("t.csv", houses(300));
    let line = "train t.csv --target price --set ensemble.members=900";
    let mut training = folder.command(line).stderr(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while !folder.path("t.safetensors").exists() && started.elapsed().as_secs() < 60 {
        thread::sleep(Duration::from_millis(10));
    }
    training.kill().unwrap();
    training.wait().unwrap();
    folder.done("predict t.safetensors t.csv --out p.csv");
    assert_eq!(lines(&folder.read("p.csv")).len(), 301);
}

#[test]
fn near_rows_are_an_input_and_all_rows_a_refit() {
    let folder = Folder::new();
    // The price jumps from one square of a chessboard to the next.
    let mut csv = "x,size,y,price\n".to_string();
    for row in 0..1500 {
        let part = |prime: usize| (row * prime % 9973) as f64 / 9973.0;
        let (x, y, size) = (part(7919) * 5.0, part(6007) * 5.0, part(3571));
        let black = (x.floor() + y.floor()) % 2.0;
        csv += &format!("{x},{size},{y},{:.3}\n", 100.0 + 50.0 * black + size);
    }
    folder.write("t.csv", csv);
    let line = "train t.csv --target price --set data.refit=true --set training.epochs=20";
    let with = folder.done(&format!("{line} --json"));
    assert!(
        with.stderr
            .contains("the mean `price` of the nearest rows by x and y is a feature"),
        "{}",
        with.stderr
    );
    assert!(with.stderr.contains("1,500 rows for"), "{}", with.stderr);
    assert_eq!(with.json()["training_rows"], 1500);
    folder.done("predict t.safetensors t.csv --interval 90 --out p.csv");
    assert_eq!(lines(&folder.read("p.csv")).len(), 1501);
    let without = folder.done(&format!("{line} --set data.neighbor_features=false --json"));
    let error = |answer: &crate::common::Answer| answer.json()["rmse"].as_f64().unwrap();
    assert!(error(&with) < 0.8 * error(&without));
}

#[test]
fn similar_rows_are_an_input_where_small_networks_do_better() {
    let folder = Folder::new();
    // On a chessboard of three dimensions near rows tell what no formula does; the size is a sum.
    let mut csv = "x,y,z,size,kind\n".to_string();
    let mut mix = 1u64;
    let mut random = || {
        mix ^= mix << 13;
        mix ^= mix >> 7;
        mix ^= mix << 17;
        (mix % 10_000) as f64 / 10_000.0
    };
    for _ in 0..900 {
        let (x, y, z) = (random() * 3.0, random() * 3.0, random() * 3.0);
        let black = (x.floor() + y.floor() + z.floor()) % 2.0 == 0.0;
        let kind = if black { "black" } else { "white" };
        csv += &format!("{x},{y},{z},{},{kind}\n", x + 2.0 * y);
    }
    folder.write("t.csv", csv);
    let line = "train t.csv --json --set training.epochs=5 --target";
    for (target, chosen) in [
        ("kind", "always"),
        ("size --set columns.kind=ignored", "never"),
    ] {
        let out = format!("--out {chosen}.safetensors");
        let answer = folder.done(&format!("{line} {target} {out}"));
        let said = answer.stderr.contains("numeric columns is a feature");
        assert_eq!(said, chosen == "always", "{target}: {}", answer.stderr);
        let settings = folder.done(&format!("inspect {chosen}.safetensors")).stdout;
        let words = format!("knn_features = \"{chosen}\"");
        assert!(settings.contains(&words), "{target}: {settings}");
    }
}

#[test]
fn few_rows_are_learned_by_several_networks() {
    let folder = Folder::new();
    let line = "train t.csv --target price --set training.epochs=3";
    let eight = "8 networks, each ";
    let four = "→ 256 → 256 → 1, 2 of ";
    for (rows, networks, settings) in [
        (60, "", ""),
        (300, eight, ""),
        (300, "", "--dashboard"),
        (300, "", "--set data.refit=true"),
        (300, "", "--preset fast"),
        (1200, four, ""),
    ] {
        folder.write("t.csv", houses(rows));
        let answer = folder.done(&format!("{line} {settings}"));
        let said = folder.done("inspect t.safetensors").stdout;
        assert!(said.contains(networks), "{settings} {said}");
        assert_eq!(said.contains("networks"), !networks.is_empty(), "{said}");
        let noted = answer.stdout.contains("one network, for the dashboard");
        assert_eq!(noted, settings == "--dashboard", "{}", answer.stdout);
    }
}

#[test]
fn logarithms_are_taken_where_they_predict_better() {
    let folder = Folder::new();
    let share = |row: usize, step: usize| ((row * step) % 601) as f64 / 601.0;
    type Law = fn(f64, f64, f64) -> f64;
    let laws: [(&str, Law); 2] = [
        ("log", |a, b, noise| {
            (6.0 * a + 2.0 * b).exp() * (0.8 + 0.4 * noise)
        }),
        ("standard", |a, b, noise| {
            2.0 + 30.0 * a.powi(4) + b + 3.0 * noise
        }),
    ];
    for (scale, law) in laws {
        let mut csv = "a,b,y\n".to_string();
        for row in 0..600 {
            let (a, b) = (share(row, 7), share(row, 113));
            csv += &format!("{a},{b},{}\n", law(a, b, share(row, 251)));
        }
        folder.write("t.csv", csv);
        folder.done("train t.csv --target y --set training.epochs=2 --set ensemble.members=1");
        let said = folder.done("inspect t.safetensors").stdout;
        let line = format!("target_transform = \"{scale}\"");
        assert!(said.contains(&line), "{said}");
    }
}
