//! Models that are trained further on new rows.

#![cfg(feature = "train")]

use backburn::{
    Config, Dataset, Device, Diagnosis, Error, Estimator, FitContext, FittedModel, Follow,
    KnnFeatures, Members, Memory, Preset, Remember, SavedModel, SelectedDevice, Settings,
    StoredRows, Table, TableBuilder, TargetTransform, Update, UpdateOptions,
};

/// Numbers that look random, from 0 to 1.
fn noise(n: usize, salt: usize) -> f64 {
    let number = (n + 1_000_003 * salt + 1) as u64;
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f64 / (1u64 << 24) as f64
}

/// `y = slope x`, with a little noise.
fn line(name: &str, rows: usize, slope: f64, salt: usize) -> Table {
    let x: Vec<f64> = (0..rows).map(|n| 2.0 * noise(n, salt) - 1.0).collect();
    let y: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(n, x)| slope * x + 0.1 * noise(n, salt + 1))
        .collect();
    let z: Vec<f64> = (0..rows).map(|n| noise(n, salt + 2)).collect();
    let table = TableBuilder::new(name).numbers("x", x).numbers("z", z);
    table.numbers("y", y).build().unwrap()
}

/// Points around a center for each class.
fn blobs(name: &str, rows: usize, classes: &[usize], salt: usize) -> Table {
    let class = |n: usize| classes[n % classes.len()];
    let at = |n: usize, side: usize| {
        let center = [[-3.0, -3.0], [3.0, -3.0], [-3.0, 3.0], [3.0, 3.0]];
        center[class(n)][side] + 2.0 * noise(n, salt + side) - 1.0
    };
    TableBuilder::new(name)
        .numbers("a", (0..rows).map(|n| at(n, 0)))
        .numbers("b", (0..rows).map(|n| at(n, 1)))
        .text("y", (0..rows).map(|n| ["p", "q", "r", "s"][class(n)]))
        .build()
        .unwrap()
}

fn config(members: usize) -> Config {
    let mut config = Config::preset(Preset::Fast);
    config.network.hidden = vec![16];
    config.training.epochs = 60;
    config.training.patience = 0;
    config.data.knn_features = KnnFeatures::Never;
    config.data.target_transform = TargetTransform::Standard;
    config.data.clip_predictions = true;
    config.ensemble.members = Members::Exactly(members);
    config
}

fn fitted(table: &Table, members: usize) -> FittedModel {
    let data = Dataset::new(table.clone(), "y", &Default::default()).unwrap();
    let estimator = Estimator::new(config(members));
    estimator.fit(&data, &FitContext::default()).unwrap()
}

fn update(model: &FittedModel, new: &Table, remember: Option<&str>) -> Update {
    let options = UpdateOptions {
        remember: remember.map(|text| text.parse().unwrap()),
        ..UpdateOptions::default()
    };
    let updated = model.update(new, &options, &FitContext::default());
    updated.unwrap()
}

fn rmse(model: &FittedModel, table: &Table) -> f64 {
    model.evaluate(table).unwrap().metric("rmse").unwrap()
}

fn accuracy(model: &FittedModel, table: &Table) -> f64 {
    model.evaluate(table).unwrap().metric("accuracy").unwrap()
}

/// A model of a rising line that keeps all it could need.
fn of_rising_line(remember: &str) -> (FittedModel, Table) {
    let (old, test) = (line("old", 400, 1.0, 1), line("test", 100, 1.0, 50));
    let mut model = fitted(&old, 1);
    let remember: Remember = remember.parse().unwrap();
    model.keep_memory(&old, &test, &remember).unwrap();
    (model, test)
}

