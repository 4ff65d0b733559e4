//! What a column holds, by the statistics of its values.

use crate::column_kind::ColumnKind;
use crate::column_statistics::{ColumnStatistics, MAX_DISTINCT};
use crate::index_column::{Place, named_like_time};
use crate::pandas_index::is_unnamed_index;
use crate::schema::ColumnSchema;

/// In a table with fewer rows, values that all differ are no sign of an identifier.
const FEW_ROWS: usize = 20;

/// What a column holds: of the kind that the user sets, or else that all its values are of.
pub(crate) fn column_schema(
    place: Place<'_>,
    found: &ColumnStatistics,
    kind_override: Option<ColumnKind>,
) -> ColumnSchema {
    let kind = kind_override.unwrap_or_else(|| kind_of(found));
    let is_numeric = kind == ColumnKind::Numeric;
    let mut column = ColumnSchema {
        name: place.name.to_string(),
        kind,
        missing: found.missing,
        infinite: if is_numeric { found.infinite } else { 0 },
        distinct: match is_numeric {
            true => found.values,
            false => found.texts,
        },
        reason: None,
    };
    if kind == ColumnKind::Ignored {
        column.reason = Some("by request".to_string());
    } else if let Some(reason) = reason_to_ignore(&column, found, place)
        && (kind_override.is_none() || column.distinct == 0)
    {
        column.kind = ColumnKind::Ignored;
        column.reason = Some(reason.to_string());
    } else if is_pandas_index(kind, found, place) && kind_override.is_none() {
        column.kind = ColumnKind::Ignored;
        column.reason = Some(match is_numeric {
            true => "it is the index that pandas wrote".to_string(),
            false => "its text is the index that pandas wrote".to_string(),
        });
    }
    column
}

/// Whether pandas wrote the column as the index, and it only identifies the rows. Times and measurements are
/// features, as in other files. An index with equal values may be a feature, unless it had no name.
fn is_pandas_index(kind: ColumnKind, found: &ColumnStatistics, place: Place<'_>) -> bool {
    let identifies = match kind {
        ColumnKind::Numeric => !found.fractions && !named_like_time(place.name),
        ColumnKind::Categorical => true,
        _ => false,
    };
    let differ = || found.texts == found.present().min(MAX_DISTINCT);
    identifies && (is_unnamed_index(place.name) || (place.is_pandas_index && differ()))
}

/// A column whose values cannot be read; `holds` are its values in words.
pub(crate) fn unreadable_column(name: &str, holds: &str) -> ColumnSchema {
    ColumnSchema {
        name: name.to_string(),
        kind: ColumnKind::Ignored,
        missing: 0,
        infinite: 0,
        distinct: 0,
        reason: Some(format!(
            "it holds {holds}, which cannot be read: write what is in them as columns of numbers or text"
        )),
    }
}

/// The kind that all values of a column are of. Numbers with leading zeros are codes.
fn kind_of(found: &ColumnStatistics) -> ColumnKind {
    match () {
        () if found.code().is_some() => ColumnKind::Categorical,
        () if found.all_numbers() => ColumnKind::Numeric,
        () if found.all_booleans() => ColumnKind::Boolean,
        () if found.all_dates() => ColumnKind::Date,
        () => ColumnKind::Categorical,
    }
}

/// Why a column is of no use for training, if it is not.
fn reason_to_ignore(
    column: &ColumnSchema,
    found: &ColumnStatistics,
    place: Place<'_>,
) -> Option<&'static str> {
    let present = found.present();
    let varies_by_missing = column.missing > 0;
    match (column.kind, column.distinct) {
        (ColumnKind::Numeric, 0) if column.infinite > 0 => {
            return Some("its numbers are infinite or too large for 32 bits (above 3.4e38)");
        }
        (_, 0) => return Some("it has no values"),
        (ColumnKind::Numeric, 1) if found.large.is_some() && found.texts > 1 => {
            return Some(match found.texts == present.min(MAX_DISTINCT) {
                true => "an identifier: its whole numbers beyond 2^53 all differ",
                false => "its whole numbers beyond 2^53 differ only in digits that numbers lose",
            });
        }
        (_, 1) if !varies_by_missing => return Some("it never varies"),
        _ => {}
    }
    if present < FEW_ROWS {
        return None;
    }
    match column.kind {
        ColumnKind::Numeric => {
            numbers_the_rows(found, place).then_some("an index: it only numbers the rows")
        }
        ColumnKind::Categorical if column.distinct * 10 > present * 9 => {
            Some("its text differs in nearly every row")
        }
        ColumnKind::Categorical if column.distinct == MAX_DISTINCT => {
            Some("it has too many different texts")
        }
        _ => None,
    }
}

/// Whether whole numbers that all differ are an index.
fn numbers_the_rows(found: &ColumnStatistics, place: Place<'_>) -> bool {
    let all = found.present().min(MAX_DISTINCT);
    // Large numbers may differ in digits that an `f64` does not hold.
    let differ = found.values == all || (found.large.is_some() && found.texts == all);
    let is_index = match found.missing {
        0 => found.row_numbers.number_the_rows(found.rows, place),
        _ => found.row_numbers.number_some_rows(place),
    };
    !found.fractions && differ && is_index
}
