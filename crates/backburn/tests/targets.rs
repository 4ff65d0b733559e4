//! One network of several targets through the public API.

#![cfg(feature = "train")]

use std::io::Cursor;

use backburn::{
    ColumnKind, Config, Dataset, DatasetOptions, Error, Estimator, FitContext, FittedModel,
    KnnFeatures, Members, ModelFileError, MultiTargetDataset, MultiTargetModel, Predictor, Preset,
    ReadOptions, SavedModel, SavedTargets, Settings, Table, TargetStream, TestRows,
};
use burn::tensor::Device;

/// Rows of two numbers and a category, with two numbers and a class that depend on one function of them. `lacks` says
/// whether a row lacks a target, by the index of the row and of the target.
fn csv(rows: usize, lacks: impl Fn(usize, usize) -> bool) -> String {
    let mut csv = "x,z,kind,price,rent,sold\n".to_string();
    for row in 0..rows {
        let (x, z) = ((row * 37 % 101) as f64 / 50.0, (row * 7 % 13) as f64 / 6.0);
        let noise = |factor: usize| (row * factor % 97) as f64 / 48.0 - 1.0;
        let common = x + 0.5 * z * z + (row % 3) as f64 / 2.0;
        let targets = [
            format!("{:.4}", 10.0 + 3.0 * common + 0.1 * noise(71)),
            format!("{:.4}", 200.0 - 20.0 * common + 0.5 * noise(53)),
            ["no", "yes"][usize::from(common + 0.1 * noise(29) > 2.0)].to_string(),
        ];
        let cell = |target: usize| match lacks(row, target) {
            true => "",
            false => targets[target].as_str(),
        };
        let kind = ["a", "b", "c"][row % 3];
        csv += &format!("{x},{z},{kind},{},{},{}\n", cell(0), cell(1), cell(2));
    }
    csv
}

fn table(csv: String) -> Table {
    Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap()
}

/// All rows have all targets.
fn complete(rows: usize) -> Table {
    table(csv(rows, |_, _| false))
}

/// Options without the target `name` of three.
fn without(names: &[&str]) -> DatasetOptions {
    let columns = names.iter();
    DatasetOptions {
        columns: columns
            .map(|name| ((*name).to_string(), ColumnKind::Ignored))
            .collect(),
        ..DatasetOptions::default()
    }
}

fn dataset(table: Table, targets: &[&str]) -> MultiTargetDataset {
    let others: Vec<&str> = ["price", "rent", "sold"]
        .into_iter()
        .filter(|name| !targets.contains(name))
        .collect();
    MultiTargetDataset::new(table, targets, &without(&others)).unwrap()
}

fn small(members: usize) -> Config {
    let mut config = Config::preset(Preset::Fast);
    config.data.knn_features = KnnFeatures::Never;
    config.data.neighbor_features = false;
    config.network.hidden = vec![16];
    config.training.epochs = 40;
    config.ensemble.members = Members::Exactly(members);
    config.ensemble.folds = members.max(2);
    config
}

fn fit(data: &MultiTargetDataset, config: Config) -> MultiTargetModel {
    Estimator::new(config)
        .fit_targets(data, &FitContext::default())
        .unwrap()
}

fn metric(model: &FittedModel, table: &Table, name: &str) -> f64 {
    model.evaluate(table).unwrap().metric(name).unwrap()
}

#[test]
fn two_numbers_have_a_model_each_with_the_same_hidden_layers() {
    let table = complete(400);
    let data = dataset(table.clone(), &["price", "rent"]);
    let model = fit(&data, small(1));
    let names = model.targets().iter().map(FittedModel::target);
    assert_eq!(names.collect::<Vec<_>>(), ["price", "rent"]);
    for target in model.targets() {
        assert!(metric(target, &table, "r2") > 0.9, "{}", target.target());
        assert_eq!(target.features().collect::<Vec<_>>(), ["x", "z", "kind"]);
        let record = target.record().unwrap();
        assert!(record.validation.is_some() && record.constant.is_some());
    }
    let [price, rent] = ["price", "rent"].map(|name| model.target(name).unwrap());
    assert!(model.target("x").is_none());
    let embedded = |target: &FittedModel| {
        let embeddings = target.embed(&table).unwrap();
        embeddings
            .vectors()
            .map(<[f32]>::to_vec)
            .collect::<Vec<_>>()
    };
    assert_eq!(embedded(price), embedded(rent));
    let predictions = model.predict(&table).unwrap();
    assert_eq!(predictions[0], price.predict(&table).unwrap());
    assert_eq!(predictions[1], rent.predict(&table).unwrap());
    let intervals = rent.predict_interval(&table, 0.8).unwrap();
    assert_eq!(intervals.map(|rows| rows.len()), Some(400));
}

