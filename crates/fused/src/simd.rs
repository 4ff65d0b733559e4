//! Compiling loops for the vector instructions of the processor.

/// Runs a closure whose loops are compiled for the best vector instructions of this processor.
///
/// The closure is compiled once for each supported instruction set, and the choice is made at run
/// time. Mark it `#[inline(always)]`, so that its loops are compiled with each of them.
///
/// ```
/// let mut numbers = vec![1.0_f32; 100];
/// backburn_fused::vectorized(
///     #[inline(always)]
///     || numbers.iter_mut().for_each(|x| *x *= 2.0),
/// );
/// assert_eq!(numbers[99], 2.0);
/// ```
#[inline(always)]
pub fn vectorized<R>(loops: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(loops)
}
