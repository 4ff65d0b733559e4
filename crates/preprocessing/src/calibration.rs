//! Calibration on rows that were not trained on.

use crate::target::Target;

/// The possible coverages of prediction intervals, in percent.
const COVERAGES: std::ops::RangeInclusive<usize> = 50..=99;
/// The standard deviation of the prior of the logarithm of the temperature. The prior keeps a few rows
/// from making a network certain.
const PRIOR_DEVIATION: f64 = 0.25;

impl Target {
    /// Calibrates the target on rows that were not trained on: probabilities by temperature scaling
    /// (Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", 2017), prediction
    /// intervals by split conformal prediction (Lei and others, "Distribution-Free Predictive Inference
    /// for Regression", 2018).
    ///
    /// `outputs` holds `width` numbers for each row. `targets` holds the true value of each row, or
    /// the index of its class.
    ///
    /// A row whose value is outside of the target's bounds cannot lie in an interval, which ends there. It
    /// counts as one of the largest errors.
    #[must_use]
    pub fn calibrated(self, outputs: &[f32], width: usize, targets: &[f64]) -> Self {
        let bounds = match self {
            Self::Regression { bounds, .. } => bounds,
            Self::Classification { .. } => None,
        };
        self.calibrated_within(outputs, width, targets, |_| bounds)
    }

    /// The same, where the networks of the rows were trained on different rows: `bounds_of` returns the bounds
    /// of the target for a row, from 0.
    #[must_use]
    pub fn calibrated_within(
        mut self,
        outputs: &[f32],
        width: usize,
        targets: &[f64],
        bounds_of: impl Fn(usize) -> Option<[f64; 2]>,
    ) -> Self {
        let scaled: Vec<f64> = match self {
            Self::Regression { .. } => targets.iter().map(|&value| self.scale(value)).collect(),
            Self::Classification { .. } => Vec::new(),
        };
        match &mut self {
            Self::Regression { errors, .. } => {
                let off = outputs.iter().zip(scaled);
                let off = off.map(|(output, target)| (f64::from(*output) - target).abs());
                let off: Vec<f64> = off.collect();
                let largest = off.iter().copied().filter(|off| off.is_finite());
                let largest = largest.fold(0.0, f64::max);
                let rows = off.into_iter().zip(targets).enumerate();
                let off = rows.map(|(row, (off, value))| match bounds_of(row) {
                    Some([low, high]) if *value < low || *value > high => largest,
                    _ => off,
                });
                let mut off: Vec<f64> = off.filter(|off| off.is_finite()).collect();
                off.sort_unstable_by(f64::total_cmp);
                *errors = quantiles(&off);
            }
            Self::Classification { temperature, .. } => {
                *temperature = best_temperature(outputs, width.max(1), targets);
            }
        }
        self
    }

    /// The target with the calibration of another one, if both have the same task and transform.
    #[must_use]
    pub fn with_calibration_of(mut self, other: &Self) -> Self {
        match (&mut self, other) {
            (
                Self::Regression {
                    errors, std, scale, ..
                },
                Self::Regression {
                    errors: known,
                    std: of_known,
                    scale: alike,
                    ..
                },
            ) if scale == alike => {
                let errors_here = known.iter().map(|error| error * of_known / *std);
                *errors = errors_here.take_while(|error| error.is_finite()).collect();
            }
            (
                Self::Classification {
                    temperature,
                    decision,
                    ..
                },
                Self::Classification {
                    temperature: known,
                    decision: decided,
                    ..
                },
            ) => (*temperature, *decision) = (*known, decided.clone()),
            _ => {}
        }
        self
    }

    /// Checks that there are prediction [`intervals`](Self::intervals) of this coverage.
    ///
    /// # Errors
    ///
    /// A message that says why there are none, and which coverages there are.
    pub fn check_coverage(&self, coverage: f64) -> Result<(), String> {
        let Self::Regression { errors, column, .. } = self else {
            return Err("intervals are for numbers, and this model predicts classes".to_string());
        };
        let (first, end) = (*COVERAGES.start(), COVERAGES.start() + errors.len());
        if errors.is_empty() {
            return Err(format!(
                "the model of `{column}` has no intervals: it was trained without rows for validation"
            ));
        }
        match self.half_width(coverage) {
            Some(_) => Ok(()),
            None => {
                let more = match end - 1 < *COVERAGES.end() {
                    true => "; more needs more validation rows",
                    false => "",
                };
                Err(format!(
                    "this model has intervals of a whole percentage from {first} to {}{more}",
                    end - 1
                ))
            }
        }
    }

