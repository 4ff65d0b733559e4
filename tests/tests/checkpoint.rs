//! Training that goes on from a checkpoint comes out as if nothing had happened.

use std::ops::ControlFlow;

use backburn_model::{Mlp, MlpConfig, Normalization, TabMConfig};
use backburn_tests::is_alone;
use backburn_training::{
    Callback, Checkpoint, EpochReport, Fitted, History, Network, OptimizerConfig, OptimizerName,
    ScheduleConfig, ScheduleName, StartReport, StopReason, TensorDataset, TrainingConfig,
    TrainingError, TrainingState, fit, resume,
};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn examples(rows: usize, seed: u64) -> TensorDataset {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut numbers =
        |count: usize| -> Vec<f32> { (0..count).map(|_| rng.random_range(-1.0..1.0)).collect() };
    let device = Device::default();
    let inputs = TensorData::new(numbers(rows * 3), [rows, 3]);
    let inputs = Tensor::<2>::from_data(inputs, &device);
    let noise = TensorData::new(numbers(rows), [rows, 1]);
    let noise = Tensor::<2>::from_data(noise, &device);
    TensorDataset::regression(
        inputs.clone(),
        inputs.sum_dim(1).powi_scalar(2) + noise * 0.1,
    )
}

/// Keeps a history, and a checkpoint after some steps and at the end, as bytes.
struct Keeping {
    history: History,
    every: usize,
    steps: usize,
    ended: bool,
    kept: Vec<Vec<u8>>,
}

impl Keeping {
    fn every(steps: usize) -> Self {
        Self {
            history: History::default(),
            every: steps,
            steps: 0,
            ended: false,
            kept: Vec::new(),
        }
    }

    fn keep(&mut self, session: &dyn TrainingState) {
        let Some(mut checkpoint) = session.checkpoint() else {
            return;
        };
        assert_eq!(checkpoint.ended().is_some(), self.ended);
        checkpoint.note = serde_json::to_string(&self.history).unwrap();
        self.kept.push(checkpoint.to_bytes());
    }
}

impl Callback for Keeping {
    fn records_layers(&self) -> bool {
        true
    }

    fn on_fit_start(&mut self, start: &StartReport) {
        self.history.on_fit_start(start);
    }

    fn on_resume(&mut self, checkpoint: &Checkpoint) {
        self.history = serde_json::from_str(&checkpoint.note).unwrap();
    }

    fn on_batch_end(&mut self, session: &dyn TrainingState) -> ControlFlow<()> {
        self.steps += 1;
        if self.steps.is_multiple_of(self.every) {
            self.keep(session);
        }
        ControlFlow::Continue(())
    }

    fn on_epoch_end(
        &mut self,
        session: &dyn TrainingState,
        epoch: &EpochReport,
    ) -> ControlFlow<()> {
        self.history.on_epoch_end(session, epoch)
    }

    fn on_fit_end(
        &mut self,
        session: &dyn TrainingState,
        stop: StopReason,
        diverged: Option<&EpochReport>,
    ) {
        self.history.on_fit_end(session, stop, diverged);
        self.ended = true;
        self.keep(session);
    }
}

/// Every number of a network, running means included.
fn numbers(network: &impl Module) -> Vec<f32> {
    struct Numbers(Vec<f32>);
    impl ModuleVisitor for Numbers {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(param.val().into_data().iter::<f32>());
        }
    }
    let mut numbers = Numbers(Vec::new());
    network.visit(&mut numbers);
    numbers.0
}

/// All that came out.
fn outcome<N: Network>(fitted: Fitted<N>, history: &History) -> (Vec<u32>, String) {
    let facts = (
        fitted.best_epoch,
        fitted.epochs,
        fitted.loss.to_bits(),
        fitted.stop,
    );
    let weights = numbers(&fitted.network);
    let weights = weights.into_iter().map(f32::to_bits).collect();
    let history = serde_json::to_string(history).unwrap();
    (weights, format!("{facts:?} {history}"))
}

/// Trains, and goes on from every checkpoint with a network that has other weights.
fn goes_on<N: Network>(
    network: impl Fn(u64) -> N,
    validation: Option<&TensorDataset>,
    config: &TrainingConfig,
    every: usize,
) {
    let training = examples(70, 1);
    let mut keeping = Keeping::every(every);
    let fitted = fit(network(0), &training, validation, config, &mut keeping).unwrap();
    assert_eq!(fitted.epochs, config.epochs);
    let whole = outcome(fitted, &keeping.history);
    assert!(keeping.kept.len() > 5, "{} checkpoints", keeping.kept.len());
    for bytes in &keeping.kept {
        let mut checkpoint = Checkpoint::from_bytes(bytes).unwrap();
        assert!(checkpoint.attachment.is_empty());
        checkpoint.attachment = vec![1, 2, 3];
        let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes()).unwrap();
        assert_eq!(checkpoint.attachment, [1, 2, 3]);
        let place = checkpoint.epoch_and_step();
        let mut again = Keeping::every(usize::MAX);
        let fitted = resume(
            checkpoint,
            network(9),
            &training,
            validation,
            config,
            &mut again,
        );
        let whole_again = outcome(fitted.unwrap(), &again.history);
        assert_eq!(whole_again.1, whole.1, "{place:?}");
        assert!(whole_again.0 == whole.0, "{place:?}: other weights");
    }
}

fn mlp(config: MlpConfig) -> impl Fn(u64) -> Mlp {
    move |seed| {
        let device = Device::default();
        device.seed(seed);
        config.init(&device).unwrap()
    }
}

