//! `trainer export` and `trainer import`.
//!
//! The comparisons need Python packages (numpy, onnx and onnxruntime; for tract also tract; for PyTorch numpy, safetensors
//! and torch) and are skipped with a message where `python3` does not have them. `PYTHON` names another Python.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::common::{Folder, QUICK, flowers, houses, skipped};

fn python() -> String {
    env::var("PYTHON").unwrap_or_else(|_| "python3".to_string())
}

/// Whether Python has these modules; otherwise says that a test is skipped.
fn has_modules(modules: &str) -> bool {
    let command = format!("import {modules}");
    let output = Command::new(python()).args(["-c", &command]).output();
    let has = output.is_ok_and(|output| output.status.success());
    if !has {
        skipped(&format!("python3 with {modules}"));
    }
    has
}

fn run_script(name: &str, arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/export");
    let output = Command::new(python())
        .arg(script.join(name))
        .arg(env!("CARGO_BIN_EXE_trainer"))
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    assert!(!text.contains("DIFFERS"), "{text}");
}

#[test]
fn onnx_runtime_predicts_what_the_trainer_predicts() {
    if has_modules("numpy, onnx, onnxruntime") {
        run_script("check_onnx.py", &[]);
    }
}

#[test]
fn tract_runs_what_the_guide_says() {
    if has_modules("numpy, onnx, onnxruntime, tract") {
        let words = "silu ensemble dates classes neighbors imputation categories";
        let words: Vec<&str> = words.split(' ').collect();
        run_script("check_tract.py", &words);
    }
}

#[test]
fn pytorch_predicts_what_the_trainer_predicts() {
    if has_modules("numpy, safetensors, torch") {
        run_script("check_pytorch.py", &[]);
    }
}

#[test]
fn a_model_is_written_for_other_programs() {
    let folder = Folder::new();
    folder.write("houses.csv", houses(60));
    folder.done(&format!(
        "train houses.csv --target price --out m.safetensors {QUICK}"
    ));
    let said = folder.done("export m.safetensors --out m.onnx").stdout;
    assert!(
        said.contains("exported") && said.contains("m.onnx"),
        "{said}"
    );
    assert!(!said.contains("training row"), "{said}");
    assert!(folder.read("m.onnx").len() > 1000);
    let said = folder
        .done("export m.safetensors --out torch --format pytorch")
        .stdout;
    assert!(
        said.contains("torch.safetensors") && said.contains("torch.py"),
        "{said}"
    );
    let module = String::from_utf8(folder.read("torch.py")).unwrap();
    assert!(module.contains("class Model(nn.Module)"));

    // A model is not overwritten, and what is no model is not exported.
    let before = folder.read("m.safetensors");
    folder.write("other.safetensors", &before);
    for line in [
        "export m.safetensors --out other.safetensors",
        "export m.safetensors --out other --format pytorch",
    ] {
        let words = ["this is a Backburn model, so it is not overwritten"];
        folder.refused(line, 1, &words);
    }
    let history = folder.read("m.history.jsonl");
    for (line, words) in [
        ("--out m.safetensors", "which is the model"),
        ("--out m --format pytorch", "which is the model"),
        ("--out m.history.jsonl", "which is the history"),
    ] {
        folder.refused(&format!("export m.safetensors {line}"), 2, &[words]);
    }
    assert_eq!(folder.read("m.safetensors"), before);
    assert_eq!(folder.read("other.safetensors"), before);
    assert_eq!(folder.read("m.history.jsonl"), history);
    let answer = folder.run("export m.onnx --out n.onnx");
    assert!(
        answer.stderr.contains("this is not a Backburn model"),
        "{}",
        answer.stderr
    );
    let answer = folder.run("predict m.onnx houses.csv");
    assert!(
        answer.stderr.contains("this is not a Backburn model"),
        "{}",
        answer.stderr
    );
    let answer = folder.run("export m.safetensors --out no/folder.onnx");
    assert_eq!(answer.code, 1);
    let answer = folder.run("export m.safetensors --out m.onnx --format coreml");
    assert_eq!(answer.code, 2);
}

#[test]
fn training_rows_in_a_file_are_said() {
    let folder = Folder::new();
    let rows = (0..60).map(|row| format!("{},{},{}\n", row % 13, row * row % 17, row * 3));
    let csv: String = rows.collect();
    folder.write("houses.csv", format!("size,rooms,price\n{csv}"));
    let knn = "--set data.knn_features=always";
    folder.done(&format!(
        "train houses.csv --target price --out m.safetensors {QUICK} {knn}"
    ));
    for line in ["export m.safetensors --out m.onnx", "inspect m.safetensors"] {
        let said = folder.done(line).stdout;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            said.contains("the file holds numbers and targets of"),
            "{line}: {said}"
        );
        assert!(
            said.contains("training rows (neighbor features)"),
            "{line}: {said}"
        );
    }
}

#[test]
fn what_is_no_network_is_not_imported() {
    let folder = Folder::new();
    folder.write("flowers.csv", flowers(10));
    let answer = folder.run("import flowers.csv --out m.safetensors");
    assert_eq!(answer.code, 1);
    assert!(
        answer
            .stderr
            .contains("flowers.csv: this is not a safetensors file"),
        "{}",
        answer.stderr
    );
    let answer = folder.run("import none.safetensors --out m.safetensors");
    assert!(
        answer.stderr.contains("none.safetensors"),
        "{}",
        answer.stderr
    );
    folder.write("notes.txt", "mine");
    folder.refused(
        "import flowers.csv --out notes.txt",
        1,
        &["is not a Backburn model, so it is not overwritten"],
    );
    folder.refused(
        "import flowers.csv --out flowers.csv",
        2,
        &["which is the network"],
    );
}

#[test]
fn quantiles_and_counts_are_trained_and_predicted_and_not_exported() {
    let folder = Folder::new();
    folder.write("houses.csv", houses(60));
    let train = format!("train houses.csv --target price {QUICK}");
    let said = folder.done(&format!(
        "{train} --quantiles 0.1,0.5,0.9 --out q.safetensors"
    ));
    assert!(said.stdout.contains("mean pinball loss"), "{}", said.stdout);
    folder.done("predict q.safetensors houses.csv --out q.csv");
    let written = String::from_utf8(folder.read("q.csv")).unwrap();
    let header = "prediction,quantile_0.1,quantile_0.5,quantile_0.9";
    assert_eq!(written.lines().next(), Some(header));
    folder.done(&format!(
        "{train} --set training.loss=gamma --out g.safetensors"
    ));
    for (model, loss) in [("q", "quantile"), ("g", "gamma")] {
        for format in ["onnx", "pytorch"] {
            let line = format!("export {model}.safetensors --out {model}.onnx --format {format}");
            let part = format!("a model with training.loss={loss} cannot be exported");
            folder.refused(&line, 1, &[&part, "training.loss=auto"]);
        }
    }
    folder.refused(
        &format!("{train} --quantiles 0.9,0.1 --out x.safetensors"),
        2,
        &["training.quantiles: must be"],
    );
    folder.refused(
        &format!("{train} --offset size --out x.safetensors"),
        2,
        &["training.loss=poisson"],
    );
}
