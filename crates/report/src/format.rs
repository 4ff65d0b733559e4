//! Formatting numbers and other text for people.

use backburn::text::{escaped, grouped};

/// A number with about three significant digits, and commas between thousands. Very large and very small ones have a
/// power of ten.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let sign = if value < 0.0 { "−" } else { "" };
    let digits = match size {
        _ if !value.is_finite() => return "not a number".to_string(),
        _ if size >= 1e9 => return format!("{sign}{size:.2e}"),
        _ if size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ if size >= 0.1 || size == 0.0 => 3,
        _ if size >= 0.001 => 4,
        _ => return format!("{sign}{size:.2e}"),
    };
    let text = grouped(size, digits);
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{sign}{text}")
}

/// A number with its sign and unit, such as `+$1,200`.
pub fn signed(value: f64, unit: &str) -> String {
    match value < 0.0 {
        true => format!("−{unit}{}", number(-value)),
        false => format!("+{unit}{}", number(value)),
    }
}

/// At most `max_chars` characters of a text, with `…` at the end if there are more.
pub fn truncate(text: &str, max_chars: usize) -> String {
    let clean = on_one_line(text);
    let mut truncated: String = clean.chars().take(max_chars).collect();
    if clean.chars().nth(max_chars).is_some() {
        truncated.pop();
        truncated.push('…');
    }
    truncated
}

/// At most `max_chars` characters of a text, with `…` in the middle if there are more. The names of the inputs of a
/// column differ at their ends.
pub fn truncate_middle(text: &str, max_chars: usize) -> String {
    let chars: Vec<char> = on_one_line(text).chars().collect();
    if chars.len() <= max_chars {
        return chars.into_iter().collect();
    }
    let kept = max_chars.saturating_sub(1);
    let end = kept / 2;
    let start = chars.iter().take(kept - end);
    let end = chars.iter().skip(chars.len() - end);
    start.chain(&['…']).chain(end).collect()
}

/// A text whose control characters are spaces. Characters that change the direction of text are escaped.
pub fn on_one_line(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    escaped(&spaced.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_few_digits() {
        for (value, text) in [
            (1234567.0, "1,234,567"),
            (-12.34, "−12.3"),
            (0.5, "0.5"),
            (0.0, "0"),
            (0.00001, "1.00e-5"),
            (-0.0000123, "−1.23e-5"),
            (-9_347_303_818_298.0, "−9.35e12"),
            (f64::NAN, "not a number"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(signed(-18400.0, "$"), "−$18,400");
        assert_eq!(truncate("a\nbcdef", 4), "a b…");
        assert_eq!(truncate("a\u{202e}b", 10), "a\\u{202e}b");
        assert_eq!(truncate_middle("size: bin 12", 8), "size… 12");
        assert_eq!(truncate_middle("size", 4), "size");
        assert_eq!(truncate_middle("size", 0), "…");
    }
}
