//! Rows that are copies of earlier rows.

use std::collections::HashSet;

use foldhash::fast::RandomState;

/// Counts rows that are copies of earlier rows, by 64-bit hashes, in bounded memory.
#[derive(Debug)]
pub(crate) struct RowCopies {
    seen: HashSet<u64, RandomState>,
    max: usize,
    /// Rows that are copies.
    pub copies: usize,
    /// Whether every row was compared with all earlier rows.
    pub complete: bool,
}

impl RowCopies {
    /// Compares with the first `max` different rows.
    pub fn new(max: usize) -> Self {
        Self {
            seen: HashSet::default(),
            max,
            copies: 0,
            complete: true,
        }
    }

    /// Adds rows by the hashes of their cells: for each column, the hash of each row.
    pub fn add(&mut self, columns: &[Vec<u64>]) {
        let Some((first, others)) = columns.split_first() else {
            return;
        };
        let with = |hash: u64, cell: u64| {
            (hash.rotate_left(23) ^ cell).wrapping_mul(0x517c_c1b7_2722_0a95)
        };
        let mut rows: Vec<u64> = first.iter().map(|&cell| with(0, cell)).collect();
        for cells in others {
            for (hash, &cell) in rows.iter_mut().zip(cells) {
                *hash = with(*hash, cell);
            }
        }
        for hash in rows {
            if self.seen.len() < self.max {
                self.copies += usize::from(!self.seen.insert(hash));
            } else if self.seen.contains(&hash) {
                self.copies += 1;
            } else {
                self.complete = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_counted_and_cells_are_not_confused() {
        let mut rows = RowCopies::new(3);
        rows.add(&[vec![1, 2, 1], vec![2, 1, 2]]);
        assert_eq!((rows.copies, rows.complete), (1, true));
        rows.add(&[vec![5, 6, 2], vec![5, 6, 1]]);
        assert_eq!((rows.copies, rows.complete), (2, false));
    }
}
