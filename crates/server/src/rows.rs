//! The rows of a request, read by the same code as files are.

use arrow_array::RecordBatch;
use backburn::{Encoder, ReadOptions, TableReader};

use crate::media::Content;
use crate::problem::Problem;

/// What error messages call the table.
const NAME: &str = "the request";
/// The most columns of a request, beside four times those of the model.
const FURTHER_COLUMNS: usize = 1000;
/// How much larger a table may be in memory than a body of the largest size.
const MAX_EXPANSION: u64 = 16;

/// What the rows of a request may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowLimits {
    /// The number of rows.
    pub rows: usize,
    /// The bytes of a body.
    pub body: usize,
}

/// The rows of a request, batch by batch. After an error there are no further ones.
pub(crate) struct Rows {
    batches: Box<dyn Iterator<Item = Result<RecordBatch, Problem>>>,
    limit: usize,
    read: usize,
    ended: bool,
}

impl Rows {
    /// Opens a table.
    ///
    /// # Errors
    ///
    /// The body is not of the stated type, has too many rows or columns, or lacks a column that the model
    /// needs.
    pub fn of_table(
        content: Content,
        body: Vec<u8>,
        encoder: &Encoder,
        limits: RowLimits,
    ) -> Result<Self, Problem> {
        let names = encoder
            .columns
            .iter()
            .map(|column| column.name().to_string());
        let options = ReadOptions {
            known_columns: names.collect(),
            encoding: content.encoding,
            ..ReadOptions::default()
        };
        let reader = TableReader::from_bytes(NAME, content.kind, body.into(), &options)?;
        let size = reader.at_least();
        if size.rows > limits.rows as u64 {
            return Err(too_many_rows(limits.rows));
        }
        if size.bytes > MAX_EXPANSION.saturating_mul(limits.body as u64) {
            let detail = "the columns take too much memory when they are decompressed";
            return Err(Problem::too_large(detail));
        }
        let schema = reader.schema();
        let columns = schema.fields().len();
        if columns > 4 * encoder.columns.len() + FURTHER_COLUMNS {
            let detail = format!("there are {columns} columns, and the model needs few of them");
            return Err(Problem::too_large(detail));
        }
        let lacking = encoder.lacking(schema.fields().iter().map(|field| field.name().as_str()));
        if !lacking.is_empty() {
            return Err(match (columns, size.rows) {
                (0, 0) => no_rows(),
                _ => Problem::lacking(&lacking),
            });
        }
        let batches = reader.map(|batch| batch.map_err(Problem::from));
        Ok(Self::new(Box::new(batches), limits.rows))
    }

    /// The rows of a batch in memory.
    ///
    /// # Errors
    ///
    /// The batch lacks a column that the model needs.
    pub fn of_batch(
        batch: RecordBatch,
        encoder: &Encoder,
        limits: RowLimits,
    ) -> Result<Self, Problem> {
        let schema = batch.schema();
        let lacking = encoder.lacking(schema.fields().iter().map(|field| field.name().as_str()));
        match lacking.is_empty() {
            true => Ok(Self::new(Box::new(std::iter::once(Ok(batch))), limits.rows)),
            false => Err(Problem::lacking(&lacking)),
        }
    }

    fn new(batches: Box<dyn Iterator<Item = Result<RecordBatch, Problem>>>, limit: usize) -> Self {
        Self {
            batches,
            limit,
            read: 0,
            ended: false,
        }
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = match self.batches.next() {
            Some(Ok(batch)) => {
                self.read += batch.num_rows();
                match self.read > self.limit {
                    true => Err(too_many_rows(self.limit)),
                    false => return Some(Ok(batch)),
                }
            }
            Some(Err(problem)) => Err(problem),
            None if self.read == 0 => Err(no_rows()),
            None => return None,
        };
        self.ended = true;
        Some(next)
    }
}

fn no_rows() -> Problem {
    Problem::unprocessable("the request has no rows")
}

fn too_many_rows(limit: usize) -> Problem {
    Problem::too_large(format!(
        "the request has more than {limit} rows: send fewer at a time"
    ))
}

#[cfg(test)]
mod tests {
    use backburn::{ContentKind, RecordBatch};

    use super::*;
    use crate::media::Media;

    fn read(kind: ContentKind, body: &str) -> Result<usize, Problem> {
        let json = r#"{"columns": [{"kind": "numeric", "name": "a", "indicator": false,
            "scale": {"mean": 0.0, "std": 1.0}}]}"#;
        let encoder: Encoder = serde_json::from_str(json).unwrap();
        let content = Content {
            kind,
            encoding: None,
            answer: Media::Json,
        };
        let limits = RowLimits {
            rows: 3,
            body: 1000,
        };
        let rows = Rows::of_table(content, body.into(), &encoder, limits)?;
        let batches: Vec<RecordBatch> = rows.collect::<Result<_, Problem>>()?;
        Ok(batches.iter().map(RecordBatch::num_rows).sum())
    }

    #[test]
    fn rows_are_read_within_limits() {
        let json = |body| read(ContentKind::Json, body);
        assert_eq!(json("{\"a\": 1}"), Ok(1));
        assert_eq!(json("[{\"a\": 1}, {\"a\": null, \"b\": 2}]"), Ok(2));
        assert_eq!(json("[{\"a\": NaN}, {\"a\": 1e999}]"), Ok(2));
        assert_eq!(read(ContentKind::Csv, "b,a\n1,2\n"), Ok(1));
        let wide: Vec<String> = (0..2000).map(|n| format!("\"c{n}\": 0")).collect();
        let wide = format!("{{\"a\": 1, {}}}", wide.join(","));
        for (body, status) in [
            ("", 422),
            ("[]", 422),
            ("[{}]", 422),
            ("{\"b\": 1}", 422),
            ("a\n1\n", 400),
            ("[1, 2]", 400),
            ("{\"a\": 1}{\"a\": 1}{\"a\": 1}{\"a\": 1}", 413),
            (wide.as_str(), 413),
        ] {
            let problem = json(body).unwrap_err();
            assert_eq!(problem.status.as_u16(), status, "{body}: {problem:?}");
        }
        for (body, status) in [
            ("", 400),
            ("a\n", 422),
            ("b\n1\n", 422),
            ("a\n1\n2\n3\n4\n", 413),
        ] {
            let problem = read(ContentKind::Csv, body).unwrap_err();
            assert_eq!(problem.status.as_u16(), status, "{body}: {problem:?}");
        }
    }
}