fn config(name: OptimizerName) -> TrainingConfig {
    TrainingConfig {
        epochs: 4,
        batch_size: Some(16),
        patience: 0,
        learning_rate: 0.01.into(),
        optimizer: OptimizerConfig {
            name,
            ..OptimizerConfig::default()
        },
        ..TrainingConfig::default()
    }
}

#[test]
fn over_arrays_with_every_optimizer_and_dropout() {
    let validation = examples(20, 2);
    for name in [
        OptimizerName::Sgd,
        OptimizerName::Adam,
        OptimizerName::AdamW,
    ] {
        let network = mlp(MlpConfig::new(3, 1).with_hidden([8, 8]).with_dropout(0.3));
        goes_on(&network, Some(&validation), &config(name), 3);
        goes_on(&network, None, &config(name), 2);
    }
}

#[test]
fn with_a_rate_that_depends_on_losses() {
    let validation = examples(20, 2);
    // At so low a rate, the loss falls by less than what counts as falling.
    let config = TrainingConfig {
        learning_rate: 1e-7.into(),
        schedule: ScheduleConfig {
            name: ScheduleName::Plateau,
            patience: Some(0),
            gamma: 0.7,
            ..ScheduleConfig::default()
        },
        ..config(OptimizerName::Sgd)
    };
    let network = mlp(MlpConfig::new(3, 1).with_hidden([8]));
    let mut history = History::default();
    let rows = examples(70, 1);
    fit(network(0), &rows, Some(&validation), &config, &mut history).unwrap();
    let rates: Vec<f64> = history.epochs.iter().map(|e| e.learning_rate).collect();
    assert!(rates[3] < 0.8 * rates[0], "{rates:?}");
    goes_on(&network, Some(&validation), &config, 3);
    goes_on(&network, None, &config, 2);
}

#[test]
fn with_averaged_weights() {
    let validation = examples(20, 2);
    for fused in [true, false] {
        let config = TrainingConfig {
            weight_averaging: Some(3),
            fused,
            ..config(OptimizerName::AdamW)
        };
        let network = mlp(MlpConfig::new(3, 1).with_hidden([8]));
        goes_on(&network, Some(&validation), &config, 3);
        goes_on(&network, None, &config, 2);
    }
}

#[test]
fn through_burn_with_normalization_and_dropout() {
    if !is_alone("checkpoint::through_burn_with_normalization_and_dropout") {
        return;
    }
    let validation = examples(20, 2);
    for name in [
        OptimizerName::Sgd,
        OptimizerName::AdamW,
        OptimizerName::RmsProp,
        OptimizerName::AdaGrad,
        OptimizerName::Adafactor,
        OptimizerName::Adan,
        OptimizerName::Lamb,
        OptimizerName::Lion,
    ] {
        let network = MlpConfig::new(3, 1).with_hidden([8, 8]).with_dropout(0.3);
        let network = mlp(network.with_normalization(Normalization::Batch));
        goes_on(&network, Some(&validation), &config(name), 3);
    }
    let tabm = |seed| {
        let device = Device::default();
        device.seed(seed);
        let config = TabMConfig {
            inputs: 3,
            outputs: 1,
            members: 4,
            hidden: vec![8],
            ..TabMConfig::default()
        };
        config.init(&device).unwrap()
    };
    goes_on(tabm, Some(&validation), &config(OptimizerName::AdamW), 3);
}

#[test]
fn other_rows_are_learned_from_the_same_weights() {
    let network = mlp(MlpConfig::new(3, 1).with_hidden([8]));
    let config = config(OptimizerName::AdamW);
    let mut keeping = Keeping::every(7);
    fit(network(0), &examples(70, 1), None, &config, &mut keeping).unwrap();
    assert!(keeping.kept.len() > 1, "{} checkpoints", keeping.kept.len());
    for bytes in &keeping.kept {
        let checkpoint = Checkpoint::from_bytes(bytes).unwrap();
        let mut again = Keeping::every(usize::MAX);
        let more = examples(100, 3);
        let fitted = resume(checkpoint, network(0), &more, None, &config, &mut again).unwrap();
        assert_eq!(fitted.epochs, 4);
    }
}

#[test]
fn a_checkpoint_of_something_else_is_refused() {
    let network = mlp(MlpConfig::new(3, 1).with_hidden([8]));
    let config = config(OptimizerName::AdamW);
    let rows = examples(70, 1);
    let mut keeping = Keeping::every(7);
    fit(network(0), &rows, None, &config, &mut keeping).unwrap();
    let refused = |network: Mlp, config: &TrainingConfig| {
        let checkpoint = Checkpoint::from_bytes(&keeping.kept[0]).unwrap();
        resume(checkpoint, network, &rows, None, config, &mut ()).unwrap_err()
    };
    let wider = mlp(MlpConfig::new(3, 1).with_hidden([9]));
    let sgd = self::config(OptimizerName::Sgd);
    let burn = TrainingConfig {
        fused: false,
        ..config.clone()
    };
    for error in [
        refused(wider(0), &config),
        refused(network(0), &sgd),
        refused(network(0), &burn),
    ] {
        assert!(matches!(error, TrainingError::Checkpoint(_)), "{error}");
    }
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let network = mlp(MlpConfig::new(3, 1).with_hidden([4]));
    let mut keeping = Keeping::every(7);
    let config = config(OptimizerName::AdamW);
    fit(network(0), &examples(30, 1), None, &config, &mut keeping).unwrap();
    let bytes = &keeping.kept[0];
    assert!(Checkpoint::from_bytes(bytes).is_ok());
    for length in 0..bytes.len() {
        assert!(
            Checkpoint::from_bytes(&bytes[..length]).is_err(),
            "{length}"
        );
    }
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(Checkpoint::from_bytes(&changed).is_err(), "{place}");
    }
}
