//! Running the program as a user would.

#![allow(dead_code)] // each test file uses a part

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::{env, fs, io};

use tempfile::TempDir;

/// A folder of its own to run the program in.
pub struct Folder {
    folder: TempDir,
}

/// What the program answered.
pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Folder {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(name), contents).unwrap();
        self
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// A command line, split at white space.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        command
            .args(line.split_whitespace())
            .current_dir(&self.folder)
            .env_remove("CARGO_MANIFEST_DIR");
        command
    }

    pub fn run(&self, line: &str) -> Answer {
        let output = self.command(line).stdin(Stdio::null()).output().unwrap();
        Answer::new(output)
    }

    /// Runs what must succeed.
    pub fn done(&self, line: &str) -> Answer {
        let answer = self.run(line);
        assert_eq!(answer.code, 0, "{line}: {}", answer.stderr);
        answer
    }

    /// Runs what must fail with this code and these words, without a panic or any output.
    pub fn refused(&self, line: &str, code: i32, words: &[&str]) {
        let answer = self.run(line);
        assert_eq!(
            answer.code, code,
            "{line}: {}{}",
            answer.stdout, answer.stderr
        );
        for word in words {
            assert!(
                answer.stderr.contains(word),
                "{line}: no {word:?} in {}",
                answer.stderr
            );
        }
        assert!(
            !answer.stderr.contains("panicked"),
            "{line}: {}",
            answer.stderr
        );
    }

    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Answer {
    pub fn new(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The JSON object on the last line of standard output.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.stdout.lines().last().unwrap()).unwrap()
    }
}

/// Says that something was not tested, and why. What `eprintln` writes in a test that passes is not shown, and
/// this is.
pub fn skipped(what: &str) {
    let mut stderr = io::stderr();
    writeln!(stderr, "skipped: {what}").unwrap();
}

/// As [`skipped`], where a program is missing that anyone can install: a machine that sets `CI` must have it.
pub fn skipped_without(program: &str, what: &str) {
    assert!(
        env::var_os("CI").is_none(),
        "no {program}: install it, so that {what} is tested"
    );
    skipped(&format!("no {program}: {what} was not tested"));
}

/// A table of houses whose price follows from their size and street.
pub fn houses(rows: usize) -> String {
    let mut csv = "size,street,built,price\n".to_string();
    for row in 0..rows {
        let size = 50 + (row * 37) % 150;
        let street = ["north", "south", "east"][row % 3];
        let price = size * 1000 + (row % 3) * 20_000;
        csv += &format!(
            "{size},{street},{}-0{}-01,{price}.5\n",
            1990 + row % 20,
            1 + row % 9
        );
    }
    csv
}

/// A table of two classes.
pub fn flowers(rows: usize) -> String {
    let mut csv = "length,width,kind\n".to_string();
    for row in 0..rows {
        let big = row % 2;
        let length = 2.0 + big as f64 * 2.0 + (row % 7) as f64 * 0.1;
        csv += &format!(
            "{length},{},{}\n",
            1.0 + (row % 5) as f64 * 0.2,
            ["rose", "lily"][big]
        );
    }
    csv
}

/// Settings under which training takes no time.
pub const QUICK: &str = "--set training.epochs=3 --set network.hidden=[8]";
