//! Whether a model's file holds training rows.

use backburn::text::count;
use backburn::{Memory, SavedModel};

/// That the model's file holds training rows, and how many; `None` if it holds none.
pub fn training_rows_note(model: &SavedModel) -> Option<String> {
    let rows = model.encoder.training_rows();
    let of_neighbors = (rows > 0).then(|| {
        format!(
            "the file holds numbers and targets of {} (neighbor features); data.neighbor_features=false and \
             data.knn_features=never avoid that",
            count(rows, "training row")
        )
    });
    let kept = model.summary.memory.as_ref().map_or(0, Memory::rows);
    let of_memory = (kept > 0).then(|| {
        format!(
            "the file holds the encoded values and targets of {} for continual learning (--remember)",
            count(kept, "row")
        )
    });
    let notes: Vec<String> = of_neighbors.into_iter().chain(of_memory).collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}
