//! A run survives whatever ends it.

#![cfg(unix)]

use std::ops::{Deref, DerefMut};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::{Answer, Folder, houses};

/// As often as can be.
const OFTEN: &str = "--checkpoint run --checkpoint-every 0s";

/// A process that does not outlive its test.
struct Run(Option<Child>);

impl Deref for Run {
    type Target = Child;

    fn deref(&self) -> &Child {
        self.0.as_ref().unwrap()
    }
}

impl DerefMut for Run {
    fn deref_mut(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn start(folder: &Folder, line: &str) -> Run {
    let mut command = folder.command(line);
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Run(Some(command.spawn().unwrap()))
}

fn signal(name: &str, child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([name, &id]).status();
    assert!(sent.unwrap().success());
}

fn answered(mut run: Run) -> Answer {
    let child = run.0.take().unwrap();
    Answer::new(child.wait_with_output().unwrap())
}

/// Waits until a checkpoint is there.
fn wait_for(folder: &Folder, name: &str) {
    let started = Instant::now();
    while !folder.path(name).exists() {
        assert!(started.elapsed() < Duration::from_secs(60), "no {name}");
        sleep(Duration::from_millis(5));
    }
}

/// Kills a run at random moments and goes on with it until it is done; how often it was killed.
fn killed_until_done(folder: &Folder, line: &str, out: &str, random: &mut u64) -> usize {
    let line = &format!("{line} --out {out}");
    let mut kills = 0;
    let mut child = start(folder, &format!("{line} {OFTEN}"));
    loop {
        *random = random.wrapping_mul(6364136223846793005).wrapping_add(1);
        // Later and later, so that a slow machine gets to its next checkpoint.
        let latest = 400_000 + 4_000 * kills as u64;
        let moment = Duration::from_micros((*random >> 33) % latest);
        sleep(moment);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{}", answered(child).stderr);
            return kills;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        // Before there is a run to go on with, it begins again.
        let begun = folder.path("run/run.json").exists();
        child = match begun {
            true => start(folder, &format!("train --resume run --out {out}")),
            false => start(folder, &format!("{line} {OFTEN}")),
        };
    }
}

#[test]
fn a_run_killed_at_200_moments_gives_the_same_bytes() {
    let folder = Folder::new();
    folder.write("t.csv", houses(400));
    let one = "train t.csv --target price --set ensemble.members=1 --set training.epochs=150 --set training.patience=0 \
               --set network.hidden=[64,64]";
    let several = "train t.csv --target price --set training.epochs=60 --set ensemble.members=4 \
                   --set ensemble.folds=4";
    let names = [
        "one.safetensors",
        "one.history.jsonl",
        "several.safetensors",
    ];
    folder.done(&format!("{one} --out one.safetensors"));
    folder.done(&format!("{several} --out several.safetensors"));
    let whole = names.map(|name| folder.read(name));
    let (mut kills, mut random) = (0, 1);
    while kills < 200 {
        for name in names {
            std::fs::remove_file(folder.path(name)).unwrap();
        }
        kills += killed_until_done(&folder, one, names[0], &mut random);
        kills += killed_until_done(&folder, several, names[2], &mut random);
        for (name, whole) in names.iter().zip(&whole) {
            assert!(
                folder.read(name) == *whole,
                "{name} differs after {kills} kills"
            );
        }
        assert!(!folder.path("run").exists(), "a finished run is removed");
    }
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_bytes() {
    let folder = Folder::new();
    folder.write("t.csv", houses(2000));
    let settings = "--set training.epochs=20 --set training.patience=0";
    let mut resumed = 0;
    for (name, line) in [
        (
            "network",
            format!("train t.csv --target price --set ensemble.members=1 {settings}"),
        ),
        (
            "fold-1",
            format!("train t.csv --target price --set ensemble.members=1 --folds 3 {settings}"),
        ),
        (
            "network",
            format!(
                "train t.csv --target price --set ensemble.members=1 --set data.refit=true {settings}"
            ),
        ),
        (
            "network",
            format!(
                "train t.csv --target price --set ensemble.members=1 --set network.normalization=batch {settings}"
            ),
        ),
    ] {
        folder.done(&line);
        let whole = folder.read("t.safetensors");
        for how in ["-INT", "-TERM"] {
            let child = start(&folder, &format!("{line} {OFTEN}"));
            wait_for(&folder, &format!("run/{name}.checkpoint"));
            sleep(Duration::from_millis(100));
            signal(how, &child);
            let started = Instant::now();
            let answer = answered(child);
            let took = started.elapsed();
            if folder.path("run").exists() {
                assert!(took < Duration::from_secs(10), "{took:?}");
                let resume = "train --resume run";
                assert!(answer.stdout.contains(resume), "{}", answer.stdout);
                assert!(folder.path(&format!("run/{name}.checkpoint")).exists());
                folder.done("train --resume run");
                resumed += 1;
            }
            assert!(folder.read("t.safetensors") == whole, "{line} {how}");
            assert!(!folder.path("run").exists());
        }
    }
    // Where a run was done before it was interrupted, nothing was shown.
    assert!(resumed >= 4, "{resumed}");
}

#[test]
fn before_anything_is_trained_an_interruption_ends_at_once() {
    let folder = Folder::new();
    let mut command = folder.command("train - --target y --folds 2 --out-of-fold folds.csv");
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Run(Some(command.spawn().unwrap()));
    let files = || std::fs::read_dir(folder.path(".")).unwrap().count();
    // It waits for a table that does not come.
    sleep(Duration::from_secs(1));
    assert!(child.try_wait().unwrap().is_none());
    let table = child.stdin.take();
    signal("-INT", &child);
    let answer = answered(child);
    drop(table);
    assert_eq!(answer.code, 130, "{}", answer.stderr);
    assert!(answer.stderr.contains("interrupted"), "{}", answer.stderr);
    assert_eq!(files(), 0);
}

#[test]
fn a_folder_is_for_one_run_at_a_time() {
    let folder = Folder::new();
    folder.write("t.csv", houses(400));
    let line = "train t.csv --target price --set ensemble.members=1 --set training.epochs=1000000 --set \
                training.patience=0 --checkpoint run --checkpoint-every 0s";
    let mut child = start(&folder, line);
    wait_for(&folder, "run/network.checkpoint");
    let process = format!("process {}", child.id());
    for line in [line, "train --resume run"] {
        folder.refused(line, 1, &["run: ", &process]);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    folder.refused(line, 1, &["run: ", "unfinished", "--resume"]);
    folder.refused(
        "train --resume nowhere",
        1,
        &["nowhere: there is no unfinished run"],
    );
    std::fs::create_dir(folder.path("mine")).unwrap();
    folder.write("mine/letter.txt", "keep me");
    let line = "train t.csv --target price --set ensemble.members=1 --checkpoint mine";
    folder.refused(line, 1, &["mine: ", "other files"]);
    assert_eq!(folder.read("mine/letter.txt"), b"keep me");
}

#[test]
fn what_changed_is_said() {
    let folder = Folder::new();
    folder.write("t.csv", houses(400));
    folder.write("c.toml", "[training]\nepochs = 1000000\npatience = 0\n");
    let line = "train t.csv --target price --set ensemble.members=1 --config c.toml --checkpoint run --checkpoint-every 0s";
    let mut child = start(&folder, line);
    wait_for(&folder, "run/network.checkpoint");
    child.kill().unwrap();
    child.wait().unwrap();
    folder.write("t.csv", houses(401));
    folder.write("c.toml", "[training]\nepochs = 5\npatience = 0\n");
    let words = [
        "table: was 400 rows, fingerprint ",
        "training.epochs: was 1000000, is 5",
        "--accept-changes",
    ];
    folder.refused("train --resume run", 1, &words);
    let answer = folder.done("train --resume run --accept-changes --set training.epochs=6");
    assert!(answer.stdout.contains("6 epochs"), "{}", answer.stdout);
    assert!(!folder.path("run").exists());
    folder.refused(
        "train t.csv --target price --target price",
        2,
        &["--target"],
    );
}

#[test]
fn other_columns_are_a_change() {
    let folder = Folder::new();
    folder.write("t.csv", houses(400));
    let set = "--set ensemble.members=1 --set training.epochs=1000000 --set training.patience=0";
    let line = format!("train t.csv --target price {set}");
    let mut child = start(&folder, &format!("{line} --ignore built {OFTEN}"));
    wait_for(&folder, "run/network.checkpoint");
    child.kill().unwrap();
    child.wait().unwrap();
    for (options, words) in [
        ("", vec!["columns.built: was \"ignored\", is none"]),
        (
            "--ignore street",
            vec!["columns.built: was \"ignored\"", "columns.street"],
        ),
        (
            "--ignore built --features size",
            vec!["features: was none, is size"],
        ),
        (
            "--ignore built --na missing",
            vec!["format: was none", "missing"],
        ),
    ] {
        folder.refused(&format!("{line} {options} --resume run"), 1, &words);
    }
}

#[test]
fn networks_that_are_done_stay_when_the_time_is_up() {
    let folder = Folder::new();
    folder.write("t.csv", houses(400));
    let line = "train --target price --set ensemble.members=6 --set ensemble.folds=3 --set \
                training.epochs=300 --set training.patience=0 --checkpoint run \
                --checkpoint-every 0s -- t.csv";
    let mut child = start(&folder, line);
    for member in 1..=3 {
        wait_for(&folder, &format!("run/network-member-{member}.checkpoint"));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Two at once: when the third is begun, one is done, and it is not alone.
    let answer = folder.done("train --resume run --time-limit 0s");
    let networks = answer.stdout.contains("networks in");
    assert!(networks, "{}", answer.stdout);
}

#[test]
fn a_folder_that_vanishes_ends_nothing() {
    let folder = Folder::new();
    folder.write("t.csv", houses(400));
    let line = "train t.csv --target price --set ensemble.members=1 --set training.epochs=60 --set training.patience=0";
    folder.done(line);
    let whole = folder.read("t.safetensors");
    let child = start(&folder, &format!("{line} {OFTEN}"));
    wait_for(&folder, "run/network.checkpoint");
    std::fs::remove_dir_all(folder.path("run")).unwrap();
    let answer = answered(child);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let told = "no checkpoint was written: run: ";
    assert!(answer.stdout.contains(told), "{}", answer.stdout);
    assert!(folder.read("t.safetensors") == whole);
}

#[test]
fn a_damaged_checkpoint_costs_time_alone() {
    let folder = Folder::new();
    folder.write("t.csv", houses(400));
    let settings = "--set training.epochs=60 --set training.patience=0";
    let line = format!("train t.csv --target price --set ensemble.members=1 {settings}");
    folder.done(&line);
    let whole = folder.read("t.safetensors");
    let mut child = start(&folder, &format!("{line} {OFTEN}"));
    wait_for(&folder, "run/network.checkpoint");
    child.kill().unwrap();
    child.wait().unwrap();
    let mut bytes = folder.read("run/network.checkpoint");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    folder.write("run/network.checkpoint", bytes);
    let answer = folder.done("train --resume run");
    let words = ["damaged", "starts over"];
    assert!(
        words.iter().all(|word| answer.stdout.contains(word)),
        "{}",
        answer.stdout
    );
    assert!(folder.read("t.safetensors") == whole);

    folder.write("x.csv", "a\n1\n");
    std::fs::create_dir(folder.path("odd")).unwrap();
    for text in ["", "{", "{\"version\":9}", "[]", "\u{0}"] {
        folder.write("odd/run.json", text);
        folder.refused("train --resume odd", 1, &["odd/run.json"]);
    }
}
