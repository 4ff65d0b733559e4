//! The dashboard in a terminal, which `script` from util-linux provides.

#![cfg(target_os = "linux")]

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use crate::common::{Folder, QUICK, houses, skipped_without};

/// How many tenths of a second something is waited for.
const TENTHS: usize = 600;

#[test]
fn q_stops_and_keeps_the_best() {
    let folder = Folder::new();
    folder.write("t.csv", houses(400));
    let long = "--set training.epochs=100000000 --set training.patience=0";
    let trainer = env!("CARGO_BIN_EXE_trainer");
    let line = format!(
        "stty rows 30 cols 100; {trainer} train t.csv --target price --dashboard {long}; echo code $?"
    );
    let started = Command::new("script")
        .args(["-qfec", &line, "typescript"])
        .current_dir(folder.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut script = match started {
        Ok(script) => script,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skipped_without("`script`", "the dashboard");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let mut keys = script.stdin.take().unwrap();
    let seen = || fs::read(folder.path("typescript")).unwrap_or_default();
    let shows = |words: &str| String::from_utf8_lossy(&seen()).contains(words);
    for _ in 0..TENTHS {
        thread::sleep(Duration::from_millis(100));
        if shows("hidden.0") {
            break;
        }
    }
    let shown = shows("gradient flow") && shows("q stops");
    let pressed = keys.write_all(b"q").and_then(|()| keys.flush());
    for _ in 0..TENTHS {
        thread::sleep(Duration::from_millis(100));
        if matches!(script.try_wait(), Ok(Some(_))) {
            break;
        }
    }
    let _ = script.kill();
    assert!(shown, "no dashboard: {}", String::from_utf8_lossy(&seen()));
    assert!(pressed.is_ok());
    assert!(
        shows("stopped early after") && shows("code 0"),
        "q did not stop it well"
    );
    assert!(folder.path("t.safetensors").is_file());
}

#[test]
fn a_long_network_is_wrapped_between_words() {
    let folder = Folder::new();
    folder.write("t.csv", houses(60));
    let trainer = env!("CARGO_BIN_EXE_trainer");
    let hidden = ["64,32"; 10].join(",");
    let line = format!(
        "stty rows 30 cols 70; {trainer} train t.csv --target price {QUICK} --set 'network.hidden=[{hidden}]'"
    );
    let ran = Command::new("script")
        .args(["-qfec", &line, "typescript"])
        .current_dir(folder.path(""))
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output();
    match ran {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skipped_without("`script`", "the width of lines");
            return;
        }
        ran => assert!(ran.unwrap().status.success()),
    }
    let shown = fs::read(folder.path("typescript")).unwrap();
    let shown = String::from_utf8_lossy(&shown);
    let from = shown.find("network    ").unwrap();
    let mut lines = shown[from..].lines();
    let first = lines.next().unwrap().trim_end();
    assert!(first.chars().count() <= 70, "{first}");
    let second = lines.next().unwrap();
    let indented = second.strip_prefix("           ");
    assert!(
        indented.is_some_and(|rest| rest.starts_with(['→', '6', '3'])),
        "{first}\n{second}"
    );
}

#[test]
fn without_a_terminal_there_is_none() {
    let folder = Folder::new();
    folder.write("t.csv", houses(50));
    let answer = folder.done(&format!("train t.csv --target price --dashboard {QUICK}"));
    assert!(answer.stderr.contains("epoch 1"), "{}", answer.stderr);
    assert!(!answer.stderr.contains('\u{1b}'), "{}", answer.stderr);
}