#[test]
fn what_contradicts_old_rows_is_forgotten_unless_they_are_protected() {
    let (model, test) = of_rising_line("replay=300,ewc=1");
    let falling = line("falling", 400, -1.0, 9);
    let before = rmse(&model, &test);
    let naive = update(&model, &falling, Some("none"));
    let of_naive = rmse(&naive.model, &test);
    assert!(of_naive > 4.0 * before, "{before} {of_naive}");
    // What was trained on with what chose the epoch, and what scores the task, are all rows; the last two are held out.
    let last = naive.model.model().summary.memory.as_ref().unwrap();
    let scored = last.tasks[1].held_out;
    assert_eq!(naive.rows + scored, falling.rows());
    let validation = naive.model.model().summary.validation_rows;
    assert_eq!(naive.held_out.len(), validation + scored);
    assert!(naive.held_out.is_sorted_by(|a, b| a < b));
    assert!(naive.held_out.last() < Some(&falling.rows()));
    assert_eq!(naive.history.epochs.len(), naive.epochs.0);
    let finding = naive.findings.first().expect("a finding");
    assert_eq!(finding.name, Diagnosis::Forgetting);
    assert!(finding.remedy.contains("--remember replay"));
    let forgetting = naive.forgetting.unwrap();
    assert_eq!(forgetting.tasks.len(), 2);
    assert_eq!(forgetting.tasks[0].scores.len(), 2);
    assert!((forgetting.tasks[0].scores[1].unwrap() - of_naive).abs() < 0.01 * of_naive);

    let replayed = update(&model, &falling, Some("replay=300"));
    assert!(replayed.replayed > 250, "{}", replayed.replayed);
    let of_replay = rmse(&replayed.model, &test);
    assert!(of_replay < 0.8 * of_naive, "{of_replay} {of_naive}");

    let held = update(&model, &falling, Some("ewc=1000000"));
    let of_ewc = rmse(&held.model, &test);
    assert!(of_ewc < 0.5 * of_naive, "{of_ewc} {of_naive}");
}

#[test]
fn new_classes_and_categories_are_learned_beside_the_old_ones() {
    let old = blobs("old", 300, &[0, 1], 3);
    let test = blobs("test", 80, &[0, 1], 70);
    for members in [1, 2] {
        let mut model = fitted(&old, members);
        model.keep_memory(&old, &test, &Remember::REPLAY).unwrap();
        assert!(accuracy(&model, &test) > 0.95);
        let new = blobs("new", 200, &[2, 3], 5);
        let update = update(&model, &new, None);
        assert_eq!(update.new.classes, ["r", "s"]);
        assert_eq!(update.model.classes().unwrap(), ["p", "q", "r", "s"]);
        assert_eq!(update.before.unwrap().metric("accuracy"), Some(0.0));
        let fresh = blobs("fresh", 80, &[2, 3], 90);
        assert!(accuracy(&update.model, &fresh) > 0.9);
        assert!(accuracy(&update.model, &test) > 0.9);
        // Every network has changed.
        let weights = |model: &FittedModel, member: usize| {
            let network = &model.model().network.members[member];
            let weight = network.output.weight.val().into_data();
            weight.iter::<f32>().take(4).collect::<Vec<f32>>()
        };
        for member in 0..members {
            assert_ne!(weights(&update.model, member), weights(&model, member));
        }
    }
}

#[test]
fn the_memory_is_in_the_file_and_an_update_from_the_file_is_the_same() {
    let (model, _) = of_rising_line("replay=50,ewc");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("line.safetensors");
    model.save(&path).unwrap();
    let loaded = FittedModel::load(&path, SelectedDevice::from(Device::flex())).unwrap();
    let memory = |model: &FittedModel| model.model().summary.memory.clone().unwrap();
    assert_eq!(memory(&loaded), memory(&model));
    assert_eq!(memory(&loaded).rows(), 50 + 100);
    assert_eq!(memory(&loaded).seen, 400);
    let steep = line("steep", 120, 2.0, 4);
    let [a, b] = [&model, &loaded].map(|model| update(model, &steep, None));
    let bytes = |update: &Update| update.model.model().to_bytes().unwrap();
    assert_eq!(bytes(&a), bytes(&b));
    // The sample is of all rows so far.
    let after = memory(&a.model);
    assert_eq!((after.replay.rows(), after.tasks.len()), (50, 2));
    assert!(after.seen > 480 && after.replay.of_task(1).rows() > 0);
}

#[test]
fn a_damaged_memory_is_refused() {
    let (model, _) = of_rising_line("replay=50,ewc");
    let damage: [fn(&mut Memory); 5] = [
        // A row of a task that there is not, and one of too few numbers.
        |memory| {
            let inputs = memory.held_out.inputs(0).to_vec();
            memory.held_out.push(9, 0.0, 1.0, &inputs);
        },
        |memory| memory.replay = StoredRows::new(1),
        |memory| memory.fisher.push(Vec::new()),
        |memory| memory.tasks[0].scores.clear(),
        |memory| memory.remember.replay = Some(0),
    ];
    for (number, damage) in damage.into_iter().enumerate() {
        let mut damaged = model.model().clone();
        let memory = damaged.summary.memory.as_mut().unwrap();
        damage(memory);
        if number == 1 {
            memory.replay.push(0, 0.0, 1.0, &[0.0]);
        }
        let bytes = damaged.to_bytes().unwrap();
        let read = SavedModel::from_bytes("damaged", bytes, &Device::flex());
        assert!(read.is_err(), "damage {number} is not found");
    }
}

