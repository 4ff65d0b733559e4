//! Metrics of the user's choice, decision thresholds, costs, weights and groups.

use crate::common::{Folder, QUICK, flowers, houses};
use serde_json::Value;

/// Flowers whose length says little about their kind.
fn mixed_flowers(rows: usize) -> String {
    let mut csv = "length,width,kind,garden\n".to_string();
    for row in 0..rows {
        let kind = ["rose", "lily", "rose"][row % 3];
        let length = (row * 37 % 29) as f64 / 10.0 + (row % 3 % 2) as f64;
        let garden = ["north", "south", "south", ""][row % 4];
        csv += &format!(
            "{length},{},{kind},{garden}\n",
            (row * 11 % 17) as f64 / 7.0
        );
    }
    csv
}

fn train(folder: &Folder, options: &str) -> crate::common::Answer {
    folder.write("t.csv", mixed_flowers(120));
    let line = format!(
        "train t.csv --target kind --ignore garden --out m.safetensors --set ensemble.members=1 {options} {QUICK}"
    );
    folder.done(&line)
}

#[test]
fn the_metric_that_is_asked_for_comes_first() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let line = format!("train t.csv --target price --out m.safetensors {QUICK}");
    let trained = folder.done(&format!("{line} --metric median_absolute_error --json"));
    let json = trained.json();
    assert_eq!(json["metric"], "median_absolute_error");
    assert!(json["median_absolute_error"].as_f64().unwrap() > 0.0);
    let validation = "validation median absolute error ";
    assert!(trained.stderr.contains(validation), "{}", trained.stderr);
    // The model knows it.
    let evaluated = folder.done("evaluate m.safetensors t.csv").stdout;
    assert!(
        evaluated.contains("score      median absolute error "),
        "{evaluated}"
    );
    let usual = folder.done(&format!("{line} --json")).json();
    assert_eq!(usual.get("metric"), None);
}

#[test]
fn a_metric_that_does_not_exist_or_does_not_fit_is_refused() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let train = "train t.csv --target price --out m.safetensors";
    folder.refused(
        &format!("{train} --metric rsme"),
        2,
        &["did you mean `rmse`?"],
    );
    let of_classes = "f1 is for classes, and the target is numeric";
    folder.refused(&format!("{train} --metric f1"), 2, &[of_classes]);
    folder.refused(&format!("{train} --metric cost"), 2, &["--cost FILE"]);
    let positive = ["only for classification"];
    folder.refused(&format!("{train} --positive north"), 2, &positive);
    folder.write("t.csv", flowers(40));
    let train = "train t.csv --target kind --out m.safetensors";
    let meant = ["did you mean `lily`?", "lily, rose"];
    folder.refused(&format!("{train} --positive lilly"), 2, &meant);
    folder.refused(
        "compare t.csv --target kind --metric mae",
        2,
        &["mae is for numbers"],
    );
}

/// The label and the probability of a lily of each row.
fn predicted(folder: &Folder, options: &str) -> Vec<(String, f64)> {
    let line = format!("predict m.safetensors t.csv --out p.jsonl {options}");
    folder.done(&line);
    let rows = String::from_utf8(folder.read("p.jsonl")).unwrap();
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let label = row["prediction"].as_str().unwrap().to_string();
        (label, row["probability_lily"].as_f64().unwrap())
    };
    rows.lines().map(row).collect()
}

