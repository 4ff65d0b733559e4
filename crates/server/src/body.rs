//! Reading the body of a request within limits.

use std::sync::Arc;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// Bytes of a body that need no part of the memory for bodies, and the size of a part.
pub(crate) const PART: usize = 64 << 10;

/// The memory for the bodies of all requests in progress.
#[derive(Debug, Clone)]
pub(crate) struct BodyMemory {
    parts: Arc<Semaphore>,
    /// The bytes of one body, at most.
    limit: usize,
}

/// A body, with its part of the memory for bodies.
#[derive(Debug)]
pub(crate) struct ReadBody {
    pub bytes: Vec<u8>,
    _memory: Option<OwnedSemaphorePermit>,
}

impl BodyMemory {
    /// Memory for bodies of at most `limit` bytes, and of `pending` bytes together.
    pub fn new(limit: usize, pending: usize) -> Self {
        // One body of the largest size must fit.
        let parts = pending.max(limit).div_ceil(PART);
        Self {
            parts: Arc::new(Semaphore::new(parts.min(Semaphore::MAX_PERMITS))),
            limit,
        }
    }

    /// Reads a body. Memory is claimed as bytes arrive, so that a client that states a size and sends nothing
    /// claims nothing.
    ///
    /// # Errors
    ///
    /// The body is larger than the limit, the memory for bodies is used up, or the client went away.
    pub async fn read(&self, mut body: Body) -> Result<ReadBody, Problem> {
        let stated = body.size_hint().lower();
        if stated > self.limit as u64 {
            return Err(self.too_large());
        }
        let mut bytes = Vec::with_capacity((stated as usize).min(PART));
        let mut memory: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Problem::malformed(error.to_string()))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let size = bytes.len() + data.len();
            if size > self.limit {
                return Err(self.too_large());
            }
            let held = memory.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let needed = size.div_ceil(PART).saturating_sub(1 + held);
            if needed > 0 {
                let more = self.parts.clone().try_acquire_many_owned(needed as u32);
                let more = more.map_err(|_| {
                    Problem::busy("too many large requests are in progress: try again later")
                })?;
                match &mut memory {
                    Some(memory) => memory.merge(more),
                    None => memory = Some(more),
                }
            }
            bytes.extend_from_slice(&data);
        }
        Ok(ReadBody {
            bytes,
            _memory: memory,
        })
    }

    fn too_large(&self) -> Problem {
        let limit = self.limit;
        Problem::too_large(format!(
            "the body has more than {limit} bytes: send fewer rows at a time"
        ))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit() {
        let memory = BodyMemory::new(3 * PART, 0);
        let read = async |size: usize| memory.read(Body::from(vec![7; size])).await;
        for size in [0, 1, PART, PART + 1, 3 * PART] {
            assert_eq!(read(size).await.unwrap().bytes.len(), size);
        }
        let problem = read(3 * PART + 1).await.unwrap_err();
        assert_eq!(problem.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn large_bodies_share_the_memory() {
        let memory = BodyMemory::new(3 * PART, 3 * PART);
        let read = async |size: usize| memory.read(Body::from(vec![7; size])).await;
        let large = read(3 * PART).await.unwrap();
        let problem = read(3 * PART).await.unwrap_err();
        assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
        // Small ones need no share.
        assert!(read(PART).await.is_ok());
        drop(large);
        assert!(read(3 * PART).await.is_ok());
    }
}
