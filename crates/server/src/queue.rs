//! A queue of work for several threads.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A queue of work for several threads. It has no bound of its own: the number of requests in
/// progress is limited elsewhere.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    is_closed: bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                items: VecDeque::new(),
                is_closed: false,
            }),
            changed: Condvar::new(),
        }
    }
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item.
    pub fn push(&self, item: T) {
        self.lock().items.push_back(item);
        self.changed.notify_one();
    }

    /// No further items come: threads end when the queue is empty.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits for items, and takes `share` of how many there are. If that is less than `enough`, it then waits
    /// for more, up to `wait`. `None` if the queue is closed and empty.
    pub fn take(
        &self,
        share: impl Fn(usize) -> usize,
        enough: usize,
        wait: Duration,
    ) -> Option<Vec<T>> {
        let mut state = self.lock();
        while state.items.is_empty() {
            if state.is_closed {
                return None;
            }
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        let start = Instant::now();
        while state.items.len() < enough && !state.is_closed {
            let left = wait.saturating_sub(start.elapsed());
            if left.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let count = share(state.items.len()).clamp(1, state.items.len().max(1));
        let count = count.min(state.items.len());
        let taken = state.items.drain(..count).collect();
        if !state.items.is_empty() {
            self.changed.notify_one();
        }
        Some(taken)
    }

    /// Waits for an item. `None` if the queue is closed and empty.
    pub fn take_one(&self) -> Option<T> {
        self.take(|_| 1, 1, Duration::ZERO)?.pop()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn what_was_added_before_the_end_is_taken() {
        let queue = Queue::default();
        for n in 0..5 {
            queue.push(n);
        }
        queue.close();
        let all = |queued| queued;
        assert_eq!(
            queue.take(|queued| queued / 2, 0, Duration::ZERO),
            Some(vec![0, 1])
        );
        assert_eq!(queue.take_one(), Some(2));
        assert_eq!(
            queue.take(all, 100, Duration::from_secs(60)),
            Some(vec![3, 4])
        );
        assert_eq!(queue.take(all, 0, Duration::ZERO), None);
    }

    #[test]
    fn a_thread_waits_for_more() {
        let queue = Arc::new(Queue::default());
        let taker = queue.clone();
        let taker = thread::spawn(move || taker.take(|queued| queued, 3, Duration::from_secs(60)));
        for n in 0..3 {
            queue.push(n);
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(taker.join().unwrap(), Some(vec![0, 1, 2]));
    }

    #[test]
    fn a_thread_ends_with_the_queue() {
        let queue: Arc<Queue<u8>> = Arc::default();
        let taker = queue.clone();
        let taker = thread::spawn(move || taker.take_one());
        thread::sleep(Duration::from_millis(20));
        queue.close();
        assert_eq!(taker.join().unwrap(), None);
    }
}
