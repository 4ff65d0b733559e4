//! A limit on the text of a batch of rows.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::read_options::ReadOptions;

/// Bytes of text in one batch, at most: a batch is held in memory as a whole, each column in one array.
const MAX_BYTES: u64 = 1 << 30;
/// How often the text of a batch is in memory while it is read, at most.
const COPIES: u64 = 8;

/// The message where the limit is exceeded.
pub(crate) const TOO_LONG: &str = "a few rows are too much text at a time";

/// The bytes of text that a batch may have.
pub(crate) fn text_limit(options: &ReadOptions) -> u64 {
    let limit = options.memory.map(|memory| memory / COPIES);
    limit.unwrap_or(MAX_BYTES).min(MAX_BYTES)
}

/// The message where this limit is exceeded.
pub(crate) fn too_long_at_once(limit: u64) -> String {
    format!("{TOO_LONG}, more than {} MB", limit.div_ceil(1 << 20))
}

/// The message where text that has quotes exceeds this limit.
fn too_long(limit: u64) -> String {
    let too_long = too_long_at_once(limit);
    format!("{too_long}: is a quote opened and never closed?")
}

/// The bytes that may still be read before the next [`reset`](Self::reset). Clones share one count.
#[derive(Debug, Clone)]
pub(crate) struct ByteBudget {
    left: Arc<AtomicU64>,
    limit: u64,
}

impl ByteBudget {
    /// A budget of this many bytes.
    pub fn new(limit: u64) -> Self {
        Self {
            left: Arc::new(AtomicU64::new(limit)),
            limit,
        }
    }

    /// Starts the count again, for the next batch.
    pub fn reset(&self) {
        self.left.store(self.limit, Ordering::Relaxed);
    }

    /// Gives back bytes that were read and are not held, such as those of a row that is left out.
    pub fn give_back(&self, bytes: u64) {
        let left = self.left.load(Ordering::Relaxed).saturating_add(bytes);
        self.left.store(left.min(self.limit), Ordering::Relaxed);
    }
}

/// A reader that returns an error when the budget is used up.
pub(crate) struct LimitedReader<R> {
    reader: R,
    budget: ByteBudget,
}

impl<R> LimitedReader<R> {
    pub fn new(reader: R, budget: ByteBudget) -> Self {
        Self { reader, budget }
    }
}

impl<R: Read> Read for LimitedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let left = self.budget.left.load(Ordering::Relaxed);
        let left = left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(too_long(self.budget.limit)))?;
        self.budget.left.store(left, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_budget_is_refused_until_the_next_reset() {
        let budget = ByteBudget::new(10_000);
        let mut text = LimitedReader::new(io::repeat(b'x'), budget.clone());
        let mut part = vec![0; 1_000];
        for _ in 0..2 {
            for _ in 0..10 {
                text.read_exact(&mut part).unwrap();
            }
            let error = text.read_exact(&mut part).unwrap_err();
            assert_eq!(error.to_string(), too_long(10_000));
            budget.reset();
        }
    }

    #[test]
    fn the_limit_depends_on_the_memory() {
        let limit = |memory| {
            let options = ReadOptions {
                memory,
                ..ReadOptions::default()
            };
            text_limit(&options)
        };
        assert_eq!(limit(None), MAX_BYTES);
        assert_eq!(limit(Some(u64::MAX)), MAX_BYTES);
        assert_eq!(limit(Some(80 << 20)), 10 << 20);
        assert!(too_long(10 << 20).contains("more than 10 MB"));
    }
}
