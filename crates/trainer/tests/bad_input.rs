//! Bad input gets a clear error, and nothing is lost.

use crate::common::{Folder, QUICK, flowers, houses, skipped};

#[test]
fn options_without_a_name_are_wrong_usage() {
    let folder = Folder::new();
    folder.write("t.csv", houses(30));
    for option in [
        "--features=",
        "--features ,",
        "--ignore=",
        "--numeric=",
        "--date =%Y",
    ] {
        let line = format!("train t.csv --target price {option}");
        folder.refused(&line, 2, &["needs the name of a column"]);
    }
    for line in [
        "train t.csv --target=",
        "train t.csv --target price --weight=",
        "describe t.csv --sheet=",
    ] {
        folder.refused(line, 2, &["a value is required"]);
    }
    let answer = folder.done("describe t.csv --sheet Data");
    assert!(
        answer.stdout.contains("--sheet has no effect here"),
        "{}",
        answer.stdout
    );
}

#[test]
fn targets_that_cannot_be_learned() {
    let folder = Folder::new();
    folder.write("t.csv", houses(30));
    folder.refused(
        "train t.csv --target pirce",
        1,
        &["no column `pirce`", "did you mean `price`?"],
    );
    folder.refused(
        "train t.csv --target street --task regression",
        1,
        &[
            "t.csv:2",
            "target `street`",
            "\"north\"",
            "--task classification",
        ],
    );
    for command in ["gradcheck", "find-lr", "compare"] {
        let line = format!("{command} t.csv --target street --task regression");
        folder.refused(
            &line,
            1,
            &["t.csv:2", "target `street`", "--task classification"],
        );
    }
    let described = folder.done("describe t.csv --target street --task regression");
    assert!(
        described
            .stdout
            .contains("target `street` has \"north\" here")
    );
    folder.refused("gradcheck --task regression", 2, &["<TABLE>"]);
    folder.refused("train t.csv --target built", 1, &["dates"]);
    folder.refused(
        "train t.csv --target price --weight street",
        1,
        &["t.csv:2", "weights"],
    );
    folder.write("one.csv", "a,y\n1,x\n2,x\n");
    folder.refused("train one.csv --target y", 1, &["one class only"]);
    folder.write("same.csv", "a,y\n1,2.5\n2,2.5\n");
    folder.refused("train same.csv --target y", 1, &["nothing to learn"]);
    folder.write("none.csv", "a,y\n1,\n2,NA\n");
    folder.refused("train none.csv --target y", 1, &["`y` has no values"]);
    folder.write("few.csv", "a,y\n1,3\n2,7\n3,5\n4,8\n");
    folder.refused(
        "train few.csv --target y",
        1,
        &["--task classification or --task regression"],
    );
    folder.write("alone.csv", "a,y\n1,2.5\n1,3.5\n");
    folder.refused(
        "train alone.csv --target y",
        1,
        &["no column to learn from"],
    );
    folder.write("zero.csv", "a,w,y\n1,0,2.5\n2,0,3.5\n");
    folder.refused("train zero.csv --target y --weight w", 1, &["weight 0"]);
    folder.write("huge.csv", "a,y\n1,1e308\n2,-1.5e308\n3,1.7e308\n4,inf\n");
    folder.refused(
        "train huge.csv --target y --task regression",
        1,
        &["`y` has 3 numbers, out of 4, that are too large for 32 bits"],
    );
}

#[test]
fn text_in_a_numeric_column_is_missing_and_said() {
    let folder = Folder::new();
    let table = houses(60);
    folder.write("t.csv", table.replacen("\n161,", "\nunknown,", 1));
    let answer = folder.done(&format!("train t.csv --target price {QUICK}"));
    let note =
        "column `size`: 1 of 60 values is text among numbers: treated as missing (`unknown` 1)";
    assert!(answer.stdout.contains(note), "{}", answer.stdout);
    assert!(
        answer.stdout.contains("--categorical size"),
        "{}",
        answer.stdout
    );
    folder.done(&format!(
        "train t.csv --target price --set columns.size=categorical {QUICK}"
    ));
}

