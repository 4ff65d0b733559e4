//! The answer to a request for predictions.

use std::io::{self, Write};

use arrow_ipc::writer::StreamWriter;
use axum::Extension;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use backburn::{PredictedRows, PredictionFormat, PredictionWriter, RecordBatch};
use backburn_explain::RowExplanation;
use serde_json::json;

use crate::infer::InferAnswer;
use crate::media::Media;
use crate::model_name::ModelName;

/// The answer to a request for predictions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub body: Vec<u8>,
    /// The media type.
    pub media: &'static str,
    /// The number of rows.
    pub rows: usize,
}

/// The number of rows of a response, for the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnsweredRows(pub usize);

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let rows = Extension(AnsweredRows(self.rows));
        (rows, [(CONTENT_TYPE, self.media)], self.body).into_response()
    }
}

/// How an answer is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AnswerFormat {
    /// As a table or an object.
    Media(Media),
    /// As tensors, in the protocol of KServe.
    Tensors(InferAnswer),
}

/// Writes an answer batch by batch.
pub(crate) struct AnswerWriter<'a> {
    model: &'a ModelName,
    out: Out,
    rows: usize,
    explanations: Option<Vec<RowExplanation>>,
}

enum Out {
    Json(PredictionWriter<Vec<u8>>),
    Lines(PredictionWriter<Vec<u8>>),
    Csv(PredictionWriter<Vec<u8>>),
    /// Begins with the first batch, which has the schema.
    Arrow(Option<StreamWriter<Vec<u8>>>),
    Tensors(InferAnswer, Vec<RecordBatch>),
}

impl<'a> AnswerWriter<'a> {
    pub fn new(format: AnswerFormat, model: &'a ModelName) -> Self {
        let lines = || PredictionWriter::new(Vec::new(), PredictionFormat::JSON_LINES, false);
        let out = match format {
            AnswerFormat::Media(Media::Json) => Out::Json(lines()),
            AnswerFormat::Media(Media::JsonLines) => Out::Lines(lines()),
            AnswerFormat::Media(Media::Csv) => Out::Csv(PredictionWriter::new(
                Vec::new(),
                PredictionFormat::CSV,
                false,
            )),
            AnswerFormat::Media(Media::ArrowStream) => Out::Arrow(None),
            AnswerFormat::Tensors(answer) => Out::Tensors(answer, Vec::new()),
        };
        Self {
            model,
            out,
            rows: 0,
            explanations: None,
        }
    }

    /// Adds predictions.
    pub fn write(&mut self, predicted: &PredictedRows) -> io::Result<()> {
        self.rows += predicted.predictions.rows();
        match &mut self.out {
            Out::Json(out) | Out::Lines(out) | Out::Csv(out) => out.write(predicted),
            Out::Arrow(out) => {
                let batch = predicted.to_batch()?;
                if out.is_none() {
                    let started = StreamWriter::try_new(Vec::new(), batch.schema_ref());
                    *out = Some(started.map_err(io::Error::other)?);
                }
                match out {
                    Some(out) => out.write(&batch).map_err(io::Error::other),
                    None => Ok(()),
                }
            }
            Out::Tensors(_, batches) => {
                batches.push(predicted.to_batch()?);
                Ok(())
            }
        }
    }

    /// Adds explanations of the rows, which only JSON has.
    pub fn explain(&mut self, rows: Vec<RowExplanation>) {
        self.explanations = Some(rows);
    }

    pub fn finish(self) -> io::Result<Answer> {
        let (body, media) = match self.out {
            Out::Json(out) => {
                let lines = out.finish()?;
                let body = object(self.model, lines, self.explanations.as_deref())?;
                (body, Media::Json.name())
            }
            Out::Lines(out) => (out.finish()?, Media::JsonLines.name()),
            Out::Csv(out) => (out.finish()?, Media::Csv.name()),
            Out::Arrow(out) => {
                let bytes = out.map(StreamWriter::into_inner).transpose();
                let bytes = bytes.map_err(io::Error::other)?;
                (bytes.unwrap_or_default(), Media::ArrowStream.name())
            }
            Out::Tensors(answer, batches) => {
                (answer.json(self.model, &batches)?, Media::Json.name())
            }
        };
        Ok(Answer {
            body,
            media,
            rows: self.rows,
        })
    }
}

