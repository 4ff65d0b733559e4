//! The values of arguments.

use std::time::Duration;

use backburn::{ComparedMethod, Preset, Task};
use backburn_export::ExportFormat;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Takes one of these values by its name. The help lists the names with what they mean.
fn choice<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
    about: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let value = move |&value: &T| PossibleValue::new(name(value)).help(about(value));
    let values = PossibleValuesParser::new(all.iter().map(value));
    values.try_map(move |given| {
        let mut all = all.iter().copied();
        all.find(|&value| name(value) == given)
            .ok_or("there is no such value")
    })
}

pub fn presets() -> impl TypedValueParser<Value = Preset> {
    choice(&Preset::ALL, Preset::name, Preset::about)
}

pub fn methods() -> impl TypedValueParser<Value = ComparedMethod> {
    choice(
        ComparedMethod::ALL,
        ComparedMethod::id,
        ComparedMethod::about,
    )
}

pub fn formats() -> impl TypedValueParser<Value = ExportFormat> {
    choice(&ExportFormat::ALL, ExportFormat::name, ExportFormat::about)
}

pub fn tasks() -> impl TypedValueParser<Value = Task> {
    choice(&Task::ALL, Task::name, Task::about)
}

pub fn percent(text: &str) -> Result<u8, String> {
    let usage = || "a percentage from 50 to 99, such as 90, 90% or 0.9".to_string();
    let number: f64 = text
        .trim_end_matches('%')
        .trim()
        .parse()
        .map_err(|_| usage())?;
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

pub fn duration(text: &str) -> Result<Duration, String> {
    let usage = || "a number with s, m or h, such as 90s or 10m".to_string();
    let unit = text.chars().last().ok_or_else(usage)?;
    let (number, seconds) = match unit {
        's' => (&text[..text.len() - 1], 1.0),
        'm' => (&text[..text.len() - 1], 60.0),
        'h' => (&text[..text.len() - 1], 3600.0),
        _ => (text, 1.0),
    };
    let number: f64 = number.parse().map_err(|_| usage())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| usage())
}

pub fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "comma" => Ok(b','),
        "semicolon" => Ok(b';'),
        "tab" | "\\t" => Ok(b'\t'),
        "pipe" => Ok(b'|'),
        "caret" => Ok(b'^'),
        "tilde" => Ok(b'~'),
        "space" | r"\s" | r"\s+" => Ok(b' '),
        _ => one_character(text).map_err(|_| {
            "a single ASCII character, or a name such as `tab` or `space`".to_string()
        }),
    }
}

pub fn comment(text: &str) -> Result<u8, String> {
    one_character(text)
}

fn one_character(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("a single ASCII character".to_string()),
    }
}
