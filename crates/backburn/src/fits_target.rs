//! Whether a network has the outputs that a target needs.

use backburn_model::MlpConfig;
use backburn_preprocessing::{Distribution, Encoder, Target};

/// Whether the first input of a network is an offset: the logarithm of an exposure, or a trend. In trials with a loss
/// without a log link, an exposure is an input like any other.
pub(crate) fn has_offset(encoder: &Encoder, target: &Target) -> bool {
    let distribution = target.distribution();
    let has_log_link = distribution.is_some_and(Distribution::has_log_link);
    encoder.trend().is_some() || has_log_link && encoder.exposure().is_some()
}

/// Whether a network has the outputs that a target needs, ascending if they are quantiles, and an offset if
/// the encoder has one.
pub(crate) fn fits_target(network: &MlpConfig, target: &Target, encoder: &Encoder) -> bool {
    let distribution = target.distribution();
    let has_levels = distribution.and_then(Distribution::levels).is_some();
    let outputs = network.outputs;
    let has_outputs = match target {
        Target::Regression { .. } => outputs == distribution.map_or(1, Distribution::outputs),
        Target::Classification { classes, .. } => {
            outputs == classes.len() || (outputs == 1 && classes.len() == 2)
        }
    };
    has_outputs && network.increasing == has_levels && network.offset == has_offset(encoder, target)
}

/// The number of outputs of one of several targets: the classes, or one number. `None` if the target is one of a
/// distribution, which is a model's only target.
pub(crate) fn outputs_of(target: &Target) -> Option<usize> {
    match (target.class_names(), target.distribution()) {
        (Some(classes), _) => Some(classes.len()),
        (None, None) => Some(1),
        (None, Some(_)) => None,
    }
}

/// Whether the outputs of a network are those of several targets, one after the other.
pub(crate) fn fits_targets<'a>(
    network: &MlpConfig,
    targets: impl Iterator<Item = &'a Target>,
) -> bool {
    let outputs: Option<Vec<usize>> = targets.map(outputs_of).collect();
    let outputs = outputs.map(|outputs| outputs.iter().sum::<usize>());
    outputs == Some(network.outputs) && !network.increasing && !network.offset
}
