//! Columns of the input that are written beside predictions.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use backburn_preprocessing::Encoder;
use backburn_table::{
    Cell, Column, ColumnKind, TableError, TableFormat, TableReader, columns_named, visible_name,
};

/// Columns of the input that are written beside predictions.
///
/// A column whose name is also that of a column of predictions is written as `prediction.1`, and so on.
#[derive(Debug, Clone, Default)]
pub struct KeptColumns {
    columns: Vec<KeptColumn>,
}

#[derive(Debug, Clone)]
struct KeptColumn {
    /// Where it is in the input.
    index: usize,
    /// What its text holds; `None` for text and for columns that have a type.
    kind: Option<ColumnKind>,
    field: FieldRef,
}

impl KeptColumns {
    /// All columns of the input. In formats with types, text of the columns that the encoder uses is
    /// written as the numbers, booleans and dates that it stands for, unless it has a `format` of its own.
    pub fn all(input: &Schema, encoder: &Encoder, format: &TableFormat) -> Self {
        let all = 0..input.fields().len();
        Self::new(input, (encoder, format), all)
    }

    /// The columns that words name; see [`columns_named`].
    ///
    /// # Errors
    ///
    /// The input has no such column.
    pub fn named(
        names: &[String],
        reader: &TableReader,
        encoder: &Encoder,
        format: &TableFormat,
    ) -> Result<Self, TableError> {
        let input = &reader.schema();
        let all = input.fields().iter().map(|field| field.name().as_str());
        let index: HashMap<&str, usize> = all.zip(0..).collect();
        let has = |name: &str| index.contains_key(name);
        // The table may be read without the invisible characters of a name.
        let seen = |word: &String| match columns_named(std::slice::from_ref(word), has) {
            Err(_) if !word.is_ascii() => visible_name(word),
            _ => word.clone(),
        };
        let names: Vec<String> = names.iter().map(seen).collect();
        let named = columns_named(&names, has);
        let named = named.map_err(|name| reader.no_column(&name))?;
        let wanted = named.iter().filter_map(|name| index.get(name.as_str()));
        let mut wanted: Vec<usize> = wanted.copied().collect();
        let mut seen = HashSet::new();
        wanted.retain(|index| seen.insert(*index));
        Ok(Self::new(input, (encoder, format), wanted))
    }

    fn new(
        input: &Schema,
        (encoder, format): (&Encoder, &TableFormat),
        wanted: impl IntoIterator<Item = usize>,
    ) -> Self {
        let kinds: HashMap<&str, ColumnKind> = encoder
            .columns
            .iter()
            .map(|column| (column.name(), column.kind()))
            .collect();
        let columns = wanted.into_iter().map(|index| {
            let field = &input.fields()[index];
            let kind = kinds.get(field.name().as_str()).copied();
            let is_text =
                *field.data_type() == DataType::Utf8 && !format.columns.contains_key(field.name());
            KeptColumn {
                index,
                kind: kind.filter(|kind| is_text && *kind != ColumnKind::Categorical),
                field: field.clone(),
            }
        });
        Self {
            columns: columns.collect(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The columns of a batch, under names that are not among `taken`, which gets them.
    pub(crate) fn of_batch(
        &self,
        batch: &RecordBatch,
        typed: bool,
        taken: &mut HashSet<String>,
    ) -> Vec<(FieldRef, ArrayRef)> {
        let mut kept = Vec::new();
        for column in &self.columns {
            let mut array = batch.column(column.index).clone();
            if let (true, Some(kind)) = (typed, column.kind) {
                array = of_kind(&array, kind);
            }
            let name = free_name(column.field.name(), taken);
            taken.insert(name.clone());
            let field = Field::new(name, array.data_type().clone(), true);
            kept.push((Arc::new(field), array));
        }
        kept
    }

    /// The columns that are written under another name, with that name; `taken` are the names of the
    /// columns of predictions.
    pub(crate) fn renamed(&self, taken: &HashSet<String>) -> Vec<(String, String)> {
        let mut taken = taken.clone();
        let mut renamed = Vec::new();
        for column in &self.columns {
            let name = free_name(column.field.name(), &taken);
            if name != *column.field.name() {
                renamed.push((column.field.name().clone(), name.clone()));
            }
            taken.insert(name);
        }
        renamed
    }
}

/// The name, or the first of `name.1`, `name.2`, ... that is not taken.
fn free_name(name: &str, taken: &HashSet<String>) -> String {
    match taken.contains(name) {
        false => name.to_string(),
        true => (1..)
            .map(|number| format!("{name}.{number}"))
            .find(|name| !taken.contains(name))
            .unwrap_or_default(),
    }
}

/// Text as the values that it stands for. The encoder has read the same text.
fn of_kind(array: &ArrayRef, kind: ColumnKind) -> ArrayRef {
    let column = Column::new([array]);
    let cells = column.cells();
    match kind {
        ColumnKind::Numeric => Arc::new(cells.map(|cell| cell.number()).collect::<Float64Array>()),
        ColumnKind::Boolean => Arc::new(cells.map(|cell| cell.boolean()).collect::<BooleanArray>()),
        ColumnKind::Date => {
            let micros = |cell: Cell| Some((cell.date()? * 1e6).round() as i64);
            Arc::new(cells.map(micros).collect::<TimestampMicrosecondArray>())
        }
        ColumnKind::Categorical | ColumnKind::Ignored => array.clone(),
    }
}

#[cfg(test)]
mod tests {
    use backburn_table::ReadOptions;

    use super::*;

    fn schema(names: &[&str]) -> Schema {
        let field = |name: &&str| Field::new(*name, DataType::Utf8, true);
        Schema::new(names.iter().map(field).collect::<Vec<Field>>())
    }

    fn encoder() -> Encoder {
        let json = r#"{"columns": [{"kind": "numeric", "name": "a", "indicator": false,
            "scale": {"mean": 0.0, "std": 1.0}}]}"#;
        serde_json::from_str(json).unwrap()
    }

