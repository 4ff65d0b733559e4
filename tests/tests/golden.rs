//! Models of every version of the format open, and predict what they did when they were saved.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use backburn::{Device, FORMAT_VERSION, Predictor, SavedTargets};
use backburn_preprocessing::{Predictions, Target};
use backburn_table::{ReadOptions, Table};
use safetensors::SafeTensors;

/// Rows of each table that is predicted.
const ROWS: usize = 60;

/// What is stored of each version, from version 1 on. `NAME` stands for `version-N-NAME.safetensors`, and
/// for its predictions in `version-N-NAME.csv`.
const MODELS: [&[&str]; 7] = [
    &["number", "classes"],
    &["number", "classes"],
    &["number", "classes", "places"],
    &["number", "classes", "places"],
    &["number", "classes", "places", "similar"],
    &["number", "classes", "places", "similar", "guessed"],
    &["number", "classes", "trend"],
];

/// What is stored of later versions, which are only those of files with what the version has: several targets (8), of
/// which one file predicts both, intervals that depend on the row (9), or a trend (10). Files with a trend had the versions of
/// other files at first.
const LATER: [(u64, &[&str]); 3] = [
    (SEVERAL_TARGETS, &["price", "kind"]),
    (9, &["number"]),
    (10, &["trend"]),
];
const SEVERAL_TARGETS: u64 = 8;

/// The tables that the models predict.
const TABLES: [&str; 4] = ["table.csv", "places.csv", "similar.csv", "guessed.csv"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/models")
}

/// Every stored model: its version, and its kind.
fn models() -> Vec<(u64, &'static str)> {
    let of_version = |(version, kinds): (u64, &&'static [&'static str])| -> Vec<_> {
        kinds.iter().map(|kind| (version, *kind)).collect()
    };
    let all = (1..).zip(&MODELS);
    all.chain(LATER.iter().map(|(version, kinds)| (*version, kinds)))
        .flat_map(of_version)
        .collect()
}

fn name((version, kind): (u64, &str)) -> String {
    format!("version-{version}-{kind}")
}

/// The name of the file of a model.
fn file_name(model: (u64, &str)) -> String {
    match model.0 {
        SEVERAL_TARGETS => format!("version-{SEVERAL_TARGETS}-targets.safetensors"),
        _ => format!("{}.safetensors", name(model)),
    }
}

fn table_of(kind: &str) -> &'static str {
    match kind {
        "number" | "classes" | "price" | "kind" | "trend" => "table.csv",
        "places" => "places.csv",
        "similar" => "similar.csv",
        "guessed" => "guessed.csv",
        _ => panic!("{kind}: name its table here"),
    }
}

/// A stored file of predictions.
struct Expected {
    /// The names of the classes; empty where numbers are predicted.
    classes: Vec<String>,
    /// The first column: numbers or names of classes.
    labels: Vec<String>,
    /// The predicted numbers, or the probabilities row by row.
    numbers: Vec<f64>,
    /// The intervals of 80 %, if they are stored.
    intervals: Vec<[f64; 2]>,
}

impl Expected {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (header, rows) = text.split_once('\n').unwrap();
        let has_intervals = header.ends_with(",lower,upper");
        let header = header.trim_end_matches(",lower,upper");
        let mut columns = header.split(',');
        assert_eq!(columns.next(), Some("prediction"), "{}", path.display());
        let classes: Vec<String> = columns
            .map(|column| column.strip_prefix("probability_").unwrap().to_string())
            .collect();
        let mut expected = Self {
            classes,
            labels: Vec::new(),
            numbers: Vec::new(),
            intervals: Vec::new(),
        };
        let labels = usize::from(!expected.classes.is_empty());
        for row in rows.lines() {
            let mut cells: Vec<&str> = row.split(',').collect();
            if has_intervals {
                let bounds = cells.split_off(cells.len() - 2);
                let bound = |index: usize| bounds[index].parse::<f64>().unwrap();
                expected.intervals.push([bound(0), bound(1)]);
            }
            let numbers = &cells[labels..];
            assert_eq!(numbers.len(), expected.classes.len().max(1), "{row}");
            expected.labels.push(cells[0].to_string());
            expected
                .numbers
                .extend(numbers.iter().map(|number| number.parse::<f64>().unwrap()));
        }
        expected
    }
}

