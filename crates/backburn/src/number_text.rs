//! Numbers as text that reads as the same number.

/// The shortest text that reads as the same number: `0.5`, `2`, `1e-7`.
pub(crate) fn number_text(number: f64) -> String {
    let size = number.abs();
    match number == 0.0 || (1e-5..1e16).contains(&size) || !number.is_finite() {
        true => number.to_string(),
        false => format!("{number:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_reads_as_the_same_number() {
        for (number, text) in [
            (0.0, "0"),
            (2.0, "2"),
            (-1.5, "-1.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-7, "1e-7"),
            (-2.5e300, "-2.5e300"),
        ] {
            assert_eq!(number_text(number), text);
            assert_eq!(text.parse::<f64>().unwrap(), number);
        }
    }
}
