//! One training of a fit.

use std::fmt;

use backburn_table::Split;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::selected::Selection;

/// A training that depends on the table and on nothing else. Jobs are made by a
/// [`Plan`](crate::Plan), run by a [`JobRunner`](crate::JobRunner) in any order and in any process, and
/// can be sent elsewhere with serde.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// A name that is unique in the run: `network-member-2`.
    pub name: String,
    /// What the job is for.
    pub kind: JobKind,
    /// The settings of this network.
    pub config: Config,
    /// The rows to train on, and those that choose the best epoch.
    pub split: Split,
    /// Of a member of an ensemble: the rows that the encoder of all members is fitted on, in ascending order. Empty
    /// for other jobs, whose encoder is fitted on the training rows.
    #[serde(default)]
    pub encoder_rows: Vec<usize>,
    /// Ends training after this number of epochs, wherever the learning rate schedule is.
    pub max_epochs: Option<usize>,
    /// Whether layers are recorded and the run is diagnosed.
    pub diagnose: bool,
}

/// What a job is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// A small network that helps to choose a setting.
    Trial {
        /// The setting.
        selection: Selection,
        /// Which of the values to choose from, from 0.
        candidate: usize,
        /// The fold that is left out, from 0.
        fold: usize,
    },
    /// The network of a trial of a search for settings, which is scored on a fold.
    Search {
        /// The trial, from 0.
        trial: usize,
        /// The fold that is left out, from 0.
        fold: usize,
    },
    /// The only network of the model.
    Network,
    /// A network of an ensemble. All members share an encoder, which is fitted on their validation rows too, unless
    /// these are later than the training rows.
    Member {
        /// Which one, from 0.
        member: usize,
    },
    /// The only network of the model, trained once more on all rows.
    Refit,
}

impl fmt::Display for JobKind {
    /// A short name, such as `network 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trial { .. } => f.write_str("trial"),
            Self::Search { trial, .. } => write!(f, "trial {}", trial + 1),
            Self::Member { member } => write!(f, "network {}", member + 1),
            Self::Refit => f.write_str("refit"),
            Self::Network => f.write_str("training"),
        }
    }
}
