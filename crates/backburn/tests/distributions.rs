//! Models of quantiles, counts and amounts through the public API.

#![cfg(feature = "train")]

use std::io::Cursor;

use backburn::{
    Config, Dataset, DatasetOptions, Estimator, EvaluationOptions, FitContext, FittedModel,
    KnnFeatures, Members, PredictionFormat, PredictionStream, PredictionWriter, Preset,
    ReadOptions, SavedModel, Settings, Table, TableReader, Task,
};
use burn::tensor::Device;

/// Rows of two numbers, an exposure, and a target made of the first two numbers, the exposure and a number
/// between -1 and 1.
fn csv(rows: usize, target: impl Fn(f64, f64, f64, f64) -> f64) -> String {
    let mut csv = "x,z,years,y\n".to_string();
    for row in 0..rows {
        let (x, z) = ((row * 37 % 101) as f64 / 50.0, (row * 7 % 13) as f64 / 6.0);
        let years = 0.5 + (row * 29 % 17) as f64 / 8.0;
        let noise = (row * 71 % 97) as f64 / 48.0 - 1.0;
        csv += &format!("{x},{z},{years},{}\n", target(x, z, years, noise));
    }
    csv
}

fn table(csv: String) -> Table {
    Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap()
}

fn dataset(csv: String, offset: Option<&str>) -> Dataset {
    let options = DatasetOptions {
        task: Some(Task::Regression),
        offset: offset.map(str::to_string),
        ..DatasetOptions::default()
    };
    Dataset::new(table(csv), "y", &options).unwrap()
}

fn small(settings: Settings, members: usize) -> Config {
    let mut config = settings.over(Preset::Fast).unwrap();
    config.data.knn_features = KnnFeatures::Never;
    config.network.hidden = vec![16];
    config.training.epochs = 40;
    config.ensemble.members = Members::Exactly(members);
    config.ensemble.folds = members.max(2);
    config
}

fn fit(data: &Dataset, config: Config) -> FittedModel {
    Estimator::new(config)
        .fit(data, &FitContext::default())
        .unwrap()
}

fn quantiles() -> Settings {
    Settings::new().quantiles(&[0.1, 0.5, 0.9]).unwrap()
}

fn loss(name: &str) -> Settings {
    Settings::new()
        .set(&format!("training.loss={name}"))
        .unwrap()
}

/// A target whose spread grows with `x`.
fn spread(x: f64, z: f64, _: f64, noise: f64) -> f64 {
    z + (0.1 + x) * noise
}

fn count(x: f64, _: f64, years: f64, noise: f64) -> f64 {
    (years * (1.0 + x) * (1.0 + noise)).round()
}

#[test]
fn quantiles_ascend_and_are_scored_and_saved() {
    let data = dataset(csv(300, spread), None);
    for members in [1, 2] {
        let model = fit(&data, small(quantiles(), members));
        let found = model.predict_quantiles(data.table()).unwrap().unwrap();
        assert_eq!(found.rows(), 300);
        let values: Vec<f64> = found.column(1).collect();
        assert_eq!(
            model.predict(data.table()).unwrap().values(),
            Some(&values[..])
        );
        for row in 0..300 {
            assert!(found.row(row).unwrap().is_sorted(), "{row}");
        }
        let score = model.evaluate(data.table()).unwrap();
        let coverage = score.metric("coverage_0.9").unwrap();
        assert!((0.75..=1.0).contains(&coverage), "{coverage}");
        assert!(score.metric("mean_pinball_loss").unwrap() > 0.0);
        assert!(score.to_string().contains("mean pinball loss"), "{score}");
        let validation = model.record().unwrap().validation.as_ref().unwrap();
        assert!(validation.metric("mean_pinball_loss").is_some());

        let bytes = model.model().to_bytes().unwrap();
        let opened = SavedModel::from_bytes("m", bytes, &Device::default()).unwrap();
        assert_eq!(opened.target, model.model().target);
        let again = backburn::Predictor::new(opened, &Device::default());
        assert_eq!(
            again.predict_quantiles(data.table()).unwrap().unwrap(),
            found
        );
    }
}

