//! Rows encoded for a network of several targets.

use backburn_preprocessing::Target;
use backburn_table::Split;
use backburn_training::{TargetSlice, TensorDataset};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::dataset::Dataset;
use crate::encoded_split::{EncodedSplit, class_weights, fit_encoder, fit_target};
use crate::error::Error;
use crate::head::Head;
use crate::network_targets::NetworkTargets;
use crate::room::Room;
use crate::targets::Targets;
use crate::work_memory::Work;

/// Fits the encoder and each target on the training rows, and encodes both parts of the rows of a joint dataset. The
/// target of the result is that of the first head.
///
/// # Errors
///
/// Columns that cannot be encoded, a target that cannot be fitted, or rows that do not fit into memory.
pub(crate) fn encode_heads(
    joint: &Dataset,
    heads: &[Head],
    split: Split,
    device: &Device,
    work: &Work,
) -> Result<EncodedSplit, Error> {
    let (table, training) = (joint.table(), &split.training);
    let fit = |head: &Head| {
        let fitted = fit_target(&head.data, &head.rows_of(training), &head.config);
        fitted.map_err(|error| head.of_target(error))
    };
    let targets: Vec<Target> = heads.iter().map(fit).collect::<Result<_, _>>()?;
    let (Some(first), Some(target)) = (heads.first(), targets.first()) else {
        return Err(Error::Failed("there is no target".to_string()));
    };
    let (encoder, constant_features) = fit_encoder(joint, training, &first.config)?;
    let encoder = match first.config.data.impute {
        true => encoder.with_imputer(table, training),
        false => encoder,
    };
    let room = Room::new(joint, &split, (&first.config, target), device, work)?;
    let further = heads.iter().skip(1).map(Head::outputs).sum();
    room.with_further_outputs(further).check(&encoder, 0)?;
    let numbers = encoder.encode(table)?;
    let width = encoder.width();
    let rows = numbers.len() / width;
    let inputs = Tensor::from_data(TensorData::new(numbers, [rows, width]), device);
    let slice = |(head, target)| target_slice(joint, head, target, device);
    let slices = heads.iter().zip(&targets).map(slice);
    let examples = TensorDataset::several(inputs, slices.collect::<Result<_, _>>()?);
    let validation = (!split.validation.is_empty()).then(|| examples.select(&split.validation));
    Ok(EncodedSplit {
        training: examples.select(&split.training),
        validation,
        encoder,
        target: target.clone(),
        split,
        constant_features,
    })
}

/// The targets of a head for every row of the table.
fn target_slice(
    joint: &Dataset,
    head: &Head,
    target: &Target,
    device: &Device,
) -> Result<TargetSlice, Error> {
    use backburn_training::Targets as Tensors;

    let targets = NetworkTargets::new(Targets::read(head.data.table(), target)?, target);
    let weights = weights(joint, head, &targets)?;
    let rows = weights.len();
    let targets = match targets {
        NetworkTargets::Values(values) => {
            // A number that does not count may be missing or too large.
            let known = values.into_iter().zip(&weights);
            let known = known.map(|(value, weight)| if *weight > 0.0 { value } else { 0.0 });
            let known = TensorData::new(known.collect::<Vec<f32>>(), [rows, 1]);
            Tensors::Values(Tensor::from_data(known, device))
        }
        NetworkTargets::Classes(of_row, _) => {
            let indices: Vec<i64> = of_row.iter().map(|c| c.unwrap_or(0) as i64).collect();
            let indices = TensorData::new(indices, [rows]);
            Tensors::Classes(Tensor::<1, Int>::from_data(indices, device))
        }
    };
    let weights = TensorData::new(weights, [rows]);
    Ok(TargetSlice {
        outputs: head.outputs(),
        targets,
        weights: Tensor::from_data(weights, device),
    })
}

/// The weight of a head's loss in each row of the table: 0 in rows without the target. The mean over the rows of the
/// joint dataset is the weight of the head, so that its loss is the weighted mean over the rows that have the target.
fn weights(joint: &Dataset, head: &Head, targets: &NetworkTargets) -> Result<Vec<f32>, Error> {
    let of_class = match classes_of(head) {
        Some(classes) => class_weights(&head.data, classes, &head.config)?,
        None => None,
    };
    let mut weights = vec![0.0; joint.table().rows()];
    for &row in head.data.rows() {
        let of_row = head.data.weights().map_or(1.0, |weights| weights[row]);
        let of_class = match (&of_class, targets) {
            (Some(of_class), NetworkTargets::Classes(classes, _)) => {
                classes[row].map_or(0.0, |class| of_class[class])
            }
            _ => 1.0,
        };
        weights[row] = of_row * of_class;
    }
    let sum: f64 = weights.iter().sum();
    let scale = head.weight * joint.rows().len() as f64 / sum;
    Ok(weights.into_iter().map(|w| (w * scale) as f32).collect())
}

/// The names of the classes of a head's target.
fn classes_of(head: &Head) -> Option<&[String]> {
    head.data.class_names().map(|names| &names[..])
}
