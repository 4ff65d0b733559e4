//! `gradcheck`, `find-lr`, `explain` and the history, from the command line.

use crate::common::{Answer, Folder, QUICK, flowers, houses};
use serde_json::Value;

#[test]
fn gradients_are_checked_for_any_network() {
    let folder = Folder::new();
    let answer = folder.done("gradcheck --json --set network.hidden=[8]");
    let checks = answer.json();
    for table in ["house-prices", "penguins"] {
        let checks = checks[table].as_array().unwrap();
        assert!(checks.iter().any(|c| c["name"] == "hidden.0.linear.weight"));
        assert!(
            checks.iter().all(|c| c["error"].as_f64().unwrap() < 1e-6),
            "{checks:?}"
        );
    }
    folder
        .write("t.csv", houses(60))
        .write("f.csv", flowers(60));
    for settings in [
        "network.activation=step",
        "network.normalization=batch --set network.dropout=0.5",
        "network.normalization=layer --set network.residual=true",
        "training.loss=huber --set network.activation=gelu",
        "data.one_hot_max=2",
        "data.target_transform=log",
    ] {
        let line = format!(
            "gradcheck t.csv --target price --elements 0 --set network.hidden=[4,4] --set {settings}"
        );
        let answer = folder.done(&line);
        assert!(answer.stdout.contains("output.bias"), "{}", answer.stdout);
    }
    folder.done("gradcheck f.csv --target kind --set training.loss=binary_cross_entropy");
    folder.refused("gradcheck t.csv", 2, &["--target"]);
    folder.refused("gradcheck t.csv --target prize", 1, &["`prize`", "price"]);
}

#[test]
fn a_learning_rate_is_found_and_used() {
    let folder = Folder::new();
    folder.write("t.csv", houses(400));
    let answer = folder.done("find-lr t.csv --target price");
    for words in [
        "loss",
        "log10 of the learning rate",
        "--set training.learning_rate=0.0",
    ] {
        assert!(
            answer.stdout.contains(words),
            "no {words} in {}",
            answer.stdout
        );
    }
    let found = folder.done("find-lr t.csv --target price --json").json();
    let suggestion = found["suggestion"].as_f64().unwrap();
    assert!((1e-4..0.3).contains(&suggestion), "{suggestion}");
    let tried = found["rates"].as_array().unwrap().len();
    assert!(tried > 10, "{tried}");
    assert_eq!(found["losses"].as_array().unwrap().len(), tried);
    // It is what `auto` takes.
    let auto =
        format!("train t.csv --target price --json --set training.learning_rate=auto {QUICK}");
    let rate = folder.done(&auto).json()["learning_rate"].as_f64().unwrap();
    let found = folder
        .done(&format!("find-lr t.csv --target price --json {QUICK}"))
        .json();
    assert_eq!(found["suggestion"].as_f64(), Some(rate));
    // Where nothing helps, that is said.
    let hopeless = "--set data.target_transform=none --set training.optimizer.name=sgd --set network.initializer=normal(0,10)";
    folder.refused(
        &format!("find-lr t.csv --target price {hopeless}"),
        1,
        &["no learning rate"],
    );
    folder.refused(
        "find-lr t.csv --target price --set training.learning_rate=fast",
        2,
        &["\"auto\""],
    );
}

