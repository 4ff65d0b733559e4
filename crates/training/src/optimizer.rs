//! Optimizers and their settings.

use std::str::FromStr;

use backburn_model::{ParseNameError, parse_name};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{
    AdaGradConfig, AdafactorConfig, AdamConfig, AdamWConfig, AdanConfig, LambConfig, LionConfig,
    ModuleOptimizer, RmsPropConfig, SgdConfig,
};
use serde::{Deserialize, Serialize};

/// An optimizer and its settings. An optimizer ignores the settings that it does not have.
///
/// ```
/// use backburn_training::{OptimizerConfig, OptimizerName};
///
/// let config = OptimizerConfig { momentum: 0.9, ..OptimizerConfig::sgd() };
/// assert_eq!(config.name, OptimizerName::Sgd);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerConfig {
    /// The optimizer.
    pub name: OptimizerName,
    /// SGD and RMSprop: momentum, the share of the last step that is added to the next one, in
    /// `[0, 1)`.
    pub momentum: f64,
    /// SGD: whether the momentum is Nesterov's.
    pub nesterov: bool,
    /// Weight decay: an L2 penalty for SGD, Adam, RMSprop and Adagrad, decoupled from the gradient
    /// for the others. The default is 0.1 for AdamW and 0 for the others.
    pub weight_decay: Option<f64>,
    /// The decay of the mean gradient, in `[0, 1)`. The default depends on the optimizer.
    pub beta_1: Option<f64>,
    /// The decay of the mean squared gradient (`alpha` of RMSprop), in `[0, 1)`. The default depends
    /// on the optimizer.
    pub beta_2: Option<f64>,
    /// A small number that is added to the denominator of the update.
    pub epsilon: f64,
}

/// The optimizers of Burn, except Muon, which trains matrices only, and L-BFGS, which does not train
/// on batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
#[non_exhaustive]
pub enum OptimizerName {
    /// Stochastic gradient descent.
    Sgd,
    /// Kingma and Ba (2014).
    Adam,
    /// Loshchilov and Hutter (2017).
    AdamW,
    /// Hinton (2012).
    RmsProp,
    /// Duchi, Hazan and Singer (2011).
    AdaGrad,
    /// Shazeer and Stern (2018).
    Adafactor,
    /// Xie and others (2022).
    Adan,
    /// You and others (2019).
    Lamb,
    /// Chen and others (2023).
    Lion,
}

impl FromStr for OptimizerName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let values = [
            ("sgd", Self::Sgd),
            ("adam", Self::Adam),
            ("adamw", Self::AdamW),
            ("rmsprop", Self::RmsProp),
            ("adagrad", Self::AdaGrad),
            ("adafactor", Self::Adafactor),
            ("adan", Self::Adan),
            ("lamb", Self::Lamb),
            ("lion", Self::Lion),
        ];
        let synonyms = [
            ("adam_w", "adamw"),
            ("gd", "sgd"),
            ("gradient_descent", "sgd"),
            ("momentum", "sgd"),
            ("nadam", "adam"),
            ("nesterov", "sgd"),
            ("stochastic_gradient_descent", "sgd"),
        ];
        parse_name("optimizer", text, &values, &synonyms)
    }
}

impl TryFrom<String> for OptimizerName {
    type Error = ParseNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            name: OptimizerName::AdamW,
            momentum: 0.0,
            nesterov: false,
            weight_decay: None,
            beta_1: None,
            beta_2: None,
            epsilon: 1e-8,
        }
    }
}

impl OptimizerConfig {
    /// Stochastic gradient descent without momentum.
    pub fn sgd() -> Self {
        Self {
            name: OptimizerName::Sgd,
            ..Self::default()
        }
    }

    /// The weight decay as set, or else the default of the optimizer.
    pub(crate) fn decay(&self) -> f32 {
        self.weight_decay.unwrap_or(match self.name {
            OptimizerName::AdamW => 0.1,
            _ => 0.0,
        }) as f32
    }

    /// Builds the optimizer for a module.
    pub fn init(&self) -> ModuleOptimizer {
        match self.name {
            OptimizerName::Sgd => self.init_sgd(),
            OptimizerName::Adam => self.init_adam(),
            OptimizerName::AdamW => self.init_adamw(),
            OptimizerName::RmsProp => self.init_rmsprop(),
            OptimizerName::AdaGrad => self.init_adagrad(),
            OptimizerName::Adafactor => self.init_adafactor(),
            OptimizerName::Adan => self.init_adan(),
            OptimizerName::Lamb => self.init_lamb(),
            OptimizerName::Lion => self.init_lion(),
        }
    }

