//! The types of columns in words, for messages.

use arrow_schema::DataType;

/// What a column of this type holds, in words: `numbers`, `lists of text`.
pub(crate) fn type_words(data_type: &DataType) -> String {
    /// Types within types that are named.
    const DEPTH: usize = 3;
    words(data_type, DEPTH)
}

fn words(data_type: &DataType, depth: usize) -> String {
    use DataType::*;
    let plain = match data_type {
        Null => "no values",
        Boolean => "booleans",
        Utf8 | LargeUtf8 | Utf8View => "text",
        Binary | LargeBinary | BinaryView => "bytes",
        Date32 | Date64 | Timestamp(..) => "dates",
        Time32(_) | Time64(_) => "times of day",
        Duration(_) | Interval(_) => "durations",
        Map(..) => "maps from keys to values",
        Union(..) => "values of several types",
        FixedSizeBinary(length) => return format!("bytes, {length} in each row"),
        Dictionary(_, values) => return words(values, depth),
        RunEndEncoded(_, values) => return words(values.data_type(), depth),
        List(item)
        | LargeList(item)
        | ListView(item)
        | LargeListView(item)
        | FixedSizeList(item, _) => match item.data_type() {
            Null => "lists",
            _ if depth == 0 => "lists",
            inner => return format!("lists of {}", words(inner, depth - 1)),
        },
        Struct(fields) => {
            const SHOWN: usize = 3;
            let names = fields.iter().take(SHOWN);
            let names: Vec<String> = names.map(|field| format!("`{}`", field.name())).collect();
            return match fields.len() {
                0 => "objects".to_string(),
                1 => format!("structures with the field {}", names[0]),
                all if all > SHOWN => {
                    format!("structures with the fields {}, ...", names.join(", "))
                }
                _ => format!("structures with the fields {}", names.join(", ")),
            };
        }
        Decimal32(_, 0) | Decimal64(_, 0) | Decimal128(_, 0) | Decimal256(_, 0) => "whole numbers",
        whole if whole.is_integer() => "whole numbers",
        _ => "numbers",
    };
    plain.to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_schema::{Field, IntervalUnit, UnionFields, UnionMode};

    use super::*;

    fn list(item: DataType) -> DataType {
        DataType::List(Arc::new(Field::new("item", item, true)))
    }

    #[test]
    fn types_are_named_in_plain_words() {
        let fields = ["a", "b", "c", "d"].map(|name| Field::new(name, DataType::Int8, true));
        let entries = Field::new("entries", DataType::Struct(fields.to_vec().into()), false);
        let dictionary = |values| DataType::Dictionary(Box::new(DataType::Int32), Box::new(values));
        let unions = UnionFields::empty();
        for (data_type, expected) in [
            (DataType::Int64, "whole numbers"),
            (DataType::Float16, "numbers"),
            (DataType::Decimal256(60, 2), "numbers"),
            (DataType::Decimal128(20, 0), "whole numbers"),
            (DataType::Utf8View, "text"),
            (DataType::FixedSizeBinary(16), "bytes, 16 in each row"),
            (DataType::Interval(IntervalUnit::DayTime), "durations"),
            (dictionary(DataType::Binary), "bytes"),
            (list(list(DataType::Float64)), "lists of lists of numbers"),
            (list(DataType::Null), "lists"),
            (DataType::Struct(Vec::<Field>::new().into()), "objects"),
            (
                DataType::Struct(fields[..2].to_vec().into()),
                "structures with the fields `a`, `b`",
            ),
            (
                DataType::Struct(fields.to_vec().into()),
                "structures with the fields `a`, `b`, `c`, ...",
            ),
            (
                DataType::Map(Arc::new(entries), false),
                "maps from keys to values",
            ),
            (
                DataType::Union(unions, UnionMode::Sparse),
                "values of several types",
            ),
        ] {
            assert_eq!(type_words(&data_type), expected);
        }
        let deep = (0..50).fold(DataType::Int8, |inner, _| list(inner));
        assert_eq!(type_words(&deep), "lists of lists of lists of lists");
    }
}
