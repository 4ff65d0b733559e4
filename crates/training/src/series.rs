//! Flat ranges and medians of a series of numbers, and short text for a number.

/// The longest range of at least `min_length` epochs in which the loss changes by less than `bound`, as
/// its first and its last index.
pub fn flat_range(losses: &[f64], bound: f64, min_length: usize) -> Option<(usize, usize)> {
    let mut longest: Option<(usize, usize)> = None;
    let mut start = 0;
    for end in 0..losses.len() {
        let flat = |start: usize| {
            let range = &losses[start..=end];
            let low = range.iter().copied().fold(f64::INFINITY, f64::min);
            let high = range.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            high - low < bound
        };
        while start < end && !flat(start) {
            start += 1;
        }
        let longer = longest.is_none_or(|(a, b)| end - start > b - a);
        if end + 1 - start >= min_length && longer {
            longest = Some((start, end));
        }
    }
    longest
}

/// The median; for an even count, the larger of the two middle numbers. 0 without numbers.
pub fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}

/// A number with three significant digits.
pub fn short(number: f64) -> String {
    let size = number.abs();
    match number.is_finite() && size != 0.0 && !(1e-3..1e5).contains(&size) {
        true => format!("{number:.2e}"),
        false => {
            let digits = (2 - size.max(1e-9).log10().floor() as i32).clamp(0, 8) as usize;
            let text = format!("{number:.digits$}");
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
                false => text,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        for (number, text) in [
            (0.003, "0.003"),
            (0.0003, "3.00e-4"),
            (12.3456, "12.3"),
            (1234.5, "1234"),
            (0.0, "0"),
            (1.0, "1"),
            (2.5e7, "2.50e7"),
        ] {
            assert_eq!(short(number), text);
        }
    }

    #[test]
    fn a_flat_range_is_found_where_it_is() {
        let mut losses = vec![1.0, 0.8];
        losses.extend([0.5; 12]);
        losses.extend([0.3, 0.1]);
        assert_eq!(flat_range(&losses, 0.01, 10), Some((2, 13)));
        assert_eq!(flat_range(&losses, 0.01, 13), None);
    }
}
