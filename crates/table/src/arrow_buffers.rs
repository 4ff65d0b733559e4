//! Which buffers of an Arrow batch belong to columns that are read.

use arrow_schema::{DataType, Schema};

use crate::selection::Selection;

/// Whether each buffer of a batch belongs to a column that is read. `variadic` are the numbers of buffers of the
/// columns of views, in order. `None` if the layout of a column is not known: then all buffers may be read.
pub(crate) fn read_buffers(
    schema: &Schema,
    selection: &Selection,
    variadic: impl IntoIterator<Item = i64>,
) -> Option<Vec<bool>> {
    let mut variadic = variadic.into_iter();
    let mut read = Vec::new();
    for (index, field) in schema.fields().iter().enumerate() {
        let count = buffers(field.data_type(), &mut variadic)?;
        read.resize(read.len().checked_add(count)?, selection.reads(index));
    }
    Some(read)
}

/// The number of buffers of a column of this type
/// (<https://arrow.apache.org/docs/format/Columnar.html#recordbatch-message>).
fn buffers(data_type: &DataType, variadic: &mut impl Iterator<Item = i64>) -> Option<usize> {
    /// More of them are a mistake.
    const MAX_VIEWS: i64 = 1 << 20;
    use DataType::*;
    Some(match data_type {
        Null => 0,
        Utf8 | LargeUtf8 | Binary | LargeBinary => 3,
        Utf8View | BinaryView => {
            let count = variadic.next().filter(|count| *count <= MAX_VIEWS)?;
            2 + usize::try_from(count).ok()?
        }
        List(field) | LargeList(field) | Map(field, _) => 2 + buffers(field.data_type(), variadic)?,
        FixedSizeList(field, _) => 1 + buffers(field.data_type(), variadic)?,
        Struct(fields) => {
            let mut all = 1;
            for field in fields {
                all += buffers(field.data_type(), variadic)?;
            }
            all
        }
        RunEndEncoded(ends, values) => {
            buffers(ends.data_type(), variadic)? + buffers(values.data_type(), variadic)?
        }
        ListView(_) | LargeListView(_) | Union(..) => return None,
        _ => 2,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_schema::Field;

    use super::*;
    use crate::read_options::ReadOptions;

    #[test]
    fn buffers_belong_to_the_columns_in_order() {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let item = Arc::new(field("item", DataType::Utf8));
        let schema = Schema::new(vec![
            field("a", DataType::Int32),
            field("b", DataType::List(item)),
            field("c", DataType::Utf8View),
            field("d", DataType::Null),
            field("e", DataType::Boolean),
        ]);
        let options = ReadOptions {
            without_columns: vec!["b".to_string(), "e".to_string()],
            ..ReadOptions::default()
        };
        let selection = Selection::of_schema(&schema, &options);
        let read = read_buffers(&schema, &selection, [1]).unwrap();
        let expected = [[true; 2].as_slice(), &[false; 5], &[true; 3], &[false; 2]].concat();
        assert_eq!(read, expected);
        assert_eq!(read_buffers(&schema, &selection, []), None);
    }
}
