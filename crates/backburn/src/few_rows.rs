//! A note on the score of very few rows.

use crate::score::Score;
use crate::text::count;

/// Standard errors of fewer units are unreliable.
const FEW: usize = 10;

impl Score {
    /// A sentence without a full stop about a score of very few rows, or of few groups of rows.
    pub fn few_rows_note(&self) -> Option<String> {
        let units = self.units?;
        let rows = count(self.rows, "row");
        let of = match units == self.rows {
            true => rows,
            false => format!(
                "{} ({rows}; the rows of a value of --group, and the copies of a row, are a group)",
                count(units, "group")
            ),
        };
        (units < FEW).then(|| {
            format!(
                "this score is of only {of}: the score of other rows may be quite different, and the standard errors \
                 (±) are unreliable; score more rows"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use backburn_preprocessing::Predictions;

    use super::*;
    use crate::targets::Targets;

    #[test]
    fn few_rows_and_few_groups_are_said() {
        let note = |rows: usize, clusters: Option<&[usize]>| {
            let targets = Targets::Values((0..rows).map(|row| row as f64).collect());
            let predictions = Predictions::Values(vec![1.5; rows]);
            let all: Vec<usize> = (0..rows).collect();
            let score = Score::of_rows(&predictions, &targets, &all).unwrap();
            assert_eq!(score.few_rows_note(), None);
            score
                .with_standard_errors(&predictions, &targets, &all, (None, clusters))
                .few_rows_note()
        };
        assert!(note(3, None).unwrap().contains("of only 3 rows:"));
        assert_eq!(note(10, None), None);
        let groups: Vec<usize> = (0..30).map(|row| row / 10).collect();
        let text = note(30, Some(&groups)).unwrap();
        assert!(
            text.contains("of only 3 groups (30 rows; the rows of a value of --group,"),
            "{text}"
        );
    }

    #[test]
    fn rows_without_a_target_are_not_counted() {
        let mut values = vec![f64::NAN; 40];
        values[..4].copy_from_slice(&[1.0, 2.0, 3.0, 4.0]);
        let (targets, predictions) = (Targets::Values(values), Predictions::Values(vec![1.5; 40]));
        let all: Vec<usize> = (0..40).collect();
        let scored = |rows: &[usize]| {
            let predictions = predictions.select(rows);
            let score = Score::of_rows(&predictions, &targets, rows).unwrap();
            score.with_standard_errors(&predictions, &targets, rows, (None, None))
        };
        let (some, only) = (scored(&all), scored(&all[..4]));
        assert!(some.few_rows_note().unwrap().contains("of only 4 rows:"));
        assert_eq!(some.standard_errors, only.standard_errors);
        assert_eq!(some.units, Some(4));
    }
}
