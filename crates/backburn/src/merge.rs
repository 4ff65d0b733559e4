//! Merging of TOML tables.

use toml::{Table, Value};

/// The values of both tables; where both have a value, that of `upper`.
pub(crate) fn merged(mut lower: Table, upper: Table) -> Table {
    for (name, value) in upper {
        let value = match (lower.remove(&name), value) {
            (Some(Value::Table(lower)), Value::Table(upper)) => Value::Table(merged(lower, upper)),
            (_, value) => value,
        };
        lower.insert(name, value);
    }
    lower
}