#[test]
fn scores_of_distributions_are_weighted_and_have_errors() {
    let data = dataset(csv(200, spread), None);
    let model = fit(&data, small(quantiles(), 1));
    let options = EvaluationOptions::new(None, Some("years"));
    let evaluation = model.predictor().evaluate_with(data.table(), &options);
    let score = evaluation.unwrap().score;
    let found = model.predict_quantiles(data.table()).unwrap().unwrap();
    let truth = data.table().numbers("y").unwrap();
    let weights = data.table().numbers("years").unwrap();
    let (mut loss, mut held) = (0.0, 0.0);
    for (row, (value, weight)) in truth.iter().zip(&weights).enumerate() {
        let quantiles = found.row(row).unwrap();
        for (quantile, level) in quantiles.iter().zip([0.1f64, 0.5, 0.9]) {
            let difference = value - quantile;
            loss += weight * (level * difference).max((level - 1.0) * difference);
        }
        held += if *value <= quantiles[2] { *weight } else { 0.0 };
    }
    let all: f64 = weights.iter().sum();
    let near = |name: &str, expected: f64| {
        let found = score.metric(name).unwrap();
        assert!(
            (found - expected).abs() < 1e-9 * expected,
            "{name}: {found}"
        );
    };
    near("mean_pinball_loss", loss / (3.0 * all));
    near("coverage_0.9", held / all);
    assert!(score.standard_error("mean_pinball_loss").unwrap() > 0.0);
    let text = score.to_string();
    let (_, words) = text.split_once("mean pinball loss ").unwrap();
    assert!(words.split(',').next().unwrap().contains(" ± "), "{text}");
    assert!(text.ends_with(" (weighted)"), "{text}");

    let counts = fit(
        &dataset(csv(200, count), None),
        small(self::loss("poisson"), 1),
    );
    let validation = counts.record().unwrap().validation.as_ref().unwrap();
    assert!(validation.standard_error("mean_poisson_deviance").is_some());
}

#[test]
fn intervals_of_quantiles_differ_from_row_to_row() {
    let data = dataset(csv(400, spread), None);
    let model = fit(&data, small(quantiles(), 2));
    let intervals = model.predict_interval(data.table(), 0.8).unwrap().unwrap();
    let values = model.predict(data.table()).unwrap();
    let truth = data.table().numbers("y").unwrap();
    let mut held = 0;
    let mut widths = Vec::new();
    for (([low, high], value), truth) in intervals.iter().zip(values.values().unwrap()).zip(truth) {
        assert!(low <= value && value <= high);
        held += usize::from(*low <= truth && truth <= *high);
        widths.push(high - low);
    }
    assert!(held > 300, "{held}");
    let (least, most) = widths.iter().fold((f64::MAX, 0f64), |(least, most), w| {
        (least.min(*w), most.max(*w))
    });
    assert!(most > 1.5 * least, "{least} {most}");
}

#[test]
fn quantiles_are_columns_of_a_file() {
    let text = csv(120, spread);
    let data = dataset(text.clone(), None);
    let model = fit(&data, small(quantiles(), 1));
    let reader = TableReader::from_reader("t", Cursor::new(text), &ReadOptions::default()).unwrap();
    let mut writer = PredictionWriter::new(Vec::new(), PredictionFormat::CSV, false);
    for batch in PredictionStream::new(model.predictor(), reader).unwrap() {
        writer.write(&batch.unwrap()).unwrap();
    }
    let written = String::from_utf8(writer.finish().unwrap()).unwrap();
    let header = "prediction,quantile_0.1,quantile_0.5,quantile_0.9";
    assert_eq!(written.lines().next(), Some(header));
    assert_eq!(written.lines().count(), 121);
}

