//! Files and folders that somebody has prepared: nothing is lost, and nothing is written where it was not asked for.

#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::{Answer, Folder, QUICK, houses};

/// A run without end.
const ENDLESS: &str = "--set ensemble.members=1 --set training.epochs=1000000 --set training.patience=0 \
                       --checkpoint run --checkpoint-every 0s";

/// Everything in a folder.
fn contents(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        all.push((name, fs::read(entry.path()).unwrap_or_default()));
    }
    all.sort();
    all
}

/// Starts a run and kills it when a file is there.
fn killed_at(folder: &Folder, mut command: Command, file: &str) {
    command.stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let started = Instant::now();
    while !folder.path(file).exists() {
        assert!(started.elapsed() < Duration::from_secs(120), "no {file}");
        assert!(child.try_wait().unwrap().is_none(), "no {file}");
        sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn an_output_is_no_other_file_of_the_command() {
    let folder = Folder::new();
    folder
        .write("t.csv", houses(60))
        .write("test.csv", houses(20))
        .write("c.toml", "[training]\nepochs = 2\n");
    symlink("t.csv", folder.path("link.csv")).unwrap();
    fs::hard_link(folder.path("t.csv"), folder.path("hard.csv")).unwrap();
    folder.done(&format!("train t.csv --target price {QUICK}"));
    let before = contents(&folder.path("."));
    let train = "train t.csv --target price --test test.csv --config c.toml --folds 2";
    for (options, words) in [
        ("--out-of-fold t.csv", "which is read as a table"),
        ("--out-of-fold link.csv", "which is read as a table"),
        ("--out-of-fold hard.csv", "which is read as a table"),
        ("--out-of-fold ./test.csv", "which is read as a table"),
        ("--out test.csv", "which is read as a table"),
        ("--report c.toml", "which is the config"),
        ("--report t.safetensors", "which --out is too"),
        ("--report t.history.jsonl", "which the history is too"),
        (
            "--report n.csv --out-of-fold ./n.csv",
            "which --report is too",
        ),
        (
            "--checkpoint run --report run/r.html",
            "in the folder of the other",
        ),
    ] {
        folder.refused(&format!("{train} {options}"), 2, &[words]);
    }
    for (options, words) in [
        (
            "predict t.safetensors t.csv --out hard.csv",
            "read as a table",
        ),
        (
            "predict t.safetensors t.csv --out t.safetensors",
            "is the model",
        ),
        (
            "explain t.safetensors t.csv --report t.csv",
            "read as a table",
        ),
        (
            "explain t.safetensors t.csv --report t.safetensors",
            "is the model",
        ),
        (
            "explain t.safetensors t.csv --report t.history.jsonl",
            "is the history",
        ),
        (
            "example penguins --out m.safetensors --report m.history.jsonl",
            "which the history is too",
        ),
    ] {
        folder.refused(options, 2, &[words]);
    }
    assert_eq!(contents(&folder.path(".")), before);
    // A table on standard input, or predictions on standard output, are files too.
    let mut command = folder.command("predict t.safetensors - --out t.csv");
    command.stdin(fs::File::open(folder.path("t.csv")).unwrap());
    assert_eq!(Answer::new(command.output().unwrap()).code, 2);
    let mut append = fs::OpenOptions::new();
    let table = append.append(true).open(folder.path("t.csv")).unwrap();
    let mut command = folder.command("predict t.safetensors t.csv");
    command.stdout(table);
    assert_eq!(Answer::new(command.output().unwrap()).code, 2);
    assert_eq!(contents(&folder.path(".")), before);
}

#[test]
fn runs_at_the_same_time_with_one_output_do_not_disturb_each_other() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    for _ in 0..10 {
        let lines = ["t.csv", "no.csv", "t.csv"]
            .map(|table| format!("train {table} --target price --out m.safetensors {QUICK}"));
        let children: Vec<Child> = lines
            .iter()
            .map(|line| {
                let mut command = folder.command(line);
                command.stdout(Stdio::piped()).stderr(Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        let answers = children.into_iter().map(Child::wait_with_output);
        let codes: Vec<i32> = answers
            .map(|answer| Answer::new(answer.unwrap()).code)
            .collect();
        assert_eq!(codes, [0, 1, 0]);
        folder.done("predict m.safetensors t.csv --out p.csv");
        fs::remove_file(folder.path("m.safetensors")).unwrap();
    }
    let names = ["m.history.jsonl", "p.csv", "t.csv"];
    assert_eq!(folder.names(), names, "no file is left over");
}

#[test]
fn an_empty_history_is_a_free_place() {
    let folder = Folder::new();
    folder
        .write("t.csv", houses(60))
        .write("t.history.jsonl", "");
    folder.done(&format!("train t.csv --target price {QUICK}"));
    assert!(
        folder
            .read("t.history.jsonl")
            .starts_with(b"{\"backburn_history\":")
    );
}

#[test]
fn links_in_a_folder_of_checkpoints_are_not_followed() {
    let folder = Folder::new();
    folder
        .write("t.csv", houses(60))
        .write("victim", "precious");
    fs::create_dir(folder.path("run")).unwrap();
    symlink("../victim", folder.path("run/lock")).unwrap();
    folder.refused(
        "train t.csv --target price --checkpoint run",
        1,
        &["run: it has other files"],
    );
    for version in [1, 2] {
        let run = format!(
            "{{\"version\":{version},\"arguments\":[\"t.csv\",\"--target\",\"price\"],\
             \"folder\":\"\",\"outputs\":[],\"facts\":{{}}}}"
        );
        folder.write("run/run.json", run);
        let answer = folder.run("train --resume run");
        assert_eq!(answer.code, 1, "{}", answer.stderr);
    }
    assert_eq!(folder.read("victim"), b"precious");
    assert!(folder.path("run/lock").is_symlink());
    // Temporary names, and those of the files that a run writes.
    fs::remove_dir_all(folder.path("run")).unwrap();
    killed_at(
        &folder,
        folder.command(&format!("train t.csv --target price {ENDLESS}")),
        "run/network.checkpoint",
    );
    for name in [
        "network.checkpoint",
        "run.json.part",
        ".backburn-output-0.tmp",
    ] {
        let _ = fs::remove_file(folder.path("run").join(name));
        symlink("../victim", folder.path("run").join(name)).unwrap();
    }
    folder.done("train --resume run --accept-changes --set training.epochs=3");
    assert_eq!(folder.read("victim"), b"precious");
}

#[test]
fn a_folder_with_files_of_others_is_left_as_it_is() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    fs::create_dir(folder.path("d")).unwrap();
    folder
        .write("d/lock", "")
        .write("d/film.part", "mine")
        .write("d/epoch-10.checkpoint", "mine");
    let before = contents(&folder.path("d"));
    folder.refused(
        &format!("train t.csv --target price --checkpoint d {QUICK}"),
        1,
        &["d: it has other files"],
    );
    assert_eq!(contents(&folder.path("d")), before);
}

#[test]
fn a_run_that_is_refused_has_changed_nothing() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let line = format!("train t.csv --target price {ENDLESS}");
    killed_at(&folder, folder.command(&line), "run/network.checkpoint");
    folder.write("t.csv", houses(61));
    let before = contents(&folder.path("run"));
    folder.refused("train --resume run", 1, &["the run has changed"]);
    assert_eq!(contents(&folder.path("run")), before);
    // The file that is checked does not say whether it is.
    let run = String::from_utf8(folder.read("run/run.json")).unwrap();
    let forged = run.replace("\"--target\"", "\"--accept-changes\",\n    \"--target\"");
    assert_ne!(forged, run);
    folder.write("run/run.json", forged);
    let before = contents(&folder.path("run"));
    folder.refused("train --resume run", 1, &["the run has changed"]);
    assert_eq!(contents(&folder.path("run")), before);
}

#[test]
fn outputs_of_a_resumed_run_are_those_that_were_typed() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let line = format!("train t.csv --target price --out m.safetensors --report r.html {ENDLESS}");
    killed_at(&folder, folder.command(&line), "run/network.checkpoint");
    let named = "train --resume run --out m.safetensors --report r.html";
    folder.refused("train --resume run", 2, &[named]);
    folder.refused("train --resume run -o m.safetensors", 2, &[named]);
    // In another folder, paths are those of that folder.
    fs::create_dir(folder.path("sub")).unwrap();
    let mut command = folder.command("train --resume ../run");
    command.current_dir(folder.path("sub"));
    let answer = Answer::new(command.output().unwrap());
    let out = folder.path("m.safetensors").canonicalize();
    assert!(out.is_err(), "there is no model yet");
    assert_eq!(answer.code, 2);
    assert!(
        answer.stderr.contains("/m.safetensors"),
        "{}",
        answer.stderr
    );

    // Whoever hands over a folder chooses no file that is written.
    let run = String::from_utf8(folder.read("run/run.json")).unwrap();
    let start = run.find("\"outputs\"").unwrap();
    let end = start + run[start..].find("\"facts\"").unwrap();
    let forged = format!("{}\"outputs\": [],\n  {}", &run[..start], &run[end..]);
    let forged = forged.replace(
        "\"--target\"",
        "\"--out\", \"other.safetensors\", \"-qoother.safetensors\", \"--report=o.html\", \"--target\"",
    );
    folder.write("run/run.json", forged).write("o.html", "");
    folder.done(&format!(
        "train t.csv --target size --out other.safetensors {QUICK}"
    ));
    let other = folder.read("other.safetensors");
    let end = "--accept-changes --set training.epochs=3";
    folder.done(&format!("train --resume run {end}"));
    assert_eq!(folder.read("other.safetensors"), other);
    assert_eq!(folder.read("o.html"), b"");
    assert!(folder.path("t.safetensors").is_file());
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_like_a_full_disk() {
    let folder = Folder::new();
    folder.write("t.csv", houses(3000));
    folder.done(&format!(
        "train t.csv --target price --out m.safetensors {QUICK}"
    ));
    folder.write("p.csv", "old");
    let program = env!("CARGO_BIN_EXE_trainer");
    let script = format!("ulimit -f 4; exec {program} predict m.safetensors t.csv --out p.csv");
    let mut command = Command::new("bash");
    command.args(["-c", &script]).current_dir(folder.path("."));
    let answer = Answer::new(command.output().unwrap());
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("p.csv: "), "{}", answer.stderr);
    assert_eq!(folder.read("p.csv"), b"old");
    let names = ["m.history.jsonl", "m.safetensors", "p.csv", "t.csv"];
    assert_eq!(folder.names(), names);
}

/// Runs a command with its standard output redirected by a shell.
fn redirected(folder: &Folder, line: &str, redirect: &str) -> Answer {
    let script = format!("{} {line} {redirect}", env!("CARGO_BIN_EXE_trainer"));
    let mut command = Command::new("bash");
    command.args(["-c", &script]).current_dir(folder.path("."));
    Answer::new(command.stdin(Stdio::null()).output().unwrap())
}

#[test]
fn a_result_for_a_closed_standard_output_is_an_error() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60)).write("other.csv", "old");
    let train = format!("train t.csv --target price {QUICK}");
    folder.done(&train);
    for (redirect, code) in [
        (">&-", 1),
        ("1< other.csv", 1),
        // An output is never an input.
        ("1< t.csv", 2),
        ("> /dev/null", 0),
    ] {
        let answer = redirected(&folder, "predict t.safetensors t.csv", redirect);
        assert_eq!(answer.code, code, "{redirect}: {}", answer.stderr);
    }
    let json = format!("{train} --json");
    for line in [
        "evaluate t.safetensors t.csv",
        "explain t.safetensors t.csv --repeats 1",
        "describe t.csv",
        "inspect t.safetensors",
        "predict t.safetensors t.csv --out p.csv --json",
        "compare t.csv --target price --folds 2 --only constant",
        "find-lr t.csv --target price",
        "gradcheck t.csv --target price --elements 1",
        "config",
        "completions bash",
        "--help",
        "--version",
        "train --help",
        &json,
    ] {
        for redirect in [">&-", "> /dev/full"] {
            let answer = redirected(&folder, line, redirect);
            let shown = format!("{line} {redirect}: {}", answer.stderr);
            assert_eq!(answer.code, 1, "{shown}");
            assert!(
                answer.stderr.contains("output cannot be written"),
                "{shown}"
            );
            let is_late = redirect == ">&-" && folder.path("p.csv").exists();
            assert!(!is_late, "it is refused before the work: {shown}");
            let _ = std::fs::remove_file(folder.path("p.csv"));
        }
    }
    // Messages may be lost.
    assert_eq!(redirected(&folder, &train, ">&-").code, 0);
}