#[test]
fn text_among_the_numbers_of_a_target_is_missing_and_said() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60) + "100,north,1999-01-01,unsold\n");
    for task in ["", "--task regression"] {
        let answer = folder.done(&format!("train t.csv --target price {task} {QUICK}"));
        for words in [
            "(`unsold` 1)",
            "1 row left out: `price` is missing",
            "price (regression)",
        ] {
            assert!(answer.stdout.contains(words), "{words}: {}", answer.stdout);
        }
    }
    let line = "train t.csv --target price --set columns.price=categorical";
    let answer = folder.done(&format!("{line} {QUICK}"));
    assert!(
        answer.stdout.contains("price (classification)"),
        "{}",
        answer.stdout
    );
}

#[test]
fn rows_without_a_target_are_left_out_and_counted() {
    let folder = Folder::new();
    folder.write(
        "t.csv",
        houses(50) + "100,north,1999-01-01,\n120,south,1999-01-01,inf\n",
    );
    let answer = folder.done(&format!("train t.csv --target price --json {QUICK}"));
    assert!(
        answer
            .stderr
            .contains("2 rows left out: `price` is missing, or (in 1) infinite"),
        "{}",
        answer.stderr
    );
    let evaluated = folder.done("evaluate t.safetensors t.csv --json").json();
    assert_eq!(
        (&evaluated["rows"], &evaluated["skipped"]),
        (&50.into(), &2.into())
    );
}

#[test]
fn missing_infinite_and_unseen_values_are_no_errors() {
    let folder = Folder::new();
    let mut csv = houses(60);
    csv += ",,,150000\ninf,north,1999-01-01,100000\n";
    folder.write("t.csv", csv);
    let answer = folder.done(&format!("train t.csv --target price {QUICK}"));
    assert!(answer.stdout.contains("`size` 1"), "{}", answer.stdout);
    assert!(
        answer.stdout.contains("infinite or too large in 1 row"),
        "{}",
        answer.stdout
    );
    folder.write(
        "p.csv",
        "size,street,built\n,,\n-inf,somewhere,2050-12-31\n1e300,north,?\n",
    );
    let answer = folder.done("predict t.safetensors p.csv");
    let note =
        "categories that the training rows did not have are treated as unknown: `street` in 1 row";
    assert!(answer.stderr.contains(note), "{}", answer.stderr);
    let predicted = answer.stdout;
    assert_eq!(predicted.lines().count(), 4);
    for line in predicted.lines().skip(1) {
        assert!(line.parse::<f64>().is_ok_and(f64::is_finite), "{predicted}");
    }
}

#[test]
fn tables_to_predict_must_have_the_model_s_columns() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    folder.done(&format!(
        "train t.csv --target price --out m.safetensors {QUICK}"
    ));
    folder.write("lacks.csv", "sise,street,built\n1,north,1999-01-01\n");
    folder.refused(
        "predict m.safetensors lacks.csv",
        1,
        &["lacks.csv", "no column `size`", "did you mean `sise`?"],
    );
    folder.write(
        "other.csv",
        "size,street,built\n1,north,1999-01-01\nbig,north,1999-01-01\n",
    );
    folder.refused(
        "predict m.safetensors other.csv",
        1,
        &["other.csv:3", "`size` holds numbers", "\"big\""],
    );
    folder.write("date.csv", "size,street,built\n1,north,yesterday\n");
    folder.refused(
        "predict m.safetensors date.csv",
        1,
        &["date.csv:2", "`built` holds dates", "\"yesterday\""],
    );
    folder.write("extra.csv", "zip,built,street,size\nx,1999-01-01,north,1\n");
    folder.done("predict m.safetensors extra.csv");
    folder.refused(
        "evaluate m.safetensors extra.csv",
        1,
        &["no column `price`"],
    );
    folder.write("header.csv", "size,street,built\n");
    folder.refused("predict m.safetensors header.csv", 1, &["no rows"]);
    // A prediction that fails leaves what was there.
    folder.write("out.csv", "mine");
    folder.refused(
        "predict m.safetensors other.csv --out out.csv",
        1,
        &["other.csv:3"],
    );
    assert_eq!(folder.read("out.csv"), b"mine");
    folder.refused(
        "predict m.safetensors t.csv --out t.csv",
        2,
        &["--out is t.csv, which is read as a table"],
    );
    folder.refused(
        "predict m.safetensors t.csv --out m.safetensors",
        2,
        &["--out is m.safetensors, which is the model"],
    );
}

