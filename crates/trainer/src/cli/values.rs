//! The values of arguments.

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