#[test]
fn what_is_printed_does_not_end_up_in_an_input() {
    let folder = Folder::new();
    folder
        .write("t.csv", houses(60))
        .write("c.toml", "[training]\nepochs = 2\n");
    let train = format!("train t.csv --target price {QUICK}");
    folder.done(&train);
    let before = contents(&folder.path("."));
    let with_config = format!("{train} --config c.toml");
    for (line, input) in [
        ("evaluate t.safetensors t.csv", "t.csv"),
        ("explain t.safetensors t.csv --repeats 1", "t.csv"),
        ("describe t.csv", "t.csv"),
        ("inspect t.safetensors", "t.safetensors"),
        ("compare t.csv --target price", "t.csv"),
        ("find-lr t.csv --target price --config c.toml", "c.toml"),
        ("gradcheck t.csv --target price", "t.csv"),
        ("report t.safetensors t.csv --out r.html", "t.csv"),
        ("export t.safetensors --out t.onnx", "t.history.jsonl"),
        (&train, "t.csv"),
        (&with_config, "c.toml"),
    ] {
        let answer = redirected(&folder, line, &format!(">> {input}"));
        assert_eq!(answer.code, 2, "{line}: {}", answer.stderr);
        assert!(
            answer.stderr.contains("the output is "),
            "{}",
            answer.stderr
        );
        assert_eq!(contents(&folder.path(".")), before, "{line}");
    }
}