#[test]
fn model_files_that_are_none() {
    let folder = Folder::new();
    folder.write("t.csv", flowers(40));
    folder.done(&format!(
        "train t.csv --target kind --out m.safetensors {QUICK}"
    ));
    let bytes = folder.read("m.safetensors");
    folder.write("cut.safetensors", &bytes[..bytes.len() / 2]);
    let mut altered = bytes.clone();
    let place = altered.windows(7).position(|w| w == b"encoder").unwrap();
    altered[place] = b'x';
    folder.write("altered.safetensors", altered);
    let newer = String::from_utf8_lossy(&bytes[8..])
        .find("format_version")
        .unwrap()
        + 8;
    let mut later = bytes.clone();
    let digit = later[newer..].iter().position(u8::is_ascii_digit).unwrap() + newer;
    later.splice(digit..=digit, *b"999");
    let header = u64::from_le_bytes(later[..8].try_into().unwrap());
    later[..8].copy_from_slice(&(header + 2).to_le_bytes());
    folder.write("newer.safetensors", later);
    for command in ["predict", "evaluate"] {
        folder.refused(
            &format!("{command} nowhere.safetensors t.csv"),
            1,
            &["nowhere.safetensors", "No such file"],
        );
        folder.refused(
            &format!("{command} t.csv t.csv"),
            1,
            &["t.csv", "not a Backburn model"],
        );
        folder.refused(&format!("{command} cut.safetensors t.csv"), 1, &["damaged"]);
        folder.refused(
            &format!("{command} altered.safetensors t.csv"),
            1,
            &["damaged"],
        );
        folder.refused(
            &format!("{command} newer.safetensors t.csv"),
            1,
            &["format 999", "update"],
        );
    }
    folder.refused("inspect t.csv", 1, &["not a Backburn model"]);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let folder = Folder::new();
    folder
        .write("t.csv", houses(50))
        .write("few.csv", houses(3));
    for (line, words) in [
        ("t.csv --weight price", "cannot be the weight"),
        ("t.csv --set class_weights.nonsense=3", "class_weights"),
        (
            "t.csv --set data.balance_classes=true",
            "only for classification",
        ),
        (
            "t.csv --set training.label_smoothing=0.1",
            "only for classification",
        ),
        (
            "few.csv --folds 5",
            "--folds 5: must be at most the number of rows, and there are 3 rows",
        ),
        ("t.csv --seed 18446744073709551615", "--seed"),
    ] {
        folder.refused(&format!("train --target price {line}"), 2, &[words]);
    }
}

#[test]
fn a_test_table_that_does_not_fit_is_found_out_before_training() {
    let folder = Folder::new();
    folder
        .write("t.csv", houses(50))
        .write(
            "text.csv",
            "size,street,built,price\n60,north,,1\nbig,north,,2\n",
        )
        .write("none.csv", "size,street,built,price\n60,north,,\n");
    let long = "--set training.epochs=1000000000 --set training.patience=0";
    for (test, words) in [
        ("text.csv", ["text.csv:3", "`size`"]),
        ("none.csv", ["none.csv", "`price` has no values"]),
    ] {
        let line = format!("train t.csv --target price --test {test} {long}");
        folder.refused(&line, 1, &words);
    }
    folder
        .write("flowers.csv", flowers(50))
        .write("other.csv", "length,width,kind\n1,2,tulip\n");
    folder.refused(
        &format!("train flowers.csv --target kind --test other.csv {long}"),
        1,
        &["other.csv", "no row has a class"],
    );
}

#[test]
fn a_loss_that_explodes_says_what_to_try() {
    let folder = Folder::new();
    folder.write("t.csv", houses(100));
    let line = "train t.csv --target price --set training.learning_rate=1e6 --set training.optimizer.name=sgd --set training.schedule.name=constant --set network.activation=identity";
    folder.refused(line, 1, &["infinite or NaN", "training.learning_rate"]);
    assert_eq!(folder.names(), ["t.csv"]);
}

