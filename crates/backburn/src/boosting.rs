//! Gradient-boosted trees, as a method to compare with.

use backburn_preprocessing::Target;
use backburn_table::Split;
use burn::tensor::{Device, Tensor};
use forust_ml::objective::ObjectiveType;
use forust_ml::{GradientBooster, Matrix};

use crate::config::Config;
use crate::dataset::Dataset;
use crate::encoded_split::EncodedSplit;
use crate::error::Error;
use crate::score::Score;
use crate::stop_token::StopToken;
use crate::targets::Targets;
use crate::work_memory::Work;

/// A common number of trees for the learning rate below, without tuning either.
const TREES: usize = 500;
const RATE: f32 = 0.05;

/// The score of boosted trees (Friedman, "Greedy Function Approximation", 2001) on the validation rows of
/// a split. There is no time limit. With more than two classes, each class has its own trees (one against
/// the rest). The rows are encoded as `config` says, on the device.
///
/// # Errors
///
/// The rows cannot be encoded or fitted, no row of the fold can be scored, or the run was stopped.
pub fn boosted(
    data: &Dataset,
    split: &Split,
    config: &Config,
    device: &Device,
    stop: &StopToken,
) -> Result<Score, Error> {
    if split.training.is_empty() {
        return Err(Error::Failed(
            "gradient boosting: no row to fit".to_string(),
        ));
    }
    let data = data.subset(&split.training);
    let encoded = EncodedSplit::for_work(&data, split.clone(), config, device, &Work::Boosting)?;
    let targets = Targets::read(data.table(), &encoded.target)?;
    let training = by_column(&encoded.training.inputs);
    let rows = split.training.len();
    let training = Matrix::new(&training, rows, training.len() / rows);
    let held_out = encoded.validation.iter();
    let held_out: Vec<f64> = held_out.flat_map(|v| by_column(&v.inputs)).collect();
    let held_out = Matrix::new(&held_out, split.validation.len(), training.cols);

    let weights = encoded.training.weights.as_ref();
    let weights: Vec<f64> = match weights {
        Some(weights) => weights.to_data().iter().collect(),
        None => vec![1.0; rows],
    };
    let known = targets.numbers(&split.training);
    let fit = |objective: ObjectiveType, wanted: Vec<f64>| -> Result<Vec<f64>, Error> {
        if stop.is_stopped() {
            return Err(Error::Interrupted);
        }
        let mut trees = GradientBooster::default()
            .set_objective_type(objective)
            .set_iterations(TREES)
            .set_learning_rate(RATE)
            .set_initialize_base_score(true)
            .set_seed(config.training.seed);
        let failed = |error| Error::Failed(format!("gradient boosting: {error}"));
        trees
            .fit(&training, &wanted, &weights, None)
            .map_err(failed)?;
        Ok(trees.predict(&held_out, true))
    };
    let target = &encoded.target;
    let outputs: Vec<Vec<f64>> = match target {
        Target::Regression { .. } => {
            let wanted = known.into_iter().map(|value| target.scale(value));
            vec![fit(ObjectiveType::SquaredLoss, wanted.collect())?]
        }
        Target::Classification { classes, .. } => {
            let logits = |class: usize| {
                let wanted = known.iter().map(|&c| f64::from(c == class as f64));
                fit(ObjectiveType::LogLoss, wanted.collect())
            };
            match classes.len() {
                2 => vec![vec![0.0; split.validation.len()], logits(1)?],
                classes => (0..classes)
                    // The logarithm of its probability.
                    .map(|class| {
                        let logits = logits(class)?.into_iter();
                        Ok(logits.map(|x| -(-x).exp().ln_1p()).collect())
                    })
                    .collect::<Result<_, Error>>()?,
            }
        }
    };
    let by_row = (0..split.validation.len())
        .flat_map(|row| outputs.iter().map(move |outputs| outputs[row] as f32));
    let predictions = target.predictions(&by_row.collect::<Vec<f32>>(), outputs.len());
    Score::of_rows(&predictions, &targets, &split.validation).ok_or_else(|| {
        let reason = "gradient boosting: no row of the fold can be scored";
        Error::Failed(reason.to_string())
    })
}

/// The numbers of a matrix, column by column.
fn by_column(inputs: &Tensor<2>) -> Vec<f64> {
    let columns = inputs.clone().transpose().into_data();
    columns.iter::<f64>().collect()
}
