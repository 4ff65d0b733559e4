//! Counts of what is unlike training in the rows that are predicted.

use backburn_preprocessing::{ColumnCounts, ColumnProfile, Encoder, Predictions, Target};
use backburn_table::{ColumnKind, Examples, UnreadValues};

use crate::shift_finding::ShiftFinding;
use crate::value_count::ValueCount;

/// Fewer rows than this are no sign of a shift, unless all rows agree.
const FEW_ROWS: usize = 3;

/// Counts of differences between the rows that are predicted and the training data, batch by batch. Its memory
/// does not grow with the rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataShift {
    rows: usize,
    columns: Vec<ColumnCounts>,
    /// Values that the format of the model cannot read.
    unread: UnreadValues,
    /// Predictions at the smallest and at the greatest value of the target in training.
    at_bounds: [usize; 2],
}

impl DataShift {
    /// Adds rows: what [`Encoder::encode_batch`] counted in each column.
    pub fn add_rows(&mut self, rows: usize, counts: &[ColumnCounts]) {
        self.rows += rows;
        self.columns.resize(counts.len(), ColumnCounts::default());
        for (sum, counts) in self.columns.iter_mut().zip(counts) {
            sum.add(counts);
        }
    }

    /// Adds values that the format of the model cannot read.
    pub fn add_unread(&mut self, unread: &UnreadValues) {
        self.unread.merge(unread);
    }

    /// Adds the predictions of rows.
    pub fn add_predictions(&mut self, predictions: &Predictions, target: &Target) {
        if let (
            Predictions::Values(values),
            Target::Regression {
                bounds: Some(bounds),
                ..
            },
        ) = (predictions, target)
        {
            for (sum, bound) in self.at_bounds.iter_mut().zip(bounds) {
                *sum += values.iter().filter(|value| *value == bound).count();
            }
        }
    }

    /// The number of rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How the rows differ from the training data, kind by kind. Models of older formats have no profile of their
    /// training rows: then only values that cannot be read, unseen categories and predictions at their bounds are
    /// found.
    pub fn findings(&self, encoder: &Encoder, target: &Target) -> Vec<ShiftFinding> {
        let unreadable = self.unreadable(encoder, target);
        let (mut missing, mut units, mut beyond, mut unseen) = (vec![], vec![], vec![], vec![]);
        for (index, (column, counts)) in encoder.columns.iter().zip(&self.columns).enumerate() {
            let name = column.name();
            if counts.unseen > 0 {
                unseen.push(ShiftFinding::Unseen {
                    column: name.to_string(),
                    rows: counts.unseen,
                    of: self.rows,
                });
            }
            let Some(profile) = encoder.profile.get(index) else {
                continue;
            };
            // Where most values are missing because they cannot be read, one finding is enough.
            let explains = |finding: &ShiftFinding| {
                matches!(finding, ShiftFinding::Unreadable { column, rows, .. }
                    if column == name && 2 * rows >= counts.missing)
            };
            if !unreadable.iter().any(explains) {
                missing.extend(self.missing(name, counts, profile));
            }
            let kind = column.kind();
            match other_unit(name, kind, counts, profile) {
                Some(unit) => units.push(unit),
                None => beyond.extend(beyond_training(name, kind, counts, profile)),
            }
        }
        let mut findings = [unreadable, missing, units, beyond, unseen].concat();
        findings.extend(self.at_bounds(target));
        findings
    }

    /// Values that cannot be read in the columns of the model, and in its target.
    fn unreadable(&self, encoder: &Encoder, target: &Target) -> Vec<ShiftFinding> {
        let is_used = |name: &str| {
            let mut columns = encoder.columns.iter();
            name == target.column() || columns.any(|column| column.name() == name)
        };
        let unread = self.unread.columns().filter(|(name, ..)| is_used(name));
        let finding = |(name, expected, examples): (&str, _, Examples)| ShiftFinding::Unreadable {
            column: name.to_string(),
            rows: examples.total,
            of: self.rows,
            expected,
            examples: examples.texts.into_iter().map(ValueCount::new).collect(),
        };
        unread.map(finding).collect()
    }

