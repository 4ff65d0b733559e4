//! Fitting models to tables.

use crate::config::Config;
use crate::context::FitContext;
use crate::cross_validation::{CrossValidation, cross_validate};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::fit_plan::fit_plan;
use crate::fitted_model::FittedModel;
use crate::plan::{Plan, PlanOptions};

/// The name of a fit's run.
const RUN: &str = "network";

/// Fits models with fixed settings.
///
/// ```no_run
/// use backburn::{Config, Dataset, Estimator, FitContext, Preset, Table};
///
/// let table = Table::read("houses.csv", &Default::default())?;
/// let data = Dataset::new(table, "price", &Default::default())?;
/// let (train, test) = data.split(0.2, 0)?;
/// let model = Estimator::new(Config::preset(Preset::Default)).fit(&train, &FitContext::default())?;
/// println!("{}", model.evaluate(&test)?);
/// model.save("houses.safetensors")?;
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Estimator {
    config: Config,
}

impl Estimator {
    /// An estimator with these settings.
    pub fn new(config: Config) -> Self {
        Self { config }
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Fits a model: selects settings by trials, and trains the networks.
    ///
    /// # Errors
    ///
    /// Settings that are not valid or do not fit the table, a table that does not fit into memory, or a
    /// loss that is infinite or NaN from the start.
    pub fn fit(&self, data: &Dataset, context: &FitContext) -> Result<FittedModel, Error> {
        let data = &*data.for_config(&self.config)?;
        let plan = self.plan_on(data, context.diagnose)?;
        fit_plan(plan, data, context)
    }

    /// The jobs of a fit, to be run here or elsewhere; see [`Plan`].
    ///
    /// # Errors
    ///
    /// As for [`fit`](Self::fit).
    pub fn plan(&self, data: &Dataset) -> Result<Plan, Error> {
        let data = &*data.for_config(&self.config)?;
        self.plan_on(data, true)
    }

    fn plan_on(&self, data: &Dataset, diagnose: bool) -> Result<Plan, Error> {
        let config = self.config.clone().for_rows(data.rows().len());
        let options = PlanOptions {
            diagnose,
            max_epochs: None,
        };
        Plan::new(RUN, data, data.validation_split(&config), &config, options)
    }

    /// Cross-validates the settings: for each fold, a model is fitted on the other folds and scored on
    /// the fold.
    ///
    /// # Errors
    ///
    /// Fewer than 2 folds, more folds than rows, or the same errors as for [`fit`](Self::fit).
    pub fn cross_validate(
        &self,
        data: &Dataset,
        folds: usize,
        context: &FitContext,
    ) -> Result<CrossValidation, Error> {
        let data = &*data.for_config(&self.config)?;
        let config = self.config.clone().for_rows(data.rows().len());
        cross_validate(data, folds, &config, context)
    }
}
