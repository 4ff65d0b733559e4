//! Answers from a saved model.

use std::path::Path;

use arrow_array::RecordBatch;
use backburn_fused::FusedMlp;
use burn::tensor::{Device, Tensor, TensorData};

use crate::writers::Writers;
use crate::{Cell, CellError, ModelFileError, SavedModel, Table, TableError, Unseen};

/// Predicts from a saved model.
#[derive(Debug, Clone)]
pub struct Predictor {
    model: SavedModel,
    device: Device,
    /// The networks in main memory, where all can be that.
    fused: Option<Vec<FusedMlp>>,
}

/// What was predicted, row by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Predictions {
    /// Numbers in the target's own unit.
    Values(Vec<f64>),
    /// Classes.
    Classes {
        /// Their names.
        classes: Vec<String>,
        /// `rows * classes` numbers, row by row; a row's add up to 1.
        probabilities: Vec<f64>,
    },
}

impl Predictor {
    /// Loads a model onto Burn's default device.
    ///
    /// # Errors
    ///
    /// See [`SavedModel::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ModelFileError> {
        Self::load_on(path, &Device::default())
    }

    /// Loads a model onto a device.
    ///
    /// # Errors
    ///
    /// See [`SavedModel::load`].
    pub fn load_on(path: impl AsRef<Path>, device: &Device) -> Result<Self, ModelFileError> {
        Ok(Self::new(SavedModel::load(path, device)?, device))
    }

    /// Predicts from a model in memory whose network is on the device.
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

    /// Predicts for every row of a table; columns may stand in any order, and columns that the
    /// model does not use are passed over.
    ///
    /// # Errors
    ///
    /// A column is missing, or holds a value of another kind.
    pub fn predict_table(&self, table: &Table) -> Result<Predictions, TableError> {
        Ok(self.predict_and_count(table)?.0)
    }

    /// Predicts for every row of a table, and counts those whose category was not seen in
    /// training.
    ///
    /// # Errors
    ///
    /// As for [`predict_table`](Self::predict_table).
    pub fn predict_and_count(&self, table: &Table) -> Result<(Predictions, Unseen), TableError> {
        let model = &self.model;
        let mut outputs = Vec::new();
        let mut unseen = Unseen::default();
        for batch in model.encoder.encode_by_batch(table) {
            let batch = batch?;
            outputs.extend(self.outputs(batch.numbers));
            unseen.add(batch.unseen);
        }
        let predictions = model.target.predictions(&outputs, model.config.outputs);
        Ok((predictions, unseen))
    }

    /// Predicts for every row of a record batch, as [`TableReader`](crate::TableReader) gives
    /// them.
    ///
    /// # Errors
    ///
    /// A column is missing, or holds a value of another kind. Rows are counted within the batch.
    pub fn predict(&self, batch: &RecordBatch) -> Result<Predictions, TableError> {
        self.predict_table(&Table::from_batch("the batch", batch.clone()))
    }

    /// Predicts for rows that [`Encoder::encode_batch`](crate::Encoder::encode_batch) made:
    /// `rows * width` numbers.
    pub fn predict_encoded(&self, rows: Vec<f32>) -> Predictions {
        let outputs = self.outputs(rows);
        self.model
            .target
            .predictions(&outputs, self.model.config.outputs)
    }

    /// Predicts for encoded rows as [`predict_encoded`](Self::predict_encoded) does, and gives for
    /// each number an interval that holds the true one with a probability such as 0.9; see
    /// [`Target::intervals`](crate::Target::intervals). There are none where
    /// [`Target::check_coverage`](crate::Target::check_coverage) says so.
    pub fn predict_intervals(
        &self,
        rows: Vec<f32>,
        coverage: f64,
    ) -> (Predictions, Option<Vec<[f64; 2]>>) {
        let outputs = self.outputs(rows);
        let target = &self.model.target;
        let predictions = target.predictions(&outputs, self.model.config.outputs);
        (predictions, target.intervals(&outputs, coverage))
    }

    /// Intervals for every row of a table; see [`Target::intervals`](crate::Target::intervals).
    ///
    /// # Errors
    ///
    /// As for [`predict_table`](Self::predict_table).
    pub fn intervals_of_table(
        &self,
        table: &Table,
        coverage: f64,
    ) -> Result<Option<Vec<[f64; 2]>>, TableError> {
        let mut intervals = Vec::new();
        for batch in self.model.encoder.encode_by_batch(table) {
            match self.predict_intervals(batch?.numbers, coverage).1 {
                Some(of_batch) => intervals.extend(of_batch),
                None => return Ok(None),
            }
        }
        Ok(Some(intervals))
    }

    /// Gets ready to predict single rows as they come, each in microseconds.
    pub fn rows(&self) -> RowPredictor<'_> {
        RowPredictor {
            predictor: self,
            writers: self.model.encoder.writers(),
            width: self.model.encoder.width(),
        }
    }

    /// The network's outputs, row by row.
    fn outputs(&self, rows: Vec<f32>) -> Vec<f32> {
        match self.fused.as_deref() {
            Some([alone]) => return alone.predict(&rows),
            Some(members) => return mean(members, &rows),
            None => {}
        }
        // Few rows go through other kernels than many, which add up in another order. In blocks of the same
        // size, with zeros at the end, a row is predicted the same whatever it is predicted with.
        const BLOCK: usize = 256;
        let width = self.model.config.columns();
        let block = |rows: &[f32]| {
            let mut block = rows.to_vec();
            block.resize(BLOCK * width, 0.0);
            let inputs = TensorData::new(block, [BLOCK, width]);
            let inputs = Tensor::<2>::from_data(inputs, &self.device);
            let outputs = self.model.network.forward(inputs).into_data();
            let wanted = rows.len() / width * self.model.config.outputs;
            outputs.iter::<f32>().take(wanted).collect::<Vec<f32>>()
        };
        rows.chunks(BLOCK * width).flat_map(block).collect()
    }
}

