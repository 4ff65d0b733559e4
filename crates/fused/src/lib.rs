//! The plain multilayer perceptron in main memory: its forward and backward pass over arrays.
//!
//! Burn runs any network on any device, one operation at a time: each allocates its result, notes
//! in a graph how to go back, and passes over memory once more. On small networks that takes far
//! longer than the arithmetic. Here the same equations run over buffers that are allocated once:
//! a matrix product for each layer, then bias and activation in one pass, and backward likewise.
//!
//! - [`FusedMlp`] holds the parameters of an [`Mlp`](backburn_model::Mlp), one after the other.
//! - [`Pass`] takes a batch of rows forward and sends a gradient back.
//! - [`FusedMlp::predict`] answers for rows that stand alone.
//!
//! What it cannot do (normalization, activations with parameters or few users, other devices and
//! precisions) it says with `None`, and Burn does it.

mod activation;
mod by_rows;
mod forward;
mod matrix;
mod mlp;
mod pass;

pub use forward::Between;
pub use mlp::FusedMlp;
pub use pass::Pass;

/// Compiles the loops of a closure once for each generation of vector instructions, and runs those
/// for the best that this processor has.
#[inline(always)]
pub fn vectorized<R>(loops: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(loops)
}

/// Multiplications below which threads cost more than they bring: threads of which this is one, and
/// those that have to be woken from elsewhere.
const WORTH_SHARING: usize = 500_000;
const WORTH_WAKING: usize = 20_000_000;

/// Whether so many multiplications are worth sharing with other threads of rayon's pool.
pub fn worth_threads(multiplications: usize) -> bool {
    multiplications
        >= match rayon::current_thread_index() {
            Some(_) => WORTH_SHARING,
            None => WORTH_WAKING,
        }
}
