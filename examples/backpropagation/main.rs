//! Backpropagation with nothing hidden: one pass through a small network forward and back, by hand
//! and by Burn's autodiff, and one update.
//!
//! ```console
//! $ cargo run -p backburn-examples --bin backpropagation
//! ```

mod by_burn;
mod by_hand;

use by_hand::{Layer, Matrix, Truth};

fn main() {
    // Two houses: size and age (both standardized), and the price.
    let inputs = vec![vec![0.8, -1.1], vec![-0.5, 0.3]];
    let prices = Truth::Values(vec![vec![1.2], vec![-0.7]]);
    // Two inputs, three hidden tanh units, one output.
    let mut layers = vec![
        Layer {
            weights: vec![vec![0.5, -0.3, 0.2], vec![-0.4, 0.1, 0.6]],
            biases: vec![0.1, 0.0, -0.1],
        },
        Layer {
            weights: vec![vec![0.7], vec![-0.2], vec![0.3]],
            biases: vec![0.05],
        },
    ];

    let pass = by_hand::pass(&layers, &inputs, &prices);
    println!("Forward: what each layer gives, a row for each house");
    show("inputs", &pass.activations[0]);
    show("hidden = tanh(inputs · W¹ + b¹)", &pass.activations[1]);
    show("output = hidden · W² + b²", &pass.activations[2]);
    println!("\nLoss: the mean squared error is {:.6}", pass.loss);
    println!("\nBackward: how the loss changes with what enters each unit");
    show("δ² = 2 (output - price) / rows", &pass.deltas[1]);
    show("δ¹ = δ² · W²ᵀ ⊙ (1 - hidden²)", &pass.deltas[0]);
    println!("\nPartial derivatives of the loss: what entered, times the delta");
    show("by W¹: inputsᵀ · δ¹", &pass.partials[0].weights);
    show(
        "by b¹: δ¹, summed over the rows",
        &vec![pass.partials[0].biases.clone()],
    );
    show("by W²: hiddenᵀ · δ²", &pass.partials[1].weights);
    show(
        "by b²: δ², summed over the rows",
        &vec![pass.partials[1].biases.clone()],
    );

    let (loss, partials) = by_burn::pass(&layers, &inputs, &prices);
    println!("\nBurn's autodiff says: loss {loss:.6}");
    show("by W¹", &partials[0].weights);
    show("by W²", &partials[1].weights);
    let apart = furthest_apart(&pass.partials, &partials);
    println!("The two differ by at most {apart:.1e}.");

    let learning_rate = 0.1;
    by_hand::update(&mut layers, &pass.partials, learning_rate);
    let after = by_hand::pass(&layers, &inputs, &prices);
    println!("\nUpdate: every weight takes a step of {learning_rate} against its derivative");
    show("W¹", &layers[0].weights);
    show("W²", &layers[1].weights);
    println!(
        "\nThe loss falls from {:.6} to {:.6}.",
        pass.loss, after.loss
    );

    for _ in 0..20 {
        let pass = by_hand::pass(&layers, &inputs, &prices);
        by_hand::update(&mut layers, &pass.partials, learning_rate);
    }
    let trained = by_hand::pass(&layers, &inputs, &prices);
    println!("After 20 more such steps it is {:.6}.", trained.loss);
    classes(&inputs);
}

/// The same for classes: only where the deltas start is different.
fn classes(inputs: &Matrix) {
    let classes = Truth::Classes(vec![1, 0]);
    let layers = [Layer {
        weights: vec![vec![0.5, -0.3], vec![-0.4, 0.1]],
        biases: vec![0.1, 0.0],
    }];
    let pass = by_hand::pass(&layers, inputs, &classes);
    println!("\nClasses: cheap and dear, told apart by one layer and cross-entropy");
    show("logits = inputs · W + b", &pass.activations[1]);
    println!(
        "  loss = mean(-log softmax(logits)[class]) is {:.6}",
        pass.loss
    );
    show("δ = (softmax - one-hot) / rows", &pass.deltas[0]);
    show("by W: inputsᵀ · δ", &pass.partials[0].weights);
    let (_, partials) = by_burn::pass(&layers, inputs, &classes);
    let apart = furthest_apart(&pass.partials, &partials);
    println!("Burn's autodiff differs by at most {apart:.1e}.");
}

fn show(what: &str, rows: &Matrix) {
    for (place, row) in rows.iter().enumerate() {
        let what = if place == 0 { what } else { "" };
        let numbers: Vec<String> = row.iter().map(|x| format!("{x:>9.6}")).collect();
        println!("  {what:<32}  {}", numbers.join("  "));
    }
}

fn furthest_apart(a: &[Layer], b: &[Layer]) -> f64 {
    let numbers = |layers: &[Layer]| -> Vec<f64> {
        let all = layers
            .iter()
            .flat_map(|layer| [layer.weights.concat(), layer.biases.clone()]);
        all.flatten().collect()
    };
    let pairs = numbers(a).into_iter().zip(numbers(b));
    pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()))
}
