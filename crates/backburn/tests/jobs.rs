//! The jobs of a fit, run by other processes in another order, give the same model.

#![cfg(feature = "train")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use backburn::{
    Assembled, ColumnKind, Config, Dataset, EncodedRows, Estimator, FitContext, FittedModel, Job,
    JobResult, JobRunner, Outcome, ReadOptions, Selection, Table,
};
use burn::tensor::Device;

/// Where a worker finds its jobs; set in the processes that this test starts.
const FOLDER: &str = "BACKBURN_TEST_JOBS";
const TABLE: &str = "t.csv";
const PROCESSES: usize = 3;

/// Amounts with a long tail and two numeric columns, so that trials choose both settings.
fn table() -> String {
    let mut csv = "x,y,street,amount\n".to_string();
    for row in 0..160 {
        let (x, y) = ((row * 37 % 101) as f64 / 20.0, (row * 71 % 97) as f64);
        let street = ["elm", "oak", "ash"][row % 3];
        let amount = (x + y / 500.0).exp() + (row % 3) as f64;
        csv += &format!("{x},{y},{street},{amount}\n");
    }
    csv
}

fn dataset(folder: &Path) -> Dataset {
    let table = Table::read(folder.join(TABLE), &ReadOptions::default()).unwrap();
    Dataset::new(table, "amount", &Default::default()).unwrap()
}

fn bytes(model: &FittedModel) -> Vec<u8> {
    model.model().to_bytes().unwrap()
}

#[test]
fn jobs_of_three_processes_give_the_bytes_of_a_fit() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(TABLE), table()).unwrap();
    let data = dataset(folder.path());
    let context = FitContext::default();
    let mut config = Config::default();
    config.training.epochs = 3;
    config.network.hidden = vec![16];
    // Set in the config alone: each job has to apply it.
    config
        .columns
        .insert("street".to_string(), ColumnKind::Ignored);
    let estimator = Estimator::new(config);
    let fitted = estimator.fit(&data, &context).unwrap();
    let mut plan = estimator.plan(&data).unwrap();
    let mut selections = Vec::new();
    let assembled = loop {
        selections.push(plan.selection());
        let place = folder.path().join(format!("step-{}", selections.len()));
        let results = run_elsewhere(&place, plan.jobs());
        match plan.assemble(&data, results, &context).unwrap() {
            Assembled::Next(next) => plan = next,
            Assembled::Model(model) => break model,
        }
    };
    let expected = [
        Some(Selection::TargetTransform),
        Some(Selection::KnnFeatures),
        None,
    ];
    assert_eq!(selections, expected);
    assert_eq!(assembled.model().network.members.len(), 8);
    assert!(bytes(&assembled) == bytes(&fitted));
}

/// Runs jobs in several processes; the results are in another order than the jobs.
fn run_elsewhere(place: &Path, jobs: &[Job]) -> Vec<JobResult> {
    let mut workers = Vec::new();
    for process in 0..PROCESSES {
        let of_process = place.join(format!("process-{process}"));
        fs::create_dir_all(&of_process).unwrap();
        for (index, job) in jobs.iter().enumerate() {
            if index % PROCESSES == process {
                let json = serde_json::to_string(job).unwrap();
                let file = of_process.join(format!("{index}.job"));
                fs::write(file, json).unwrap();
            }
        }
        let worker = start_worker(&of_process);
        workers.push((of_process, worker));
    }
    let mut results = Vec::new();
    for (of_process, worker) in workers.into_iter().rev() {
        let output = worker.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
        for file in files(&of_process, "result") {
            let bytes = fs::read(file).unwrap();
            results.push(JobResult::from_bytes(&bytes, &Device::default()).unwrap());
        }
    }
    assert_eq!(results.len(), jobs.len());
    let is_same = |(result, job): (&JobResult, &Job)| result.name == job.name;
    assert!(!results.iter().zip(jobs).all(is_same), "the order differs");
    results
}

/// This program once more, as [`worker`].
fn start_worker(folder: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "jobs::worker", "--nocapture"])
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The files with an extension, the last one first.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    paths.reverse();
    paths
}

/// Runs the jobs in a folder. Without the variable there is none, and this test does nothing.
#[test]
fn worker() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    // The folder of a process is in that of a step, beside the table.
    let data = dataset(folder.ancestors().nth(2).unwrap());
    let context = FitContext::default();
    let rows = EncodedRows::default();
    for file in files(&folder, "job") {
        let json = fs::read_to_string(&file).unwrap();
        let job: Job = serde_json::from_str(&json).unwrap();
        let runner = JobRunner::new(&data, &context).with_rows(&rows);
        let result = runner.run(&job).unwrap();
        fs::write(file.with_extension("result"), result.to_bytes().unwrap()).unwrap();
    }
}

#[test]
fn jobs_survive_json() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(TABLE), table()).unwrap();
    let data = dataset(folder.path());
    let plan = Estimator::default().plan(&data).unwrap();
    for job in plan.jobs() {
        let json = serde_json::to_string(job).unwrap();
        assert_eq!(serde_json::from_str::<Job>(&json).unwrap(), *job);
    }
}

#[test]
fn errors_of_trials_survive_bytes() {
    let read = |outcome: Outcome| {
        let name = "network-trial-1".to_string();
        let bytes = JobResult { name, outcome }.to_bytes().unwrap();
        let result = JobResult::from_bytes(&bytes, &Device::default()).unwrap();
        assert_eq!(result.name, "network-trial-1");
        result.outcome
    };
    for error in [0.1 + 0.2, f64::INFINITY] {
        match read(Outcome::Error(error)) {
            Outcome::Error(found) => assert_eq!(found, error),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(read(Outcome::Skipped), Outcome::Skipped));
}

#[test]
fn bytes_that_are_no_result_are_refused() {
    let outcome = Outcome::Error(1.0);
    let name = "job".to_string();
    let whole = JobResult { name, outcome }.to_bytes().unwrap();
    let too_long = u64::MAX.to_le_bytes();
    let cut = &whole[..whole.len() - 1];
    for bytes in [&whole[..0], &whole[..7], cut, &too_long[..]] {
        let error = JobResult::from_bytes(bytes, &Device::default()).unwrap_err();
        assert_eq!(error.to_string(), "these bytes are not the result of a job");
    }
}
