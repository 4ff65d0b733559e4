//! A cost matrix as a CSV file.

use std::path::Path;

use backburn_training::metrics::Metric;

use crate::error::Error;
use crate::read_text::read_text;
use crate::scoring_config::{Costs, ScoringConfig};
use crate::text::{path_name, shown};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 16 << 20;

impl ScoringConfig {
    /// Replaces the settings that options of a command name: `--metric`, `--positive` and `--cost`, a file for
    /// [`read_costs`].
    ///
    /// # Errors
    ///
    /// The file cannot be read as a cost matrix.
    pub fn set_options(
        &mut self,
        metric: Option<Metric>,
        positive: Option<&str>,
        cost: Option<&Path>,
    ) -> Result<(), Error> {
        if let Some(path) = cost {
            self.costs = read_costs(path).map_err(|error| error.of_option("--cost"))?;
        }
        self.metric = metric.or(self.metric);
        self.positive = positive.map(str::to_string).or(self.positive.take());
        self.validate()
    }
}

/// Reads a cost matrix from a CSV file. The header names the predicted classes after its first field, which is not
/// read. Each line below it has a true class and the cost of each prediction.
///
/// ```text
/// actual,healthy,ill
/// healthy,0,1
/// ill,20,0
/// ```
///
/// # Errors
///
/// The file cannot be read, a line has too many or too few fields, a cost is not a number, or a class stands
/// twice; the message has the file and the line.
pub fn read_costs(path: &Path) -> Result<Costs, Error> {
    let named =
        |reason: &dyn std::fmt::Display| Error::Config(format!("{}: {reason}", path_name(path)));
    let text = read_text(path, LARGEST).map_err(|error| named(&error))?;
    parse_costs(&text).map_err(|reason| named(&reason))
}

fn parse_costs(text: &str) -> Result<Costs, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let predicted: Vec<&str> = header.iter().skip(1).collect();
    if predicted.len() < 2 {
        return Err(
            "line 1: a cost matrix has a header that names the predicted classes, such as \
             `actual,no,yes`"
                .to_string(),
        );
    }
    let mut costs = Costs::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut of_actual = std::collections::BTreeMap::new();
        let actual = record.get(0).unwrap_or_default();
        for (predicted, text) in predicted.iter().zip(record.iter().skip(1)) {
            let cost: Option<f64> = text.parse().ok().filter(|cost: &f64| cost.is_finite());
            let Some(cost) = cost else {
                let text = shown(text);
                return Err(format!("line {line}: `{text}` is not a number"));
            };
            if of_actual.insert((*predicted).to_string(), cost).is_some() {
                let class = shown(predicted);
                return Err(format!("line 1: the class `{class}` appears twice"));
            }
        }
        if costs.insert(actual.to_string(), of_actual).is_some() {
            let class = shown(actual);
            return Err(format!("line {line}: the class `{class}` appears twice"));
        }
    }
    match costs.is_empty() {
        true => Err("it has no line below the header".to_string()),
        false => Ok(costs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_true_classes_and_columns_are_predicted_ones() {
        let costs = parse_costs("actual,no,\"yes, sir\"\nno,0,1\n\"yes, sir\",20,-0.5\n").unwrap();
        assert_eq!(costs["no"]["yes, sir"], 1.0);
        assert_eq!(costs["yes, sir"]["no"], 20.0);
        assert_eq!(costs["yes, sir"]["yes, sir"], -0.5);
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_line() {
        for (text, expected) in [
            ("", "line 1"),
            ("a,no\n", "line 1"),
            ("a,no,yes\n", "no line below"),
            ("a,no,yes\nno,0,x\n", "line 2: `x` is not a number"),
            ("a,no,yes\nno,0,NaN\n", "line 2: `NaN` is not a number"),
            ("a,no,yes\nno,0\n", "line: 2"),
            ("a,no,no\nno,0,1\n", "`no` appears twice"),
            ("a,no,yes\nno,0,1\nno,0,1\n", "line 3: the class `no`"),
        ] {
            let error = parse_costs(text).unwrap_err();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
