//! Whether the targets of similar rows are an input, where that is to be found out.

use crate::config::SimilarRows;
use crate::error::Error;
use crate::small_networks::{FEWEST_ROWS, Small, overall};

/// More rows tell no more.
const MOST_ROWS: usize = 5000;
/// What similar rows have to bring, as a share of the error.
const WORTH: f64 = 0.02;

/// Whether what the rows most like a row have as their target is worth being an input: small networks are
/// trained with and without it, and scored on rows left out. It says much where the target changes by
/// leaps and rows are many for their columns, and is noise elsewhere; so each network has to do
/// better with it.
pub fn found_similar_rows(small: Small) -> Result<SimilarRows, Error> {
    let asked = small.config.data.similar_rows;
    if asked != SimilarRows::Auto {
        return Ok(asked);
    }
    if small.rows.len() < FEWEST_ROWS || !small.understood.may_have_similar_rows() {
        return Ok(SimilarRows::Never);
    }
    let rows = small.some_rows(MOST_ROWS);
    let small = Small {
        rows: &rows,
        ..small
    };
    let errors = |similar| small.errors(|config| config.data.similar_rows = similar);
    let (with, without) = (errors(SimilarRows::Always)?, errors(SimilarRows::Never)?);
    let mut folds = with.iter().zip(&without);
    let all_better = folds.all(|(with, without)| with < without);
    let worth_it = overall(with) <= (1.0 - WORTH) * overall(without);
    Ok(match all_better && worth_it {
        true => SimilarRows::Always,
        false => SimilarRows::Never,
    })
}
