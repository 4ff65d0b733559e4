//! The values of arguments.

use backburn::{ComparedMethod, Preset, Task};
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

pub fn tasks() -> impl TypedValueParser<Value = Task> {
    choice(&Task::ALL, Task::name, Task::about)
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