/// The mean of what several networks give.
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
    writers: Writers<'a>,
    width: usize,
}

impl RowPredictor<'_> {
    /// The columns whose cells a row is made of, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let columns = self.writers.columns.iter();
        columns.map(|writer| writer.encoder.name())
    }

    /// Predicts for a row: a cell for each of the [`columns`](Self::columns). A category that was
    /// not seen in training counts as none, as it does in a table.
    ///
    /// # Errors
    ///
    /// A cell that is not of its column's kind.
    ///
    /// # Panics
    ///
    /// There are not as many cells as columns.
    pub fn predict(&self, cells: &[Cell]) -> Result<Predictions, CellError> {
        let columns = &self.writers.columns;
        assert_eq!(cells.len(), columns.len(), "a cell for each column");
        let mut numbers = vec![0.0; self.width];
        for (writer, &cell) in columns.iter().zip(cells) {
            let written = writer.write(cell, &mut numbers[writer.first..]);
            written.map_err(|()| writer.error(0, &cell))?;
        }
        self.writers.complete(&mut numbers, self.width);
        Ok(self.predictor.predict_encoded(numbers))
    }
}

impl Predictions {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Classes {
                classes,
                probabilities,
            } => probabilities.len() / classes.len(),
        }
    }

    /// Predictions for parts of a table's rows, put in the order of the rows, which are returned
    /// beside them. All are of the same kind and classes.
    pub fn in_order(parts: Vec<(&[usize], Self)>) -> (Vec<usize>, Self) {
        let mut order: Vec<(usize, usize, usize)> = Vec::new();
        for (part, (rows, _)) in parts.iter().enumerate() {
            let rows = rows.iter().enumerate();
            order.extend(rows.map(|(place, &row)| (row, part, place)));
        }
        order.sort_unstable();
        let mut together = Self::Values(Vec::new());
        for &(_, part, place) in &order {
            match (&parts[part].1, &mut together) {
                (Self::Values(values), Self::Values(all)) => all.push(values[place]),
                (
                    Self::Classes {
                        classes,
                        probabilities,
                    },
                    together,
                ) => {
                    if matches!(together, Self::Values(_)) {
                        *together = Self::Classes {
                            classes: classes.clone(),
                            probabilities: Vec::new(),
                        };
                    }
                    if let Self::Classes {
                        probabilities: all, ..
                    } = together
                    {
                        let width = classes.len();
                        all.extend(&probabilities[place * width..(place + 1) * width]);
                    }
                }
                _ => {}
            }
        }
        (order.into_iter().map(|(row, ..)| row).collect(), together)
    }

    /// The first row whose prediction is not a finite number, as rows that are far from all that
    /// was learned from, or the weights of a bad model, may bring about.
    pub fn first_not_finite(&self) -> Option<usize> {
        let (numbers, width) = match self {
            Self::Values(values) => (values, 1),
            Self::Classes {
                classes,
                probabilities,
            } => (probabilities, classes.len()),
        };
        let place = numbers.iter().position(|number| !number.is_finite())?;
        Some(place / width)
    }

    /// The prediction of each row as text: the number, or the name of the likeliest class.
    pub fn labels(&self) -> Vec<String> {
        match self {
            Self::Values(values) => values.iter().map(f64::to_string).collect(),
            Self::Classes {
                classes,
                probabilities,
            } => {
                probabilities
                    .chunks(classes.len())
                    .map(|row| {
                        let best = row.iter().enumerate().fold(0, |best, (class, p)| {
                            if *p > row[best] { class } else { best }
                        });
                        classes[best].clone()
                    })
                    .collect()
            }
        }
    }
}
