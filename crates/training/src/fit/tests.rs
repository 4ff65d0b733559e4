use std::ops::ControlFlow;

use backburn_model::{Activation, Initializer, Mlp, MlpConfig, Normalization};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};

use super::{fit, fit_anchored, resume};
use crate::network_record::with_record;
use crate::{
    Anchor, BatchReport, Callback, CallbackList, Checkpoint, EpochReport, History, OptimizerConfig,
    ScheduleConfig, ScheduleName, StopReason, TensorDataset, TrainingConfig, TrainingError,
    TrainingState, Validation,
};

/// Rows of a smooth function of three columns.
fn smooth(rows: usize) -> TensorDataset {
    let device = Device::default();
    let number = |index: usize| ((index * 7919 + 13) % 1000) as f32 / 500.0 - 1.0;
    let inputs: Vec<f32> = (0..rows * 3).map(number).collect();
    let values: Vec<f32> = inputs
        .chunks(3)
        .map(|x| (2.0 * x[0]).sin() + x[1] * x[2])
        .collect();
    TensorDataset::regression(
        Tensor::from_data(TensorData::new(inputs, [rows, 3]), &device),
        Tensor::from_data(TensorData::new(values, [rows, 1]), &device),
    )
}

/// The rows `y = slope x` of one column.
fn line(slope: f64) -> TensorDataset {
    let x = Tensor::<2>::from_floats([[-1.0], [-0.5], [0.5], [1.0]], &Device::default());
    TensorDataset::regression(x.clone(), x * slope)
}

/// A linear model with all parameters 0.
fn zero_line() -> Mlp {
    MlpConfig::new(1, 1)
        .with_hidden([])
        .with_initializer(Initializer::Constant(0.0))
        .init(&Device::default())
        .unwrap()
}

fn sgd(epochs: usize) -> TrainingConfig {
    TrainingConfig {
        epochs,
        learning_rate: 0.1.into(),
        optimizer: OptimizerConfig::sgd(),
        ..TrainingConfig::default()
    }
}

#[test]
fn the_rate_falls_when_the_loss_does_not() {
    // A loss of 0 is never lower than before.
    let mut history = History::default();
    let config = TrainingConfig {
        schedule: ScheduleConfig {
            name: ScheduleName::Plateau,
            patience: Some(2),
            end: 0.01,
            ..ScheduleConfig::default()
        },
        patience: 0,
        ..sgd(11)
    };
    let rows = line(0.0);
    fit(zero_line(), &rows, Some(&rows), &config, &mut history).unwrap();
    let rates: Vec<f64> = history.epochs.iter().map(|e| e.learning_rate).collect();
    let expected = [[0.1; 4].as_slice(), &[0.01; 3], &[0.001; 4]].concat();
    assert_eq!(rates.len(), expected.len());
    for (rate, expected) in rates.iter().zip(expected) {
        assert!((rate - expected).abs() < 1e-12, "{rates:?}");
    }
}

/// Keeps the weights at the end of each epoch.
struct Weights {
    template: Mlp,
    of_epoch: Vec<Vec<f32>>,
}

impl Callback for Weights {
    fn on_epoch_end(&mut self, session: &dyn TrainingState, _: &EpochReport) -> ControlFlow<()> {
        let checkpoint = session.checkpoint().unwrap();
        let network = with_record(self.template.clone(), &checkpoint.network).unwrap();
        let weights = bits(&network).into_iter().map(f32::from_bits);
        self.of_epoch.push(weights.collect());
        ControlFlow::Continue(())
    }
}

