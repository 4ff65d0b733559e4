//! Values that people type, such as durations and percentages.

use std::time::Duration;

/// A duration such as `90s`, `10m`, `1h` or `200ms`; a number alone is seconds.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(backburn::parse::duration("1.5m"), Ok(Duration::from_secs(90)));
/// assert!(backburn::parse::duration("soon").is_err());
/// ```
///
/// # Errors
///
/// Other text, or a duration that is too long.
pub fn duration(text: &str) -> Result<Duration, String> {
    let usage = || "a number with ms, s, m or h, such as 90s or 10m".to_string();
    let units = [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let unit = units
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)));
    let (number, seconds) = unit.unwrap_or((text, 1.0));
    let number: f64 = number.parse().map_err(|_| usage())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| usage())
}

/// A number of outer folds: 0 for none, or 2 and more.
///
/// ```
/// assert_eq!(backburn::parse::outer_folds("3"), Ok(3));
/// assert!(backburn::parse::outer_folds("1").is_err());
/// ```
///
/// # Errors
///
/// Other text.
pub fn outer_folds(text: &str) -> Result<usize, String> {
    match text.parse::<u16>() {
        Ok(folds) if folds != 1 => Ok(folds.into()),
        _ => Err("0 for none, or a whole number of at least 2".to_string()),
    }
}

/// A percentage from 50 to 99, such as `90`, `90%` or `0.9`.
///
/// ```
/// assert_eq!(backburn::parse::percent("0.9"), Ok(90));
/// assert!(backburn::parse::percent("100").is_err());
/// ```
///
/// # Errors
///
/// Other text.
pub fn percent(text: &str) -> Result<u8, String> {
    let usage = || "a percentage from 50 to 99, such as 90, 90% or 0.9".to_string();
    let number = text.trim_end_matches('%').trim().parse::<f64>();
    let number = number.map_err(|_| usage())?;
    let percent = match number < 1.0 {
        true => number * 100.0,
        false => number,
    };
    let whole = (percent - percent.round()).abs() < 1e-9;
    match whole && (50.0..100.0).contains(&percent) {
        true => Ok(percent.round() as u8),
        false => Err(usage()),
    }
}

/// A share of the rows, such as `0.2` or `20%`, above 0 and below 1.
///
/// ```
/// assert_eq!(backburn::parse::share("20%"), Ok(0.2));
/// assert!(backburn::parse::share("1").is_err());
/// ```
///
/// # Errors
///
/// Other text.
pub fn share(text: &str) -> Result<f64, String> {
    let usage = || "a share above 0 and below 1, such as 0.2 or 20%".to_string();
    let (number, whole) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim(), 100.0),
        None => (text, 1.0),
    };
    let number: f64 = number.parse().map_err(|_| usage())?;
    let share = number / whole;
    match share > 0.0 && share < 1.0 {
        true => Ok(share),
        false => Err(usage()),
    }
}

/// A number of bytes such as `500kB`, `16MB` or `1GB`; a number alone is bytes.
///
/// ```
/// assert_eq!(backburn::parse::bytes("16MB"), Ok(16_000_000));
/// assert!(backburn::parse::bytes("-1").is_err());
/// ```
///
/// # Errors
///
/// Other text.
pub fn bytes(text: &str) -> Result<usize, String> {
    let usage = || "a number with kB, MB or GB, such as 16MB".to_string();
    let lower = text.to_ascii_lowercase();
    let units = [("kb", 1e3), ("mb", 1e6), ("gb", 1e9)];
    let unit = units
        .iter()
        .find_map(|(unit, bytes)| Some((lower.strip_suffix(unit)?, *bytes)));
    let (number, unit) = unit.unwrap_or((&lower, 1.0));
    let number: f64 = number.trim().parse().map_err(|_| usage())?;
    let bytes = number * unit;
    match (1.0..=1e15).contains(&bytes) {
        true => Ok(bytes as usize),
        false => Err(usage()),
    }
}

/// The character between the fields of a CSV file, or its name: `comma`, `semicolon`, `tab`, `pipe`, `caret`,
/// `tilde` or `space`.
///
/// ```
/// assert_eq!(backburn::parse::delimiter("tab"), Ok(b'\t'));
/// assert_eq!(backburn::parse::delimiter(";"), Ok(b';'));
/// ```
///
/// # Errors
///
/// Other text.
pub fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "comma" => Ok(b','),
        "semicolon" => Ok(b';'),
        "tab" | "\\t" => Ok(b'\t'),
        "pipe" => Ok(b'|'),
        "caret" => Ok(b'^'),
        "tilde" => Ok(b'~'),
        "space" | r"\s" | r"\s+" => Ok(b' '),
        _ => character(text).map_err(|_| {
            "a single ASCII character, or a name such as `tab` or `space`".to_string()
        }),
    }
}

/// A single ASCII character that is neither a quote nor the end of a line.
///
/// # Errors
///
/// Other text.
pub fn character(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("a single ASCII character".to_string()),
    }
}
