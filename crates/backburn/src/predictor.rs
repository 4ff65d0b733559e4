//! Predictions from a saved model.

use std::path::Path;

use arrow_array::RecordBatch;
use backburn_fused::FusedMlp;
use backburn_preprocessing::{
    Decision, Encoded, PredictedQuantiles, Predictions, RowEncoder, Target,
};
use backburn_table::{Cell, CellError, Table, TableError, UnreadValues};
use burn::tensor::{Device, Tensor, TensorData};

use crate::data_shift::DataShift;
use crate::device::SelectedDevice;
use crate::error::Error;
use crate::model_file::SavedModel;
use crate::model_file_error::ModelFileError;
use crate::saved_targets::SavedTargets;
use crate::text::shown;

/// Predicts from a saved model.
#[derive(Debug, Clone)]
pub struct Predictor {
    model: SavedModel,
    device: Device,
    /// The networks for fused prediction in main memory, if all of them support it.
    fused: Option<Vec<FusedMlp>>,
}

impl Predictor {
    /// Loads a model onto Burn's default device.
    ///
    /// # Errors
    ///
    /// See [`SavedModel::load`]; and no backend of Burn is compiled in.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ModelFileError> {
        let device = SelectedDevice::default();
        let device = device.get().map_err(|_| ModelFileError::NoBackend)?;
        Self::load_on(path, device)
    }

    /// Loads a model onto a device.
    ///
    /// # Errors
    ///
    /// See [`SavedModel::load`].
    pub fn load_on(path: impl AsRef<Path>, device: &Device) -> Result<Self, ModelFileError> {
        Ok(Self::new(SavedModel::load(path, device)?, device))
    }

    /// Loads the model of a target onto a device, of a file that may have several; without a target, the only one.
    ///
    /// # Errors
    ///
    /// See [`SavedModel::load`]; and [`ModelFileError::SeveralTargets`] or [`ModelFileError::NoTarget`] if there is no
    /// such model.
    pub fn load_target(
        path: impl AsRef<Path>,
        target: Option<&str>,
        device: &Device,
    ) -> Result<Self, ModelFileError> {
        let model = SavedTargets::load(path, device)?.into_one(target)?;
        Ok(Self::new(model, device))
    }

    /// Loads the models of all targets of a file onto a device; with `targets`, such as `price,rent`, those of these
    /// alone ([`SavedTargets::into_targets`]).
    ///
    /// # Errors
    ///
    /// See [`SavedModel::load`]; and [`ModelFileError::NoTarget`] if there is no such model.
    pub fn load_targets(
        path: impl AsRef<Path>,
        targets: Option<&str>,
        device: &Device,
    ) -> Result<Vec<Self>, ModelFileError> {
        let all = SavedTargets::load(path, device)?;
        let models = match targets {
            Some(targets) => all.into_targets(targets)?,
            None => all.into_models(),
        };
        let models = models.into_iter();
        Ok(models.map(|model| Self::new(model, device)).collect())
    }

    /// A predictor of a model in memory, whose network is on the device.
    pub fn new(model: SavedModel, device: &Device) -> Self {
        Self {
            fused: model.network.members.iter().map(FusedMlp::of).collect(),
            model,
            device: device.clone(),
        }
    }

    /// The model.
    pub fn model(&self) -> &SavedModel {
        &self.model
    }

    /// The device of the model's network.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The predictor with another decision threshold: the positive class of two is predicted if its probability
    /// is at least `threshold`, from 0 to 1. `positive` is the name of that class; `None` is the one that the
    /// model was trained with.
    ///
    /// ```no_run
    /// use backburn::Predictor;
    ///
    /// let predictor = Predictor::load("loans.safetensors")?;
    /// let cautious = predictor.with_threshold(0.2, Some("default"))?;
    /// # Ok::<(), backburn::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A threshold that is not from 0 to 1, a model that does not have two classes, a class that it does not
    /// have, or no positive class.
    pub fn with_threshold(mut self, threshold: f64, positive: Option<&str>) -> Result<Self, Error> {
        let decision = decision(&self.model.target, threshold, positive);
        let decision = decision.map_err(Error::Config)?;
        self.model.target = self.model.target.with_decision(Some(decision));
        Ok(self)
    }

    /// The predictors with another decision threshold, as [`with_threshold`](Self::with_threshold) sets it.
    ///
    /// # Errors
    ///
    /// Those of [`with_threshold`](Self::with_threshold), or several predictors.
    pub fn all_with_threshold(
        predictors: Vec<Self>,
        threshold: f64,
        positive: Option<&str>,
    ) -> Result<Vec<Self>, Error> {
        if predictors.len() > 1 {
            let reason = "--threshold is for one target: choose it with --target";
            return Err(Error::Config(reason.to_string()));
        }
        let predictors = predictors.into_iter();
        predictors
            .map(|predictor| predictor.with_threshold(threshold, positive))
            .collect()
    }

    /// The model, to change what is not used for prediction.
    #[cfg(feature = "train")]
    pub(crate) fn model_mut(&mut self) -> &mut SavedModel {
        &mut self.model
    }

    /// Predicts every row of a table. Columns may be in any order, and columns that the model does not
    /// use are ignored.
    ///
    /// # Errors
    ///
    /// The table lacks a column, or a value is of another kind than in training.
    pub fn predict_table(&self, table: &Table) -> Result<Predictions, TableError> {
        Ok(self.predict_and_count(table)?.0)
    }

    /// Predicts every row of a table, and counts what is unlike training. The table must be as it was read: text
    /// that the model cannot read is counted while it is there.
    ///
    /// # Errors
    ///
    /// The same as for [`predict_table`](Self::predict_table).
    pub fn predict_and_count(&self, table: &Table) -> Result<(Predictions, DataShift), TableError> {
        let read = self.model.format.apply_to_table(table)?;
        self.predict_read(table, &read)
    }

    /// Predicts every row of a table like [`predict_and_count`](Self::predict_and_count); `read` is the table in
    /// the format of the model.
    pub(crate) fn predict_read(
        &self,
        table: &Table,
        read: &Table,
    ) -> Result<(Predictions, DataShift), TableError> {
        let model = &self.model;
        let mut predictions = model.target.predictions(&[], model.config.outputs);
        predictions.reserve(read.rows());
        let mut shift = DataShift::default();
        let mut unread = UnreadValues::default();
        for (batch, read) in table.batches().iter().zip(read.batches()) {
            unread.add(&model.format, batch, read);
        }
        shift.add_unread(&unread);
        let width = model.encoder.width().max(1);
        for batch in model.encoder.encode_by_batch(read) {
            let batch = batch?;
            shift.add_rows(batch.numbers.len() / width, &batch.counts);
            let parts = self.predicted_parts(&batch.numbers);
            parts.for_each(|part| predictions.extend(part));
        }
        shift.add_predictions(&predictions, &model.target);
        Ok((predictions, shift))
    }

    /// Predicts every row of a record batch with the column types that
    /// [`TableReader`](backburn_table::TableReader) returns.
    ///
    /// # Errors
    ///
    /// The batch lacks a column, or a value is of another kind than in training. The row of the error
    /// is counted within the batch.
    pub fn predict(&self, batch: &RecordBatch) -> Result<Predictions, TableError> {
        self.predict_table(&Table::from_batch("the batch", batch.clone()))
    }

    /// Predicts rows that [`Encoder::encode_batch`](backburn_preprocessing::Encoder::encode_batch)
    /// encoded: `rows * width` numbers.
    pub fn predict_encoded(&self, rows: Vec<f32>) -> Predictions {
        let config = &self.model.config;
        let mut predictions = self.model.target.predictions(&[], config.outputs);
        predictions.reserve(rows.len() / config.columns().max(1));
        let parts = self.predicted_parts(&rows);
        parts.for_each(|part| predictions.extend(part));
        predictions
    }

    /// The predictions of encoded rows, part by part.
    fn predicted_parts<'a>(&'a self, rows: &'a [f32]) -> impl Iterator<Item = Predictions> + 'a {
        let (target, width) = (&self.model.target, self.model.config.outputs);
        let part = self.rows_at_once() * self.model.config.columns();
        let parts = rows.chunks(part.max(1));
        parts.map(move |rows| target.predictions(&self.outputs(rows), width))
    }

    /// The number of rows whose predictions take little memory: all but those of thousands of classes are
    /// many.
    pub(crate) fn rows_at_once(&self) -> usize {
        const OUTPUTS: usize = 1 << 20;
        (OUTPUTS / self.model.config.outputs.max(1)).max(1)
    }

    /// Predicts encoded rows like [`predict_encoded`](Self::predict_encoded), with a prediction interval
    /// for each row; see [`Target::intervals`](backburn_preprocessing::Target::intervals). Those of rows with imputed
    /// values are wider. The intervals are `None` if
    /// [`Target::check_coverage`](backburn_preprocessing::Target::check_coverage) is an error.
    pub fn predict_intervals(
        &self,
        rows: &Encoded,
        coverage: f64,
    ) -> (Predictions, Option<Vec<[f64; 2]>>) {
        let outputs = self.outputs(&rows.numbers);
        let target = &self.model.target;
        let predictions = target.predictions(&outputs, self.model.config.outputs);
        let widening = target.widening(&self.model.encoder, rows);
        (
            predictions,
            target.widened_intervals(&outputs, coverage, &widening),
        )
    }

    /// The quantiles of every row of a table, for a model that was trained with the quantile loss. `None` for
    /// other models.
    ///
    /// # Errors
    ///
    /// The same as for [`predict_table`](Self::predict_table).
    pub fn predict_quantiles(
        &self,
        table: &Table,
    ) -> Result<Option<PredictedQuantiles>, TableError> {
        let target = &self.model.target;
        let Some(mut quantiles) = target.quantiles(&[]) else {
            return Ok(None);
        };
        let table = &self.model.format.apply_to_table(table)?;
        for batch in self.model.encoder.encode_by_batch(table) {
            let outputs = self.outputs(&batch?.numbers);
            target
                .quantiles(&outputs)
                .into_iter()
                .for_each(|further| quantiles.extend(further));
        }
        Ok(Some(quantiles))
    }

    /// Predicts encoded rows with all that the model gives: an interval for each row if a coverage is asked
    /// for, and quantiles if the model has them. `widening` is what [`Target::widening`] returns for the rows.
    pub(crate) fn predict_all(
        &self,
        rows: Vec<f32>,
        coverage: Option<f64>,
        widening: &[f64],
    ) -> AllPredictions {
        let target = &self.model.target;
        if coverage.is_none() && target.distribution().is_none() {
            return AllPredictions {
                predictions: self.predict_encoded(rows),
                intervals: None,
                quantiles: None,
            };
        }
        let outputs = self.outputs(&rows);
        AllPredictions {
            predictions: target.predictions(&outputs, self.model.config.outputs),
            intervals: coverage
                .and_then(|coverage| target.widened_intervals(&outputs, coverage, widening)),
            quantiles: target.quantiles(&outputs),
        }
    }

    /// Prediction intervals for every row of a table; see
    /// [`Target::intervals`](backburn_preprocessing::Target::intervals).
    ///
    /// # Errors
    ///
    /// The same as for [`predict_table`](Self::predict_table).
    pub fn intervals_of_table(
        &self,
        table: &Table,
        coverage: f64,
    ) -> Result<Option<Vec<[f64; 2]>>, TableError> {
        let table = &self.model.format.apply_to_table(table)?;
        let mut intervals = Vec::new();
        for batch in self.model.encoder.encode_by_batch(table) {
            match self.predict_intervals(&batch?, coverage).1 {
                Some(of_batch) => intervals.extend(of_batch),
                None => return Ok(None),
            }
        }
        Ok(Some(intervals))
    }

    /// Prepares the prediction of single rows, each in microseconds.
    pub fn rows(&self) -> RowPredictor<'_> {
        RowPredictor {
            predictor: self,
            encoder: self.model.encoder.row_encoder(),
        }
    }

    /// The network's outputs, row by row.
    pub(crate) fn outputs(&self, rows: &[f32]) -> Vec<f32> {
        match self.fused.as_deref() {
            Some([alone]) => return alone.predict(rows),
            Some(members) => return mean(members, rows),
            None => {}
        }
        self.in_blocks(rows, |rows| self.model.network.forward(rows))
    }

    /// What a function of the network computes for encoded rows, row by row.
    pub(crate) fn in_blocks(
        &self,
        rows: &[f32],
        forward: impl Fn(Tensor<2>) -> Tensor<2>,
    ) -> Vec<f32> {
        // A backend uses other kernels for few rows than for many, which sum in another order. In blocks of
        // one size, padded with zeros, the result of a row does not depend on the other rows.
        const BLOCK: usize = 256;
        let width = self.model.config.columns();
        let block = |rows: &[f32]| {
            let mut block = rows.to_vec();
            block.resize(BLOCK * width, 0.0);
            let inputs = TensorData::new(block, [BLOCK, width]);
            let inputs = Tensor::<2>::from_data(inputs, &self.device);
            let outputs = forward(inputs);
            let [_, outputs_of_row] = outputs.dims();
            let wanted = rows.len() / width * outputs_of_row;
            let outputs = outputs.into_data();
            outputs.iter::<f32>().take(wanted).collect::<Vec<f32>>()
        };
        rows.chunks(BLOCK * width).flat_map(block).collect()
    }

    /// The networks for computation in main memory, if all of them support it.
    pub(crate) fn fused(&self) -> Option<&[FusedMlp]> {
        self.fused.as_deref()
    }
}

