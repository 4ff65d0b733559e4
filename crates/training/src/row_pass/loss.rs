//! The loss of a row and its derivatives, in 64-bit numbers.

use crate::loss::{Criterion, Loss};

/// What the network is to predict for a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    /// A number, as the network sees it: standardized.
    Value(f64),
    /// The index of a class.
    Class(usize),
}

/// The loss of a row, and its derivative with respect to each output.
///
/// [`Loss::Auto`] is the squared error for a number and the cross-entropy for a class. [`Loss::Quantile`] is not
/// supported.
pub fn loss(criterion: &Criterion, outputs: &[f64], aim: Aim) -> (f64, Vec<f64>) {
    match aim {
        Aim::Value(value) => of_value(criterion, outputs, value),
        Aim::Class(class) if criterion.loss == Loss::BinaryCrossEntropy => {
            of_two_classes(criterion, outputs, class)
        }
        Aim::Class(class) => of_class(criterion, outputs, class),
    }
}

/// The loss of a number: the mean over the outputs.
fn of_value(criterion: &Criterion, outputs: &[f64], value: f64) -> (f64, Vec<f64>) {
    let delta = criterion.huber_delta;
    let share = 1.0 / outputs.len().max(1) as f64;
    let of_output = |output: &f64| {
        let off = output - value;
        match criterion.loss {
            Loss::MeanAbsoluteError if off == 0.0 => (0.0, 0.0),
            Loss::MeanAbsoluteError => (off.abs(), off.signum()),
            Loss::Huber if off.abs() > delta => {
                (delta * (off.abs() - 0.5 * delta), delta.copysign(off))
            }
            Loss::Huber => (0.5 * off * off, off),
            Loss::Poisson => {
                let mean = output.exp();
                (
                    2.0 * (value_log(value, *output) - value + mean),
                    2.0 * (mean - value),
                )
            }
            Loss::Gamma => {
                let ratio = value * (-output).exp();
                (
                    2.0 * (output - value.ln() + ratio - 1.0),
                    2.0 * (1.0 - ratio),
                )
            }
            _ => (off * off, 2.0 * off),
        }
    };
    let parts: Vec<(f64, f64)> = outputs.iter().map(of_output).collect();
    let loss = parts.iter().map(|(loss, _)| loss * share).sum();
    (loss, parts.iter().map(|(_, slope)| slope * share).collect())
}

/// `value · log(value / mean)` for the logarithm of the mean; 0 for the value 0.
fn value_log(value: f64, log_mean: f64) -> f64 {
    match value > 0.0 {
        true => value * (value.ln() - log_mean),
        false => 0.0,
    }
}

/// The cross-entropy. Logits are shifted by their maximum, so that `exp` is finite.
fn of_class(criterion: &Criterion, logits: &[f64], class: usize) -> (f64, Vec<f64>) {
    let even = criterion.label_smoothing / logits.len().max(1) as f64;
    let certain = 1.0 - criterion.label_smoothing;
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - highest).exp()).collect();
    let total: f64 = exponentials.iter().sum();
    let mut loss = 0.0;
    let mut slopes = Vec::with_capacity(logits.len());
    for (index, (logit, exponential)) in logits.iter().zip(&exponentials).enumerate() {
        let target = even + if index == class { certain } else { 0.0 };
        loss -= target * (logit - highest - total.ln());
        slopes.push(exponential / total - target);
    }
    (loss, slopes)
}

/// The binary cross-entropy.
fn of_two_classes(criterion: &Criterion, logits: &[f64], class: usize) -> (f64, Vec<f64>) {
    let logit = logits.first().copied().unwrap_or_default();
    let smoothing = criterion.label_smoothing;
    let target = class as f64 * (1.0 - smoothing) + smoothing / 2.0;
    let loss = logit.max(0.0) + (-logit.abs()).exp().ln_1p() - target * logit;
    (loss, vec![1.0 / (1.0 + (-logit).exp()) - target])
}

