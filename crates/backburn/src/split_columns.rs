//! The columns that decide how rows are split.

use crate::error::Error;
use crate::gap::Gap;
use crate::text::shown;

/// The columns that decide how rows are split into training and validation, in every split: validation rows,
/// folds, the folds of an ensemble, trials, the learning curve and test rows.
///
/// ```
/// use backburn::{Dataset, DatasetOptions, ReadOptions, SplitColumns, Table};
///
/// let csv: String = (0..40).map(|row| format!("{},{}.5,{}\n", row / 4, row * 7 % 11, row % 9)).collect();
/// let csv = std::io::Cursor::new(format!("patient,x,y\n{csv}"));
/// let table = Table::from_reader("visits", csv, &ReadOptions::default())?;
/// let split = SplitColumns { group: Some("patient".to_string()), ..Default::default() };
/// let data = Dataset::new(table, "x", &DatasetOptions { split, ..Default::default() })?;
/// assert_eq!(data.features().collect::<Vec<_>>(), ["y"]);
/// let folds = data.folds(5, 0);
/// let fold = &folds[0];
/// let patients = |rows: &[usize]| rows.iter().map(|row| row / 4).collect::<Vec<_>>();
/// let training = patients(&fold.training);
/// assert!(patients(&fold.validation).iter().all(|patient| !training.contains(patient)));
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SplitColumns {
    /// Rows with the same value are on the same side of every split. A row without a value is a group of its own.
    pub group: Option<String>,
    /// Numbers or dates. Training rows are earlier than the rows that they predict.
    pub time: Option<String>,
    /// With a time: the least time between training rows and the rows that they predict.
    pub gap: Option<Gap>,
    /// The fold of each row, for cross-validation. Rows without a value are in no fold, and are training rows of
    /// every fold. All other splits keep the rows of a fold together.
    pub fold: Option<String>,
}

impl SplitColumns {
    /// The columns, each with the option that names it.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let columns = [
            ("--group", &self.group),
            ("--time", &self.time),
            ("--fold", &self.fold),
        ];
        let columns = columns.into_iter();
        columns.filter_map(|(option, column)| Some((option, column.as_deref()?)))
    }

    /// The columns to read besides the features: others, such as the target and the weight, and these.
    pub fn with_others<'a>(&'a self, others: [Option<&'a str>; 3]) -> Vec<&'a str> {
        let columns = self.named().map(|(_, column)| column);
        others.into_iter().flatten().chain(columns).collect()
    }

    /// Checks that each column has one role.
    ///
    /// # Errors
    ///
    /// A column with two roles, a gap without a time, or a time together with folds.
    pub(crate) fn check(
        &self,
        target: &str,
        weight: Option<&str>,
        features: &[String],
    ) -> Result<(), Error> {
        let named: Vec<(&str, &str)> = self.named().collect();
        for (place, (option, column)) in named.iter().enumerate() {
            let name = shown(column);
            let twice = |other: &str| {
                let reason = format!("column `{name}` is named by {other} and by {option}");
                Err(Error::Config(reason))
            };
            if *column == target {
                return Err(Error::Config(format!("{option}: `{name}` is the target")));
            }
            if weight == Some(*column) {
                return twice("--weight");
            }
            if let Some((other, _)) = named[..place].iter().find(|(_, other)| other == column) {
                return twice(other);
            }
            if *option != "--time" && features.iter().any(|feature| feature == column) {
                return twice("--features");
            }
        }
        let reason = match self {
            Self {
                gap: Some(_),
                time: None,
                ..
            } => "--gap needs --time COLUMN, the column with the time of each row",
            Self {
                time: Some(_),
                fold: Some(_),
                ..
            } => {
                "--time and --fold are both about the order of folds: leave out --fold, or leave out --time if the \
                 folds respect the time already"
            }
            _ => return Ok(()),
        };
        Err(Error::Config(reason.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(group: &str, time: &str, fold: &str) -> SplitColumns {
        let column = |name: &str| (!name.is_empty()).then(|| name.to_string());
        SplitColumns {
            group: column(group),
            time: column(time),
            fold: column(fold),
            gap: None,
        }
    }

    #[test]
    fn a_column_has_one_role() {
        let check = |columns: SplitColumns| {
            let checked = columns.check("y", Some("w"), &["x".to_string(), "t".to_string()]);
            checked.map_err(|error| error.to_string())
        };
        assert_eq!(check(columns("g", "t", "")), Ok(()));
        assert_eq!(check(columns("g", "", "f")), Ok(()));
        for (columns, words) in [
            (columns("y", "", ""), "--group: `y` is the target"),
            (
                columns("", "w", ""),
                "`w` is named by --weight and by --time",
            ),
            (
                columns("g", "g", ""),
                "`g` is named by --group and by --time",
            ),
            (
                columns("", "", "x"),
                "`x` is named by --features and by --fold",
            ),
            (columns("", "t", "f"), "--time and --fold"),
        ] {
            let error = check(columns).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let gap = SplitColumns {
            gap: Some(Gap::Number(1.0)),
            ..SplitColumns::default()
        };
        assert!(check(gap).unwrap_err().starts_with("--gap needs --time"));
    }
}
