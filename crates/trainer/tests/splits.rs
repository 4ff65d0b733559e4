//! The options that say how rows are split.

use crate::common::{Folder, QUICK};

/// Visits of patients, in the order of days.
fn visits() -> String {
    let mut csv = "patient,day,x,fold,y\n".to_string();
    for row in 0..120 {
        let (patient, x) = (row * 7 % 15, row * 37 % 101);
        let y = x as f64 * 0.5 + patient as f64;
        csv += &format!("p{patient},{},{x},{},{y}\n", row / 2, patient % 3 + 1);
    }
    csv
}

#[test]
fn each_option_gives_folds_and_a_test() {
    let folder = Folder::new();
    folder.write("t.csv", visits());
    for options in [
        "--group patient --folds 3",
        "--time day --folds 3",
        "--time day --gap 2 --group patient --folds 3",
        "--fold fold",
    ] {
        let line = format!("train t.csv --target y {options} --test-share 0.2 --json {QUICK}");
        let result = folder.done(&line).json();
        let folds = result["cross_validation"]["folds"].as_array().unwrap();
        // Of the three folds of the user, one is set aside.
        let expected = if options == "--fold fold" { 2 } else { 3 };
        assert_eq!(folds.len(), expected, "{options}");
        assert_eq!(result["scored_on"], "test", "{result}");
    }
    let shown = folder.done(&format!("train t.csv --target y --group patient {QUICK}"));
    assert!(
        shown.stdout.contains("rows of one `patient` together"),
        "{}",
        shown.stdout
    );
    folder.done("compare t.csv --target y --fold fold --only constant");
    let line = format!("train t.csv --target y --fold fold --out-of-fold o.csv {QUICK}");
    folder.done(&line);
    assert_eq!(
        folder.read("o.csv").iter().filter(|b| **b == b'\n').count(),
        121
    );
}

#[test]
fn columns_that_are_not_used_get_a_note() {
    let folder = Folder::new();
    folder.write("t.csv", visits());
    let result = folder
        .done(&format!("train t.csv --target y --json {QUICK}"))
        .json();
    let warnings = result["warnings"].as_array().unwrap();
    let found = |name: &str| warnings.iter().any(|warning| warning["found"] == name);
    assert!(
        found("may_be_group") && found("may_be_time"),
        "{warnings:?}"
    );
}

#[test]
fn what_splits_leave_out_is_said() {
    let folder = Folder::new();
    folder.write("t.csv", visits());
    let line = format!(
        "train t.csv --target y --time day --gap 7 --folds 3 --set ensemble.members=1 {QUICK}"
    );
    let shown = folder.done(&line).stdout;
    for words in [
        "in no validation part: before the first cut",
        "neither trained on nor validated: in the gap",
        "(± is the standard deviation over the folds)",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let row = |row: usize| {
        let part = ["north", "south"][row % 2];
        format!("{part},{},{}.5\n", row * 37 % 101, row * 11 % 97)
    };
    let rows: String = (0..60).map(row).collect();
    folder.write("parts.csv", format!("part,x,y\n{rows}"));
    let line = format!("train parts.csv --target y --fold part {QUICK}");
    let shown = folder.done(&line).stdout;
    assert!(shown.contains("fold north"), "{shown}");
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let folder = Folder::new();
    folder.write("t.csv", visits());
    for (options, code, words) in [
        ("--group y", 2, "--group: `y` is the target"),
        ("--group none", 1, "no column `none`"),
        ("--gap 3", 2, "--time"),
        ("--time day --gap 7d", 2, "a number without a unit"),
        ("--time day --gap 500", 2, "longer than the time"),
        ("--time patient", 1, "t.csv:2"),
        ("--time day --fold fold", 2, "--time and --fold"),
        ("--fold fold --folds 3", 2, "--folds"),
        ("--group patient --folds 16", 2, "at most 15"),
        ("--test-share 2", 2, "a share above 0 and below 1"),
        ("--folds x", 2, "a whole number is expected"),
        ("--folds 1", 2, "a whole number of at least 2 is expected"),
        ("--quantiles 0.1,x", 2, "a number is expected"),
        (
            "--quantiles 0.1,0.9 --set training.loss=poisson",
            2,
            "--quantiles and training.loss=poisson",
        ),
    ] {
        folder.refused(&format!("train t.csv --target y {options}"), code, &[words]);
    }
    let line = "compare t.csv --target y --offset fold --only constant";
    folder.refused(line, 2, &["--offset fold --folds 5"]);
}

#[test]
fn near_copies_are_counted_in_training_and_in_the_test() {
    let folder = Folder::new();
    let row = |row: usize, error: f64| {
        let x = (row * 7919 % 1009) as f64 / 1009.0;
        let z = (row * 104_729 % 1013) as f64 / 1013.0;
        format!("{},{},{}\n", x + error, z - error, x * 3.0 - z + error)
    };
    let rows: String = (0..200).map(|n| row(n, 0.0)).collect();
    let near: String = (0..15).map(|n| row(n, 1e-6)).collect();
    folder.write("t.csv", format!("x,z,y\n{rows}{near}"));
    let test: String = (20..30).chain(500..520).map(|n| row(n, 1e-6)).collect();
    folder.write("test.csv", format!("x,z,y\n{test}"));
    let shown = folder.done(&format!("train t.csv --target y --test test.csv {QUICK}"));
    let said = shown.stdout.clone() + &shown.stderr;
    for words in [
        "15 of 215 rows are near-copies",
        "near-copies are on one side of every split",
        "10 of 30 rows are near-copies",
        "of training rows, so the test scores are too good",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let result = folder
        .done(&format!("train t.csv --target y --json {QUICK}"))
        .json();
    let warnings = result["warnings"].as_array().unwrap();
    let near = warnings
        .iter()
        .find(|warning| warning["found"] == "near_copies");
    assert_eq!(near.unwrap()["near"], 15, "{warnings:?}");
}

#[test]
fn times_of_a_test_table_are_not_read_without_a_trend() {
    let folder = Folder::new();
    let row = |n: usize| {
        let (day, month) = (n % 28 + 1, n / 28 + 1);
        format!("{day:02}.{month:02}.2023,{},{}\n", n * 7 % 11, n * 3)
    };
    let rows: String = (0..60).map(row).collect();
    folder.write("t.csv", format!("day,x,y\n{rows}"));
    folder.write("test.csv", "day,x,y\nsoon,4,140\nlater,5,150\n");
    let line = format!("train t.csv --target y --task regression --time day {QUICK}");
    folder.done(&format!("{line} --test test.csv"));
    let options = "--test test.csv --set data.trend=true";
    folder.refused(&format!("{line} {options}"), 1, &["column `day` holds"]);
}
