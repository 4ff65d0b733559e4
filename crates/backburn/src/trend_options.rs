//! Checks that a trend over time can be learned.

use backburn_preprocessing::Task;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use backburn_table::ColumnKind;

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
}
