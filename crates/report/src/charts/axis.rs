//! The numbers at an axis.

use std::ops::Range;

use super::calendar::date_ticks;
use super::canvas::text_width;

/// What the numbers of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Any numbers.
    #[default]
    Numbers,
    /// Whole numbers, such as epochs.
    Whole,
    /// Dates, as years with a fraction.
    Dates,
}

/// The space between the texts of two ticks, and beyond the end of an axis.
const GAP: f64 = 10.0;
const MARGIN: f64 = 12.0;

/// The numbers to mark in a range, at most about `most`, each with its text. All texts differ.
pub fn ticks(range: &Range<f64>, most: usize, scale: Scale) -> Vec<(f64, String)> {
    if scale == Scale::Dates {
        return date_ticks(range.start, range.end, most.min(4));
    }
    let step = round_step((range.end - range.start) / most.max(1) as f64);
    let step = match scale {
        Scale::Whole => step.max(1.0).round(),
        _ => step,
    };
    if !step.is_finite() || step <= 0.0 {
        return Vec::new();
    }
    let margin = step * 1e-9;
    let first = ((range.start - margin) / step).ceil();
    let count = (((range.end + margin) / step).floor() - first).clamp(0.0, 50.0) as usize;
    let numbers: Vec<f64> = (0..=count).map(|i| (first + i as f64) * step).collect();
    let largest = numbers.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let texts = numbers.iter().map(|&x| text(x, step, largest));
    numbers.iter().copied().zip(texts).collect()
}

/// The numbers to mark on a horizontal axis as [`ticks`] has them, so few that their texts do not overlap. `width` is that
/// of the axis.
pub fn spaced_ticks(
    range: &Range<f64>,
    most: usize,
    scale: Scale,
    width: f64,
) -> Vec<(f64, String)> {
    let fits = |ticks: &Vec<(f64, String)>| {
        let [(first, _), (second, _), ..] = ticks.as_slice() else {
            return true;
        };
        let widest = ticks.iter().map(|(_, text)| text_width(text));
        let widest = widest.fold(0.0, f64::max);
        // A text at an end of the axis is moved into the image.
        let moved = (widest / 2.0 - MARGIN).max(0.0);
        (second - first) / (range.end - range.start) * width >= widest + GAP + moved
    };
    let mut fewer = (1..=most).rev().map(|most| ticks(range, most, scale));
    fewer.find(fits).unwrap_or_default()
}

/// 1, 2 or 5 times a power of ten: the next one that is at least as large.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let factors = [1.0, 2.0, 5.0, 10.0];
    let factor = factors
        .into_iter()
        .find(|f| f * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// The text of a multiple of a step, with as many decimals as the step needs. Large numbers are in thousands (k) or
/// millions (M).
fn text(x: f64, step: f64, largest: f64) -> String {
    let (unit, suffix) = match largest {
        _ if largest >= 1e9 || (largest < 1e-3 && largest > 0.0) => return scientific(x, step),
        _ if largest >= 1e6 => (1e6, " M"),
        _ if largest >= 1e4 => (1e3, " k"),
        _ => (1.0, ""),
    };
    if x.abs() < step * 1e-6 {
        return "0".to_string();
    }
    let decimals = (-(step / unit).log10().floor()).clamp(0.0, 12.0) as usize;
    let sign = if x < 0.0 { "−" } else { "" };
    format!("{sign}{:.decimals$}{suffix}", (x / unit).abs())
}

/// The same for very large and very small numbers, as `4.5e9`.
fn scientific(x: f64, step: f64) -> String {
    if x.abs() < step * 1e-6 {
        return "0".to_string();
    }
    let decimals = (x.abs().log10().floor() - step.log10().floor()).clamp(0.0, 9.0) as usize;
    let sign = if x < 0.0 { "−" } else { "" };
    format!("{sign}{:.decimals$e}", x.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(range: Range<f64>, scale: Scale) -> Vec<String> {
        let ticks = ticks(&range, 5, scale);
        ticks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(
            texts(0.0..1.0, Scale::Numbers),
            ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            texts(-12.0..31.0, Scale::Numbers),
            ["−10", "0", "10", "20", "30"]
        );
        assert_eq!(texts(1.0..46.0, Scale::Whole), ["10", "20", "30", "40"]);
        assert_eq!(texts(0.0..3.0, Scale::Whole), ["0", "1", "2", "3"]);
        assert_eq!(
            texts(98_000.0..121_000.0, Scale::Numbers),
            ["100 k", "105 k", "110 k", "115 k", "120 k"]
        );
    }

    #[test]
    fn no_two_ticks_have_the_same_text() {
        for (start, end) in [(2022.1, 2022.9), (1e-7, 3e-7), (4e9, 9e9), (0.001, 0.0012)] {
            for scale in [Scale::Numbers, Scale::Dates] {
                let mut texts = texts(start..end, scale);
                let count = texts.len();
                texts.dedup();
                assert_eq!(texts.len(), count, "{start} to {end}: {texts:?}");
            }
        }
    }

    #[test]
    fn long_texts_have_few_ticks() {
        let texts = |range: Range<f64>| -> Vec<String> {
            let ticks = spaced_ticks(&range, 5, Scale::Numbers, 300.0);
            ticks.into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(texts(0.0..1.0).len(), 6);
        let few = ["1.00000000 M", "1.00000001 M", "1.00000002 M"];
        assert_eq!(texts(1e6..1e6 + 0.02), few);
        assert_eq!(texts(-4e-9..0.0)[0], "−4e-9");
        assert!(texts(1.0..1.0).is_empty());
    }

    #[test]
    fn ranges_without_width_have_no_ticks() {
        assert!(ticks(&(1.0..1.0), 5, Scale::Numbers).is_empty());
        assert!(ticks(&(0.0..f64::NAN), 5, Scale::Numbers).is_empty());
    }
}
