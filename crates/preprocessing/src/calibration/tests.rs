//! Tests of calibration.

use super::*;
use crate::predictions::Predictions;
use crate::target_transform::TargetTransform;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn numbers() -> Target {
    Target::Regression {
        column: "y".to_string(),
        scale: TargetTransform::Standard,
        mean: 10.0,
        std: 2.0,
        bounds: None,
        at_bounds: None,
        distribution: None,
        errors: Vec::new(),
        error_scale: None,
    }
}

fn classes() -> Target {
    Target::Classification {
        column: "y".to_string(),
        classes: vec!["a".to_string(), "b".to_string()],
        temperature: 1.0,
        decision: None,
    }
}

#[test]
fn intervals_have_their_coverage() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut draw = |rows: usize| {
        let outputs: Vec<f32> = (0..rows).map(|_| rng.random_range(-1.0..1.0)).collect();
        let noise = |o: &f32| 10.0 + 2.0 * (f64::from(*o) + rng.random_range(-1.0f64..1.0).powi(3));
        let truth: Vec<f64> = outputs.iter().map(noise).collect();
        (outputs, truth)
    };
    let (outputs, truth) = draw(1000);
    let target = numbers().calibrated(&outputs, 1, &truth);
    let (outputs, truth) = draw(20_000);
    for coverage in [0.5, 0.8, 0.95, 0.99] {
        let intervals = target.intervals(&outputs, coverage).unwrap();
        let inside = intervals.iter().zip(&truth);
        let inside = inside.filter(|(i, t)| i[0] <= **t && **t <= i[1]).count();
        let share = inside as f64 / truth.len() as f64;
        assert!((share - coverage).abs() < 0.03, "{coverage}: {share}");
    }
    assert!(
        target
            .check_coverage(0.999)
            .unwrap_err()
            .contains("50 to 99")
    );
    assert!(target.check_coverage(0.905).is_err());
}

fn with_distribution(distribution: Distribution) -> Target {
    let log_link = distribution.has_log_link();
    Target::Regression {
        column: "y".to_string(),
        scale: match log_link {
            true => TargetTransform::Log,
            false => TargetTransform::Standard,
        },
        mean: if log_link { 10f64.ln() } else { 10.0 },
        std: if log_link { 1.0 } else { 2.0 },
        bounds: Some([0.0, 1000.0]),
        at_bounds: None,
        errors: Vec::new(),
        error_scale: None,
        distribution: Some(distribution),
    }
}

/// Checks that intervals of new rows have their coverage, hold their prediction and stay in the bounds.
fn check_coverages(distribution: Distribution, mut row: impl FnMut() -> (Vec<f32>, f64)) {
    let width = distribution.outputs();
    let mut draw = |rows: usize| {
        let rows: Vec<(Vec<f32>, f64)> = (0..rows).map(|_| row()).collect();
        let outputs: Vec<f32> = rows
            .iter()
            .flat_map(|(outputs, _)| outputs.clone())
            .collect();
        let truth: Vec<f64> = rows.iter().map(|(_, truth)| *truth).collect();
        (outputs, truth)
    };
    let (outputs, truth) = draw(2000);
    let target = with_distribution(distribution).calibrated(&outputs, width, &truth);
    let (outputs, truth) = draw(20_000);
    let Predictions::Values(predictions) = target.predictions(&outputs, width) else {
        panic!("numbers")
    };
    for coverage in [0.5, 0.8, 0.95] {
        let intervals = target.intervals(&outputs, coverage).unwrap();
        let all = || intervals.iter().zip(&predictions).zip(&truth);
        for (([low, high], prediction), _) in all() {
            assert!(low <= prediction && prediction <= high);
            assert!(0.0 <= *low && *high <= 1000.0);
        }
        let held = all().filter(|(([low, high], _), t)| low <= *t && *t <= high);
        let share = held.count() as f64 / truth.len() as f64;
        // An interval that has to hold its prediction may be wider.
        assert!(share > coverage - 0.03, "{coverage}: {share}");
        assert!(share < coverage + 0.05, "{coverage}: {share}");
    }
}

