//! Selection of settings by trial networks.

mod knn_features;
mod step;
mod target_transform;
mod trials;

use crate::config::{Config, KnnFeatures};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::job::Job;
use crate::model_file::SavedModel;
use crate::selected::{Selected, Selection};
pub(crate) use step::Step;
use trials::Errors;

/// The trials that a setting needs, on these rows of a dataset.
pub(crate) fn step(
    selection: Selection,
    run: &str,
    data: &Dataset,
    rows: &[usize],
    config: &Config,
) -> Result<Step, Error> {
    match selection {
        Selection::TargetTransform => target_transform::step(run, data, rows, config),
        Selection::KnnFeatures => knn_features::step(run, data, rows, config),
    }
}

/// The setting with the better errors. `errors` has an error for each of `jobs`.
pub(crate) fn choose(selection: Selection, jobs: &[Job], errors: &[f64]) -> Selected {
    let errors = Errors::new(jobs, errors);
    match selection {
        Selection::TargetTransform => target_transform::choose(&errors),
        Selection::KnnFeatures => knn_features::choose(&errors),
    }
}

/// A config whose selections are those of a model: nothing is left to trials.
pub(crate) fn as_in(model: &SavedModel, mut config: Config) -> Config {
    if let Some(transform) = model.target.transform() {
        config.data.target_transform = transform;
    }
    // Features of more than two columns are those of all numeric columns.
    let mut features = model.encoder.knn_features.iter();
    let used = features.any(|feature| feature.columns.len() > 2);
    with_selected(config, Selected::KnnFeatures(used))
}

/// A config with the setting that was chosen.
pub(crate) fn with_selected(mut config: Config, selected: Selected) -> Config {
    match selected {
        Selected::TargetTransform(transform) => config.data.target_transform = transform,
        Selected::KnnFeatures(used) => {
            config.data.knn_features = match used {
                true => KnnFeatures::Always,
                false => KnnFeatures::Never,
            };
        }
    }
    config
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_preprocessing::TargetTransform;
    use backburn_table::{ReadOptions, Table};

    use super::trials::empty_trial;
    use super::*;

    /// What is chosen where the candidates have these errors on the folds.
    fn chosen(selection: Selection, errors: [[f64; 3]; 2]) -> Selected {
        let jobs = (0..2)
            .flat_map(|candidate| (0..3).map(move |fold| empty_trial(selection, candidate, fold)));
        choose(selection, &jobs.collect::<Vec<Job>>(), &errors.concat())
    }

    #[test]
    fn the_logarithm_has_to_be_better_by_three_percent() {
        let chosen = |log: f64, standard: f64| match chosen(
            Selection::TargetTransform,
            [[log; 3], [standard; 3]],
        ) {
            Selected::TargetTransform(transform) => transform,
            Selected::KnnFeatures(_) => panic!("another setting"),
        };
        assert_eq!(chosen(0.96, 1.0), TargetTransform::Log);
        assert_eq!(chosen(0.98, 1.0), TargetTransform::Standard);
        assert_eq!(chosen(2.0, 1.0), TargetTransform::Standard);
        // A trial that failed.
        assert_eq!(chosen(f64::INFINITY, 1.0), TargetTransform::Standard);
        assert_eq!(chosen(1.0, f64::INFINITY), TargetTransform::Log);
    }

    #[test]
    fn knn_features_have_to_be_better_on_each_fold_and_over_all() {
        let used = |with: [f64; 3], without: [f64; 3]| {
            chosen(Selection::KnnFeatures, [with, without]) == Selected::KnnFeatures(true)
        };
        assert!(used([0.9, 0.9, 0.9], [1.0, 1.0, 1.0]));
        // Better by too little.
        assert!(!used([0.99, 0.99, 0.99], [1.0, 1.0, 1.0]));
        // Worse on one fold.
        assert!(!used([0.1, 0.1, 1.01], [1.0, 1.0, 1.0]));
        assert!(!used([f64::INFINITY; 3], [f64::INFINITY; 3]));
    }

    #[test]
    fn the_choice_goes_into_the_config() {
        let config = Config::default();
        let log = Selected::TargetTransform(TargetTransform::Log);
        let config = with_selected(config, log);
        assert_eq!(config.data.target_transform, TargetTransform::Log);
        let config = with_selected(config, Selected::KnnFeatures(true));
        assert_eq!(config.data.knn_features, KnnFeatures::Always);
        let config = with_selected(config, Selected::KnnFeatures(false));
        assert_eq!(config.data.knn_features, KnnFeatures::Never);
    }

    /// A table of two numbers and a target `exp(x)` with a long tail, or `x`.
    fn dataset(rows: usize, long_tail: bool) -> Dataset {
        let mut csv = "x,z,y\n".to_string();
        for row in 0..rows {
            let x = (row * 37 % 101) as f64 / 20.0 + 0.01;
            let y = if long_tail { x.exp() } else { x };
            csv += &format!("{x},{},{y}\n", row * 7 % 13);
        }
        let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap();
        Dataset::new(table, "y", &Default::default()).unwrap()
    }

    /// What is known without trials; `None` if there are trials.
    fn known(selection: Selection, data: &Dataset, config: &Config) -> Option<Selected> {
        match step(selection, "network", data, data.rows(), config).unwrap() {
            Step::Known(selected) => Some(selected),
            Step::Trials(jobs) => {
                assert_eq!(jobs.len(), 6);
                None
            }
        }
    }

    #[test]
    fn trials_are_for_settings_that_neither_the_config_nor_the_table_decides() {
        let of_transform = Selection::TargetTransform;
        let is = |transform| Some(Selected::TargetTransform(transform));
        let auto = Config::default();
        let long_tail = dataset(150, true);
        assert_eq!(known(of_transform, &long_tail, &auto), None);
        let even = dataset(150, false);
        let standard = is(TargetTransform::Standard);
        assert_eq!(known(of_transform, &even, &auto), standard);
        // Few rows have no trials.
        let log = is(TargetTransform::Log);
        assert_eq!(known(of_transform, &dataset(90, true), &auto), log);
        let mut asked = auto.clone();
        asked.data.target_transform = TargetTransform::None;
        let none = is(TargetTransform::None);
        assert_eq!(known(of_transform, &long_tail, &asked), none);

        let of_knn = Selection::KnnFeatures;
        assert_eq!(known(of_knn, &even, &auto), None);
        let never = Some(Selected::KnnFeatures(false));
        assert_eq!(known(of_knn, &dataset(90, false), &auto), never);
        asked.data.knn_features = KnnFeatures::Always;
        let always = Some(Selected::KnnFeatures(true));
        assert_eq!(known(of_knn, &even, &asked), always);
    }
}
