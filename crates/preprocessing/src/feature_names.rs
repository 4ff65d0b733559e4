//! The names of the features that enter the first layer.

use serde::Serialize;

use crate::column_encoder::ColumnEncoder;
use crate::encoder::Encoder;

/// A feature that enters the first layer of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeatureName {
    /// Its name: that of the column, or with what part of the column it stands for.
    pub name: String,
    /// The column; of a feature from neighboring rows, the columns that it is computed from.
    pub column: String,
}

impl Encoder {
    /// The features that enter the first layer, in order: the numbers of each column, the features from neighboring
    /// rows, then the vectors of embedded columns.
    pub fn feature_names(&self) -> Vec<FeatureName> {
        let mut numbers = Vec::new();
        let mut vectors = Vec::new();
        for (column, (name, range)) in self.columns.iter().zip(self.column_ranges()) {
            let (names, to) = match column {
                ColumnEncoder::Embedding { dimension, .. } => {
                    (numbered(name, "vector", *dimension), &mut vectors)
                }
                column => (names_of(column, name, range.len()), &mut numbers),
            };
            to.extend(names.into_iter().map(|feature| FeatureName {
                name: feature,
                column: name.to_string(),
            }));
        }
        for (columns, range) in self.knn_ranges() {
            let names = numbered("neighbors", "feature", range.len());
            numbers.extend(names.into_iter().map(|feature| FeatureName {
                name: feature,
                column: columns.join(", "),
            }));
        }
        numbers.extend(vectors);
        numbers
    }
}

/// The names of the `width` numbers of a column.
fn names_of(column: &ColumnEncoder, name: &str, width: usize) -> Vec<String> {
    let missing = format!("{name} is missing");
    let mut names = match column {
        ColumnEncoder::Numeric {
            edges, indicator, ..
        } => {
            let mut names = vec![name.to_string()];
            names.extend(numbered(name, "bin", edges.len().saturating_sub(1)));
            with_indicator(names, *indicator, missing)
        }
        ColumnEncoder::Boolean { indicator, .. } => {
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
        ColumnEncoder::Exposure { .. } => vec![format!("log({name})")],
        ColumnEncoder::Trend { .. } => vec![format!("trend over {name}")],
        ColumnEncoder::Embedding { .. } => Vec::new(),
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_has_a_name() {
        let column = |categories: &[&str], missing: bool| ColumnEncoder::OneHot {
            name: "kind".to_string(),
            categories: categories.iter().map(|name| name.to_string()).collect(),
            missing,
        };
        let names = names_of(&column(&["a", "b"], true), "kind", 3);
        assert_eq!(names, ["kind = a", "kind = b", "kind is missing"]);
        assert_eq!(
            names_of(&column(&["a"], false), "kind", 2),
            ["kind: input 1", "kind: input 2"]
        );
    }
}
