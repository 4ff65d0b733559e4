//! Small networks that are cross-validated with each value of a setting.

use backburn_preprocessing::{Bins, TargetTransform};
#[cfg(test)]
use backburn_table::Split;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::job::{Job, JobKind};
use crate::preset::Preset;
use crate::selected::Selection;

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
    let folds = data.inner_folds(&rows, FOLDS, small.training.seed);
    let mut jobs = Vec::new();
    for (candidate, change) in candidates.iter().enumerate() {
        let mut config = small.clone();
        change(&mut config);
        for (fold, split) in folds.iter().enumerate() {
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
                split: split.clone(),
                encoder_rows: Vec::new(),
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
    small.columns = config.columns.clone();
    small.scoring = config.scoring.clone();
    small.data.refit = false;
    // The small networks minimize the squared error, also where the model has a log link, whose target has no transform.
    if config.training.loss.has_log_link() {
        small.data.target_transform = TargetTransform::Standard;
    }
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

/// A trial without rows.
#[cfg(test)]
pub(super) fn empty_trial(selection: Selection, candidate: usize, fold: usize) -> Job {
    Job {
        name: format!("trial-{candidate}-{fold}"),
        kind: JobKind::Trial {
            selection,
            candidate,
            fold,
        },
        config: Config::preset(Preset::Fast),
        split: Split {
            training: Vec::new(),
            validation: Vec::new(),
        },
        encoder_rows: Vec::new(),
        max_epochs: None,
        diagnose: false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::{ReadOptions, Table};

    use super::*;
    use crate::config::KnnFeatures;

    fn dataset(rows: usize) -> Dataset {
        let mut csv = "x,y\n".to_string();
        for row in 0..rows {
            csv += &format!("{},{}.5\n", row * 7 % 31, row * 3 % 29);
        }
        let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap();
        Dataset::new(table, "y", &Default::default()).unwrap()
    }

    #[test]
    fn a_sample_is_spread_evenly() {
        let rows: Vec<usize> = (10..20).collect();
        assert_eq!(sample(&rows, 3), [10, 14, 18]);
        assert_eq!(sample(&rows, 5), [10, 12, 14, 16, 18]);
        assert_eq!(sample(&rows, 9), [10, 12, 14, 16, 18]);
        assert_eq!(sample(&rows, 10), rows);
        assert_eq!(sample(&rows, 100), rows);
        assert!(sample(&[], 5).is_empty());
    }

    #[test]
    fn each_candidate_is_trained_without_each_fold() {
        let data = dataset(60);
        // An ensemble hands over its rows in another order.
        let rows: Vec<usize> = (0..60).rev().step_by(2).collect();
        let mut config = Config::default();
        config.training.seed = 5;
        config.data.refit = true;
        let always = |config: &mut Config| config.data.knn_features = KnnFeatures::Always;
        let never = |config: &mut Config| config.data.knn_features = KnnFeatures::Never;
        let candidates: [&dyn Fn(&mut Config); 2] = [&always, &never];
        let selection = Selection::KnnFeatures;
        let jobs = jobs(
            selection,
            "fold-1",
            &data,
            rows.clone(),
            &config,
            &candidates,
        );
        let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
        let expected = [
            "fold-1-trial-knn-features-1-1",
            "fold-1-trial-knn-features-1-2",
            "fold-1-trial-knn-features-1-3",
            "fold-1-trial-knn-features-2-1",
            "fold-1-trial-knn-features-2-2",
            "fold-1-trial-knn-features-2-3",
        ];
        assert_eq!(names, expected);
        let mut sorted = rows;
        sorted.sort_unstable();
        for of_candidate in jobs.chunks(FOLDS) {
            let left_out = of_candidate.iter().flat_map(|job| &job.split.validation);
            let mut left_out: Vec<usize> = left_out.copied().collect();
            left_out.sort_unstable();
            assert_eq!(left_out, sorted);
        }
        for job in &jobs {
            let mut all = [job.split.training.as_slice(), &job.split.validation].concat();
            all.sort_unstable();
            assert_eq!(all, sorted);
            assert_eq!(job.config.training.seed, 5);
            assert!(!job.config.data.refit && !job.diagnose);
            assert_eq!(job.config.ensemble.members.count(), 1);
        }
        assert_eq!(jobs[0].config.data.knn_features, KnnFeatures::Always);
        assert_eq!(jobs[3].config.data.knn_features, KnnFeatures::Never);
        assert_eq!(jobs[0].split, jobs[3].split);
    }

    #[test]
    fn trials_have_no_more_bins_than_the_model() {
        let bins = |bins: Bins| {
            let mut config = Config::default();
            config.data.bins = bins;
            small_config(&config).data.bins
        };
        let few = Config::preset(Preset::Fast).data.bins;
        assert_eq!(bins(Bins::AtMost(0)), Bins::AtMost(0));
        assert_eq!(bins(Bins::AtMost(1024)), few);
        assert_eq!(bins(Bins::Auto), few);
    }

    #[test]
    fn errors_are_found_by_candidate_and_fold() {
        let trial = |candidate, fold| empty_trial(Selection::KnnFeatures, candidate, fold);
        let jobs = [trial(1, 2), trial(0, 0), trial(1, 0), trial(1, 1)];
        let errors = Errors::new(&jobs, &[4.0, 1.0, 2.0, 3.0]);
        assert_eq!(errors.of(0), [1.0, f64::INFINITY, f64::INFINITY]);
        assert_eq!(errors.of(1), [2.0, 3.0, 4.0]);
        assert_eq!(errors.of(2), [f64::INFINITY; FOLDS]);
    }

    #[test]
    fn the_overall_error_is_the_root_mean_square() {
        assert_eq!(overall([2.0; FOLDS]), 2.0);
        assert_eq!(overall([3.0, 4.0, 0.0]), (25.0f64 / 3.0).sqrt());
        assert_eq!(overall([1.0, f64::INFINITY, 1.0]), f64::INFINITY);
    }
}