#[test]
fn averaged_weights_are_the_mean_of_those_of_the_last_epochs() {
    let rows = smooth(40);
    let device = Device::default();
    let network = MlpConfig::new(3, 1).with_hidden([5]).init(&device).unwrap();
    for fused in [true, false] {
        let config = TrainingConfig {
            epochs: 6,
            batch_size: Some(16),
            learning_rate: 0.05.into(),
            patience: 0,
            fused,
            ..TrainingConfig::default()
        };
        let mut weights = Weights {
            template: network.clone(),
            of_epoch: Vec::new(),
        };
        fit(network.clone(), &rows, None, &config, &mut weights).unwrap();
        for averaged in [1, 4, 9] {
            let config = TrainingConfig {
                weight_averaging: Some(averaged),
                ..config.clone()
            };
            let fitted = fit(network.clone(), &rows, None, &config, &mut ()).unwrap();
            let last = &weights.of_epoch[6_usize.saturating_sub(averaged)..];
            let mean = |index: usize| {
                let numbers = last.iter().map(|weights| f64::from(weights[index]));
                (numbers.sum::<f64>() / last.len() as f64) as f32
            };
            let expected: Vec<u32> = (0..last[0].len()).map(|i| mean(i).to_bits()).collect();
            assert_eq!(bits(&fitted.network), expected, "{fused} {averaged}");
            assert_eq!(fitted.best_epoch, 6);
        }
    }
}

#[test]
fn averaged_weights_are_validated() {
    let (rows, validation) = (smooth(60), smooth(20));
    let device = Device::default();
    let network = MlpConfig::new(3, 1).with_hidden([5]).init(&device).unwrap();
    for fused in [true, false] {
        let config = TrainingConfig {
            epochs: 8,
            learning_rate: 0.05.into(),
            weight_averaging: Some(3),
            fused,
            ..TrainingConfig::default()
        };
        let mut history = History::default();
        let fitted = fit(
            network.clone(),
            &rows,
            Some(&validation),
            &config,
            &mut history,
        );
        let fitted = fitted.unwrap();
        let best = &history.epochs[fitted.best_epoch - 1];
        let loss = best.validation_loss.unwrap();
        assert!(
            (loss - fitted.loss).abs() < 1e-5 * loss,
            "{loss} {}",
            fitted.loss
        );
    }
}

#[test]
fn weights_with_batch_normalization_are_not_averaged() {
    let network = MlpConfig::new(3, 1)
        .with_hidden([5])
        .with_normalization(Normalization::Batch);
    let network = network.init(&Device::default()).unwrap();
    let config = TrainingConfig {
        weight_averaging: Some(3),
        ..TrainingConfig::default()
    };
    let rows = smooth(40);
    let error = fit(network.clone(), &rows, None, &config, &mut ()).unwrap_err();
    assert!(matches!(error, TrainingError::Mismatch(_)));
    assert!(
        error.to_string().contains("training.weight_averaging"),
        "{error}"
    );
    // The weights of one epoch are no mean.
    let one = TrainingConfig {
        epochs: 2,
        weight_averaging: Some(1),
        ..config
    };
    fit(network, &rows, None, &one, &mut ()).unwrap();
}

/// The bits of every parameter.
fn bits(network: &Mlp) -> Vec<u32> {
    struct Bits(Vec<u32>);
    impl ModuleVisitor for Bits {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let data = param.val().into_data();
            self.0.extend(data.iter::<f32>().map(f32::to_bits));
        }
    }
    let mut bits = Bits(Vec::new());
    network.visit(&mut bits);
    bits.0
}

/// Counts batches and epochs, and breaks after some batches.
#[derive(Default)]
struct Count {
    batches: usize,
    epochs: usize,
    break_after: Option<usize>,
    last: Option<BatchReport>,
    stop: Option<StopReason>,
    diverged: bool,
    checkpoint_at_end: bool,
}

