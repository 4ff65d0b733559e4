//! A short run of each fuzz target, and what longer runs found.

use std::path::Path;

use backburn_tests::fuzzing::TARGETS;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

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

#[test]
fn each_target_stands_two_thousand_mutations() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for target in &TARGETS {
        let seeds = (target.seeds)();
        for seed in &seeds {
            (target.run)(seed);
            (target.run)(&[]);
        }
        for _ in 0..2000 {
            let seed = &seeds[rng.random_range(0..seeds.len())];
            (target.run)(&mutated(seed, &mut rng));
        }
    }
}

#[test]
fn what_was_found_once_is_not_found_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzzing");
    for target in &TARGETS {
        let found = std::fs::read_dir(folder.join(target.name));
        for entry in found.into_iter().flatten() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            (target.run)(&std::fs::read(path).unwrap());
        }
    }
}

/// Writes the seeds for a longer run: `cargo nextest run --workspace seeds --run-ignored only`.
#[test]
#[ignore = "writes files"]
fn seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for target in &TARGETS {
        let folder = folder.join(target.name);
        std::fs::create_dir_all(&folder).unwrap();
        for (index, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{index}")), seed).unwrap();
        }
    }
}