#[test]
fn means_of_counts_and_amounts_are_above_zero() {
    let amount = |x: f64, z: f64, years: f64, noise: f64| 0.1 + count(x, z, years, noise);
    let counts = dataset(csv(300, count), None);
    let amounts = dataset(csv(300, amount), None);
    for (data, name) in [(&counts, "poisson"), (&amounts, "gamma")] {
        let model = fit(data, small(loss(name), 2));
        let predicted = model.predict(data.table()).unwrap();
        let predicted = predicted.values().unwrap();
        assert!(predicted.iter().all(|value| *value >= 0.0), "{name}");
        let score = model.evaluate(data.table()).unwrap();
        let deviance = score.metric(&format!("mean_{name}_deviance")).unwrap();
        // The deviance of the mean.
        let truth = data.table().numbers("y").unwrap();
        let mean = truth.iter().sum::<f64>() / truth.len() as f64;
        let constant = truth.iter().map(|&y| match name {
            "poisson" if y == 0.0 => 2.0 * mean,
            "poisson" => 2.0 * (y * (y / mean).ln() - y + mean),
            _ => 2.0 * ((mean / y).ln() + y / mean - 1.0),
        });
        let constant = constant.sum::<f64>() / truth.len() as f64;
        assert!(deviance < constant, "{name}: {deviance} {constant}");
        let intervals = model.predict_interval(data.table(), 0.8).unwrap().unwrap();
        for ([low, high], value) in intervals.iter().zip(predicted) {
            assert!(0.0 <= *low && low <= value && value <= high, "{name}");
        }
    }
}

#[test]
fn predictions_are_proportional_to_the_exposure() {
    let data = dataset(csv(300, count), Some("years"));
    assert_eq!(data.offset(), Some("years"));
    assert_eq!(data.features().collect::<Vec<_>>(), ["x", "z"]);
    for members in [1, 2] {
        let model = fit(&data, small(loss("poisson"), members));
        let predict = |years: f64| {
            let rows = table(format!("x,z,years\n0.4,1.5,{years}\n1.2,0.5,{years}\n"));
            let values = model.predict(&rows).unwrap();
            values.values().unwrap().to_vec()
        };
        for (one, ten) in predict(1.0).into_iter().zip(predict(10.0)) {
            assert!(one > 0.0 && (ten / one - 10.0).abs() < 1e-4, "{one} {ten}");
        }
        let bad = table("x,z,years\n0.4,1.5,1\n1.2,0.5,0\n".to_string());
        let error = model.predict(&bad).unwrap_err().to_string();
        assert!(error.contains("above 0"), "{error}");
        let bytes = model.model().to_bytes().unwrap();
        let opened = SavedModel::from_bytes("m", bytes, &Device::default()).unwrap();
        let again = backburn::Predictor::new(opened, &Device::default());
        let values = again.predict_table(data.table()).unwrap();
        assert_eq!(values, model.predict(data.table()).unwrap());
    }
}

#[test]
fn what_does_not_fit_the_loss_is_an_error_that_says_what_to_do() {
    let fitted = |data: &Dataset, settings: Settings| {
        let fitted = Estimator::new(small(settings, 1)).fit(data, &FitContext::default());
        fitted.map(drop).unwrap_err().to_string()
    };
    let negative = dataset(csv(60, spread), None);
    let error = fitted(&negative, loss("poisson"));
    assert!(
        error.contains("at least 0") && error.contains("row"),
        "{error}"
    );
    let counts = dataset(csv(60, count), None);
    let error = fitted(&counts, loss("gamma"));
    assert!(
        error.contains("above 0") && error.contains("poisson"),
        "{error}"
    );
    let log = loss("poisson").set("data.target_transform=log").unwrap();
    let error = fitted(&counts, log);
    assert!(error.starts_with("data.target_transform:"), "{error}");
    let exposed = dataset(csv(60, count), Some("years"));
    let error = fitted(&exposed, loss("auto"));
    assert!(error.contains("training.loss=poisson"), "{error}");

    let zero = |column: &str| {
        let text = "x,years,y\n1,1,2\n2,0,3\n3,1,1\n".to_string();
        let options = DatasetOptions {
            task: Some(Task::Regression),
            offset: Some(column.to_string()),
            ..DatasetOptions::default()
        };
        Dataset::new(table(text), "y", &options)
            .unwrap_err()
            .to_string()
    };
    assert!(zero("years").contains("above 0"), "{}", zero("years"));
    assert!(zero("y").contains("the target"), "{}", zero("y"));
    let error = Settings::new()
        .quantiles(&[0.9, 0.1])
        .unwrap()
        .over(Preset::Fast);
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("training.quantiles: must be"), "{error}");
}
