//! Prediction intervals: their coverage on other rows, and how their width depends on the row.

#![cfg(feature = "train")]

use std::io::Cursor;

use backburn::{
    Config, Dataset, DatasetOptions, Device, Estimator, FitContext, FittedModel, KnnFeatures,
    Members, MultiTargetDataset, ReadOptions, SavedModel, SavedTargets, Table, TableReader,
    TargetStream,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Numbers `a`, `b` and `c` from -1 to 1, each missing with a probability, and `y = 3a + b` with noise, which is as large
/// as a function of `3a + b` says.
fn csv(rows: usize, seed: u64, missing: f64, spread: fn(f64) -> f64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut csv = "a,b,c,y\n".to_string();
    for _ in 0..rows {
        let numbers = [(); 3].map(|()| rng.random_range(-1.0..1.0f64));
        let mean = 3.0 * numbers[0] + numbers[1];
        let noise: f64 = (0..4).map(|_| rng.random_range(-1.0..1.0f64)).sum();
        let y = mean + spread(mean) * noise;
        for number in numbers {
            match rng.random_range(0.0..1.0f64) < missing {
                true => csv += ",",
                false => csv += &format!("{number:.4},"),
            }
        }
        csv += &format!("{y:.4}\n");
    }
    csv
}

fn table(csv: String) -> Table {
    Table::from_reader("t.csv", Cursor::new(csv), &ReadOptions::default()).unwrap()
}

fn config() -> Config {
    let mut config = Config::default();
    config.data.knn_features = KnnFeatures::Never;
    config.data.neighbor_features = false;
    config.network.hidden = vec![16];
    config.training.epochs = 40;
    config.training.patience = 10;
    config.ensemble.members = Members::Exactly(4);
    config.ensemble.folds = 4;
    config
}

fn fit(rows: usize, spread: fn(f64) -> f64) -> FittedModel {
    let table = table(csv(rows, 1, 0.0, spread));
    let data = Dataset::new(table, "y", &DatasetOptions::default()).unwrap();
    let estimator = Estimator::new(config());
    estimator.fit(&data, &FitContext::default()).unwrap()
}

/// Of the intervals of 90 % of some rows: the share that holds its value, and the mean width.
fn share_and_width(
    intervals: &[[f64; 2]],
    truth: &[f64],
    of: impl Fn(usize) -> bool,
) -> (f64, f64) {
    let rows: Vec<usize> = (0..truth.len()).filter(|&row| of(row)).collect();
    let holds = |row: &&usize| {
        let [low, high] = intervals[**row];
        low <= truth[**row] && truth[**row] <= high
    };
    let held = rows.iter().filter(holds).count();
    let width: f64 = rows
        .iter()
        .map(|&row| intervals[row][1] - intervals[row][0])
        .sum();
    let count = rows.len() as f64;
    (held as f64 / count, width / count)
}

#[test]
fn intervals_are_as_wide_as_errors_are_large() {
    let spread = |mean: f64| 0.1 + 0.2 * (mean + 4.0);
    let model = fit(1200, spread);
    let fresh = table(csv(6000, 2, 0.0, spread));
    let truth = fresh.numbers("y").unwrap();
    let predictions = model.predict(&fresh).unwrap();
    let predictions = predictions.values().unwrap();
    let intervals = model.predict_interval(&fresh, 0.9).unwrap().unwrap();
    for ([low, high], prediction) in intervals.iter().zip(predictions) {
        assert!(low <= prediction && prediction <= high);
    }
    let mut sorted = predictions.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[2000], sorted[4000]);
    let thirds = [0, 1, 2].map(|third| {
        share_and_width(&intervals, &truth, |row| {
            let prediction = predictions[row];
            usize::from(prediction > low) + usize::from(prediction > high) == third
        })
    });
    for (share, _) in thirds {
        assert!((0.84..0.97).contains(&share), "{thirds:?}");
    }
    assert!(thirds[2].1 > 1.6 * thirds[0].1, "{thirds:?}");
    // The file has what the intervals depend on.
    let device = model.predictor().device();
    let bytes = model.model().to_bytes().unwrap();
    let loaded = SavedModel::from_bytes("t", bytes.clone(), device).unwrap();
    assert_eq!(loaded.target, model.model().target);
    assert_eq!(loaded.to_bytes().unwrap(), bytes);
}

