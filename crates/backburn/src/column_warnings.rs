//! Warnings about the columns of a table.

use std::collections::HashSet;

use backburn_table::Schema;

use crate::warning::Warning;

/// Warnings about columns that are not used, or not as they are. `roles` are the columns that are no features, such as
/// the target.
pub(crate) fn warnings_about_columns(
    schema: &Schema,
    roles: &[&str],
    features: &[String],
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut missing = Vec::new();
    let features: HashSet<&String> = features.iter().collect();
    for column in &schema.columns {
        let has_other_role = roles.contains(&column.name.as_str());
        // Whoever lists the features knows what they leave out.
        let left_out = !features.is_empty() && !features.contains(&column.name);
        if has_other_role || left_out {
            continue;
        }
        if let Some(reason) = &column.reason {
            warnings.push(Warning::ColumnIgnored {
                column: column.name.clone(),
                reason: reason.clone(),
            });
            continue;
        }
        if column.missing > 0 {
            missing.push((column.name.clone(), column.missing));
        }
        if column.infinite > 0 {
            warnings.push(Warning::InfiniteValues {
                column: column.name.clone(),
                rows: column.infinite,
            });
        }
    }
    if !missing.is_empty() {
        warnings.push(Warning::MissingValues { columns: missing });
    }
    warnings
}
