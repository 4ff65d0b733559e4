//! Fits through the public API: events, stopping, cross-validation, intervals.

#![cfg(feature = "train")]

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use backburn::{
    ColumnKind, Config, Dataset, DatasetOptions, Error, Estimator, Event, FitContext, FittedModel,
    KnnFeatures, Members, Observer, Preset, ReadOptions, Reliability, ReliabilityMeasure, Selected,
    Selection, Settings, StopReason, StopToken, Table, Task, k_folds,
};
use burn::tensor::Device;

fn table(name: &str, csv: String) -> Table {
    Table::from_reader(name, Cursor::new(csv), &ReadOptions::default()).unwrap()
}

fn dataset(csv: String, target: &str) -> Dataset {
    Dataset::new(table("t", csv), target, &DatasetOptions::default()).unwrap()
}

/// Houses whose price is a sum, with some noise.
pub fn houses(rows: usize) -> Dataset {
    let mut csv = "size,rooms,street,price\n".to_string();
    for row in 0..rows {
        let (size, rooms, street) = (40 + row * 37 % 113, 1 + row * 7 % 5, row % 3);
        let noise = (row * 71 % 97) as f64 / 10.0;
        let price = size as f64 * 2.0 + rooms as f64 * 15.0 + street as f64 * 20.0 + noise;
        let street = ["elm", "oak", "ash"][street];
        csv += &format!("{size},{rooms},{street},{price}\n");
    }
    dataset(csv, "price")
}

/// Flowers of two kinds, a quarter of them lilies, with a number that tells each row from the others.
fn flowers(rows: usize) -> Dataset {
    let mut csv = "id,length,width,kind\n".to_string();
    for row in 0..rows {
        let is_lily = row % 4 == 0;
        let length = (row * 7 % 10) as f64 * 0.1 + if is_lily { 1.0 } else { 1.6 };
        let width = (row % 5) as f64 * 0.2;
        let kind = if is_lily { "lily" } else { "rose" };
        csv += &format!("{row}.5,{length},{width},{kind}\n");
    }
    dataset(csv, "kind")
}

/// One small network.
pub fn one_network(epochs: usize) -> Config {
    let mut config = Config::preset(Preset::Fast);
    config.training.epochs = epochs;
    config.network.hidden = vec![8];
    config
}

/// Several small networks, without trials.
pub fn several_networks(members: usize, epochs: usize) -> Config {
    let mut config = Config::default();
    config.data.knn_features = KnnFeatures::Never;
    config.training.epochs = epochs;
    config.training.patience = 0;
    config.network.hidden = vec![8];
    config.ensemble.members = Members::Exactly(members);
    config.ensemble.folds = members;
    config
}

pub fn fit(config: &Config, data: &Dataset, context: &FitContext) -> Result<FittedModel, Error> {
    Estimator::new(config.clone()).fit(data, context)
}

pub fn bytes(model: &FittedModel) -> Vec<u8> {
    model.model().to_bytes().unwrap()
}

pub fn watched(observer: &dyn Observer) -> FitContext<'_> {
    FitContext {
        observer,
        ..FitContext::default()
    }
}

