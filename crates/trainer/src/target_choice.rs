//! Whether numbers are predicted by their logarithms, where that is to be found out.

use backburn_tabular::{Target, TargetScale};

use crate::config::SimilarRows;
use crate::error::Error;
use crate::small_networks::{FEWEST_ROWS, Small, overall};

/// More rows tell no more.
const MOST_ROWS: usize = 3000;
/// What logarithms have to bring, as a share of the error.
const WORTH: f64 = 0.03;

/// The scale of the target that is best on these rows. Where logarithms look right by how the target
/// is distributed ([`TargetScale::Auto`]), small networks are trained with and without them, and
/// scored on rows left out: a skewed target may still be a sum.
pub fn found_scale(small: Small) -> Result<TargetScale, Error> {
    let (table, understood, rows) = (small.table, small.understood, small.rows);
    let asked = small.config.data.target_scale;
    if asked != TargetScale::Auto || understood.classes.is_some() {
        return Ok(asked);
    }
    let by_rule = Target::fit(table, &understood.target, understood.task, rows, rows)?;
    let by_rule = by_rule.with_scale(TargetScale::Auto, table, &understood.rows, rows)?;
    let found = by_rule.scaled().unwrap_or(TargetScale::Standard);
    if found != TargetScale::Log || rows.len() < FEWEST_ROWS {
        return Ok(found);
    }
    let rows = small.some_rows(MOST_ROWS);
    let small = Small {
        rows: &rows,
        ..small
    };
    let error = |scale| {
        small.errors(|config| {
            config.data.target_scale = scale;
            config.data.neighbours = false;
            config.data.similar_rows = SimilarRows::Never;
        })
    };
    let (logarithms, plain) = (error(TargetScale::Log)?, error(TargetScale::Standard)?);
    Ok(
        match overall(logarithms) <= (1.0 - WORTH) * overall(plain) {
            true => TargetScale::Log,
            false => TargetScale::Standard,
        },
    )
}
