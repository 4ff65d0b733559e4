//! A request for predictions.

use backburn::Encoder;
use tokio::sync::OwnedSemaphorePermit;

use crate::answer::AnswerFormat;
use crate::body::{PART, ReadBody};
use crate::infer::InferRequest;
use crate::media::{Content, Media};
use crate::problem::Problem;
use crate::query::PredictQuery;
use crate::rows::{RowLimits, Rows};

/// A request for predictions.
#[derive(Debug)]
pub(crate) struct PredictRequest {
    pub body: ReadBody,
    pub protocol: Protocol,
    /// The part of the requests in progress. Work that no one waits for any more still has it.
    pub _permit: OwnedSemaphorePermit,
}

/// What the body of a request means.
#[derive(Debug)]
pub(crate) enum Protocol {
    /// A table.
    Table {
        content: Content,
        answer: Media,
        query: PredictQuery,
    },
    /// Tensors, in the protocol of KServe.
    Tensors,
}

/// A request that has been opened: its rows, and what is asked of them.
pub(crate) struct Opened {
    pub rows: Rows,
    pub coverage: Option<f64>,
    pub format: AnswerFormat,
}

impl PredictRequest {
    /// Whether the request is predicted together with others. Others take so long that requests behind them
    /// would wait.
    pub fn is_small(&self) -> bool {
        self.body.bytes.len() <= PART && !self.wants_explanations()
    }

    /// Whether each row is to be explained.
    pub fn wants_explanations(&self) -> bool {
        matches!(&self.protocol, Protocol::Table { query, .. } if query.explanations)
    }

    /// Opens the body, which this takes out of the request.
    pub fn open(&mut self, encoder: &Encoder, limits: RowLimits) -> Result<Opened, Problem> {
        let body = std::mem::take(&mut self.body.bytes);
        match &self.protocol {
            Protocol::Table {
                content,
                answer,
                query,
            } => Ok(Opened {
                rows: Rows::of_table(*content, body, encoder, limits)?,
                coverage: query.coverage,
                format: AnswerFormat::Media(*answer),
            }),
            Protocol::Tensors => {
                let request = InferRequest::parse(&body)?;
                Ok(Opened {
                    rows: Rows::of_batch(request.batch()?, encoder, limits)?,
                    coverage: request.coverage()?,
                    format: AnswerFormat::Tensors(request.answer()),
                })
            }
        }
    }
}
