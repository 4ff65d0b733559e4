//! Inputs from the rows nearest in some columns: found, encoded, saved, and the same for any row alone.

use std::collections::BTreeMap;
use std::io::Cursor;

use backburn::{ModelFileError, Predictor, SavedModel};
use backburn_explain::Explainer;
use backburn_model::MlpConfig;
use backburn_preprocessing::{Encoder, EncoderOptions, KnnFitInput, Predictions, Target, Task};
use backburn_table::{ReadOptions, Schema, Table};
use backburn_tests::saved_model;
use burn::tensor::Device;

/// The price jumps from one square of a chessboard to the next; what else there is tells nothing.
fn table(rows: usize) -> Table {
    let mut csv = "x,size,y,price\n".to_string();
    for row in 0..rows {
        let part = |prime: usize| (row * prime % 9973) as f64 / 9973.0;
        let (x, y, size) = (part(7919) * 6.0, part(6007) * 6.0, part(3571));
        let black = (x.floor() + y.floor()) % 2.0;
        csv += &format!("{x},{size},{y},{}\n", 100.0 + 50.0 * black);
    }
    let bytes = Cursor::new(csv.into_bytes());
    Table::from_reader("squares.csv", bytes, &ReadOptions::default()).unwrap()
}

/// Which rows are near ones.
#[derive(Clone, Copy, Debug)]
enum Near {
    InPairs,
    InAllColumns,
}

const BOTH: [Near; 2] = [Near::InPairs, Near::InAllColumns];

fn model(table: &Table, training: &[usize], near: Near) -> (SavedModel, Vec<f32>) {
    let schema = Schema::infer(table, &BTreeMap::new()).unwrap();
    let options = EncoderOptions::default();
    let (encoder, _) = Encoder::fit(table, &schema, &["price"], training, &options).unwrap();
    let target = Target::fit(table, "price", Task::Regression, training, training).unwrap();
    let numbers = encoder.encode(table).unwrap();
    let values = target.values(table).unwrap().into_iter();
    let outputs: Vec<f32> = values.map(|value| target.scale(value) as f32).collect();
    let from = KnnFitInput {
        targets: &outputs,
        outputs: 1,
        training,
        copies: None,
        options: &options,
    };
    let (encoder, numbers) = match near {
        Near::InPairs => encoder.with_neighbor_features(numbers, &from),
        Near::InAllColumns => encoder.with_knn_features(numbers, &from),
    };
    let config = MlpConfig::new(encoder.inputs(), 1).with_hidden([8]);
    let device = Device::default();
    device.seed(5);
    let network = config.init(&device).unwrap();
    let model = saved_model(network, config, schema, encoder, target);
    (model, numbers)
}

#[test]
fn near_rows_that_are_alike_are_found_and_tell_the_price() {
    let table = table(3000);
    let training: Vec<usize> = (0..2500).collect();
    for near in BOTH {
        tell_the_price(&table, &training, near);
    }
}

fn tell_the_price(table: &Table, training: &[usize], near: Near) {
    let (model, numbers) = model(table, training, near);
    let [neighbours] = model.encoder.knn_features.as_slice() else {
        panic!("{:?}", model.encoder.knn_features);
    };
    let (columns, fewest): (&[&str], usize) = match near {
        Near::InPairs => (&["x", "y"], 425),
        // Of houses of one size there are fewer nearby.
        Near::InAllColumns => (&["x", "size", "y"], 375),
    };
    assert_eq!(neighbours.columns, columns);
    let width = model.encoder.width();
    assert_eq!(numbers.len(), 3000 * width);
    // New rows are encoded as new ones; those learned from without their own price.
    let encoded = model.encoder.encode(table).unwrap();
    assert_eq!(encoded[2500 * width..], numbers[2500 * width..]);
    assert_ne!(encoded[..2500 * width], numbers[..2500 * width]);
    let (_, place) = &model.encoder.knn_ranges()[0];
    let prices = model.target.values(table).unwrap();
    let right = (2500..3000).filter(|row| {
        let mean = encoded[row * width + place.start];
        (mean > 0.0) == (prices[*row] > 125.0)
    });
    assert!(right.count() > fewest, "most near rows are on one square");
}

#[test]
fn a_model_with_neighbours_is_loaded_as_it_was_and_answers_row_by_row() {
    let table = table(1500);
    let training: Vec<usize> = (0..1500).collect();
    for near in BOTH {
        is_loaded_and_answers(&table, &training, near);
    }
}

