//! Checks that a trend over time can be learned.

use backburn_preprocessing::Task;
use backburn_table::{CellError, Table, TableError};
use backburn_training::Loss;

use crate::config::Config;
use crate::dataset_options::DatasetOptions;
use crate::error::Error;
use crate::text::shown;

/// Checks that the setting `data.trend`, if it is on, fits the target, the columns and the loss.
///
/// # Errors
///
/// The target is a class, there is no column of the time or it is a feature, or the loss is that of a distribution.
pub(crate) fn check_trend(
    options: &DatasetOptions,
    task: Task,
    config: &Config,
) -> Result<(), Error> {
    if !config.data.trend {
        return Ok(());
    }
    let loss = config.training.loss;
    let time = options.split.time.as_deref();
    let reason = match time {
        _ if task == Task::Classification => {
            "the target is a class, and only numbers have a trend: leave this setting out"
                .to_string()
        }
        None => "a trend is one over time: name the column of the time with --time".to_string(),
        Some(time) if !options.other_roles().contains(&time) => format!(
            "`{}` is a feature and cannot be the time of the trend as well: leave out --features, --numeric or --date \
             for it",
            shown(time)
        ),
        _ if loss.has_log_link() || loss == Loss::Quantile => {
            "the losses quantile, poisson and gamma have no trend: use training.loss=auto"
                .to_string()
        }
        _ => return Ok(()),
    };
    Err(Error::Config(format!("data.trend=true: {reason}")))
}

/// Checks that each row of a table to test on has a time, by which a model with a trend predicts it.
///
/// # Errors
///
/// The table has no column of the time, or a row has no time.
pub(crate) fn check_times(test: &Table, options: &DatasetOptions) -> Result<(), TableError> {
    let Some(time) = options.split.time.as_deref() else {
        return Ok(());
    };
    for (row, cell) in test.column(time)?.cells().enumerate() {
        if cell.number().is_none() && cell.date().is_none() {
            return Err(test.cell_error(CellError {
                column: time.to_string(),
                row,
                value: cell.category().unwrap_or_default().into_owned(),
                expected: "times, which are numbers or dates, one in each row",
            }));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;

    use backburn_table::{ColumnKind, ReadOptions};

    use super::*;
    use crate::split_columns::SplitColumns;

    #[test]
    fn a_trend_needs_a_number_and_a_time_that_is_no_feature() {
        let mut config = Config::default();
        let mut options = DatasetOptions::default();
        assert!(check_trend(&options, Task::Classification, &config).is_ok());
        config.data.trend = true;
        let error = |options: &DatasetOptions, task, config: &Config| {
            let checked = check_trend(options, task, config);
            checked.map_or_else(|error| error.to_string(), |()| String::new())
        };
        let said = error(&options, Task::Regression, &config);
        assert!(said.contains("with --time"), "{said}");
        options.split = SplitColumns {
            time: Some("day".to_string()),
            ..SplitColumns::default()
        };
        assert_eq!(error(&options, Task::Regression, &config), "");
        let said = error(&options, Task::Classification, &config);
        assert!(said.contains("is a class"), "{said}");
        config.training.loss = Loss::Poisson;
        let said = error(&options, Task::Regression, &config);
        assert!(said.contains("training.loss=auto"), "{said}");
        options.columns = BTreeMap::from([("day".to_string(), ColumnKind::Numeric)]);
        let said = error(&options, Task::Regression, &config);
        assert!(said.contains("`day` is a feature"), "{said}");
    }

    #[test]
    fn each_row_to_test_on_has_a_time() {
        let mut options = DatasetOptions::default();
        let said = |csv: &'static str, options: &DatasetOptions| {
            let table = Table::from_reader("t.csv", Cursor::new(csv), &ReadOptions::default());
            let checked = check_times(&table.unwrap(), options);
            checked.map_or_else(|error| error.to_string(), |()| String::new())
        };
        assert_eq!(said("x,y\n1,2\n", &options), "");
        options.split.time = Some("day".to_string());
        assert!(said("x,y\n1,2\n", &options).contains("no column `day`"));
        for csv in ["day,x\n1,2\n3,4\n", "day,x\n2024-01-02,2\n2024-01-03,4\n"] {
            assert_eq!(said(csv, &options), "");
        }
        let missing = said("day,x\n1,2\n,4\n", &options);
        assert!(
            missing.starts_with("t.csv, data row 2: column `day` holds times"),
            "{missing}"
        );
    }
}
