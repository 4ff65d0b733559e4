//! The time to predict with this crate and with Burn: one row through a 6-64-8-4 ReLU network, also
//! written by hand over constant arrays, and 4096 rows through networks of several widths.
//!
//! ```console
//! $ cargo bench -p backburn-fused
//! ```

use std::hint::black_box;

use backburn_fused::{FusedMlp, Workspace};
use backburn_model::MlpConfig;
use burn::tensor::{Device, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};

const ROW: [f32; 6] = [0.3, -1.2, 0.8, 0.0, 2.1, -0.4];

/// Made-up weights, computed at compile time.
const fn weights<const COLUMNS: usize, const ROWS: usize>() -> [[f32; COLUMNS]; ROWS] {
    let mut weights = [[0.0; COLUMNS]; ROWS];
    let mut row = 0;
    while row < ROWS {
        let mut column = 0;
        while column < COLUMNS {
            weights[row][column] = ((row * 31 + column * 17) % 23) as f32 / 23.0 - 0.5;
            column += 1;
        }
        row += 1;
    }
    weights
}

static FIRST: [[f32; 64]; 6] = weights();
static SECOND: [[f32; 8]; 64] = weights();
static THIRD: [[f32; 4]; 8] = weights();

fn layer<const I: usize, const O: usize>(input: &[f32; I], weights: &[[f32; O]; I]) -> [f32; O] {
    let mut output = [0.1; O];
    for (x, weights) in input.iter().zip(weights) {
        for (output, weight) in output.iter_mut().zip(weights) {
            *output += x * weight;
        }
    }
    output
}

fn by_hand(row: &[f32; 6]) -> [f32; 4] {
    let hidden = layer(row, &FIRST).map(|x| x.max(0.0));
    let hidden = layer(&hidden, &SECOND).map(|x| x.max(0.0));
    layer(&hidden, &THIRD)
}

fn one_row(criterion: &mut Criterion) {
    let device = Device::flex();
    let network = MlpConfig::new(6, 4).with_hidden([64, 8]);
    let network = network.init(&device).expect("a valid config");
    let fused = FusedMlp::of(&network).expect("a plain network");
    let mut group = criterion.benchmark_group("one row, 6-64-8-4");
    group.bench_function("by hand", |b| b.iter(|| by_hand(black_box(&ROW))));
    let mut workspace = Workspace::default();
    group.bench_function("fused", |b| {
        b.iter(|| fused.predict_with(black_box(&ROW), &mut workspace)[0]);
    });
    group.bench_function("burn", |b| {
        b.iter(|| {
            let row = Tensor::<2>::from_floats([black_box(ROW)], &device);
            network.forward(row).into_data()
        });
    });
    group.finish();
}

fn batches(criterion: &mut Criterion) {
    let device = Device::flex();
    let mut group = criterion.benchmark_group("4096 rows");
    for width in [16, 128, 512] {
        let network = MlpConfig::new(20, 1).with_hidden([width, width]);
        let network = network.init(&device).expect("a valid config");
        let fused = FusedMlp::of(&network).expect("a plain network");
        let rows = vec![0.5; 4096 * 20];
        group.bench_function(format!("fused, {width}"), |b| {
            b.iter(|| fused.predict(black_box(&rows)));
        });
        let tensor = Tensor::<1>::from_floats(rows.as_slice(), &device).reshape([4096, 20]);
        group.bench_function(format!("burn, {width}"), |b| {
            b.iter(|| network.forward(black_box(tensor.clone())).into_data());
        });
    }
    group.finish();
}

criterion_group!(benches, one_row, batches);
criterion_main!(benches);
