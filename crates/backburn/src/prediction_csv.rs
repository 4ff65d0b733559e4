//! Predictions as CSV.

use std::io::{self, Write};

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use backburn_preprocessing::Predictions;

use crate::number_text::number_text;
use crate::predicted_rows::PredictedRows;
use crate::prediction_batch::PredictionLayout;

/// Writes predictions as CSV: a header, then a line for each row.
///
/// The columns are `row` (the number of the row, counted from 1, if it is asked for), `prediction`, `lower`
/// and `upper` (if there are intervals), and for classification the probability of each class. The name of
/// a class that begins like a formula gets a leading apostrophe, so that a spreadsheet does not evaluate it.
/// [`PredictionWriter`](crate::PredictionWriter) writes other formats too.
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
    out: CsvRows<W>,
    layout: PredictionLayout,
}

impl<W: Write> PredictionCsv<W> {
    /// A writer. `row_numbers` says whether the number of each row comes first.
    pub fn new(out: W, row_numbers: bool) -> Self {
        Self {
            out: CsvRows::new(out, b','),
            layout: PredictionLayout {
                row_numbers,
                no_formulas: true,
                ..PredictionLayout::default()
            },
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
        let predicted = PredictedRows {
            rows: rows.to_vec(),
            predictions: predictions.clone(),
            intervals: intervals.map(<[_]>::to_vec),
            quantiles: None,
            inputs: None,
        };
        self.out.write(&self.layout.batch(&predicted)?)
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn finish(self) -> io::Result<()> {
        self.out.finish().map(drop)
    }
}

/// Writes record batches as lines of separated fields, after a header.
pub(crate) struct CsvRows<W: Write> {
    out: csv::Writer<W>,
    header_due: bool,
}

impl<W: Write> CsvRows<W> {
    pub fn new(out: W, delimiter: u8) -> Self {
        let mut builder = csv::WriterBuilder::new();
        Self {
            out: builder.delimiter(delimiter).from_writer(out),
            header_due: true,
        }
    }

    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        if std::mem::take(&mut self.header_due) {
            let schema = batch.schema();
            let names = schema.fields().iter().map(|field| field.name());
            self.out.write_record(names).map_err(io_error)?;
        }
        let fields = batch.columns().iter().map(Fields::new);
        let fields: Vec<Fields> = fields.collect::<io::Result<_>>()?;
        for row in 0..batch.num_rows() {
            for column in &fields {
                column.write(row, &mut self.out).map_err(io_error)?;
            }
            self.out.write_record(None::<&[u8]>).map_err(io_error)?;
        }
        Ok(())
    }

    /// Writes what is buffered, and gives the output back.
    pub fn finish(self) -> io::Result<W> {
        self.out.into_inner().map_err(|error| error.into_error())
    }
}

/// The fields of a column. What is missing is an empty field.
enum Fields<'a> {
    Numbers(&'a arrow_array::Float64Array),
    Text(&'a arrow_array::StringArray),
    Other(&'a ArrayRef, ArrayFormatter<'a>),
}

impl<'a> Fields<'a> {
    fn new(array: &'a ArrayRef) -> io::Result<Self> {
        Ok(match array.data_type() {
            DataType::Float64 => Self::Numbers(array.as_primitive::<Float64Type>()),
            DataType::Utf8 => Self::Text(array.as_string()),
            _ => Self::Other(array, formatter(array)?),
        })
    }

    fn write<W: Write>(&self, row: usize, out: &mut csv::Writer<W>) -> csv::Result<()> {
        match self {
            Self::Numbers(array) if array.is_valid(row) => {
                out.write_field(number_text(array.value(row)))
            }
            Self::Text(array) if array.is_valid(row) => out.write_field(array.value(row)),
            Self::Other(array, formatter) if array.is_valid(row) => {
                out.write_field(formatter.value(row).to_string())
            }
            _ => out.write_field(""),
        }
    }
}

/// Values of any type as text.
pub(crate) fn formatter(array: &ArrayRef) -> io::Result<ArrayFormatter<'_>> {
    const OPTIONS: FormatOptions = FormatOptions::new();
    ArrayFormatter::try_new(array.as_ref(), &OPTIONS).map_err(io::Error::other)
}

/// The system's error with its kind, such as a closed pipe.
fn io_error(error: csv::Error) -> io::Error {
    let text = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::other(format!("the predictions cannot be written: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_have_all_their_digits() {
        let third = 1.0 / 3.0;
        let predictions = Predictions::Classes {
            classes: vec!["a".to_string(), "=b".to_string(), "c,d".to_string()],
            probabilities: vec![third, 1e-9, 1.0 - third - 1e-9],
            decision: None,
        };
        let mut bytes = Vec::new();
        let mut csv = PredictionCsv::new(&mut bytes, false);
        csv.write(&[], &predictions, None).unwrap();
        csv.finish().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let expected = "prediction,probability_a,probability_=b,\"probability_c,d\"\n\
                        \"c,d\",0.3333333333333333,1e-9,0.6666666656666668\n";
        assert_eq!(text, expected);
    }
}