#[test]
fn ten_thousand_columns_are_a_table_too() {
    let folder = Folder::new();
    let columns = 10_000;
    let names: Vec<String> = (0..columns).map(|c| format!("c{c}")).collect();
    let mut csv = names.join(",") + ",y\n";
    for row in 0..25 {
        let cells: Vec<String> = (0..columns)
            .map(|c| ((row * 31 + c * 17) % 97).to_string())
            .collect();
        csv += &format!("{},{}.5\n", cells.join(","), row);
    }
    folder.write("wide.csv", csv);
    folder.done("train wide.csv --target y --set training.epochs=1 --set network.hidden=[4]");
    let predicted = folder.done("predict wide.safetensors wide.csv").stdout;
    assert_eq!(predicted.lines().count(), 26);
}

#[test]
fn wrong_usage_exits_with_2() {
    let folder = Folder::new();
    folder
        .write("t.csv", houses(30))
        .write("c.toml", "[training]\nepochs = \"many\"\n")
        .write("d.toml", "[training\n");
    folder.refused("train t.csv", 2, &["--target"]);
    folder.refused("frain t.csv", 2, &["frain"]);
    folder.refused(
        "train t.csv --target price --set training.epochs",
        2,
        &["KEY=VALUE"],
    );
    folder.refused(
        "train t.csv --target price --set training.epoch=3",
        2,
        &["did you mean `training.epochs`"],
    );
    folder.refused(
        "train t.csv --target price --set network.dropout=1",
        2,
        &["network.dropout"],
    );
    folder.refused(
        "train t.csv --target price --config c.toml",
        2,
        &["c.toml", "line 2", "epochs"],
    );
    folder.refused(
        "train t.csv --target price --config d.toml",
        2,
        &["d.toml", "line 1"],
    );
    folder.refused(
        "train t.csv --target price --config none.toml",
        2,
        &["none.toml"],
    );
    folder.refused(
        "train t.csv --target price --device tpu",
        2,
        &["tpu", "not compiled in"],
    );
    folder.refused(
        "train t.csv --target price --set columns.sise=numeric",
        1,
        &["did you mean `size`?"],
    );
    folder.refused(
        "train t.csv --target price --delimiter ab",
        2,
        &["single ASCII character"],
    );
    folder.refused("train t.csv --target price --folds 1", 2, &["--folds"]);
}

#[test]
fn strange_names_are_just_names() {
    let folder = Folder::new();
    let mut csv = "\"a,b\",a.1,a,a,,\"x\u{1b}[31m\",\u{1f3e0},y\n".to_string();
    for row in 0..40 {
        csv += &format!(
            "{},{},{},{},{},{},{},{}.5\n",
            row % 7,
            row % 5,
            row % 3,
            row % 11,
            row % 13,
            row % 2,
            row % 4,
            row * 3
        );
    }
    folder.write("t.csv", csv);
    let answer = folder.done(&format!("train t.csv --target y {QUICK}"));
    assert!(!answer.stdout.contains('\u{1b}'), "{}", answer.stdout);
    let shown = folder.done("inspect t.safetensors").stdout;
    assert!(
        !shown.contains('\u{1b}') && shown.contains("a.2") && shown.contains("column_5"),
        "{shown}"
    );
    folder.done("predict t.safetensors t.csv");
}

#[test]
fn a_table_that_does_not_fit_into_memory_is_refused_at_once() {
    let folder = Folder::new();
    folder.write("t.csv", houses(100));
    let file = std::fs::OpenOptions::new()
        .append(true)
        .open(folder.path("t.csv"));
    // Nothing but its size is there.
    if let Err(error) = file.unwrap().set_len(1 << 40) {
        skipped(&format!(
            "no file of 1 TB can be made ({error}): a table beyond memory was not tested"
        ));
        return;
    }
    folder.refused(
        "train t.csv --target price",
        1,
        &[
            "t.csv: reading it takes at least 1099.5 GB, and ",
            "a part of its rows",
        ],
    );
}