#[test]
fn every_version_has_its_files_and_no_file_is_left_out() {
    assert_eq!(
        MODELS.len() as u64,
        FORMAT_VERSION,
        "store models of the new version, and list them"
    );
    let listed = models()
        .into_iter()
        .flat_map(|model| [file_name(model), format!("{}.csv", name(model))])
        .chain(TABLES.map(str::to_string));
    let listed: BTreeSet<String> = listed.collect();
    let found = std::fs::read_dir(folder()).unwrap();
    let found: BTreeSet<String> = found
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, listed);
    for table in TABLES {
        let table = Table::read(folder().join(table), &ReadOptions::default()).unwrap();
        assert_eq!(table.rows(), ROWS);
    }
}

#[test]
fn the_files_are_of_the_versions_that_they_are_named_after() {
    for model in models() {
        let name = name(model);
        let bytes = std::fs::read(folder().join(file_name(model))).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().clone().unwrap();
        let metadata: serde_json::Value = serde_json::from_str(&metadata["backburn"]).unwrap();
        assert_eq!(metadata["format_version"], model.0, "{name}");
    }
}

#[test]
fn models_of_every_version_predict_what_they_did() {
    for model in models() {
        predicts_what_it_did(model);
    }
}

fn predicts_what_it_did(model: (u64, &str)) {
    let name = name(model);
    let path = folder().join(file_name(model));
    let table = Table::read(folder().join(table_of(model.1)), &ReadOptions::default()).unwrap();
    let device = Device::default();
    let loaded =
        SavedTargets::load(&path, &device).unwrap_or_else(|error| panic!("{name}: {error}"));
    let loaded = match model.0 {
        SEVERAL_TARGETS => loaded.into_target(model.1),
        _ => loaded.into_one(None),
    };
    let predictor = Predictor::new(loaded.unwrap(), &device);
    let predictions = predictor.predict_table(&table).unwrap();
    let expected = Expected::read(&folder().join(format!("{name}.csv")));
    let classes: &[String] = match &predictions {
        Predictions::Values(_) => &[],
        Predictions::Classes { classes, .. } => classes,
    };
    let (Predictions::Values(numbers)
    | Predictions::Classes {
        probabilities: numbers,
        ..
    }) = &predictions;
    assert_eq!(classes, expected.classes, "{name}");
    assert_eq!(expected.labels.len(), ROWS, "{name}");
    assert_eq!(numbers.len(), expected.numbers.len(), "{name}");
    // The network computes in 32 bits. Near zero, a number has the rounding error of the others.
    let largest = expected
        .numbers
        .iter()
        .fold(1.0, |most: f64, number| most.max(number.abs()));
    for (row, (found, expected)) in numbers.iter().zip(&expected.numbers).enumerate() {
        let close = (found - expected).abs() <= 2e-6 * largest;
        assert!(close, "{name}: {row}: {found}, and it was {expected}");
    }
    if !classes.is_empty() {
        assert_eq!(predictions.labels(), expected.labels, "{name}");
    }
    if expected.intervals.is_empty() {
        return;
    }
    let intervals = predictor.intervals_of_table(&table, 0.8).unwrap().unwrap();
    let Target::Regression { bounds, .. } = &predictor.model().target else {
        panic!("{name}: numbers")
    };
    let known = intervals.iter().zip(&expected.intervals).zip(numbers);
    for (row, ((found, expected), number)) in known.enumerate() {
        // The stored intervals were computed from the predictions, which say less where they are limited.
        let is_limited = bounds.is_some_and(|bounds| bounds.contains(number));
        for (found, expected) in found.iter().zip(expected).filter(|_| !is_limited) {
            let close = (found - expected).abs() <= 1e-5 * expected.abs().max(1.0);
            assert!(close, "{name}: {row}: {found}, and it was {expected}");
        }
    }
}