#[test]
fn events_of_one_network_come_in_order() {
    let data = houses(120);
    let seen = Mutex::new(Vec::new());
    let (batches, steps) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let observer = |event: &Event| {
        let line = match event {
            Event::NetworkStart { job, network } => {
                assert_eq!(network.target, "price");
                assert_eq!(network.widths[1..], [8, 1]);
                assert!(network.parameters > 8);
                format!("{} starts", job.name)
            }
            Event::FitStart { start, .. } => {
                steps.store(start.steps, Ordering::Relaxed);
                format!("{} and {} rows", start.rows, start.validation_rows)
            }
            Event::BatchEnd { batch, .. } => {
                assert!(batch.learning_rate > 0.0);
                batches.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Event::EpochEnd { report, scorer, .. } => {
                assert!(report.training_loss.is_finite());
                assert_eq!(scorer.score(report).unwrap().rows, 12);
                format!("epoch {}", report.epoch)
            }
            Event::FitEnd { stop, .. } => format!("ends: {stop:?}"),
            _ => return,
        };
        seen.lock().unwrap().push(line);
    };
    let model = fit(&one_network(4), &data, &watched(&observer)).unwrap();
    let expected = [
        "network starts",
        "108 and 12 rows",
        "epoch 1",
        "epoch 2",
        "epoch 3",
        "epoch 4",
        "ends: Finished",
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    let steps = steps.load(Ordering::Relaxed);
    assert!(steps > 0);
    assert_eq!(batches.load(Ordering::Relaxed), 4 * steps);
    let record = model.record().unwrap();
    assert_eq!(record.stop, StopReason::Finished);
    assert_eq!(record.networks, 1);
    assert_eq!(record.history.epochs.len(), 4);
    assert_eq!(record.validation.as_ref().unwrap().rows, 12);
}

#[test]
fn events_of_trials_and_of_an_ensemble_come_in_order() {
    let data = houses(120);
    let seen = Mutex::new(Vec::new());
    let names = Mutex::new(Vec::new());
    let observer = |event: &Event| {
        let line = match event {
            Event::SelectionStart {
                run,
                selection,
                trials,
            } => {
                assert_eq!(*selection, Selection::KnnFeatures);
                format!("{run}: {trials} trials")
            }
            Event::TrialEnd { .. } => "trial".to_string(),
            Event::Selected { run, selected } => {
                assert!(matches!(selected, Selected::KnnFeatures(_)));
                format!("{run}: selected")
            }
            Event::EnsembleStart {
                run,
                members,
                hidden,
            } => format!("{run}: {members} networks of {hidden:?}"),
            Event::MemberEnd {
                member,
                model,
                score,
                ..
            } => {
                assert!(score.is_some());
                assert_eq!(model.network.members.len(), member + 1);
                format!("member {member}")
            }
            Event::FitEnd { job, .. } => {
                names.lock().unwrap().push(job.name.clone());
                return;
            }
            _ => return,
        };
        seen.lock().unwrap().push(line);
    };
    let mut config = Config::default();
    config.training.epochs = 2;
    config.network.hidden = vec![8];
    let model = fit(&config, &data, &watched(&observer)).unwrap();
    let mut expected = vec!["network: 6 trials".to_string()];
    expected.extend(vec!["trial".to_string(); 6]);
    expected.push("network: selected".to_string());
    expected.push("network: 8 networks of [[8]]".to_string());
    expected.extend((0..8).map(|member| format!("member {member}")));
    assert_eq!(*seen.lock().unwrap(), expected);
    let mut jobs: BTreeSet<String> = BTreeSet::new();
    for (candidate, fold) in (1..=2).flat_map(|candidate| (1..=3).map(move |f| (candidate, f))) {
        jobs.insert(format!("network-trial-knn-features-{candidate}-{fold}"));
    }
    jobs.extend((1..=8).map(|member| format!("network-member-{member}")));
    let names = names.into_inner().unwrap();
    assert_eq!(names.len(), jobs.len());
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), jobs);
    let record = model.record().unwrap();
    let score = record.validation.as_ref().unwrap();
    assert_eq!(score.rows, 120);
    // The predictions that are scored are kept.
    let held_out = record.held_out.as_ref().unwrap();
    assert_eq!(held_out.rows, (0..120).collect::<Vec<_>>());
    let prices = data.table().column("price").unwrap().cells();
    let prices = prices.map(|cell| cell.number().unwrap());
    let values = held_out.predictions.values().unwrap();
    let squares = values.iter().zip(prices);
    let squares = squares.map(|(value, price)| (value - price).powi(2));
    let rmse = (squares.sum::<f64>() / 120.0).sqrt();
    assert!((rmse - score.metric("rmse").unwrap()).abs() < 1e-6 * rmse);
}

#[test]
fn a_stopped_fit_gives_the_best_network_so_far() {
    let data = houses(120);
    let stop = StopToken::new();
    let observer = |event: &Event| {
        if let Event::EpochEnd { report, .. } = event
            && report.epoch == 2
        {
            stop.stop();
        }
    };
    let context = FitContext {
        stop: stop.clone(),
        ..watched(&observer)
    };
    let model = fit(&one_network(1_000_000), &data, &context).unwrap();
    assert_eq!(model.record().unwrap().stop, StopReason::Interrupted);
    let summary = &model.model().summary;
    assert_eq!(summary.epochs, 2);
    assert!((1..=2).contains(&summary.best_epoch));
    assert_eq!(model.predict(&data).unwrap().first_not_finite(), None);
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path().join("m.safetensors")).unwrap();
}