#[test]
fn a_model_without_a_memory_is_told_what_is_missing() {
    let old = line("old", 200, 1.0, 1);
    let model = fitted(&old, 1);
    let new = line("new", 100, 1.5, 2);
    for remember in ["replay", "ewc"] {
        let options = UpdateOptions {
            remember: Some(remember.parse().unwrap()),
            ..UpdateOptions::default()
        };
        let error = model.update(&new, &options, &FitContext::default());
        let error = error.unwrap_err().to_string();
        assert!(error.contains("--old-rows TABLE"), "{error}");
        let options = UpdateOptions {
            old_rows: Some(old.clone()),
            ..options
        };
        let update = model.update(&new, &options, &FitContext::default());
        assert_eq!(update.unwrap().forgetting.unwrap().tasks.len(), 2);
    }
    let plain = update(&model, &new, None);
    assert_eq!(plain.forgetting, None);
    assert_eq!(plain.model.model().summary.memory, None);
    assert!(rmse(&plain.model, &new) < rmse(&model, &new));
}

#[test]
fn drifted_values_are_said_and_can_be_predicted() {
    let model = fitted(&line("old", 300, 1.0, 1), 1);
    let far = |salt: usize| {
        let x: Vec<f64> = (0..200).map(|n| 4.0 + noise(n, salt)).collect();
        let y: Vec<f64> = x.iter().map(|x| x * 1.0).collect();
        let z: Vec<f64> = (0..200).map(|n| noise(n, salt + 2)).collect();
        let table = TableBuilder::new("far").numbers("x", x).numbers("z", z);
        table.numbers("y", y).build().unwrap()
    };
    let update = update(&model, &far(7), None);
    let notes = update.notes.join("\n");
    assert!(
        notes.contains("`x` is outside the range of training"),
        "{notes}"
    );
    let (before, after) = (rmse(&model, &far(8)), rmse(&update.model, &far(8)));
    assert!(after < 0.5 * before, "{before} {after}");
    // The next update knows these values.
    let again = self::update(&update.model, &far(9), None);
    assert!(again.notes.is_empty(), "{:?}", again.notes);
}

#[test]
fn settings_of_the_model_hold_and_can_be_changed() {
    let model = fitted(&line("old", 200, 1.0, 1), 1);
    let options = UpdateOptions {
        settings: Settings::new().set("training.epochs=3").unwrap(),
        ..UpdateOptions::default()
    };
    let new = line("new", 100, 1.5, 2);
    let short = model.update(&new, &options, &FitContext::default());
    assert_eq!(short.unwrap().epochs.0, 3);
    assert_eq!(update(&model, &new, None).epochs.0, 60);
}

#[test]
fn a_window_is_left_out_where_the_run_is_stopped() {
    let (model, _) = of_rising_line("none");
    let steep = |salt: usize| line("steep", 128, 3.0, salt);
    let mut follow = Follow::new(model, UpdateOptions::default()).unwrap();
    follow.learn(&steep(20), &FitContext::default()).unwrap();
    let expected = rmse(follow.model(), &steep(30));
    let context = FitContext::default();
    context.stop.stop();
    let stopped = follow.learn(&steep(21), &context);
    assert!(matches!(stopped, Err(Error::Interrupted)), "{stopped:?}");
    assert_eq!(rmse(follow.model(), &steep(30)), expected);
    assert_eq!(follow.into_update().unwrap().rows, 128);
}

#[test]
fn a_stream_is_scored_before_it_is_learned() {
    let (model, _) = of_rising_line("none");
    let steep = |salt: usize| line("steep", 128, 3.0, salt);
    let expected = rmse(&model, &steep(20));
    let mut follow = Follow::new(model.clone(), UpdateOptions::default()).unwrap();
    let mut scores = Vec::new();
    for salt in 0..6 {
        let window = follow.learn(&steep(20 + salt), &FitContext::default());
        scores.push(window.unwrap().score.unwrap());
    }
    assert!((scores[0] - expected).abs() < 1e-4, "{scores:?} {expected}");
    assert!(scores[5] < 0.5 * scores[0], "{scores:?}");
    let update = follow.into_update().unwrap();
    assert_eq!(update.rows, 6 * 128);
    // All windows are one task.
    let forgetting = update.forgetting.unwrap();
    assert_eq!(forgetting.tasks.len(), 2);
    assert_eq!(forgetting.tasks[0].scores.len(), 2);
    let settings = &update.model.model().summary.settings;
    assert_eq!(*settings, model.model().summary.settings);
}
