//! Models that are trained further on new rows.

use std::io::Write;
use std::process::Stdio;

use crate::common::{Answer, Folder};

/// Rows of a table of two numbers, a category and a class.
fn table(rows: usize, classes: &[&str], from: usize) -> String {
    let row = |n: usize| {
        let class = n % classes.len();
        let a = 10 * (from + class) + n * 7 % 5;
        let kind = ["red", "blue"][n / 3 % 2];
        format!("{a}.5,{},{kind},{}\n", n * 13 % 11, classes[class])
    };
    let rows: String = (0..rows).map(row).collect();
    format!("a,b,kind,y\n{rows}")
}

const FAST: &str = "--preset fast --set training.epochs=8";

/// A folder with a model that was trained with these options on two classes, and a table of two others.
fn folder(options: &str) -> Folder {
    let folder = Folder::new();
    folder.write("old.csv", table(240, &["p", "q"], 0));
    let new = table(120, &["r", "s"], 4).replace("blue", "green");
    folder.write("new.csv", new);
    folder.done(&format!(
        "train old.csv -t y {FAST} --out m.safetensors {options}"
    ));
    folder
}

#[test]
fn a_model_goes_on_learning_and_the_matrix_is_printed() {
    let folder = folder("--remember replay=100");
    let inspected = folder.done("inspect m.safetensors").stdout;
    assert!(
        inspected.contains("the file holds the encoded values and targets of 124 rows"),
        "{inspected}"
    );
    let answer = folder.done("train --from m.safetensors new.csv --out m.safetensors");
    for words in [
        "1 category of `kind`: `green`",
        "2 classes: `r`, `s`",
        "accuracy after task",
        "1 old.csv",
        "2 new.csv",
        "saved      m.safetensors",
    ] {
        assert!(answer.stdout.contains(words), "{words}: {}", answer.stdout);
    }
    let predicted = folder.done("predict m.safetensors new.csv --out p.csv");
    assert_eq!(predicted.code, 0);
    folder.done("report m.safetensors --out r.html");
    let report = String::from_utf8(folder.read("r.html")).unwrap();
    for words in ["data-figure=\"tasks\"", "1 old.csv", "2 new.csv"] {
        assert!(report.contains(words), "{words}: {report}");
    }
    let json = folder.done("train --from m.safetensors old.csv --out n.safetensors --json");
    let json = json.json();
    assert_eq!(json["forgetting"]["tasks"].as_array().unwrap().len(), 3);
    assert_eq!(json["forgetting"]["metric"], "accuracy");
    assert_eq!(json["model"], "n.safetensors");
    assert_eq!(json["new"]["classes"].as_array().unwrap().len(), 0);
    assert!(json["replayed"].as_u64().unwrap() > 0);
}

#[test]
fn an_update_writes_a_report() {
    let folder = folder("--remember replay=100");
    let line = "train --from m.safetensors new.csv --out n.safetensors";
    folder.done(&format!("{line} --report u.html"));
    let html = String::from_utf8(folder.read("u.html")).unwrap();
    for words in [
        "<dt>continued from</dt><dd>m.safetensors</dd>",
        "data-figure=\"tasks\"",
        "2 new.csv",
        "data-figure=\"loss\"",
        "data-figure=\"confusion\"",
        "whose errors changed no weights",
        "<code>green</code>",
        "This command continued the training",
        "--from m.safetensors new.csv",
    ] {
        assert!(html.contains(words), "no {words:?} in {html}");
    }
    let table = format!("{line} --report new.csv");
    folder.refused(&table, 1, &["not a Backburn report"]);
    let same = "train --from m.safetensors new.csv --out same.html --report same.html";
    folder.refused(same, 2, &["--report is same.html, which --out is too"]);
}

