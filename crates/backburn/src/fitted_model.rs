//! A trained model.

use std::path::{Path, PathBuf};

use crate::model_file::{ModelFile, SavedModel};
use crate::predictor::Predictor;
use backburn_preprocessing::{ColumnEncoder, PredictedQuantiles, Predictions, Task};
use backburn_table::{Split, Table};
use backburn_training::{Finding, History, StopReason};

use crate::compatible_remedies::with_compatible_remedies;
use crate::constant_finding::with_comparison;
use crate::context::FitContext;
use crate::dataset::Dataset;
use crate::device::SelectedDevice;
use crate::embeddings::Embeddings;
use crate::error::Error;
use crate::held_out_predictions::HeldOutPredictions;
use crate::job_result::TrainedNetwork;
use crate::row_hashes::row_hashes;
use crate::row_sample::RowSample;
use crate::score::Score;
use crate::scoring::Scoring;
use crate::summary::TestScore;
use crate::trend_finding::with_trend_finding;
use crate::validation_score::ValidationScore;

/// A trained model. It makes predictions, computes scores, and can be saved to a file.
///
/// ```
/// use backburn::{Config, Dataset, Estimator, FitContext, Preset, ReadOptions, Table};
///
/// let csv = "x,y\n1,2\n2,4\n3,6\n4,8.5\n5,10\n6,12\n";
/// let table = Table::from_reader("line", csv.as_bytes(), &ReadOptions::default())?;
/// let data = Dataset::new(table.clone(), "y", &Default::default())?;
/// let model = Estimator::new(Config::preset(Preset::Fast)).fit(&data, &FitContext::default())?;
/// let predictions = model.predict(&table)?;
/// assert_eq!(predictions.values().map(<[f64]>::len), Some(6));
/// assert_eq!(model.features().collect::<Vec<_>>(), ["x"]);
/// println!("RMSE {:?}", model.evaluate(&table)?.metric("rmse"));
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FittedModel {
    predictor: Predictor,
    record: Option<FitRecord>,
}

impl From<Predictor> for FittedModel {
    /// A model that was loaded: it has no record of its fit.
    fn from(predictor: Predictor) -> Self {
        Self {
            predictor,
            record: None,
        }
    }
}

/// How a model was fitted. A loaded model has no record.
#[derive(Debug, Clone)]
pub struct FitRecord {
    /// The score on rows that the networks were not trained on, if any. No row was used to choose the epoch at which
    /// it is scored.
    pub validation: Option<Score>,
    /// The score of a constant on the same rows: the mean of the training rows, or the frequencies of their
    /// classes.
    pub constant: Option<Score>,
    /// The predictions that [`validation`](Self::validation) is the score of. `None` without them, and for millions of
    /// rows.
    pub held_out: Option<HeldOutPredictions>,
    /// Why training ended.
    pub stop: StopReason,
    /// The planned number of networks.
    pub networks: usize,
    /// How long the fit took, in seconds.
    pub seconds: f64,
    /// The epochs of the network that was diagnosed.
    pub history: History,
    /// The findings of the diagnosis.
    pub findings: Vec<Finding>,
    /// The training rows and the validation rows.
    pub split: Split,
}

impl FittedModel {
    /// The model of trained networks; `data` is the dataset that they were trained on.
    pub(crate) fn new(
        network: TrainedNetwork,
        validation: Option<ValidationScore>,
        networks: usize,
        data: &Dataset,
        context: &FitContext,
    ) -> Result<Self, Error> {
        let mut model = network.model;
        let (validation, constant, beyond, held_out) = match validation {
            Some(it) => (Some(it.score), it.constant, it.beyond, it.held_out),
            None => (None, None, None, None),
        };
        if let Some(score) = &validation {
            let errors = score.standard_errors.clone();
            model.summary.validation_errors = errors;
        }
        if let Some(constant) = &constant {
            model.summary.validation_constant = constant.metrics();
        }
        let diagnoses = context.diagnose && network.stop != StopReason::Interrupted;
        let findings = match (&validation, &constant) {
            (Some(score), Some(constant)) if diagnoses => {
                let findings = with_comparison(network.findings, score, constant, data);
                with_trend_finding(findings, beyond.as_ref(), &model, data)
            }
            _ => network.findings,
        };
        let rows = [network.split.training.as_slice(), &network.split.validation].concat();
        let hashes = row_hashes(data.table(), &model.encoder, &model.target, Some(&rows))?;
        model.summary.row_sample = RowSample::new(hashes);
        Ok(Self {
            predictor: Predictor::new(model, context.device.get()?),
            record: Some(FitRecord {
                validation,
                constant,
                held_out,
                stop: network.stop,
                networks,
                seconds: network.seconds,
                history: network.history,
                findings: with_compatible_remedies(findings),
                split: network.split,
            }),
        })
    }