fn is_loaded_and_answers(table: &Table, training: &[usize], near: Near) {
    let (model, _) = model(table, training, near);
    assert_eq!(model.encoder.knn_features.len(), 1);
    let bytes = model.to_bytes().unwrap();
    let device = Device::default();
    let loaded = SavedModel::from_bytes("model", bytes.clone(), &device).unwrap();
    assert_eq!(loaded.encoder, model.encoder);
    assert_eq!(loaded.to_bytes().unwrap(), bytes, "one model, one file");
    let predictor = Predictor::new(loaded, &device);
    let Predictions::Values(together) = predictor.predict_table(table).unwrap() else {
        panic!("numbers");
    };
    let rows = predictor.rows();
    let columns: Vec<_> = rows
        .columns()
        .map(|name| table.column(name).unwrap())
        .collect();
    let cells: Vec<Vec<_>> = columns
        .iter()
        .map(|column| column.cells().collect())
        .collect();
    for row in [0, 1, 700, 1499] {
        let cells: Vec<_> = cells.iter().map(|cells| cells[row]).collect();
        let alone = rows.predict(&cells).unwrap();
        assert_eq!(alone, Predictions::Values(vec![together[row]]));
    }
    // What neighbours add is their columns'.
    let explainer = Explainer::new(predictor.model(), table, &device).unwrap();
    let explained = &explainer.explain_rows(&[3])[0];
    assert_eq!(explained.contributions.len(), 3);
    assert!(!explained.has_remainder(), "{explained:?}");
}

#[test]
fn a_file_without_the_places_is_damaged() {
    let table = table(1500);
    let training: Vec<usize> = (0..1500).collect();
    let (model, _) = model(&table, &training, Near::InPairs);
    let bytes = model.to_bytes().unwrap();
    let text = b"\"neighbours.0\"";
    let place = bytes.windows(text.len()).position(|w| w == text).unwrap();
    let mut renamed = bytes.clone();
    renamed[place + 1] = b'N';
    let error = SavedModel::from_bytes("model", renamed, &Device::default()).unwrap_err();
    assert!(matches!(error, ModelFileError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("neighbours.0"), "{error}");
}

#[test]
fn pairs_and_all_columns_go_together() {
    let table = table(1500);
    let training: Vec<usize> = (0..1400).collect();
    let (model, numbers) = model(&table, &training, Near::InPairs);
    let outputs: Vec<f32> = (0..1500).map(|row| (row % 7) as f32).collect();
    let options = EncoderOptions::default();
    let from = KnnFitInput {
        targets: &outputs,
        outputs: 1,
        training: &training,
        copies: None,
        options: &options,
    };
    let before = model.encoder.width();
    let pairs_alone = numbers.clone();
    let (encoder, numbers) = model.encoder.with_knn_features(numbers, &from);
    assert_eq!(encoder.knn_features.len(), 2);
    let width = encoder.width();
    assert!(width > before);
    let rows = numbers.chunks(width).zip(pairs_alone.chunks(before));
    for (with, without) in rows {
        assert_eq!(with[..before], *without, "what was there stays");
    }
    let encoded = encoder.encode(&table).unwrap();
    assert_eq!(encoded[1400 * width..], numbers[1400 * width..]);
}

#[test]
fn a_class_that_no_kept_row_has_leaves_the_others() {
    let table = table(1500);
    let training: Vec<usize> = (0..1400).collect();
    let (model, numbers) = model(&table, &training, Near::InPairs);
    // Of three outputs the last is never there.
    let outputs = (0..1500).flat_map(|row| [(row % 2) as f32, 1.0 - (row % 2) as f32, 0.0]);
    let outputs: Vec<f32> = outputs.collect();
    let from = KnnFitInput {
        targets: &outputs,
        outputs: 3,
        training: &training,
        copies: None,
        options: &EncoderOptions::default(),
    };
    let before = model.encoder.knn_features.len();
    let (encoder, numbers) = model.encoder.with_knn_features(numbers, &from);
    assert_eq!(encoder.knn_features.len(), before + 1);
    assert!(numbers.iter().all(|number| number.is_finite()));
}

#[test]
fn one_numeric_column_has_no_similar_rows() {
    let csv = (0..40).map(|row| format!("{row},{},{row}\n", row % 3 == 0));
    let csv = "size,kind,price\n".to_string() + &csv.collect::<String>();
    let bytes = Cursor::new(csv.into_bytes());
    let table = Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap();
    let training: Vec<usize> = (0..40).collect();
    let (model, _) = model(&table, &training, Near::InAllColumns);
    assert!(model.encoder.knn_features.is_empty());
}
