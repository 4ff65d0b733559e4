//! The time of a training step of `fit`, of the loss and of the optimizer, for several sizes.
//!
//! ```console
//! $ cargo bench -p backburn-training
//! ```

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use backburn_model::MlpConfig;
use backburn_training::{
    Callback, Criterion as LossCriterion, EpochReport, FusedOptimizer, Loss, OptimizerConfig,
    OptimizerName, ScheduleConfig, TargetArrays, TensorDataset, TrainingConfig, TrainingState, fit,
};
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Records the time at the end of each epoch.
struct Clock(Vec<Instant>);

impl Callback for Clock {
    fn on_epoch_end(&mut self, _: &dyn TrainingState, _: &EpochReport) -> ControlFlow<()> {
        self.0.push(Instant::now());
        ControlFlow::Continue(())
    }
}

/// The time of `count` steps, with shuffling and batching.
fn steps(count: u64, widths: &[usize], batch: usize, fused: bool) -> Duration {
    const STEPS_PER_EPOCH: usize = 16;
    let device = Device::flex();
    device.seed(1);
    let [inputs, hidden @ .., _] = widths else {
        unreachable!("a network has inputs and outputs")
    };
    let shape = [batch * STEPS_PER_EPOCH, *inputs];
    let x = Tensor::<2>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    let y = x.clone().sum_dim(1).sin();
    let network = MlpConfig::new(*inputs, 1).with_hidden(hidden.to_vec());
    let network = network.init(&device).expect("a valid config");
    let epochs = (count as usize).div_ceil(STEPS_PER_EPOCH);
    let config = TrainingConfig {
        // The first epoch is a warm-up.
        epochs: epochs + 1,
        batch_size: Some(batch),
        schedule: ScheduleConfig::constant(),
        patience: 0,
        fused,
        ..TrainingConfig::default()
    };
    let mut clock = Clock(Vec::new());
    let rows = TensorDataset::regression(x, y);
    fit(network, &rows, None, &config, &mut clock).expect("a valid config");
    let time = clock.0[epochs] - clock.0[0];
    time.mul_f64(count as f64 / (epochs * STEPS_PER_EPOCH) as f64)
}

fn step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    group.sample_size(10);
    let cases: [(&[usize], usize); 4] = [
        (&[8, 64, 64, 1], 32),
        (&[8, 64, 64, 1], 256),
        (&[8, 256, 256, 256, 1], 256),
        (&[64, 512, 512, 1], 256),
    ];
    for (widths, batch) in cases {
        for (name, fused) in [("fused", true), ("through Burn", false)] {
            let id = BenchmarkId::new(name, format!("{widths:?}, {batch}"));
            group.bench_function(id, |b| {
                b.iter_custom(|count| steps(count, widths, batch, fused));
            });
        }
    }
    group.finish();
}

fn loss(criterion: &mut Criterion) {
    const ROWS: usize = 256;
    let mut group = criterion.benchmark_group("loss and its gradient, 256 rows");
    let rows: Vec<usize> = (0..ROWS).collect();
    let mut bench = |name: &str, loss, width: usize, targets: TargetArrays| {
        let outputs: Vec<f32> = (0..ROWS * width).map(|i| (i as f32).sin()).collect();
        let mut gradient = vec![0.0; outputs.len()];
        let loss = LossCriterion {
            loss,
            huber_delta: 1.0,
            label_smoothing: 0.0,
            quantiles: Vec::new(),
        };
        group.bench_function(BenchmarkId::new(name, width), |b| {
            b.iter(|| {
                let outputs = black_box(&outputs);
                loss.backward(outputs, &rows, &targets, None, 0.1, &mut gradient)
            });
        });
    };
    for width in [1, 10, 100] {
        let values = TargetArrays::Values(vec![0.5; ROWS * width]);
        bench("mean squared error", Loss::MeanSquaredError, width, values);
    }
    for width in [2, 10, 100] {
        let classes = TargetArrays::Classes(rows.iter().map(|row| row % width).collect());
        bench("cross-entropy", Loss::CrossEntropy, width, classes);
    }
    group.finish();
}

fn optimizer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("optimizer");
    for parameters in [1_000, 100_000, 2_000_000] {
        group.throughput(Throughput::Elements(parameters as u64));
        for name in [
            OptimizerName::Sgd,
            OptimizerName::Adam,
            OptimizerName::AdamW,
        ] {
            let config = OptimizerConfig {
                name,
                ..OptimizerConfig::default()
            };
            let mut optimizer = FusedOptimizer::new(&config, parameters).expect("one of the three");
            let mut numbers = vec![0.5; parameters];
            let gradient: Vec<f32> = (0..parameters).map(|i| (i as f32).sin()).collect();
            group.bench_function(BenchmarkId::new(format!("{name:?}"), parameters), |b| {
                b.iter(|| {
                    optimizer.step(1e-6, black_box(&mut numbers), |start, out| {
                        out.copy_from_slice(&gradient[start..][..out.len()]);
                    });
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, step, loss, optimizer);
criterion_main!(benches);