#[test]
fn a_number_and_a_class_are_an_ensemble() {
    let table = complete(300);
    let data = dataset(table.clone(), &["price", "sold"]);
    let model = fit(&data, small(3));
    let scores = model.evaluate(&table).unwrap();
    assert!(scores[0].metric("r2").unwrap() > 0.9);
    assert!(scores[1].metric("accuracy").unwrap() > 0.85);
    for target in model.targets() {
        assert_eq!(target.model().network.members.len(), 3);
        let record = target.record().unwrap();
        // Each row is scored by a network that was not trained on it.
        assert_eq!(
            record.validation.as_ref().map(|score| score.rows),
            Some(300)
        );
    }
    let sold = model.target("sold").unwrap();
    assert_eq!(sold.classes().unwrap(), ["no", "yes"]);
}

#[test]
fn the_same_seed_gives_the_same_file() {
    let data = dataset(complete(120), &["rent", "sold"]);
    let mut config = small(2);
    config.training.epochs = 3;
    let bytes = || fit(&data, config.clone()).saved().to_bytes().unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn rows_that_lack_a_target_train_the_others() {
    // A third of the rents and half of the classes are missing, and row 0 lacks all.
    let lacks = |row: usize, target: usize| match target {
        0 => row == 0,
        1 => row.is_multiple_of(3),
        _ => row.is_multiple_of(2),
    };
    let whole = table(csv(360, lacks));
    let data = dataset(whole.clone(), &["price", "rent", "sold"]);
    assert_eq!(data.rows().len(), 359);
    for members in [1, 2] {
        let mut config = small(members);
        config.training.epochs = 100;
        let model = fit(&data, config);
        for (target, rows) in model.targets().iter().zip([359, 240, 180]) {
            let split = &target.record().unwrap().split;
            let known = data.target(target.target()).unwrap().rows();
            assert_eq!(known.len(), rows);
            let used = [split.training.as_slice(), &split.validation].concat();
            assert_eq!(used.len(), rows, "{}", target.target());
            assert!(used.iter().all(|row| known.binary_search(row).is_ok()));
        }
        let all = complete(360);
        let explained = metric(model.target("rent").unwrap(), &all, "r2");
        assert!(explained > 0.9, "{explained}");
        let accuracy = metric(model.target("sold").unwrap(), &all, "accuracy");
        assert!(accuracy > 0.85, "{accuracy}");
    }
}

#[test]
fn a_shared_network_is_about_as_good_as_one_for_each_target() {
    let train = complete(500);
    // Other rows: the noise of a row depends on its index.
    let rows: Vec<usize> = (500..800).collect();
    let test = complete(800).select("test", &rows).unwrap();
    let joint = fit(&dataset(train.clone(), &["price", "rent"]), small(1));
    for (target, other) in [("price", "rent"), ("rent", "price")] {
        let data = Dataset::new(train.clone(), target, &without(&[other, "sold"])).unwrap();
        let single = Estimator::new(small(1)).fit(&data, &FitContext::default());
        let alone = metric(&single.unwrap(), &test, "rmse");
        let shared = metric(joint.target(target).unwrap(), &test, "rmse");
        assert!(shared < 1.5 * alone, "{target}: {shared} and {alone} alone");
    }
}

#[test]
fn weights_change_the_network_and_are_recorded() {
    let table = complete(200);
    let data = dataset(table.clone(), &["price", "rent"]);
    let predictions = |weight: f64| {
        let mut config = small(1);
        config.training.epochs = 3;
        config.target_weights.insert("price".to_string(), weight);
        let model = fit(&data, config);
        let settings = &model.targets()[1].model().summary.settings;
        assert!(settings.contains("[target_weights]"), "{settings}");
        model.predict(&table).unwrap()
    };
    assert_ne!(predictions(100.0), predictions(0.01));
}

#[test]
fn a_target_that_few_rows_have_counts_less_unless_its_weight_is_set() {
    // One rent in twenty is known.
    let whole = table(csv(400, |row, target| {
        target == 1 && !row.is_multiple_of(20)
    }));
    let data = dataset(whole.clone(), &["price", "rent"]);
    let predictions = |weight: Option<f64>| {
        let mut config = small(1);
        config.training.epochs = 3;
        let weight = weight.map(|weight| ("rent".to_string(), weight));
        config.target_weights.extend(weight);
        fit(&data, config).predict(&whole).unwrap()
    };
    let default = predictions(None);
    assert_eq!(default, predictions(Some(0.1)));
    assert_ne!(default, predictions(Some(1.0)));
}

#[test]
fn one_file_has_all_targets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.safetensors");
    let device = Device::default();
    let table = complete(200);
    for members in [1, 2] {
        let mut config = small(members);
        config.training.epochs = 5;
        let data = dataset(table.clone(), &["price", "sold", "rent"]);
        let model = fit(&data, config);
        model.save(&path).unwrap();
        let loaded = MultiTargetModel::load(&path, device.clone()).unwrap();
        let expected = model.predict(&table).unwrap();
        assert_eq!(loaded.predict(&table).unwrap(), expected);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(loaded.saved().to_bytes().unwrap(), bytes);
        // The hidden layers are in the file once.
        let largest = model.targets().iter().map(|target| {
            let bytes = target.model().to_bytes().unwrap();
            bytes.len()
        });
        assert!(bytes.len() < largest.sum::<usize>());

        let error = FittedModel::load(&path, device.clone())
            .unwrap_err()
            .to_string();
        assert!(error.contains("`price`, `sold`, `rent`"), "{error}");
        assert!(error.contains("--target"), "{error}");
        let rent = Predictor::load_target(&path, Some("rent"), &device).unwrap();
        assert_eq!(rent.predict_table(&table).unwrap(), expected[2]);
        let other = Predictor::load_target(&path, Some("x"), &device).unwrap_err();
        assert!(matches!(other, ModelFileError::NoTarget { .. }), "{other}");
        let none = Predictor::load_target(&path, None, &device).unwrap_err();
        assert!(
            matches!(none, ModelFileError::SeveralTargets { .. }),
            "{none}"
        );
    }
}