#[test]
fn a_threshold_is_chosen_stored_and_used() {
    let folder = Folder::new();
    let trained = train(&folder, "--metric f1 --positive lily --json");
    let json = trained.json();
    let threshold = json["threshold"]["threshold"].as_f64().unwrap();
    assert_eq!(json["threshold"]["positive"], "lily");
    assert!(json["threshold"]["points"].as_array().unwrap().len() >= 9);
    assert!(trained.stderr.contains("(chosen)"), "{}", trained.stderr);
    for (label, probability) in predicted(&folder, "") {
        assert_eq!(
            label == "lily",
            probability >= threshold,
            "{probability} {threshold}"
        );
    }
    for (label, probability) in predicted(&folder, "--threshold 0.4") {
        assert_eq!(label == "lily", probability >= 0.4, "{probability}");
    }
    for (label, probability) in predicted(&folder, "--threshold 0.4 --positive rose") {
        assert_eq!(label == "rose", 1.0 - probability >= 0.4, "{probability}");
    }
    folder.refused(
        "predict m.safetensors t.csv --threshold 2",
        2,
        &["from 0 to 1"],
    );
    let inspected = folder.done("inspect m.safetensors").stdout;
    assert!(
        inspected.contains("lily if its probability is at least"),
        "{inspected}"
    );
    for format in ["onnx", "pytorch"] {
        let line = format!("export m.safetensors --out m.{format} --format {format}");
        folder.refused(
            &line,
            1,
            &["the decision threshold of the model cannot be exported"],
        );
    }
}

#[test]
fn without_a_threshold_the_most_likely_class_is_predicted() {
    let folder = Folder::new();
    let json = train(&folder, "--json").json();
    assert_eq!(json.get("threshold"), None);
    for (label, probability) in predicted(&folder, "") {
        assert_eq!(label == "lily", probability >= 0.5, "{probability}");
    }
    let needs = ["needs a positive class", "`lily` and `rose`"];
    folder.refused("predict m.safetensors t.csv --threshold 0.4", 2, &needs);
    let all = predicted(&folder, "--threshold 0 --positive lily");
    assert!(all.iter().all(|(label, _)| label == "lily"));
}

#[test]
fn costs_decide() {
    let folder = Folder::new();
    // A lily that is taken for a rose costs 9 times as much as a rose that is taken for a lily.
    folder.write("costs.csv", "actual,rose,lily\nrose,0,1\nlily,9,0\n");
    let json = train(&folder, "--cost costs.csv --json").json();
    assert_eq!(json["metric"], "cost");
    assert!(json["cost"].as_f64().unwrap() >= 0.0);
    for (label, probability) in predicted(&folder, "") {
        if (probability - 0.1).abs() > 1e-9 {
            assert_eq!(label == "lily", probability > 0.1, "{probability}");
        }
    }
    folder.refused(
        "export m.safetensors --out m.onnx",
        1,
        &["the cost matrix that decides about classes cannot be exported"],
    );
    folder.write("costs.csv", "actual,rose,tulip\nrose,0,1\n");
    let line = "train t.csv --target kind --out m.safetensors --cost costs.csv";
    folder.refused(line, 2, &["the target does not have the class `tulip`"]);
}

#[test]
fn groups_are_scored() {
    let folder = Folder::new();
    train(&folder, "");
    let evaluated = folder.done("evaluate m.safetensors t.csv --by garden --json");
    let by = &evaluated.json()["by"];
    let groups = by["groups"].as_array().unwrap();
    let values: Vec<&Value> = groups.iter().map(|group| &group["value"]).collect();
    assert_eq!(
        values,
        [&Value::from("south"), &Value::Null, &Value::from("north")]
    );
    assert_eq!(groups[0]["rows"], 60);
    assert_eq!(groups[0]["score"]["rows"], 60);
    let text = folder
        .done("evaluate m.safetensors t.csv --by garden")
        .stdout;
    assert!(
        text.contains("by group   south") && text.contains("(missing)"),
        "{text}"
    );
    folder.refused("evaluate m.safetensors t.csv --by gardn", 1, &["garden"]);
}

