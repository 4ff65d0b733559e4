//! Rows that belong together when errors are estimated: those of a group, or copies of each other.

use std::collections::HashMap;

/// The unit of each of some rows, counted from 0 in the order of the rows. `clusters` has a number for each row of the
/// table that it shares with the rows of its unit; without it, each row is a unit of its own.
pub(crate) fn row_units(rows: &[usize], clusters: Option<&[usize]>) -> Vec<usize> {
    let Some(clusters) = clusters else {
        return (0..rows.len()).collect();
    };
    let mut units = HashMap::new();
    let of_row = |&row: &usize| {
        let next = units.len();
        *units.entry(clusters[row]).or_insert(next)
    };
    rows.iter().map(of_row).collect()
}

/// The number of units.
pub(crate) fn number_of_units(units: &[usize]) -> usize {
    units.iter().max().map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_cluster_are_one_unit() {
        assert_eq!(row_units(&[5, 7, 9], None), [0, 1, 2]);
        let clusters = [8, 3, 8, 4, 3];
        assert_eq!(row_units(&[1, 2, 3, 4], Some(&clusters)), [0, 1, 2, 0]);
        assert_eq!(number_of_units(&row_units(&[0, 2], Some(&clusters))), 1);
        assert_eq!(number_of_units(&[]), 0);
    }
}