/// The system reports an error for the first byte of this file.
#[cfg(target_os = "linux")]
#[test]
fn an_input_that_cannot_be_read_is_an_error_that_names_it() {
    const UNREADABLE: &str = "/proc/self/mem";
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    folder.done(&format!("train t.csv --target price {QUICK}"));
    let before = contents(&folder.path("."));
    for (line, code) in [
        ("train /proc/self/mem --target price --out m.safetensors", 1),
        ("train t.csv --target price --test /proc/self/mem", 1),
        ("train t.csv --target price --config /proc/self/mem", 2),
        ("predict t.safetensors /proc/self/mem --out p.csv", 1),
        ("predict /proc/self/mem t.csv --out p.csv", 1),
        ("evaluate t.safetensors /proc/self/mem", 1),
        ("describe /proc/self/mem", 1),
        ("inspect /proc/self/mem", 1),
        ("import /proc/self/mem --out i.safetensors", 1),
    ] {
        folder.refused(line, code, &[UNREADABLE, "Input/output error"]);
        assert_eq!(contents(&folder.path(".")), before, "{line}");
    }
}

#[test]
fn a_run_with_names_that_are_not_utf8_is_resumed() {
    let folder = Folder::new();
    let place = folder.path(".").join(OsStr::from_bytes(b"f\xff"));
    if fs::create_dir(&place).is_err() {
        return crate::common::skipped("this file system has no names that are not UTF-8");
    }
    let table = OsStr::from_bytes(b"t\xfe.csv");
    fs::write(place.join(table), houses(60)).unwrap();
    fs::write(place.join("s.csv"), houses(60)).unwrap();
    let command = |line: &str| {
        let mut command = folder.command(line);
        command.current_dir(&place);
        command
    };
    let mut first = command(&format!("train --target price {ENDLESS} --test"));
    first.arg(table).arg("s.csv");
    first.args(["--out", "m.safetensors"]);
    first.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = first.spawn().unwrap();
    let started = Instant::now();
    while !place.join("run/network.checkpoint").exists() {
        assert!(started.elapsed() < Duration::from_secs(120));
        sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let line = "train --resume run --out m.safetensors --accept-changes --set training.epochs=3";
    let answer = Answer::new(command(line).output().unwrap());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(place.join("m.safetensors").is_file());
}

#[test]
fn names_of_files_are_escaped_wherever_they_are_shown() {
    let folder = Folder::new();
    let name = "\u{1b}[31m\n\u{202e}";
    let table = format!("{name}.csv");
    folder.write(&table, houses(60));
    let run = |words: &[&str]| {
        let mut command = folder.command("");
        Answer::new(command.args(words).output().unwrap())
    };
    let model = format!("{name}.safetensors");
    let quick: Vec<&str> = QUICK.split(' ').collect();
    let train = [
        "train",
        &table,
        "--target",
        "price",
        "--report",
        "r\u{1b}.html",
    ];
    let train = [&train[..], &quick].concat();
    for words in [
        train.as_slice(),
        &["describe", &table],
        &["inspect", &model],
        &["evaluate", &model, &table],
        &["predict", &model, &table, "--out", "p\u{1b}.csv"],
        &["explain", &model, &table, "--report", "e\u{1b}.html"],
        &["train", "no\u{1b}.csv", "--target", "price"],
        &["predict", "no\u{1b}.safetensors", &table],
        &[
            "train",
            &table,
            "--target",
            "price",
            "--config",
            "no\u{1b}.toml",
        ],
        &["train", &table, "--target", "price", "--out", "no\u{1b}/m"],
        &["train", &table, "--target", "price", "--out", &table],
        &["train", "--resume", "no\u{1b}"],
        &["import", &table, "--out", "i\u{1b}.safetensors"],
        &["import", "no\u{1b}", "--out", "i.safetensors"],
        &["export", &model, "--out", "no\u{1b}/o.onnx"],
        &["report", &model, "--out", "r\u{1b}.html"],
        &["man", "m\u{1b}"],
    ] {
        let answer = run(words);
        let shown = format!("{}{}", answer.stdout, answer.stderr);
        let is_raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.contains(is_raw), "{words:?}: {shown:?}");
        assert!(!shown.contains("[31m\n"), "{words:?}: {shown:?}");
    }
}

