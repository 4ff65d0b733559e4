//! The problems of the run so far, each with the settings that help.

use backburn::{Config, Error, Preset};
use backburn_training::{Diagnosis, DiagnosisContext, Finding, History, StopReason, diagnose};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::playground::Playground;
use crate::settings::Settings;

/// A problem with its remedy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Remedy {
    /// The problem.
    pub name: Diagnosis,
    /// The problem in words, with its evidence.
    pub sentence: String,
    /// What to do.
    pub remedy: String,
    /// The settings of the page that do it; empty if no setting helps.
    pub settings: Map<String, Value>,
}

/// After fewer epochs, a run that has not learned much is not a finding.
const EPOCHS: usize = 200;

impl Playground {
    /// The problems of the run so far.
    pub fn findings(&self) -> Vec<Remedy> {
        let stop = match self.run.stop() {
            None | Some(StopReason::Finished) if self.history.epochs.len() < EPOCHS => {
                Some(StopReason::Interrupted)
            }
            stop => stop,
        };
        let history = History {
            stop,
            ..self.history.clone()
        };
        let training = &self.config.training;
        let has_pace = stop != Some(StopReason::Interrupted);
        let context = DiagnosisContext {
            network: Some(&self.data.shape),
            training: Some(training),
            nearest_rows_loss: match has_pace {
                true => self.nearest_rows_loss(),
                false => None,
            },
        };
        let findings = diagnose(&history, context).into_iter();
        findings.map(|finding| self.remedy(finding)).collect()
    }

    fn remedy(&self, finding: Finding) -> Remedy {
        let changed = with_settings(&self.config, &finding.settings);
        let settings = changed.map(|config| Settings::of(&config).changed_from(&self.settings));
        Remedy {
            sentence: format!("{}: {}", finding.name, finding.evidence),
            name: finding.name,
            remedy: finding.remedy,
            // A setting that this version of the library does not know is no remedy.
            settings: settings.unwrap_or_default(),
        }
    }
}

/// A config with assignments such as `network.activation=silu`.
fn with_settings(config: &Config, assignments: &[String]) -> Result<Config, Error> {
    let mut settings = backburn::Settings::new().toml(&config.to_toml())?;
    for assignment in assignments {
        settings = settings.set(assignment)?;
    }
    settings.over(Preset::Default)
}
