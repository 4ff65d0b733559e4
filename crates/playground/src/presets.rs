//! Sick networks, each with a problem to watch.

use backburn_model::{Activation, Initializer};
use backburn_training::OptimizerName;
use serde::Serialize;

use crate::settings::Settings;

/// A network with a problem to watch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The name of the table.
    pub dataset: &'static str,
    /// Its settings.
    pub settings: Settings,
    /// What to see, as a sentence or two.
    pub about: &'static str,
}

/// The sick networks.
pub fn presets() -> Vec<Preset> {
    [gradients(), units(), rates(), others()].concat()
}

fn preset(
    name: &'static str,
    title: &'static str,
    dataset: &'static str,
    settings: Settings,
    about: &'static str,
) -> Preset {
    Preset {
        name,
        title,
        dataset,
        settings,
        about,
    }
}

fn gradients() -> Vec<Preset> {
    let deep = Settings {
        hidden: vec![8; 20],
        activation: Activation::Sigmoid,
        optimizer: OptimizerName::Sgd,
        learning_rate: 0.1,
        ..Settings::default()
    };
    let wild = Settings {
        hidden: vec![16; 6],
        activation: Activation::Relu,
        optimizer: OptimizerName::Sgd,
        initializer: Initializer::Normal(0.0, 1.0),
        ..Settings::default()
    };
    vec![
        preset(
            "vanishing",
            "Vanishing gradients",
            "circles",
            deep,
            "Twenty sigmoid layers. The slope of the sigmoid is at most 1/4, so that each layer leaves less of the \
             gradient, and the first layers do not learn.",
        ),
        preset(
            "exploding",
            "Exploding gradients",
            "circles",
            wild,
            "Initial weights that are too large. Each layer multiplies the gradient, and the first steps throw the \
             weights far away.",
        ),
    ]
}

fn units() -> Vec<Preset> {
    let dead = Settings {
        activation: Activation::Relu,
        initializer: Initializer::Uniform(-1.0, 0.0),
        ..Settings::default()
    };
    let saturated = Settings {
        initializer: Initializer::Normal(0.0, 40.0),
        ..Settings::default()
    };
    let step = Settings {
        hidden: vec![16],
        activation: Activation::Step,
        ..Settings::default()
    };
    vec![
        preset(
            "dead-relu",
            "Dead ReLUs",
            "circles",
            dead,
            "All weights start below zero. The second layer outputs 0 for every row, its slope is 0, and no gradient \
             comes back to wake it.",
        ),
        preset(
            "saturated",
            "Saturated units",
            "circles",
            saturated,
            "Weights so large that every tanh is at -1 or 1, where it is flat: the gradient is almost 0.",
        ),
        preset(
            "step",
            "A step without a derivative",
            "circles",
            step,
            "The derivative of a step is 0 everywhere. Backpropagation takes that of a straight line instead, the \
             straight-through estimate, and the network learns all the same.",
        ),
    ]
}

fn rates() -> Vec<Preset> {
    let high = Settings {
        activation: Activation::Silu,
        learning_rate: 1.0,
        ..Settings::default()
    };
    let low = Settings {
        optimizer: OptimizerName::Sgd,
        learning_rate: 1e-5,
        ..Settings::default()
    };
    vec![
        preset(
            "rate-too-high",
            "A learning rate too high",
            "circles",
            high,
            "Every step goes too far, and the loss jumps up and down.",
        ),
        preset(
            "rate-too-low",
            "A learning rate too low",
            "circles",
            low,
            "Every step is in the right direction, and thousands of times too short. Let it run for two hundred epochs.",
        ),
    ]
}

fn others() -> Vec<Preset> {
    let wide = Settings {
        hidden: vec![64, 64],
        activation: Activation::Relu,
        ..Settings::default()
    };
    let narrow = Settings {
        hidden: vec![2],
        activation: Activation::Relu,
        ..Settings::default()
    };
    vec![
        preset(
            "overfitting",
            "Overfitting",
            "noisy_circles",
            wide,
            "Thousands of weights and eighty rows to learn from. The network learns the noise by heart: the training loss \
             falls and the validation loss rises.",
        ),
        preset(
            "poor-minimum",
            "Stuck in a poor minimum",
            "xor",
            narrow,
            "Two units can learn XOR, but rarely do: they settle where every small step makes the loss higher. Another \
             seed or more units help.",
        ),
    ]
}
