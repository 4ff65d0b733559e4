//! Continual learning: training further on new rows, without a training on all rows.
//!
//! `FittedModel::update` trains a model on new rows. New categories and classes get weights
//! of their own, and earlier rows are protected by replay or by elastic weight consolidation, as
//! [`Remember`] says. What that needs is kept in the model file ([`Memory`]). `docs/continual.md` explains the methods.

mod memory;
mod remember;
mod stored_rows;

#[cfg(feature = "clap")]
mod continual_args;
#[cfg(feature = "train")]
mod examples;
#[cfg(feature = "train")]
mod follow;
#[cfg(feature = "train")]
mod follow_command;
#[cfg(feature = "train")]
mod forgetting;
#[cfg(feature = "train")]
mod grow;
#[cfg(feature = "train")]
mod keep_memory;
#[cfg(feature = "train")]
mod reservoir;
#[cfg(feature = "train")]
mod update;
#[cfg(feature = "train")]
mod update_command;
#[cfg(feature = "train")]
mod update_config;
#[cfg(feature = "train")]
mod update_network;

pub use self::memory::{Memory, PastTask};
pub use self::remember::Remember;
pub use self::stored_rows::StoredRows;

#[cfg(feature = "clap")]
pub use self::continual_args::ContinualArgs;
#[cfg(feature = "train")]
pub use self::{
    follow::{Follow, Window},
    forgetting::Forgetting,
    grow::NewNames,
    update::{Update, UpdateOptions},
    update_command::{ModelUpdate, UpdateReport},
};
