//! Fitting models to tables.

use backburn_preprocessing::TargetTransform;

use crate::config::Config;
use crate::context::FitContext;
use crate::cross_validation::{CrossValidation, cross_validate};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::exposures::check_loss;
use crate::fit_plan::fit_plan;
use crate::fitted_model::FittedModel;
use crate::plan::{Plan, PlanOptions};
use crate::table_diagnosis::without_logarithm;
use crate::warning::Warning;
use crate::zero_inflation::zero_inflation;

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
        if let Some(warning) = zero_inflation(data, &self.config)? {
            context.warn(warning);
        }
        let plan = self.plan_on(data, context.diagnose)?;
        let mut model = fit_plan(plan, data, context)?;
        if self.config.data.target_transform == TargetTransform::Auto
            && let Some(record) = model.record_mut()
        {
            without_logarithm(&mut record.findings);
        }
        // A refit trains on all rows.
        if context.diagnose
            && !self.config.data.refit
            && let Some(record) = model.record()
            && let Some(note) = data.rows_left_out(&record.split)
        {
            context.warn(Warning::Splits(note));
        }
        Ok(model)
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
        self.config.check_one_target()?;
        check_loss(data.offset(), &self.config)?;
        let config = self.config.clone().for_rows(data.rows().len());
        let options = PlanOptions {
            diagnose,
            max_epochs: None,
        };
        let split = data.split_to_fit(data.rows(), &config);
        Plan::new(RUN, data, split, &config, options)
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
        self.config.check_one_target()?;
        check_loss(data.offset(), &self.config)?;
        let config = self.config.clone().for_rows(data.rows().len());
        cross_validate(data, folds, &config, context)
    }
}

#[cfg(test)]
mod tests {
    use backburn_table::{ReadOptions, Table};

    use super::*;
    use crate::device::SelectedDevice;
    use crate::preset::Preset;

    #[test]
    fn without_a_backend_a_fit_is_an_error() {
        let csv = "x,y\n1,2\n2,4\n3,6\n4,8.5\n5,10\n6,12\n".as_bytes();
        let table = Table::from_reader("t.csv", csv, &ReadOptions::default()).unwrap();
        let data = Dataset::new(table, "y", &Default::default()).unwrap();
        let context = FitContext::new(SelectedDevice::none());
        for preset in Preset::ALL {
            let estimator = Estimator::new(Config::preset(preset));
            let fitted = estimator.fit(&data, &context).map(drop);
            let validated = estimator.cross_validate(&data, 2, &context).map(drop);
            for result in [fitted, validated] {
                let error = result.unwrap_err().to_string();
                assert!(
                    error.contains("no backend of Burn is compiled in"),
                    "{error}"
                );
            }
        }
    }
}
