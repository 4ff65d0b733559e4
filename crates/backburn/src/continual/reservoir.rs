//! A random sample of all rows that were seen, of a limited size.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::memory::Memory;
use super::stored_rows::StoredRows;

/// Takes further rows into the sample of a memory by reservoir sampling (Vitter, "Random sampling with a reservoir",
/// 1985, algorithm R): each row seen so far is in the sample with the same probability. If the sample may be larger
/// than before, it is filled with new rows.
pub(crate) fn take_in(memory: &mut Memory, rows: &StoredRows, size: usize, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (memory.seen as u64).rotate_left(32));
    if memory.replay.is_empty() {
        memory.replay = rows.select(&[]);
    }
    if memory.replay.rows() > size {
        let mut kept: Vec<usize> = (0..memory.replay.rows()).collect();
        kept.shuffle(&mut rng);
        kept.truncate(size);
        kept.sort_unstable();
        memory.replay = memory.replay.select(&kept);
    }
    for row in 0..rows.rows() {
        memory.seen += 1;
        if memory.replay.rows() < size {
            memory.replay.extend(&rows.select(&[row]));
        } else {
            let place = rng.random_range(0..memory.seen);
            if place < size {
                memory.replay.replace(place, rows, row);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(task: usize, count: usize) -> StoredRows {
        let mut rows = StoredRows::new(1);
        (0..count).for_each(|row| rows.push(task, row as f32, 1.0, &[0.0]));
        rows
    }

    #[test]
    fn every_row_is_as_likely_to_be_in_the_sample() {
        let mut memory = Memory::default();
        for (task, count) in [1000, 500, 2500].into_iter().enumerate() {
            take_in(&mut memory, &rows(task, count), 400, 7);
        }
        assert_eq!((memory.seen, memory.replay.rows()), (4000, 400));
        let of_task = |task| memory.replay.of_task(task).rows() as f64 / 400.0;
        for (task, expected) in [0.25, 0.125, 0.625].into_iter().enumerate() {
            let found = of_task(task);
            assert!((found - expected).abs() < 0.08, "{task}: {found}");
        }
    }

    #[test]
    fn few_rows_are_all_kept_and_a_smaller_sample_drops_some() {
        let mut memory = Memory::default();
        take_in(&mut memory, &rows(0, 30), 50, 0);
        assert_eq!(memory.replay, rows(0, 30));
        take_in(&mut memory, &rows(1, 1), 10, 0);
        assert_eq!(memory.replay.rows(), 10);
    }
}