#[test]
fn intervals_of_distributions_have_their_coverage() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let quantiles = Distribution::Quantiles {
        levels: vec![0.1, 0.5, 0.9],
        errors: Vec::new(),
    };
    // The spread of the number differs between rows, and the quantiles are too narrow.
    check_coverages(quantiles, || {
        let spread: f32 = rng.random_range(0.1..2.0);
        let noise = rng.random_range(-1.0f64..1.0) * f64::from(spread);
        (vec![-0.5 * spread, 0.0, 0.5 * spread], 10.0 + 2.0 * noise)
    });
    for gamma in [false, true] {
        let errors = Vec::new();
        let distribution = match gamma {
            true => Distribution::Gamma { errors },
            false => Distribution::Poisson { errors },
        };
        let spread = distribution.clone();
        check_coverages(distribution, || {
            let output: f32 = rng.random_range(-1.0..2.0);
            let mean = 10.0 * f64::from(output).exp();
            let noise = rng.random_range(-0.9f64..0.9) * spread.spread(mean);
            (vec![output], mean + noise)
        });
    }
}

#[test]
fn few_rows_have_no_high_coverage() {
    let target = numbers().calibrated(&[0.0; 9], 1, &[11.0; 9]);
    assert!(target.check_coverage(0.9).is_ok());
    assert_eq!(target.intervals(&[0.0], 0.9).unwrap(), [[9.0, 11.0]]);
    assert!(
        target
            .check_coverage(0.91)
            .unwrap_err()
            .contains("50 to 90")
    );
    assert!(
        numbers()
            .check_coverage(0.9)
            .unwrap_err()
            .contains("without rows")
    );
    assert!(
        classes()
            .check_coverage(0.9)
            .unwrap_err()
            .contains("classes")
    );
}

#[test]
fn rows_beyond_the_bounds_count_as_the_largest_errors() {
    let half_width = |bounds: Option<[f64; 2]>, values: &[f64]| {
        let mut target = numbers();
        if let Target::Regression {
            bounds: of_target, ..
        } = &mut target
        {
            *of_target = bounds;
        }
        let outputs = vec![0.0; values.len()];
        target
            .calibrated(&outputs, 1, values)
            .half_width(0.5)
            .unwrap()
    };
    // In the scale of the outputs, the errors are 0.5, 1, 1.5, 2 and 5.
    let values = [11.0, 12.0, 13.0, 14.0, 20.0];
    assert_eq!(half_width(None, &values), 1.5);
    assert_eq!(half_width(Some([9.0, 21.0]), &values), 1.5);
    // The rows with errors of 0.5 and 1 can be in no interval.
    assert_eq!(half_width(Some([12.5, 21.0]), &values), 5.0);
    assert_eq!(half_width(Some([11.5, 21.0]), &values), 2.0);
}

#[test]
fn an_interval_holds_its_prediction_within_the_same_bounds() {
    let with = |scale: TargetTransform, std: f64, bounds: Option<[f64; 2]>, error: f64| {
        Target::Regression {
            column: "y".to_string(),
            scale,
            mean: 10.0,
            std,
            bounds,
            at_bounds: None,
            distribution: None,
            errors: vec![error; 41],
            error_scale: None,
        }
    };
    let standard = |bounds, error| with(TargetTransform::Standard, 2.0, bounds, error);
    let bounded = standard(Some([8.0, 13.0]), 1.0);
    let intervals = bounded.intervals(&[0.0, 1.5, 9.0, -9.0], 0.9).unwrap();
    // The predictions are 10, 13, 13 and 8.
    assert_eq!(
        intervals,
        [[8.0, 12.0], [11.0, 13.0], [13.0, 13.0], [8.0, 8.0]]
    );
    let outputs = [
        -3.4e38, -1e30, -700.0, -0.3, 0.0, 0.1, 1e-7, 700.0, 1e30, 3.4e38,
    ];
    for target in [
        standard(None, 0.0),
        standard(None, 0.3),
        standard(Some([9.9, 10.1]), 1e3),
        with(TargetTransform::Log, 1.0, None, 500.0),
        with(TargetTransform::Log, 1.0, Some([1.0, 1e9]), 0.1),
        with(TargetTransform::Standard, 1e270, None, 1.0),
    ] {
        let Predictions::Values(predictions) = target.predictions(&outputs, 1) else {
            panic!("numbers")
        };
        let intervals = target.intervals(&outputs, 0.9).unwrap();
        for (prediction, [low, high]) in predictions.iter().zip(intervals) {
            assert!(low <= *prediction && *prediction <= high, "{target:?}");
            if prediction.is_finite() {
                assert!(low.is_finite() && high.is_finite(), "{target:?}");
            }
        }
    }
}