impl Callback for Count {
    fn on_batch_end(&mut self, session: &dyn TrainingState) -> ControlFlow<()> {
        self.batches += 1;
        self.last = Some(session.batch());
        match self.break_after == Some(self.batches) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn on_epoch_end(&mut self, _: &dyn TrainingState, _: &EpochReport) -> ControlFlow<()> {
        self.epochs += 1;
        ControlFlow::Continue(())
    }

    fn on_fit_end(
        &mut self,
        session: &dyn TrainingState,
        stop: StopReason,
        diverged: Option<&EpochReport>,
    ) {
        self.stop = Some(stop);
        self.diverged = diverged.is_some();
        self.checkpoint_at_end = session.checkpoint().is_some();
    }
}

/// Records a history, and takes a checkpoint after every second batch, after every epoch and at the
/// end.
#[derive(Default)]
struct Keep {
    history: History,
    batches: usize,
    checkpoints: Vec<Vec<u8>>,
}

impl Keep {
    fn keep(&mut self, session: &dyn TrainingState) {
        let mut checkpoint = session.checkpoint().unwrap();
        checkpoint.note = self.json();
        self.checkpoints.push(checkpoint.to_bytes());
    }

    fn json(&self) -> String {
        serde_json::to_string(&self.history).unwrap()
    }
}

impl Callback for Keep {
    fn records_layers(&self) -> bool {
        true
    }

    fn on_fit_start(&mut self, start: &crate::StartReport) {
        self.history.on_fit_start(start);
    }

    fn on_resume(&mut self, checkpoint: &Checkpoint) {
        self.history = serde_json::from_str(&checkpoint.note).unwrap();
    }

    fn on_batch_end(&mut self, session: &dyn TrainingState) -> ControlFlow<()> {
        self.batches += 1;
        if self.batches.is_multiple_of(2) {
            self.keep(session);
        }
        ControlFlow::Continue(())
    }

    fn on_epoch_end(
        &mut self,
        session: &dyn TrainingState,
        report: &EpochReport,
    ) -> ControlFlow<()> {
        let flow = self.history.on_epoch_end(session, report);
        self.keep(session);
        flow
    }

