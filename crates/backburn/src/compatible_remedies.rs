//! Remedies of several findings as one list that can be applied together.

use std::collections::BTreeMap;

use backburn_training::Finding;

/// The findings with remedies that can be applied together, in order. A remedy that gives another value to a setting
/// of an earlier one has to wait: what it is for may be gone after the earlier one.
pub(crate) fn with_compatible_remedies(mut findings: Vec<Finding>) -> Vec<Finding> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for finding in &mut findings {
        let pairs: Vec<(String, String)> = finding.settings.iter().map(|s| pair(s)).collect();
        let is_other = |(name, value): &&(String, String)| {
            known.get(name).is_some_and(|earlier| earlier != value)
        };
        let other = pairs.iter().find(is_other).map(|(name, _)| name.clone());
        match other {
            Some(name) => {
                finding.remedy = format!(
                    "apply the remedies above first, and train again: what helps here would set {name} to \
                     another value"
                );
                finding.settings.clear();
            }
            None => known.extend(pairs),
        }
    }
    findings
}

/// The name and the value of an assignment.
fn pair(assignment: &str) -> (String, String) {
    let (name, value) = assignment.split_once('=').unwrap_or((assignment, ""));
    (name.trim().to_string(), value.trim().to_string())
}

#[cfg(test)]
mod tests {
    use backburn_training::Diagnosis;

    use super::*;
    use crate::preset::Preset;
    use crate::settings::Settings;

    fn finding(settings: &[&str]) -> Finding {
        Finding {
            name: Diagnosis::Plateau,
            layer: None,
            epoch: None,
            evidence: "evidence".to_string(),
            remedy: "remedy".to_string(),
            settings: settings.iter().map(|s| (*s).to_string()).collect(),
        }
    }

    #[test]
    fn all_remedies_can_be_applied_at_once() {
        let findings = with_compatible_remedies(vec![
            finding(&["network.dropout=0", "network.hidden=[128, 128]"]),
            finding(&["network.dropout=0.3"]),
            finding(&["training.learning_rate=0.01", "network.hidden=[128, 128]"]),
            finding(&["training.clip_norm=1.0", "training.learning_rate=0.001"]),
            finding(&["columns.a=ignored"]),
        ]);
        assert_eq!(findings[0].remedy, "remedy");
        assert!(findings[1].remedy.contains("network.dropout"));
        assert!(findings[1].settings.is_empty());
        assert_eq!(findings[2].settings.len(), 2);
        assert!(findings[3].settings.is_empty());
        let all = findings.iter().flat_map(|finding| &finding.settings);
        let settings = all.fold(Settings::new(), |settings, assignment| {
            settings.set(assignment).unwrap()
        });
        let config = settings.over(Preset::Default).unwrap();
        assert_eq!(config.network.dropout, 0.0);
        assert_eq!(config.network.hidden, [128, 128]);
        assert_eq!(config.training.learning_rate.fixed(), Some(0.01));
        assert_eq!(config.training.clip_norm, None);
        assert_eq!(config.columns.len(), 1);
    }
}