/// The equation of the loss, with the numbers of a row in it.
pub fn formula(criterion: &Criterion, outputs: &[f64], aim: Aim) -> String {
    let (loss, _) = loss(criterion, outputs, aim);
    let output = outputs.first().copied().unwrap_or_default();
    match aim {
        Aim::Value(value) => match criterion.loss {
            Loss::MeanAbsoluteError => {
                format!("|output - target| = |{output:.4} - {value:.4}| = {loss:.4}")
            }
            Loss::Huber if (output - value).abs() > criterion.huber_delta => {
                let delta = criterion.huber_delta;
                format!(
                    "δ · (|output - target| - δ / 2) = {delta} · (|{output:.4} - {value:.4}| - {}) = {loss:.4}",
                    delta / 2.0
                )
            }
            Loss::Huber => {
                format!("(output - target)² / 2 = ({output:.4} - {value:.4})² / 2 = {loss:.4}")
            }
            Loss::Poisson => format!(
                "2 · (target · log(target / mean) - target + mean) = {loss:.4}, with mean = exp({output:.4}) and \
                 target {value:.4}"
            ),
            Loss::Gamma => format!(
                "2 · (log(mean / target) + target / mean - 1) = {loss:.4}, with mean = exp({output:.4}) and \
                 target {value:.4}"
            ),
            _ => format!("(output - target)² = ({output:.4} - {value:.4})² = {loss:.4}"),
        },
        Aim::Class(_) if criterion.label_smoothing > 0.0 => format!(
            "-Σ target · log(probability) = {loss:.4}, with targets smoothed by {}",
            criterion.label_smoothing
        ),
        Aim::Class(_) => format!(
            "-log(probability of the true class) = -log({:.4}) = {loss:.4}",
            (-loss).exp()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_losses() {
        let values = [
            Loss::MeanSquaredError,
            Loss::MeanAbsoluteError,
            Loss::Huber,
            Loss::Poisson,
            Loss::Gamma,
        ];
        let cases = values.map(|loss| (loss, vec![0.3], Aim::Value(1.9)));
        let near = (Loss::Huber, vec![0.3], Aim::Value(0.5));
        let classes = (Loss::CrossEntropy, vec![0.3, -1.2, 2.0], Aim::Class(1));
        let two = (Loss::BinaryCrossEntropy, vec![0.7], Aim::Class(0));
        for (name, outputs, aim) in cases.into_iter().chain([near, classes, two]) {
            for label_smoothing in [0.0, 0.2] {
                let criterion = Criterion {
                    loss: name,
                    huber_delta: 1.0,
                    label_smoothing,
                    quantiles: Vec::new(),
                };
                let (_, slopes) = loss(&criterion, &outputs, aim);
                for (index, slope) in slopes.iter().enumerate() {
                    let at = |by: f64| {
                        let mut moved = outputs.clone();
                        moved[index] += by;
                        loss(&criterion, &moved, aim).0
                    };
                    let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                    assert!(
                        (slope - difference).abs() < 1e-8,
                        "{name:?}: {slope} {difference}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_formula_has_the_numbers_of_the_row() {
        let criterion = Criterion {
            loss: Loss::Auto,
            huber_delta: 1.0,
            label_smoothing: 0.0,
            quantiles: Vec::new(),
        };
        let text = formula(&criterion, &[0.5], Aim::Value(-1.0));
        assert_eq!(text, "(output - target)² = (0.5000 - -1.0000)² = 2.2500");
        let text = formula(&criterion, &[0.0, 0.0], Aim::Class(1));
        assert!(text.ends_with("-log(0.5000) = 0.6931"), "{text}");
        let smoothed = Criterion {
            label_smoothing: 0.1,
            ..criterion
        };
        let text = formula(&smoothed, &[0.0, 0.0], Aim::Class(1));
        assert!(
            text.contains("= 0.6931, with targets smoothed by 0.1"),
            "{text}"
        );
    }
}
