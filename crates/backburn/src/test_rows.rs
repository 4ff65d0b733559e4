//! The rows that a trained model is tested on.

use std::path::Path;

use backburn_table::{ReadOptions, Table};

use crate::config::Config;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::memory::{read_table, room_to_test};
use crate::multi_target_dataset::MultiTargetDataset;
use crate::trend_options::check_times;

/// Where the rows that a model is tested on come from: a table, or a share of the rows to learn from.
#[derive(Debug, Clone, Default)]
pub struct TestRows<'a> {
    /// The table.
    pub table: Option<&'a Path>,
    /// How to read it.
    pub read: ReadOptions,
    /// The share of the rows that is set aside (`--test-share`).
    pub share: Option<f64>,
    /// The seed of these rows.
    pub seed: u64,
    /// Whether a trend is learned (`data.trend`), so that each of the rows needs a time.
    pub trend: bool,
}

impl TestRows<'_> {
    /// No rows, with what these settings say about them.
    pub fn of_config(config: &Config) -> Self {
        Self {
            seed: config.training.seed,
            trend: config.data.trend,
            ..Self::default()
        }
    }
}

impl Dataset {
    /// The dataset without the rows to test on, and the table of these rows, if there are any.
    ///
    /// # Errors
    ///
    /// The table cannot be read or does not fit, or no rows can be set aside.
    pub fn with_test(self, rows: &TestRows) -> Result<(Self, Option<Table>), Error> {
        if let Some(share) = rows.share {
            let (data, test) = self.split(share, rows.seed)?;
            test.check_set_aside("--test-share", share)?;
            room_to_test(test.table(), outputs_of(&data))?;
            return Ok((data, Some(test.table().clone())));
        }
        let Some(path) = rows.table else {
            return Ok((self, None));
        };
        let mut read = self.test_options(rows.read.clone());
        if let Some(columns) = &mut read.columns {
            let time = self.options().split.time.iter().filter(|_| rows.trend);
            columns.extend(time.cloned());
        }
        let test = read_table(path, &read)?;
        self.check_test(&test)?;
        if rows.trend {
            check_times(&self.format().apply_to_table(&test)?, self.options())?;
        }
        room_to_test(&test, outputs_of(&self))?;
        Ok((self, Some(test)))
    }
}

impl MultiTargetDataset {
    /// The dataset without the rows to test on, and the table of these rows, if there are any.
    ///
    /// # Errors
    ///
    /// The table cannot be read or does not fit, or no rows can be set aside.
    pub fn with_test(self, rows: &TestRows) -> Result<(Self, Option<Table>), Error> {
        if let Some(share) = rows.share {
            let (data, test) = self.split(share, rows.seed)?;
            data.check_room_to_test(&test)?;
            // A table without rows has none that could be tested.
            return match test.rows() {
                0 => Err(Error::Config(format!(
                    "--test-share {share}: no row can be set aside: choose a larger share, or a table with more rows"
                ))),
                _ => Ok((data, Some(test))),
            };
        }
        let test = match rows.table {
            Some(path) => read_table(path, &self.test_options(rows.read.clone()))?,
            None => return Ok((self, None)),
        };
        self.check_test(&test)?;
        self.check_room_to_test(&test)?;
        Ok((self, Some(test)))
    }

    /// Checks that the target with the most classes can be scored; the targets are scored one after the other.
    fn check_room_to_test(&self, test: &Table) -> Result<(), Error> {
        let outputs = self.targets().iter().map(outputs_of).max();
        room_to_test(test, outputs.unwrap_or(1))
    }
}

/// The predicted numbers of a row.
fn outputs_of(data: &Dataset) -> usize {
    data.class_names().map_or(1, |classes| classes.len())
}
