//! What a model has to be better than.

use backburn_tabular::{Predictions, Table, Target};

use crate::config::RunConfig;
use crate::data::Understood;
use crate::device::Chosen;
use crate::error::Error;
use crate::score::{Score, Truth};
use crate::training::{Manner, train};

/// Always the mean of the training rows, or the shares of their classes.
pub fn constant(
    table: &Table,
    understood: &Understood,
    target: &Target,
    test: &Table,
) -> Result<Score, Error> {
    let predictions = match target {
        Target::Regression { .. } => {
            let values = target.values(table)?;
            let sum: f64 = understood.rows.iter().map(|&row| values[row]).sum();
            Predictions::Values(vec![sum / understood.rows.len() as f64; test.rows()])
        }
        Target::Classification { classes, .. } => {
            let mut shares = vec![0.0; classes.len()];
            if let Truth::Classes(of_row) = Truth::of(table, target)? {
                let known = understood.rows.iter().filter_map(|&row| of_row[row]);
                for class in known {
                    shares[class] += 1.0 / understood.rows.len() as f64;
                }
            }
            Predictions::Classes {
                classes: classes.clone(),
                probabilities: shares.repeat(test.rows()),
            }
        }
    };
    Score::of_table(&predictions, test, target)
}

/// What [`constant`] always predicts.
pub fn in_words(understood: &Understood) -> &'static str {
    match understood.classes {
        None => "the mean",
        Some(_) => "the commonest class",
    }
}

/// The same training without hidden layers.
pub fn linear(
    table: &Table,
    understood: &Understood,
    config: &RunConfig,
    chosen: &Chosen,
    manner: Manner,
    test: &Table,
) -> Result<Score, Error> {
    let mut config = config.clone();
    config.network.hidden = Vec::new();
    // A linear model has one valley: it may take larger steps down it.
    if let Some(rate) = config.training.learning_rate.fixed() {
        config.training.learning_rate = (rate * 10.0).min(1.0).into();
    }
    let manner = Manner {
        wordy: false,
        ..manner
    };
    let split = understood.split(&config);
    let trained = train(table, understood, split, &config, chosen, manner)?;
    let predictions = trained.predictor(chosen).predict_table(test)?;
    Score::of_table(&predictions, test, &trained.model.target)
}