#[test]
fn a_fit_that_is_stopped_before_its_first_epoch_has_an_untrained_network() {
    let data = houses(120);
    let context = FitContext::default();
    context.stop.stop();
    let model = fit(&one_network(5), &data, &context).unwrap();
    assert_eq!(model.model().summary.best_epoch, 0);
    assert_eq!(model.predict(&data).unwrap().first_not_finite(), None);
    // Trials have no result that could be used.
    let stopped = fit(&Config::default(), &data, &context);
    assert!(matches!(stopped, Err(Error::Interrupted)));
    let folds = Estimator::new(one_network(5)).cross_validate(&data, 3, &context);
    assert!(matches!(folds, Err(Error::Interrupted)));
}

#[test]
fn a_time_limit_ends_a_fit() {
    let data = houses(120);
    let within = |limit: Duration| FitContext {
        time_limit: Some(limit),
        ..FitContext::default()
    };
    let mut config = one_network(1_000_000);
    config.training.patience = 0;
    let started = Instant::now();
    let model = fit(&config, &data, &within(Duration::from_millis(200))).unwrap();
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(model.record().unwrap().stop, StopReason::Interrupted);
    assert_eq!(model.predict(&data).unwrap().first_not_finite(), None);
    // Without any time, only the first of several networks is begun.
    let model = fit(&several_networks(4, 1000), &data, &within(Duration::ZERO)).unwrap();
    let record = model.record().unwrap();
    assert_eq!(record.stop, StopReason::Interrupted);
    assert_eq!(record.networks, 4);
    assert!(!model.is_ensemble());
}

/// Checks that folds are scored as models that are fitted on the other rows.
fn check_cross_validation(data: &Dataset) {
    const FOLDS: usize = 3;
    let config = one_network(3);
    let estimator = Estimator::new(config.clone());
    let seen = Mutex::new(Vec::new());
    let observer = |event: &Event| {
        if let Event::FoldEnd {
            fold, folds, score, ..
        } = event
        {
            assert_eq!(*folds, FOLDS);
            seen.lock().unwrap().push((*fold, (*score).clone()));
        }
    };
    let validated = estimator
        .cross_validate(data, FOLDS, &watched(&observer))
        .unwrap();
    assert_eq!(validated.rows, data.rows());
    assert_eq!(validated.predictions.rows(), data.rows().len());
    let expected: Vec<_> = validated.scores.iter().cloned().enumerate().collect();
    assert_eq!(*seen.lock().unwrap(), expected);

    let again = estimator
        .cross_validate(data, FOLDS, &FitContext::default())
        .unwrap();
    assert_eq!(again.scores, validated.scores);
    assert_eq!(again.predictions, validated.predictions);

    let folds = k_folds(data.rows(), FOLDS, data.classes(), config.training.seed);
    for (split, score) in folds.iter().zip(&validated.scores) {
        let others = data.subset(&split.training);
        let model = fit(&config, &others, &FitContext::default()).unwrap();
        let held_out = data.table().select("fold", &split.validation).unwrap();
        assert_eq!(model.evaluate(&held_out).unwrap(), *score);
    }
}

#[test]
fn cross_validation_is_a_fit_for_each_fold() {
    check_cross_validation(&houses(90));
    check_cross_validation(&flowers(90));
}

/// The message of a config's error.
fn refused(result: Result<impl Sized, Error>) -> String {
    match result {
        Err(Error::Config(message)) => message,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("no error"),
    }
}

