//! What commands say about a table and a model, as sentences and in JSON.

use crate::common::{Folder, QUICK, houses};
use serde_json::Value;

#[test]
fn numbers_that_are_taken_for_classes_are_said() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let line = format!("train t.csv --target price --task classification {QUICK}");
    let answer = folder.done(&line);
    assert!(
        answer.stdout.contains("pass --task regression"),
        "{}",
        answer.stdout
    );
    assert!(
        !answer.stdout.contains("one or two rows"),
        "{}",
        answer.stdout
    );
}

#[test]
fn large_whole_numbers_are_said_once_and_as_what_they_are() {
    let folder = Folder::new();
    let mut csv = "big,y\n".to_string();
    for row in 0..60u64 {
        csv += &format!(
            "{},{}.5\n",
            9_007_199_254_740_993 + row * row * 1000,
            row * 37 % 50
        );
    }
    folder.write("t.csv", csv);
    let feature = "column `big`: whole numbers beyond 2^53";
    for command in [
        "describe t.csv --target y",
        "train t.csv --target y --preset fast --out y.safetensors",
    ] {
        let said = folder.done(command).stdout;
        assert_eq!(said.matches(feature).count(), 1, "{said}");
        assert_eq!(said.matches("2^53").count(), 1, "{said}");
    }
    // For a target, another kind of column is another task.
    for command in [
        "describe t.csv --target big",
        "train t.csv --target big --preset fast --out big.safetensors",
    ] {
        let said = folder.done(command).stdout;
        assert_eq!(
            said.matches("`big` has whole numbers beyond 2^53").count(),
            1,
            "{said}"
        );
        assert!(!said.contains("--categorical big"), "{said}");
    }
}

#[test]
fn values_that_cannot_be_read_are_counted_by_column() {
    let mixed = |word: &str, every: usize| {
        let rows = (0..60).map(|n| {
            let x1 = match n % every {
                0 => word.to_string(),
                _ => format!("{}.5", n % 31 + 1),
            };
            format!("{x1},{}.25,{}.5\n", n % 7 + 1, n % 17 + n % 7)
        });
        format!("x1,x2,y\n{}", rows.collect::<String>())
    };
    let folder = Folder::new();
    folder.write("t.csv", mixed("unclear", 9));
    folder.done(&format!(
        "train t.csv --target y --out m.safetensors {QUICK}"
    ));
    folder.write("new.csv", mixed("broken", 3));
    let note = "`x1` is treated as missing in 20 of 60 rows, because its values are not numbers (`broken` 20)";
    let finding = |json: &Value| {
        let finding = &json["unlike_training"][0];
        assert_eq!(finding["what"], "unreadable", "{json}");
        assert_eq!((&finding["rows"], &finding["of"]), (&20.into(), &60.into()));
        assert_eq!(finding["examples"][0]["value"], "broken");
    };
    for command in [
        "predict m.safetensors new.csv --out p.csv --json",
        "evaluate m.safetensors new.csv --json",
    ] {
        let answer = folder.done(command);
        assert_eq!(answer.stderr.matches(note).count(), 1, "{}", answer.stderr);
        finding(&answer.json());
    }
    let line = format!("train t.csv --target y --test new.csv --json {QUICK}");
    let answer = folder.done(&line);
    assert!(answer.stderr.contains(note), "{}", answer.stderr);
    finding(&answer.json());
    // Rows that are skipped are not counted.
    let bad = mixed("broken", 3).replacen("1.25,", "text,", 1);
    folder.write("bad.csv", bad);
    let line = "predict m.safetensors bad.csv --on-error skip --out p.csv --json";
    let answer = folder.done(line);
    assert_eq!(
        answer.json()["unlike_training"][0]["rows"],
        19,
        "{}",
        answer.stderr
    );
}

/// Rows of houses from this one on, all different.
fn rows(from: usize, to: usize) -> String {
    let mut csv = "size,street,price\n".to_string();
    for row in from..to {
        let (size, street) = (row * 37 % 1009, ["north", "south"][row % 2]);
        csv += &format!("{size}.25,{street},{}.5\n", size * 3 + row % 11);
    }
    csv
}

