//! What a model learned is said by column, and adds up.

use std::collections::BTreeMap;
use std::io::Cursor;

use backburn::SavedModel;
use backburn_explain::{Explainer, Measure};
use backburn_model::{MlpConfig, Normalization};
use backburn_preprocessing::{Encoder, EncoderOptions, Predictions, Target, TargetTransform, Task};
use backburn_table::{ReadOptions, Schema, Table};
use backburn_tests::saved_model;
use backburn_training::{TensorDataset, TrainingConfig, fit};
use burn::tensor::{Device, Tensor, TensorData};

fn table(csv: &str) -> Table {
    let bytes = Cursor::new(csv.as_bytes().to_vec());
    Table::from_reader("test.csv", bytes, &ReadOptions::default()).unwrap()
}

/// Prices that follow from the size, the street and whether the age is known; `color` says nothing.
fn houses(rows: usize) -> Table {
    let mut csv = "size,street,age,color,price,dear\n".to_string();
    for row in 0..rows {
        let size = (row * 37) % 100;
        let street = (row * 7) % 9;
        let age = if row % 4 == 0 {
            String::new()
        } else {
            (row % 50).to_string()
        };
        let price = 1000 * size + 3000 * street + if row % 4 == 0 { 40_000 } else { 0 } + 20_000;
        let dear = if price > 100_000 { "yes" } else { "no" };
        csv += &format!(
            "{size},street {street},{age},{},{price}.5,{dear}\n",
            ["red", "blue"][row / 3 % 2]
        );
    }
    table(&csv)
}

fn trained(
    table: &Table,
    target: &str,
    scale: TargetTransform,
    normalization: Normalization,
    one_hot_max: usize,
) -> SavedModel {
    let device = Device::default();
    let schema = Schema::infer(table, &BTreeMap::new()).unwrap();
    let task = Task::infer(table, &schema, target).unwrap();
    let rows: Vec<usize> = (0..table.rows()).collect();
    let options = EncoderOptions {
        one_hot_max,
        embedding_dimension: 3,
        ..EncoderOptions::default()
    };
    let (encoder, _) = Encoder::fit(table, &schema, &["price", "dear"], &rows, &options).unwrap();
    let target = Target::fit(table, target, task, &rows, &rows)
        .and_then(|target| target.with_transform(scale, table, &rows, &rows))
        .unwrap();
    let inputs = TensorData::new(
        encoder.encode(table).unwrap(),
        [rows.len(), encoder.width()],
    );
    let inputs = Tensor::<2>::from_data(inputs, &device);
    let (examples, outputs) = match &target {
        Target::Regression { .. } => {
            let values = target.values(table).unwrap();
            let values: Vec<f32> = values.iter().map(|&v| target.scale(v) as f32).collect();
            let values = Tensor::from_data(TensorData::new(values, [rows.len(), 1]), &device);
            (TensorDataset::regression(inputs, values), 1)
        }
        Target::Classification { .. } => {
            let classes = target.classes(table).unwrap();
            let classes: Vec<i64> = classes.iter().map(|c| c.unwrap() as i64).collect();
            let classes = Tensor::from_data(TensorData::new(classes, [rows.len()]), &device);
            (TensorDataset::classification(inputs, classes), 2)
        }
    };
    let config = MlpConfig::new(encoder.inputs(), outputs)
        .with_hidden([32, 32])
        .with_normalization(normalization)
        .with_dropout(0.05)
        .with_embeddings(encoder.embeddings());
    device.seed(0);
    let training = TrainingConfig {
        epochs: 60,
        ..TrainingConfig::default()
    };
    let network = config.init(&device).unwrap();
    let fitted = fit(network, &examples, None, &training, &mut ()).unwrap();
    saved_model(fitted.network, config, schema, encoder, target)
}

