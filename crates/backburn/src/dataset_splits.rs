//! How the rows of a dataset are split.

use backburn_table::Split;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::text::{count, shown};

impl Dataset {
    /// The folds of a cross-validation: those of the user's column of folds if there is one, and then their number
    /// is that of the column. Otherwise `folds`, drawn from a seed as the [`SplitColumns`](crate::SplitColumns) say:
    /// at random with the same share of each class, by group, or in the order of time, where each fold is predicted
    /// from all earlier rows. There are fewer if the rows allow no more.
    pub fn folds(&self, folds: usize, seed: u64) -> Vec<Split> {
        let splitter = self.splitter();
        splitter.outer_folds(self.rows(), folds, self.classes(), seed)
    }

    /// The number of folds that the user's column has, if there is one.
    pub fn given_folds(&self) -> Option<usize> {
        self.options().split.fold.as_ref()?;
        Some(self.folds(0, 0).len())
    }

    /// Checks that the rows can be divided into folds. `option` has their number, such as `--folds`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if there are fewer rows, groups or times than folds need.
    pub fn check_folds(&self, option: &str, folds: usize) -> Result<(), Error> {
        let rows = self.rows().len();
        if folds > rows {
            return Err(Error::Config(format!(
                "{option} {folds}: must be at most the number of rows, and there are {}",
                count(rows, "row")
            )));
        }
        let possible = self.folds(folds, 0).len();
        match self.given_folds().is_some() || possible >= folds {
            true => Ok(()),
            false => Err(Error::Config(format!(
                "{option} {folds}: at most {possible}, since {}",
                self.what_limits_folds()
            ))),
        }
    }

    /// Checks that rows were set aside by [`split`](Self::split). `option` has their share, such as `--test-share`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if there are none.
    pub fn check_set_aside(&self, option: &str, share: f64) -> Result<(), Error> {
        match self.rows().is_empty() {
            false => Ok(()),
            true => Err(Error::Config(format!(
                "{option} {share}: no row can be set aside: choose a larger share, or a table with more rows"
            ))),
        }
    }

    /// How rows are split, in words; `None` if they are split at random.
    pub fn splits_in_words(&self) -> Option<String> {
        let columns = &self.options().split;
        let gap = columns.gap.map(|gap| format!(", gap {gap}"));
        let words = columns.named().map(|(option, column)| {
            let column = shown(column);
            match option {
                "--group" => format!("rows of one `{column}` together"),
                "--time" => {
                    let gap = gap.clone().unwrap_or_default();
                    format!("later rows from earlier ones (`{column}`{gap})")
                }
                _ => format!("the folds of `{column}`"),
            }
        });
        let words: Vec<String> = words.collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    fn what_limits_folds(&self) -> &'static str {
        let split = &self.options().split;
        match (&split.time, &split.group) {
            (Some(_), _) => {
                "each fold needs times after those of the rows that it is predicted from"
            }
            _ if self.splitter().has_rule() && self.splitter().copies.is_some() => {
                "the rows of a group or fold are together, and copies of validation rows are left out of training"
            }
            (_, Some(_)) => "the rows of a group are in one fold",
            _ => "the copies of a row are in one fold",
        }
    }

    /// The dataset with given validation rows in place of those that fits draw: no network is trained on them
    /// (other than by a refit), and they choose the best epoch of every network and calibrate the predictions.
    /// `rows` are indices of rows of the [`table`](Self::table).
    ///
    /// # Errors
    ///
    /// Rows of which none can be learned from, or which leave none for training.
    pub fn with_validation_rows(mut self, rows: &[usize]) -> Result<Self, Error> {
        let mut held_out = vec![false; self.table().rows()];
        for &row in rows {
            let Some(held_out) = held_out.get_mut(row) else {
                let rows = count(self.table().rows(), "row");
                let reason =
                    format!("validation rows: there is no row {row}, the table has {rows}");
                return Err(Error::Config(reason));
            };
            *held_out = true;
        }
        self.hold_out(Some(held_out));
        match self.splitter().given_split(self.rows()) {
            Some(_) => Ok(self),
            None => Err(Error::Config(
                "validation rows: there must be rows with a target among them, and others to train on"
                    .to_string(),
            )),
        }
    }

    /// The split into training and validation rows that a config asks for.
    pub fn validation_split(&self, config: &Config) -> Split {
        if let Some(split) = self.splitter().given_split(self.rows()) {
            return split;
        }
        let share = config.data.validation_fraction;
        let (splitter, seed) = (self.splitter(), config.training.seed);
        splitter.split(self.rows(), share, self.classes(), seed)
    }

    /// The split to fit a model on some of the rows, which are in ascending order. An ensemble divides both parts
    /// anew; they have all rows.
    pub(crate) fn split_to_fit(&self, rows: &[usize], config: &Config) -> Split {
        if config.ensemble.members.count() > 1 && !self.splitter().uses_all_rows() {
            return Split {
                training: rows.to_vec(),
                validation: Vec::new(),
            };
        }
        self.split_rows(rows, config.data.validation_fraction, config.training.seed)
    }

    /// Some of the rows, in ascending order, divided into training and validation.
    pub(crate) fn split_rows(&self, rows: &[usize], share: f64, seed: u64) -> Split {
        if let Some(split) = self.splitter().given_split(rows) {
            return split;
        }
        let classes = self.classes_of(rows);
        self.splitter().split(rows, share, classes.as_deref(), seed)
    }

    /// A share of some of the rows, which are in ascending order.
    pub(crate) fn part_of_rows(&self, rows: &[usize], share: f64, seed: u64) -> Vec<usize> {
        let classes = self.classes_of(rows);
        let part = self
            .splitter()
            .part(rows, 1.0 - share, classes.as_deref(), seed);
        part.training
    }

    /// Folds of some of the rows, in ascending order, for ensembles and trials. There is at least one. Fewer than
    /// `folds` if the rows allow no more.
    pub(crate) fn inner_folds(&self, rows: &[usize], folds: usize, seed: u64) -> Vec<Split> {
        let classes = self.classes_of(rows);
        self.splitter()
            .k_folds(rows, folds, classes.as_deref(), seed)
    }
}