#[test]
fn scores_are_weighted_and_say_so() {
    let folder = Folder::new();
    // The second half is far from what the first half says, and counts for almost nothing.
    let mut csv = "x,y,w\n".to_string();
    for row in 0..80 {
        let (off, weight) = if row % 2 == 0 {
            (0.0, 1.0)
        } else {
            (500.0, 0.001)
        };
        let x = f64::from(row * 37 % 80) / 4.0;
        csv += &format!("{x},{},{weight}\n", x * 2.0 + off + 0.5);
    }
    folder.write("t.csv", &csv);
    let line = format!("train t.csv --target y --weight w --out m.safetensors {QUICK}");
    let trained = folder.done(&line).stdout;
    assert!(trained.contains("(weighted)"), "{trained}");
    let weighted = folder.done("evaluate m.safetensors t.csv --json").json();
    assert_eq!(weighted["weighted"], true);
    // Without the column of weights, the rows count the same, and a note says so.
    let rows = csv.lines().map(|line| line.rsplit_once(',').unwrap().0);
    folder.write("e.csv", rows.collect::<Vec<_>>().join("\n"));
    let plain = folder.done("evaluate m.safetensors e.csv --json");
    let json = plain.json();
    assert_eq!(json.get("weighted"), None);
    assert!(json["rmse"].as_f64().unwrap() > weighted["rmse"].as_f64().unwrap());
    assert!(
        plain.stderr.contains("the scores are not weighted"),
        "{}",
        plain.stderr
    );
    let other = folder
        .done("evaluate m.safetensors t.csv --weight x --json")
        .json();
    assert_eq!(other["weighted"], true);
    folder.write("zero.csv", "x,y,w\n1,2,0\n2,3,0\n");
    folder.refused(
        "evaluate m.safetensors zero.csv",
        1,
        &["every row that has a value of `y` to score has weight 0"],
    );
}

#[test]
fn the_share_of_rows_within_their_interval_is_weighted() {
    let folder = Folder::new();
    let far = |row: usize| row % 3 == 2;
    let csv = |shift: usize| {
        let mut csv = "x,y,w\n".to_string();
        for row in 0..120 {
            let (x, noise) = (row * 37 % 101, row * 71 % 97);
            let y = x + noise + if far(row) { shift } else { 0 };
            csv += &format!("{x},{y},{}\n", 1 + row % 3);
        }
        csv
    };
    folder.write("t.csv", csv(0)).write("e.csv", csv(1000));
    let line = "train t.csv --target y --task regression --ignore w --out m.safetensors";
    folder.done(&format!("{line} {QUICK}"));
    folder.done("predict m.safetensors e.csv --interval 90 --out p.csv");
    let predicted = String::from_utf8(folder.read("p.csv")).unwrap();
    let truth = csv(1000);
    let rows = predicted.lines().zip(truth.lines()).skip(1);
    let (mut held, mut all) = ([0.0; 2], [0.0; 2]);
    for (predicted, truth) in rows {
        let numbers = |line: &str| -> Vec<f64> {
            line.split(',')
                .map(|number| number.parse().unwrap())
                .collect()
        };
        let (bounds, truth) = (numbers(predicted), numbers(truth));
        let is_held = bounds[1] <= truth[1] && truth[1] <= bounds[2];
        for (place, weight) in [1.0, truth[2]].into_iter().enumerate() {
            all[place] += weight;
            held[place] += if is_held { weight } else { 0.0 };
        }
    }
    let options = ["", "--weight w"];
    for ((held, all), options) in held.iter().zip(&all).zip(options) {
        let line = format!("evaluate m.safetensors e.csv {options}");
        let json = folder.done(&format!("{line} --json")).json();
        let share = json["interval_coverage"].as_f64().unwrap();
        assert!((share - held / all).abs() < 1e-9, "{options}: {share}");
        let shown = folder.done(&line).stdout;
        let line = shown.lines().find(|line| line.starts_with("intervals"));
        let line = line.unwrap();
        assert_eq!(line.ends_with("(weighted)"), !options.is_empty(), "{line}");
    }
    assert!(held[0] / all[0] > held[1] / all[1] + 0.05);
}