#[test]
fn a_calibration_that_is_not_finite_is_a_problem() {
    let with = |std: f64, error: f64| Target::Regression {
        column: "y".to_string(),
        scale: TargetTransform::Standard,
        mean: 0.0,
        std,
        bounds: None,
        at_bounds: None,
        distribution: None,
        errors: vec![0.5, error],
        error_scale: None,
    };
    assert_eq!(with(1.0, 2.0).problem(), None);
    for (std, error) in [
        (1.0, f64::INFINITY),
        (1.0, f64::NAN),
        (1.0, -1.0),
        (1e200, 1e200),
    ] {
        let problem = with(std, error).problem().unwrap_or_default();
        assert!(
            problem.contains("calibration errors"),
            "{std} {error}: {problem}"
        );
    }
    for temperature in [f64::INFINITY, f64::NAN, 0.0] {
        let mut target = classes();
        if let Target::Classification {
            temperature: of_target,
            ..
        } = &mut target
        {
            *of_target = temperature;
        }
        assert!(target.problem().unwrap_or_default().contains("temperature"));
    }
    // Errors of another scale stay finite.
    let wide = with(1e300, 1e20);
    let Target::Regression { errors, .. } = with(1e-10, 0.0).with_calibration_of(&wide) else {
        panic!("numbers")
    };
    assert!(errors.iter().all(|error| error.is_finite()));
}

#[test]
fn a_temperature_undoes_overconfidence() {
    // The class is right for 80 % of the rows; the logits say 98 %.
    let logits: Vec<f32> = [0.0, 4.0].repeat(500);
    let truth: Vec<f64> = (0..500)
        .map(|row| f64::from(u8::from(row % 10 < 8)))
        .collect();
    let Target::Classification { temperature, .. } = classes().calibrated(&logits, 2, &truth)
    else {
        panic!("classes")
    };
    // The likelihood is largest at 4 / ln(4); the prior pulls the temperature towards 1.
    let most = 4.0 / 4f64.ln();
    assert!((0.9 * most..most).contains(&temperature), "{temperature}");
    // A few rows that are all right do not make the network certain.
    let target = classes().calibrated(&[3.0; 5], 1, &[1.0; 5]);
    let Target::Classification { temperature, .. } = target else {
        panic!("classes")
    };
    assert!(temperature > 0.9, "{temperature}");
}

/// Outputs from -1 to 1, and true values whose errors are as large as a function of the output says.
fn noisy(rng: &mut ChaCha8Rng, rows: usize, spread: fn(f64) -> f64) -> (Vec<f32>, Vec<f64>) {
    let outputs: Vec<f32> = (0..rows).map(|_| rng.random_range(-1.0..1.0)).collect();
    let truth = outputs.iter().map(|output| {
        let output = f64::from(*output);
        let noise: f64 = (0..4).map(|_| rng.random_range(-1.0f64..1.0)).sum();
        10.0 + 2.0 * (output + spread(output) * noise)
    });
    let truth = truth.collect();
    (outputs, truth)
}

/// The share of the values that are in their interval, and the mean width, of the rows with an output in a range.
fn share_and_width(
    target: &Target,
    (outputs, truth): (&[f32], &[f64]),
    range: std::ops::Range<f32>,
) -> (f64, f64) {
    let intervals = target.intervals(outputs, 0.9).unwrap();
    let rows = outputs.iter().zip(truth).zip(intervals);
    let rows = rows.filter(|((output, _), _)| range.contains(*output));
    let (mut count, mut held, mut width) = (0.0, 0.0, 0.0);
    for ((_, truth), [low, high]) in rows {
        count += 1.0;
        held += f64::from(u8::from(low <= *truth && *truth <= high));
        width += high - low;
    }
    (held / count, width / count)
}

#[test]
fn intervals_are_wider_where_errors_are_larger() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let spread = |output: f64| 0.1 + 0.45 * (output + 1.0);
    let (outputs, truth) = noisy(&mut rng, 4000, spread);
    let target = numbers().calibrated(&outputs, 1, &truth);
    assert!(target.error_scale().is_some());
    assert_eq!(target.problem(), None);
    let (outputs, truth) = noisy(&mut rng, 40_000, spread);
    let thirds = [-1.0..-0.33, -0.33..0.33, 0.33..1.0];
    let thirds = thirds.map(|third| share_and_width(&target, (&outputs, &truth), third));
    for (share, _) in thirds {
        assert!((0.87..0.94).contains(&share), "{thirds:?}");
    }
    assert!(thirds[2].1 > 2.5 * thirds[0].1, "{thirds:?}");
}

