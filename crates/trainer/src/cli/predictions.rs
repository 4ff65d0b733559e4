//! Predictions as CSV.

use std::borrow::Cow;
use std::io::Write;

use backburn::Predictions;

/// The names of the columns.
pub fn header(predictions: &Predictions, with_intervals: bool) -> Vec<String> {
    let mut names = vec!["prediction".to_string()];
    if with_intervals {
        names.extend(["lower".to_string(), "upper".to_string()]);
    }
    if let Predictions::Classes { classes, .. } = predictions {
        names.extend(classes.iter().map(|class| format!("probability_{class}")));
    }
    names
}

/// Writes predictions. A row number, counted from 1, comes first if rows were skipped, and an interval
/// last if one was asked for.
pub fn write_rows<W: Write>(
    predictions: &Predictions,
    rows: Option<&[usize]>,
    intervals: Option<&[[f64; 2]]>,
    out: &mut csv::Writer<W>,
) -> csv::Result<()> {
    let labels = predictions.labels();
    let is_text = matches!(predictions, Predictions::Classes { .. });
    for (index, label) in labels.iter().enumerate() {
        if let Some(rows) = rows {
            out.write_field((rows[index] + 1).to_string())?;
        }
        match is_text {
            true => out.write_field(no_formula(label).as_bytes())?,
            false => out.write_field(label)?,
        }
        if let Some(intervals) = intervals {
            for bound in intervals[index] {
                out.write_field(bound.to_string())?;
            }
        }
        if let Predictions::Classes {
            classes,
            probabilities,
        } = predictions
        {
            let width = classes.len();
            for p in &probabilities[index * width..(index + 1) * width] {
                out.write_field(format!("{p:.6}"))?;
            }
        }
        out.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

/// The name of a class as a cell that a spreadsheet does not evaluate as a formula: a name that begins like
/// a formula and is not a number gets a leading apostrophe.
fn no_formula(name: &str) -> Cow<'_, str> {
    let like_one = name.starts_with(['=', '+', '-', '@', '\t', '\r']);
    match like_one && name.parse::<f64>().is_err() {
        true => format!("'{name}").into(),
        false => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::no_formula;

    #[test]
    fn what_would_be_a_formula_is_text() {
        for name in ["=1+1", "+cmd", "-x", "@SUM(A1)", "\tx"] {
            assert_eq!(no_formula(name), format!("'{name}"));
        }
        for name in ["", "rose", "-1", "+2.5", "1e3", "a=b", "-inf"] {
            assert_eq!(no_formula(name), name);
        }
    }
}
