//! Calibration on rows that were not trained on.

use crate::distribution::Distribution;
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
    /// Intervals around quantiles are conformalized (Romano, Patterson and Candès, "Conformalized Quantile
    /// Regression", 2019): the error of a row is how far it is outside of the lowest and the highest
    /// quantile. With a log link, errors are divided by the deviation that the distribution has at the
    /// prediction (locally weighted, as in section 5.2 of Lei and others).
    ///
    /// `outputs` holds `width` numbers for each row. `targets` holds the true value of each row, or
    /// the index of its class.
    #[must_use]
    pub fn calibrated(mut self, outputs: &[f32], width: usize, targets: &[f64]) -> Self {
        if self.distribution().is_some() {
            return self.calibrated_distribution(outputs, width, targets);
        }
        let scaled: Vec<f64> = match self {
            Self::Regression { .. } => targets.iter().map(|&value| self.scale(value)).collect(),
            Self::Classification { .. } => Vec::new(),
        };
        match &mut self {
            Self::Regression { errors, .. } => {
                let off = outputs.iter().zip(scaled);
                let off = off.map(|(output, target)| (f64::from(*output) - target).abs());
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

    /// The same for a target with a distribution.
    fn calibrated_distribution(mut self, outputs: &[f32], width: usize, targets: &[f64]) -> Self {
        let Some(distribution) = self.distribution() else {
            return self;
        };
        let rows = outputs.chunks(width.max(1)).zip(targets);
        let off = rows.map(|(row, &target)| match distribution.has_log_link() {
            true => {
                let mean = self.value(distribution.point(row));
                (target - mean).abs() / distribution.spread(mean)
            }
            false => {
                let [low, high] = ends(row);
                let target = self.scale(target);
                (low - target).max(target - high)
            }
        });
        let mut off: Vec<f64> = off.filter(|off| off.is_finite()).collect();
        off.sort_unstable_by(f64::total_cmp);
        if let Self::Regression {
            distribution: Some(distribution),
            ..
        } = &mut self
        {
            *distribution.errors_mut() = quantiles(&off);
        }
        self
    }

    /// The target with the calibration of another one, if both have the same task and transform.
    #[must_use]
    pub fn with_calibration_of(mut self, other: &Self) -> Self {
        match (&mut self, other) {
            (
                Self::Regression {
                    errors,
                    std,
                    scale,
                    distribution,
                    ..
                },
                Self::Regression {
                    errors: known,
                    std: of_known,
                    scale: alike,
                    distribution: of_other,
                    ..
                },
            ) if scale == alike => {
                if let (Some(distribution), Some(of_other)) = (distribution, of_other) {
                    // The deviation is 1 with a log link, whose errors have no unit.
                    let errors = of_other
                        .errors()
                        .iter()
                        .map(|error| error * of_known / *std);
                    *distribution.errors_mut() = errors.take_while(|e| e.is_finite()).collect();
                }
                let errors_here = known.iter().map(|error| error * of_known / *std);
                *errors = errors_here.take_while(|error| error.is_finite()).collect();
            }
            (
                Self::Classification { temperature, .. },
                Self::Classification {
                    temperature: known, ..
                },
            ) => *temperature = *known,
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
        let Self::Regression { column, .. } = self else {
            return Err("intervals are for numbers, and this model predicts classes".to_string());
        };
        let errors = self.errors();
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

    /// The quantiles of the errors; none for classes.
    fn errors(&self) -> &[f64] {
        match self {
            Self::Regression {
                distribution: Some(distribution),
                ..
            } => distribution.errors(),
            Self::Regression { errors, .. } => errors,
            Self::Classification { .. } => &[],
        }
    }

    /// Half the width of the intervals of a coverage, in the scale of the outputs; with a distribution, the
    /// quantile of its errors.
    fn half_width(&self, coverage: f64) -> Option<f64> {
        let errors = self.errors();
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
        if let Some(distribution) = self.distribution() {
            let rows = outputs.chunks(distribution.outputs());
            return Some(
                rows.map(|row| self.interval(distribution, row, half))
                    .collect(),
            );
        }
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

    /// The interval of a row with a distribution, for a quantile of its errors.
    fn interval(&self, distribution: &Distribution, row: &[f32], error: f64) -> [f64; 2] {
        let prediction = self.value(distribution.point(row));
        let [low, high] = match distribution.has_log_link() {
            true => {
                let half = error * distribution.spread(prediction);
                // Through the scale of the outputs, which keeps the range of the target.
                let bound = |value: f64| self.value(self.output_of(value));
                [bound(prediction - half), bound(prediction + half)]
            }
            false => {
                let [low, high] = ends(row);
                [self.value(low - error), self.value(high + error)]
            }
        };
        let finite = |bound: f64| bound.clamp(f64::MIN, f64::MAX);
        [finite(low).min(prediction), finite(high).max(prediction)]
    }

    /// The output of a network with a log link for a mean, which counts as 0 below 0.
    fn output_of(&self, value: f64) -> f64 {
        match self {
            Self::Regression { mean, std, .. } => (value.max(0.0).ln() - mean) / std,
            Self::Classification { .. } => value,
        }
    }
}

/// The first and the last output of a row.
fn ends(row: &[f32]) -> [f64; 2] {
    let number = |output: Option<&f32>| output.map_or(f64::NAN, |&output| f64::from(output));
    [number(row.first()), number(row.last())]
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
            distribution: None,
            errors: Vec::new(),
        }
    }

    fn classes() -> Target {
        Target::Classification {
            column: "y".to_string(),
            classes: vec!["a".to_string(), "b".to_string()],
            temperature: 1.0,
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