#[test]
fn a_file_with_a_target_twice_is_damaged() {
    let data = dataset(complete(100), &["price", "sold", "rent"]);
    let mut config = small(1);
    config.training.epochs = 2;
    let mut bytes = fit(&data, config).saved().to_bytes().unwrap();
    // The header is JSON with the metadata as text; both names have the same length.
    let [rent, sold] = ["rent", "sold"].map(|name| format!(r#"\"column\":\"{name}\""#));
    let places = bytes.windows(rent.len()).enumerate();
    let places = places.filter(|(_, window)| *window == rent.as_bytes());
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    assert!(!places.is_empty());
    for place in places {
        bytes[place..place + sold.len()].copy_from_slice(sold.as_bytes());
    }
    let error = SavedTargets::from_bytes("t", bytes, &Device::default()).unwrap_err();
    assert!(
        error.to_string().contains("the same target twice"),
        "{error}"
    );
}

#[test]
fn a_file_of_one_target_is_an_ordinary_model() {
    let data = dataset(complete(100), &["price"]);
    let mut config = small(1);
    config.training.epochs = 2;
    let model = fit(&data, config);
    let bytes = model.saved().to_bytes().unwrap();
    let device = Device::default();
    let alone = SavedModel::from_bytes("t", bytes.clone(), &device).unwrap();
    assert_eq!(alone.to_bytes().unwrap(), bytes);
    let all = SavedTargets::from_bytes("t", bytes, &device).unwrap();
    assert_eq!(all.models().len(), 1);
    assert!(all.into_one(None).is_ok());
}

#[test]
fn a_stream_predicts_all_targets_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, csv(150, |_, _| false)).unwrap();
    let table = Table::read(&path, &ReadOptions::default()).unwrap();
    let mut config = small(1);
    config.training.epochs = 3;
    let model = fit(&dataset(table.clone(), &["price", "sold"]), config);
    let targets = model.targets().iter();
    let predictors: Vec<Predictor> = targets.map(|target| target.predictor().clone()).collect();
    let reader = backburn::TableReader::open(&path, &ReadOptions::default()).unwrap();
    let mut stream = TargetStream::new(&predictors, reader)
        .and_then(|stream| stream.with_intervals(0.8))
        .unwrap();
    let batch = stream.next().unwrap().unwrap();
    let expected = model.predict(&table).unwrap();
    for (predicted, expected) in batch.iter().zip(&expected) {
        assert_eq!(predicted.predictions, *expected);
    }
    // A class has no interval.
    let intervals: Vec<bool> = batch.iter().map(|rows| rows.intervals.is_some()).collect();
    assert_eq!(intervals, [true, false]);
    assert!(stream.next().is_none());
    assert_eq!(stream.report(&[]).rows, 150);
}

