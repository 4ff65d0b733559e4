//! A network of several targets as the network of one of them.

use std::ops::Range;

use backburn_table::Split;

use crate::head::Head;
use crate::imputation_errors::ImputationErrors;
use crate::job_result::TrainedNetwork;

/// The network of one of several targets: the same hidden layers with the outputs of this target, and what the network
/// says of the rows that have it. The target of the result is not yet its own.
pub(crate) fn view(
    network: &TrainedNetwork,
    head: &Head,
    outputs: &Range<usize>,
) -> TrainedNetwork {
    let validation = &network.split.validation;
    let width = network.model.config.outputs;
    // The places of the rows with the target among the validation rows.
    let places = validation.iter().enumerate();
    let places = places.filter(|(_, row)| head.has_target(**row));
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    let mut model = network.model.clone();
    model.network = model.network.with_outputs(outputs);
    model.config.outputs = outputs.len();
    TrainedNetwork {
        model,
        split: Split {
            training: head.rows_of(&network.split.training),
            validation: head.rows_of(validation),
        },
        outputs: columns(
            &network.outputs,
            (validation.len(), width),
            &places,
            outputs,
        ),
        outputs_by_epoch: columns_by_epoch(
            &network.outputs_by_epoch,
            (validation.len(), width),
            &places,
            outputs,
        ),
        imputation: match head.is_number() {
            true => network.imputation.of_outputs(outputs),
            false => ImputationErrors::default(),
        },
        ..network.clone()
    }
}

/// Some columns of the rows at some places, of numbers that have `rows * width`. Empty if they have not.
fn columns(
    numbers: &[f32],
    (rows, width): (usize, usize),
    places: &[usize],
    columns: &Range<usize>,
) -> Vec<f32> {
    if numbers.len() != rows * width {
        return Vec::new();
    }
    let of_row = |&place: &usize| {
        let start = place * width;
        &numbers[start + columns.start..start + columns.end]
    };
    places.iter().flat_map(of_row).copied().collect()
}

/// The same for each epoch, where each row begins with its loss, which is kept.
fn columns_by_epoch(
    numbers: &[f32],
    (rows, width): (usize, usize),
    places: &[usize],
    columns: &Range<usize>,
) -> Vec<f32> {
    let of_epoch = rows * (1 + width);
    if of_epoch == 0 {
        return Vec::new();
    }
    let epochs = numbers.chunks_exact(of_epoch);
    let kept = epochs.flat_map(|epoch| {
        places.iter().flat_map(move |place| {
            let row = &epoch[place * (1 + width)..(place + 1) * (1 + width)];
            let outputs = &row[1 + columns.start..1 + columns.end];
            row[..1].iter().chain(outputs).copied()
        })
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_are_selected() {
        // Three rows with three outputs each.
        let numbers: Vec<f32> = (0..9).map(|n| n as f32).collect();
        let selected = columns(&numbers, (3, 3), &[0, 2], &(1..3));
        assert_eq!(selected, [1.0, 2.0, 7.0, 8.0]);
        assert!(columns(&numbers, (2, 3), &[0], &(1..3)).is_empty());
        assert!(columns(&[], (3, 3), &[0], &(1..3)).is_empty());
    }

    #[test]
    fn each_epoch_keeps_its_losses() {
        // Two epochs of two rows, each with a loss and two outputs.
        let numbers: Vec<f32> = (0..12).map(|n| n as f32).collect();
        let selected = columns_by_epoch(&numbers, (2, 2), &[1], &(1..2));
        assert_eq!(selected, [3.0, 5.0, 9.0, 11.0]);
        assert!(columns_by_epoch(&[], (2, 2), &[1], &(1..2)).is_empty());
    }
}
