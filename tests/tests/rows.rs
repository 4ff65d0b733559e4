//! A row is predicted the same to the bit, alone and among others.

use backburn::Predictor;
use backburn_model::{MlpConfig, Normalization};
use backburn_preprocessing::{Predictions, Task};
use backburn_table::Cell;
use backburn_tests::{table, untrained};
use burn::tensor::Device;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn csv(rows: usize) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut csv = "a,b,c,d,y\n".to_string();
    for _ in 0..rows {
        let a: f64 = rng.random_range(-1e3..1e3);
        let b: f64 = rng.random_range(0.0..1.0);
        let b = if b < 0.1 {
            String::new()
        } else {
            b.to_string()
        };
        let (c, d) = (rng.random_range(0..9), rng.random_range(1..28));
        csv += &format!(
            "{a},{b},kind {c},2024-01-{d:02},{}\n",
            rng.random_range(0..3)
        );
    }
    csv
}

fn bits(predictions: &Predictions) -> Vec<u64> {
    let (Predictions::Values(numbers)
    | Predictions::Classes {
        probabilities: numbers,
        ..
    }) = predictions;
    numbers.iter().map(|number| number.to_bits()).collect()
}

#[test]
fn alone_and_in_any_batch() {
    let table = table(&csv(700));
    let plain = MlpConfig::default();
    let with = |normalization| MlpConfig::default().with_normalization(normalization);
    for (task, config) in [
        (Task::Regression, plain.clone().with_hidden([])),
        (Task::Regression, plain.clone().with_hidden([8, 4])),
        (Task::Classification, plain.clone().with_hidden([64, 64])),
        (Task::Regression, plain.clone().with_hidden([128, 300])),
        (
            Task::Classification,
            plain.with_hidden([16, 16]).with_residual(true),
        ),
        (
            Task::Regression,
            with(Normalization::Batch).with_hidden([40]),
        ),
        (
            Task::Regression,
            with(Normalization::Batch).with_hidden([300, 256]),
        ),
        (
            Task::Classification,
            with(Normalization::Layer).with_hidden([40]),
        ),
    ] {
        let mut model = untrained(&table, task, &config);
        let more = untrained(&table, task, &config).network.members;
        for members in [1, 2] {
            if members == 2 {
                model.network.members.extend(more.clone());
            }
            let predictor = Predictor::new(model.clone(), &Device::default());
            let all = bits(&predictor.predict_table(&table).unwrap());
            let width = all.len() / table.rows();
            let rows = predictor.rows();
            for size in [1, 2, 7, 33, 100, 500] {
                for start in [0, 17, 199] {
                    let end = (start + size).min(table.rows());
                    let part: Vec<usize> = (start..end).collect();
                    let part = table.select("part", &part).unwrap();
                    let part = bits(&predictor.predict_table(&part).unwrap());
                    assert!(
                        part == all[start * width..end * width],
                        "{config:?}, {members}: rows {start} to {end}"
                    );
                }
            }
            for row in [0, 150, 299] {
                let cells: Vec<Cell> = rows
                    .columns()
                    .map(|name| table.column(name).unwrap().cells().nth(row).unwrap())
                    .collect();
                let alone = bits(&rows.predict(&cells).unwrap());
                assert!(
                    alone == all[row * width..(row + 1) * width],
                    "{config:?}: {row}"
                );
            }
        }
    }
}
