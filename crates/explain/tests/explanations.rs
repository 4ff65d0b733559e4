//! Explanations of networks whose weights are known.

use std::collections::BTreeMap;
use std::io::Cursor;

use backburn::{SavedModel, Summary};
use backburn_explain::{Explainer, Measure, RowExplanation};
use backburn_model::{Activation, Ensemble, MlpConfig};
use backburn_preprocessing::{
    Bins, ColumnEncoder, Encoder, EncoderOptions, NumberScale, Predictions, Target, Task,
};
use backburn_table::{ReadOptions, Schema, Table, TableFormat};
use burn::module::Param;
use burn::tensor::{Device, Tensor};

const ROWS: usize = 60;

/// Three numeric columns and a price. Every fourth age is missing.
fn houses() -> Table {
    let mut csv = "size,age,unused,price\n".to_string();
    for row in 0..ROWS {
        let age = match row % 4 {
            0 => String::new(),
            _ => format!("{}.5", (row * 7) % 23),
        };
        let (size, unused) = ((row * 37) % 41, (row * 13) % 11);
        csv += &format!("{size}.25,{age},{unused}.5,{}.5\n", 10 * size + 3);
    }
    let bytes = Cursor::new(csv.into_bytes());
    Table::from_reader("houses.csv", bytes, &ReadOptions::default()).unwrap()
}

/// A model that predicts the price. `network` builds its networks from a config.
fn model(table: &Table, hidden: &[usize], network: impl Fn(&MlpConfig) -> Ensemble) -> SavedModel {
    let rows: Vec<usize> = (0..table.rows()).collect();
    let schema = Schema::infer(table, &BTreeMap::new()).unwrap();
    let options = EncoderOptions {
        numbers: NumberScale::Standard,
        bins: Bins::AtMost(0),
        ..EncoderOptions::default()
    };
    let (encoder, _) = Encoder::fit(table, &schema, &["price"], &rows, &options).unwrap();
    let config = MlpConfig::new(encoder.inputs(), 1)
        .with_hidden(hidden)
        .with_activation(Activation::Tanh);
    SavedModel {
        network: network(&config),
        config,
        schema,
        format: TableFormat::default(),
        encoder,
        target: Target::fit(table, "price", Task::Regression, &rows, &rows).unwrap(),
        baselines: Vec::new(),
        summary: Summary::default(),
    }
}

/// A linear model with these weights: of size, of age, of whether age is missing, and of `unused`.
fn linear(table: &Table, weights: [f32; 4]) -> SavedModel {
    model(table, &[], |config| {
        let device = Device::default();
        let mut mlp = config.init(&device).unwrap();
        let weights = Tensor::<2>::from_floats(weights.map(|weight| [weight]), &device);
        mlp.output.weight = Param::from_tensor(weights);
        mlp.output.bias = Some(Param::from_tensor(Tensor::from_floats([0.25], &device)));
        mlp.into()
    })
}

/// The mean and the standard deviation of a numeric column.
fn scale(model: &SavedModel, name: &str) -> (f64, f64) {
    let mut columns = model.encoder.columns.iter();
    match columns.find(|column| column.name() == name) {
        Some(ColumnEncoder::Numeric { scale, .. }) => (scale.mean, scale.std),
        other => panic!("{name} is not numeric: {other:?}"),
    }
}

/// The standard deviation of the target.
fn target_std(model: &SavedModel) -> f64 {
    match &model.target {
        Target::Regression { std, .. } => *std,
        other => panic!("{other:?} is not a number"),
    }
}

fn amount(row: &RowExplanation, column: &str) -> f64 {
    let mut contributions = row.contributions.iter();
    let contribution = contributions.find(|part| part.column == column);
    contribution.unwrap().amount
}

#[test]
fn contributions_sum_to_the_prediction_minus_the_baseline() {
    let device = Device::default();
    device.seed(3);
    let table = houses();
    let model = model(&table, &[16, 8], |config| {
        let members = (0..3).map(|_| config.init(&Device::default()).unwrap());
        Ensemble {
            members: members.collect(),
        }
    });
    let std = target_std(&model);
    let explainer = Explainer::new(&model, &table, &device).unwrap();
    let Predictions::Values(predictions) = explainer.predictions() else {
        panic!("not numbers");
    };
    for row in explainer.explain_rows(&[0, 1, 17, 42]) {
        let sum: f64 = row.contributions.iter().map(|part| part.amount).sum();
        let difference = row.prediction - row.baseline;
        let error = (sum - difference).abs();
        assert!(error <= 0.01 * difference.abs() + 1e-4 * std, "{row:?}");
        assert!((row.prediction - predictions[row.row]).abs() <= 1e-4 * std);
        assert!(!row.has_remainder(), "{row:?}");
    }
}

