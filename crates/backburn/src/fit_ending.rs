//! Why a fit ended, as a sentence.

use backburn_training::StopReason;

use crate::fitted_model::{FitRecord, FittedModel};
use crate::model_file::SavedModel;
use crate::text::{count, seconds};

const NO_EPOCH: &str = "no epoch was finished: the weights are those of the last step";

impl FittedModel {
    /// Why the fit ended, how long it took, and which weights are kept, in a sentence without a full stop.
    /// `None` for a model that was loaded.
    pub fn ending(&self) -> Option<String> {
        Some(ending(self.model(), self.record()?))
    }
}

fn ending(model: &SavedModel, record: &FitRecord) -> String {
    let summary = &model.summary;
    let members = model.network.members.len();
    let time = seconds(record.seconds);
    if record.networks > 1 {
        let networks = match members == record.networks {
            true => count(members, "network"),
            false => format!("{members} of {}", count(record.networks, "network")),
        };
        let interrupted = match record.stop {
            StopReason::Interrupted => "stopped early after ",
            _ => "",
        };
        let kept = match summary.best_epoch {
            0 => NO_EPOCH,
            _ => "each keeps the weights of the epoch that was best on its validation rows",
        };
        return format!("{interrupted}{networks} in {time}; {kept}");
    }
    let epochs = count(summary.epochs, "epoch");
    let why = match record.stop {
        StopReason::Finished => epochs,
        StopReason::EarlyStopping => {
            let worse = summary.epochs.saturating_sub(summary.best_epoch);
            format!("{epochs}, the last {worse} without improvement,")
        }
        StopReason::Interrupted => format!("stopped early after {epochs}"),
        StopReason::Diverged => format!(
            "the loss became infinite or NaN after {epochs} (reduce training.learning_rate),"
        ),
    };
    let kept = match (summary.validation_rows, summary.best_epoch) {
        (_, 0) => NO_EPOCH.to_string(),
        (0, epoch) => format!("weights of epoch {epoch}"),
        (_, epoch) => format!("weights of epoch {epoch}, the best on the validation rows"),
    };
    format!("{why} in {time}; {kept}")
}