#[test]
fn without_a_memory_the_model_starts_warm_and_says_what_is_not_measured() {
    let folder = folder("");
    let answer = folder.done("train --from m.safetensors new.csv");
    assert!(
        answer.stdout.contains("is not measured"),
        "{}",
        answer.stdout
    );
    assert!(folder.names().contains(&"new.safetensors".to_string()));
    let line = "train --from m.safetensors new.csv --remember replay";
    folder.refused(line, 2, &["keeps no rows to train on again", "--old-rows"]);
    folder.done(&format!("{line} --old-rows old.csv --out k.safetensors"));
    folder.done("train --from k.safetensors new.csv --out k.safetensors");
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let folder = folder("");
    for (line, words) in [
        ("train old.csv --preset fast", "--target"),
        ("train old.csv -t y --old-rows new.csv", "--from"),
        ("train old.csv -t y --remember all", "use replay, ewc"),
        ("train --from m.safetensors new.csv --folds 3", "--folds"),
        ("train --from m.safetensors new.csv -t b", "predicts `y`"),
        (
            "train --from m.safetensors new.csv --follow",
            "name - as the table",
        ),
        (
            "train --from m.safetensors new.csv --set network.hidden=[7]",
            "network.hidden: an update keeps this setting",
        ),
    ] {
        folder.refused(line, 2, &[words]);
    }
    let line = "train --from m.safetensors new.csv --old-rows old.csv";
    folder.refused(line, 2, &["--old-rows is for --remember"]);
}

#[test]
fn rows_are_learned_as_they_come() {
    let folder = folder("--remember replay");
    let line = "train --from m.safetensors --follow - --out m.safetensors";
    let mut command = folder.command(line);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let rows = table(600, &["p", "q"], 0);
    let mut input = child.stdin.take().unwrap();
    input.write_all(rows.as_bytes()).unwrap();
    drop(input);
    let answer = Answer::new(child.wait_with_output().unwrap());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    for words in [
        "window 1 (256 rows): accuracy",
        "window 2 (256 rows): accuracy",
        "window 3 (88 rows): accuracy",
    ] {
        assert!(answer.stderr.contains(words), "{words}: {}", answer.stderr);
    }
    assert!(
        answer.stdout.contains("2 standard input "),
        "{}",
        answer.stdout
    );
    for words in [
        "on the new rows, each before it was learned",
        "new rows in 3 windows",
    ] {
        assert!(answer.stdout.contains(words), "{words}: {}", answer.stdout);
    }
    let inspected = folder.done("inspect m.safetensors --json").json();
    assert_eq!(inspected["memory"]["tasks"].as_array().unwrap().len(), 2);
}

#[test]
fn a_damaged_stream_keeps_what_was_learned_before() {
    let folder = folder("");
    let line = "train --from m.safetensors --follow - --out n.safetensors";
    let mut command = folder.command(line);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let rows = table(300, &["p", "q"], 0) + "1,2\n";
    let mut input = child.stdin.take().unwrap();
    input.write_all(rows.as_bytes()).unwrap();
    drop(input);
    let answer = Answer::new(child.wait_with_output().unwrap());
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(
        answer.stderr.contains("standard input: "),
        "{}",
        answer.stderr
    );
    assert!(folder.names().contains(&"n.safetensors".to_string()));
}

#[test]
fn a_model_of_several_targets_is_refused() {
    let folder = Folder::new();
    folder.write("old.csv", table(240, &["p", "q"], 0));
    folder.done(&format!(
        "train old.csv -t y,kind {FAST} --out m.safetensors"
    ));
    let line = "train --from m.safetensors old.csv --out n.safetensors";
    folder.refused(line, 2, &["predicts several targets", "one target"]);
}

#[test]
fn a_window_without_targets_does_not_end_the_stream() {
    let folder = folder("");
    let line = "train --from m.safetensors --follow - --out n.safetensors";
    let mut command = folder.command(line);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let rows = table(256, &["p", "q"], 0) + "1.5,2,red,\n";
    let mut input = child.stdin.take().unwrap();
    input.write_all(rows.as_bytes()).unwrap();
    drop(input);
    let answer = Answer::new(child.wait_with_output().unwrap());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(
        answer.stderr.contains("window 2 (0 rows): accuracy -"),
        "{}",
        answer.stderr
    );
}
