//! The metric of the user's choice in the library.

use std::io::Cursor;

use backburn::{
    Config, Dataset, Estimator, FitContext, Members, Metric, Predictor, Preset, ReadOptions, Table,
};

/// A table of two numbers that say something about a third one, and about a class.
fn table(rows: usize) -> Table {
    let mut csv = "x,z,y,kind,w\n".to_string();
    for row in 0..rows {
        let (x, z) = (row * 37 % 101, row * 53 % 97);
        let noise = (row * row * 31 % 89) as f64 / 20.0;
        let y = x as f64 / 10.0 + noise;
        let kind = if y + (z % 7) as f64 / 2.0 > 11.0 {
            "high"
        } else {
            "low"
        };
        csv += &format!("{x},{z},{y:.3},{kind},{}\n", 1 + row % 5);
    }
    Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap()
}

fn data(target: &str, weight: bool) -> Dataset {
    let mut options = backburn::DatasetOptions {
        weight: weight.then(|| "w".to_string()),
        ..Default::default()
    };
    // The other target says too much.
    options.features = vec!["x".to_string(), "z".to_string()];
    Dataset::new(table(160), target, &options).unwrap()
}

fn config(metric: Option<Metric>) -> Config {
    let mut config = Config::preset(Preset::Fast);
    config.ensemble.members = Members::Exactly(1);
    config.network.hidden = vec![8];
    config.training.epochs = 12;
    config.training.learning_rate = 0.05.into();
    config.data.validation_fraction = 0.25;
    config.scoring.metric = metric;
    config
}

#[test]
fn the_best_epoch_has_the_lowest_error_in_both_engines() {
    for (target, metric) in [
        ("y", Metric::MedianAbsoluteError),
        ("y", Metric::Quantile(0.9)),
        ("y", Metric::R2),
        ("kind", Metric::Brier),
        ("kind", Metric::BalancedAccuracy),
    ] {
        for (fused, weight) in [(true, false), (true, true), (false, true)] {
            let data = data(target, weight);
            let mut config = config(Some(metric));
            config.training.fused = fused;
            let model = Estimator::new(config)
                .fit(&data, &FitContext::default())
                .unwrap();
            let record = model.record().unwrap();
            let errors = record.history.epochs.iter();
            let errors = errors.map(|epoch| metric.error(epoch.score.unwrap()));
            let errors: Vec<f64> = errors.collect();
            let best = model.model().summary.best_epoch;
            let lowest = errors.iter().copied().fold(f64::INFINITY, f64::min);
            // The first epoch with the lowest error.
            let first = errors.iter().position(|error| *error == lowest).unwrap();
            assert_eq!(best, first + 1, "{metric} {fused} {weight}: {errors:?}");
            let score = record.validation.as_ref().unwrap();
            assert_eq!(score.chosen.unwrap().0, metric);
            assert_eq!(score.weighted, weight);
        }
    }
}

#[test]
fn a_loaded_model_keeps_its_decision() {
    let data = data("kind", false);
    let mut config = config(Some(Metric::Mcc));
    config.scoring.positive = Some("high".to_string());
    let model = Estimator::new(config.clone())
        .fit(&data, &FitContext::default())
        .unwrap();
    let decision = model.model().target.decision().unwrap();
    let threshold = decision.threshold.unwrap();
    let trade_off = model.model().summary.trade_off.clone().unwrap();
    assert_eq!(
        (trade_off.threshold, trade_off.positive.as_str()),
        (threshold, "high")
    );
    let folder = tempfile::tempdir().unwrap();
    let path = model.save(folder.path().join("m.safetensors")).unwrap();
    let loaded = Predictor::load(&path).unwrap();
    assert_eq!(loaded.model().target, model.model().target);
    let predictions = loaded.predict_table(data.table()).unwrap();
    let probabilities = predictions.probabilities_of("high").unwrap();
    for (label, probability) in predictions.labels().iter().zip(&probabilities) {
        assert_eq!(label == "high", *probability >= threshold);
    }
    let all = loaded.with_threshold(0.0, None).unwrap();
    let labels = all.predict_table(data.table()).unwrap().labels();
    assert!(labels.iter().all(|label| label == "high"));
    // An ensemble chooses it on its out-of-fold rows.
    config.ensemble.members = Members::Exactly(4);
    config.ensemble.folds = 4;
    let model = Estimator::new(config)
        .fit(&data, &FitContext::default())
        .unwrap();
    let decision = model.model().target.decision().unwrap();
    assert!(decision.threshold.is_some());
    assert_eq!(model.model().summary.validation_rows, 160);
}

#[test]
fn without_a_metric_nothing_is_stored() {
    let model = Estimator::new(config(None)).fit(&data("kind", false), &FitContext::default());
    let model = model.unwrap();
    assert_eq!(model.model().target.decision(), None);
    let bytes = model.model().to_bytes().unwrap();
    let header = String::from_utf8_lossy(&bytes);
    for name in ["scoring", "decision", "trade_off", "metric"] {
        assert!(!header.contains(name), "{name}");
    }
}
