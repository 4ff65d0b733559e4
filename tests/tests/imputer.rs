//! Numbers that are missing are guessed from the rest of their row: learned, saved, and the same for any row
//! alone.

use std::collections::BTreeMap;

use backburn::{ModelFileError, Predictor, SavedModel};
use backburn_explain::Explainer;
use backburn_model::MlpConfig;
use backburn_preprocessing::{Bins, Encoder, EncoderOptions, NumberScale, Predictions, Task};
use backburn_table::{Schema, Table};
use backburn_tests::{table, untrained};
use burn::tensor::Device;

/// Houses: rooms are a tenth of the size, large ones have a garden, and the city has the small ones.
fn houses(rows: usize, further: &str) -> Table {
    let mut csv = "size,rooms,garden,where,y\n".to_string();
    for row in 0..rows {
        let size = 20.0 + (row * 7919 % 997) as f64 / 5.0;
        let rooms = size / 10.0 + (row % 5) as f64 / 50.0;
        let garden = size + (row % 11) as f64 * 4.0 > 140.0;
        let place = match size {
            ..90.0 => "city",
            ..150.0 => "suburb",
            _ => "village",
        };
        csv += &format!("{size},{rooms},{garden},{place},{}\n", row % 7);
    }
    table(&(csv + further))
}

fn encoder(table: &Table, rows: usize, options: &EncoderOptions) -> Encoder {
    let schema = Schema::infer(table, &BTreeMap::new()).unwrap();
    let training: Vec<usize> = (0..rows).collect();
    let (encoder, _) = Encoder::fit(table, &schema, &["y"], &training, options).unwrap();
    encoder.with_imputer(table, &training)
}

fn all_scales() -> [EncoderOptions; 3] {
    use NumberScale::{Quantile, Robust, Standard};
    [Standard, Robust, Quantile].map(|numbers| EncoderOptions {
        numbers,
        bins: Bins::AtMost(8),
        ..EncoderOptions::default()
    })
}

#[test]
fn a_missing_number_is_what_the_rest_of_its_row_tells() {
    let table = houses(
        500,
        "180,,true,village,1\n180,18.04,true,village,1\n,18.04,true,village,1\n",
    );
    for options in all_scales() {
        let encoder = encoder(&table, 500, &options);
        let imputer = encoder.imputer.as_ref().unwrap();
        assert_eq!(imputer.columns, ["size", "rooms", "garden"]);
        let encoded = encoder.encode(&table).unwrap();
        let row = |row: usize| &encoded[row * encoder.width()..][..encoder.width()];
        for guessed in [500, 502] {
            for (guess, known) in row(guessed).iter().zip(row(501)) {
                assert!((guess - known).abs() < 0.15, "{options:?} {guess} {known}");
            }
        }
    }
}

#[test]
fn what_is_missing_together_is_told_by_the_category_and_a_truth_value_is_guessed_too() {
    let table = houses(500, ",,,city,1\n,,,village,1\n,,,,1\n");
    for options in all_scales() {
        let encoder = encoder(&table, 500, &options);
        let encoded = encoder.encode(&table).unwrap();
        assert!(encoded.iter().all(|number| number.is_finite()));
        let places = encoder.column_ranges();
        let names: Vec<&str> = places.iter().map(|(name, _)| *name).collect();
        assert_eq!(names[..3], ["size", "rooms", "garden"]);
        for (name, place) in &places[..3] {
            let of = |row: usize| encoded[row * encoder.width() + place.start];
            let (city, village, unknown) = (of(500), of(501), of(502));
            assert!(city < unknown && unknown < village, "{name} {options:?}");
        }
    }
}