    /// Half the width of the intervals of a coverage, in the scale of the outputs.
    fn half_width(&self, coverage: f64) -> Option<f64> {
        let Self::Regression { errors, .. } = self else {
            return None;
        };
        let per_cent = (coverage * 100.0).round();
        let whole = (coverage * 100.0 - per_cent).abs() < 1e-6 && per_cent >= 0.0;
        let index = (per_cent as usize).checked_sub(*COVERAGES.start())?;
        errors.get(index).copied().filter(|_| whole)
    }

    /// Prediction intervals, one for each row. An interval holds the true value with the probability
    /// `coverage`, such as 0.9, for rows from the distribution of the calibration rows. It is limited to
    /// the same range as the prediction, it holds the prediction, and its bounds are finite where the
    /// prediction is. `None` if there are no intervals of this coverage; see
    /// [`check_coverage`](Self::check_coverage).
    pub fn intervals(&self, outputs: &[f32], coverage: f64) -> Option<Vec<[f64; 2]>> {
        let half = self.half_width(coverage)?;
        let around = |output: &f32| {
            let output = f64::from(*output);
            let prediction = self.value(output);
            let bound = |output: f64| self.value(output).clamp(f64::MIN, f64::MAX);
            // Rounding must not put the prediction outside.
            let low = bound(output - half).min(prediction);
            [low, bound(output + half).max(prediction)]
        };
        Some(outputs.iter().map(around).collect())
    }
}

/// For each coverage, the error with rank `⌈(n + 1) · coverage⌉` of `n` sorted errors: a new error is at
/// most that, with at least this probability. With few errors, high coverages have no such rank.
fn quantiles(errors: &[f64]) -> Vec<f64> {
    let rank = |per_cent: usize| ((errors.len() + 1) * per_cent).div_ceil(100);
    let quantiles = COVERAGES.map(|per_cent| errors.get(rank(per_cent) - 1).copied());
    quantiles.map_while(|quantile| quantile).collect()
}

/// The temperature with the largest posterior probability; the prior of its logarithm has mean 0. `outputs`
/// holds `width` logits for each row.
fn best_temperature(outputs: &[f32], width: usize, classes: &[f64]) -> f64 {
    let cost = |logarithm: f64| {
        let inverse = (-logarithm).exp();
        let rows = outputs.chunks(width).zip(classes);
        let losses = rows.map(|(logits, class)| match logits {
            // A single logit is that of the second class; that of the first is 0.
            [second] => loss(&[0.0, *second], *class as usize, inverse),
            logits => loss(logits, *class as usize, inverse),
        });
        losses.sum::<f64>() + 0.5 * (logarithm / PRIOR_DEVIATION).powi(2)
    };
    // The cost has one minimum, which golden-section search finds.
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-2.0, 2.0);
    for _ in 0..40 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        match cost(left) < cost(right) {
            true => high = right,
            false => low = left,
        }
    }
    ((low + high) / 2.0).exp()
}

/// The cross-entropy of a row whose logits are multiplied by `inverse`.
fn loss(logits: &[f32], class: usize, inverse: f64) -> f64 {
    let logits = logits.iter().map(|&logit| f64::from(logit));
    let highest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
    let of_class = logits.clone().nth(class).unwrap_or(highest);
    let sum: f64 = logits.map(|l| ((l - highest) * inverse).exp()).sum();
    sum.ln() - (of_class - highest) * inverse
}

#[cfg(test)]
mod tests {
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
            errors: Vec::new(),
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
            let noise =
                |o: &f32| 10.0 + 2.0 * (f64::from(*o) + rng.random_range(-1.0f64..1.0).powi(3));
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
                errors: vec![error; 41],
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
            errors: vec![0.5, error],
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
}
