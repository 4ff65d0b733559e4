//! Predictions in any format.

use std::io::{self, Write};

use backburn_preprocessing::Target;

use crate::batch_writer::BatchWriter;
use crate::kept_columns::KeptColumns;
use crate::predicted_rows::PredictedRows;
use crate::prediction_batch::PredictionLayout;
use crate::prediction_format::PredictionFormat;
use crate::predictor::Predictor;

/// Writes predictions batch by batch in a [`PredictionFormat`].
///
/// The columns have the same names in every format: `row` (the number of the row, counted from 1, if it is
/// asked for), then [kept columns](Self::keeping) of the input, `prediction`, `lower` and `upper` (if there
/// are intervals), `quantile_LEVEL` for each level (if the model predicts quantiles), and for classification `probability_CLASS` for each class. Predicted numbers and
/// probabilities have all their digits.
///
/// ```no_run
/// use std::path::Path;
///
/// use backburn::{
///     KeptColumns, OutputFile, PredictionFormat, PredictionStream, PredictionWriter, Predictor, ReadOptions,
///     TableReader,
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let predictor = Predictor::load("houses.safetensors")?;
/// let reader = TableReader::open("unsold.csv", &ReadOptions::default())?;
/// let path = Path::new("prices.parquet");
/// let model = predictor.model();
/// let kept = KeptColumns::all(&reader.schema(), &model.encoder, &model.format);
/// let file = OutputFile::create(path)?;
/// let format = PredictionFormat::of_path(path)?;
/// let mut writer = PredictionWriter::new(file, format, false).keeping(kept);
/// for predicted in PredictionStream::new(&predictor, reader)? {
///     writer.write(&predicted?)?;
/// }
/// writer.finish()?.commit()?;
/// # Ok(())
/// # }
/// ```
pub struct PredictionWriter<W: Write + Send> {
    out: BatchWriter<W>,
    layout: PredictionLayout,
    renamed: Option<Vec<(String, String)>>,
}

impl<W: Write + Send> PredictionWriter<W> {
    /// A writer. `row_numbers` says whether the number of each row comes first.
    pub fn new(out: W, format: PredictionFormat, row_numbers: bool) -> Self {
        Self {
            out: BatchWriter::new(out, format),
            layout: PredictionLayout {
                row_numbers,
                kept: KeptColumns::default(),
                typed: format.is_typed(),
                no_formulas: !format.is_typed(),
            },
            renamed: None,
        }
    }

    /// Also writes columns of the input, before the predictions.
    pub fn keeping(mut self, kept: KeptColumns) -> Self {
        self.layout.kept = kept;
        self
    }

    /// Writes predictions.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn write(&mut self, predicted: &PredictedRows) -> io::Result<()> {
        let batch = self.layout.batch(predicted)?;
        if self.renamed.is_none() {
            self.renamed = Some(self.layout.renamed(predicted));
        }
        self.out.write(&batch)
    }

    /// Writes the predictions of several targets, those of a [`TargetStream`](crate::TargetStream) of these predictors. Each column of
    /// predictions has the name of its target after its first word: `prediction_price`, `lower_price`,
    /// `probability_sold_yes`. Those of a single target are named as [`write`](Self::write) names them.
    ///
    /// # Errors
    ///
    /// The output cannot be written, or there is no target.
    pub fn write_targets(
        &mut self,
        predictors: &[Predictor],
        predicted: &[PredictedRows],
    ) -> io::Result<()> {
        if let [alone] = predicted {
            return self.write(alone);
        }
        let targets = predictors.iter().map(|predictor| &predictor.model().target);
        let targets: Vec<&str> = targets.map(Target::column).collect();
        let batch = self.layout.batch_of_targets(&targets, predicted)?;
        if self.renamed.is_none() {
            self.renamed = Some(self.layout.renamed_of_targets(&targets, predicted));
        }
        self.out.write(&batch)
    }

    /// The kept columns whose name is also that of a column of predictions, with the name that they have
    /// in the output. Empty before the first predictions.
    pub fn renamed(&self) -> &[(String, String)] {
        self.renamed.as_deref().unwrap_or_default()
    }

    /// Writes what is buffered and the end of the file, and gives the output back.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.out.finish()
    }
}
