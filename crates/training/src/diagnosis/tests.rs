use backburn_model::MlpConfig;

use super::diagnose;
use crate::{
    ActivationReport, Diagnosis, DiagnosisContext, EpochRecord, Finding, History, LayerReport,
    StartReport, StopReason, TrainingConfig,
};

const FALLING: [f64; 10] = [0.9, 0.5, 0.3, 0.2, 0.15, 0.12, 0.1, 0.09, 0.085, 0.084];

fn layer(name: &str, hidden: bool) -> LayerReport {
    LayerReport {
        layer: name.to_string(),
        gradient_norm: 1.0,
        first_gradient_norm: 1.0,
        gradient_mean_abs: 0.01,
        gradient_noise: 1.0,
        weight_norm: 5.0,
        weight_mean_abs: 0.1,
        update_ratio: 1e-3,
        activation: hidden.then_some(ActivationReport {
            mean: 0.5,
            std: 0.5,
            dead: 0.0,
            saturated: 0.0,
        }),
    }
}

/// A healthy history, except for its losses. A constant prediction has a loss of 1.
fn history(losses: &[f64]) -> History {
    let record = |(index, &loss): (usize, &f64)| EpochRecord {
        epoch: index + 1,
        training_loss: loss,
        validation_loss: None,
        score: None,
        learning_rate: 3e-3,
        best: true,
        layers: vec![layer("hidden.0", true), layer("output", false)],
    };
    History {
        start: StartReport {
            rows: 1000,
            validation_rows: 200,
            parameters: 100,
            batch_size: 32,
            steps: 32,
            epochs: losses.len(),
            learning_rate: 3e-3,
            constant_loss: 1.0,
            target: Some((0.0, 1.0)),
        },
        epochs: losses.iter().enumerate().map(record).collect(),
        stop: Some(StopReason::Finished),
    }
}

/// The same change of the hidden layer in every epoch.
fn change_hidden(history: &mut History, change: impl Fn(&mut LayerReport)) {
    for epoch in &mut history.epochs {
        change(&mut epoch.layers[0]);
    }
}

fn change_units(history: &mut History, change: impl Fn(&mut ActivationReport)) {
    change_hidden(history, |layer| {
        change(layer.activation.as_mut().unwrap());
    });
}