#[test]
fn wrong_settings_are_errors_that_say_what_to_do() {
    let message = refused(Settings::new().set("training.epoch=7"));
    assert!(
        message.contains("did you mean `training.epochs`?"),
        "{message}"
    );
    let message = refused(Settings::new().toml("[training]\nepochs = \"many\"\n"));
    assert!(message.contains("line 2"), "{message}");
    let message = refused(Settings::new().file(Path::new("nowhere.toml")));
    assert!(message.starts_with("nowhere.toml: "), "{message}");
    let zero = Settings::new().set("ensemble.members=0").unwrap();
    let message = refused(zero.over(Preset::Default));
    assert!(message.contains("ensemble.members"), "{message}");
    assert!(Settings::names().contains(&"training.epochs".to_string()));
    // Later settings replace earlier ones.
    let settings = Settings::new().set("training.epochs=7").unwrap();
    let settings = settings.toml("[training]\nepochs = 8\n").unwrap();
    assert_eq!(settings.over(Preset::Fast).unwrap().training.epochs, 8);
}

#[test]
fn settings_that_do_not_fit_the_table_are_refused_before_training() {
    let (houses, flowers) = (houses(60), flowers(60));
    let context = FitContext::default();
    let with = |change: fn(&mut Config), data: &Dataset| {
        let mut config = one_network(1);
        change(&mut config);
        refused(fit(&config, data, &context))
    };
    let message = with(|config| config.training.epochs = 0, &houses);
    assert_eq!(message, "training.epochs: must be at least 1");
    let message = with(|config| config.data.balance_classes = true, &houses);
    assert!(message.starts_with("data.balance_classes: "), "{message}");
    let tulips = |config: &mut Config| {
        config.class_weights.insert("tulip".to_string(), 2.0);
    };
    let message = with(tulips, &flowers);
    assert!(message.starts_with("class_weights.tulip: "), "{message}");
    let estimator = Estimator::new(one_network(1));
    for folds in [0, 1, 61] {
        let message = refused(estimator.cross_validate(&houses, folds, &context));
        assert!(
            message.starts_with(&format!("{folds} folds: ")),
            "{message}"
        );
    }
    let mut config = one_network(1);
    let no_column = "rent".to_string();
    config.columns.insert(no_column, ColumnKind::Categorical);
    let error = fit(&config, &houses, &context).unwrap_err();
    assert!(matches!(error, Error::Table(_)), "{error}");
}

#[test]
fn columns_that_a_dataset_cannot_have_are_refused() {
    let whole = houses(60);
    let new = |target: &str, options: DatasetOptions| {
        Dataset::new(whole.table().clone(), target, &options).unwrap_err()
    };
    let error = new("prise", DatasetOptions::default());
    assert!(matches!(error, Error::Table(_)), "{error}");
    let weight = DatasetOptions {
        weight: Some("price".to_string()),
        ..DatasetOptions::default()
    };
    let error = new("price", weight);
    assert!(matches!(error, Error::Config(_)), "{error}");
    let text = DatasetOptions {
        task: Some(Task::Regression),
        ..DatasetOptions::default()
    };
    let error = new("street", text).to_string();
    assert!(error.contains("which is not a number"), "{error}");
}

#[test]
fn a_split_is_stratified_and_its_parts_do_not_overlap() {
    let data = flowers(200);
    let (train, test) = data.split(0.2, 7).unwrap();
    assert_eq!((train.rows().len(), test.rows().len()), (160, 40));
    let lilies = |part: &Dataset| {
        let classes = part.classes().unwrap();
        classes.iter().filter(|class| **class == 0).count()
    };
    assert_eq!((lilies(&train), lilies(&test)), (40, 10));
    let ids = |part: &Dataset| part.table().numbers("id").unwrap();
    let mut all = [ids(&train), ids(&test)].concat();
    all.sort_by(f64::total_cmp);
    let expected: Vec<f64> = (0..200).map(|row| f64::from(row) + 0.5).collect();
    assert_eq!(all, expected);
    let (_, again) = data.split(0.2, 7).unwrap();
    assert_eq!(ids(&again), ids(&test));
    let (_, other) = data.split(0.2, 8).unwrap();
    assert_ne!(ids(&other), ids(&test));
}

