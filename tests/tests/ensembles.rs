//! Several networks in one model: what they predict together, in any order, and after saving.

use backburn::{Predictor, SavedModel};
use backburn_model::MlpConfig;
use backburn_preprocessing::{Predictions, Task};
use backburn_table::Table;
use backburn_tests::fuzzing::CSV;
use backburn_tests::{table, untrained};
use burn::tensor::Device;

/// A model of several networks of different widths.
fn ensemble(table: &Table, task: Task) -> SavedModel {
    let config = MlpConfig::default().with_hidden([8, 4]);
    let mut model = untrained(table, task, &config);
    for hidden in [vec![5usize], vec![], vec![8, 4]] {
        let further = model.config.clone().with_hidden(hidden);
        let further = further.init(&Device::default()).unwrap();
        model.network.members.push(further);
    }
    model
}

/// The numbers or probabilities of every row.
fn numbers(model: &SavedModel, table: &Table) -> Vec<f64> {
    let predictor = Predictor::new(model.clone(), &Device::default());
    let predictions = predictor.predict_table(table).unwrap();
    let (Predictions::Values(numbers)
    | Predictions::Classes {
        probabilities: numbers,
        ..
    }) = predictions;
    assert!(!numbers.is_empty() && numbers.iter().all(|number| number.is_finite()));
    numbers
}

/// The predictions of each network alone.
fn alone(model: &SavedModel, table: &Table) -> Vec<Vec<f64>> {
    let of = |member: usize| {
        let mut alone = model.clone();
        alone.network.members = vec![model.network.members[member].clone()];
        alone.config.hidden = alone.network.members[0].hidden_units();
        numbers(&alone, table)
    };
    (0..model.network.members.len()).map(of).collect()
}

fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!(
            (a - b).abs() <= 1e-4 * b.abs().max(1.0),
            "{what}: {a} is not {b}"
        );
    }
}

#[test]
fn numbers_are_the_mean_of_the_networks() {
    let table = table(CSV);
    let model = ensemble(&table, Task::Regression);
    let alone = alone(&model, &table);
    assert_eq!(alone.len(), 4);
    assert_ne!(alone[0], alone[1], "the networks differ");
    let mean = |row: usize| alone.iter().map(|values| values[row]).sum::<f64>() / 4.0;
    let expected: Vec<f64> = (0..table.rows()).map(mean).collect();
    assert_close(&numbers(&model, &table), &expected, "the mean");
}

#[test]
fn probabilities_are_the_geometric_mean_of_the_networks() {
    let table = table(CSV);
    let model = ensemble(&table, Task::Classification);
    let alone = alone(&model, &table);
    let width = alone[0].len() / table.rows();
    assert_eq!(width, 4);
    assert_ne!(alone[0], alone[1], "the networks differ");
    let mut expected = Vec::new();
    for row in 0..table.rows() {
        let product = |class: usize| {
            let place = row * width + class;
            let logarithms = alone.iter().map(|probabilities| probabilities[place].ln());
            (logarithms.sum::<f64>() / 4.0).exp()
        };
        let products: Vec<f64> = (0..width).map(product).collect();
        let sum: f64 = products.iter().sum();
        expected.extend(products.iter().map(|product| product / sum));
    }
    assert_close(
        &numbers(&model, &table),
        &expected,
        "the normalized geometric mean",
    );
}

#[test]
fn the_order_of_networks_and_copies_of_one_change_nothing() {
    let table = table(CSV);
    for task in [Task::Regression, Task::Classification] {
        let model = ensemble(&table, task);
        let mut reversed = model.clone();
        reversed.network.members.reverse();
        reversed.config.hidden = reversed.network.members[0].hidden_units();
        let what = format!("{task}, the other way round");
        assert_close(&numbers(&reversed, &table), &numbers(&model, &table), &what);

        let mut one = model.clone();
        one.network.members.truncate(1);
        let mut copies = one.clone();
        copies.network.members = vec![one.network.members[0].clone(); 3];
        let what = format!("{task}, three copies");
        assert_close(&numbers(&copies, &table), &numbers(&one, &table), &what);
    }
}

#[test]
fn an_ensemble_is_saved_and_loaded_to_the_bit() {
    let table = table(CSV);
    for task in [Task::Regression, Task::Classification] {
        let model = ensemble(&table, task);
        let bytes = model.to_bytes().unwrap();
        let device = Device::default();
        let loaded = SavedModel::from_bytes("model", bytes.clone(), &device).unwrap();
        assert_eq!(loaded.to_bytes().unwrap(), bytes, "one model, one file");
        let hidden = |model: &SavedModel| -> Vec<Vec<usize>> {
            let members = model.network.members.iter();
            members.map(|member| member.hidden_units()).collect()
        };
        assert_eq!(hidden(&loaded), hidden(&model));
        assert_eq!(numbers(&loaded, &table), numbers(&model, &table));
    }
}