#[test]
fn contributions_of_a_linear_model_are_slope_times_distance() {
    let (device, table) = (Device::default(), houses());
    let model = linear(&table, [2.0, -0.5, 0.0, 0.0]);
    let (mean, std) = scale(&model, "size");
    let slope = target_std(&model) * 2.0 / std;
    let explainer = Explainer::new(&model, &table, &device).unwrap();
    for row in explainer.explain_rows(&[1, 5, 30]) {
        let size = ((row.row * 37) % 41) as f64 + 0.25;
        let expected = slope * (size - mean);
        let error = (amount(&row, "size") - expected).abs();
        assert!(error <= 1e-3 * target_std(&model), "{row:?}: {expected}");
        assert_eq!(amount(&row, "unused"), 0.0);
    }
}

#[test]
fn a_missing_value_contributes_through_its_column() {
    let (device, table) = (Device::default(), houses());
    // Only whether the age is missing counts.
    let model = linear(&table, [0.0, 0.0, 3.0, 0.0]);
    let explainer = Explainer::new(&model, &table, &device).unwrap();
    let row = &explainer.explain_rows(&[4])[0];
    assert_eq!(row.contributions[0].column, "age");
    assert_eq!(row.contributions[0].value, None);
    // A quarter of the rows lack their age, so the average of the indicator is 0.25.
    let expected = target_std(&model) * 3.0 * 0.75;
    let error = (row.contributions[0].amount - expected).abs();
    assert!(error <= 0.01 * expected, "{row:?}: {expected}");
    let known = &explainer.explain_rows(&[5])[0];
    assert!(amount(known, "age") < 0.0);
}

#[test]
fn a_row_has_the_same_explanation_alone_and_among_others() {
    let (device, table) = (Device::default(), houses());
    let mut model = linear(&table, [1.0, 0.5, -2.0, 0.3]);
    let explainer = Explainer::new(&model, &table, &device).unwrap();
    let together = explainer.explain_rows(&[7, 4, 1000, 9]);
    assert_eq!(together.len(), 3, "row 1000 does not exist");
    for row in &together {
        assert_eq!(&explainer.explain_rows(&[row.row])[0], row);
    }
    // With a baseline in the model, a table of one row is enough.
    model.baselines = vec![0.1, -0.2, 0.25, 0.0];
    let explainer = Explainer::new(&model, &table, &device).unwrap();
    let among_others = &explainer.explain_rows(&[9])[0];
    let single = table.select("row 9", &[9]).unwrap();
    let explainer = Explainer::new(&model, &single, &device).unwrap();
    let alone = &explainer.explain_rows(&[0])[0];
    assert_eq!(alone.contributions, among_others.contributions);
    assert_eq!(alone.baseline, among_others.baseline);
    assert!(explainer.explain_rows(&[]).is_empty());
}

#[test]
fn shuffling_an_unused_column_changes_nothing() {
    let (device, table) = (Device::default(), houses());
    let model = linear(&table, [2.0, 0.1, 0.0, 0.0]);
    let explainer = Explainer::new(&model, &table, &device).unwrap();
    let (measure, importances) = explainer.importance(3, 0).unwrap();
    assert_eq!(measure, Measure::Rmse);
    let of = |name: &str| importances.iter().find(|i| i.column == name).unwrap();
    assert_eq!((of("unused").mean, of("unused").std), (0.0, 0.0));
    assert!(of("size").mean > 0.0, "{importances:?}");
}

#[test]
fn dependence_of_a_linear_model_is_its_slope() {
    let (device, table) = (Device::default(), houses());
    let model = linear(&table, [2.0, -0.5, 0.0, 0.0]);
    let slope = target_std(&model) * 2.0 / scale(&model, "size").1;
    let explainer = Explainer::new(&model, &table, &device).unwrap();
    let dependence = explainer.dependence("size").unwrap();
    assert!(dependence.points.len() > 2);
    let first = &dependence.points[0];
    for point in &dependence.points[1..] {
        let run = point.number.unwrap() - first.number.unwrap();
        let rise = point.mean - first.mean;
        let error = (rise - slope * run).abs();
        assert!(error <= 1e-3 * target_std(&model), "{point:?}: {slope}");
    }
    let unused = explainer.dependence("unused").unwrap();
    let mut means = unused.points.iter().map(|point| point.mean);
    let first = means.next().unwrap();
    assert!(means.all(|mean| mean == first), "{unused:?}");
    let age = explainer.dependence("age").unwrap();
    assert_eq!(
        age.points.last().unwrap().value,
        "",
        "a missing age is tried"
    );
    assert!(explainer.dependence("price").is_none());
}
