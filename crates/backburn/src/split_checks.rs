//! Checks of how the rows of a dataset are split, and notes on rows that splits leave out.

use std::collections::HashSet;

use backburn_table::Split;

use crate::dataset::Dataset;
use crate::error::Error;
use crate::split_note::SplitNote;
use crate::text::{column_option, shown};

impl Dataset {
    /// Checks that a split has training rows.
    ///
    /// # Errors
    ///
    /// It has none, since all of them are copies of validation rows.
    pub(crate) fn check_training_rows(&self, split: &Split) -> Result<(), Error> {
        let splitter = self.splitter();
        let are_copies = splitter.has_rule() && splitter.copies.is_some();
        match split.training.is_empty() && !split.validation.is_empty() && are_copies {
            true => Err(self.only_copies()),
            false => Ok(()),
        }
    }

    /// The error of rows that are all copies of validation rows.
    fn only_copies(&self) -> Error {
        let columns = &self.options().split;
        let options = columns
            .named()
            .map(|(option, column)| column_option(option, column));
        let options: Vec<String> = options.collect();
        Error::Config(format!(
            "{}: every training row is a copy of a validation row, and is left out: remove the copies from the table, or \
             leave this option out",
            options.join(" ")
        ))
    }

    /// Checks that the rows that are left when others are set aside can be divided again.
    ///
    /// # Errors
    ///
    /// They are all of one group, fold or time, or all are copies of the others.
    pub(crate) fn check_rest(&self, split: &Split) -> Result<(), Error> {
        self.check_training_rows(split)?;
        let (splitter, rest) = (self.splitter(), &split.training);
        let columns = &self.options().split;
        let groups = splitter.groups.as_ref();
        let groups = groups.map(|of_row| different(rest.iter().map(|&row| of_row[row])));
        let folds = splitter.folds.as_ref();
        let folds = folds.map(|of_row| different(rest.iter().filter_map(|&row| of_row[row])));
        let times = splitter.times.as_ref();
        let times = times.map(|of_row| different(rest.iter().map(|&row| of_row[row].to_bits())));
        let known = [
            ("--group", "group", &columns.group, groups),
            ("--fold", "fold", &columns.fold, folds),
            ("--time", "time", &columns.time, times),
        ];
        // Several targets are not cross-validated.
        let or_folds = match self.options().other_targets.is_empty() {
            true => ", or score by --folds",
            false => "",
        };
        for (option, what, column, number) in known {
            if let (Some(column), Some(0 | 1)) = (column, number) {
                return Err(Error::Config(format!(
                    "{option}: when rows are set aside for the test, all others are of one {what} of column `{}`, and \
                     cannot be divided into training and validation: choose a column with more {what}s, or a table of \
                     test rows (--test){or_folds}",
                    shown(column)
                )));
            }
        }
        Ok(())
    }

    /// A note if a split has fewer rows than it could have. `None` for rows that are split at random.
    pub(crate) fn rows_left_out(&self, split: &Split) -> Option<SplitNote> {
        let (left_out, why) = self.left_out(split, "validation")?;
        let rows = self.rows().len();
        Some(SplitNote::LeftOut {
            left_out,
            rows,
            why,
        })
    }

    /// The same for a split into rows to learn from and rows to test on.
    pub(crate) fn rows_left_out_of_test(&self, split: &Split) -> Option<SplitNote> {
        let (left_out, why) = self.left_out(split, "test")?;
        let rows = self.rows().len();
        Some(SplitNote::LeftOutOfTest {
            left_out,
            rows,
            why,
        })
    }

    /// The number of rows on neither side of a split, and what they are. `held_out` is what the second side is called.
    fn left_out(&self, split: &Split, held_out: &str) -> Option<(usize, String)> {
        let used = split.training.len() + split.validation.len();
        let rows = self
            .rows()
            .len()
            .checked_sub(used)
            .filter(|rows| *rows > 0)?;
        let splitter = self.splitter();
        let copies = format!("copies of {held_out} rows");
        let reasons = [
            (splitter.is_in_time() && splitter.gap > 0.0, "in the gap"),
            (
                splitter.is_in_time() && splitter.groups.is_some(),
                "of a group on the other side of the cut",
            ),
            (
                splitter.has_rule() && splitter.copies.is_some(),
                copies.as_str(),
            ),
        ];
        let why: Vec<&str> = reasons
            .into_iter()
            .filter_map(|(is, why)| is.then_some(why))
            .collect();
        (!why.is_empty()).then(|| (rows, why.join(", or ")))
    }

