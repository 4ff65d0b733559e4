//! Sums over the numbers of a tensor.

use std::borrow::Cow;

use burn::tensor::TensorData;

/// The sum of `f` over numbers. Chunks of 1024 are summed in 32 bits, which the processor vectorizes,
/// and the sums of the chunks in 64 bits.
pub(crate) fn sum(numbers: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    numbers
        .chunks(1024)
        .map(|chunk| {
            let mut lanes = [0f32; 16];
            let sixteens = chunk.chunks_exact(16);
            let rest: f32 = sixteens.remainder().iter().map(|&x| f(x)).sum();
            for sixteen in sixteens {
                for (lane, &x) in lanes.iter_mut().zip(sixteen) {
                    *lane += f(x);
                }
            }
            f64::from(lanes.iter().sum::<f32>() + rest)
        })
        .sum()
}

/// The numbers of a tensor as `f32`, without a copy where they are that already.
pub(crate) fn floats(data: &TensorData) -> Cow<'_, [f32]> {
    match data.as_slice::<f32>() {
        Ok(floats) => Cow::Borrowed(floats),
        Err(_) => Cow::Owned(data.iter::<f32>().collect()),
    }
}
