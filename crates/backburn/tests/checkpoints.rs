//! Fits that are stopped and resumed from their checkpoints.

#![cfg(feature = "train")]

use std::sync::Mutex;
use std::time::Duration;

use backburn::{Checkpoints, Config, Event, FitContext, Preset, RunFolder, StopReason, StopToken};

use crate::fit::{bytes, fit, houses, one_network, several_networks, watched};

/// Stops a run in the middle of a job, resumes it, and compares the model with that of a whole run.
fn check_resumed(config: &Config, job_name: &str) {
    let data = houses(150);
    let whole = fit(config, &data, &FitContext::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let rarely = Duration::from_secs(3600);

    let stop = StopToken::new();
    let observer = |event: &Event| {
        if let Event::EpochEnd { job, report, .. } = event
            && job.name == job_name
            && report.epoch == 3
        {
            stop.stop();
        }
    };
    let describe = || Ok("{}".to_string());
    let checkpoints = Checkpoints::new(describe, rarely, &observer);
    let run = RunFolder::create(&path).unwrap();
    let checkpoints = checkpoints.in_folder(run).unwrap();
    let context = FitContext {
        stop: stop.clone(),
        checkpoints: Some(&checkpoints),
        ..watched(&observer)
    };
    let part = fit(config, &data, &context).unwrap();
    drop(context);
    assert_eq!(part.record().unwrap().stop, StopReason::Interrupted);
    assert!(bytes(&part) != bytes(&whole));
    assert_eq!(checkpoints.end(false).unwrap(), Some(path.clone()));
    assert!(path.join(format!("{job_name}.checkpoint")).is_file());

    let resumed = Mutex::new(Vec::new());
    let observer = |event: &Event| {
        if let Event::Resumed { job, epoch, .. } = event {
            resumed.lock().unwrap().push((job.name.clone(), *epoch));
        }
    };
    let checkpoints = Checkpoints::new(describe, rarely, &observer);
    let run = RunFolder::open(&path).unwrap();
    let checkpoints = checkpoints.in_folder(run).unwrap();
    let context = FitContext {
        checkpoints: Some(&checkpoints),
        ..watched(&observer)
    };
    let model = fit(config, &data, &context).unwrap();
    drop(context);
    assert!(bytes(&model) == bytes(&whole));
    assert_eq!(checkpoints.end(true).unwrap(), None);
    assert!(!path.exists());
    let resumed = resumed.into_inner().unwrap();
    let of_job = resumed.iter().find(|(name, _)| name == job_name);
    assert!(of_job.is_some_and(|(_, epoch)| *epoch >= 3), "{resumed:?}");
}

#[test]
fn a_run_that_was_stopped_goes_on_to_the_same_bytes() {
    let mut alone = one_network(8);
    alone.training.patience = 0;
    check_resumed(&alone, "network");
    alone.data.refit = true;
    check_resumed(&alone, "network");
    check_resumed(&several_networks(3, 8), "network-member-2");
}

/// One folder of checkpoints serves one fit: another fit with the same names does not take its networks.
#[test]
fn a_checkpoint_of_another_fit_does_not_count() {
    let data = houses(150);
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder::create(&folder.path().join("run")).unwrap();
    let rarely = Duration::from_secs(3600);
    let checkpoints = Checkpoints::new(|| Ok("{}".to_string()), rarely, &());
    let checkpoints = checkpoints.in_folder(run).unwrap();
    let context = FitContext {
        checkpoints: Some(&checkpoints),
        ..FitContext::default()
    };
    let mut config = Config::preset(Preset::Fast);
    config.training.epochs = 3;
    let rows = data.rows();
    for half in [&rows[..75], &rows[75..]] {
        let data = data.subset(half);
        let with = fit(&config, &data, &context).unwrap();
        let without = fit(&config, &data, &FitContext::default()).unwrap();
        assert!(bytes(&with) == bytes(&without));
    }
}
