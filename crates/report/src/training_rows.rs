//! Whether a model's file holds training rows.

use backburn::SavedModel;
use backburn::text::count;

/// That the model's file holds training rows, and how many; `None` if it holds none.
pub fn training_rows_note(model: &SavedModel) -> Option<String> {
    let rows = model.encoder.training_rows();
    (rows > 0).then(|| {
        format!(
            "the file holds numbers and targets of {} (neighbor features); data.neighbor_features=false and \
             data.knn_features=never avoid that",
            count(rows, "training row")
        )
    })
}
