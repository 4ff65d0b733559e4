//! Small networks that are cross-validated with each value of a setting.

use backburn_preprocessing::Bins;
use backburn_table::{Split, k_folds};

use crate::config::Config;
use crate::dataset::Dataset;
use crate::event::Selection;
use crate::job::{Job, JobKind};
use crate::preset::Preset;

/// The number of folds of a trial.
pub(super) const FOLDS: usize = 3;

/// At most `max_rows` of the rows, evenly spaced.
pub(super) fn sample(rows: &[usize], max_rows: usize) -> Vec<usize> {
    let step = rows.len().div_ceil(max_rows).max(1);
    rows.iter().copied().step_by(step).collect()
}

/// The jobs of a selection: for each candidate and fold, a small network with the data settings of
/// `config`, changed by `candidates`.
pub(super) fn jobs(
    selection: Selection,
    run: &str,
    data: &Dataset,
    mut rows: Vec<usize>,
    config: &Config,
    candidates: &[&dyn Fn(&mut Config)],
) -> Vec<Job> {
    rows.sort_unstable();
    let small = small_config(config);
    let positions: Vec<usize> = (0..rows.len()).collect();
    let classes = data.classes_of(&rows);
    let folds = k_folds(&positions, FOLDS, classes.as_deref(), small.training.seed);
    let mut jobs = Vec::new();
    for (candidate, change) in candidates.iter().enumerate() {
        let mut config = small.clone();
        change(&mut config);
        for (fold, split) in folds.iter().enumerate() {
            let of_table =
                |positions: &[usize]| positions.iter().map(|&index| rows[index]).collect();
            let what = match selection {
                Selection::TargetTransform => "target-transform",
                Selection::KnnFeatures => "knn-features",
            };
            jobs.push(Job {
                name: format!("{run}-trial-{what}-{}-{}", candidate + 1, fold + 1),
                kind: JobKind::Trial {
                    selection,
                    candidate,
                    fold,
                },
                config: config.clone(),
                split: Split {
                    training: of_table(&split.training),
                    validation: of_table(&split.validation),
                },
                max_epochs: None,
                diagnose: false,
            });
        }
    }
    jobs
}

/// The preset `fast` with the data settings of a config.
fn small_config(config: &Config) -> Config {
    let mut small = Config::preset(Preset::Fast);
    let bins = small.data.bins;
    small.training.seed = config.training.seed;
    small.data = config.data;
    small.class_weights = config.class_weights.clone();
    small.data.refit = false;
    small.data.bins = match (config.data.bins, bins) {
        (Bins::AtMost(bins), Bins::AtMost(limit)) => Bins::AtMost(bins.min(limit)),
        _ => bins,
    };
    small
}

/// The errors of trials: `[candidate][fold]`.
pub(super) struct Errors(Vec<[f64; FOLDS]>);

impl Errors {
    pub fn new(jobs: &[Job], errors: &[f64]) -> Self {
        let mut of_candidates = Vec::new();
        for (job, &error) in jobs.iter().zip(errors) {
            if let JobKind::Trial {
                candidate, fold, ..
            } = job.kind
                && fold < FOLDS
            {
                if of_candidates.len() <= candidate {
                    of_candidates.resize(candidate + 1, [f64::INFINITY; FOLDS]);
                }
                of_candidates[candidate][fold] = error;
            }
        }
        Self(of_candidates)
    }

    /// The errors of a candidate on each fold; infinite if it has none.
    pub fn of(&self, candidate: usize) -> [f64; FOLDS] {
        let of_candidate = self.0.get(candidate);
        of_candidate.copied().unwrap_or([f64::INFINITY; FOLDS])
    }
}

/// The root mean square of the errors on all folds.
pub(super) fn overall(errors: [f64; FOLDS]) -> f64 {
    let squares = errors.iter().map(|error| error * error);
    (squares.sum::<f64>() / FOLDS as f64).sqrt()
}
