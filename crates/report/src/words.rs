//! Numbers as text.

/// A number in few digits, with thousands grouped.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let digits = match size {
        _ if !value.is_finite() => return "not a number".to_string(),
        _ if size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ if size >= 0.1 || size == 0.0 => 3,
        _ if size >= 0.001 => 4,
        _ => return format!("{value:.1e}"),
    };
    let text = grouped(size, digits);
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}{text}")
}

/// A number of at least 0 with so many digits behind the point, and thousands grouped.
pub fn grouped(size: f64, digits: usize) -> String {
    let text = format!("{size:.digits$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        "" => grouped,
        fraction => format!("{grouped}.{fraction}"),
    }
}

/// A number with its sign.
pub fn signed(value: f64, unit: &str) -> String {
    match value < 0.0 {
        true => format!("−{unit}{}", number(-value)),
        false => format!("+{unit}{}", number(value)),
    }
}

/// A number for an axis: large ones in thousands and millions.
pub fn tick(value: f64) -> String {
    let size = value.abs();
    match size {
        // What is left of a difference.
        _ if size < 1e-12 => "0".to_string(),
        _ if size >= 1e9 => format!("{value:.1e}"),
        _ if size >= 1e6 => format!("{} M", number(value / 1e6)),
        _ if size >= 1e4 => format!("{} k", number(value / 1e3)),
        // A year is no number to group.
        _ => number(value).replace(',', ""),
    }
}

/// The start of a text, on one line, without control characters.
pub fn cut(text: &str, most: usize) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut cut: String = clean.clone().take(most).collect();
    if clean.count() > most {
        cut.pop();
        cut.push('…');
    }
    cut
}

/// Text as an argument to copy: quoted if a shell would take it apart, control characters escaped.
pub fn quoted(text: &str) -> String {
    let escape = |c: char| match c.is_control() {
        true => c.escape_default().collect(),
        false => vec![c],
    };
    let text: String = text.chars().flat_map(escape).collect();
    let special = |c: char| c.is_whitespace() || "'\"$`\\&;|<>()[]{}*?!#".contains(c);
    match text.is_empty() || text.contains(special) {
        true => format!("'{}'", text.replace('\'', "'\\''")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (1234567.0, "1,234,567"),
            (-12.34, "−12.3"),
            (0.5, "0.5"),
            (0.0, "0"),
            (0.00001, "1.0e-5"),
            (f64::NAN, "not a number"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(signed(-18400.0, "$"), "−$18,400");
        assert_eq!(tick(250_000.0), "250 k");
        assert_eq!(cut("a\nbcdef", 4), "a b…");
    }
}
