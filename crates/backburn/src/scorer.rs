//! Scores of the validation rows during training.

use std::cell::RefCell;

use backburn_preprocessing::Target;
use backburn_training::EpochReport;

use crate::score::Score;
use crate::targets::Targets;

/// Scores the validation rows after an epoch. The score is cached, so that several observers can get it.
pub struct Scorer<'a> {
    target: &'a Target,
    targets: &'a Targets,
    rows: &'a [usize],
    last: RefCell<(usize, Option<Score>)>,
}

impl<'a> Scorer<'a> {
    pub(crate) fn new(target: &'a Target, targets: &'a Targets, rows: &'a [usize]) -> Self {
        Self {
            target,
            targets,
            rows,
            last: RefCell::new((0, None)),
        }
    }

    /// The score of an epoch; `None` without validation rows.
    pub fn score(&self, epoch: &EpochReport) -> Option<Score> {
        let mut last = self.last.borrow_mut();
        if last.0 != epoch.epoch {
            *last = (epoch.epoch, self.compute(epoch));
        }
        last.1.clone()
    }

    fn compute(&self, epoch: &EpochReport) -> Option<Score> {
        let validation = epoch.validation.as_ref()?;
        let width = validation.outputs.dims()[1];
        let outputs: Vec<f32> = validation.outputs.to_data().iter::<f32>().collect();
        Score::of_outputs(self.target, (&outputs, width), self.targets, self.rows)
    }
}
