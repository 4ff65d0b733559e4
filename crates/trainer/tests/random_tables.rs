//! Whole commands on random tables: they do what they should or say why not, and never panic.

use std::cell::Cell;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{Answer, Folder};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

/// The target's name, with what a name may hold.
const TARGET: &str = "y, \"é\"";

#[derive(Debug, Clone)]
struct Random {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    settings: Vec<String>,
}

/// A column of one kind of values: the value of each row by its number.
fn column(kind: u8, seed: u64, row: usize) -> String {
    let mix = seed
        .wrapping_add(row as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mix = (mix ^ (mix >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20;
    let number = (mix % 20_001) as f64 / 100.0 - 100.0;
    match kind {
        0 => number.to_string(),
        1 => (mix % 7).to_string(),
        2 => "7".to_string(),
        3 => ["", "NA", "?", "1.5", "-2"][(mix % 5) as usize].to_string(),
        4 => ["röd", "gul, blå", "\"x\"", "日本", "=1+1"][(mix % 5) as usize].to_string(),
        5 => format!("id {mix}"),
        6 => format!("20{:02}-{:02}-{:02}", mix % 30, 1 + mix % 12, 1 + mix % 28),
        7 => ["true", "false"][(mix % 2) as usize].to_string(),
        8 => ["1e300", "-1e300", "inf", "1e-300", "0"][(mix % 5) as usize].to_string(),
        9 => String::new(),
        10 => ["3", "three", "", "\u{1b}[31m"][(mix % 4) as usize].to_string(),
        _ => ["a", "b"][(mix % 2) as usize].to_string(),
    }
}

fn tables() -> impl Strategy<Value = Random> {
    let rows = prop_oneof![
        3 => 1..12usize,
        4 => 12..200usize,
        1 => 200..2001usize,
    ];
    let width = prop_oneof![8 => 1..8usize, 1 => 8..200usize];
    let setting = prop::sample::select(vec![
        "network.hidden=[]",
        "network.hidden=[4,4]",
        "network.normalization=batch",
        "network.activation=tanh",
        "training.batch_size=1",
        "training.optimizer.name=sgd",
        "training.loss=mae",
        "data.validation_fraction=0",
        "data.validation_fraction=0.9",
        "data.numeric_scaler=standard",
        "data.bins=3",
        "data.impute=false",
        "data.neighbor_features=false",
        "data.knn_features=always",
        "data.knn_features=never",
        "data.one_hot_max=1",
        "data.target_transform=log",
        "data.refit=true",
        "ensemble.members=2",
        "training.learning_rate=auto",
        "training.clip_norm=1.0",
    ]);
    let settings = prop::collection::vec(setting, 0..4);
    let name = prop_oneof![
        4 => "[a-z]{1,4}",
        1 => "\\PC{0,6}",
        1 => Just(String::new()),
    ];
    (rows, width)
        .prop_flat_map(move |(rows, width)| {
            let columns = prop::collection::vec((name.clone(), 0..12u8, any::<u64>()), width);
            (Just(rows), columns, 0..12u8, any::<u64>(), settings.clone())
        })
        .prop_map(|(rows, columns, target, seed, settings)| {
            let mut header: Vec<String> = columns.iter().map(|(name, ..)| name.clone()).collect();
            header.push(TARGET.to_string());
            let rows = (0..rows).map(|row| {
                let cells = columns
                    .iter()
                    .map(|(_, kind, seed)| column(*kind, *seed, row));
                cells.chain([column(target, seed, row)]).collect()
            });
            Random {
                header,
                rows: rows.collect(),
                settings: settings.iter().map(|s| s.to_string()).collect(),
            }
        })
}

fn csv(header: &[String], rows: &[Vec<String>]) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(header).unwrap();
    for row in rows {
        out.write_record(row).unwrap();
    }
    out.into_inner().unwrap()
}

fn run(folder: &Path, arguments: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    Answer::new(command.output().unwrap())
}

/// Trains; `Ok` with whether there is a model.
fn train(folder: &Folder, table: &str, random: &Random) -> Result<bool, TestCaseError> {
    let mut arguments = vec!["train", table, "--target", TARGET, "--out", "m.safetensors"];
    for setting in ["training.epochs=2", "network.hidden=[8]"] {
        arguments.extend(["--set", setting]);
    }
    for setting in &random.settings {
        arguments.extend(["--set", setting]);
    }
    let answer = run(&folder.path("."), &arguments);
    sound(&answer)?;
    prop_assert!(!answer.stdout.contains('\u{1b}'), "{}", answer.stdout);
    if answer.code != 0 {
        expected_refusal(&answer)?;
    }
    Ok(answer.code == 0)
}

/// What cannot be learned is said of the file, a wrong setting by its name, and a training that fails names
/// what to change.
fn expected_refusal(answer: &Answer) -> Result<(), TestCaseError> {
    let mut lines = answer.stderr.lines();
    let Some(message) = lines.find_map(|line| line.strip_prefix("error: ")) else {
        return Err(TestCaseError::fail(answer.stderr.clone()));
    };
    prop_assert!(!message.trim().is_empty(), "{}", answer.stderr);
    let names_a_setting = ["data.", "network.", "training.", "ensemble."]
        .iter()
        .any(|section| message.contains(section));
    let expected = match answer.code {
        2 => names_a_setting,
        _ => {
            let training = ["the loss became infinite or NaN", "no learning rate from"];
            let failed = training.iter().any(|words| message.contains(words));
            message.starts_with("t.csv") || failed
        }
    };
    prop_assert!(expected, "code {}: {message}", answer.code);
    Ok(())
}

/// Fine, or an error that says something.
fn sound(answer: &Answer) -> Result<(), TestCaseError> {
    prop_assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    prop_assert!(!answer.stderr.contains('\u{1b}'), "{}", answer.stderr);
    match answer.code {
        0 => {}
        1 | 2 => prop_assert!(answer.stderr.contains("error: "), "{}", answer.stderr),
        code => prop_assert!(false, "code {code}: {}", answer.stderr),
    }
    Ok(())
}

/// What each row is predicted.
fn predictions(folder: &Folder, table: &str) -> Result<Vec<String>, TestCaseError> {
    let answer = run(&folder.path("."), &["predict", "m.safetensors", table]);
    sound(&answer)?;
    prop_assert_eq!(answer.code, 0, "{}", answer.stderr);
    let mut reader = csv::Reader::from_reader(answer.stdout.as_bytes());
    let mut predictions = Vec::new();
    let of_numbers = reader.headers().unwrap().len() == 1;
    for record in reader.records() {
        let record = record.unwrap();
        let numbers = record.iter().skip(usize::from(!of_numbers));
        for number in numbers {
            prop_assert!(number.parse::<f64>().is_ok_and(f64::is_finite), "{number}");
        }
        predictions.push(record.iter().collect::<Vec<_>>().join("|"));
    }
    Ok(predictions)
}

fn few(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 40,
        ..ProptestConfig::default()
    }
}

/// Whether the table was trained on, and not refused.
fn trained_and_predicted(random: &Random) -> Result<bool, TestCaseError> {
    let folder = Folder::new();
    folder.write("t.csv", csv(&random.header, &random.rows));
    if !train(&folder, "t.csv", random)? {
        return Ok(false);
    }
    let predicted = predictions(&folder, "t.csv")?;
    prop_assert_eq!(predicted.len(), random.rows.len());

    // Rows in another order get the same predictions in that order.
    let mut rows = random.rows.clone();
    rows.reverse();
    folder.write("t.csv", csv(&random.header, &rows));
    let mut reversed = predictions(&folder, "t.csv")?;
    reversed.reverse();
    prop_assert_eq!(&reversed, &predicted);

    // Other names for the columns change nothing.
    let renamed = random.header.iter().enumerate().map(|(place, name)| {
        if name == TARGET {
            name.clone()
        } else {
            format!("column number {place}")
        }
    });
    let renamed: Vec<String> = renamed.collect();
    folder.write("t.csv", csv(&renamed, &random.rows));
    prop_assert!(train(&folder, "t.csv", random)?);
    prop_assert_eq!(&predictions(&folder, "t.csv")?, &predicted);
    Ok(true)
}

#[test]
fn trained_and_predicted_or_refused() {
    const TABLES: u32 = 96;
    let (trained, refused) = (Cell::new(0), Cell::new(0));
    let result = TestRunner::new(few(TABLES)).run(&tables(), |random| {
        let counter = match trained_and_predicted(&random)? {
            true => &trained,
            false => &refused,
        };
        counter.set(counter.get() + 1);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    // About two of five tables can be learned from. With none there would be no test, and a good table must
    // not be refused.
    let (trained, refused) = (trained.get(), refused.get());
    assert_eq!(trained + refused, TABLES);
    assert!(
        trained >= TABLES / 6 && refused > 0,
        "{trained} tables were trained on, and {refused} refused"
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        ..few(24)
    })]

    #[test]
    fn another_unit_changes_no_more_than_rounding(
        seed: u64,
        rows in 20..200usize,
        unit in prop_oneof![Just(1000.0), Just(0.001), Just(2.54)],
    ) {
        let random = |unit: f64| Random {
            header: vec!["size".to_string(), "kind".to_string(), TARGET.to_string()],
            rows: (0..rows)
                .map(|row| {
                    let size: f64 = column(0, seed, row).parse().unwrap();
                    let price = size * 3.0 + (row % 2) as f64 * 50.0;
                    let kind = column(11, seed, row);
                    vec![(size * unit).to_string(), kind, price.to_string()]
                })
                .collect(),
            settings: ["data.numeric_scaler=standard", "data.bins=0", "data.neighbor_features=false", "data.knn_features=never"]
                .map(str::to_string)
                .to_vec(),
        };
        let of = |unit: f64| -> Result<Vec<f64>, TestCaseError> {
            let folder = Folder::new();
            let random = random(unit);
            folder.write("t.csv", csv(&random.header, &random.rows));
            prop_assert!(train(&folder, "t.csv", &random)?);
            let predicted = predictions(&folder, "t.csv")?;
            Ok(predicted.iter().map(|p| p.parse().unwrap()).collect())
        };
        let (one, other) = (of(1.0)?, of(unit)?);
        prop_assert_eq!((one.len(), other.len()), (rows, rows));
        for (a, b) in one.iter().zip(&other) {
            prop_assert!((a - b).abs() <= 1e-3 * 300.0, "{a} and {b}");
        }
    }
}
