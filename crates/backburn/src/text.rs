//! Numbers, counts and names as text, for messages.

use std::path::Path;

pub use backburn_table::{escaped, path_name};

/// A number with grouped thousands and about four significant digits.
///
/// ```
/// assert_eq!(backburn::text::number(1234567.8), "1,234,568");
/// assert_eq!(backburn::text::number(12.345), "12.35");
/// ```
pub fn number(value: f64) -> String {
    let size = value.abs();
    let digits = match size {
        _ if !value.is_finite() => return value.to_string(),
        _ if size >= 1000.0 => 0,
        _ if size >= 100.0 => 1,
        _ if size >= 10.0 => 2,
        _ if size >= 0.01 || size == 0.0 => 4,
        _ => return format!("{value:.3e}"),
    };
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}", grouped(size, digits))
}

/// The smallest or greatest value of a column: with at most six significant digits, and without zeros at the
/// end. Whole numbers of up to four digits, such as years, are not grouped.
///
/// ```
/// assert_eq!(backburn::text::bound(2009.0), "2009");
/// assert_eq!(backburn::text::bound(215245.0), "215,245");
/// assert_eq!(backburn::text::bound(0.008), "0.008");
/// ```
pub fn bound(value: f64) -> String {
    let size = value.abs();
    let sign = if value < 0.0 { "-" } else { "" };
    match () {
        () if !value.is_finite() => value.to_string(),
        // Both zeros are 0.
        () if value.fract() == 0.0 && size < 10_000.0 => format!("{:.0}", value + 0.0),
        () if value.fract() == 0.0 && size < 1e15 => format!("{sign}{}", grouped(size, 0)),
        () if (1e-3..1e6).contains(&size) => {
            let whole_digits = size.log10().floor().max(0.0) as usize + 1;
            let text = grouped(size, 6usize.saturating_sub(whole_digits).max(1));
            let text = text.trim_end_matches('0').trim_end_matches('.');
            format!("{sign}{text}")
        }
        () if (1e6..1e15).contains(&size) => format!("{sign}{}", grouped(size, 0)),
        () => format!("{value:.3e}"),
    }
}

/// A number of at least 0 with `digits` decimals and grouped thousands.
pub fn grouped(size: f64, digits: usize) -> String {
    let text = format!("{size:.digits$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        "" => grouped,
        fraction => format!("{grouped}.{fraction}"),
    }
}

/// A count and its noun, in the plural unless the count is 1.
///
/// ```
/// assert_eq!(backburn::text::count(1, "row"), "1 row");
/// assert_eq!(backburn::text::count(2000, "category"), "2,000 categories");
/// ```
pub fn count(count: usize, noun: &str) -> String {
    let plural = match (count, noun.strip_suffix('y')) {
        (1, _) => noun.to_string(),
        (_, Some(stem)) => format!("{stem}ies"),
        _ if noun.ends_with('s') => format!("{noun}es"),
        _ => format!("{noun}s"),
    };
    format!("{} {plural}", integer(count))
}

/// A whole number with grouped thousands.
pub fn integer(count: usize) -> String {
    grouped(count as f64, 0)
}

/// The largest number of columns that a message names.
pub const MAX_NAMES: usize = 6;

/// A duration in seconds as short text: `12.50 s`, `3 min 20 s`.
pub fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => format!("{s:.2} s"),
        s => format!("{} min {:.0} s", (s / 60.0) as u64, s % 60.0),
    }
}

/// A mean and a standard deviation with the same number of digits.
pub fn mean_and_deviation(mean: f64, deviation: f64) -> String {
    let text = number(mean);
    match (text.contains('e'), text.split_once('.')) {
        (true, _) => format!("{text} ± {deviation:.3e}"),
        (false, Some((_, decimals))) => format!("{text} ± {deviation:.*}", decimals.len()),
        (false, None) => format!("{text} ± {}", grouped(deviation.max(0.0), 0)),
    }
}

