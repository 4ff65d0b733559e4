//! Outputs in ascending order, as [`MlpConfig::increasing`](backburn_model::MlpConfig::increasing) has them.

/// Makes the numbers of each row ascend: the first, then sums of the softplus of the others.
pub(crate) fn apply(outputs: &mut [f32], width: usize) {
    for row in outputs.chunks_exact_mut(width) {
        let mut level = row[0];
        for output in &mut row[1..] {
            level += softplus(*output);
            *output = level;
        }
    }
}

/// The same, and writes the slope of each step with respect to the number it was.
pub(crate) fn apply_with_slopes(outputs: &mut [f32], width: usize, slopes: &mut [f32]) {
    for (slope, output) in slopes.iter_mut().zip(&*outputs) {
        *slope = sigmoid(*output);
    }
    for slopes in slopes.chunks_exact_mut(width) {
        slopes[0] = 1.0;
    }
    apply(outputs, width);
}

/// Turns the gradient with respect to the ascending numbers into that with respect to the numbers before.
/// A number raises all that follow it.
pub(crate) fn backward(gradient: &mut [f32], width: usize, slopes: &[f32]) {
    let rows = gradient.chunks_exact_mut(width);
    for (gradient, slopes) in rows.zip(slopes.chunks_exact(width)) {
        let mut sum = 0.0;
        for (gradient, slope) in gradient.iter_mut().zip(slopes).rev() {
            sum += *gradient;
            *gradient = sum * slope;
        }
    }
}

/// `log(1 + exp(x))`
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f32) -> f32 {
    (1.0 + (-x).exp()).recip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_never_cross() {
        let mut outputs = vec![3.0, -80.0, 0.5, -1e9, -3e38, 1e9, 0.1, 100.0, -200.0];
        apply(&mut outputs, 3);
        for row in outputs.chunks(3) {
            assert!(row[0] <= row[1] && row[1] <= row[2], "{row:?}");
        }
        assert_eq!(&outputs[..2], [3.0, 3.0]);
        assert!((outputs[7] - 100.1).abs() < 1e-4);
    }

    #[test]
    fn the_gradient_equals_central_differences() {
        let start = [0.3f32, -0.7, 1.2, 0.1];
        let weights = [1.0f32, -2.0, 0.5, 3.0];
        let mut slopes = [0.0; 4];
        apply_with_slopes(&mut start.clone(), 4, &mut slopes);
        let mut gradient = weights;
        backward(&mut gradient, 4, &slopes);
        for (index, gradient) in gradient.into_iter().enumerate() {
            // In 64 bits, since differences of numbers of 32 bits are not exact enough.
            let loss = |by: f64| {
                let mut level = 0.0;
                let mut sum = 0.0;
                for (at, (x, weight)) in start.iter().zip(weights).enumerate() {
                    let x = f64::from(*x) + if at == index { by } else { 0.0 };
                    level += if at == 0 { x } else { x.exp().ln_1p() };
                    sum += f64::from(weight) * level;
                }
                sum
            };
            let difference = (loss(1e-5) - loss(-1e-5)) / 2e-5;
            let error = (f64::from(gradient) - difference).abs();
            assert!(error < 1e-6 * difference.abs().max(1.0), "{index}: {error}");
        }
    }
}
