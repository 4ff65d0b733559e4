//! The names of the features that enter the first layer.

use backburn::{ColumnEncoder, Encoder};
use serde::Serialize;

/// A feature that enters the first layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Input {
    /// Its name: that of the column, or with what part of the column it stands for.
    pub name: String,
    /// The column.
    pub column: String,
}

/// The features that enter the first layer, in order: the numbers of each column, then the vectors of embedded ones.
pub(crate) fn input_names(encoder: &Encoder) -> Vec<Input> {
    let mut numbers = Vec::new();
    let mut vectors = Vec::new();
    for (column, (name, range)) in encoder.columns.iter().zip(encoder.column_ranges()) {
        let (names, to) = match column {
            ColumnEncoder::Embedding { dimension, .. } => {
                (numbered(name, "vector", *dimension), &mut vectors)
            }
            column => (names_of(column, name, range.len()), &mut numbers),
        };
        to.extend(names.into_iter().map(|feature| Input {
            name: feature,
            column: name.to_string(),
        }));
    }
    numbers.extend(vectors);
    numbers
}

/// The names of the `width` numbers of a column.
fn names_of(column: &ColumnEncoder, name: &str, width: usize) -> Vec<String> {
    let missing = format!("{name} is missing");
    let mut names = match column {
        ColumnEncoder::Numeric { indicator, .. } | ColumnEncoder::Boolean { indicator, .. } => {
            with_indicator(vec![name.to_string()], *indicator, missing)
        }
        ColumnEncoder::Date {
            parts, indicator, ..
        } => {
            let parts = parts.iter();
            let parts =
                parts.map(|(part, _)| format!("{name}: {}", format!("{part:?}").to_lowercase()));
            with_indicator(parts.collect(), *indicator, missing)
        }
        ColumnEncoder::OneHot {
            categories,
            missing: is_category,
            ..
        } => {
            let categories = categories.iter();
            let categories = categories.map(|category| format!("{name} = {category}"));
            with_indicator(categories.collect(), *is_category, missing)
        }
        _ => Vec::new(),
    };
    // An encoding that is not known here has numbered features.
    if names.len() != width {
        names = numbered(name, "input", width);
    }
    names
}

fn with_indicator(mut names: Vec<String>, indicator: bool, missing: String) -> Vec<String> {
    if indicator {
        names.push(missing);
    }
    names
}

fn numbered(name: &str, what: &str, count: usize) -> Vec<String> {
    (1..=count)
        .map(|number| format!("{name}: {what} {number}"))
        .collect()
}
