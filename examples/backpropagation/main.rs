//! Backpropagation step by step: one forward and one backward pass through a small network, written
//! by hand and compared with Burn's autodiff, and one update.
//!
//! ```console
//! $ cargo run --bin backpropagation
//! ```

mod by_burn;
mod by_hand;

use backburn_examples::println;
use by_hand::{Layer, Matrix, Pass, Targets};

fn main() {
    // Two houses, each with its size and age (both standardized) and its price.
    let inputs = vec![vec![0.8, -1.1], vec![-0.5, 0.3]];
    let prices = Targets::Values(vec![vec![1.2], vec![-0.7]]);
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
    show_pass(&pass);
    compare_with_burn(&layers, &inputs, &prices, &pass);
    train(&mut layers, &inputs, &prices, &pass);
    classes(&inputs);
}

fn show_pass(pass: &Pass) {
    println!("Forward: the outputs of each layer, with a row for each house");
    show("inputs", &pass.activations[0]);
    show("hidden = tanh(inputs · W¹ + b¹)", &pass.activations[1]);
    show("output = hidden · W² + b²", &pass.activations[2]);
    println!("\nLoss: the mean squared error is {:.6}", pass.loss);
    println!("\nBackward: the derivative of the loss by the input of each unit (delta)");
    show("δ² = 2 (output - price) / rows", &pass.deltas[1]);
    show("δ¹ = δ² · W²ᵀ ⊙ (1 - hidden²)", &pass.deltas[0]);
    println!("\nPartial derivatives of the loss by the weights and biases");
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
}

fn compare_with_burn(layers: &[Layer], inputs: &Matrix, prices: &Targets, pass: &Pass) {
    let (loss, partials) = by_burn::pass(layers, inputs, prices);
    println!("\nBurn's autodiff computes: loss {loss:.6}");
    show("by W¹", &partials[0].weights);
    show("by W²", &partials[1].weights);
    let difference = largest_difference(&pass.partials, &partials);
    println!("The two differ by at most {difference:.1e}.");
}

/// Updates the weights once, with `pass`, and then 20 times more.
fn train(layers: &mut [Layer], inputs: &Matrix, prices: &Targets, pass: &Pass) {
    let learning_rate = 0.1;
    by_hand::update(layers, &pass.partials, learning_rate);
    let after = by_hand::pass(layers, inputs, prices);
    println!("\nUpdate: each weight minus {learning_rate} times its derivative");
    show("W¹", &layers[0].weights);
    show("W²", &layers[1].weights);
    println!(
        "\nThe loss falls from {:.6} to {:.6}.",
        pass.loss, after.loss
    );
    for _ in 0..20 {
        let pass = by_hand::pass(layers, inputs, prices);
        by_hand::update(layers, &pass.partials, learning_rate);
    }
    let trained = by_hand::pass(layers, inputs, prices);
    println!("After 20 more steps it is {:.6}.", trained.loss);
}

/// The same for classification. Only the deltas of the output layer are computed differently.
fn classes(inputs: &Matrix) {
    let classes = Targets::Classes(vec![1, 0]);
    let layers = [Layer {
        weights: vec![vec![0.5, -0.3], vec![-0.4, 0.1]],
        biases: vec![0.1, 0.0],
    }];
    let pass = by_hand::pass(&layers, inputs, &classes);
    println!("\nClassification: one layer and cross-entropy for the classes cheap and expensive");
    show("logits = inputs · W + b", &pass.activations[1]);
    println!(
        "  loss = mean(-log softmax(logits)[class]) is {:.6}",
        pass.loss
    );
    show("δ = (softmax - one-hot) / rows", &pass.deltas[0]);
    show("by W: inputsᵀ · δ", &pass.partials[0].weights);
    let (_, partials) = by_burn::pass(&layers, inputs, &classes);
    let difference = largest_difference(&pass.partials, &partials);
    println!("Burn's autodiff differs by at most {difference:.1e}.");
}

fn show(what: &str, rows: &Matrix) {
    for (index, row) in rows.iter().enumerate() {
        let what = if index == 0 { what } else { "" };
        let numbers: Vec<String> = row.iter().map(|x| format!("{x:>9.6}")).collect();
        println!("  {what:<32}  {}", numbers.join("  "));
    }
}

fn largest_difference(a: &[Layer], b: &[Layer]) -> f64 {
    let numbers = |layers: &[Layer]| -> Vec<f64> {
        let all = layers
            .iter()
            .flat_map(|layer| [layer.weights.concat(), layer.biases.clone()]);
        all.flatten().collect()
    };
    let pairs = numbers(a).into_iter().zip(numbers(b));
    pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()))
}
