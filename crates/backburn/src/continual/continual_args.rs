//! The arguments of a command that trains, about continual learning.

use std::path::{Path, PathBuf};

use backburn_table::{ReadOptions, Table};
use clap::builder::ArgPredicate;

use super::remember::Remember;
use super::update_command::ModelUpdate;
use crate::config::{Config, KnnFeatures};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::fitted_model::FittedModel;
use crate::on_error::OnError;
use crate::settings::Settings;

/// The options of a first training, which mean nothing for a model that is trained already.
const OF_FIRST_TRAINING: [&str; 30] = [
    "test",
    "test_share",
    "folds",
    "out_of_fold",
    "checkpoint",
    "checkpoint_every",
    "resume",
    "learning_curve",
    "dashboard",
    "metric",
    "positive",
    "cost",
    "task",
    "weight",
    "offset",
    "group",
    "time",
    "fold",
    "ignore",
    "features",
    "numeric",
    "categorical",
    "date",
    "decimal",
    "thousands",
    "na",
    "keep_na",
    "preset",
    "quantiles",
    "target_weight",
];

/// The share of the rows that is set aside to score a model that is to be updated.
const HELD_OUT_SHARE: f64 = 0.1;

/// The arguments of a command that trains, about continual learning. The command has the arguments of `trainer train`.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Continual learning")]
pub struct ContinualArgs {
    /// Continue training this model with the rows of the table; the target and the settings are those of the model, and
    /// --set changes a setting
    #[arg(long, value_name = "MODEL", conflicts_with_all = OF_FIRST_TRAINING)]
    pub from: Option<PathBuf>,
    /// What the model keeps for further training on new rows: replay (old rows), ewc (elastic weight consolidation),
    /// replay,ewc or none (a few rows that measure what it forgets). A first training sets a tenth of the rows aside
    /// for that, unless there is a test table. The model file then holds training rows [default: with --from as the
    /// model does; otherwise nothing]
    #[arg(long, value_name = "WHAT", value_parser = str::parse::<Remember>)]
    pub remember: Option<Remember>,
    /// With --from: a table with rows of the earlier training, for a model that does not keep what --remember needs
    #[arg(long, value_name = "TABLE", requires = "from")]
    pub old_rows: Option<PathBuf>,
    /// With --from: train on CSV rows of standard input as they come, in windows of 256 rows, and score each window
    /// before; the table is -
    #[arg(long, requires = "from")]
    pub follow: bool,
    /// With --follow: what to do with a line that is not CSV, or whose value is not of its column's kind [default: stop,
    /// after the rows before it are learned]
    #[arg(long, value_enum, value_name = "WHAT", requires = "follow")]
    pub on_error: Option<OnError>,
}

impl ContinualArgs {
    /// What stands for the target of the model, where the command line does not name it.
    const TARGET_OF_MODEL: &str = "that of the model";

    /// A command line in which `--target` of a command is not needed with `--from`.
    pub fn with_target_of_model(line: clap::Command, command: &'static str) -> clap::Command {
        line.mut_subcommand(command, |command| {
            command.mut_arg("target", |target| {
                let target = target.required(false).required_unless_present("from");
                target.default_value_if("from", ArgPredicate::IsPresent, Self::TARGET_OF_MODEL)
            })
        })
    }

    /// The share of the rows to set aside: what was asked for, or a tenth if the model is to be updated later and
    /// there is no test table.
    pub fn test_share(&self, asked: Option<f64>, has_test: bool) -> Option<f64> {
        let keeps = self.remember.is_some() && !has_test;
        asked.or(keeps.then_some(HELD_OUT_SHARE))
    }

    /// Turns the features from neighboring rows off if the model is to be updated later: a row that is encoded again is
    /// its own nearest row.
    pub fn prepare(&self, config: &mut Config) {
        if self.remember.is_some() {
            config.data.neighbor_features = false;
            config.data.knn_features = KnnFeatures::Never;
        }
    }

    /// Keeps in a model what later updates need, if that was asked for.
    ///
    /// # Errors
    ///
    /// Those of [`FittedModel::keep_memory`].
    pub fn keep(
        &self,
        model: &mut FittedModel,
        data: &Dataset,
        test: Option<&Table>,
    ) -> Result<(), Error> {
        match (&self.remember, test) {
            (Some(remember), Some(test)) => model.keep_memory(data, test, remember),
            _ => Ok(()),
        }
    }

    /// The update of a model by a table; the model is written to the path `out`, and a report to `report`.
    pub fn update<'a>(
        &'a self,
        from: &'a Path,
        (table, out, report): (&'a Path, Option<&'a Path>, Option<&'a Path>),
        target: &'a str,
        settings: Settings,
        read: ReadOptions,
    ) -> ModelUpdate<'a> {
        ModelUpdate {
            from,
            table,
            out,
            report,
            old_rows: self.old_rows.as_deref(),
            target: Some(target).filter(|target| *target != Self::TARGET_OF_MODEL),
            remember: self.remember,
            settings,
            read,
            follow: self.follow,
            skips_bad_rows: self.on_error == Some(OnError::Skip),
        }
    }
}