#[test]
fn intervals_are_wider_where_values_are_imputed() {
    let model = fit(800, |_| 0.3);
    let fresh = csv(4000, 3, 0.25, |_| 0.3);
    let table = table(fresh.clone());
    let truth = table.numbers("y").unwrap();
    let a = table.numbers("a").unwrap();
    let intervals = model.predict_interval(&table, 0.9).unwrap().unwrap();
    let all = share_and_width(&intervals, &truth, |_| true);
    assert!((0.87..0.98).contains(&all.0), "{all:?}");
    let known = share_and_width(&intervals, &truth, |row| !a[row].is_nan());
    let imputed = share_and_width(&intervals, &truth, |row| a[row].is_nan());
    assert!((0.85..1.0).contains(&imputed.0), "{imputed:?}");
    // `a` says the most of `y`.
    assert!(imputed.1 > 1.5 * known.1, "{known:?} {imputed:?}");

    // Streams and batches give the same intervals.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, fresh).unwrap();
    let open = || TableReader::open(&path, &ReadOptions::default()).unwrap();
    let predictors = [model.predictor().clone()];
    let stream = TargetStream::new(&predictors, open()).and_then(|s| s.with_intervals(0.9));
    let mut streamed = Vec::new();
    for part in stream.unwrap() {
        for rows in part.unwrap() {
            streamed.extend(rows.intervals.unwrap());
        }
    }
    assert_eq!(streamed, intervals);
    let batches = model.predictor().batches();
    let encoded = open().map(|batch| (batches.encode(&batch.unwrap()).unwrap(), Some(0.9)));
    let predicted = batches.predict(encoded.collect());
    let of_batches = predicted.into_iter().flat_map(|(_, rows)| rows.unwrap());
    assert_eq!(of_batches.collect::<Vec<[f64; 2]>>(), intervals);
}

#[test]
fn imputed_values_widen_intervals_where_other_errors_are_small() {
    let spread = |mean: f64| 0.05 + 0.13 * (mean + 1.2).max(0.0);
    let model = fit(1200, spread);
    let table = table(csv(6000, 6, 0.2, spread));
    let truth = table.numbers("y").unwrap();
    let intervals = model.predict_interval(&table, 0.9).unwrap().unwrap();
    let known = ["a", "b"].map(|column| table.numbers(column).unwrap());
    let lacks = |row: usize| known.iter().any(|values| values[row].is_nan());
    let imputed = share_and_width(&intervals, &truth, lacks);
    assert!((0.86..1.0).contains(&imputed.0), "{imputed:?}");
    let complete = share_and_width(&intervals, &truth, |row| !lacks(row));
    assert!((0.84..1.0).contains(&complete.0), "{complete:?}");
}

#[test]
fn intervals_of_several_targets_depend_on_the_row() {
    let rows = table(csv(400, 5, 0.0, |mean| 0.05 + 0.1 * (mean + 4.0)));
    let targets = ["y", "b"];
    let data = MultiTargetDataset::new(rows, &targets, &Default::default()).unwrap();
    let estimator = Estimator::new(config());
    let model = estimator
        .fit_targets(&data, &FitContext::default())
        .unwrap();
    let device = Device::default();
    let bytes = model.saved().to_bytes().unwrap();
    let loaded = SavedTargets::from_bytes("t", bytes.clone(), &device).unwrap();
    assert_eq!(loaded.to_bytes().unwrap(), bytes);
    let target = &loaded.models()[0].target;
    let scale = target.error_scale().unwrap();
    // `b` is predicted, so that only `a` and `c` may be missing.
    let shares = scale.imputed();
    assert!(shares["a"] > 1.0, "{shares:?}");
    assert!(!shares.contains_key("b"), "{shares:?}");
    let missing = table("a,c\n0.5,0.5\n,0.5\n".to_string());
    let first = &model.targets()[0];
    let intervals = first.predict_interval(&missing, 0.8).unwrap().unwrap();
    let width = |row: usize| intervals[row][1] - intervals[row][0];
    assert!(width(1) > width(0), "{intervals:?}");
}

#[test]
fn intervals_have_their_coverage_from_200_rows_on() {
    let mut held = 0.0;
    let fresh = table(csv(3000, 4, 0.0, |_| 0.3));
    let truth = fresh.numbers("y").unwrap();
    for rows in [200, 220, 240] {
        let model = fit(rows, |_| 0.3);
        let intervals = model.predict_interval(&fresh, 0.9).unwrap().unwrap();
        held += share_and_width(&intervals, &truth, |_| true).0;
    }
    assert!(held / 3.0 >= 0.86, "{held}");
}