    fn on_fit_end(
        &mut self,
        session: &dyn TrainingState,
        stop: StopReason,
        diverged: Option<&EpochReport>,
    ) {
        self.history.on_fit_end(session, stop, diverged);
        self.keep(session);
    }
}

/// Trains, and resumes from every checkpoint.
fn resumes_to_the_bit(
    network: &Mlp,
    training: &TensorDataset,
    validation: Option<&TensorDataset>,
    config: &TrainingConfig,
) {
    let mut keep = Keep::default();
    let whole = fit(network.clone(), training, validation, config, &mut keep).unwrap();
    assert!(keep.checkpoints.len() > 3, "{}", keep.checkpoints.len());
    for bytes in &keep.checkpoints {
        let checkpoint = Checkpoint::from_bytes(bytes).unwrap();
        let position = checkpoint.epoch_and_step();
        let mut again = Keep::default();
        let network = network.clone();
        let resumed = resume(
            checkpoint, network, training, validation, config, &mut again,
        )
        .unwrap();
        assert_eq!(again.json(), keep.json(), "{position:?}");
        assert_eq!(resumed.best_epoch, whole.best_epoch, "{position:?}");
        assert_eq!(resumed.epochs, whole.epochs, "{position:?}");
        assert_eq!(resumed.stop, whole.stop, "{position:?}");
        assert_eq!(resumed.loss.to_bits(), whole.loss.to_bits(), "{position:?}");
        assert_eq!(bits(&resumed.network), bits(&whole.network), "{position:?}");
    }
}

#[test]
fn xor_is_learned() {
    let device = Device::default();
    let x = Tensor::<2>::from_floats([[0., 0.], [0., 1.], [1., 0.], [1., 1.]], &device);
    let y = Tensor::<2>::from_floats([[0.], [1.], [1.], [0.]], &device);
    let rows = TensorDataset::regression(x, y);
    device.seed(1);
    let network = MlpConfig::new(2, 1)
        .with_hidden([32])
        .with_activation(Activation::Tanh)
        .init(&device)
        .unwrap();
    for fused in [true, false] {
        let config = TrainingConfig {
            epochs: 500,
            learning_rate: 0.02.into(),
            optimizer: OptimizerConfig {
                weight_decay: Some(0.0),
                ..OptimizerConfig::default()
            },
            fused,
            ..TrainingConfig::default()
        };
        let mut count = Count::default();
        let fitted = fit(network.clone(), &rows, None, &config, &mut count).unwrap();
        assert!(fitted.loss < 0.01, "fused {fused}: {}", fitted.loss);
        assert_eq!(fitted.stop, StopReason::Finished);
        assert_eq!((fitted.best_epoch, fitted.epochs), (500, 500));
        assert_eq!((count.batches, count.epochs), (500, 500));
        assert!(count.checkpoint_at_end);
    }
}

#[test]
fn a_run_over_arrays_resumes_to_the_bit() {
    let device = Device::default();
    device.seed(1);
    let network = MlpConfig::new(3, 1).with_hidden([8, 8]).with_dropout(0.3);
    let network = network.init(&device).unwrap();
    let config = TrainingConfig {
        epochs: 4,
        batch_size: Some(16),
        ..TrainingConfig::default()
    };
    resumes_to_the_bit(&network, &smooth(70), Some(&smooth(20)), &config);
    resumes_to_the_bit(&network, &smooth(70), None, &config);
}

#[test]
fn a_run_through_autodiff_resumes_to_the_bit() {
    let device = Device::default();
    device.seed(1);
    // Without dropout: other tests draw from the random numbers of the device.
    let network = MlpConfig::new(3, 1)
        .with_hidden([8, 8])
        .with_normalization(Normalization::Batch);
    let network = network.init(&device).unwrap();
    let config = TrainingConfig {
        epochs: 4,
        batch_size: Some(16),
        fused: false,
        ..TrainingConfig::default()
    };
    resumes_to_the_bit(&network, &smooth(70), Some(&smooth(20)), &config);
    resumes_to_the_bit(&network, &smooth(70), None, &config);
}

#[test]
fn training_stops_early_and_returns_the_best_epoch() {
    // The further training follows the rows, the higher is the loss on validation rows of the
    // opposite slope.
    let config = TrainingConfig {
        patience: 2,
        ..sgd(50)
    };
    let (training, validation) = (line(1.0), line(-1.0));
    let fitted = fit(zero_line(), &training, Some(&validation), &config, &mut ()).unwrap();
    assert_eq!(fitted.stop, StopReason::EarlyStopping);
    assert_eq!((fitted.best_epoch, fitted.epochs), (1, 3));
    assert!(fitted.outputs.is_some());
    resumes_to_the_bit(&zero_line(), &training, Some(&validation), &config);

    let no_patience = TrainingConfig {
        patience: 0,
        ..sgd(10)
    };
    let fitted = fit(
        zero_line(),
        &training,
        Some(&validation),
        &no_patience,
        &mut (),
    )
    .unwrap();
    assert_eq!(fitted.stop, StopReason::Finished);
    assert_eq!((fitted.best_epoch, fitted.epochs), (1, 10));
}

#[test]
fn a_callback_can_stop_training_and_all_of_a_list_are_called() {
    let mut breaks = Count {
        break_after: Some(7),
        ..Count::default()
    };
    let mut watches = Count::default();
    let config = TrainingConfig {
        batch_size: Some(2),
        ..sgd(50)
    };
    let mut list = CallbackList(vec![&mut breaks, &mut watches]);
    let fitted = fit(zero_line(), &line(1.0), None, &config, &mut list).unwrap();
    assert_eq!(fitted.stop, StopReason::Interrupted);
    // Two batches in an epoch.
    assert_eq!(fitted.epochs, 3);
    assert_eq!((watches.batches, watches.epochs), (7, 3));
    assert_eq!(watches.stop, Some(StopReason::Interrupted));
    let last = watches.last.unwrap();
    assert_eq!((last.epoch, last.step, last.steps), (4, 1, 2));
}

#[test]
fn a_run_that_stops_in_its_first_epoch_keeps_the_network() {
    let mut breaks = Count {
        break_after: Some(1),
        ..Count::default()
    };
    let config = TrainingConfig {
        batch_size: Some(2),
        ..sgd(5)
    };
    let fitted = fit(zero_line(), &line(1.0), None, &config, &mut breaks).unwrap();
    assert_eq!((fitted.best_epoch, fitted.epochs), (0, 0));
    assert!(fitted.loss.is_finite());
    assert!(breaks.checkpoint_at_end);
}

#[test]
fn divergence_is_an_error_and_the_callback_gets_the_epoch() {
    for fused in [true, false] {
        let config = TrainingConfig { fused, ..sgd(5) };
        let mut count = Count::default();
        let error = fit(zero_line(), &line(1e30), None, &config, &mut count).unwrap_err();
        assert_eq!(error, TrainingError::Diverged);
        assert_eq!(count.stop, Some(StopReason::Diverged));
        assert_eq!(count.epochs, 0);
        assert!(count.diverged && !count.checkpoint_at_end);
    }
}

/// Gives one epoch the lowest error.
struct Lowest(usize, [f64; 2]);

impl Callback for Lowest {
    fn validation_error(&mut self, epoch: usize, validation: &Validation) -> Option<f64> {
        assert_eq!(validation.outputs.dims(), [4, 1]);
        let [lowest, others] = self.1;
        Some(if epoch == self.0 { lowest } else { others })
    }
}

#[test]
fn an_error_of_the_callback_selects_the_best_epoch_in_both_engines() {
    for fused in [true, false] {
        let config = TrainingConfig {
            fused,
            patience: 4,
            ..sgd(50)
        };
        let rows = line(1.0);
        let run = |mut errors: Lowest| {
            let fitted = fit(zero_line(), &rows, Some(&rows), &config, &mut errors).unwrap();
            assert_eq!(fitted.stop, StopReason::EarlyStopping);
            (fitted.best_epoch, fitted.epochs)
        };
        assert_eq!(run(Lowest(3, [0.0, 1.0])), (3, 7));
        assert_eq!(run(Lowest(2, [1.0, f64::INFINITY])), (2, 6));
        // Without a number there is a network too.
        assert_eq!(run(Lowest(9, [f64::NAN; 2])), (1, 5));
    }
}

#[test]
fn an_anchor_holds_the_parameters_that_it_is_stiff_in() {
    // The best slope of the rows is 3. The penalty ½ s (slope − 1)² moves it to where both gradients cancel out.
    let rows = line(3.0);
    let squares = (1.0 + 0.25 + 0.25 + 1.0) / 4.0;
    for stiffness in [0.0, 2.0, 1e3] {
        let anchor = Anchor {
            center: vec![1.0, 0.0],
            stiffness: vec![stiffness, 0.0],
        };
        let config = TrainingConfig {
            learning_rate: 1e-3.into(),
            schedule: crate::ScheduleConfig::constant(),
            ..sgd(4000)
        };
        let fitted = fit_anchored(zero_line(), &rows, None, &config, &mut (), &anchor).unwrap();
        let slope: f32 = fitted.network.output.weight.val().into_scalar();
        let expected = (2.0 * squares * 3.0 + stiffness) / (2.0 * squares + stiffness);
        assert!(
            (slope - expected).abs() < 0.05,
            "{stiffness}: {slope} {expected}"
        );
    }
    let anchor = Anchor {
        center: vec![1.0],
        stiffness: vec![1.0],
    };
    let other = fit_anchored(zero_line(), &rows, None, &sgd(1), &mut (), &anchor);
    assert!(matches!(other, Err(TrainingError::Mismatch(_))));
    let autodiff = TrainingConfig {
        fused: false,
        ..sgd(1)
    };
    let anchor = Anchor {
        center: vec![1.0, 0.0],
        stiffness: vec![1.0, 0.0],
    };
    let refused = fit_anchored(zero_line(), &rows, None, &autodiff, &mut (), &anchor);
    assert!(matches!(refused, Err(TrainingError::Mismatch(_))));
}