/// The decision of a target by a threshold.
fn decision(target: &Target, threshold: f64, positive: Option<&str>) -> Result<Decision, String> {
    if !(0.0..=1.0).contains(&threshold) {
        return Err("the threshold must be from 0 to 1".to_string());
    }
    let Some(classes) = target.class_names().filter(|classes| classes.len() == 2) else {
        let column = shown(target.column());
        return Err(format!(
            "a threshold is for two classes, which the model of `{column}` does not have"
        ));
    };
    let known = target.decision().cloned().unwrap_or_default();
    let [first, second] = [0, 1].map(|class| shown(&classes[class]));
    let positive = match positive {
        Some(name) => {
            let known = classes.iter().position(|class| class == name);
            Some(known.ok_or_else(|| {
                let (name, column) = (shown(name), shown(target.column()));
                format!(
                    "the positive class `{name}` is not a class of `{column}`: name one of `{first}` and `{second}`"
                )
            })?)
        }
        None => known.positive,
    };
    let positive = positive.ok_or_else(|| {
        format!("a threshold needs a positive class: name one of `{first}` and `{second}`")
    })?;
    Ok(Decision {
        positive: Some(positive),
        threshold: Some(threshold),
        ..known
    })
}

/// All that a model predicts for some rows.
#[derive(Debug)]
pub(crate) struct AllPredictions {
    pub predictions: Predictions,
    pub intervals: Option<Vec<[f64; 2]>>,
    pub quantiles: Option<PredictedQuantiles>,
}