    fn init_sgd(&self) -> ModuleOptimizer {
        let momentum = (self.momentum > 0.0).then(|| {
            MomentumConfig::new()
                .with_momentum(self.momentum)
                .with_dampening(0.0)
                .with_nesterov(self.nesterov)
        });
        SgdConfig::new()
            .with_momentum(momentum)
            .with_weight_decay(self.penalty())
            .init()
    }

    fn init_adam(&self) -> ModuleOptimizer {
        AdamConfig::new()
            .with_beta_1(self.beta_1_or(0.9))
            .with_beta_2(self.beta_2_or(0.999))
            .with_epsilon(self.epsilon as f32)
            .with_weight_decay(self.penalty())
            .init()
    }

    fn init_adamw(&self) -> ModuleOptimizer {
        AdamWConfig::new()
            .with_beta_1(self.beta_1_or(0.9))
            .with_beta_2(self.beta_2_or(0.999))
            .with_epsilon(self.epsilon as f32)
            .with_weight_decay(self.decay())
            .init()
    }

    fn init_rmsprop(&self) -> ModuleOptimizer {
        RmsPropConfig::new()
            .with_alpha(self.beta_2_or(0.99))
            .with_momentum(self.momentum as f32)
            .with_epsilon(self.epsilon as f32)
            .with_weight_decay(self.penalty())
            .init()
    }

    fn init_adagrad(&self) -> ModuleOptimizer {
        AdaGradConfig::new()
            .with_epsilon(self.epsilon as f32)
            .with_weight_decay(self.penalty())
            .init()
    }

    /// Without its own schedule, since the learning rate comes from `ScheduleConfig`.
    fn init_adafactor(&self) -> ModuleOptimizer {
        AdafactorConfig::new()
            .with_relative_step(false)
            .with_scale_parameter(false)
            .with_weight_decay(self.decay())
            .init()
    }

    fn init_adan(&self) -> ModuleOptimizer {
        AdanConfig::new()
            .with_beta_1(self.beta_1_or(0.98))
            .with_beta_3(self.beta_2_or(0.99))
            .with_epsilon(self.epsilon as f32)
            .with_weight_decay(self.decay())
            .init()
    }

    fn init_lamb(&self) -> ModuleOptimizer {
        LambConfig::new()
            .with_beta_1(self.beta_1_or(0.9))
            .with_beta_2(self.beta_2_or(0.999))
            .with_epsilon(self.epsilon as f32)
            .with_weight_decay(self.decay())
            .init()
    }

    fn init_lion(&self) -> ModuleOptimizer {
        LionConfig::new()
            .with_beta_1(self.beta_1_or(0.9))
            .with_beta_2(self.beta_2_or(0.99))
            .with_weight_decay(self.decay())
            .init()
    }

    /// Weight decay as an L2 penalty.
    fn penalty(&self) -> Option<WeightDecayConfig> {
        let decay = self.decay();
        (decay > 0.0).then(|| WeightDecayConfig::new(decay))
    }

    fn beta_1_or(&self, default: f64) -> f32 {
        self.beta_1.unwrap_or(default) as f32
    }

    fn beta_2_or(&self, default: f64) -> f32 {
        self.beta_2.unwrap_or(default) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_json_and_a_wrong_one_suggests_what_was_meant() {
        for value in [
            OptimizerName::Sgd,
            OptimizerName::Adam,
            OptimizerName::AdamW,
            OptimizerName::RmsProp,
            OptimizerName::AdaGrad,
            OptimizerName::Adafactor,
            OptimizerName::Adan,
            OptimizerName::Lamb,
            OptimizerName::Lion,
        ] {
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<OptimizerName>(&json).unwrap(), value);
        }
        for (text, meant) in [
            ("adm", "adam"),
            ("Adam_W", "adamw"),
            ("gradient_descent", "sgd"),
        ] {
            let error = text.parse::<OptimizerName>().unwrap_err().to_string();
            let expected = format!("`{text}` is no optimizer (did you mean `{meant}`?);");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
