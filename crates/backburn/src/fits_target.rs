//! Whether a network has the outputs that a target needs.

use backburn_model::MlpConfig;
use backburn_preprocessing::{Distribution, Target};

/// Whether a network has the outputs that a target needs, ascending if they are quantiles, and an offset if
/// there are exposures and a log link.
pub(crate) fn fits_target(network: &MlpConfig, target: &Target, has_exposure: bool) -> bool {
    let distribution = target.distribution();
    let has_levels = distribution.and_then(Distribution::levels).is_some();
    let has_log_link = distribution.is_some_and(Distribution::has_log_link);
    let has_offset = has_log_link && has_exposure;
    let outputs = network.outputs;
    let has_outputs = match target {
        Target::Regression { .. } => outputs == distribution.map_or(1, Distribution::outputs),
        Target::Classification { classes, .. } => {
            outputs == classes.len() || (outputs == 1 && classes.len() == 2)
        }
    };
    has_outputs && network.increasing == has_levels && network.offset == has_offset
}
