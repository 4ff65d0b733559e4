//! A search for settings gives the same trials each time, also where it was stopped in between.

#![cfg(feature = "train")]

use std::io::Cursor;
use std::time::Duration;

use backburn::{
    Config, Dataset, Error, Event, FitContext, KnnFeatures, Preset, ReadOptions, Sampler,
    SearchSpace, StopToken, Study, StudyFile, Table, Trial, Tuner,
};

const SPACE: &str = "[network]\n\
    hidden = { choices = [[4], [8], [8, 8]] }\n\
    dropout = { uniform = [0, 0.5] }\n\
    [training]\n\
    learning_rate = { log_uniform = [0.0001, 0.1] }\n";

/// A table of two numbers and their sum, or of two classes.
fn dataset(classes: bool) -> Dataset {
    let mut csv = "x,z,y\n".to_string();
    for row in 0..60 {
        let (x, z) = (row * 37 % 101, row * 7 % 13);
        let y = match classes {
            true => ["few", "many"][usize::from(x > 50)].to_string(),
            false => format!("{}.5", x + 3 * z),
        };
        csv += &format!("{x},{z},{y}\n");
    }
    let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap();
    Dataset::new(table, "y", &Default::default()).unwrap()
}

fn tuner(trials: usize) -> Tuner {
    let mut config = Config::preset(Preset::Fast);
    config.training.epochs = 3;
    config.network.hidden = vec![4];
    config.data.knn_features = KnnFeatures::Never;
    Tuner {
        space: SearchSpace::toml(SPACE).unwrap(),
        trials,
        folds: 3,
        ..Tuner::new(config)
    }
}

fn search(tuner: &Tuner, data: &Dataset, file: &mut StudyFile) -> Study {
    tuner.search(data, file, &FitContext::default()).unwrap()
}

/// The settings and the errors of trials, without their times.
fn results(trials: &[Trial]) -> Vec<(Vec<String>, Vec<u64>)> {
    let bits = |trial: &Trial| trial.errors.iter().map(|error| error.to_bits()).collect();
    let trials = trials.iter();
    trials
        .map(|trial| (trial.assignments(), bits(trial)))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_trials_to_the_bit() {
    for classes in [false, true] {
        let data = dataset(classes);
        let study = search(&tuner(12), &data, &mut StudyFile::none());
        assert!(study.is_finished);
        assert_eq!(study.trials.len(), 12);
        assert_eq!(study.measure, ["RMSE", "log loss"][usize::from(classes)]);
        let again = search(&tuner(12), &data, &mut StudyFile::none());
        assert_eq!(results(&study.trials), results(&again.trials));
        let mut other = tuner(12);
        other.config.training.seed = 1;
        let other = search(&other, &data, &mut StudyFile::none());
        assert_ne!(results(&study.trials), results(&other.trials));
        // The first trial is that of the settings at the start.
        let first = &study.trials[0];
        assert_eq!(first.settings["network.hidden"].to_string(), "[4]");
        assert_eq!(first.errors.len(), 3);
        let best = &study.trials[study.best().unwrap()];
        assert_eq!(best.errors.len(), 3);
        assert!(best.error() <= first.error());
        let config = study.best_config().unwrap();
        let dropout = best.settings["network.dropout"].as_float().unwrap();
        assert_eq!(config.network.dropout, dropout);
    }
}

#[test]
fn a_search_that_was_stopped_goes_on_to_the_same_end() {
    let data = dataset(false);
    let whole = search(&tuner(20), &data, &mut StudyFile::none());
    let stop = StopToken::new();
    let stopper = stop.clone();
    let observer = move |event: &Event| {
        if let Event::TuningTrialEnd(report) = event
            && report.number == 9
        {
            stopper.stop();
        }
    };
    let context = FitContext {
        stop,
        observer: &observer,
        ..FitContext::default()
    };
    let mut file = StudyFile::none();
    let part = tuner(20).search(&data, &mut file, &context).unwrap();
    assert!(!part.is_finished);
    assert!(part.trials.len() < 20, "{}", part.trials.len());
    assert!(part.best().is_some());
    let known = file.results();
    let resumed = search(&tuner(20), &data, &mut file);
    assert!(file.results() > known);
    assert_eq!(results(&resumed.trials), results(&whole.trials));
    assert_eq!(resumed.best(), whole.best());
    // Nothing is left to train.
    let known = file.results();
    search(&tuner(20), &data, &mut file);
    assert_eq!(file.results(), known);
}

#[test]
fn without_time_there_is_no_trial() {
    let context = FitContext {
        time_limit: Some(Duration::ZERO),
        ..FitContext::default()
    };
    let study = tuner(4).search(&dataset(false), &mut StudyFile::none(), &context);
    assert!(matches!(study, Err(Error::Interrupted)));
}

#[test]
fn trials_that_choose_settings_of_the_fit_have_a_time_limit() {
    let csv: String = (0..200)
        .map(|row| {
            format!(
                "{}.25,{},{}.5\n",
                row * 37 % 101,
                row * 7 % 13,
                row * 11 % 97
            )
        })
        .collect();
    let csv = Cursor::new(format!("x,z,y\n{csv}"));
    let table = Table::from_reader("t", csv, &ReadOptions::default()).unwrap();
    let data = Dataset::new(table, "y", &Default::default()).unwrap();
    let mut tuner = tuner(2);
    tuner.config.data.knn_features = KnnFeatures::Auto;
    let mut file = StudyFile::none();
    let context = FitContext {
        time_limit: Some(Duration::ZERO),
        ..FitContext::default()
    };
    let study = tuner.search(&data, &mut file, &context);
    assert!(matches!(study, Err(Error::Interrupted)));
    // The choice is kept, so that all results of a file are of the same settings.
    assert_eq!(file.results(), 1);
    let study = search(&tuner, &data, &mut file);
    assert_eq!(study.start.data.knn_features, KnnFeatures::Never);
}

#[test]
fn trials_through_autodiff_are_repeatable_too() {
    let data = dataset(true);
    let mut tuner = tuner(4);
    tuner.config.training.fused = false;
    // Dropout draws from the random numbers of the device, which other tests of this process may use.
    tuner.config.network.dropout = 0.0;
    tuner.space =
        SearchSpace::toml("[network]\nhidden = { choices = [[4], [8], [8, 8]] }\n").unwrap();
    tuner.sampler = Sampler::Random;
    tuner.prunes = false;
    let study = search(&tuner, &data, &mut StudyFile::none());
    assert!(study.trials.iter().all(|trial| trial.errors.len() == 3));
    let again = search(&tuner, &data, &mut StudyFile::none());
    assert_eq!(results(&study.trials), results(&again.trials));
}

#[test]
fn rows_that_choose_nothing_score_both_settings() {
    let data = dataset(true);
    let mut file = StudyFile::none();
    let context = FitContext::default();
    let scores = tuner(3)
        .nested_scores(&data, 2, &mut file, &context)
        .unwrap();
    assert_eq!((scores.tuned.len(), scores.start.len()), (2, 2));
    let rows: usize = scores.tuned.iter().map(|score| score.rows).sum();
    assert_eq!(rows, 60);
    let wrong = tuner(3).nested_scores(&data, 1, &mut file, &context);
    assert!(matches!(wrong, Err(Error::Config(_))));
}
