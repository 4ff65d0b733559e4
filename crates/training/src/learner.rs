//! Wrappers of [`Mlp`] that Burn's `Learner` and `SupervisedTraining` train. `examples/burn_learner.rs`
//! of the repository uses them.

use backburn_model::Mlp;
use burn::module::Module;
use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::tensor::{Int, Tensor};
use burn::train::{ClassificationOutput, InferenceStep, RegressionOutput, TrainOutput, TrainStep};

/// A batch of rows for regression.
#[derive(Debug, Clone)]
pub struct RegressionBatch {
    /// `[batch, inputs]`.
    pub inputs: Tensor<2>,
    /// Target values, `[batch, outputs]`.
    pub values: Tensor<2>,
}

/// A batch of rows for classification.
#[derive(Debug, Clone)]
pub struct ClassificationBatch {
    /// `[batch, inputs]`.
    pub inputs: Tensor<2>,
    /// Class indices, `[batch]`.
    pub classes: Tensor<1, Int>,
}

/// An [`Mlp`] for regression, with the mean squared error as its loss.
#[derive(Module, Debug)]
pub struct Regressor {
    /// The network.
    pub mlp: Mlp,
}

/// An [`Mlp`] for classification, with cross-entropy as its loss.
#[derive(Module, Debug)]
pub struct Classifier {
    /// The network.
    pub mlp: Mlp,
}

impl TrainStep for Regressor {
    type Input = RegressionBatch;
    type Output = RegressionOutput;

    fn step(&self, batch: RegressionBatch) -> TrainOutput<RegressionOutput> {
        let output = InferenceStep::step(self, batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Regressor {
    type Input = RegressionBatch;
    type Output = RegressionOutput;

    fn step(&self, batch: RegressionBatch) -> RegressionOutput {
        let outputs = self.mlp.forward(batch.inputs);
        let loss = MseLoss::new().forward(outputs.clone(), batch.values.clone(), Reduction::Mean);
        RegressionOutput::new(loss, outputs, batch.values)
    }
}

impl TrainStep for Classifier {
    type Input = ClassificationBatch;
    type Output = ClassificationOutput;

    fn step(&self, batch: ClassificationBatch) -> TrainOutput<ClassificationOutput> {
        let output = InferenceStep::step(self, batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Classifier {
    type Input = ClassificationBatch;
    type Output = ClassificationOutput;

    fn step(&self, batch: ClassificationBatch) -> ClassificationOutput {
        let logits = self.mlp.forward(batch.inputs);
        let loss = CrossEntropyLossConfig::new()
            .init(&logits.device())
            .forward(logits.clone(), batch.classes.clone());
        ClassificationOutput::new(loss, logits, batch.classes)
    }
}
