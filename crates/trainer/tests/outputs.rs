//! What is written: whole or not at all, where it was asked for, and never lost.

use std::path::Path;
use std::process::Stdio;

use crate::common::{Answer, Folder, QUICK, houses, skipped};

#[test]
fn an_output_that_cannot_be_written_is_found_out_before_training() {
    let folder = Folder::new();
    folder.write("t.csv", houses(50));
    // So many epochs that the test would never end if it trained first.
    let long = "--set training.epochs=1000000000 --set training.patience=0";
    folder.refused(
        &format!("train t.csv --target price --out no/folder/m.safetensors {long}"),
        1,
        &["no/folder/m.safetensors", "No such file"],
    );
    folder.refused(
        &format!("train t.csv --target price --out t.csv {long}"),
        2,
        &["--out is t.csv, which is read as a table"],
    );
    folder.refused(
        &format!("train t.csv --target price --out - {long}"),
        2,
        &["--out -"],
    );
    folder.refused(
        &format!("train t.csv --target price --out new/ {long}"),
        1,
        &["new/"],
    );
    folder.refused(
        &format!(
            "train t.csv --target price --out {} {long}",
            "x".repeat(300)
        ),
        1,
        &["too long"],
    );
    folder.write("notes.txt", "mine");
    folder.refused(
        &format!("train t.csv --target price --out notes.txt {long}"),
        1,
        &["notes.txt", "not overwritten"],
    );
    assert_eq!(folder.read("notes.txt"), b"mine");
    folder.refused(
        "predict m.safetensors t.csv --out no/folder/p.csv",
        1,
        &["m.safetensors"],
    );
}

#[test]
fn a_model_of_another_target_is_not_overwritten_by_default() {
    let folder = Folder::new();
    folder.write("t.csv", houses(50));
    folder.done(&format!("train t.csv --target price {QUICK}"));
    let old = folder.read("t.safetensors");
    folder.refused(
        &format!("train t.csv --target size {QUICK}"),
        1,
        &["t.safetensors has a model for `price`", "--out"],
    );
    assert_eq!(folder.read("t.safetensors"), old);
    folder.done(&format!(
        "train t.csv --target size --out t.safetensors {QUICK}"
    ));
    folder.done(&format!("train t.csv --target size --seed 1 {QUICK}"));

    folder.write("sales.2023.csv", houses(50));
    folder.done(&format!("train sales.2023.csv --target price {QUICK}"));
    assert!(folder.path("sales.2023.safetensors").is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_old_file() {
    use std::os::unix::process::CommandExt;
    use std::process::Command;
    let folder = Folder::new();
    folder.write("t.csv", houses(50));
    folder.done(&format!(
        "train t.csv --target price --out m.safetensors {QUICK}"
    ));
    let old = folder.read("m.safetensors");
    // A limit on the size of files stands for a disk that is full: the write fails half-way, and the signal of the
    // limit does not end the program.
    let program = env!("CARGO_BIN_EXE_trainer");
    let script = format!(
        "ulimit -f 4; exec {program} train t.csv --target price --out m.safetensors --set training.epochs=1"
    );
    let mut command = Command::new("bash");
    command
        .arg("-c")
        .arg(script)
        .current_dir(folder.path("."))
        .arg0("bash");
    let answer = crate::common::Answer::new(command.output().unwrap());
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("m.safetensors"), "{}", answer.stderr);
    assert_eq!(folder.read("m.safetensors"), old);
    assert_eq!(
        folder.names(),
        ["m.history.jsonl", "m.safetensors", "t.csv"],
        "no file is left over"
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_and_saves() {
    let folder = Folder::new();
    folder.write("t.csv", houses(2000));
    let answer = interrupted(&folder, "train t.csv --target price", || ());
    assert_eq!(answer.code, 130);
    assert!(
        answer.stdout.contains("stopped early after"),
        "{}",
        answer.stdout
    );
    folder.done("predict t.safetensors t.csv");
}

#[cfg(unix)]
#[test]
fn a_model_whose_folder_vanished_is_saved_elsewhere() {
    let folder = Folder::new();
    folder.write("t.csv", houses(2000));
    let out = folder.path("models");
    std::fs::create_dir(&out).unwrap();
    let line = "train t.csv --target price --out models/t.safetensors";
    let answer = interrupted(&folder, line, || std::fs::remove_dir_all(&out).unwrap());
    assert_eq!(answer.code, 130);
    let (reason, refuge) = answer.stderr.split_once("; the model is at ").unwrap();
    assert!(reason.contains("models/t.safetensors: "), "{reason}");
    let refuge = refuge.trim();
    // For this user alone, under a name that no one could foresee.
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(refuge).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    assert!(Path::new(refuge).file_name().unwrap().len() > "backburn-.safetensors".len() + 15);
    folder.done(&format!("predict {refuge} t.csv"));
    std::fs::remove_file(refuge).unwrap();
}

#[cfg(unix)]
#[test]
fn a_reader_that_stops_reading_loses_no_model() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    for closed in ["stdout", "stderr"] {
        let mut child = folder
            .command(&format!("train t.csv --target price {QUICK}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        match closed {
            "stdout" => drop(child.stdout.take()),
            _ => drop(child.stderr.take()),
        }
        assert!(child.wait().unwrap().success(), "{closed}");
        std::fs::remove_file(folder.path("t.safetensors")).expect("the model was saved");
    }
}

#[cfg(unix)]
#[test]
fn predictions_go_through_links_and_into_pipes() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60)).write("old.csv", "old");
    folder.done(&format!("train t.csv --target price {QUICK}"));
    std::os::unix::fs::symlink("old.csv", folder.path("latest.csv")).unwrap();
    folder.done("predict t.safetensors t.csv --out latest.csv");
    assert!(folder.path("latest.csv").is_symlink());
    let expected = folder.read("old.csv");
    assert!(expected.starts_with(b"prediction\n"));

    std::os::unix::fs::symlink("v2.safetensors", folder.path("m.safetensors")).unwrap();
    for _ in 0..2 {
        folder.done(&format!(
            "train t.csv --target price --out m.safetensors {QUICK}"
        ));
    }
    assert!(folder.path("m.safetensors").is_symlink());
    assert_eq!(folder.read("v2.safetensors"), folder.read("t.safetensors"));

    let pipe = folder.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    folder.refused(
        &format!("train t.csv --target price --out pipe {QUICK}"),
        1,
        &["not overwritten"],
    );
    let reader = std::thread::spawn(move || std::fs::read(pipe).unwrap());
    folder.done("predict t.safetensors t.csv --out pipe");
    assert_eq!(reader.join().unwrap(), expected);

    if Path::new("/dev/shm").is_dir() {
        // A folder like any other.
        let shm = tempfile::tempdir_in("/dev/shm").unwrap();
        let model = shm.path().join("m.safetensors");
        let line = format!(
            "train t.csv --target price --out {} {QUICK}",
            model.display()
        );
        folder.done(&line);
        folder.done(&line);
        assert_eq!(std::fs::read(model).unwrap(), folder.read("t.safetensors"));
    } else {
        skipped("no /dev/shm: a model in a folder of memory was not tested");
    }

    folder.write("log.txt", "kept\n");
    let log = std::fs::OpenOptions::new()
        .append(true)
        .open(folder.path("log.txt"))
        .unwrap();
    let mut command = folder.command("predict t.safetensors t.csv --out /dev/stdout");
    assert!(command.stdout(log).status().unwrap().success());
    let log = folder.read("log.txt");
    assert_eq!(log, [b"kept\n", &expected[..]].concat());

    let model = folder.read("t.safetensors");
    let shared = std::fs::OpenOptions::new()
        .append(true)
        .open(folder.path("t.safetensors"))
        .unwrap();
    let mut command = folder.command(&format!(
        "train --from t.safetensors t.csv --out further.safetensors {QUICK}"
    ));
    let output = command.stdout(shared).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("which is the model"));
    assert_eq!(folder.read("t.safetensors"), model);

    let answer = folder
        .command("predict - t.csv")
        .stdin(std::fs::File::open(folder.path("t.safetensors")).unwrap())
        .output()
        .unwrap();
    assert_eq!(answer.stdout, expected);
    folder.refused("predict - -", 2, &["is given twice"]);
}

