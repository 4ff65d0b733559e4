//! The columns that several files of one table have in common.

use std::collections::{HashMap, HashSet};

use arrow_schema::{DataType, Field};

use crate::error::TableError;
use crate::nearest_name::nearest_name;
use crate::partition::Partitions;
use crate::stored_type::stored_type;
use crate::type_words::type_words;

/// The most digits of a whole number of 128 bits.
const MAX_DIGITS: u8 = 38;

/// A file, for messages and types.
pub(crate) struct OfFile<'a> {
    pub name: &'a str,
    /// Whether it is a text file, in which every column is text.
    pub is_text: bool,
    /// Whether its first line looks like data.
    pub looks_headerless: bool,
    pub partitions: &'a Partitions,
}

/// The columns of a file, and those that its folders give it.
pub(crate) fn with_partitions(own: &[Field], file: &OfFile<'_>) -> Vec<Field> {
    let mut fields = own.to_vec();
    for (name, value) in file.partitions {
        if fields.iter().any(|field| field.name() == name) {
            continue;
        }
        let is_whole = |value: &String| {
            let number = value.parse::<i64>();
            number.is_ok_and(|number| number.to_string() == *value)
        };
        let data_type = match value {
            None if !file.is_text => DataType::Null,
            Some(value) if !file.is_text && is_whole(value) => DataType::Int64,
            // Text that is missing only where it is null: `NA` is a value.
            _ => DataType::LargeUtf8,
        };
        fields.push(Field::new(name, data_type, true));
    }
    fields
}

/// Widens the columns of a table, which are those of its first file, to the types of a further file.
///
/// # Errors
///
/// The file has other columns, or values of other types; the message names both files.
pub(crate) fn merge(
    columns: &mut [Field],
    fields: &[Field],
    first: &str,
    file: &OfFile<'_>,
) -> Result<(), TableError> {
    let refuse = |reason: String| Err(TableError::malformed(file.name, reason));
    let names = columns.iter().map(|known| known.name().clone());
    let positions: HashMap<String, usize> = names.zip(0..).collect();
    for field in fields {
        let column = field.name();
        let Some(&position) = positions.get(column) else {
            return refuse(not_in_first(column, first, columns, file));
        };
        let known = &mut columns[position];
        let (one, other) = (known.data_type(), field.data_type());
        let Some(data_type) = common_type(one, other) else {
            return refuse(format!(
                "column `{column}` holds {}, and {} in {first}, which is part of the same table{}",
                type_words(other),
                type_words(one),
                match (one, other) {
                    (DataType::Utf8, _) | (_, DataType::Utf8) =>
                        ": the one is a text file, the other a file with types; convert them to one kind",
                    _ => ": write it with one type in all files",
                }
            ));
        };
        *known = Field::new(column, data_type, true);
    }
    let found: HashSet<&String> = fields.iter().map(Field::name).collect();
    match columns.iter().find(|column| !found.contains(column.name())) {
        Some(column) => refuse(format!(
            "there is no column `{}`, which is in {first}, of the same table: all files of a table have \
             the same columns",
            column.name()
        )),
        None => Ok(()),
    }
}

fn not_in_first(column: &str, first: &str, columns: &[Field], file: &OfFile<'_>) -> String {
    let of_folder = file.partitions.iter().any(|(name, _)| name == column);
    if of_folder {
        return format!(
            "the folder gives a column `{column}`, and that of {first}, which is part of the same table, does \
             not: name the folders alike"
        );
    }
    let advice = match nearest_name(column, columns.iter().map(|known| known.name().as_str())) {
        _ if file.looks_headerless || column.parse::<f64>().is_ok() => {
            "; if the first line is data, pass --no-header".to_string()
        }
        Some(name) => format!("; is it the column `{name}` there?"),
        None => ": all files of a table have the same columns".to_string(),
    };
    format!("column `{column}` is not in {first}, which is part of the same table{advice}")
}

