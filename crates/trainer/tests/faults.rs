//! Each file operation of a command fails in turn: with an error, with a read or a write that is cut short, and with
//! the end of the process. After each, every output is the old file or the whole new one, and the command or its
//! resumption then ends with the same bytes as without the fault.

// Release builds have no faults.
#![cfg(all(target_os = "linux", debug_assertions))]

use std::fs;
use std::path::Path;

use crate::common::{Answer, Folder, houses};

const FAULTS: [&str; 3] = ["error", "short", "kill"];
const SMALL: &str =
    "--set ensemble.members=1 --set training.epochs=2 --set network.hidden=[4] --checkpoint run";
const OUTPUTS: &str = "--out m.safetensors --report r.html";
/// A command has fewer operations than this.
const MANY: usize = 2000;

/// The files of a folder and of its folders, by their paths.
type Contents = Vec<(String, Vec<u8>)>;

fn contents(folder: &Folder) -> Contents {
    fn add(root: &Path, path: &Path, all: &mut Contents) {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => add(root, &path, all),
                false => {
                    let name = path.strip_prefix(root).unwrap();
                    let name = name.to_str().unwrap().to_string();
                    all.push((name, fs::read(&path).unwrap()));
                }
            }
        }
    }
    let (root, mut all) = (folder.path("."), Contents::new());
    add(&root, &root, &mut all);
    all.sort();
    all
}

/// Makes the files of a folder these.
fn restore(folder: &Folder, contents: &Contents) {
    for name in folder.names() {
        let path = folder.path(&name);
        match path.is_dir() {
            true => fs::remove_dir_all(path).unwrap(),
            false => fs::remove_file(path).unwrap(),
        }
    }
    fs::create_dir(folder.path("tmp")).unwrap();
    for (name, bytes) in contents {
        let path = folder.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Runs a command with a fault in one of its operations; `None` if it has fewer operations.
fn with_fault(folder: &Folder, line: &str, number: usize, fault: &str) -> Option<Answer> {
    let mut command = folder.command(line);
    command.env("BACKBURN_FAULT", format!("{number}:{fault}"));
    // Where a model is saved that cannot be saved in its place.
    command.env("TMPDIR", folder.path("tmp"));
    let answer = Answer::new(command.output().unwrap());
    assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    answer.stderr.contains("fault: ").then_some(answer)
}

/// The bytes of a file; `None` if there is none.
fn read(folder: &Folder, name: &str) -> Option<Vec<u8>> {
    fs::read(folder.path(name)).ok()
}

/// Fails each operation of a command. `whole` is the command from the start, and `resume` the one that resumes its
/// run.
fn fail_each(folder: &Folder, faults: &[&str], [line, whole, resume]: [&str; 3], outputs: &[&str]) {
    let before = contents(folder);
    let old: Vec<_> = outputs.iter().map(|name| read(folder, name)).collect();
    restore(folder, &before);
    folder.done(line);
    let new: Vec<_> = outputs.iter().map(|name| read(folder, name)).collect();
    let names = folder.names();
    let is_done = || {
        let same = outputs
            .iter()
            .zip(&new)
            .all(|(name, new)| read(folder, name) == *new);
        same && folder.names() == names
    };
    for &fault in faults {
        for number in 1..MANY {
            restore(folder, &before);
            let Some(answer) = with_fault(folder, line, number, fault) else {
                assert!(number > 4, "{fault}: only {number} operations");
                break;
            };
            let at = format!("{line}: {fault} at operation {number}: {}", answer.stderr);
            assert_eq!(answer.code == -1, fault == "kill", "{at}");
            for ((name, old), new) in outputs.iter().zip(&old).zip(&new) {
                let found = read(folder, name);
                if found != *old && found != *new {
                    // The file of an ensemble is written after each of its networks.
                    assert!(line.contains("ensemble.members=2"), "{name} after {at}");
                    folder.done(&format!("inspect {name}"));
                }
            }
            for rescued in fs::read_dir(folder.path("tmp")).unwrap() {
                let rescued = fs::read(rescued.unwrap().path()).ok();
                assert!(new.contains(&rescued), "the rescued model after {at}");
            }
            if fault == "short" {
                assert!(is_done(), "{at}");
            }
            if !is_done() {
                let begun = folder.path("run/run.json").exists();
                folder.done(if begun { resume } else { whole });
            }
            assert!(is_done(), "{:?} after {at}", folder.names());
        }
    }
}

fn table() -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    fs::create_dir(folder.path("tmp")).unwrap();
    folder
}

/// A table, and the outputs of an earlier run with another seed.
fn with_old_outputs(options: &str) -> Folder {
    let folder = table();
    folder.done(&format!(
        "train t.csv --target price --seed 1 {SMALL} {options}"
    ));
    folder
}

#[test]
fn training_survives_a_fault_in_each_operation() {
    let line = format!("train t.csv --target price {SMALL} {OUTPUTS}");
    let resume = format!("train --resume run {OUTPUTS}");
    let outputs = ["m.safetensors", "m.history.jsonl", "r.html"];
    let lines = [line.as_str(), &line, &resume];
    fail_each(&table(), &["kill"], lines, &outputs);
    fail_each(&with_old_outputs(OUTPUTS), &FAULTS, lines, &outputs);
}

#[test]
fn cross_validation_survives_a_fault_in_each_operation() {
    let options = "--out m.safetensors --out-of-fold o.csv";
    let line = format!("train t.csv --target price {SMALL} --folds 2 {options}");
    let resume = format!("train --resume run {options}");
    let outputs = ["m.safetensors", "m.history.jsonl", "o.csv"];
    let folder = with_old_outputs(&format!("--folds 2 {options}"));
    fail_each(&folder, &FAULTS, [&line, &line, &resume], &outputs);
}

#[test]
fn an_ensemble_survives_a_fault_in_each_operation() {
    let line = format!(
        "train t.csv --target price {SMALL} --set ensemble.members=2 --set ensemble.folds=2 --out m.safetensors"
    );
    let resume = "train --resume run --out m.safetensors";
    let lines = [line.as_str(), &line, resume];
    fail_each(&table(), &FAULTS, lines, &["m.safetensors"]);
}

#[test]
fn resuming_survives_a_fault_in_each_operation() {
    let folder = with_old_outputs(OUTPUTS);
    let before = contents(&folder);
    let line = format!("train t.csv --target price {SMALL} {OUTPUTS}");
    let resume = format!("train --resume run {OUTPUTS}");
    let killed = (1..MANY).find(|&number| {
        restore(&folder, &before);
        with_fault(&folder, &line, number, "kill").expect("a checkpoint is written");
        folder.path("run/network.checkpoint").exists()
    });
    assert!(killed.is_some());
    let outputs = ["m.safetensors", "m.history.jsonl", "r.html"];
    fail_each(&folder, &FAULTS, [&resume, &line, &resume], &outputs);
}

#[test]
fn predicting_survives_a_fault_in_each_operation() {
    let folder = with_old_outputs("--out m.safetensors");
    for out in ["p.csv", "p.jsonl.gz", "p.parquet"] {
        folder.write(out, "old");
        let line = format!("predict m.safetensors t.csv --out {out}");
        fail_each(&folder, &FAULTS, [&line; 3], &[out]);
    }
}