/// The object of an answer: the model, and the lines as an array.
fn object(
    model: &ModelName,
    mut lines: Vec<u8>,
    explanations: Option<&[RowExplanation]>,
) -> io::Result<Vec<u8>> {
    // A line end within text is escaped, so each byte of this kind ends a row.
    lines.pop();
    for byte in &mut lines {
        if *byte == b'\n' {
            *byte = b',';
        }
    }
    let mut body = Vec::with_capacity(lines.len() + 64);
    let name = json!(model.name);
    write!(
        body,
        "{{\"model\":{name},\"version\":{},\"predictions\":[",
        model.version
    )?;
    body.extend(lines);
    body.push(b']');
    if let Some(rows) = explanations {
        // Rows count from 1, as `trainer explain` prints them.
        let rows = rows.iter().map(|row| RowExplanation {
            row: row.row + 1,
            ..row.clone()
        });
        body.extend(b",\"explanations\":");
        serde_json::to_writer(&mut body, &rows.collect::<Vec<_>>())?;
    }
    body.push(b'}');
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use arrow_ipc::reader::StreamReader;
    use backburn::Predictions;
    use serde_json::Value;

    use super::*;

    fn answer(media: Media, batches: &[PredictedRows]) -> Answer {
        let model = ModelName {
            name: "houses".to_string(),
            version: 2,
        };
        let mut writer = AnswerWriter::new(AnswerFormat::Media(media), &model);
        for batch in batches {
            writer.write(batch).unwrap();
        }
        writer.finish().unwrap()
    }

    fn numbers(values: &[f64]) -> PredictedRows {
        PredictedRows {
            rows: Vec::new(),
            predictions: Predictions::Values(values.to_vec()),
            intervals: Some(
                values
                    .iter()
                    .map(|value| [value - 1.0, value + 1.0])
                    .collect(),
            ),
            quantiles: None,
            inputs: None,
        }
    }

    fn classes() -> PredictedRows {
        PredictedRows {
            rows: Vec::new(),
            predictions: Predictions::Classes {
                classes: vec!["a\n\"".to_string(), "b".to_string()],
                probabilities: vec![0.75, 0.25],
                decision: None,
            },
            intervals: None,
            quantiles: None,
            inputs: None,
        }
    }

    #[test]
    fn an_answer_is_written_in_each_type() {
        let batches = [numbers(&[1.5, 2.0]), numbers(&[0.1])];
        let json = answer(Media::Json, &batches);
        assert_eq!((json.media, json.rows), ("application/json", 3));
        let text = String::from_utf8(json.body).unwrap();
        let expected = "{\"model\":\"houses\",\"version\":2,\"predictions\":[\
            {\"prediction\":1.5,\"lower\":0.5,\"upper\":2.5},\
            {\"prediction\":2,\"lower\":1,\"upper\":3},\
            {\"prediction\":0.1,\"lower\":-0.9,\"upper\":1.1}]}";
        assert_eq!(text, expected);
        let csv = answer(Media::Csv, &batches);
        assert_eq!(
            csv.body,
            b"prediction,lower,upper\n1.5,0.5,2.5\n2,1,3\n0.1,-0.9,1.1\n"
        );
        let lines = answer(Media::JsonLines, &batches);
        assert_eq!(lines.body.iter().filter(|&&byte| byte == b'\n').count(), 3);
        let arrow = answer(Media::ArrowStream, &batches);
        let batches = StreamReader::try_new(Cursor::new(arrow.body), None).unwrap();
        let rows: Vec<usize> = batches.map(|batch| batch.unwrap().num_rows()).collect();
        assert_eq!(rows, [2, 1]);
    }

    #[test]
    fn names_of_classes_are_escaped() {
        let json = answer(Media::Json, &[classes(), classes()]);
        let json: Value = serde_json::from_slice(&json.body).unwrap();
        let rows = json["predictions"].as_array().unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1]["prediction"], "a\n\"");
        assert_eq!(rows[1]["probability_b"], 0.25);
    }
}
