//! Models of every version of the format open, and predict what they did when they were saved.

use std::path::{Path, PathBuf};

use backburn_tabular::{Predictions, Predictor, ReadOptions, Table};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/models")
}

/// The numbers of a file of predictions, row by row; of classes, their probabilities.
fn expected(path: &Path) -> Vec<f64> {
    let text = std::fs::read_to_string(path).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let labels = usize::from(header != "prediction");
    let rows = rows.lines().flat_map(|row| row.split(',').skip(labels));
    rows.map(|number| number.parse().unwrap()).collect()
}

#[test]
fn models_of_every_version_predict_what_they_did() {
    let mut seen = 0;
    for version in 1..=backburn_tabular::FORMAT_VERSION {
        for kind in ["number", "classes", "places", "similar", "guessed"] {
            let name = format!("version-{version}-{kind}");
            let model = folder().join(format!("{name}.safetensors"));
            if !model.exists() {
                continue;
            }
            seen += 1;
            let table = match kind {
                "places" => "places.csv",
                "similar" => "similar.csv",
                "guessed" => "guessed.csv",
                _ => "table.csv",
            };
            let table = Table::read(folder().join(table), &ReadOptions::default()).unwrap();
            let predictions = Predictor::load(&model).unwrap().predict_table(&table);
            let (Predictions::Values(numbers)
            | Predictions::Classes {
                probabilities: numbers,
                ..
            }) = predictions.unwrap();
            let expected = expected(&folder().join(format!("{name}.csv")));
            assert_eq!(numbers.len(), expected.len(), "{name}");
            for (row, (found, expected)) in numbers.iter().zip(&expected).enumerate() {
                let close = (found - expected).abs() <= 2e-6 * expected.abs().max(1.0);
                assert!(close, "{name}: {row}: {found}, and it was {expected}");
            }
        }
        assert!(
            seen >= 2 * version,
            "a model of version {version} is missing"
        );
    }
}