    /// A note if rows are in no validation part of some folds.
    pub(crate) fn rows_not_validated(&self, folds: &[Split]) -> Option<SplitNote> {
        let validated: usize = folds.iter().map(|fold| fold.validation.len()).sum();
        let rows = self
            .rows()
            .len()
            .checked_sub(validated)
            .filter(|rows| *rows > 0)?;
        let splitter = self.splitter();
        let reasons = [
            (splitter.is_in_time(), "before the first cut"),
            (
                splitter.is_in_time() && splitter.groups.is_some(),
                "of a group with rows before a cut",
            ),
            (splitter.folds.is_some(), "without a fold"),
        ];
        let why: Vec<&str> = reasons
            .into_iter()
            .filter_map(|(is, why)| is.then_some(why))
            .collect();
        (!why.is_empty()).then(|| SplitNote::NotValidated {
            not_validated: rows,
            rows: self.rows().len(),
            why: why.join(", or "),
        })
    }
}

/// The number of different values.
fn different<T: Eq + std::hash::Hash>(values: impl Iterator<Item = T>) -> usize {
    values.collect::<HashSet<T>>().len()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::{ReadOptions, Table};

    use super::*;
    use crate::dataset_options::DatasetOptions;
    use crate::split_columns::SplitColumns;

    fn dataset(csv: &str, split: SplitColumns) -> Dataset {
        let csv = Cursor::new(csv.to_string());
        let table = Table::from_reader("t.csv", csv, &ReadOptions::default()).unwrap();
        let options = DatasetOptions {
            split,
            ..DatasetOptions::default()
        };
        Dataset::new(table, "y", &options).unwrap()
    }

    fn by_group() -> SplitColumns {
        SplitColumns {
            group: Some("g".to_string()),
            ..SplitColumns::default()
        }
    }

    /// Two groups of 60 rows. In both, the rows are the same ones if `copied`.
    fn two_groups(copied: bool) -> Dataset {
        let row = |row: usize| {
            let n = if copied { row % 60 } else { row };
            let group = if row < 60 { "a" } else { "b" };
            format!("{group},{}.25,{}.5\n", n * 37 % 101, n * 11 % 97)
        };
        let rows: String = (0..120).map(row).collect();
        dataset(&format!("g,x,y\n{rows}"), by_group())
    }

    #[test]
    fn one_group_that_is_left_cannot_be_divided() {
        let error = two_groups(false).split(0.5, 0).unwrap_err().to_string();
        assert!(
            error.contains("all others are of one group of column `g`"),
            "{error}"
        );
        assert!(error.contains("--test"), "{error}");
    }

    #[test]
    fn groups_that_are_copies_of_each_other_leave_no_training_row() {
        let data = two_groups(true);
        let split = data.validation_split(&crate::config::Config::default());
        assert!(split.training.is_empty() && !split.validation.is_empty());
        let error = data.check_training_rows(&split).unwrap_err().to_string();
        assert!(
            error.starts_with("--group g: every training row is a copy"),
            "{error}"
        );
        let error = data.check_folds("--folds", 2).unwrap_err().to_string();
        assert!(error.contains("copies"), "{error}");
    }

    #[test]
    fn rows_in_a_gap_are_counted() {
        let rows: String = (0..40)
            .map(|row| format!("{row},{}.5,{}.25\n", row * 37 % 101, row * 7 % 13))
            .collect();
        let split = SplitColumns {
            time: Some("t".to_string()),
            gap: "5".parse().ok(),
            ..SplitColumns::default()
        };
        let data = dataset(&format!("t,x,y\n{rows}"), split);
        let split = data.splitter().split(data.rows(), 0.2, None, 0);
        let note = data.rows_left_out(&split).unwrap().to_string();
        assert!(note.starts_with("4 of 40 rows are neither"), "{note}");
        let (train, test) = data.split(0.2, 0).unwrap();
        assert_eq!((train.rows().len(), test.rows().len()), (28, 8));
        let said = train.warnings().iter().map(ToString::to_string);
        let said: Vec<String> = said.filter(|note| note.contains("tested")).collect();
        assert_eq!(
            said,
            ["4 of 40 rows are neither trained on nor tested: in the gap"]
        );
        let folds = data.folds(4, 0);
        let note = data.rows_not_validated(&folds).unwrap().to_string();
        assert!(
            note.starts_with("8 of 40 rows are in no validation part"),
            "{note}"
        );
        let random = two_groups(false);
        let split = random.splitter().split(random.rows(), 0.5, None, 0);
        assert_eq!(random.rows_left_out(&split), None);
        assert_eq!(random.rows_not_validated(&random.folds(2, 0)), None);
    }
}
