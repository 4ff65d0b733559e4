//! Models of several targets.

use crate::common::{Folder, QUICK};

/// Houses with a price, a rent that every fifth row lacks, and whether they are sold.
fn houses(rows: usize) -> String {
    let mut csv = "size,street,price,rent,sold,\"a,b\"\n".to_string();
    for row in 0..rows {
        let size = 50 + row * 37 % 150;
        let street = ["north", "south", "east"][row % 3];
        let rent = match row % 5 {
            0 => String::new(),
            _ => format!("{}.25", 3 * size + row % 3),
        };
        let sold = if size > 120 { "yes" } else { "no" };
        csv += &format!("{size},{street},{size}000.5,{rent},{sold},{}.5\n", row % 7);
    }
    csv
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", houses(100));
    folder
}

/// Trains `m.safetensors` with three targets.
fn trained(folder: &Folder) {
    let line =
        format!("train t.csv --target price,rent,sold --ignore a,b --out m.safetensors {QUICK}");
    folder.done(&line);
}

fn header(folder: &Folder, name: &str) -> String {
    let text = String::from_utf8(folder.read(name)).unwrap();
    text.lines().next().unwrap().to_string()
}

#[test]
fn a_model_of_three_targets_is_trained_and_says_what_it_learned_from() {
    let folder = folder();
    let line = format!(
        "train t.csv --target price,rent,sold --test-share 0.2 --out m.safetensors {QUICK}"
    );
    let answer = folder.done(&format!("{line} --json"));
    for words in [
        "price (regression), 80 rows",
        "rent (regression), ",
        "sold (classification), 80 rows",
    ] {
        assert!(
            answer.stderr.contains(words),
            "no {words:?} in {}",
            answer.stderr
        );
    }
    let json = answer.json();
    let targets = json["targets"].as_array().unwrap();
    let names: Vec<&str> = targets
        .iter()
        .map(|t| t["target"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["price", "rent", "sold"]);
    for target in targets {
        assert_eq!(target["scored_on"], "test");
    }
    assert!(targets[0]["rmse"].is_number() && targets[2]["accuracy"].is_number());
    assert_eq!(targets[2]["classes"][1], "yes");
    assert!(targets[1]["rows"].as_u64() < targets[0]["rows"].as_u64());
    assert!(folder.names().contains(&"m.safetensors".to_string()));
    // Without --json, each target has its scores.
    let answer = folder.done(&line);
    for heading in [
        "target     price",
        "target     rent",
        "target     sold",
        "test ",
        "saved ",
    ] {
        assert!(
            answer.stdout.contains(heading),
            "no {heading:?} in {}",
            answer.stdout
        );
    }
}

#[test]
fn targets_may_be_named_one_by_one_and_have_weights() {
    let folder = folder();
    let line =
        "train t.csv --target price --target a,b --out m.safetensors --target-weight a,b=0.5";
    folder.done(&format!("{line} {QUICK}"));
    let inspected = folder.done("inspect m.safetensors");
    assert!(
        inspected.stdout.contains("a,b (regression)"),
        "{}",
        inspected.stdout
    );
    assert!(
        inspected.stdout.contains("\"a,b\" = 0.5"),
        "{}",
        inspected.stdout
    );
    // As a whole, the name of a column is one target.
    folder.done(&format!(
        "train t.csv --target a,b --out one.safetensors {QUICK}"
    ));
    folder.done("predict one.safetensors t.csv --out one.csv");
    assert_eq!(header(&folder, "one.csv"), "prediction");
}

#[test]
fn predictions_have_the_columns_of_all_targets_or_of_one() {
    let folder = folder();
    trained(&folder);
    folder.done("predict m.safetensors t.csv --out all.csv --keep size");
    assert_eq!(
        header(&folder, "all.csv"),
        "size,prediction_price,prediction_rent,prediction_sold,probability_sold_no,probability_sold_yes"
    );
    folder.done("predict m.safetensors t.csv --out bounds.csv --interval 80");
    let bounds = header(&folder, "bounds.csv");
    assert!(
        bounds.starts_with("prediction_price,lower_price,upper_price,"),
        "{bounds}"
    );
    folder.done(
        "predict m.safetensors t.csv --target sold --out sold.csv --threshold 0.3 --positive yes",
    );
    assert_eq!(
        header(&folder, "sold.csv"),
        "prediction,probability_no,probability_yes"
    );
    // The columns of one target are those of all targets.
    let column = |name: &str, index: usize| -> Vec<String> {
        let text = String::from_utf8(folder.read(name)).unwrap();
        let cell = |line: &str| line.split(',').nth(index).unwrap().to_string();
        text.lines().skip(1).map(cell).collect()
    };
    folder.done("predict m.safetensors t.csv --target rent --out rent.csv");
    assert_eq!(column("rent.csv", 0), column("all.csv", 2));
}

#[test]
fn each_target_is_scored_and_described() {
    let folder = folder();
    trained(&folder);
    let scored = folder.done("evaluate m.safetensors t.csv --json").json();
    let targets = scored["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 3);
    assert_eq!(targets[0]["rows"], 100);
    assert_eq!(targets[1]["rows"], 80);
    assert_eq!(targets[1]["skipped"], 20);
    let one = folder
        .done("evaluate m.safetensors t.csv --target sold --json")
        .json();
    assert_eq!(one, targets[2]);
    let described = folder.done("inspect m.safetensors --json").json();
    assert_eq!(described["targets"][1]["target"]["column"], "rent");
    let text = folder.done("inspect m.safetensors").stdout;
    for target in [
        "price (regression)",
        "rent (regression)",
        "sold (classification)",
    ] {
        assert!(text.contains(target), "{text}");
    }
    folder.done("report m.safetensors t.csv --target rent --out r.html");
    assert!(
        String::from_utf8(folder.read("r.html"))
            .unwrap()
            .contains("rent")
    );
}

/// A report, whose parts are those of these targets.
fn report(folder: &Folder, name: &str, targets: &[&str]) -> String {
    let html = String::from_utf8(folder.read(name)).unwrap();
    assert_eq!(html.matches("<h2 id=\"target-").count(), targets.len());
    for (index, target) in targets.iter().enumerate() {
        let heading = format!(
            "<h2 id=\"target-{0}\">The target <code>{target}</code>",
            index + 1
        );
        assert!(html.contains(&heading), "no {heading} in {html}");
    }
    html
}

#[test]
fn a_report_has_a_part_for_each_target() {
    let folder = folder();
    let targets = ["price", "rent", "sold"];
    let train =
        "train t.csv --target price,rent,sold --ignore a,b --test-share 0.2 --out m.safetensors";
    folder.done(&format!("{train} --report r.html {QUICK}"));
    let html = report(&folder, "r.html", &targets);
    for (figure, times) in [("loss", 1), ("predicted", 2), ("confusion", 1)] {
        let figure = format!("data-figure=\"{figure}\"");
        assert_eq!(html.matches(&figure).count(), times, "{figure} in {html}");
    }
    // One network, with the outputs of all targets.
    assert_eq!(html.matches("<dt>network</dt>").count(), 1);
    assert!(
        html.contains("the outputs are those of all targets"),
        "{html}"
    );
    // The fifth of the rows that lack the rent are not among its predictions.
    assert_eq!(
        html.matches("of them have a value of rent").count(),
        1,
        "{html}"
    );
    assert!(
        html.contains("--target price,rent,sold"),
        "no command in {html}"
    );

    folder.done("report m.safetensors t.csv --out m.html");
    let html = report(&folder, "m.html", &targets);
    let figures = html.matches("data-figure=\"predicted\"");
    assert_eq!(figures.count(), 2, "{html}");
    folder.done("report m.safetensors --out alone.html");
    report(&folder, "alone.html", &targets);
    folder.done("report m.safetensors t.csv --target rent --out one.html");
    report(&folder, "one.html", &[]);
    let nothing = "report m.safetensors t.csv --target size --out one.html";
    folder.refused(nothing, 2, &["does not predict `size`"]);
    let replaced = format!("{train} --report t.csv {QUICK}");
    folder.refused(&replaced, 2, &["--report is t.csv"]);
}

#[test]
fn commands_of_one_target_name_the_option() {
    let folder = folder();
    trained(&folder);
    for line in [
        "explain m.safetensors t.csv",
        "embed m.safetensors t.csv --out e.jsonl",
        "neighbors m.safetensors t.csv --of 1",
        "export m.safetensors --out m.onnx",
    ] {
        let words = ["`price`, `rent`, `sold`", "--target"];
        folder.refused(line, 2, &words);
        folder.done(&format!("{line} --target sold"));
        folder.refused(
            &format!("{line} --target size"),
            2,
            &["does not predict `size`"],
        );
    }
    let threshold = "predict m.safetensors t.csv --out p.csv --threshold 0.5 --positive yes";
    folder.refused(threshold, 2, &["--threshold", "--target"]);
    folder.refused(
        "compare t.csv --target price,rent",
        2,
        &["takes one target"],
    );
    folder.refused(
        "find-lr t.csv --target price,rent",
        2,
        &["takes one target"],
    );
    folder.refused(
        "tune t.csv --target price,rent --trials 1",
        2,
        &["takes one target"],
    );
}

#[test]
fn bad_targets_are_refused() {
    let folder = folder();
    folder.write(
        "dates.csv",
        "x,y,when\n1,2.5,2024-01-01\n5,3.5,2024-01-09\n3,1.5,2024-03-01\n",
    );
    for (line, code, words) in [
        (
            "t.csv --target price,rent,price",
            2,
            "`price` is named twice",
        ),
        (
            "t.csv --target price,rent --features size,rent",
            2,
            "`rent` is the target",
        ),
        (
            "t.csv --target price,rent --ignore rent",
            2,
            "`rent` is the target",
        ),
        ("t.csv --target price,rent --weight rent", 2, "`rent`"),
        ("t.csv --target price,rent --group rent", 2, "`rent`"),
        (
            "t.csv --target price,rent --offset size",
            2,
            "for one target",
        ),
        ("t.csv --target price,nothing", 1, "no column `nothing`"),
        ("dates.csv --target y,when", 1, "holds dates"),
        ("t.csv --target price,rent --folds 3", 2, "--folds"),
        ("t.csv --target price,rent --dashboard", 2, "--dashboard"),
        (
            "t.csv --target price,rent --metric mae",
            2,
            "scoring.metric",
        ),
        (
            "t.csv --target price,rent --target-weight sold=2",
            2,
            "target_weights.sold",
        ),
        (
            "t.csv --target price,rent --target-weight price",
            2,
            "COLUMN=WEIGHT",
        ),
        (
            "t.csv --target price,rent --target-weight price=1e300",
            2,
            "--target-weight price=1e300: the weight of a target must be from 0.001 to 1000, not 1e300",
        ),
        (
            "t.csv --target price,rent --target-weight price=nan",
            2,
            "must be from 0.001 to 1000, not NaN",
        ),
        (
            "t.csv --target price,rent --set target_weights.rent=-inf",
            2,
            "target_weights.rent: the weight of a target must be from 0.001 to 1000, not -inf",
        ),
        (
            "t.csv --target price,rent --target-weight price=2 --target-weight price=3",
            2,
            "`price` has two weights",
        ),
        (
            "t.csv --target price --target-weight price=2",
            2,
            "several targets",
        ),
    ] {
        folder.refused(
            &format!("train {line} --out m.safetensors {QUICK}"),
            code,
            &[words],
        );
    }
    assert!(!folder.names().contains(&"m.safetensors".to_string()));
}

#[test]
fn a_model_of_other_targets_is_not_overwritten_by_default() {
    let folder = folder();
    folder.done(&format!("train t.csv --target price,rent {QUICK}"));
    let refused = format!("train t.csv --target price,sold {QUICK}");
    folder.refused(&refused, 1, &["t.safetensors has a model for `price,rent`"]);
    folder.done(&format!("train t.csv --target price,rent {QUICK}"));
}

/// Prices of houses, and columns with a single value, or with another value only on the last day.
fn with_single_values() -> String {
    let mut csv = "day,size,price,deposit,kind,fee\n".to_string();
    for row in 0..80 {
        let size = 50 + row * 37 % 150;
        let fee = match row {
            79 => "7.5",
            20 | 40 | 60 => "5.0",
            _ => "",
        };
        csv += &format!("{row},{size},{size}000.5,7.5,flat,{fee}\n");
    }
    csv
}

#[test]
fn a_target_with_nothing_to_learn_is_named_with_what_to_do() {
    let folder = Folder::new();
    folder.write("t.csv", with_single_values());
    for (targets, words) in [
        (
            "price,deposit",
            "target `deposit` has a single value, \"7.5\", in 80 rows: there is nothing to learn: leave it out of --target",
        ),
        (
            "kind,price",
            "target `kind` has a single value, \"flat\", in 80 rows: there is nothing to learn: leave it out of --target",
        ),
        // The last days are the validation rows.
        (
            "price,fee",
            "target `fee` is 5 in every training row: there is nothing to learn; `fee` has a value in 4 rows, some of \
             which are validation rows: leave it out of --target, or collect more rows",
        ),
    ] {
        let settings = "--time day --set ensemble.members=1";
        let line = format!("train t.csv --target {targets} --out m.safetensors {settings} {QUICK}");
        folder.refused(&line, 1, &[words]);
    }
    assert!(!folder.names().contains(&"m.safetensors".to_string()));
}

#[test]
fn notes_name_the_targets_that_rows_lack() {
    let folder = Folder::new();
    let mut csv = "size,price,rent,yield\n".to_string();
    for row in 0..120 {
        let size = 50 + row * 37 % 150;
        let price = if row % 6 == 0 {
            String::new()
        } else {
            format!("{size}000.5")
        };
        let rent = if row % 4 == 0 {
            String::new()
        } else {
            format!("{}.25", 3 * size)
        };
        let share = if row % 40 == 1 {
            format!("{}.5", size % 7)
        } else {
            String::new()
        };
        csv += &format!("{size},{price},{rent},{share}\n");
    }
    folder.write("t.csv", csv);
    let line = format!("train t.csv --target price,rent,yield --out m.safetensors {QUICK} --json");
    let answer = folder.done(&line);
    // Rows 0, 12, 24, … lack all targets.
    for words in [
        "price (regression), 100 rows",
        "`price` is missing in 10 rows, `rent` in 20 rows, `yield` in 107 rows: such a row trains the targets that it has",
        "10 rows left out, without a value of any target (`price`, `rent`, `yield`)",
        "`yield` has a value in 3 of 110 rows only",
    ] {
        assert!(
            answer.stderr.contains(words),
            "no {words:?} in {}",
            answer.stderr
        );
    }
    let json = answer.json();
    let warnings = json["warnings"].as_array().unwrap();
    let missing = warnings
        .iter()
        .find(|warning| warning["what"] == "missing_targets");
    assert_eq!(missing.unwrap()["targets"]["rent"], 20);
}

#[test]
fn a_table_that_lacks_a_target_is_scored_for_the_others() {
    let folder = folder();
    trained(&folder);
    let without = |columns: &[usize]| {
        let lines = houses(100);
        let lines = lines.lines().map(|line| {
            let cells = line.splitn(6, ',').enumerate();
            let cells = cells.filter(|(index, _)| !columns.contains(index));
            let cells: Vec<&str> = cells.map(|(_, cell)| cell).collect();
            cells.join(",") + "\n"
        });
        lines.collect::<String>()
    };
    folder.write("one.csv", without(&[3]));
    folder.write("none.csv", without(&[2, 3, 4]));
    for (table, words) in [
        (
            "one.csv",
            "one.csv has no column `rent`; it is a target: to score the other targets, pass --target price,sold; the \
             columns are `size`, `street`, `price`, `sold`",
        ),
        (
            "none.csv",
            "none.csv has no column `price`; the targets `price`, `rent`, `sold` are missing: score a table that has \
             values of them; the columns are `size`, `street`",
        ),
    ] {
        let line = format!("evaluate m.safetensors {table}");
        folder.refused(&line, 1, &[words]);
        assert_eq!(folder.run(&line).stdout, "", "{line}");
    }
    let scored = folder.done("evaluate m.safetensors one.csv --target price,sold --json");
    let names = |scored: &serde_json::Value| -> Vec<String> {
        let targets = scored["targets"].as_array().unwrap().iter();
        targets
            .map(|target| target["target"].as_str().unwrap().to_string())
            .collect()
    };
    assert_eq!(names(&scored.json()), ["price", "sold"]);
    let scored = folder.done("evaluate m.safetensors t.csv --target sold,rent --json");
    assert_eq!(names(&scored.json()), ["sold", "rent"]);
    folder.done("predict m.safetensors t.csv --target sold,rent --out p.csv");
    assert_eq!(
        header(&folder, "p.csv"),
        "prediction_sold,probability_sold_no,probability_sold_yes,prediction_rent"
    );
    let unknown = "evaluate m.safetensors t.csv --target price,size";
    folder.refused(unknown, 2, &["does not predict `size`"]);
    // A test table is checked before training.
    let line = format!(
        "train t.csv --target price,rent --ignore a,b --test one.csv --out n.safetensors {QUICK}"
    );
    let words =
        "one.csv has no column `rent`; it is a target: a test table has the columns of all targets";
    folder.refused(&line, 1, &[words]);
    assert!(!folder.names().contains(&"n.safetensors".to_string()));
}

#[test]
fn warnings_of_the_fit_are_in_json() {
    let folder = Folder::new();
    let mut csv = "day,x,flag,price,sold\n".to_string();
    for day in 0..100 {
        let x = day * 37 % 101;
        // The training rows, which are the first, have one value only.
        let flag = if day < 95 { "early" } else { "late" };
        let sold = if x > 50 { "yes" } else { "no" };
        csv += &format!("{day},{x},{flag},{},{sold}\n", 3 * x + day % 7);
    }
    folder.write("t.csv", csv);
    let line = "train t.csv --target price,sold --time day --out m.safetensors --json";
    let answer = folder.done(&format!("{line} {QUICK}"));
    let said = "column `flag` ignored: it never varies in the training rows";
    assert!(answer.stderr.contains(said), "{}", answer.stderr);
    let json = answer.json();
    let warnings = json["warnings"].as_array().unwrap();
    let constant = warnings
        .iter()
        .find(|warning| warning["what"] == "constant_feature");
    assert_eq!(constant.unwrap()["column"], "flag");
    // What is known of test rows is beside the scores of each target.
    folder.write(
        "test.csv",
        "x,flag,price,sold\n5,early,15,no\n77,early,,yes\n",
    );
    let answer = folder.done(&format!("{line} --test test.csv {QUICK}"));
    let json = answer.json();
    let price = &json["targets"][0];
    assert_eq!((&price["rows"], &price["skipped"]), (&1.into(), &1.into()));
    assert!(price["warnings"].is_array() && price["interval_coverage"].is_number());
    assert!(price["no_better_than_baseline"].is_boolean(), "{price}");
    let sold = &json["targets"][1];
    assert_eq!((&sold["rows"], &sold["units"]), (&2.into(), &2.into()));
}

#[test]
fn several_targets_without_a_score_are_advised_what_works() {
    let folder = folder();
    let line = format!("train t.csv --target price,sold --ignore a,b --out m.safetensors {QUICK}");
    let said = folder.done(&format!("{line} --set data.validation_fraction=0"));
    let said = said.stdout;
    assert!(said.contains("or --test-share, gives one"), "{said}");
    assert!(!said.contains("--folds"), "{said}");
    folder.done(&format!("{line} --test-share 0.2"));
}

#[test]
fn rows_that_cannot_be_set_aside_are_an_error_that_says_what_to_do() {
    let folder = Folder::new();
    let mut csv = "g,x,price,sold\n".to_string();
    for row in 0..60 {
        let (group, x) = (row % 2, row * 37 % 101);
        csv += &format!(
            "{group},{x},{}.5,{}\n",
            x + row % 7,
            ["no", "yes"][row % 3 / 2]
        );
    }
    folder.write("t.csv", csv);
    let line = "train t.csv --group g --test-share 0.3 --out m.safetensors";
    let several = folder.run(&format!("{line} --target price,sold"));
    let said = several.stderr;
    assert!(said.contains("all others are of one group"), "{said}");
    assert!(said.trim_end().ends_with("test rows (--test)"), "{said}");
    folder.refused(
        &format!("{line} --target price"),
        2,
        &["all others are of one group", "or score by --folds"],
    );
}

#[test]
fn settings_for_numbers_and_for_classes_are_set_together() {
    let folder = folder();
    let settings = "--set training.loss=huber --set data.balance_classes=true --preset fast";
    let line = format!("train t.csv --ignore a,b --out m.safetensors {settings} {QUICK}");
    folder.done(&format!("{line} --target price,sold --report r.html"));
    let html = report(&folder, "r.html", &["price", "sold"]);
    assert_eq!(html.matches("data-figure=\"loss-surface\"").count(), 2);
    folder.done(&format!("{line} --target sold,price"));
    folder.refused(
        &format!("{line} --target price,rent"),
        2,
        &["data.balance_classes", "only for classification"],
    );
}