    /// Loads a model onto a device.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is not a model, is damaged, or has a newer format than this program reads.
    pub fn load(path: impl AsRef<Path>, device: impl Into<SelectedDevice>) -> Result<Self, Error> {
        let predictor = Predictor::load_on(path, device.into().get()?)?;
        Ok(predictor.into())
    }

    /// Saves the model to a file, completely or not at all.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or the path holds a file that is not a model.
    pub fn save(&self, path: impl Into<PathBuf>) -> Result<PathBuf, Error> {
        Ok(ModelFile::create(path)?.write(self.model())?)
    }

    /// The networks, the encoder and the target.
    pub fn model(&self) -> &SavedModel {
        self.predictor.model()
    }

    /// The model, to change what is not used for prediction.
    pub(crate) fn model_mut(&mut self) -> &mut SavedModel {
        self.predictor.model_mut()
    }

    /// Predicts tables, batches and single rows.
    pub fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    /// Regression or classification.
    pub fn task(&self) -> Task {
        self.model().target.task()
    }

    /// The column that is predicted.
    pub fn target(&self) -> &str {
        self.model().target.column()
    }

    /// The names of the classes, in the order of [`Predictions::probabilities`]; `None` for regression.
    pub fn classes(&self) -> Option<&[String]> {
        self.model().target.class_names()
    }

