//! Which columns of a file are read.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use crate::column_words::known_columns;
use crate::read_options::ReadOptions;

/// Which columns of a file are read. The others stay columns of the table: they are null in every row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Selection {
    /// Whether each column is read.
    read: Vec<bool>,
}

impl Selection {
    /// The columns that the options ask for, of those with these names.
    pub fn new<'a>(names: impl Iterator<Item = &'a str> + Clone, options: &ReadOptions) -> Self {
        let all: HashSet<&str> = names.clone().collect();
        let named = |words: &[String]| -> HashSet<String> {
            let known = known_columns(words, |name| all.contains(name));
            known.map(str::to_string).collect()
        };
        let only = options.columns.as_deref().map(named);
        let without = named(&options.without_columns);
        let is_read = |name: &str| {
            only.as_ref().is_none_or(|only| only.contains(name)) && !without.contains(name)
        };
        Self {
            read: names.map(is_read).collect(),
        }
    }

    /// The columns that the options ask for, of those of a schema.
    pub fn of_schema(schema: &Schema, options: &ReadOptions) -> Self {
        let names = schema.fields().iter().map(|field| field.name().as_str());
        Self::new(names, options)
    }

    pub fn is_all(&self) -> bool {
        self.read.iter().all(|&read| read)
    }

    /// Whether the column at an index is read.
    pub fn reads(&self, index: usize) -> bool {
        self.read.get(index).copied().unwrap_or(true)
    }

    /// The indices of the columns that are read.
    pub fn indices(&self) -> Vec<usize> {
        let indices = self.read.iter().enumerate();
        let indices = indices.filter_map(|(index, &read)| read.then_some(index));
        indices.collect()
    }

    /// The schema of all columns, of which those that are not read have no type.
    pub fn schema(&self, of_file: &Schema) -> SchemaRef {
        let fields = of_file.fields().iter().enumerate();
        let fields = fields.map(|(index, field)| match self.reads(index) {
            true => field.as_ref().clone(),
            false => Field::new(field.name(), DataType::Null, true),
        });
        let fields: Vec<Field> = fields.collect();
        let metadata = of_file.metadata().clone();
        Arc::new(Schema::new_with_metadata(fields, metadata))
    }

    /// A batch of this schema. `arrays` are those of the columns that are read.
    pub fn batch(
        &self,
        schema: &SchemaRef,
        arrays: impl IntoIterator<Item = ArrayRef>,
        rows: usize,
    ) -> Result<RecordBatch, ArrowError> {
        let mut arrays = arrays.into_iter();
        let columns = (0..schema.fields().len()).map(|index| {
            let read = self.reads(index).then(|| arrays.next()).flatten();
            read.unwrap_or_else(|| new_null_array(&DataType::Null, rows))
        });
        let columns: Vec<ArrayRef> = columns.collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema.clone(), columns, &options)
    }

    /// A batch of all columns without the values of those that are not read.
    pub fn of_batch(
        &self,
        schema: &SchemaRef,
        batch: RecordBatch,
    ) -> Result<RecordBatch, ArrowError> {
        if self.is_all() {
            return Ok(batch);
        }
        let rows = batch.num_rows();
        let arrays = self.indices().into_iter();
        let arrays = arrays.map(|index| batch.column(index).clone());
        self.batch(schema, arrays, rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(columns: Option<&[&str]>, without: &[&str]) -> Vec<usize> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_string()).collect();
        let options = ReadOptions {
            columns: columns.map(words),
            without_columns: words(without),
            ..ReadOptions::default()
        };
        let names = ["a", "b", "c,d", "e"].into_iter();
        Selection::new(names, &options).indices()
    }

    #[test]
    fn columns_are_selected_by_words() {
        assert_eq!(read(None, &[]), [0, 1, 2, 3]);
        assert_eq!(read(Some(&["a,c,d"]), &[]), [0, 2]);
        assert_eq!(read(None, &["b,e", "other"]), [0, 2]);
        assert_eq!(read(Some(&["a,b", "x"]), &["a"]), [1]);
        assert_eq!(read(Some(&[]), &[]), [0; 0]);
    }
}
