//! Predictions as JSON lines.

use std::io::{self, Write};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, FixedSizeListArray, RecordBatch};
use arrow_cast::display::ArrayFormatter;
use arrow_schema::DataType;

use crate::number_text::number_text;
use crate::prediction_csv::formatter;

/// Writes record batches as JSON objects, one in each line.
pub(crate) struct JsonLines<W: Write> {
    out: W,
}

impl<W: Write> JsonLines<W> {
    pub fn new(out: W) -> Self {
        Self { out }
    }

    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let schema = batch.schema();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            let name = serde_json::to_string(field.name())?;
            columns.push((name, Values::new(array)?));
        }
        for row in 0..batch.num_rows() {
            for (index, (name, values)) in columns.iter().enumerate() {
                let separator = if index == 0 { "{" } else { "," };
                write!(self.out, "{separator}{name}:{}", values.json(row)?)?;
            }
            self.out.write_all(b"}\n")?;
        }
        Ok(())
    }

    /// Gives the output back.
    pub fn finish(self) -> W {
        self.out
    }
}

/// The values of a column. JSON has no numbers for infinity and NaN: they are null, as what is missing.
enum Values<'a> {
    Numbers(&'a arrow_array::Float64Array),
    /// Lists of numbers, such as embeddings.
    Vectors(&'a FixedSizeListArray),
    /// Values whose text is JSON: whole numbers, decimals and booleans.
    Plain(&'a ArrayRef, ArrayFormatter<'a>),
    /// Values whose text is a JSON string.
    Text(&'a ArrayRef, ArrayFormatter<'a>),
}

impl<'a> Values<'a> {
    fn new(array: &'a ArrayRef) -> io::Result<Self> {
        Ok(match array.data_type() {
            DataType::Float64 => Self::Numbers(array.as_primitive::<Float64Type>()),
            DataType::FixedSizeList(item, _) if *item.data_type() == DataType::Float32 => {
                Self::Vectors(array.as_fixed_size_list())
            }
            kind if kind.is_integer() || *kind == DataType::Boolean => {
                Self::Plain(array, formatter(array)?)
            }
            DataType::Decimal128(..) => Self::Plain(array, formatter(array)?),
            _ => Self::Text(array, formatter(array)?),
        })
    }

    fn json(&self, row: usize) -> io::Result<String> {
        Ok(match self {
            Self::Numbers(array) if array.is_valid(row) && array.value(row).is_finite() => {
                number_text(array.value(row))
            }
            Self::Vectors(array) if array.is_valid(row) => {
                let vector = array.value(row);
                let numbers = vector.as_primitive::<Float32Type>().iter();
                serde_json::to_string(&numbers.collect::<Vec<Option<f32>>>())?
            }
            Self::Plain(array, formatter) if array.is_valid(row) => {
                formatter.value(row).to_string()
            }
            Self::Text(array, formatter) if array.is_valid(row) => {
                serde_json::to_string(&formatter.value(row).to_string())?
            }
            _ => "null".to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{BooleanArray, Float64Array, Int64Array, StringArray};

    use super::*;

    #[test]
    fn a_vector_is_a_list() {
        let rows = [vec![Some(0.1), Some(1e-30)], vec![None, Some(f32::NAN)]];
        let rows = rows.into_iter().map(Some);
        let vectors = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(rows, 2);
        let columns: Vec<(&str, ArrayRef)> = vec![("v", Arc::new(vectors))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut lines = JsonLines::new(Vec::new());
        lines.write(&batch).unwrap();
        let text = String::from_utf8(lines.finish()).unwrap();
        assert_eq!(text, "{\"v\":[0.1,1e-30]}\n{\"v\":[null,null]}\n");
    }

    #[test]
    fn each_line_is_an_object_with_the_columns_in_order() {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("a \"b\"", Arc::new(Int64Array::from(vec![Some(1), None]))),
            ("p", Arc::new(Float64Array::from(vec![0.1, f64::NAN]))),
            ("t", Arc::new(BooleanArray::from(vec![true, false]))),
            ("s", Arc::new(StringArray::from(vec!["x\n", "ü"]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut lines = JsonLines::new(Vec::new());
        lines.write(&batch).unwrap();
        let text = String::from_utf8(lines.finish()).unwrap();
        let expected = "{\"a \\\"b\\\"\":1,\"p\":0.1,\"t\":true,\"s\":\"x\\n\"}\n\
                        {\"a \\\"b\\\"\":null,\"p\":null,\"t\":false,\"s\":\"ü\"}\n";
        assert_eq!(text, expected);
    }
}