#[test]
fn test_rows_are_set_aside() {
    let data = dataset(complete(200), &["price", "sold"]);
    let rows = TestRows {
        share: Some(0.25),
        ..TestRows::default()
    };
    let (train, test) = data.with_test(&rows).unwrap();
    let test = test.unwrap();
    assert_eq!((train.rows().len(), test.rows()), (150, 50));
    let mut config = small(1);
    config.training.epochs = 3;
    let mut model = fit(&train, config);
    let tested = model.test(&train, &test).unwrap();
    assert_eq!(tested.len(), 2);
    for (target, result) in model.targets().iter().zip(&tested) {
        assert_eq!(result.score.rows, 50);
        let stored = target.model().summary.test.as_ref().unwrap();
        assert_eq!(stored.scores, result.score.metrics());
    }
}

#[test]
fn a_table_that_lacks_a_target_is_scored_target_by_target() {
    let data = dataset(complete(80), &["price", "sold"]);
    let mut config = small(1);
    config.training.epochs = 1;
    let model = fit(&data, config);
    let csv = "x,z,kind,price\n0.5,1.5,a,12.5\n1.5,0.5,b,14.5\n1.0,1.0,c,13.0\n";
    let other = table(csv.to_string());
    let error = model.evaluate(&other).unwrap_err().to_string();
    let expected =
        "has no column `sold`; it is a target: to score the other targets, pass --target price; ";
    assert!(error.contains(expected), "{error}");
    let price = model.target("price").unwrap().evaluate(&other).unwrap();
    assert_eq!(price.rows, 3);
}

#[test]
fn settings_for_one_target_are_refused() {
    let data = dataset(complete(80), &["price", "sold"]);
    let error = |settings: &[&str]| {
        let mut all = Settings::new();
        for setting in settings {
            all = all.set(setting).unwrap();
        }
        let config = all.over(Preset::Fast).unwrap();
        let fitted = Estimator::new(config).fit_targets(&data, &FitContext::default());
        let error = fitted.map(drop).unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{error}");
        error.to_string()
    };
    for (setting, words) in [
        ("training.loss=poisson", "training.loss"),
        ("training.loss=quantile", "training.loss"),
        ("scoring.metric=mae", "scoring.metric"),
        ("scoring.positive=yes", "scoring.positive"),
        ("class_weights.yes=2.0", "class_weights"),
        ("data.refit=true", "data.refit"),
        ("data.knn_features=always", "data.knn_features"),
    ] {
        let error = error(&[setting]);
        assert!(error.starts_with(words), "{error}");
        assert!(error.contains("for one target"), "{error}");
    }
    let unknown = error(&["target_weights.rent=2.0"]);
    assert!(unknown.contains("the targets are price, sold"), "{unknown}");
    // The weights of targets are for several of them.
    let one = Dataset::new(complete(80), "price", &without(&["rent", "sold"])).unwrap();
    let config = Settings::new().set("target_weights.price=2.0").unwrap();
    let config = config.over(Preset::Fast).unwrap();
    let fitted = Estimator::new(config).fit(&one, &FitContext::default());
    let error = fitted.map(drop).unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error}");
}

#[test]
fn a_column_that_gives_a_target_away_is_found() {
    let mut text = "x,rate,price,rent\n".to_string();
    for row in 0..150 {
        let (x, rent) = (row * 37 % 101, row * 71 % 97);
        text += &format!("{x},{}.5,{x}.25,{rent}.5\n", 2 * rent);
    }
    let data = MultiTargetDataset::new(table(text), &["price", "rent"], &Default::default());
    let mut config = small(1);
    config.training.epochs = 3;
    let model = fit(&data.unwrap(), config);
    let leaks = |target: &str| {
        let record = model.target(target).unwrap().record().unwrap();
        let evidence = record
            .findings
            .iter()
            .map(|finding| finding.evidence.clone());
        evidence
            .filter(|text| text.contains("alone explains"))
            .collect::<Vec<_>>()
    };
    let [price, rent] = ["price", "rent"].map(leaks);
    assert!(price.iter().any(|text| text.contains("`x`")), "{price:?}");
    assert!(rent.iter().any(|text| text.contains("`rate`")), "{rent:?}");
    assert!(!rent.iter().any(|text| text.contains("`x`")), "{rent:?}");
    // The words have each finding once, below its target.
    let words = model.in_words(&[]);
    let targets = words.iter().filter(|(heading, _)| *heading == "target");
    assert_eq!(targets.count(), 2);
}
