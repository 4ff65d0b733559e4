//! One of several targets of a fit: a head of the network.

use backburn_preprocessing::Task;
use backburn_table::TableError;
use backburn_training::Loss;

use crate::config::{Config, KnnFeatures};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::multi_target_dataset::MultiTargetDataset;
use crate::text::{count, shown};

/// One of several targets of a fit. The network has outputs for each of them.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// The table with this target alone.
    pub data: Dataset,
    /// The settings, as far as they are for this target.
    pub config: Config,
    /// The weight of its loss.
    pub weight: f64,
}

impl Head {
    /// The head of a target, where so many rows have at least one of the targets.
    pub fn new(data: &Dataset, config: &Config, rows: usize) -> Self {
        let weight = config.target_weights.get(data.target()).copied();
        Self {
            config: of_task(config, data.task()),
            weight: weight.unwrap_or_else(|| default_weight(data.rows().len(), rows)),
            data: data.clone(),
        }
    }

    /// An error of fitting this target to rows, with what to do where there are other targets.
    pub fn of_target(&self, error: Error) -> Error {
        match error {
            Error::Table(TableError::Unusable { name, reason }) => {
                let rows = count(self.data.rows().len(), "row");
                let target = shown(self.data.target());
                let reason = format!(
                    "{reason}; `{target}` has a value in {rows}, some of which are validation rows: leave it out of \
                     --target, or collect more rows"
                );
                Error::Table(TableError::Unusable { name, reason })
            }
            error => error,
        }
    }

    /// Whether the target is a number, which has prediction intervals.
    pub fn is_number(&self) -> bool {
        self.data.task() == Task::Regression
    }

    /// The number of its outputs.
    pub fn outputs(&self) -> usize {
        self.data.class_names().map_or(1, |names| names.len())
    }

    /// Those of some rows that have the target.
    pub fn rows_of(&self, rows: &[usize]) -> Vec<usize> {
        let rows = rows.iter().copied();
        rows.filter(|row| self.has_target(*row)).collect()
    }

    /// Whether a row has the target.
    pub fn has_target(&self, row: usize) -> bool {
        self.data.rows().binary_search(&row).is_ok()
    }
}

/// The weight of a target that so many of the rows have, unless it is set: 1, or less if fewer than half of the rows have
/// it. Each of these rows counts more in the mean over them, so that with the full weight a few of them disturb the
/// shared layers and the choice of the best epoch.
fn default_weight(known: usize, rows: usize) -> f64 {
    (2.0 * known as f64 / rows as f64).min(1.0)
}

/// The settings of the network of several targets. Features from neighboring rows are made of one target, so that the
/// network has none.
pub(crate) fn of_several(mut config: Config) -> Config {
    config.data.neighbor_features = false;
    config.data.knn_features = KnnFeatures::Never;
    config
}

/// The settings for a target of this task.
fn of_task(config: &Config, task: Task) -> Config {
    let mut config = config.clone();
    let is_for_classes = config.training.loss == Loss::CrossEntropy;
    if is_for_classes != (task == Task::Classification) {
        config.training.loss = Loss::Auto;
    }
    if task == Task::Regression {
        config.training.label_smoothing = 0.0;
        config.data.balance_classes = false;
    }
    config
}

/// Checks that all settings are for several targets.
///
/// # Errors
///
/// [`Error::Config`] with the first setting that is for one target, or for a task that no target has.
pub(crate) fn check_settings(config: &Config, data: &MultiTargetDataset) -> Result<(), Error> {
    let (loss, scoring) = (config.training.loss, &config.scoring);
    let of_one = [
        (
            "training.loss: the losses quantile, poisson, gamma and binary_cross_entropy are",
            loss == Loss::Quantile || loss == Loss::BinaryCrossEntropy || loss.has_log_link(),
        ),
        (
            "scoring.metric: the choice of a metric is",
            scoring.metric.is_some(),
        ),
        (
            "scoring.positive: a positive class is",
            scoring.positive.is_some(),
        ),
        ("scoring.costs: costs are", !scoring.costs.is_empty()),
        (
            "class_weights: weights of classes are",
            !config.class_weights.is_empty(),
        ),
        ("data.refit: the refit is", config.data.refit),
        ("data.trend: a trend is", config.data.trend),
        (
            "data.knn_features=always: features from neighboring rows are",
            config.data.knn_features == KnnFeatures::Always,
        ),
    ];
    if let Some((setting, _)) = of_one.iter().find(|(_, is_set)| *is_set) {
        return Err(Error::Config(format!(
            "{setting} for one target: leave it out, or train a model for each target"
        )));
    }
    for name in config.target_weights.keys() {
        if data.target(name).is_none() {
            let targets: Vec<&str> = data.targets().iter().map(Dataset::target).collect();
            return Err(Error::Config(format!(
                "target_weights.{name}: this is no target; the targets are {}",
                targets.join(", ")
            )));
        }
    }
    // A setting for one of the tasks needs a target of this task.
    let mut tasks = data.targets().iter().map(Dataset::task);
    let first = tasks.next().unwrap_or(Task::Regression);
    match tasks.all(|task| task == first) {
        true => config.check_task(first),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_few_rows_have_counts_less() {
        assert_eq!(default_weight(1000, 1000), 1.0);
        assert_eq!(default_weight(500, 1000), 1.0);
        assert_eq!(default_weight(250, 1000), 0.5);
        assert_eq!(default_weight(8, 1000), 0.016);
    }
}
