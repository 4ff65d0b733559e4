//! The target of a dataset.

use std::sync::Arc;

use backburn_preprocessing::Target;

use crate::dataset::Dataset;
use crate::error::Error;

impl Dataset {
    /// The target, fitted on the training rows, without settings. A part of the rows has the classes of the whole dataset,
    /// also those that none of its rows has: models of all parts have the same outputs, and rows of such a class are
    /// scored as the errors that they are.
    ///
    /// # Errors
    ///
    /// The target has a single class or too many, or a number that cannot be learned.
    pub(crate) fn fit_target(&self, training: &[usize]) -> Result<Target, Error> {
        let (table, column) = (self.table(), self.target());
        match self.class_names() {
            Some(names) => Ok(of_classes(column, names)),
            None => Ok(Target::fit(
                table,
                column,
                self.task(),
                self.rows(),
                training,
            )?),
        }
    }

    /// This dataset with the classes of the one that it is a part of, if all of its rows have one of them.
    ///
    /// # Errors
    ///
    /// The table does not have the target.
    pub(crate) fn with_classes_of(self, whole: &Self) -> Result<Self, Error> {
        let Some(names) = whole.class_names() else {
            return Ok(self);
        };
        let of_row = of_classes(self.target(), names).classes(self.table())?;
        let classes: Option<Vec<usize>> = self.rows().iter().map(|&row| of_row[row]).collect();
        Ok(match classes.filter(|_| self.classes().is_some()) {
            Some(classes) => self.with_classes(names, classes),
            None => self,
        })
    }
}

fn of_classes(column: &str, names: &Arc<[String]>) -> Target {
    Target::Classification {
        column: column.to_string(),
        classes: names.to_vec(),
        temperature: 1.0,
        decision: None,
    }
}
