//! Several training runs in parallel.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use rayon::ThreadPoolBuilder;

use crate::{LearningRate, Network, TrainingConfig};

impl TrainingConfig {
    /// Whether several runs of this network give the same results by [`run_parallel`] as one after
    /// the other. Runs through Burn's autodiff do not: they share the random numbers of the device.
    pub fn can_run_parallel<N: Network>(&self, network: &N) -> bool {
        let fixed = self.learning_rate != LearningRate::Auto;
        fixed && self.fuses(network)
    }
}

/// How many of `count` runs [`run_parallel`] runs at a time.
pub fn runs_at_a_time(count: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    match cfg!(target_family = "wasm") {
        true => 1,
        false => cores.min(count).max(1),
    }
}

/// Runs `run(0)` to `run(count - 1)` in parallel, such as the folds of a cross-validation. As many
/// run at a time as the processor has cores, and the cores are divided evenly among them. `done` gets the
/// results in order, each as soon as this run and all runs before it have ended.
///
/// On small networks this uses the cores better than one run after the other, whose threads wait
/// for each other at every step.
///
/// ```
/// let mut squares = Vec::new();
/// backburn_training::run_parallel(3, |index| index * index, |_, square| squares.push(square));
/// assert_eq!(squares, [0, 1, 4]);
/// ```
pub fn run_parallel<T: Send>(
    count: usize,
    run: impl Fn(usize) -> T + Sync,
    mut done: impl FnMut(usize, T),
) {
    // A browser has no threads to start.
    if cfg!(target_family = "wasm") {
        (0..count).for_each(|index| done(index, run(index)));
        return;
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = runs_at_a_time(count);
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (send, next, run) = (send.clone(), &next, &run);
            scope.spawn(move || {
                // A pool of its own, since runs in the global pool would wait for each other.
                let pool = ThreadPoolBuilder::new()
                    .num_threads(cores / workers)
                    .use_current_thread()
                    .build();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || send.send((index, run(index))).is_err() {
                        break;
                    }
                }
                drop(pool);
            });
        }
        drop(send);
        let mut waiting = std::collections::BTreeMap::new();
        let mut due = 0;
        for (index, result) in receive {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&due) {
                done(due, result);
                due += 1;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_none_is_lost() {
        for count in [0, 1, 7] {
            let mut seen = Vec::new();
            let run = |index: usize| {
                let pause = std::time::Duration::from_millis(3 * (index as u64 % 2));
                thread::sleep(pause);
                index * 10
            };
            run_parallel(count, run, |index, result| seen.push((index, result)));
            let expected: Vec<_> = (0..count).map(|index| (index, index * 10)).collect();
            assert_eq!(seen, expected);
        }
    }
}
