//! What the columns of a row add is the prediction minus the baseline, whatever the network and the task.

use backburn::{Predictor, SavedModel};
use backburn_explain::{Explainer, RowExplanation};
use backburn_model::{Activation, MlpConfig, Normalization};
use backburn_preprocessing::{Predictions, Task};
use backburn_table::Table;
use backburn_tests::{table, untrained};
use burn::tensor::{Device, Tensor, TensorData};

const ROWS: usize = 60;

/// Columns of each kind, some of them with missing values, and a target that may be a number or a class.
fn mixed() -> Table {
    let mut csv = "size,age,street,new,sold,y\n".to_string();
    for row in 0..ROWS {
        let size = (row * 37) % 60 * 5;
        let age = match row % 5 {
            0 => String::new(),
            _ => ((row * 11) % 40).to_string(),
        };
        let street = ["north", "south", "east"][row % 3];
        let new = row % 2 == 0;
        let day = 1 + row % 28;
        csv += &format!("{size},{age},{street},{new},2024-01-{day:02},{}\n", row % 3);
    }
    table(&csv)
}

/// Networks of several kinds.
fn configs() -> Vec<MlpConfig> {
    let smooth = MlpConfig::default().with_activation(Activation::Silu);
    let normalized = |normalization| {
        let config = smooth.clone().with_hidden([12]);
        config.with_normalization(normalization)
    };
    vec![
        smooth.clone().with_hidden([]),
        smooth.clone().with_hidden([12, 5]),
        smooth.clone().with_hidden([8, 8]).with_residual(true),
        MlpConfig::default().with_hidden([8]),
        normalized(Normalization::Batch),
        normalized(Normalization::Layer),
    ]
}

/// The same model with a second network, of other weights.
fn ensemble(model: &SavedModel) -> SavedModel {
    let mut ensemble = model.clone();
    let further = model.config.init(&Device::default()).unwrap();
    ensemble.network.members.push(further);
    ensemble
}

fn models(table: &Table, task: Task) -> Vec<SavedModel> {
    let alone: Vec<SavedModel> = configs()
        .iter()
        .map(|config| untrained(table, task, config))
        .collect();
    let together: Vec<SavedModel> = alone[..2].iter().map(ensemble).collect();
    [alone, together].concat()
}

/// What a model predicts of a row: the number, or the probability of the class that is explained.
fn predicted(predictions: &Predictions, explained: &RowExplanation) -> f64 {
    match predictions {
        Predictions::Values(values) => {
            assert_eq!(explained.class, None);
            values[explained.row]
        }
        Predictions::Classes {
            classes,
            probabilities,
            ..
        } => {
            let width = classes.len();
            let row = &probabilities[explained.row * width..][..width];
            let class = explained.class.as_ref().unwrap();
            let class = classes.iter().position(|name| name == class).unwrap();
            let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert!(row[class] >= most - 1e-6, "the likeliest class: {row:?}");
            row[class]
        }
    }
}

fn sum(explained: &RowExplanation) -> f64 {
    explained.contributions.iter().map(|c| c.amount).sum()
}

#[test]
fn amounts_add_up_for_every_network_and_task() {
    let table = mixed();
    let device = Device::default();
    let rows = [0, 7, 31, ROWS - 1];
    for task in [Task::Regression, Task::Classification] {
        for model in models(&table, task) {
            let networks = model.network.members.len();
            let what = format!("{task}, {networks} of {:?}", model.config);
            let predictions = Predictor::new(model.clone(), &device)
                .predict_table(&table)
                .unwrap();
            let explainer = Explainer::new(&model, &table, &device).unwrap();
            let explanations = explainer.explain_rows(&rows);
            let explained_rows: Vec<usize> = explanations.iter().map(|e| e.row).collect();
            assert_eq!(explained_rows, rows, "{what}");
            let mut moved = 0;
            for explained in &explanations {
                let difference = explained.prediction - explained.baseline;
                let off = (sum(explained) - difference).abs();
                assert!(off <= 0.01 * difference.abs() + 1e-4, "{what}: {off}");
                let left = explained.remainder - (difference - sum(explained));
                assert!(left.abs() < 1e-9, "{what}: {left}");
                let predicted = predicted(&predictions, explained);
                let apart = (explained.prediction - predicted).abs();
                assert!(apart <= 1e-4 * predicted.abs().max(1.0), "{what}: {apart}");
                let columns = explained.contributions.iter().map(|c| c.column.as_str());
                let mut columns: Vec<&str> = columns.collect();
                columns.sort_unstable();
                assert_eq!(columns, ["age", "new", "size", "sold", "street"], "{what}");
                moved += usize::from(difference.abs() > 1e-3);
            }
            // Rows that are all average would add up by themselves.
            assert!(moved > 0, "{what}");
        }
    }
}

#[test]
fn a_row_that_is_the_average_has_nothing_to_explain() {
    let table = mixed();
    let device = Device::default();
    for task in [Task::Regression, Task::Classification] {
        for mut model in models(&table, task) {
            let encoded = model.encoder.encode(&table).unwrap();
            let shape = [ROWS, model.encoder.width()];
            let rows = Tensor::<2>::from_data(TensorData::new(encoded, shape), &device);
            let features = model.network.features(rows.slice_dim(0, 7..8));
            model.baselines = features.into_data().iter::<f32>().collect();
            let explainer = Explainer::new(&model, &table, &device).unwrap();
            let explanations = explainer.explain_rows(&[7, 8]);
            let [average, other] = explanations.as_slice() else {
                panic!("{explanations:?}");
            };
            assert!((average.prediction - average.baseline).abs() < 1e-6);
            for part in &average.contributions {
                assert!(part.amount.abs() < 1e-6, "{part:?}");
            }
            let amounts = other.contributions.iter().map(|part| part.amount.abs());
            assert!(amounts.sum::<f64>() > 1e-4, "{other:?}");
        }
    }
}

#[test]
fn rows_that_are_not_there_are_not_explained() {
    let table = mixed();
    let model = untrained(&table, Task::Regression, &configs()[1]);
    let explainer = Explainer::new(&model, &table, &Device::default()).unwrap();
    assert!(explainer.explain_rows(&[]).is_empty());
    assert!(explainer.explain_rows(&[ROWS, usize::MAX]).is_empty());
    assert_eq!(explainer.explain_rows(&[ROWS, 3])[0].row, 3);
}
