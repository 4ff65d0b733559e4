//! Training on the page: the built-in tables are learned, and the page trains as the library does.

use backburn::{Predictor, SavedModel, Settings as LibrarySettings, Table};
use backburn_playground::{Answer, Playground, Unit, datasets, presets};
use burn::tensor::Device;

#[test]
fn spiral_and_circles_are_learned_to_95_percent_and_xor_to_100() {
    for (name, epochs, wanted) in [
        ("spiral", 300, 0.95),
        ("circles", 100, 0.95),
        ("xor", 100, 1.0),
    ] {
        let mut playground = Playground::open(name, "{}").unwrap();
        let progress = playground.train(Unit::Epoch, epochs);
        let score = progress.score.unwrap();
        assert!(score >= wanted, "{name}: {score}");
        assert_eq!(progress.epoch, epochs);
    }
}

#[test]
fn every_table_opens_with_its_settings_and_its_loss_falls() {
    for built_in in datasets() {
        let mut playground = Playground::open(built_in.name, "{}").unwrap();
        let about = playground.about();
        assert_eq!(about.rows, built_in.rows, "{}", built_in.name);
        assert_eq!(about.task.to_string(), built_in.task);
        assert_eq!(about.inputs.len(), about.layers[0]);
        assert!(about.validation_rows > 0);
        let columns: std::collections::BTreeSet<&str> = about
            .inputs
            .iter()
            .map(|input| input.column.as_str())
            .collect();
        assert!(columns.len() <= built_in.inputs);
        let first = playground.train(Unit::Epoch, 1).loss.unwrap();
        let last = playground.train(Unit::Epoch, 10).loss.unwrap();
        assert!(last < first, "{}: {first} to {last}", built_in.name);
        let curve = playground.curve();
        assert_eq!(curve.epoch, (1..=11).collect::<Vec<_>>());
        assert_eq!(curve.validation_loss.iter().flatten().count(), 11);
    }
}

#[test]
fn a_batch_changes_the_weights_by_the_gradient_that_is_shown() {
    let settings = r#"{"optimizer": "sgd", "learning_rate": 0.25, "hidden": [5]}"#;
    for unit in [Unit::Row, Unit::Batch] {
        let mut playground = Playground::open("houses", settings).unwrap();
        let before = playground.network();
        playground.train(unit, 1);
        let after = playground.network();
        assert_eq!(after.rows, if unit == Unit::Row { 1 } else { 16 });
        for (before, after) in before.layers.iter().zip(&after.layers) {
            let weights = before
                .weights
                .iter()
                .flatten()
                .zip(after.weights.iter().flatten());
            for ((old, new), gradient) in weights.zip(after.gradient.iter().flatten()) {
                assert!(
                    (old - 0.25 * gradient - new).abs() < 1e-5 * new.abs().max(1.0),
                    "{old} {new} {gradient}"
                );
            }
        }
    }
}

