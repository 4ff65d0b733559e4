//! A sample of the training rows, by their hashes.

use serde::{Deserialize, Serialize};

/// The number of hashes that are kept.
const SIZE: usize = 128;
/// Fewer rows in the sample say nothing about all rows, unless they are all.
const MIN_FOUND: usize = 5;

/// A sample of the training rows, by 64-bit hashes of their values and their target: the smallest hashes
/// (Broder, "On the Resemblance and Containment of Documents", 1997). With it, a model finds out whether it is
/// scored on rows that it was trained on, in whatever order and kind of file they are. It is empty where rows
/// often have the same values, so that a copy of a training row is no sign.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowSample {
    /// In ascending order.
    hashes: Vec<u64>,
}

impl RowSample {
    /// The sample of rows with these hashes.
    pub fn new(mut hashes: Vec<u64>) -> Self {
        let rows = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        if hashes.len() * 10 < rows * 9 {
            hashes.clear();
        }
        hashes.truncate(SIZE);
        Self { hashes }
    }

    /// The sample of these rows and of those of another sample. It is empty if one of them is.
    #[cfg(feature = "train")]
    pub(crate) fn merged(&self, other: &Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return Self::default();
        }
        let mut hashes = [self.hashes.as_slice(), &other.hashes].concat();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.truncate(SIZE);
        Self { hashes }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The share of rows with these hashes that are among the sampled rows: an estimate, unless there are few
    /// training rows. `None` if too few of the rows could be in the sample.
    pub fn share_of(&self, hashes: &[u64]) -> Option<f64> {
        // A sample that is not full has all training rows.
        let last = match self.hashes.len() < SIZE {
            true => u64::MAX,
            false => *self.hashes.last()?,
        };
        if self.hashes.is_empty() {
            return None;
        }
        let candidates: Vec<&u64> = hashes.iter().filter(|hash| **hash <= last).collect();
        if candidates.is_empty() || candidates.len() < MIN_FOUND.min(hashes.len()) {
            return None;
        }
        let known = candidates.iter();
        let known = known.filter(|hash| self.hashes.binary_search(hash).is_ok());
        Some(known.count() as f64 / candidates.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes that look random.
    fn hashes(from: u64, to: u64) -> Vec<u64> {
        let hash = |n: u64| {
            let mixed = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
        };
        (from..to).map(hash).collect()
    }

    #[test]
    fn training_rows_are_found_in_any_order_and_among_others() {
        let sample = RowSample::new(hashes(0, 2000));
        let mut all = hashes(0, 2000);
        all.reverse();
        assert_eq!(sample.share_of(&all), Some(1.0));
        // A part of the training rows is known as such, too.
        assert_eq!(sample.share_of(&hashes(500, 1000)), Some(1.0));
        assert_eq!(sample.share_of(&hashes(2000, 4000)), Some(0.0));
        let half = sample.share_of(&hashes(1000, 3000)).unwrap();
        assert!((0.35..0.65).contains(&half), "{half}");
        assert_eq!(sample.share_of(&[]), None);
    }

    #[test]
    fn few_training_rows_are_all_in_the_sample() {
        let sample = RowSample::new(hashes(0, 20));
        assert_eq!(sample.share_of(&hashes(0, 20)), Some(1.0));
        assert_eq!(sample.share_of(&hashes(19, 21)), Some(0.5));
        assert_eq!(sample.share_of(&hashes(20, 900)), Some(0.0));
    }

    #[test]
    fn rows_that_repeat_have_no_sample() {
        let twice = [hashes(0, 100), hashes(0, 100)].concat();
        assert!(RowSample::new(twice.clone()).is_empty());
        assert_eq!(RowSample::new(twice).share_of(&hashes(0, 100)), None);
        let nearly = [hashes(0, 100), hashes(0, 5)].concat();
        assert!(!RowSample::new(nearly).is_empty());
        assert!(RowSample::new(Vec::new()).is_empty());
    }
}