#[test]
fn devices_without_end_are_refused() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    folder.done(&format!("train t.csv --target price {QUICK}"));
    for model in ["/dev/zero", "/dev/urandom"] {
        folder.refused(
            &format!("predict {model} t.csv"),
            1,
            &["not a Backburn model"],
        );
        folder.refused(
            &format!("import {model} --out i.safetensors"),
            1,
            &["not a safetensors file"],
        );
    }
    folder.refused(
        "train t.csv --target price --config /dev/zero",
        2,
        &["/dev/zero", "larger than 16 MB"],
    );
    for (target, make) in [("/dev/zero", "link"), ("", "pipe")] {
        fs::remove_file(folder.path("t.history.jsonl")).unwrap();
        match make {
            "link" => symlink(target, folder.path("t.history.jsonl")).unwrap(),
            _ => {
                let mut command = Command::new("mkfifo");
                let made = command.arg(folder.path("t.history.jsonl")).status();
                assert!(made.unwrap().success());
            }
        }
        let answer = folder.done("explain t.safetensors t.csv --report e.html");
        assert!(
            answer.stdout.contains("not a regular file"),
            "{}",
            answer.stdout
        );
        let answer = folder.done(&format!("train t.csv --target price {QUICK}"));
        assert!(answer.stdout.contains("not saved"), "{}", answer.stdout);
    }
}