fn common_type(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::*;
    let is_whole = |data_type: &DataType| matches!(data_type, Int64 | UInt64 | Decimal128(_, 0));
    Some(match (one, other) {
        (one, other) if one == other => one.clone(),
        (Null, other) => other.clone(),
        (one, Null) => one.clone(),
        // Values that cannot be read in one file are of no use in the others.
        (one, _) if stored_type(one).is_none() => one.clone(),
        (_, other) if stored_type(other).is_none() => other.clone(),
        (one, other) if is_whole(one) && is_whole(other) => Decimal128(MAX_DIGITS, 0),
        (one, other) if one.is_numeric() && other.is_numeric() => Float64,
        // A folder of a column of numbers, or a few cells of a file without types, may be text.
        (LargeUtf8, Int64 | Float64) | (Int64 | Float64, LargeUtf8) => LargeUtf8,
        // A column of text files in some, of the folders of others.
        (Utf8, LargeUtf8) | (LargeUtf8, Utf8) => Utf8,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn file<'a>(name: &'a str, partitions: &'a Partitions) -> OfFile<'a> {
        OfFile {
            name,
            is_text: false,
            looks_headerless: false,
            partitions,
        }
    }

    fn refused(one: DataType, other: Field) -> String {
        let none = Partitions::new();
        let mut columns = [Field::new("size", one, true)];
        let merged = merge(
            &mut columns,
            &[other],
            "1.parquet",
            &file("2.parquet", &none),
        );
        merged.unwrap_err().to_string()
    }

    #[test]
    fn types_are_widened() {
        use DataType::*;
        let list = List(Arc::new(Field::new("item", Int64, true)));
        for (one, other, both) in [
            (Int64, Float64, Some(Float64)),
            (Int64, UInt64, Some(Decimal128(MAX_DIGITS, 0))),
            (Null, Boolean, Some(Boolean)),
            (LargeUtf8, Int64, Some(LargeUtf8)),
            (list.clone(), Int64, Some(list.clone())),
            (Boolean, Int64, None),
            (Utf8, Float64, None),
        ] {
            assert_eq!(common_type(&one, &other), both);
            assert_eq!(common_type(&other, &one), both);
        }
    }

    #[test]
    fn differences_are_said_with_both_files() {
        let text = refused(DataType::Boolean, Field::new("size", DataType::Int64, true));
        assert!(
            text.starts_with(
                "2.parquet: column `size` holds whole numbers, and booleans in 1.parquet"
            ),
            "{text}"
        );
        let text = refused(DataType::Utf8, Field::new("size", DataType::Int64, true));
        assert!(text.contains("convert them to one kind"), "{text}");
        let text = refused(DataType::Int64, Field::new("Size", DataType::Int64, true));
        assert!(text.contains("`Size` is not in 1.parquet"), "{text}");
        assert!(text.ends_with("is it the column `size` there?"), "{text}");
        let text = refused(DataType::Int64, Field::new("0.5", DataType::Int64, true));
        assert!(text.contains("--no-header"), "{text}");
    }

    #[test]
    fn folders_give_columns_of_text_or_whole_numbers() {
        let pairs = [
            ("a", Some("2024")),
            ("b", Some("01")),
            ("c", Some("NA")),
            ("d", None),
        ];
        let partitions: Partitions = pairs
            .map(|(name, value)| (name.to_string(), value.map(str::to_string)))
            .to_vec();
        let types = |is_text: bool| {
            let mut file = file("x", &partitions);
            file.is_text = is_text;
            let fields = with_partitions(&[], &file);
            let types = fields.iter().map(|field| field.data_type().clone());
            types.collect::<Vec<_>>()
        };
        use DataType::*;
        assert_eq!(types(false), [Int64, LargeUtf8, LargeUtf8, Null]);
        assert_eq!(types(true), [LargeUtf8, LargeUtf8, LargeUtf8, LargeUtf8]);
    }
}
