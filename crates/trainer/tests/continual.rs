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

/// Runs a command with this text as its standard input.
fn with_input(folder: &Folder, line: &str, text: &[u8]) -> Answer {
    let mut command = folder.command(line);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // A command that ends early does not read all of it.
    let _ = child.stdin.take().unwrap().write_all(text);
    Answer::new(child.wait_with_output().unwrap())
}

/// The rows of a stream with these lines after its first 300 rows, and 50 rows after them.
fn damaged(lines: &str) -> String {
    let rows = table(350, &["p", "q"], 0);
    let (first, last): (Vec<&str>, Vec<&str>) = {
        let mut rows = rows.lines();
        (rows.by_ref().take(301).collect(), rows.collect())
    };
    format!("{}\n{lines}{}\n", first.join("\n"), last.join("\n"))
}

#[test]
fn a_damaged_stream_keeps_what_was_learned_before() {
    let folder = folder("");
    let line = "train --from m.safetensors --follow - --out n.safetensors";
    for (bad, words) in [
        (
            "1,2\n",
            "standard input:302: the row has 2 fields, and the header has 4",
        ),
        (
            "abc,2,red,p\n",
            "standard input:302: column `a` holds numbers, but here is \"abc\"",
        ),
    ] {
        let answer = with_input(&folder, line, damaged(bad).as_bytes());
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        for words in ["window 2 (44 rows): accuracy", words] {
            assert!(answer.stderr.contains(words), "{words}: {}", answer.stderr);
        }
        assert!(
            !answer.stderr.contains("window 3"),
            "the rows after it are not learned: {}",
            answer.stderr
        );
        assert!(folder.names().contains(&"n.safetensors".to_string()));
        let inspected = folder.done("inspect n.safetensors --json").json();
        assert_eq!(inspected["training"]["rows"], before(&folder) + 300);
        std::fs::remove_file(folder.path("n.safetensors")).unwrap();
    }
}

/// The number of rows that the model of a folder was trained on.
fn before(folder: &Folder) -> u64 {
    let inspected = folder.done("inspect m.safetensors --json").json();
    inspected["training"]["rows"].as_u64().unwrap()
}

#[test]
fn rows_that_cannot_be_used_are_skipped_if_that_is_asked_for() {
    let folder = folder("");
    let line = "train --from m.safetensors --follow - --on-error skip --out n.safetensors --json";
    let bad = "1,2\nabc,2,red,p\n1.5,2,red,p,5\n1.5,many,red,p\n";
    let answer = with_input(&folder, line, damaged(bad).as_bytes());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    for words in [
        "window 1 (256 rows): accuracy",
        "window 2 (94 rows): accuracy",
        "skipped standard input:302: the row has 2 fields",
        "skipped standard input:303: column `a` holds numbers",
        "skipped standard input:304: the row has 5 fields",
        "skipped standard input:305: column `b` holds numbers",
    ] {
        assert!(answer.stderr.contains(words), "{words}: {}", answer.stderr);
    }
    let json = answer.json();
    assert_eq!(json["skipped"], 4);
    assert_eq!(json["rows"], 350);
    let stderr = with_input(&folder, line, b"a,b,kind,y\n1,2\n").stderr;
    assert!(
        stderr.contains("no row of standard input can be learned from; standard input:2:"),
        "{stderr}"
    );
    let options = "train --from m.safetensors new.csv --on-error skip";
    folder.refused(options, 2, &["--follow"]);
}

#[test]
fn blank_rows_and_repeated_headers_do_not_hinder_skipping() {
    let folder = folder("");
    let line = "train --from m.safetensors --follow - --on-error skip --out n.safetensors";
    let rows = table(40, &["p", "q"], 0);
    for others in ["abc,2,red,p\n,,,\n", "a,b,kind,y\nabc,2,red,p\n"] {
        let answer = with_input(&folder, line, format!("{rows}{others}").as_bytes());
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        for words in [
            "window 1 (40 rows): accuracy",
            "holds numbers, but here is \"abc\"",
        ] {
            assert!(answer.stderr.contains(words), "{words}: {}", answer.stderr);
        }
    }
}

#[test]
fn a_row_that_is_skipped_after_the_last_window_is_named() {
    let folder = folder("");
    let line = "train --from m.safetensors --follow - --on-error skip --out n.safetensors";
    let rows = table(256, &["p", "q"], 0) + "1,2\n";
    let answer = with_input(&folder, line, rows.as_bytes());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let said = answer.stdout + &answer.stderr;
    let words = "skipped standard input:258: the row has 2 fields";
    assert!(said.contains(words), "{said}");
}

#[test]
fn a_wrong_value_of_the_old_rows_is_not_one_of_the_stream() {
    let folder = folder("");
    let rows = table(40, &["p", "q"], 0);
    folder.write("bad.csv", rows.replacen("0.5,0,red", "0.5,many,red", 1));
    let line = "train --from m.safetensors --follow - --remember replay --old-rows bad.csv --on-error skip \
                --out n.safetensors";
    let answer = with_input(&folder, line, rows.as_bytes());
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("bad.csv:2: "), "{}", answer.stderr);
}

#[test]
fn a_model_that_knows_invisible_characters_of_names_follows_rows() {
    let folder = Folder::new();
    let named = |text: String| text.replace("a,b,kind,y", "a,b\u{200b},kind,y\u{200b}");
    folder.write("old.csv", named(table(240, &["p", "q"], 0)));
    let line = format!("train old.csv -t y\u{200b} --numeric b\u{200b} {FAST} --out m.safetensors");
    folder.done(&line);
    let rows = named(table(40, &["p", "q"], 0));
    let line = "train --from m.safetensors --follow - --out n.safetensors";
    let answer = with_input(&folder, line, rows.as_bytes());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let evaluated = folder.done("evaluate m.safetensors old.csv");
    assert!(
        evaluated.stdout.contains("accuracy"),
        "{}",
        evaluated.stdout
    );
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