/// Trains without end, and interrupts it once it is well under way and something has happened.
#[cfg(unix)]
fn interrupted(folder: &Folder, line: &str, happening: impl FnOnce()) -> Answer {
    let line = format!("{line} --set training.epochs=1000000 --set training.patience=0");
    let mut child = folder
        .command(&line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Past the first epoch, whose line shows that training is under way.
    let mut seen = String::new();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    while !seen.contains("epoch 2 ") {
        let read = std::io::BufRead::read_line(&mut stderr, &mut seen).unwrap();
        assert!(read > 0, "{seen}");
    }
    happening();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut rest).unwrap();
    let mut answer = Answer::new(child.wait_with_output().unwrap());
    answer.stderr = seen + &rest;
    answer
}

#[test]
#[cfg(target_os = "linux")]
fn of_the_two_files_of_an_export_none_is_replaced_alone() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    folder.done(&format!(
        "train t.csv --target price --preset fast --out m.safetensors {QUICK} --set data.bins=0"
    ));
    folder.write("e.py", "old").write("e.safetensors", "old");
    // The tensors are smaller than the limit, and the module is larger.
    let program = env!("CARGO_BIN_EXE_trainer");
    let export = "export m.safetensors --format pytorch --out e.py";
    let script = format!("ulimit -f 16; exec {program} {export}");
    let mut command = std::process::Command::new("bash");
    command.args(["-c", &script]).current_dir(folder.path("."));
    let answer = Answer::new(command.output().unwrap());
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("e.py: "), "{}", answer.stderr);
    assert_eq!(folder.read("e.py"), b"old");
    assert_eq!(folder.read("e.safetensors"), b"old");
    folder.done(export);
    assert!(folder.read("e.safetensors").len() < 16 << 10);
    assert!(folder.read("e.py").len() > 16 << 10);
}