#[test]
fn explanations_add_up_and_say_where_they_do_not() {
    let folder = Folder::new();
    folder.write("t.csv", houses(300));
    folder.done("train t.csv --target price --set data.one_hot_max=2");
    let explained = folder
        .done("explain t.safetensors t.csv --row 7 --row 2 --json")
        .json();
    let rows = explained["rows"].as_array().unwrap();
    assert_eq!(
        rows.iter()
            .map(|r| r["row"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [2, 7]
    );
    let sum = |row: &Value| -> f64 {
        let parts = row["contributions"].as_array().unwrap();
        parts
            .iter()
            .map(|part| part["amount"].as_f64().unwrap())
            .sum()
    };
    for row in rows {
        let difference = row["prediction"].as_f64().unwrap() - row["baseline"].as_f64().unwrap();
        assert!(
            (sum(row) - difference).abs() <= 0.01 * difference.abs(),
            "{row:#}"
        );
    }
    // Rows alone are explained without the others.
    assert_eq!(explained["importance"], Value::Array(Vec::new()));
    let columns = folder.done("explain t.safetensors t.csv --json").json();
    assert_eq!(columns["importance"][0]["column"], "size");
    // A row alone has the same explanation: it is compared with the rows trained on.
    let alone = houses(300).lines().take(3).collect::<Vec<_>>().join("\n");
    folder.write("alone.csv", alone);
    let alone = folder
        .done("explain t.safetensors alone.csv --row 2 --json")
        .json();
    let apart = sum(&alone["rows"][0]) - sum(&rows[0]);
    assert!(apart.abs() < 0.01 * sum(&rows[0]).abs(), "{alone:#}");
    // Steps jump, and no gradient says by how much.
    folder.done("train t.csv --target price --set network.activation=step --out s.safetensors");
    let answer = folder.done("explain s.safetensors t.csv");
    assert!(
        answer
            .stdout
            .contains("for no column: the activation function has jumps"),
        "{}",
        answer.stdout
    );
}

#[test]
fn a_history_belongs_to_its_model() {
    let folder = Folder::new();
    folder.write("t.csv", houses(80));
    let train =
        |options: &str| folder.done(&format!("train t.csv --target price {QUICK} {options}"));
    train("--out a.safetensors");
    let lines = String::from_utf8(folder.read("a.history.jsonl")).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1 + 3 + 1);
    assert_eq!(lines[0]["backburn_history"], 1);
    let layers = lines[1]["layers"].as_array().unwrap();
    assert_eq!(layers[0]["layer"], "hidden.0");
    for number in [
        "gradient_norm",
        "gradient_mean_abs",
        "weight_norm",
        "weight_mean_abs",
        "update_ratio",
    ] {
        assert!(
            layers[0][number].as_f64().is_some_and(|x| x > 0.0),
            "{number}: {}",
            layers[0]
        );
    }
    assert!(layers[0]["activation"]["dead"].is_number());
    assert!(lines[4]["findings"].is_array());

    let said = |line: &str| folder.done(line).stdout;
    let explain = "explain a.safetensors t.csv --report r.html";
    assert!(!said(explain).contains("shows no training"));
    // Of another model, cut short, or something else altogether.
    train("--out b.safetensors --seed 5");
    let own = folder.read("a.history.jsonl");
    folder.write("a.history.jsonl", folder.read("b.history.jsonl"));
    assert!(said(explain).contains("of another model"));
    folder.write("a.history.jsonl", &own[..own.len() / 2]);
    assert!(said(explain).contains("shows no training"));
    folder.write("a.history.jsonl", "my notes");
    assert!(said(explain).contains("shows no training"));
    // What is no history is not overwritten.
    let answer = train("--out a.safetensors");
    assert!(
        answer.stdout.contains("the history is not saved"),
        "{}",
        answer.stdout
    );
    assert_eq!(folder.read("a.history.jsonl"), b"my notes");
    // Two models whose names differ in their endings have two histories.
    train("--out m.v1");
    train("--out m.v2");
    assert!(
        folder.path("m.v1.history.jsonl").is_file() && folder.path("m.v2.history.jsonl").is_file()
    );
    for same in ["c.safetensors", "./c.safetensors", "c.history.jsonl"] {
        let line =
            format!("train t.csv --target price {QUICK} --out c.safetensors --report {same}");
        folder.refused(&line, 2, &["--report is", "is too"]);
    }
}

#[test]
fn remedies_can_be_pasted_into_a_shell() {
    let folder = Folder::new();
    let mut csv = "a,it's \"leaked\",y\n".replace("it's \"leaked\"", "\"it's \"\"leaked\"\"\"");
    for row in 0..200 {
        let y = (row * 37 % 101) as f64 + 0.5;
        csv += &format!("{},{},{y}\n", row * 17 % 13, 2.0 * y);
    }
    folder.write("t.csv", csv);
    let line = "train t.csv --target y --set training.epochs=5";
    let answer = folder.done(line);
    let remedy = answer
        .stdout
        .lines()
        .find(|l| l.contains("leave it out"))
        .unwrap();
    let setting = &remedy[remedy.find("--ignore").unwrap()..];
    let shell = format!("{} {line} --json {setting}", env!("CARGO_BIN_EXE_trainer"));
    let output = std::process::Command::new("sh")
        .args(["-c", &shell])
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    let answer = Answer::new(output);
    assert_eq!(answer.code, 0, "{shell}: {}", answer.stderr);
    let findings = answer.json()["findings"].to_string();
    assert!(!findings.contains("leakage"), "{findings}");
}

#[test]
fn a_logarithm_needs_numbers_above_zero() {
    let folder = Folder::new();
    folder.write(
        "t.csv",
        houses(60)
            .replace("100000.5", "-100000.5")
            .replace("50000.5", "-1.5"),
    );
    let log = "train t.csv --target price --set data.target_transform=log";
    folder.refused(
        &format!("{log} {QUICK}"),
        1,
        &["t.csv:2", "`price`", "target_transform=log"],
    );
    folder.write("t.csv", houses(60));
    let score = folder.done(&format!("{log} --json")).json();
    assert!(score["r2"].as_f64().unwrap() > 0.5, "{score}");
}
