//! The chain rule written out agrees with Burn's autodiff.

#[path = "../../examples/backpropagation/by_burn.rs"]
mod by_burn;
#[path = "../../examples/backpropagation/by_hand.rs"]
mod by_hand;

use by_hand::{Layer, Matrix, Targets};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn matrix(rows: usize, columns: usize, rng: &mut ChaCha8Rng) -> Matrix {
    let mut row = |_| (0..columns).map(|_| rng.random_range(-1.0..1.0)).collect();
    (0..rows).map(&mut row).collect()
}

fn network(widths: &[usize], rng: &mut ChaCha8Rng) -> Vec<Layer> {
    let layers = widths.windows(2).map(|pair| Layer {
        weights: matrix(pair[0], pair[1], rng),
        biases: matrix(1, pair[1], rng).remove(0),
    });
    layers.collect()
}

#[test]
fn the_chain_rule_by_hand_agrees_with_autodiff() {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for widths in [
        vec![3, 2],
        vec![2, 3, 1],
        vec![4, 5, 6, 3],
        vec![1, 2, 3, 4, 2],
    ] {
        let rows = 7;
        let outputs = widths[widths.len() - 1];
        let values = Targets::Values(matrix(rows, outputs, &mut rng));
        let classes = Targets::Classes((0..rows).map(|row| row % outputs).collect());
        for targets in [values, classes] {
            let mut layers = network(&widths, &mut rng);
            let inputs = matrix(rows, widths[0], &mut rng);
            let mut before = f64::INFINITY;
            for _ in 0..3 {
                let pass = by_hand::pass(&layers, &inputs, &targets);
                let (loss, partials) = by_burn::pass(&layers, &inputs, &targets);
                assert_eq!(pass.activations.len(), pass.deltas.len() + 1);
                assert!((pass.loss - loss).abs() < 1e-10, "{} {loss}", pass.loss);
                assert_eq!(pass.partials.len(), layers.len());
                assert_eq!(partials.len(), layers.len());
                for (by_hand, by_burn) in pass.partials.iter().zip(&partials) {
                    let by_hand = [by_hand.weights.concat(), by_hand.biases.clone()].concat();
                    let by_burn = [by_burn.weights.concat(), by_burn.biases.clone()].concat();
                    assert_eq!(by_hand.len(), by_burn.len());
                    for (a, b) in by_hand.iter().zip(&by_burn) {
                        assert!((a - b).abs() < 1e-10, "{widths:?}: {a} {b}");
                    }
                }
                assert!(pass.loss <= before);
                before = pass.loss;
                by_hand::update(&mut layers, &partials, 0.05);
            }
        }
    }
}