    fn names(kept: &KeptColumns) -> Vec<String> {
        let names = kept
            .columns
            .iter()
            .map(|column| column.field.name().clone());
        names.collect()
    }

    #[test]
    fn names_may_be_lists_and_may_have_commas() {
        let csv = "a,b,\"c,d\",c\n1,2,3,4\n".as_bytes();
        let reader = TableReader::from_reader("t.csv", csv, &ReadOptions::default()).unwrap();
        let named = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
            KeptColumns::named(&names, &reader, &encoder(), &TableFormat::default())
        };
        assert_eq!(names(&named(&["b, a"]).unwrap()), ["b", "a"]);
        assert_eq!(names(&named(&["c,d", "a", "a"]).unwrap()), ["c,d", "a"]);
        assert_eq!(names(&named(&["\u{200b}a"]).unwrap()), ["a"]);
        let error = named(&["a,bb"]).unwrap_err().to_string();
        assert!(error.contains("has no column `bb`"), "{error}");
    }

    #[test]
    fn text_that_the_model_reads_as_numbers_is_numbers_in_formats_with_types() {
        let schema = Arc::new(schema(&["a", "b"]));
        let text = |values: Vec<&str>| Arc::new(arrow_array::StringArray::from(values)) as ArrayRef;
        let columns = vec![text(vec!["1", " 2.5 ", "NA"]), text(vec!["1", "2", "3"])];
        let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
        let kept = KeptColumns::all(&schema, &encoder(), &TableFormat::default());
        let typed = kept.of_batch(&batch, true, &mut HashSet::new());
        let expected = Float64Array::from(vec![Some(1.0), Some(2.5), None]);
        assert_eq!(typed[0].1.as_ref(), &expected as &dyn arrow_array::Array);
        assert_eq!(typed[1].1.data_type(), &DataType::Utf8);
        let text = kept.of_batch(&batch, false, &mut HashSet::new());
        assert_eq!(text[0].1.data_type(), &DataType::Utf8);
    }

    #[test]
    fn a_name_of_a_column_of_predictions_gets_a_number() {
        let schema = schema(&["prediction", "prediction.1", "x"]);
        let kept = KeptColumns::all(&schema, &encoder(), &TableFormat::default());
        let taken = HashSet::from(["prediction".to_string()]);
        let renamed = kept.renamed(&taken);
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        assert_eq!(
            renamed,
            [
                pair("prediction", "prediction.1"),
                pair("prediction.1", "prediction.1.1")
            ]
        );
    }
}