/// The only finding.
fn only(history: &History, context: DiagnosisContext) -> Finding {
    let mut findings = diagnose(history, context);
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

fn expect(history: &History, name: Diagnosis) -> Finding {
    let finding = only(history, DiagnosisContext::default());
    assert_eq!(finding.name, name, "{finding:?}");
    finding
}

fn expect_none(history: &History, context: DiagnosisContext) {
    let findings = diagnose(history, context);
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn a_healthy_run_has_no_finding() {
    expect_none(&history(&FALLING), DiagnosisContext::default());
    expect_none(&History::default(), DiagnosisContext::default());
}

#[test]
fn a_target_out_of_scale_is_found_first() {
    let mut history = history(&[1.0; 10]);
    history.start.target = Some((1500.0, 1000.0));
    expect(&history, Diagnosis::TargetOutOfScale);
}

#[test]
fn exploding_gradients_are_found_where_they_start() {
    let mut history = history(&FALLING);
    history.epochs[1].layers[0].first_gradient_norm = 1e4;
    let finding = expect(&history, Diagnosis::ExplodingGradients);
    assert_eq!(finding.layer.as_deref(), Some("hidden.0"));
    assert_eq!(finding.epoch, Some(2));
    assert!(
        finding
            .settings
            .contains(&"training.clip_norm=1.0".to_string())
    );
}

#[test]
fn divergence_is_found() {
    let mut history = history(&[0.9, 0.8, f64::NAN]);
    history.stop = Some(StopReason::Diverged);
    let finding = expect(&history, Diagnosis::Divergence);
    assert_eq!(finding.epoch, Some(3));
}

#[test]
fn vanishing_gradients_are_found_in_their_layer() {
    let mut history = history(&FALLING);
    change_hidden(&mut history, |layer| layer.gradient_mean_abs = 1e-8);
    let finding = expect(&history, Diagnosis::VanishingGradients);
    assert_eq!(finding.layer.as_deref(), Some("hidden.0"));
}

#[test]
fn dead_units_are_found_where_the_loss_is_high() {
    let dead = |losses: &[f64]| {
        let mut history = history(losses);
        change_units(&mut history, |units| units.dead = 0.9);
        history
    };
    expect(
        &dead(&[0.9, 0.7, 0.6, 0.55, 0.52, 0.51]),
        Diagnosis::DeadRelus,
    );
    expect_none(&dead(&FALLING), DiagnosisContext::default());
}

#[test]
fn saturated_units_are_found() {
    let mut history = history(&FALLING);
    change_units(&mut history, |units| units.saturated = 0.9);
    expect(&history, Diagnosis::SaturatedUnits);
}

#[test]
fn a_jumping_loss_has_a_learning_rate_that_is_too_high() {
    let finding = expect(
        &history(&[0.5, 0.8, 0.5, 0.8, 0.5, 0.8]),
        Diagnosis::LearningRateTooHigh,
    );
    assert_eq!(finding.settings, ["training.learning_rate=0.0003"]);
}

#[test]
fn a_loss_that_falls_in_a_line_has_a_learning_rate_that_is_too_low() {
    let losses: Vec<f64> = (0..10).map(|epoch| 1.0 - 0.02 * f64::from(epoch)).collect();
    let mut history = history(&losses);
    for epoch in &mut history.epochs {
        for layer in &mut epoch.layers {
            layer.update_ratio = 1e-4;
        }
    }
    let finding = expect(&history, Diagnosis::LearningRateTooLow);
    assert_eq!(finding.settings, ["training.learning_rate=0.03"]);
}

#[test]
fn a_constant_loss_is_a_plateau_unless_the_run_was_interrupted() {
    let mut history = history(&[1.0; 10]);
    let finding = expect(&history, Diagnosis::Plateau);
    assert_eq!(finding.settings, ["training.optimizer.name=adamw"]);
    history.stop = Some(StopReason::Interrupted);
    expect_none(&history, DiagnosisContext::default());
}

#[test]
fn a_rising_validation_loss_is_overfitting() {
    let mut history = history(&FALLING);
    let validation = [0.9, 0.5, 0.4, 0.45, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1];
    for (epoch, loss) in history.epochs.iter_mut().zip(validation) {
        epoch.validation_loss = Some(loss);
    }
    let finding = expect(&history, Diagnosis::Overfitting);
    assert_eq!(finding.epoch, Some(3));
}

#[test]
fn a_loss_above_that_of_neighbors_is_underfitting() {
    let history = history(&[0.9, 0.7, 0.6, 0.55, 0.52, 0.51, 0.505, 0.502, 0.501, 0.5]);
    let context = |loss| DiagnosisContext {
        nearest_rows_loss: Some(loss),
        ..DiagnosisContext::default()
    };
    let finding = only(&history, context(0.1));
    assert_eq!(finding.name, Diagnosis::Underfitting);
    expect_none(&history, context(0.6));
}

#[test]
fn a_run_that_both_underfits_and_overfits_has_one_remedy() {
    let mut history = history(&[0.9, 0.7, 0.6, 0.55, 0.52, 0.51, 0.505, 0.502, 0.501, 0.5]);
    for (index, epoch) in history.epochs.iter_mut().enumerate() {
        epoch.validation_loss = Some(0.9 + 0.1 * index as f64);
    }
    let context = DiagnosisContext {
        nearest_rows_loss: Some(0.1),
        ..DiagnosisContext::default()
    };
    assert_eq!(only(&history, context).name, Diagnosis::Overfitting);
}

#[test]
fn a_plateau_of_an_adaptive_optimizer_is_not_answered_with_another() {
    let network = MlpConfig::new(3, 1).with_hidden([64]);
    let training = TrainingConfig::default();
    let context = DiagnosisContext {
        network: Some(&network),
        training: Some(&training),
        nearest_rows_loss: None,
    };
    let finding = only(&history(&[1.0; 10]), context);
    assert_eq!(finding.name, Diagnosis::Plateau);
    assert!(finding.settings.is_empty(), "{finding:?}");
    assert!(!finding.remedy.contains("AdamW"), "{finding:?}");
}