    /// A column that is mostly missing, and that was not or rarely missing in training.
    fn missing(
        &self,
        column: &str,
        counts: &ColumnCounts,
        training: &ColumnProfile,
    ) -> Option<ShiftFinding> {
        let share = counts.missing as f64 / self.rows.max(1) as f64;
        let usual = training.missing as f64 / training.rows.max(1) as f64;
        let many = counts.missing >= FEW_ROWS;
        let mostly = share >= 0.5 && share >= 5.0 * usual && (training.missing == 0 || many);
        // That 20 rows lack a value that half of the rows have is no chance.
        let wholly = counts.missing == self.rows && usual <= 0.5 && counts.missing >= 20;
        (counts.missing > 0 && (mostly || wholly)).then(|| ShiftFinding::Missing {
            column: column.to_string(),
            rows: counts.missing,
            of: self.rows,
            training_rows: training.missing,
            of_training: training.rows,
        })
    }

    /// Predictions at a bound, if there are many, and more than training rows.
    fn at_bounds(&self, target: &Target) -> Option<ShiftFinding> {
        let Target::Regression {
            bounds: Some(bounds),
            at_bounds,
            ..
        } = target
        else {
            return None;
        };
        // Where it is unknown: many targets have one value that is frequent, such as 0.
        let usual = at_bounds.unwrap_or([0.25; 2]);
        let found = (0..2).filter(|&side| {
            let rows = self.at_bounds[side];
            let share = rows as f64 / self.rows.max(1) as f64;
            rows >= FEW_ROWS && share > 0.05 + 2.0 * usual[side]
        });
        let side = found.max_by_key(|&side| self.at_bounds[side])?;
        Some(ShiftFinding::AtBound {
            rows: self.at_bounds[side],
            of: self.rows,
            bound: bounds[side],
            greatest: side == 1,
        })
    }
}

/// Numbers of which nearly all are over 100 times as large or as small as usual in training. A few numbers
/// must also be beyond those of training, since some columns have numbers of very different sizes.
fn other_unit(
    column: &str,
    kind: ColumnKind,
    counts: &ColumnCounts,
    training: &ColumnProfile,
) -> Option<ShiftFinding> {
    let values = training.values.filter(|_| kind == ColumnKind::Numeric)?;
    let nearly_all = |rows: usize| {
        let enough = counts.nonzero >= 10 || counts.beyond == counts.values;
        rows > 0 && 4 * rows > 3 * counts.nonzero && enough
    };
    let (rows, larger) = match values.size > 0.0 {
        true if nearly_all(counts.large) => (counts.large, true),
        true if nearly_all(counts.small) => (counts.small, false),
        _ => return None,
    };
    Some(ShiftFinding::OtherUnit {
        column: column.to_string(),
        rows,
        of: counts.values,
        larger,
        beyond: counts.beyond,
        range: [values.min, values.max],
    })
}

