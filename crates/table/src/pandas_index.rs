//! The index that pandas writes into Parquet and Arrow files as columns.

use std::collections::HashSet;

use arrow_schema::Schema;
use serde_json::Value;

/// The key of pandas' metadata.
pub(crate) const PANDAS: &str = "pandas";

/// The columns that are the index of the table, by pandas' metadata.
pub(crate) fn index_columns(schema: &Schema) -> Vec<String> {
    let metadata = schema.metadata().get(PANDAS);
    let metadata = metadata.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let listed = metadata
        .as_ref()
        .and_then(|all| all.get("index_columns")?.as_array());
    // An index that counts the rows is an object here, and no column.
    let names = listed.into_iter().flatten().filter_map(Value::as_str);
    let columns = schema.fields().iter().map(|field| field.name().as_str());
    let columns: HashSet<&str> = columns.collect();
    let is_column = |name: &&str| columns.contains(name);
    names.filter(is_column).map(str::to_string).collect()
}

/// Whether pandas gave a column this name because the index had none: `__index_level_0__`.
pub(crate) fn is_unnamed_index(name: &str) -> bool {
    let level = name.strip_prefix("__index_level_");
    let level = level.and_then(|rest| rest.strip_suffix("__"));
    level.is_some_and(|level| !level.is_empty() && level.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arrow_schema::{DataType, Field};

    use super::*;

    #[test]
    fn the_index_is_found_by_the_metadata() {
        let of = |json: &str| {
            let fields = ["a", "day"].map(|name| Field::new(name, DataType::Float64, true));
            let metadata = HashMap::from([(PANDAS.to_string(), json.to_string())]);
            index_columns(&Schema::new_with_metadata(fields.to_vec(), metadata))
        };
        assert_eq!(
            of(r#"{"index_columns": ["day", "gone"], "columns": []}"#),
            ["day"]
        );
        assert!(of(r#"{"index_columns": [{"kind": "range", "start": 0}]}"#).is_empty());
        assert!(of("not JSON").is_empty());
        assert!(of("[1]").is_empty());
    }

    #[test]
    fn names_of_an_unnamed_index_are_known() {
        assert!(is_unnamed_index("__index_level_0__"));
        for name in ["__index_level___", "__index_level_x__", "index", ""] {
            assert!(!is_unnamed_index(name), "{name}");
        }
    }
}
