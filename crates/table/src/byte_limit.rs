//! A limit on the text of a batch of rows.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of text in one batch, at most: a batch is held in memory as a whole, each column in one array.
const MAX_BYTES: u64 = 1 << 30;

/// The message where the limit is exceeded.
pub(crate) const TOO_LONG: &str =
    "a few rows are more than 1 GB of text: is a quote opened and never closed?";

/// The bytes that may still be read before the next [`reset`](Self::reset). Clones share one count.
#[derive(Debug, Clone)]
pub(crate) struct ByteBudget(Arc<AtomicU64>);

impl ByteBudget {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(MAX_BYTES)))
    }

    /// Starts the count again, for the next batch.
    pub fn reset(&self) {
        self.0.store(MAX_BYTES, Ordering::Relaxed);
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
        let remaining = self.budget.0.load(Ordering::Relaxed);
        let remaining = remaining
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(TOO_LONG))?;
        self.budget.0.store(remaining, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_budget_is_refused_until_the_next_reset() {
        let budget = ByteBudget::new();
        let mut text = LimitedReader::new(io::repeat(b'x'), budget.clone());
        let mut part = vec![0; 1 << 26];
        for _ in 0..2 {
            for _ in 0..16 {
                text.read_exact(&mut part).unwrap();
            }
            let error = text.read_exact(&mut part).unwrap_err();
            assert_eq!(error.to_string(), TOO_LONG);
            budget.reset();
        }
    }
}
