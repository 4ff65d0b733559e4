//! Inputs from the rows nearest in two columns: found, encoded, saved, and the same for any row alone.

use std::collections::BTreeMap;
use std::io::Cursor;

use backburn_explain::Explainer;
use backburn_model::MlpConfig;
use backburn_tabular::{
    Encoder, EncoderOptions, ModelFileError, Predictions, Predictor, ReadOptions, SavedModel,
    Schema, Summary, Table, Target, Task,
};
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

fn model(table: &Table, training: &[usize]) -> (SavedModel, Vec<f32>) {
    let schema = Schema::infer(table, &BTreeMap::new()).unwrap();
    let options = EncoderOptions::default();
    let (encoder, _) = Encoder::fit(table, &schema, &["price"], training, &options).unwrap();
    let target = Target::fit(table, "price", Task::Regression, training, training).unwrap();
    let numbers = encoder.encode(table).unwrap();
    let values = target.values(table).unwrap().into_iter();
    let outputs: Vec<f32> = values.map(|value| target.scale(value) as f32).collect();
    let (encoder, numbers) = encoder.with_neighbours(numbers, &outputs, 1, training, &options);
    let config = MlpConfig::new(encoder.inputs(), 1).with_hidden([8]);
    let device = Device::default();
    device.seed(5);
    let model = SavedModel {
        network: config.init(&device).unwrap().into(),
        config,
        schema,
        encoder,
        target,
        average: Vec::new(),
        summary: Summary::default(),
    };
    (model, numbers)
}

#[test]
fn near_rows_that_are_alike_are_found_and_tell_the_price() {
    let table = table(3000);
    let training: Vec<usize> = (0..2500).collect();
    let (model, numbers) = model(&table, &training);
    let [neighbours] = model.encoder.neighbours.as_slice() else {
        panic!("{:?}", model.encoder.neighbours);
    };
    assert_eq!(neighbours.columns, ["x", "y"]);
    let width = model.encoder.width();
    assert_eq!(numbers.len(), 3000 * width);
    // New rows are encoded as new ones; those learned from without their own price.
    let encoded = model.encoder.encode(&table).unwrap();
    assert_eq!(encoded[2500 * width..], numbers[2500 * width..]);
    assert_ne!(encoded[..2500 * width], numbers[..2500 * width]);
    let (_, place) = &model.encoder.neighbour_places()[0];
    let prices = model.target.values(&table).unwrap();
    let right = (2500..3000).filter(|row| {
        let mean = encoded[row * width + place.start];
        (mean > 0.0) == (prices[*row] > 125.0)
    });
    assert!(right.count() > 425, "most near rows are on the same square");
}

#[test]
fn a_model_with_neighbours_is_loaded_as_it_was_and_answers_row_by_row() {
    let table = table(1500);
    let training: Vec<usize> = (0..1500).collect();
    let (model, _) = model(&table, &training);
    assert_eq!(model.encoder.neighbours.len(), 1);
    let bytes = model.to_bytes().unwrap();
    let device = Device::default();
    let loaded = SavedModel::from_bytes("model", bytes.clone(), &device).unwrap();
    assert_eq!(loaded.encoder, model.encoder);
    assert_eq!(loaded.to_bytes().unwrap(), bytes, "one model, one file");
    let predictor = Predictor::new(loaded, &device);
    let Predictions::Values(together) = predictor.predict_table(&table).unwrap() else {
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
    let explainer = Explainer::new(predictor.model(), &table, &device).unwrap();
    let explained = &explainer.explain_rows(&[3])[0];
    assert_eq!(explained.contributions.len(), 3);
    assert!(!explained.has_remainder(), "{explained:?}");
}

#[test]
fn a_file_without_the_places_is_damaged() {
    let table = table(1500);
    let training: Vec<usize> = (0..1500).collect();
    let (model, _) = model(&table, &training);
    let bytes = model.to_bytes().unwrap();
    let text = b"\"neighbours.0\"";
    let place = bytes.windows(text.len()).position(|w| w == text).unwrap();
    let mut renamed = bytes.clone();
    renamed[place + 1] = b'N';
    let error = SavedModel::from_bytes("model", renamed, &Device::default()).unwrap_err();
    assert!(matches!(error, ModelFileError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("neighbours.0"), "{error}");
}