/// A name from a file, safe to print on one line: escaped, and cut after 40 characters.
pub fn shown(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    let start: String = text.chars().take(MAX_CHARS).collect();
    let mut shown = escaped(&start).replace('\n', "\\n");
    if text.chars().nth(MAX_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// The widths of a network's layers, from the inputs to the outputs. Four or more equal ones in a row are counted.
///
/// ```
/// use backburn::text::layer_widths;
///
/// assert_eq!(layer_widths(&[20, 64, 64, 64, 1]), "20 → 64 → 64 → 64 → 1");
/// assert_eq!(layer_widths(&[20, 64, 64, 64, 64, 1]), "20 → 64 × 4 → 1");
/// ```
pub fn layer_widths(widths: &[usize]) -> String {
    let runs = widths.chunk_by(|a, b| a == b);
    let words = runs.flat_map(|run| match run {
        [width, _, _, _, ..] => vec![format!("{width} × {}", run.len())],
        _ => run.iter().map(usize::to_string).collect(),
    });
    words.collect::<Vec<String>>().join(" → ")
}

/// Text as one argument of a shell command. It is quoted if it contains characters that a shell treats
/// specially, and control characters are escaped.
///
/// ```
/// assert_eq!(backburn::text::quoted("my houses.csv"), "'my houses.csv'");
/// assert_eq!(backburn::text::quoted("houses.csv"), "houses.csv");
/// ```
pub fn quoted(text: &str) -> String {
    let text = escaped(text).replace('\n', "\\n");
    let special = |c: char| c.is_whitespace() || "'\"$`\\&;|<>()[]{}*?!#".contains(c);
    match text.is_empty() || text.contains(special) {
        true => format!("'{}'", text.replace('\'', "'\\''")),
        false => text,
    }
}

/// A path as one argument of a shell command, which is not read as an option.
pub fn path_argument(path: &Path) -> String {
    let text = path.display().to_string();
    match text.starts_with('-') {
        true => quoted(&format!("./{text}")),
        false => quoted(&text),
    }
}

/// A setting as the option of the command line that makes it: `--set training.epochs=50`, or
/// `--ignore NAME` for a column to leave out.
///
/// ```
/// use backburn::text::setting_option;
///
/// assert_eq!(setting_option("network.hidden=[32]"), "--set 'network.hidden=[32]'");
/// assert_eq!(setting_option("columns.my id=ignored"), "--ignore 'my id'");
/// ```
pub fn setting_option(setting: &str) -> String {
    let column = setting
        .strip_prefix("columns.")
        .and_then(|rest| rest.strip_suffix("=ignored"));
    match column {
        Some(column) => {
            let inner = column.strip_prefix('"').and_then(|c| c.strip_suffix('"'));
            column_option("--ignore", inner.unwrap_or(column))
        }
        None => format!("--set {}", quoted(setting)),
    }
}

/// An option that names a column, to copy: `--ignore 'my id'`.
pub fn column_option(option: &str, column: &str) -> String {
    // A name that begins with a dash would be read as an option.
    let between = if column.starts_with('-') { "=" } else { " " };
    format!("{option}{between}{}", quoted(column))
}

/// A file name from a model, safe to print. A long name keeps its end, which distinguishes files.
pub fn file_name(name: &str) -> String {
    const MAX_CHARS: usize = 60;
    let safe = escaped(name).replace('\n', "\\n");
    let length = safe.chars().count();
    match length > MAX_CHARS {
        true => format!(
            "…{}",
            safe.chars().skip(length - MAX_CHARS).collect::<String>()
        ),
        false => safe,
    }
}

/// Rows of cells as lines. Columns are aligned at the right. All rows have as many cells as the first.
pub(crate) fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let length = |row: &Vec<String>, column: usize| row[column].chars().count();
    let widths = (0..columns).map(|column| rows.iter().map(|row| length(row, column)).max());
    let widths: Vec<usize> = widths.map(Option::unwrap_or_default).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells = cells.map(|(cell, &width)| format!("{cell:>width$}"));
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (0.0, "0.0000"),
            (1234567.8, "1,234,568"),
            (-999.94, "-999.9"),
            (12.345, "12.35"),
            (0.98765, "0.9877"),
            (0.00012, "1.200e-4"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(count(1, "category"), "1 category");
        assert_eq!(count(2000, "category"), "2,000 categories");
        assert_eq!(count(3, "class"), "3 classes");
    }

    #[test]
    fn bounds_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (2009.0, "2009"),
            (-45.0, "-45"),
            (1e6, "1,000,000"),
            (9e15, "9.000e15"),
            (0.008, "0.008"),
            (-7.971, "-7.971"),
            (0.123_456_789, "0.12346"),
            (31.7, "31.7"),
            (12_789.5, "12,789.5"),
            (1_234_567.891, "1,234,568"),
            (1.5e-4, "1.500e-4"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(bound(value), text);
        }
    }

    #[test]
    fn control_characters_are_not_sent_to_the_terminal() {
        assert_eq!(shown("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(shown(&"x".repeat(50)).chars().count(), 41);
    }

    #[test]
    fn the_end_of_a_long_path_stays() {
        let path = format!("/data/{}/houses.csv", "x".repeat(80));
        assert!(file_name(&path).ends_with("/houses.csv"));
        assert_eq!(file_name(&path).chars().count(), 61);
        assert_eq!(file_name("a\nb.csv"), "a\\nb.csv");
    }
}
