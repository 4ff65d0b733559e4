//! Text that is read in parts, none of which may be too long.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a few rows of text may be, in bytes: they are held at once, and a column of them in one array.
const MOST: u64 = 1 << 30;
pub(crate) const TOO_LONG: &str =
    "a few rows are more than 1 GB of text: is a quote opened and never closed?";

/// What may still be read before it is [`renew`](Self::renew)ed.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Arc<AtomicU64>);

impl Budget {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(MOST)))
    }

    /// Says that what was read is done with.
    pub fn renew(&self) {
        self.0.store(MOST, Ordering::Relaxed);
    }
}

/// Fails where more is read than the budget allows.
pub(crate) struct Bounded<R> {
    text: R,
    budget: Budget,
}

impl<R> Bounded<R> {
    pub fn new(text: R, budget: Budget) -> Self {
        Self { text, budget }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buffer)?;
        let left = self.budget.0.load(Ordering::Relaxed);
        let left = left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(TOO_LONG))?;
        self.budget.0.store(left, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_budget_is_refused_until_it_is_renewed() {
        let budget = Budget::new();
        let mut text = Bounded::new(io::repeat(b'x'), budget.clone());
        let mut part = vec![0; 1 << 26];
        for _ in 0..2 {
            for _ in 0..16 {
                text.read_exact(&mut part).unwrap();
            }
            let error = text.read_exact(&mut part).unwrap_err();
            assert_eq!(error.to_string(), TOO_LONG);
            budget.renew();
        }
    }
}
