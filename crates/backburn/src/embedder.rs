//! Embeddings from a saved model.

use arrow_array::RecordBatch;
use backburn_fused::FusedMlp;
use backburn_model::Mlp;
use backburn_preprocessing::BatchEncoder;
use backburn_table::{CellError, Table};

use crate::embeddings::Embeddings;
use crate::error::Error;
use crate::predictor::Predictor;
use crate::row_stream::encoded_at_once;

/// Computes embeddings: a vector for each row. Rows that the model treats alike have vectors at a small distance.
/// Made by [`Predictor::embedder`].
///
/// The vector has the outputs of the network's last hidden layer, which are the inputs of its output layer. For
/// an ensemble, it has those of the first network, then those of the second, and so on. So the network's output is
/// a linear function of the vector, for an ensemble too, and the squared distance of two rows is the sum of their
/// squared distances in each network. Embeddings of different models cannot be compared, not even those of a
/// model that was trained again.
///
/// ```no_run
/// use backburn::{Predictor, ReadOptions, Table};
///
/// let predictor = Predictor::load("houses.safetensors")?;
/// let embedder = predictor.embedder()?;
/// let table = Table::read("houses.csv", &ReadOptions::default())?;
/// let embeddings = embedder.embed_table(&table)?;
/// assert_eq!(embeddings.rows(), table.rows());
/// for vector in embeddings.vectors() {
///     assert_eq!(vector.len(), embedder.dimensions());
/// }
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug)]
pub struct Embedder<'a> {
    predictor: &'a Predictor,
    encoder: BatchEncoder<'a>,
    /// The networks without their output layers, for computation in main memory.
    fused: Option<Vec<FusedMlp>>,
    dimensions: usize,
}

impl Predictor {
    /// Prepares the computation of embeddings.
    ///
    /// # Errors
    ///
    /// The model has no hidden layer.
    pub fn embedder(&self) -> Result<Embedder<'_>, Error> {
        let model = self.model();
        let last = |network: &Mlp| network.hidden_units().last().copied();
        let units: Option<Vec<usize>> = model.network.members.iter().map(last).collect();
        let units = units.ok_or_else(|| {
            let reason = "the model is linear: it has no hidden layer, whose outputs would be the embedding; \
                          train a model with hidden layers, such as network.hidden=[64]";
            Error::Failed(reason.to_string())
        })?;
        Ok(Embedder {
            predictor: self,
            encoder: model.encoder.batch_encoder(),
            fused: self.fused().and_then(without_outputs),
            dimensions: units.iter().sum(),
        })
    }
}