#[test]
fn scores_of_training_rows_are_said_to_be() {
    let folder = Folder::new();
    folder
        .write("t.csv", rows(0, 300))
        .write("other.csv", rows(300, 600))
        .write("part.csv", rows(100, 180));
    let mut reversed: Vec<String> = rows(0, 300).lines().skip(1).map(str::to_string).collect();
    reversed.reverse();
    let reversed: String = reversed
        .iter()
        .map(|row| format!("x;{}\n", row.replace(',', ";")))
        .collect();
    folder.write(
        "reversed.csv",
        format!("more;size;street;price\n{reversed}"),
    );
    for ensemble in [1, 2] {
        let settings = format!("{QUICK} --set ensemble.members={ensemble}");
        let line = format!("train t.csv --target price --out m.safetensors --json {settings}");
        assert!(
            !folder
                .done(&line)
                .stderr
                .contains("training rows of this model")
        );
        for (table, share) in [
            ("t.csv", Some(1.0)),
            ("reversed.csv", Some(1.0)),
            ("part.csv", Some(1.0)),
            ("other.csv", None),
        ] {
            let answer = folder.done(&format!("evaluate m.safetensors {table} --json"));
            let note = "training rows of this model, so the scores are too good";
            assert_eq!(
                answer.stderr.contains(note),
                share.is_some(),
                "{table}: {}",
                answer.stderr
            );
            let warnings = &answer.json()["warnings"];
            match share {
                Some(share) => {
                    assert_eq!(warnings[0]["what"], "training_rows_scored", "{warnings}");
                    assert_eq!(warnings[0]["share"], share);
                }
                None => assert_eq!(warnings, &serde_json::json!([])),
            }
        }
        let tested = folder.done(&format!("{line} --test t.csv"));
        let warnings = tested.json()["warnings"].to_string();
        assert!(warnings.contains("training_rows_scored"), "{warnings}");
    }
}

#[test]
fn a_model_without_a_score_says_so() {
    let folder = Folder::new();
    folder.write("t.csv", houses(40));
    let line = format!("train t.csv --target price --set data.validation_fraction=0 {QUICK}");
    let answer = folder.done(&line);
    assert!(
        answer.stdout.contains("so there is no score"),
        "{}",
        answer.stdout
    );
    let answer = folder.done(&format!("{line} --test t.csv"));
    assert!(
        !answer.stdout.contains("so there is no score"),
        "{}",
        answer.stdout
    );
}

#[test]
fn a_learning_curve_is_printed_where_it_is_asked_for() {
    let folder = Folder::new();
    folder.write("t.csv", houses(200));
    let line = format!("train t.csv --target price {QUICK} --set ensemble.members=1");
    let answer = folder.done(&format!("{line} --learning-curve"));
    let lines: Vec<&str> = answer.stdout.lines().collect();
    let first = lines.iter().position(|line| line.starts_with("curve"));
    let first = first.unwrap_or_else(|| panic!("no curve in {}", answer.stdout));
    assert!(lines[first].ends_with("RMSE"), "{}", lines[first]);
    for (line, rows) in lines[first + 1..].iter().zip(["45", "90", "180"]) {
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some(rows), "{line}");
        assert!(words.next().is_some(), "{line}");
    }
    // With so few rows it is computed all the same, for a finding and for JSON.
    let answer = folder.done(&format!("{line} --json"));
    assert!(!answer.stderr.contains("\ncurve"), "{}", answer.stderr);
    let json = answer.json();
    assert_eq!(json["learning_curve"].as_array().map(Vec::len), Some(3));
    folder.write("more.csv", houses(400));
    let more = line.replace("t.csv", "more.csv");
    let json = folder.done(&format!("{more} --json")).json();
    assert!(json["learning_curve"].is_null(), "{json}");
    let json = folder
        .done(&format!("{line} --learning-curve --json"))
        .json();
    assert_eq!(json["learning_curve"].as_array().map(Vec::len), Some(3));
    folder.write("few.csv", houses(30));
    let answer = folder.done(&format!(
        "train few.csv --target price --learning-curve {QUICK}"
    ));
    assert_eq!(answer.stdout.matches("no learning curve: ").count(), 1);
}

#[test]
fn warnings_are_values_in_json() {
    let folder = Folder::new();
    let table = houses(60).replacen("\n161,", "\nunclear,", 1);
    folder.write("t.csv", table.replace(",north,", ",,"));
    for command in ["train", "compare --only constant", "find-lr", "describe"] {
        let quick = if command == "train" { QUICK } else { "" };
        let line = format!("{command} t.csv --target price --json {quick}");
        let json = folder.done(&line).json();
        let warnings = json["warnings"].as_array().unwrap();
        let reading = warnings.iter().find(|warning| warning["what"] == "reading");
        let reading = reading.unwrap_or_else(|| panic!("{command}: {json}"));
        assert_eq!(reading["found"], "text_among_values", "{command}");
        assert_eq!(reading["column"], "size", "{command}");
    }
    let json = folder
        .done(&format!("train t.csv --target price --json {QUICK}"))
        .json();
    let warnings = json["warnings"].as_array().unwrap();
    let missing = warnings
        .iter()
        .find(|warning| warning["what"] == "missing_values");
    let missing = missing.unwrap_or_else(|| panic!("{json}"));
    assert_eq!(missing["columns"]["street"], 20);
}