    /// The names of the columns that the model uses. A table to predict needs them.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.model().encoder.columns.iter().map(ColumnEncoder::name)
    }

    /// How the model was fitted; `None` for a model that was loaded.
    pub fn record(&self) -> Option<&FitRecord> {
        self.record.as_ref()
    }

    /// How the model was fitted, to add findings to it.
    pub fn record_mut(&mut self) -> Option<&mut FitRecord> {
        self.record.as_mut()
    }

    /// Predicts every row of a table. Columns may be in any order, and columns that the model does not
    /// use are ignored.
    ///
    /// ```
    /// # use backburn::{Config, Dataset, Estimator, FitContext, Preset, ReadOptions, Table};
    /// # let csv: String = (0..40).map(|n| format!("{},{}\n", n % 7, ["no", "yes"][n % 7 / 4])).collect();
    /// # let csv = std::io::Cursor::new(format!("x,sold\n{csv}"));
    /// # let table = Table::from_reader("sales", csv, &ReadOptions::default())?;
    /// # let data = Dataset::new(table.clone(), "sold", &Default::default())?;
    /// # let model = Estimator::new(Config::preset(Preset::Fast)).fit(&data, &FitContext::default())?;
    /// let predictions = model.predict(&table)?;
    /// assert_eq!(predictions.classes().unwrap(), ["no", "yes"]);
    /// let sold: Vec<f64> = predictions.probabilities_of("yes").unwrap_or_default();
    /// let labels: Vec<String> = predictions.labels();
    /// # assert_eq!((sold.len(), labels.len()), (40, 40));
    /// # Ok::<(), backburn::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A column is missing, or holds a value of another kind.
    pub fn predict(&self, table: impl AsRef<Table>) -> Result<Predictions, Error> {
        Ok(self.predictor.predict_table(table.as_ref())?)
    }

    /// Prediction intervals, which hold the true value of each row with a probability such as 0.9 (split
    /// conformal prediction). They are wider where the errors at the prediction are larger, and where values are
    /// imputed. `None` if the model has no intervals.
    ///
    /// # Errors
    ///
    /// A coverage that the model does not support, or a table that does not fit the model.
    pub fn predict_interval(
        &self,
        table: impl AsRef<Table>,
        coverage: f64,
    ) -> Result<Option<Vec<[f64; 2]>>, Error> {
        let checked = self.model().target.check_coverage(coverage);
        checked.map_err(Error::Failed)?;
        Ok(self
            .predictor
            .intervals_of_table(table.as_ref(), coverage)?)
    }

    /// The quantiles of every row of a table, in the unit of the target: those of the levels
    /// `training.quantiles`, for a model that was trained with `training.loss = "quantile"`. Those of a row
    /// ascend. An ensemble averages the quantiles of its networks. `None` for other models.
    ///
    /// ```
    /// # use backburn::{Config, Dataset, Estimator, FitContext, Preset, ReadOptions, Settings, Table};
    /// # let csv: String = (0..60).map(|n| format!("{},{}.5\n", n % 7, n % 7 * 3 + n % 5)).collect();
    /// # let csv = std::io::Cursor::new(format!("size,price\n{csv}"));
    /// # let table = Table::from_reader("sales", csv, &ReadOptions::default())?;
    /// # let data = Dataset::new(table.clone(), "price", &Default::default())?;
    /// let config = Settings::new().quantiles(&[0.1, 0.5, 0.9])?.over(Preset::Fast)?;
    /// let model = Estimator::new(config).fit(&data, &FitContext::default())?;
    /// let quantiles = model.predict_quantiles(&table)?.expect("a model of quantiles");
    /// assert_eq!(quantiles.levels, [0.1, 0.5, 0.9]);
    /// assert!(quantiles.row(0).is_some_and(|row| row.is_sorted()));
    /// # Ok::<(), backburn::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A table that does not fit the model.
    pub fn predict_quantiles(
        &self,
        table: impl AsRef<Table>,
    ) -> Result<Option<PredictedQuantiles>, Error> {
        Ok(self.predictor.predict_quantiles(table.as_ref())?)
    }

    /// The embedding of every row of a table: the outputs of the last hidden layer; see
    /// [`Embedder`](crate::Embedder).
    ///
    /// ```
    /// # use backburn::{Config, Dataset, Estimator, FitContext, Preset, ReadOptions, Table};
    /// # let csv: String = (0..40).map(|n| format!("{},{}.5\n", n % 7, n % 7 * 3)).collect();
    /// # let csv = std::io::Cursor::new(format!("size,price\n{csv}"));
    /// # let table = Table::from_reader("houses", csv, &ReadOptions::default())?;
    /// # let data = Dataset::new(table.clone(), "price", &Default::default())?;
    /// # let model = Estimator::new(Config::preset(Preset::Fast)).fit(&data, &FitContext::default())?;
    /// let embeddings = model.embed(&table)?;
    /// assert_eq!(embeddings.rows(), 40);
    /// for vector in embeddings.vectors() {
    ///     assert_eq!(vector.len(), embeddings.dimensions());
    /// }
    /// # Ok::<(), backburn::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The model has no hidden layer, a column is missing, or holds a value of another kind.
    pub fn embed(&self, table: impl AsRef<Table>) -> Result<Embeddings, Error> {
        self.predictor.embedder()?.embed_table(table.as_ref())
    }

    /// The score on a table that has the target, weighted if the table has the column of weights of training.
    ///
    /// # Errors
    ///
    /// A table that does not fit the model, or no row with a target.
    pub fn evaluate(&self, table: impl AsRef<Table>) -> Result<Score, Error> {
        let table = &self.model().format.apply_to_table(table.as_ref())?;
        let predictions = self.predict(table)?;
        let scoring = Scoring::of_model(self.model(), table, None)?;
        let score = scoring.score_table(&predictions, table, &self.model().target)?;
        score.with_quantiles(&self.predictor, table, scoring.weights())
    }

    /// Stores the score on a test table in the model, for [`SavedModel::summary`].
    pub fn set_test_score(&mut self, table: &Table, score: &Score) {
        let summary = &mut self.predictor.model_mut().summary;
        summary.test = Some(TestScore {
            table: table.name().to_string(),
            rows: score.rows,
            scores: score.metrics(),
        });
    }

    /// Whether the model is an average of several networks.
    pub fn is_ensemble(&self) -> bool {
        self.model().network.members.len() > 1
    }
}