#[test]
fn a_missing_date_and_an_unseen_category_are_not_known() {
    let mut csv = "size,sold,where,y\n".to_string();
    for row in 0..200 {
        let days = (row % 2) * 15 + row * 7 % 5;
        let place = if row % 2 == 0 { "near" } else { "far" };
        let size = days as f64 + (row % 3) as f64 / 10.0;
        csv += &format!("{size},2024-03-{:02},{place},1\n", days + 1);
    }
    let table = table(&(csv + ",,near,1\n,,far,1\n,2024-03-03,new,1\n,,new,1\n"));
    let encoder = encoder(&table, 200, &EncoderOptions::default());
    let imputer = encoder.imputer.as_ref().unwrap();
    assert_eq!(imputer.columns, ["size", "sold"]);
    let encoded = encoder.encode(&table).unwrap();
    let sizes: Vec<f32> = encoded.chunks(encoder.width()).map(|row| row[0]).collect();
    // Row 0 is near, row 1 far, and so is the third of March.
    for (guess, like) in [
        (sizes[200], sizes[0]),
        (sizes[201], sizes[1]),
        (sizes[202], sizes[0]),
    ] {
        assert!((guess - like).abs() < 0.25, "{guess} {like}");
    }
    let mean = sizes[..200].iter().sum::<f32>() / 200.0;
    assert!((sizes[203] - mean).abs() < 1e-4, "{} {mean}", sizes[203]);
}

#[test]
fn of_a_column_that_is_missing_everywhere_nothing_is_needed() {
    let table = houses(300, "");
    let mut model = untrained(&table, Task::Regression, &MlpConfig::default());
    let training: Vec<usize> = (0..300).collect();
    model.encoder = model.encoder.clone().with_imputer(&table, &training);
    assert!(model.encoder.imputer.is_some());
    let csv = (0..40).map(|row| format!("{},,true,city,1\n", 20 + row * 4));
    let without = "size,rooms,garden,where,y\n".to_string() + &csv.collect::<String>();
    let without = backburn_tests::table(&without);
    let explainer = Explainer::new(&model, &without, &Device::default()).unwrap();
    let (_, importance) = explainer.importance(3, 0).unwrap();
    let of = |name: &str| importance.iter().find(|i| i.column == name).unwrap().mean;
    assert_eq!(of("rooms"), 0.0);
    assert_ne!(of("size"), 0.0);
    // Each row has its own number of rooms, as its size tells.
    let rooms = explainer.dependence("rooms").unwrap().points;
    let predictions = Predictor::new(model, &Device::default()).predict_table(&without);
    let Predictions::Values(values) = predictions.unwrap() else {
        panic!("numbers");
    };
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert_eq!(rooms.len(), 1);
    assert!((rooms[0].mean - mean).abs() < 1e-6 * mean.abs().max(1.0));
}

#[test]
fn of_two_columns_the_guess_is_the_line_between_them() {
    // The correlation is 0.8: sums of squares 10 and 10, of products 8.
    let csv = "a,b,y\n-2,-1,0\n-1,-2,0\n0,0,0\n1,2,0\n2,1,0\n2,,0\n";
    let table = table(csv);
    let options = EncoderOptions {
        numbers: NumberScale::Standard,
        bins: Bins::AtMost(0),
        ..EncoderOptions::default()
    };
    let encoded = encoder(&table, 5, &options).encode(&table).unwrap();
    // By Ledoit and Wolf, the share of the covariance that is replaced: mean of the squared lengths
    // squared, less the squared covariance, over the rows; to the squared covariance of the columns.
    let squares = 2.0 + 2.0 * 0.64;
    let lengths = (4.0 * (5.0f64 / 2.0).powi(2)) / 5.0;
    let share = (lengths - squares) / 5.0 / (squares - 2.0);
    let (at, guess) = (2.0 / 2.0f64.sqrt(), f64::from(encoded[5 * 2 + 1]));
    assert!((guess - (1.0 - share) * 0.8 * at).abs() < 1e-5, "{guess}");
}

#[test]
fn where_training_rows_lack_numbers_their_indicator_tells() {
    let table = houses(500, "100,,false,suburb,1\n,,,city,1\n70,,false,city,1\n");
    let encoder = encoder(&table, 503, &EncoderOptions::default());
    let imputer = encoder.imputer.as_ref().unwrap();
    assert_eq!(imputer.columns, ["size", "garden"]);
}

