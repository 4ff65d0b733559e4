//! A short run of each fuzz target, and what longer runs found. Each is run in a process of its own, whose time
//! and memory are bounded.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use backburn_tests::fuzzing::{FuzzTarget, TARGETS};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A test runs itself in another process, and names there the target and the file of the input.
const TARGET: &str = "BACKBURN_FUZZ_TARGET";
const INPUT: &str = "BACKBURN_FUZZ_INPUT";
/// What that process prints in the end.
const DONE: &str = "the fuzz target is done";

/// KiB of addresses that the process may have.
#[cfg(target_os = "linux")]
const MEMORY: u32 = 2_000_000;
/// An input takes milliseconds. What takes longer than this hangs.
const INPUT_TIME: Duration = Duration::from_secs(10);
/// All mutations of a target.
const TARGET_TIME: Duration = Duration::from_secs(300);

/// Some bytes changed, left out, repeated or put in.
fn mutated(seed: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..rng.random_range(1..5) {
        if bytes.is_empty() {
            break;
        }
        let place = rng.random_range(0..bytes.len());
        let length = rng.random_range(1..9usize).min(bytes.len() - place);
        match rng.random_range(0..6) {
            0 => bytes[place] = rng.random(),
            1 => bytes[place] ^= 1 << rng.random_range(0..8),
            2 => drop(bytes.drain(place..place + length)),
            3 => {
                let piece = bytes[place..place + length].to_vec();
                bytes.splice(place..place, piece);
            }
            4 => {
                const ODD: [&[u8]; 9] = [
                    b"-1",
                    b"1e999",
                    b"18446744073709551615",
                    b"[[[[",
                    b"\"",
                    b"\n",
                    b"\xff\xff\xff\xff",
                    b"\0\0\0\0",
                    b"NaN",
                ];
                let piece = ODD[rng.random_range(0..ODD.len())];
                bytes.splice(place..place, piece.iter().copied());
            }
            _ => bytes.truncate(place),
        }
    }
    bytes
}

/// Runs a target on an input; returned is whether that is what it should be.
fn timed(target: &FuzzTarget, input: &[u8]) -> bool {
    let started = Instant::now();
    let accepted = (target.run)(input);
    let took = started.elapsed();
    assert!(took < INPUT_TIME, "{}: {took:?} for an input", target.name);
    accepted
}

/// The target and the file of the input, in the process that a test started for them.
fn asked_for() -> Option<(&'static FuzzTarget, PathBuf)> {
    let name = std::env::var(TARGET).ok()?;
    let targets: &'static [FuzzTarget] = &TARGETS;
    let target = targets.iter().find(|target| target.name == name).unwrap();
    Some((target, std::env::var_os(INPUT).unwrap().into()))
}

/// A program whose memory is bounded, so that it ends where it allocates what an input claims.
#[cfg(target_os = "linux")]
fn bounded(program: &Path) -> Command {
    let mut command = Command::new("sh");
    let script = format!("ulimit -v {MEMORY} && exec \"$0\" \"$@\"");
    command.arg("-c").arg(script).arg(program);
    command
}

#[cfg(not(target_os = "linux"))]
fn bounded(program: &Path) -> Command {
    Command::new(program)
}

/// Runs this program's `test` for a target and an input, in another process.
fn in_another_process(test: &str, target: &FuzzTarget, input: &Path, limit: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let output = File::create(&log).unwrap();
    let mut child = bounded(&std::env::current_exe().unwrap())
        .args(["--exact", &format!("fuzzing::{test}"), "--nocapture"])
        .env(TARGET, target.name)
        .env(INPUT, input)
        // Each thread has addresses of its own.
        .env("RAYON_NUM_THREADS", "2")
        .env("MALLOC_ARENA_MAX", "2")
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if started.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        thread::sleep(Duration::from_millis(10));
    };
    let said = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
    let well = status.is_some_and(|status| status.success());
    if !(well && said.contains(DONE)) {
        let what = match status {
            None => format!("not done after {limit:?}"),
            Some(status) => format!("ended with {status}"),
        };
        let bytes = fs::read(input).unwrap_or_default();
        let bytes = bytes.escape_ascii();
        panic!("{}: {what}: {said}\nthe input: {bytes}", target.name);
    }
}

/// Runs a target on mutations of its seeds; each is written to a file first, for whoever finds this process
/// ended.
fn run_mutations(target: &FuzzTarget, input: &Path) {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{}", target.name);
    timed(target, &[]);
    for (place, seed) in seeds.iter().enumerate() {
        fs::write(input, seed).unwrap();
        assert!(timed(target, seed), "{}: seed {place}", target.name);
    }
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..2000 {
        let bytes = mutated(&seeds[rng.random_range(0..seeds.len())], &mut rng);
        fs::write(input, &bytes).unwrap();
        match timed(target, &bytes) {
            true => accepted += 1,
            false => refused += 1,
        }
    }
    // Where all were refused, nothing behind the reading was tried; where none was, nothing was damaged.
    assert!(
        accepted > 0 && refused > 0,
        "{}: {accepted} accepted, {refused} refused",
        target.name
    );
}

#[test]
fn each_target_stands_two_thousand_mutations() {
    if let Some((target, input)) = asked_for() {
        run_mutations(target, &input);
        println!("{DONE}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for target in &TARGETS {
        let input = folder.path().join(target.name);
        let test = "each_target_stands_two_thousand_mutations";
        in_another_process(test, target, &input, TARGET_TIME);
    }
}

#[test]
fn what_was_found_once_is_not_found_again() {
    if let Some((target, input)) = asked_for() {
        timed(target, &fs::read(input).unwrap());
        println!("{DONE}");
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzzing");
    for target in &TARGETS {
        let folder = folder.join(target.name);
        let found = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.unwrap().path());
        let found: Vec<PathBuf> = found.collect();
        assert!(!found.is_empty(), "{} is empty", folder.display());
        for input in found {
            let test = "what_was_found_once_is_not_found_again";
            in_another_process(test, target, &input, INPUT_TIME + INPUT_TIME);
        }
    }
}

/// A folder of another name would never be read.
#[test]
fn every_folder_of_inputs_is_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzzing");
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    let mut targets: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    targets.sort_unstable();
    assert_eq!(names, targets);
}

/// Writes the seeds for a longer run: `cargo nextest run --workspace seeds --run-ignored only`.
#[test]
#[ignore = "writes files"]
fn seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for target in &TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder).unwrap();
        for (index, seed) in (target.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{index}")), seed).unwrap();
        }
    }
}
