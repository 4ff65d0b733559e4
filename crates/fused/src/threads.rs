//! When threads are worth their cost.

/// The fewest multiplications to share from a thread of rayon's pool, whose other threads are
/// already awake. Below this, sharing costs more time than it saves.
const MIN_INSIDE_POOL: usize = 500_000;
/// The fewest multiplications to share from a thread outside rayon's pool, which has to wake the
/// pool first.
const MIN_OUTSIDE_POOL: usize = 20_000_000;

/// Whether work with this many multiplications is faster when rayon's threads share it.
///
/// ```
/// assert!(!backburn_fused::worth_threads(1_000));
/// assert!(backburn_fused::worth_threads(1_000_000_000));
/// ```
pub fn worth_threads(multiplications: usize) -> bool {
    multiplications
        >= match rayon::current_thread_index() {
            Some(_) => MIN_INSIDE_POOL,
            None => MIN_OUTSIDE_POOL,
        }
}