#[test]
fn a_model_that_was_saved_predicts_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    for (data, config) in [
        (houses(120), one_network(3)),
        (flowers(120), one_network(3)),
        (houses(120), several_networks(3, 3)),
    ] {
        let model = fit(&config, &data, &FitContext::default()).unwrap();
        assert_eq!(model.save(&path).unwrap(), path);
        let loaded = FittedModel::load(&path, Device::default()).unwrap();
        assert!(loaded.record().is_none());
        assert_eq!(
            loaded.predict(&data).unwrap(),
            model.predict(&data).unwrap()
        );
        assert_eq!(
            loaded.evaluate(&data).unwrap(),
            model.evaluate(&data).unwrap()
        );
        assert!(bytes(&loaded) == bytes(&model));
    }
}

#[test]
fn intervals_hold_as_many_values_as_they_say() {
    let (train, test) = houses(300).split(0.4, 1).unwrap();
    let config = several_networks(4, 20);
    let model = fit(&config, &train, &FitContext::default()).unwrap();
    let intervals = |coverage: f64| model.predict_interval(&test, coverage).unwrap().unwrap();
    let truth = test.table().numbers("price").unwrap();
    let (narrow, wide) = (intervals(0.5), intervals(0.9));
    let held = wide
        .iter()
        .zip(&truth)
        .filter(|([low, high], value)| low <= *value && *value <= high)
        .count();
    let share = held as f64 / truth.len() as f64;
    assert!((0.8..=1.0).contains(&share), "{share}");
    for (narrow, wide) in narrow.iter().zip(&wide) {
        assert!(wide[0] <= narrow[0] && narrow[0] <= narrow[1] && narrow[1] <= wide[1]);
    }
    let score = model.evaluate(&test).unwrap();
    let reliability = |weights: Option<&[f64]>| {
        let found = score.reliability(model.predictor(), test.table(), weights);
        found.unwrap().unwrap()
    };
    let coverage = |value, weighted| Reliability {
        measure: ReliabilityMeasure::Coverage,
        value,
        weighted,
    };
    assert_eq!(reliability(None), coverage(share, false));
    // Rows beyond their interval count nothing.
    let is_held = |([low, high], value): (&[f64; 2], &f64)| low <= value && value <= high;
    let held = wide.iter().zip(&truth).map(is_held);
    let weights: Vec<f64> = held.map(|held| f64::from(u8::from(held))).collect();
    assert_eq!(reliability(Some(&weights)), coverage(1.0, true));
    assert!(model.predict_interval(&test, 0.4).is_err());
    let data = flowers(60);
    let classes = fit(&one_network(1), &data, &FitContext::default()).unwrap();
    assert!(classes.predict_interval(&data, 0.9).is_err());
}

#[test]
fn kinds_of_columns_may_be_set_in_the_config_alone() {
    let mut csv = "zip,size,rent\n".to_string();
    for row in 0..100 {
        let (zip, size) = (row % 4, 30 + row * 37 % 91);
        let rent = size as f64 * 2.5 + [0.0, 90.0, 10.0, 60.0][zip];
        csv += &format!("{},{size},{rent}\n", 1010 * (zip + 1));
    }
    let table = table("flats", csv);
    let mut config = one_network(3);
    let plain = Dataset::new(table.clone(), "rent", &DatasetOptions::default()).unwrap();
    let context = FitContext::default();
    let kind = |model: &FittedModel| model.model().schema.column("zip").unwrap().kind;
    let inferred = fit(&config, &plain, &context).unwrap();
    assert_eq!(kind(&inferred), ColumnKind::Numeric);

    let zip = "zip".to_string();
    config.columns.insert(zip, ColumnKind::Categorical);
    let by_config = fit(&config, &plain, &context).unwrap();
    assert_eq!(kind(&by_config), ColumnKind::Categorical);
    let options = DatasetOptions {
        columns: config.columns.clone(),
        ..DatasetOptions::default()
    };
    let both = Dataset::new(table, "rent", &options).unwrap();
    let by_both = fit(&config, &both, &context).unwrap();
    assert!(bytes(&by_config) == bytes(&by_both));
    // Rows that were left out stay out.
    let rows: Vec<usize> = (0..50).collect();
    let model = fit(&config, &plain.subset(&rows), &context).unwrap();
    let summary = &model.model().summary;
    assert_eq!(summary.training_rows + summary.validation_rows, 50);
}