/// The networks of a resumed run fit the settings that trials have selected, although no time is left for trials.
#[test]
fn networks_that_are_done_stay_although_trials_would_select_other_settings() {
    let folder = Folder::new();
    let mut csv = "a,b,c,price\n".to_string();
    for row in 0..1000 {
        let (a, b, c) = (row * 37 % 151, row * 53 % 97, row * 7 % 13);
        let price = (f64::from(a) / 30.0).exp() + 100.0 * (f64::from(a * b) / 300.0).sin();
        csv += &format!("{a},{b},{c},{}\n", price + f64::from(c));
    }
    folder.write("k.csv", csv);
    let line = "train k.csv --target price --set ensemble.members=4 --set ensemble.folds=2 --set \
                training.epochs=60 --set training.patience=0 --set network.hidden=[32] --checkpoint run \
                --checkpoint-every 0s";
    killed_at(
        &folder,
        folder.command(line),
        "run/network-member-4.checkpoint",
    );
    let answer = folder.done("train --resume run --time-limit 0s");
    let averaged = answer.stdout.matches("of 4 networks: RMSE").count();
    assert!(averaged >= 2, "{}", answer.stdout);
    assert!(
        !answer.stdout.contains("k-NN features: not used"),
        "{}",
        answer.stdout
    );
}
