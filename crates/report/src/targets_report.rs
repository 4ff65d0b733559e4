//! The report on a model of several targets: one page with a part for each of them.

use backburn::text::{count, shown};
use backburn::{
    Error, FittedModel, MultiTargetDataset, MultiTargetModel, SavedModel, Table, TestResult,
};
use burn::module::Module;

use crate::model_report::layers_to;
use crate::report::Report;
use crate::training_report::{Scores, TrainingReportOptions};

/// The largest number of targets that the title names.
const NAMED: usize = 4;

impl Report {
    /// The report on a model that was fitted to several targets: one page with a part for each of them, which is made
    /// as [`of_training`](Self::of_training) does. `tested` has the scores on the test table, if there is one, and
    /// `command` is the command that was given.
    ///
    /// # Errors
    ///
    /// As for [`of_training`](Self::of_training).
    pub fn of_training_targets(
        model: &MultiTargetModel,
        data: &MultiTargetDataset,
        (test, tested): (Option<&Table>, &[TestResult]),
        command: &str,
    ) -> Result<Self, Error> {
        let mut reports = Vec::with_capacity(model.targets().len());
        for (index, (target, data)) in model.targets().iter().zip(data.targets()).enumerate() {
            let mut scores = Scores::default();
            if let Some(tested) = tested.get(index) {
                scores.insert_test(tested, "");
            }
            let options = TrainingReportOptions {
                scores,
                command,
                ..TrainingReportOptions::default()
            };
            let mut report = Self::of_training(target, data, test, options)?;
            // The warnings of all targets together are below.
            let warnings = data.warnings().iter().map(ToString::to_string);
            let warnings: Vec<String> = warnings.collect();
            report.notes.retain(|note| !warnings.contains(note));
            reports.push(report);
        }
        let models: Vec<&SavedModel> = model.targets().iter().map(FittedModel::model).collect();
        let mut report = Self::of_targets(&models, reports);
        let warnings = data.warnings().iter().map(ToString::to_string);
        report.notes.extend(warnings);
        Ok(report)
    }

    /// One page of the reports on the targets of a model. What they share is said once. That of a single target is its
    /// report.
    pub(crate) fn of_targets(models: &[&SavedModel], mut targets: Vec<Self>) -> Self {
        if targets.len() <= 1 {
            return targets.pop().unwrap_or_default();
        }
        let fact = network(models);
        for target in &mut targets {
            target.facts.retain(|(name, _)| name != "network");
        }
        let mut facts = take_shared(&mut targets, |report| &mut report.facts);
        let epochs = facts.iter().position(|(name, _)| name == "epochs");
        facts.insert(epochs.unwrap_or(facts.len()), ("network".to_string(), fact));
        let notes = take_shared(&mut targets, |report| &mut report.notes);
        let findings = targets.iter().any(|report| report.findings.is_some());
        let findings = findings.then(|| {
            take_shared(&mut targets, |report| {
                report.findings.get_or_insert_default()
            })
        });
        let settings: Vec<String> = targets
            .iter_mut()
            .map(|report| std::mem::take(&mut report.settings))
            .collect();
        let histories = targets.iter_mut().map(|report| report.history.take());
        let history = histories.fold(None, Option::or);
        let first = &targets[0];
        Self {
            title: title(models),
            unit: first.unit.clone(),
            networks: first.networks,
            command: first.command.clone(),
            facts,
            notes,
            findings,
            history,
            settings: shared_lines(&settings),
            targets,
            ..Self::default()
        }
    }
}

fn title(models: &[&SavedModel]) -> String {
    let names = models.iter().map(|model| shown(model.target.column()));
    match names.collect::<Vec<_>>().as_slice() {
        [names @ .., last] if names.len() < NAMED => {
            format!("What predicts {} and {last}", names.join(", "))
        }
        names => format!("What predicts {}", count(names.len(), "target")),
    }
}

/// The networks of all targets, which have the same hidden layers.
fn network(models: &[&SavedModel]) -> String {
    let Some((first, others)) = models.split_first() else {
        return String::new();
    };
    let outputs: usize = models.iter().map(|model| model.config.outputs).sum();
    let further = others.iter().flat_map(|model| &model.network.members);
    let further: usize = further.map(|network| network.output.num_params()).sum();
    let parameters = count(first.network.num_params() + further, "parameter");
    let layers = layers_to(first, outputs);
    format!("{layers}, {parameters}; the outputs are those of all targets")
}

/// Takes from the reports what all of them have in a list.
fn take_shared<T: Clone + PartialEq>(
    reports: &mut [Report],
    list: impl Fn(&mut Report) -> &mut Vec<T>,
) -> Vec<T> {
    let Some((first, others)) = reports.split_first_mut() else {
        return Vec::new();
    };
    let mut shared = list(first).clone();
    for other in others {
        let of_other = list(other);
        shared.retain(|item| of_other.contains(item));
    }
    for report in reports {
        list(report).retain(|item| !shared.contains(item));
    }
    shared
}

/// The lines of settings that are the same for all targets. The others were chosen for one of them: the training of the
/// file that results chooses them again.
fn shared_lines(settings: &[String]) -> String {
    let Some((first, others)) = settings.split_first() else {
        return String::new();
    };
    let others: Vec<Vec<&str>> = others.iter().map(|text| text.lines().collect()).collect();
    let is_shared = |place: usize, line: &str| {
        let mut others = others.iter();
        others.all(|lines| lines.get(place) == Some(&line))
    };
    let lines = first.lines().enumerate();
    let lines = lines.filter(|(place, line)| is_shared(*place, line));
    lines.map(|(_, line)| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_targets_share_is_said_once() {
        let report = |facts: &[(&str, &str)]| Report {
            facts: facts
                .iter()
                .map(|(name, fact)| (name.to_string(), fact.to_string()))
                .collect(),
            ..Report::default()
        };
        let mut reports = [
            report(&[("table", "t.csv"), ("target", "price"), ("seed", "0")]),
            report(&[("table", "t.csv"), ("target", "rent"), ("seed", "0")]),
        ];
        let shared = take_shared(&mut reports, |report| &mut report.facts);
        let names: Vec<&str> = shared.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["table", "seed"]);
        for (report, target) in reports.iter().zip(["price", "rent"]) {
            assert_eq!(report.facts, [("target".to_string(), target.to_string())]);
        }
        assert_eq!(
            take_shared(&mut [], |report: &mut Report| &mut report.notes),
            Vec::<String>::new()
        );
    }

    #[test]
    fn settings_that_differ_are_left_out() {
        let settings = |transform: &str| format!("[data]\nbins = 16\n{transform}\n[network]\n");
        let all = [
            settings("target_transform = \"log\""),
            settings("target_transform = \"standard\""),
        ];
        assert_eq!(shared_lines(&all), "[data]\nbins = 16\n[network]\n");
        assert_eq!(shared_lines(&all[..1]), all[0]);
    }
}