/// The mean output of several networks.
fn mean(members: &[FusedMlp], rows: &[f32]) -> Vec<f32> {
    let share = 1.0 / members.len() as f32;
    let mut sum: Vec<f32> = Vec::new();
    for member in members {
        let outputs = member.predict(rows);
        match sum.is_empty() {
            true => sum = outputs,
            false => sum.iter_mut().zip(outputs).for_each(|(s, o)| *s += o),
        }
    }
    sum.iter_mut().for_each(|output| *output *= share);
    sum
}

/// Predicts single rows from their cells; made by [`Predictor::rows`].
#[derive(Debug)]
pub struct RowPredictor<'a> {
    predictor: &'a Predictor,
    encoder: RowEncoder<'a>,
}

impl RowPredictor<'_> {
    /// The names of the columns whose cells make a row, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.encoder.columns()
    }

    /// Predicts a row: one cell for each of the [`columns`](Self::columns). A category that was not seen
    /// in training counts as missing, as it does in a table.
    ///
    /// # Errors
    ///
    /// A cell is not of its column's kind, or there are not as many cells as columns.
    pub fn predict(&self, cells: &[Cell]) -> Result<Predictions, CellError> {
        let format = &self.predictor.model.format;
        let numbers = match format.is_plain() {
            true => self.encoder.encode(cells)?,
            false => {
                let columns = self.columns().zip(cells);
                let read = columns.map(|(column, cell)| format.cell(column, *cell));
                let mut read = read.collect::<Result<Vec<_>, _>>()?;
                // Too many cells are an error of the encoder.
                read.extend(cells.get(read.len()..).unwrap_or_default());
                self.encoder.encode(&read)?
            }
        };
        Ok(self.predictor.predict_encoded(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(classes: &[&str], stored: Option<Decision>) -> Target {
        Target::Classification {
            column: "y".to_string(),
            classes: classes.iter().map(|class| class.to_string()).collect(),
            temperature: 1.0,
            decision: stored,
        }
    }

    #[test]
    fn a_threshold_replaces_the_stored_one() {
        let stored = Decision {
            positive: Some(0),
            threshold: Some(0.5),
            costs: vec![vec![0.0, 1.0], vec![2.0, 0.0]],
        };
        let target = target(&["no", "yes"], Some(stored.clone()));
        let again = decision(&target, 0.25, None).unwrap();
        let expected = Decision {
            threshold: Some(0.25),
            ..stored
        };
        assert_eq!(again, expected);
        let other = decision(&target, 0.25, Some("yes")).unwrap();
        assert_eq!(other.positive, Some(1));
        // The probability of the second class is that of the logit.
        let predictions = target
            .with_decision(Some(other))
            .predictions(&[-1.0, -2.0], 1);
        assert_eq!(predictions.labels(), ["yes", "no"]);
    }

    #[test]
    fn a_threshold_that_cannot_decide_is_refused() {
        let two = target(&["no", "yes"], None);
        for (threshold, positive, expected) in [
            (0.5, None, "needs a positive class"),
            (0.5, Some("maybe"), "one of `no` and `yes`"),
            (1.5, Some("yes"), "from 0 to 1"),
            (f64::NAN, Some("yes"), "from 0 to 1"),
        ] {
            let error = decision(&two, threshold, positive).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let three = target(&["a", "b", "c"], None);
        let error = decision(&three, 0.5, Some("a")).unwrap_err();
        assert!(error.contains("two classes"), "{error}");
    }
}
