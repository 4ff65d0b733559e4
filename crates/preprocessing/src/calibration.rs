//! Calibration on rows that were not trained on.

use crate::distribution::Distribution;
use crate::error_scale::ErrorScale;
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
    /// for Regression", 2018). Where the errors depend on the output, they are divided by their [`ErrorScale`] at
    /// it first (section 5.2 there), so that intervals are as wide as the errors are large. Fewer than 100 rows keep the
    /// scale that the target has.
    ///
    /// Intervals around quantiles are conformalized (Romano, Patterson and Candès, "Conformalized Quantile
    /// Regression", 2019): the error of a row is how far it is outside of the lowest and the highest
    /// quantile. With a log link, errors are divided by the deviation that the distribution has at the
    /// prediction (locally weighted, as in section 5.2 of Lei and others).
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
        if self.distribution().is_some() {
            return self.calibrated_distribution(outputs, width, targets, bounds_of);
        }
        let scaled: Vec<f64> = match self {
            Self::Regression { .. } => targets.iter().map(|&value| self.scale(value)).collect(),
            Self::Classification { .. } => Vec::new(),
        };
        match &mut self {
            Self::Regression {
                errors,
                error_scale,
                ..
            } => {
                let off = outputs.iter().zip(scaled);
                let off = off.map(|(output, target)| (f64::from(*output) - target).abs());
                let off: Vec<f64> = off.collect();
                let known = error_scale.take().unwrap_or_default();
                let imputed = known.imputed().clone();
                let (scale, off) = match known.divided(outputs, &off) {
                    Some(divided) => (known, divided),
                    None => ErrorScale::fit(outputs, &off).unwrap_or((ErrorScale::default(), off)),
                };
                *errors = quantiles(&sorted_errors(off, targets, bounds_of));
                let scale = scale.with_imputed(imputed);
                *error_scale = scale.problem().is_none().then_some(scale);
            }
            Self::Classification { temperature, .. } => {
                *temperature = best_temperature(outputs, width.max(1), targets);
            }
        }
        self
    }

    /// The same for a target with a distribution.
    fn calibrated_distribution(
        mut self,
        outputs: &[f32],
        width: usize,
        targets: &[f64],
        bounds_of: impl Fn(usize) -> Option<[f64; 2]>,
    ) -> Self {
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
        let off = sorted_errors(off.collect(), targets, bounds_of);
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
                    error_scale,
                    mean,
                    std,
                    scale,
                    distribution,
                    ..
                },
                Self::Regression {
                    errors: known,
                    error_scale: scale_of_known,
                    mean: mean_of_known,
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
                let here = |output: f64| (output * of_known + mean_of_known - *mean) / *std;
                let scale_here = scale_of_known.as_ref();
                *error_scale = scale_here.and_then(|known| known.with_outputs(here));
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

    /// Half the width of the intervals of a coverage, in the scale of the outputs, where the scale of the errors is 1;
    /// with a distribution, the quantile of its errors.
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
        self.widened_intervals(outputs, coverage, &[])
    }

    /// Prediction intervals like [`intervals`](Self::intervals), wider for rows with imputed values: `widening` has what
    /// they add to the squared error of each row; see [`widening`](Self::widening). Rows that it lacks have no imputed
    /// values. Intervals of a distribution get no wider.
    pub fn widened_intervals(
        &self,
        outputs: &[f32],
        coverage: f64,
        widening: &[f64],
    ) -> Option<Vec<[f64; 2]>> {
        let half = self.half_width(coverage)?;
        if let Some(distribution) = self.distribution() {
            let rows = outputs.chunks(distribution.outputs());
            return Some(
                rows.map(|row| self.interval(distribution, row, half))
                    .collect(),
            );
        }
        let scale = self.error_scale();
        let around = |(row, output): (usize, &f32)| {
            let output = f64::from(*output);
            let imputed = widening.get(row).copied().unwrap_or(0.0);
            let half = half * scale.map_or(1.0, |scale| scale.at_row(output, imputed));
            let prediction = self.value(output);
            let bound = |output: f64| self.value(output).clamp(f64::MIN, f64::MAX);
            // Rounding must not put the prediction outside.
            let low = bound(output - half).min(prediction);
            [low, bound(output + half).max(prediction)]
        };
        Some(outputs.iter().enumerate().map(around).collect())
    }

    /// How large the errors are, depending on the row; `None` if they are equally large for all rows, and for classes.
    pub fn error_scale(&self) -> Option<&ErrorScale> {
        match self {
            Self::Regression { error_scale, .. } => error_scale.as_ref(),
            Self::Classification { .. } => None,
        }
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

/// The errors of rows that are finite, in ascending order. That of a row whose value is outside of its bounds is the
/// largest one.
fn sorted_errors(
    errors: Vec<f64>,
    targets: &[f64],
    bounds_of: impl Fn(usize) -> Option<[f64; 2]>,
) -> Vec<f64> {
    let finite = errors.iter().copied().filter(|error| error.is_finite());
    let largest = finite.fold(f64::NEG_INFINITY, f64::max);
    let rows = errors.into_iter().zip(targets).enumerate();
    let errors = rows.map(|(row, (error, value))| match bounds_of(row) {
        Some([low, high]) if *value < low || *value > high => largest,
        _ => error,
    });
    let mut errors: Vec<f64> = errors.filter(|error| error.is_finite()).collect();
    errors.sort_unstable_by(f64::total_cmp);
    errors
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
mod tests;