impl<'a> Embedder<'a> {
    /// The predictor of the same model.
    pub fn predictor(&self) -> &'a Predictor {
        self.predictor
    }

    /// The length of an embedding: the number of units of the last hidden layer, and for an ensemble the sum of
    /// these numbers over its networks.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Computes the embedding of every row of a table. They take `4 * rows * dimensions` bytes; see
    /// [`EmbeddingStream`](crate::EmbeddingStream) for tables of any length.
    ///
    /// # Errors
    ///
    /// The table lacks a column, a value is of another kind than in training, or an embedding is not finite.
    pub fn embed_table(&self, table: &Table) -> Result<Embeddings, Error> {
        let mut all = self.embed_encoded(&[]);
        self.each_part(table, |_, part| all.extend(&part))?;
        Ok(all)
    }

    /// Computes the embeddings of rows that
    /// [`Encoder::encode_batch`](backburn_preprocessing::Encoder::encode_batch) encoded: `rows * width` numbers.
    /// The embedding of a row does not depend on the other rows.
    pub fn embed_encoded(&self, rows: &[f32]) -> Embeddings {
        let network = &self.predictor.model().network;
        let numbers = match self.fused.as_deref() {
            Some([alone]) => alone.predict(rows),
            Some(members) => side_by_side(members, rows),
            None => {
                let hidden = |rows| network.forward_hidden(rows);
                self.predictor.in_blocks(rows, hidden)
            }
        };
        Embeddings::new(self.dimensions, numbers)
    }

    /// The number of rows whose embeddings take little memory.
    pub(crate) fn rows_at_once(&self) -> usize {
        const NUMBERS: usize = 1 << 20;
        let encoder = &self.predictor.model().encoder;
        let rows = NUMBERS / self.dimensions.max(1);
        rows.min(encoded_at_once(encoder)).max(1)
    }

    /// Calls `visit` with the embeddings of a table, part by part, and with the index of each part's first row.
    pub(crate) fn each_part(
        &self,
        table: &Table,
        mut visit: impl FnMut(usize, Embeddings),
    ) -> Result<(), Error> {
        self.check_columns(table)?;
        let mut before = 0;
        for batch in table.batches() {
            self.visit_batch(table, batch, before, &mut visit)?;
            before += batch.num_rows();
        }
        Ok(())
    }

    /// The embedding of one row of a table, by its index.
    pub(crate) fn embed_row(&self, table: &Table, row: usize) -> Result<Vec<f32>, Error> {
        self.check_columns(table)?;
        let mut vector = Vec::new();
        let mut before = 0;
        for batch in table.batches() {
            let index = row.checked_sub(before);
            if let Some(index) = index.filter(|index| *index < batch.num_rows()) {
                let alone = batch.slice(index, 1);
                let visit = |_, part: Embeddings| vector = part.numbers().to_vec();
                self.visit_batch(table, &alone, row, visit)?;
                break;
            }
            before += batch.num_rows();
        }
        Ok(vector)
    }

    fn check_columns(&self, table: &Table) -> Result<(), Error> {
        let lacking = self.predictor.model().encoder.lacking(table.columns());
        match lacking.first() {
            Some(column) => Err(table.no_column(column).into()),
            None => Ok(()),
        }
    }

    /// Calls `visit` with the embeddings of a batch of a table, as [`each_part`](Self::each_part) does. `before` is the
    /// number of rows before the batch.
    fn visit_batch(
        &self,
        table: &Table,
        batch: &RecordBatch,
        mut before: usize,
        mut visit: impl FnMut(usize, Embeddings),
    ) -> Result<(), Error> {
        let model = self.predictor.model();
        let at = |first: usize, error: CellError| {
            table.cell_error(CellError {
                row: first + error.row,
                ..error
            })
        };
        let read = model.format.apply(batch);
        let read = read.map_err(|error| at(before, error))?;
        let at_once = self.rows_at_once();
        let mut start = 0;
        while start < read.num_rows() {
            let rows = at_once.min(read.num_rows() - start);
            let part = read.slice(start, rows);
            let encoded = self.encoder.encode(&part);
            let encoded = encoded.map_err(|error| at(before, error))?;
            let embeddings = self.embed_encoded(&encoded.numbers);
            if let Some(row) = embeddings.first_not_finite() {
                let location = table.location(before + row);
                return Err(Error::not_finite_result("embedding", &location));
            }
            visit(before, embeddings);
            start += rows;
            before += rows;
        }
        Ok(())
    }
}

/// The networks without their output layers.
fn without_outputs(members: &[FusedMlp]) -> Option<Vec<FusedMlp>> {
    members.iter().map(FusedMlp::without_output).collect()
}

/// The outputs of several networks `[rows, outputs of all]`: for each row those of the first, then of the second.
fn side_by_side(members: &[FusedMlp], rows: &[f32]) -> Vec<f32> {
    let outputs: Vec<Vec<f32>> = members.iter().map(|member| member.predict(rows)).collect();
    let mut rest: Vec<&[f32]> = outputs.iter().map(Vec::as_slice).collect();
    let mut all = Vec::with_capacity(rest.iter().map(|outputs| outputs.len()).sum());
    while rest.iter().any(|outputs| !outputs.is_empty()) {
        for (outputs, member) in rest.iter_mut().zip(members) {
            let (of_row, further) = outputs.split_at(member.outputs().min(outputs.len()));
            all.extend_from_slice(of_row);
            *outputs = further;
        }
    }
    all
}
