//! Which trials are scored on more folds: asynchronous successive halving.
//!
//! L. Li et al., "A System for Massively Parallel Hyperparameter Tuning" (ASHA), 2020. The resource is the number of
//! folds, so that all trials are compared on the same rows, and each network runs through its whole learning rate
//! schedule. The workers of the paper are here the places of a step, whose results are awaited: the search does not
//! depend on how long anything takes.

use super::trial::Trial;

/// A third of the trials on a rung go on.
const REDUCTION: usize = 3;
/// The trials of a step.
const WIDTH: usize = 8;

/// A plan of rungs, each a number of folds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Halving {
    rungs: Vec<usize>,
}

/// A trial that is due, by its index, and the number of folds that it is scored on then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub trial: usize,
    pub folds: usize,
}

impl Halving {
    /// Rungs of 1, 3, 9, ... folds and of all. Without pruning, every trial is scored on all folds.
    pub fn new(folds: usize, prunes: bool) -> Self {
        let powers = std::iter::successors(Some(1usize), |rung| rung.checked_mul(REDUCTION));
        let mut rungs: Vec<usize> = match prunes {
            true => powers.take_while(|rung| *rung < folds).collect(),
            false => Vec::new(),
        };
        rungs.push(folds);
        Self { rungs }
    }

    /// The trials of the next step, out of this number in all. New ones have the next indices. Empty when the search
    /// is done: the best trial and the first one, with which the others are compared, have all folds then.
    pub fn step(&self, trials: &[Trial], planned: usize) -> Vec<Due> {
        let mut due = self.promoted(trials);
        due.truncate(WIDTH);
        let new = trials.len()..planned.max(trials.len());
        let new = new.take(WIDTH - due.len()).map(|trial| Due {
            trial,
            folds: self.rungs[0],
        });
        due.extend(new);
        if due.is_empty() {
            due.extend(self.last(trials));
        }
        due
    }

    /// The trials that go on to the next rung: those among the best third of their rung.
    fn promoted(&self, trials: &[Trial]) -> Vec<Due> {
        let mut due = Vec::new();
        for rungs in self.rungs.windows(2).rev() {
            let reached = (0..trials.len()).filter(|&index| trials[index].errors.len() >= rungs[0]);
            let mut reached: Vec<usize> = reached.collect();
            let error = |index: &usize| trials[*index].error_on(rungs[0]);
            reached.sort_by(|a, b| error(a).total_cmp(&error(b)));
            reached.truncate(reached.len() / REDUCTION);
            let goes_on =
                |index: &usize| trials[*index].errors.len() == rungs[0] && error(index).is_finite();
            due.extend(reached.into_iter().filter(goes_on).map(|trial| Due {
                trial,
                folds: rungs[1],
            }));
        }
        due
    }

    /// What is still due when no trial goes on: the other folds of the best trial, then those of the first one.
    fn last(&self, trials: &[Trial]) -> Option<Due> {
        let folds = *self.rungs.last()?;
        let candidates = [best(trials), Some(0).filter(|_| !trials.is_empty())];
        let is_due = |index: &usize| {
            trials[*index].errors.len() < folds && trials[*index].error().is_finite()
        };
        let trial = candidates.into_iter().flatten().find(is_due)?;
        Some(Due { trial, folds })
    }
}

/// The index of the best trial: of those that were scored on the most folds, the one with the lowest error.
pub(crate) fn best(trials: &[Trial]) -> Option<usize> {
    let scored = (0..trials.len()).filter(|&index| trials[index].error().is_finite());
    scored.min_by(|&a, &b| {
        let (a, b) = (&trials[a], &trials[b]);
        let folds = b.errors.len().cmp(&a.errors.len());
        folds.then(a.error().total_cmp(&b.error()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tuning::space::Values;

    fn trial(errors: &[f64]) -> Trial {
        Trial {
            errors: errors.to_vec(),
            ..Trial::new(Values::new())
        }
    }

    /// The steps of a search where trial `n` has this error on every fold.
    fn searched(halving: &Halving, planned: usize, error: fn(usize) -> f64) -> Vec<Trial> {
        let mut trials = Vec::new();
        loop {
            let step = halving.step(&trials, planned);
            if step.is_empty() {
                return trials;
            }
            assert!(step.len() <= WIDTH);
            for due in step {
                if due.trial == trials.len() {
                    trials.push(trial(&[]));
                }
                let errors = &mut trials[due.trial].errors;
                assert!(errors.len() < due.folds, "{due:?}");
                errors.resize(due.folds, error(due.trial));
            }
        }
    }

    #[test]
    fn rungs_are_powers_and_all_folds() {
        for (folds, rungs) in [
            (1, vec![1]),
            (2, vec![1, 2]),
            (3, vec![1, 3]),
            (5, vec![1, 3, 5]),
            (10, vec![1, 3, 9, 10]),
        ] {
            assert_eq!(Halving::new(folds, true).rungs, rungs);
        }
        assert_eq!(Halving::new(5, false).rungs, [5]);
    }

    #[test]
    fn the_better_trials_get_more_folds() {
        let trials = searched(&Halving::new(5, true), 27, |trial| trial as f64);
        assert_eq!(trials.len(), 27);
        let with = |folds: usize| trials.iter().filter(|t| t.errors.len() >= folds).count();
        assert_eq!((with(1), with(3), with(5)), (27, 9, 3));
        assert!(trials[..3].iter().all(|trial| trial.errors.len() == 5));
        assert_eq!(best(&trials), Some(0));
    }

    #[test]
    fn the_best_and_the_first_trial_have_all_folds() {
        for planned in [1, 2, 3, 10] {
            let trials = searched(&Halving::new(5, true), planned, |trial| -(trial as f64));
            assert_eq!(trials[0].errors.len(), 5, "{planned}");
            assert_eq!(trials[planned - 1].errors.len(), 5, "{planned}");
            assert_eq!(best(&trials), Some(planned - 1));
        }
        // Later trials are better, so that more of them went on than of a search from its best to its worst.
        let all = searched(&Halving::new(5, false), 4, |trial| trial as f64);
        assert!(all.iter().all(|trial| trial.errors.len() == 5));
    }

    #[test]
    fn trials_that_fail_end_the_search() {
        let trials = searched(&Halving::new(5, true), 9, |_| f64::INFINITY);
        assert!(trials.iter().all(|trial| trial.errors.len() == 1));
        assert_eq!(best(&trials), None);
    }
}