#[test]
fn a_chosen_row_is_trained_on_by_its_own_gradient() {
    let settings = r#"{"optimizer": "sgd", "learning_rate": 0.01, "hidden": [4]}"#;
    let mut playground = Playground::open("houses", settings).unwrap();
    playground.train(Unit::Batch, 2);
    let batch = playground.progress().batch;
    for index in [7, 7, 0] {
        let before = playground.row(index).unwrap();
        let edge = playground.edge(index, 0, 1, 0).unwrap();
        let progress = playground.train_row(index).unwrap();
        assert_eq!(progress.batch, batch);
        assert!((progress.loss.unwrap() - before.loss).abs() < 1e-4);
        let after = playground.row(index).unwrap();
        assert!(after.loss < before.loss, "{} {}", before.loss, after.loss);
        let weight = playground.edge(index, 0, 1, 0).unwrap().weight;
        let difference = (weight - edge.new_weight).abs();
        assert!(
            difference < 1e-6 * weight.abs().max(1.0),
            "{weight} {edge:?}"
        );
    }
    let about = playground.about();
    let validation = about.rows - about.validation_rows;
    for (index, words) in [(validation, "validation row"), (about.rows, "row")] {
        let error = playground.train_row(index).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let settings = r#"{"normalization": "batch"}"#;
    let mut normalized = Playground::open("houses", settings).unwrap();
    assert!(normalized.train_row(0).is_err());
}

#[test]
fn a_saved_model_predicts_as_the_page_does() {
    for (name, settings) in [
        ("houses", r#"{"normalization": "batch"}"#),
        ("penguins", r#"{"hidden": [6]}"#),
    ] {
        let mut playground = Playground::open(name, settings).unwrap();
        playground.train(Unit::Epoch, 5);
        let device = Device::flex();
        let model = SavedModel::from_bytes("page", playground.model().unwrap(), &device).unwrap();
        let predictor = Predictor::new(model, &device);
        let row = playground.row(4).unwrap();
        let names: Vec<&str> = row.cells.iter().map(|cell| cell.column.as_str()).collect();
        let texts: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
        let csv = format!("{}\n{}\n", names.join(","), texts.join(","));
        let table =
            Table::from_reader("row", std::io::Cursor::new(csv), &Default::default()).unwrap();
        let predictions = predictor.predict_table(&table).unwrap();
        match row.prediction {
            Answer::Number(number) => {
                let predicted = predictions.values().unwrap()[0];
                assert!(
                    (predicted - number).abs() < 1e-5 * number.abs(),
                    "{predicted} {number}"
                );
            }
            Answer::Class(class) => {
                assert_eq!(predictions.labels(), [class]);
                for (a, b) in predictions
                    .probabilities(0)
                    .unwrap()
                    .iter()
                    .zip(&row.probabilities)
                {
                    assert!((a - b).abs() < 1e-5, "{a} {b}");
                }
            }
        }
    }
}

#[test]
fn settings_are_a_config_file_of_the_library() {
    let mut playground = Playground::open("seeds", r#"{"hidden": [6, 5], "seed": 3}"#).unwrap();
    playground.train(Unit::Epoch, 4);
    let config = LibrarySettings::new()
        .toml(&playground.settings_toml())
        .unwrap();
    let config = config.over(backburn::Preset::Default).unwrap();
    assert_eq!(config.network.hidden, [6, 5]);
    assert_eq!((config.training.epochs, config.training.seed), (4, 3));
}

#[test]
fn sick_networks_have_their_finding_and_its_remedy_changes_settings() {
    for (name, finding, epochs) in [
        ("vanishing", "vanishing gradients", 10),
        ("exploding", "exploding gradients", 10),
        ("dead-relu", "dead ReLUs", 20),
        ("saturated", "saturated units", 10),
        ("rate-too-high", "learning rate too high", 60),
        ("rate-too-low", "learning rate too low", 210),
        ("overfitting", "overfitting", 300),
    ] {
        let preset = presets()
            .into_iter()
            .find(|preset| preset.name == name)
            .unwrap();
        let settings = serde_json::to_string(&preset.settings).unwrap();
        let mut playground = Playground::open(preset.dataset, &settings).unwrap();
        playground.train(Unit::Epoch, epochs);
        let findings = playground.findings();
        let found = findings
            .iter()
            .find(|found| found.name.to_string() == finding);
        let found = found.unwrap_or_else(|| panic!("{name}: {findings:?}"));
        assert!(!found.settings.is_empty(), "{name}: {found:?}");
        let settings = serde_json::to_string(&found.settings).unwrap();
        playground.restart(&settings).unwrap();
        assert_eq!(playground.progress().epoch, 0);
    }
}

#[test]
fn healthy_networks_have_no_finding() {
    for name in ["spiral", "circles", "xor", "line"] {
        let mut playground = Playground::open(name, "{}").unwrap();
        for _ in 0..5 {
            playground.train(Unit::Epoch, 20);
            let findings = playground.findings();
            assert!(findings.is_empty(), "{name}: {findings:?}");
        }
    }
}

#[test]
fn the_other_presets_train() {
    for preset in presets() {
        let settings = serde_json::to_string(&preset.settings).unwrap();
        let mut playground = Playground::open(preset.dataset, &settings).unwrap();
        playground.train(Unit::Row, 3);
        playground.train(Unit::Batch, 3);
        playground.train(Unit::Epoch, 1);
        assert_eq!(
            playground.network().layers.len(),
            playground.gradient_flow().len()
        );
    }
}

#[test]
fn a_loss_that_is_not_finite_ends_training() {
    let settings = r#"{"optimizer": "sgd", "learning_rate": 1.0, "activation": "relu",
        "initializer": "normal(0, 1000)", "hidden": [32, 32, 32]}"#;
    let mut playground = Playground::open("line", settings).unwrap();
    assert!(playground.train(Unit::Epoch, 50).diverged);
    let found = playground.findings();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(playground.model().is_err());
    // NaN is `null` in JSON.
    assert!(
        serde_json::to_string(&playground.network())
            .unwrap()
            .contains("null")
    );
    playground
        .restart(r#"{"initializer": "auto", "learning_rate": 0.01}"#)
        .unwrap();
    assert!(!playground.train(Unit::Epoch, 2).diverged);
}

#[test]
fn the_plane_has_a_surface_and_points() {
    let mut playground = Playground::open("xor", "{}").unwrap();
    playground.train(Unit::Epoch, 60);
    let [min_x, max_x, min_y, max_y] = playground.domain().unwrap();
    assert!(min_x < -1.0 && max_x > 1.0 && min_y < -1.0 && max_y > 1.0);
    let surface = playground.surface(10);
    assert_eq!(surface.len(), 100);
    // The lower left corner is of the first class, and the lower right corner of the second.
    assert!(
        surface[0] < 0.5 && surface[9] > 0.5,
        "{} {}",
        surface[0],
        surface[9]
    );
    let points = playground.points(50);
    assert_eq!((points.x.len(), points.target.len()), (50, 50));
    assert!(points.is_validation.contains(&true));
    let right = points
        .target
        .iter()
        .zip(&points.predicted)
        .filter(|(a, b)| a == b);
    assert!(right.count() >= 48);
    let houses = Playground::open("houses", "{}").unwrap();
    assert!(houses.surface(10).is_empty() && houses.points(5).x.is_empty());
    assert!(
        houses
            .points(5)
            .target
            .iter()
            .all(|price| *price > 10_000.0)
    );
}

#[test]
fn attributions_add_up_to_the_prediction() {
    let mut playground = Playground::open("houses", "{}").unwrap();
    playground.train(Unit::Epoch, 5);
    let parts = playground.attribution(0).unwrap();
    let mut columns: Vec<&str> = parts.iter().map(|part| part.column.as_str()).collect();
    columns.sort_unstable();
    assert_eq!(columns, ["bedrooms", "location", "square feet"]);
    assert!(parts.iter().any(|part| part.contribution != 0.0));
}