#[test]
fn contributions_add_up_to_the_prediction_minus_the_baseline() {
    let table = houses(400);
    let device = Device::default();
    for (target, scale) in [
        ("price", TargetTransform::Standard),
        ("price", TargetTransform::Log),
        ("dear", TargetTransform::Standard),
    ] {
        for normalization in [
            Normalization::None,
            Normalization::Batch,
            Normalization::Layer,
        ] {
            let model = trained(&table, target, scale, normalization, 4);
            let explainer = Explainer::new(&model, &table, &device).unwrap();
            let predictions = explainer.predictions();
            let explanations = explainer.explain_rows(&[0, 1, 5, 77]);
            let rows: Vec<usize> = explanations.iter().map(|e| e.row).collect();
            assert_eq!(rows, [0, 1, 5, 77]);
            for explained in explanations {
                let sum: f64 = explained.contributions.iter().map(|c| c.amount).sum();
                let difference = explained.prediction - explained.baseline;
                let rounding = 1e-6 * explained.prediction.abs().max(1.0);
                assert!(
                    (sum - difference).abs() <= 0.01 * difference.abs() + rounding,
                    "{target} {scale:?} {normalization:?}: {sum} {difference}"
                );
                let predicted = match &predictions {
                    Predictions::Values(values) => values[explained.row],
                    Predictions::Classes {
                        classes,
                        probabilities,
                        ..
                    } => {
                        let class = explained.class.as_ref().unwrap();
                        let class = classes.iter().position(|name| name == class).unwrap();
                        probabilities[explained.row * classes.len() + class]
                    }
                };
                let apart = (explained.prediction - predicted).abs();
                assert!(
                    apart <= 1e-4 * predicted.abs(),
                    "{} {predicted}",
                    explained.prediction
                );
                let mut columns: Vec<&str> = explained
                    .contributions
                    .iter()
                    .map(|c| c.column.as_str())
                    .collect();
                columns.sort_unstable();
                assert_eq!(columns, ["age", "color", "size", "street"]);
            }
        }
    }
}

#[test]
fn a_missing_value_is_explained_by_its_column() {
    let table = houses(400);
    let model = trained(
        &table,
        "price",
        TargetTransform::Standard,
        Normalization::None,
        50,
    );
    let explainer = Explainer::new(&model, &table, &Device::default()).unwrap();
    let explained = &explainer.explain_rows(&[0])[0];
    let age = explained
        .contributions
        .iter()
        .find(|c| c.column == "age")
        .unwrap();
    // A missing age comes with 40,000 more, and a quarter of all rows lack theirs.
    assert_eq!(age.value, None);
    assert!((15_000.0..45_000.0).contains(&age.amount), "{}", age.amount);
}

#[test]
fn importance_finds_the_columns_that_matter_and_their_spread() {
    let table = houses(400);
    let model = trained(
        &table,
        "price",
        TargetTransform::Standard,
        Normalization::None,
        50,
    );
    let device = Device::default();
    let explainer = Explainer::new(&model, &table, &device).unwrap();
    let (measure, importances) = explainer.importance(5, 0).unwrap();
    assert_eq!(measure, Measure::Rmse);
    assert_eq!(
        importances,
        explainer.importance(5, 0).unwrap().1,
        "one seed, one answer"
    );
    assert_eq!(importances[0].column, "size");
    assert!(importances[0].std > 0.0);
    let of = |name: &str| importances.iter().find(|i| i.column == name).unwrap().mean;
    assert!(
        of("color") < 0.1 * of("size") && of("age") > 5.0 * of("color"),
        "{importances:?}"
    );

    // Without the target, what changes is the prediction.
    let unlabelled = table_without_targets();
    let explainer = Explainer::new(&model, &unlabelled, &device).unwrap();
    let (measure, importances) = explainer.importance(3, 0).unwrap();
    assert_eq!(
        (measure, importances[0].column.as_str()),
        (Measure::Change, "size")
    );
    // One row cannot be shuffled.
    let one = unlabelled.select("one", &[0]).unwrap();
    let explainer = Explainer::new(&model, &one, &device).unwrap();
    assert!(explainer.importance(3, 0).unwrap().1.is_empty());
    assert_eq!(explainer.explain_rows(&[0])[0].contributions.len(), 4);
}

fn table_without_targets() -> Table {
    table("size,street,age,color\n1,street 0,2,red\n50,street 1,,blue\n99,street 2,3,red\n")
}

#[test]
fn dependence_follows_the_column() {
    let table = houses(400);
    let model = trained(
        &table,
        "price",
        TargetTransform::Standard,
        Normalization::None,
        4,
    );
    let explainer = Explainer::new(&model, &table, &Device::default()).unwrap();
    let size = explainer.dependence("size").unwrap();
    let first = &size.points[0];
    let last = size.points.last().unwrap();
    assert_eq!((first.number, last.number), (Some(0.0), Some(99.0)));
    assert!(
        (last.mean - first.mean - 99_000.0).abs() < 20_000.0,
        "{size:?}"
    );
    let street = explainer.dependence("street").unwrap();
    assert_eq!(street.points.len(), 9);
    let age = explainer.dependence("age").unwrap();
    assert_eq!(
        age.points.last().unwrap().value,
        "",
        "a missing value has its place"
    );
    assert!(explainer.dependence("price").is_none());
}
