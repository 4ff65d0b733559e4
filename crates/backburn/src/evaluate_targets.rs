//! The scores of all targets of a model on a table.

use backburn_preprocessing::Target;
use backburn_table::Table;

use crate::error::Error;
use crate::evaluation::{Evaluation, EvaluationOptions};
use crate::memory::room_to_evaluate;
use crate::missing_targets::check_scored;
use crate::predictor::Predictor;

/// Scores the models of the targets of one file on a table, each like [`Predictor::evaluate_with`]. Every target must be
/// in the table: a score that is left out silently would be missed too late. To score some of the targets, load
/// those ([`Predictor::load_targets`]).
///
/// ```no_run
/// use backburn::{Device, EvaluationOptions, Predictor, ReadOptions, Table, evaluate_targets};
///
/// let predictors = Predictor::load_targets("houses.safetensors", Some("price,rent"), &Device::default())?;
/// let table = Table::read("sold.csv", &ReadOptions::default())?;
/// let scores = evaluate_targets(&predictors, &table, &EvaluationOptions::default())?;
/// for (predictor, evaluation) in predictors.iter().zip(&scores) {
///     println!("{}: {}", predictor.model().target.column(), evaluation.score);
/// }
/// # Ok::<(), backburn::Error>(())
/// ```
///
/// # Errors
///
/// Before anything is computed, a table that lacks one of several targets, or has no value of it. Then those of
/// [`Predictor::evaluate_with`], and a table whose predictions do not fit into memory.
pub fn evaluate_targets(
    predictors: &[Predictor],
    table: &Table,
    options: &EvaluationOptions,
) -> Result<Vec<Evaluation>, Error> {
    let targets = predictors.iter().map(|predictor| &predictor.model().target);
    check_scored(table, &targets.collect::<Vec<&Target>>())?;
    let evaluate = |predictor: &Predictor| {
        room_to_evaluate(table, predictor.model())?;
        predictor.evaluate_with(table, options)
    };
    predictors.iter().map(evaluate).collect()
}