#[test]
fn a_model_that_guesses_is_loaded_as_it_was_and_answers_row_by_row() {
    let table = houses(
        300,
        "180,,true,village,1\n,,,city,1\n,,false,,1\n,7.5,,,1\n",
    );
    let mut model = untrained(&table, Task::Regression, &MlpConfig::default());
    let training: Vec<usize> = (0..300).collect();
    let schema = &model.schema;
    let options = EncoderOptions::default();
    let (encoder, _) = Encoder::fit(&table, schema, &["y"], &training, &options).unwrap();
    model.encoder = encoder.with_imputer(&table, &training);
    model.config.inputs = model.encoder.inputs();
    model.config.embeddings = model.encoder.embeddings();
    let device = Device::default();
    model.network = model.config.init(&device).unwrap().into();

    let bytes = model.to_bytes().unwrap();
    let loaded = SavedModel::from_bytes("model", bytes.clone(), &device).unwrap();
    assert_eq!(loaded.encoder, model.encoder);
    assert_eq!(loaded.to_bytes().unwrap(), bytes, "one model, one file");
    let predictor = Predictor::new(loaded, &device);
    let Predictions::Values(together) = predictor.predict_table(&table).unwrap() else {
        panic!("numbers");
    };
    let rows = predictor.rows();
    let columns = rows.columns().map(|name| table.column(name).unwrap());
    let columns: Vec<_> = columns.collect();
    for row in [0, 299, 300, 301, 302, 303] {
        let cells = columns
            .iter()
            .map(|column| column.cells().nth(row).unwrap());
        let alone = rows.predict(&cells.collect::<Vec<_>>()).unwrap();
        assert_eq!(alone, Predictions::Values(vec![together[row]]), "{row}");
    }

    // Nothing in a file is trusted.
    let damaged = |from: &str, to: &str| {
        let place = bytes.windows(from.len()).position(|w| w == from.as_bytes());
        let mut bytes = bytes.clone();
        bytes[place.unwrap()..][..to.len()].copy_from_slice(to.as_bytes());
        let error = SavedModel::from_bytes("model", bytes, &device).unwrap_err();
        assert!(matches!(error, ModelFileError::Damaged { .. }), "{error}");
        error.to_string()
    };
    let other = r#""imputer":{"dtype":"I32""#;
    let lacks = damaged(r#""imputer":{"dtype":"F32""#, r#""imputes":{"dtype":"F32""#);
    assert!(lacks.contains("lacks the tensor \"imputer\""), "{lacks}");
    let not_so = damaged(r#""imputer":{"dtype":"F32""#, other);
    assert!(not_so.contains("no normal distribution"), "{not_so}");
    let columns = r#"\"imputer\":{\"columns\":[\"size\""#;
    let elsewhere = damaged(columns, &columns.replace("size", "sizE"));
    assert!(elsewhere.contains("other columns"), "{elsewhere}");
}

#[test]
fn what_most_rows_have_none_of_is_not_guessed_and_not_known_either() {
    // Two of three houses have no pool; those that do are large.
    let mut csv = "size,pool,y\n".to_string();
    for row in 0..150 {
        let pool = if row % 3 == 0 { 20 + row % 7 } else { 0 };
        csv += &format!("{},{pool},1\n", 100 + row % 10 + pool * 4);
    }
    let table = table(&(csv + "200,,1\n200,0,1\n,,1\n,0,1\n"));
    let encoder = encoder(&table, 150, &EncoderOptions::default());
    assert_eq!(encoder.imputer.as_ref().unwrap().columns, ["size"]);
    let encoded = encoder.encode(&table).unwrap();
    let rows: Vec<&[f32]> = encoded.chunks(encoder.width()).collect();
    assert_eq!(rows[150], rows[151]);
    assert!(rows[152][0] > rows[153][0], "a pool may be there");
}

#[test]
fn too_many_numbers_are_not_held_against_each_other() {
    let names = (0..513).map(|c| format!("c{c}")).collect::<Vec<_>>();
    let mut csv = names.join(",") + ",y\n";
    for row in 0..6 {
        let cells = (0..513).map(|c| format!("{}", (row * 31 + c * 7) % 13));
        csv += &(cells.collect::<Vec<_>>().join(",") + ",1\n");
    }
    let table = table(&csv);
    let encoder = encoder(&table, 6, &EncoderOptions::default());
    assert!(encoder.imputer.is_none());
}