/// Values beyond those of training: more than 1 % of the rows, and more than the two of each training row and
/// one that chance puts there, by three standard deviations.
fn beyond_training(
    column: &str,
    kind: ColumnKind,
    counts: &ColumnCounts,
    training: &ColumnProfile,
) -> Option<ShiftFinding> {
    let values = training.values?;
    let known = (training.rows - training.missing) as f64;
    let expected = counts.values as f64 * 2.0 / (known + 1.0);
    let rows = counts.beyond as f64;
    let many = counts.beyond >= FEW_ROWS
        && rows > 0.01 * counts.values as f64
        && rows > expected + 3.0 * expected.sqrt();
    many.then(|| ShiftFinding::Beyond {
        column: column.to_string(),
        rows: counts.beyond,
        of: counts.values,
        range: [values.min, values.max],
        date: kind == ColumnKind::Date,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use backburn_preprocessing::{EncoderOptions, Task};
    use backburn_table::{ReadOptions, Schema, Table, infer_table};

    use super::*;

    fn table(csv: &str) -> Table {
        let bytes = std::io::Cursor::new(csv.as_bytes().to_vec());
        Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap()
    }

    /// A table of a number, a date, a category and a target.
    fn rows(count: usize, row: impl Fn(usize) -> [String; 3]) -> String {
        let rows = (0..count).map(|n| format!("{},{}\n", row(n).join(","), n % 10));
        format!("x,d,c,y\n{}", rows.collect::<String>())
    }

    fn usual(n: usize) -> [String; 3] {
        let x = 1.0 + (n * 37 % 101) as f64 / 50.0;
        [
            x.to_string(),
            format!("2024-01-{:02}", 1 + n % 28),
            ["a", "b"][n % 2].to_string(),
        ]
    }

    /// What is found in `csv` by a model that was trained on 200 usual rows.
    fn found(csv: &str, predictions: &[f64]) -> Vec<ShiftFinding> {
        let training = table(&rows(200, usual));
        let all: Vec<usize> = (0..200).collect();
        let schema = Schema::infer(&training, &BTreeMap::new()).unwrap();
        let options = EncoderOptions::default();
        let (encoder, _) = Encoder::fit(&training, &schema, &["y"], &all, &options).unwrap();
        let target = Target::fit(&training, "y", Task::Regression, &all, &all).unwrap();
        let target = target.with_bounds(&training, &all).unwrap();
        let mut shift = DataShift::default();
        for batch in encoder.encode_by_batch(&table(csv)) {
            shift.add_rows(predictions.len(), &batch.unwrap().counts);
        }
        shift.add_predictions(&Predictions::Values(predictions.to_vec()), &target);
        shift.findings(&encoder, &target)
    }

    fn texts(csv: &str, count: usize) -> Vec<String> {
        let findings = found(csv, &vec![5.0; count]);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn usual_rows_are_like_training() {
        for count in [1, 7, 60, 500] {
            assert_eq!(texts(&rows(count, usual), count), [""; 0], "{count} rows");
        }
    }

    #[test]
    fn a_column_that_is_mostly_missing_is_found() {
        let without_x = |n: usize| [String::new(), usual(n)[1].clone(), usual(n)[2].clone()];
        assert_eq!(
            texts(&rows(60, without_x), 60),
            ["`x` is missing in 60 of 60 rows, in training in none"]
        );
        let mostly = |n: usize| {
            if n.is_multiple_of(3) {
                usual(n)
            } else {
                without_x(n)
            }
        };
        assert_eq!(
            texts(&rows(60, mostly), 60),
            ["`x` is missing in 40 of 60 rows, in training in none"]
        );
        let rarely = |n: usize| {
            if n.is_multiple_of(10) {
                without_x(n)
            } else {
                usual(n)
            }
        };
        assert_eq!(texts(&rows(60, rarely), 60), [""; 0]);
    }

    #[test]
    fn another_unit_is_found_in_many_rows_and_in_one() {
        for (factor, how, beyond) in [
            (1000.0, "large", true),
            (-1000.0, "large", true),
            (0.001, "small", true),
        ] {
            for count in [1, 60] {
                let scaled = |n: usize| {
                    let [x, d, c] = usual(n);
                    let x = x.parse::<f64>().unwrap() * factor;
                    [x.to_string(), d, c]
                };
                let texts = texts(&rows(count, scaled), count);
                let [text] = texts.as_slice() else {
                    panic!("{factor}: {texts:?}");
                };
                let words =
                    format!("`x` is over 100 times as {how} as usual in training in {count} of");
                assert!(text.starts_with(&words), "{text}");
                assert_eq!(
                    text.contains("outside the range of training"),
                    beyond,
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn values_beyond_training_are_found_unless_they_are_few() {
        let later = |n: usize| {
            [
                usual(n)[0].clone(),
                "2025-06-01".to_string(),
                usual(n)[2].clone(),
            ]
        };
        assert_eq!(
            texts(&rows(60, later), 60),
            [
                "`d` is outside the range of training (2024-01-01 to 2024-01-28) in 60 of 60 rows; in these rows, prediction intervals \
                 and probabilities are unreliable"
            ]
        );
        let few = |n: usize| if n < 2 { later(n) } else { usual(n) };
        assert_eq!(texts(&rows(60, few), 60), [""; 0]);
        // An outlier is no other unit.
        let outlier = |n: usize| match n {
            0 => ["1e9".to_string(), usual(n)[1].clone(), usual(n)[2].clone()],
            _ => usual(n),
        };
        assert_eq!(texts(&rows(60, outlier), 60), [""; 0]);
    }

    #[test]
    fn predictions_at_the_bound_are_found_if_they_are_many() {
        let csv = rows(100, usual);
        let with = |at: usize, bound: f64| {
            let mut predictions = vec![5.0; 100];
            predictions[..at].fill(bound);
            found(&csv, &predictions)
        };
        assert_eq!(
            with(98, 9.0)[0].to_string(),
            "98 of 100 predictions are at the greatest value seen in training, 9.0000, which limits them \
             (data.clip_predictions)"
        );
        assert!(with(98, 0.0)[0].to_string().contains("the smallest value"));
        // One training row in ten is at each bound.
        assert!(with(20, 9.0).is_empty());
        assert!(with(98, 8.0).is_empty());
    }

    #[test]
    fn values_that_cannot_be_read_are_found_in_place_of_a_missing_column() {
        let training = table(&rows(200, |n| match n % 9 {
            0 => [
                "unclear".to_string(),
                usual(n)[1].clone(),
                usual(n)[2].clone(),
            ],
            _ => usual(n),
        }));
        let inferred = infer_table(&training, &Default::default()).unwrap();
        let all: Vec<usize> = (0..200).collect();
        let options = EncoderOptions::default();
        let fitted = Encoder::fit(&inferred.table, &inferred.schema, &["y"], &all, &options);
        let (encoder, _) = fitted.unwrap();
        let target = Target::fit(&inferred.table, "y", Task::Regression, &all, &all).unwrap();
        let new = table(&rows(60, |n| {
            ["broken".to_string(), usual(n)[1].clone(), String::new()]
        }));
        let mut shift = DataShift::default();
        let read = inferred.format.apply_to_table(&new).unwrap();
        for (raw, read) in new.batches().iter().zip(read.batches()) {
            let mut unread = UnreadValues::default();
            unread.add(&inferred.format, raw, read);
            shift.add_unread(&unread);
            let encoded = encoder.encode_batch(read).unwrap();
            shift.add_rows(read.num_rows(), &encoded.counts);
        }
        let findings = shift.findings(&encoder, &target);
        let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "`x` is treated as missing in 60 of 60 rows, because its values are not numbers (`broken` 60)",
                "`c` is missing in 60 of 60 rows, in training in none",
            ]
        );
    }

    #[test]
    fn a_model_without_a_profile_finds_what_it_can() {
        let training = table(&rows(20, usual));
        let all: Vec<usize> = (0..20).collect();
        let schema = Schema::infer(&training, &BTreeMap::new()).unwrap();
        let options = EncoderOptions::default();
        let (mut encoder, _) = Encoder::fit(&training, &schema, &["y"], &all, &options).unwrap();
        encoder.profile.clear();
        let target = Target::fit(&training, "y", Task::Regression, &all, &all).unwrap();
        let new = table("x,d,c,y\n,,z,1\n");
        let counts = encoder.encode_batch(&new.batches()[0]).unwrap().counts;
        let mut shift = DataShift::default();
        shift.add_rows(1, &counts);
        let findings = shift.findings(&encoder, &target);
        assert!(matches!(
            findings[..],
            [ShiftFinding::Unseen { rows: 1, .. }]
        ));
    }
}
