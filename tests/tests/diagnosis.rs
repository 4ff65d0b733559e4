//! What a history shows to be wrong, from histories that are made up.

use backburn_training::{
    Diagnosis, DiagnosisContext, EpochRecord, Finding, History, StartReport, StopReason, diagnose,
};

/// A run of these losses, on training and on validation rows.
fn history(training: &[f64], validation: &[f64]) -> History {
    assert_eq!(training.len(), validation.len());
    let losses = training.iter().zip(validation).enumerate();
    let epochs = losses.map(|(place, (&training_loss, &validation_loss))| EpochRecord {
        epoch: place + 1,
        training_loss,
        validation_loss: Some(validation_loss),
        score: None,
        learning_rate: 0.003,
        best: true,
        layers: Vec::new(),
    });
    History {
        epochs: epochs.collect(),
        start: StartReport {
            rows: 1000,
            validation_rows: 200,
            parameters: 100,
            batch_size: 50,
            steps: 20,
            epochs: training.len(),
            learning_rate: 0.003,
            constant_loss: 1.0,
            target: Some((0.0, 1.0)),
        },
        stop: Some(StopReason::Finished),
    }
}

fn found(history: &History) -> Vec<Finding> {
    let findings = diagnose(history, DiagnosisContext::default());
    for finding in &findings {
        assert!(finding.evidence.contains(char::is_numeric), "{finding:?}");
        assert!(!finding.remedy.is_empty(), "{finding:?}");
    }
    findings
}

fn names(history: &History) -> Vec<Diagnosis> {
    found(history).iter().map(|finding| finding.name).collect()
}

/// Losses that fall as they should.
fn falling() -> Vec<f64> {
    (0..20).map(|epoch| 0.8f64.powi(epoch)).collect()
}

#[test]
fn a_healthy_run_has_no_finding() {
    let losses = falling();
    assert!(names(&history(&losses, &losses)).is_empty());
    // Nor has one that has not begun.
    assert!(names(&History::default()).is_empty());
}

#[test]
fn a_validation_loss_that_rises_is_overfitting() {
    let rising: Vec<f64> = (0..20)
        .map(|epoch| 0.5 + 0.05 * f64::from(epoch - 6).abs())
        .collect();
    let mut run = history(&falling(), &rising);
    let findings = found(&run);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].name, Diagnosis::Overfitting);
    assert_eq!(findings[0].epoch, Some(7));
    // A few rows rise by chance.
    run.start.validation_rows = 19;
    assert!(names(&run).is_empty());
    // What rises on both is no overfitting.
    let mut both = history(&rising, &rising);
    both.epochs.truncate(12);
    assert!(!names(&both).contains(&Diagnosis::Overfitting));
}

#[test]
fn a_loss_that_is_no_number_is_divergence_and_silences_the_rest() {
    for bad in [f64::NAN, f64::INFINITY] {
        let mut losses = falling();
        losses.truncate(4);
        losses.push(bad);
        let findings = found(&history(&losses, &losses));
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].name, Diagnosis::Divergence);
        assert_eq!(findings[0].epoch, Some(5));
        let clip = "training.clip_norm=1.0".to_string();
        assert!(findings[0].settings.contains(&clip), "{findings:?}");
    }
}

#[test]
fn a_target_out_of_scale_explains_what_follows_from_it() {
    let mut run = history(&[1.0, f64::NAN], &[1.0, f64::NAN]);
    run.start.target = Some((200_000.0, 60_000.0));
    let findings = found(&run);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].name, Diagnosis::TargetOutOfScale);
    assert_eq!(findings[0].settings, ["data.target_transform=standard"]);
}

#[test]
fn a_loss_that_hardly_falls_is_a_rate_too_low_unless_the_run_was_stopped() {
    let crawling: Vec<f64> = (0..20)
        .map(|epoch| 1.0 - 0.0005 * f64::from(epoch))
        .collect();
    let mut run = history(&crawling, &crawling);
    assert_eq!(names(&run), [Diagnosis::LearningRateTooLow]);
    run.stop = Some(StopReason::Interrupted);
    assert!(names(&run).is_empty());
}

#[test]
fn a_loss_that_jumps_is_a_rate_too_high() {
    let jumping: Vec<f64> = (0..20)
        .map(|epoch| if epoch % 2 == 0 { 0.4 } else { 0.7 })
        .collect();
    assert_eq!(
        names(&history(&jumping, &jumping)),
        [Diagnosis::LearningRateTooHigh]
    );
    // In a few steps the mean of an epoch jumps by chance.
    let mut few = history(&jumping, &jumping);
    few.start.steps = 5;
    assert!(!names(&few).contains(&Diagnosis::LearningRateTooHigh));
}