#[test]
fn intervals_are_about_equally_wide_where_errors_are() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for rows in [200, 500, 2000] {
        let (outputs, truth) = noisy(&mut rng, rows, |_| 0.5);
        let target = numbers().calibrated(&outputs, 1, &truth);
        let widths = target.intervals(&outputs, 0.9).unwrap();
        let widths: Vec<f64> = widths.iter().map(|[low, high]| high - low).collect();
        let widest = widths.iter().copied().fold(0.0, f64::max);
        let narrowest = widths.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(widest < 1.6 * narrowest, "{rows}: {narrowest} to {widest}");
    }
}

#[test]
fn the_scale_of_errors_does_not_lower_the_coverage() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let spreads: [fn(f64) -> f64; 2] = [|_| 0.5, |output| 0.1 + 0.45 * (output + 1.0)];
    for spread in spreads {
        for rows in [200, 400, 1000] {
            // A single calibration varies by chance: this is the mean of several.
            let mut shares = 0.0;
            for _ in 0..30 {
                let (outputs, truth) = noisy(&mut rng, rows, spread);
                let target = numbers().calibrated(&outputs, 1, &truth);
                let (outputs, truth) = noisy(&mut rng, 1000, spread);
                shares += share_and_width(&target, (&outputs, &truth), -1.0..1.0).0;
            }
            let share = shares / 30.0;
            assert!((0.88..0.93).contains(&share), "{rows}: {share}");
        }
    }
}

#[test]
fn a_scale_of_errors_keeps_the_bounds_and_the_prediction() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let (outputs, truth) = noisy(&mut rng, 1000, |output| 0.1 + 0.45 * (output + 1.0));
    let mut target = numbers().calibrated(&outputs, 1, &truth);
    if let Target::Regression { bounds, .. } = &mut target {
        *bounds = Some([9.0, 11.0]);
    }
    let outputs = [-3.4e38, -1e30, -1.0, -0.3, 0.0, 0.4, 1.0, 1e30, 3.4e38];
    let Predictions::Values(predictions) = target.predictions(&outputs, 1) else {
        panic!("numbers")
    };
    let intervals = target.intervals(&outputs, 0.9).unwrap();
    for (prediction, [low, high]) in predictions.iter().zip(intervals) {
        assert!(low <= *prediction && *prediction <= high);
        assert!(9.0 <= low && high <= 11.0);
    }
}

#[test]
fn a_scale_of_errors_goes_with_the_calibration() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (outputs, truth) = noisy(&mut rng, 1000, |output| 0.1 + 0.45 * (output + 1.0));
    let known = numbers().calibrated(&outputs, 1, &truth);
    let mut other = numbers();
    if let Target::Regression { mean, std, .. } = &mut other {
        (*mean, *std) = (12.0, 4.0);
    }
    let other = other.with_calibration_of(&known);
    // Outputs of both targets that stand for the same number.
    let same: Vec<f32> = outputs.iter().map(|o| (2.0 * o - 2.0) / 4.0).collect();
    let of_known = known.intervals(&outputs, 0.9).unwrap();
    let of_other = other.intervals(&same, 0.9).unwrap();
    for (known, other) in of_known.iter().zip(&of_other) {
        assert!((known[0] - other[0]).abs() < 1e-4 && (known[1] - other[1]).abs() < 1e-4);
    }
}

#[test]
fn a_calibration_on_few_rows_keeps_the_scale_of_errors() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let spread = |output: f64| 0.1 + 0.45 * (output + 1.0);
    let (outputs, truth) = noisy(&mut rng, 1000, spread);
    let known = numbers().calibrated(&outputs, 1, &truth);
    assert!(known.error_scale().is_some());
    // A model whose errors on new rows are three times as large.
    let (outputs, truth) = noisy(&mut rng, 99, spread);
    let larger = outputs.iter().zip(&truth).map(|(output, truth)| {
        let prediction = 10.0 + 2.0 * f64::from(*output);
        prediction + 3.0 * (truth - prediction)
    });
    let larger: Vec<f64> = larger.collect();
    let again = known.clone().calibrated(&outputs, 1, &larger);
    assert_eq!(again.error_scale(), known.error_scale());
    let width = |target: &Target| {
        let intervals = target.intervals(&[-0.9, 0.9], 0.8).unwrap();
        [0, 1].map(|row: usize| intervals[row][1] - intervals[row][0])
    };
    let (before, after) = (width(&known), width(&again));
    let factors = [after[0] / before[0], after[1] / before[1]];
    assert!((factors[0] - factors[1]).abs() < 1e-9, "{factors:?}");
    assert!((2.0..4.5).contains(&factors[0]), "{factors:?}");
    // Without a scale, few rows have none.
    let plain = numbers().calibrated(&outputs, 1, &truth);
    assert_eq!(plain.error_scale(), None);
}
