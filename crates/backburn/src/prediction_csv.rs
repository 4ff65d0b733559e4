//! Predictions as CSV.

use std::borrow::Cow;
use std::io::{self, Write};

use backburn_preprocessing::Predictions;

/// Writes predictions as CSV: a header, then a line for each row.
///
/// The columns are `row` (the number of the row, counted from 1, if it is asked for), `prediction`, `lower`
/// and `upper` (if there are intervals), and for classification the probability of each class. The name of
/// a class that begins like a formula gets a leading apostrophe, so that a spreadsheet does not evaluate it.
///
/// ```
/// use backburn::{PredictionCsv, Predictions};
///
/// let mut bytes = Vec::new();
/// let mut csv = PredictionCsv::new(&mut bytes, true);
/// csv.write(&[0, 2], &Predictions::Values(vec![1.5, 2.0]), None)?;
/// csv.finish()?;
/// assert_eq!(String::from_utf8_lossy(&bytes), "row,prediction\n1,1.5\n3,2\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct PredictionCsv<W: Write> {
    out: csv::Writer<W>,
    row_numbers: bool,
    header_due: bool,
}

impl<W: Write> PredictionCsv<W> {
    /// A writer. `row_numbers` says whether the number of each row comes first.
    pub fn new(out: W, row_numbers: bool) -> Self {
        Self {
            out: csv::Writer::from_writer(out),
            row_numbers,
            header_due: true,
        }
    }

    /// Writes predictions, and the header before the first of them. `rows` has the index of each row,
    /// from 0; it may be empty if rows are not numbered.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn write(
        &mut self,
        rows: &[usize],
        predictions: &Predictions,
        intervals: Option<&[[f64; 2]]>,
    ) -> io::Result<()> {
        if std::mem::take(&mut self.header_due) {
            let row = self.row_numbers.then(|| "row".to_string()).into_iter();
            let names = header(predictions, intervals.is_some());
            self.out.write_record(row.chain(names)).map_err(io_error)?;
        }
        let rows = self.row_numbers.then_some(rows);
        write_rows(predictions, rows, intervals, &mut self.out).map_err(io_error)
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The system's error with its kind, such as a closed pipe.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("the predictions cannot be written: {other:?}")),
    }
}

/// The names of the columns.
fn header(predictions: &Predictions, with_intervals: bool) -> Vec<String> {
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
fn write_rows<W: Write>(
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
