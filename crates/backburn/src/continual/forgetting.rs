//! How much of earlier tasks a model has forgotten.

use backburn_preprocessing::Task;
use backburn_training::metrics::Metric;
use backburn_training::{Diagnosis, Finding};
use serde_json::{Value, json};

use super::memory::{Memory, PastTask};
use crate::model_file::SavedModel;
use crate::text::{integer, number, shown};

/// The scores of each task over time: after the training that taught it, and after each later update. The rows that are
/// scored are of the task and were not trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Forgetting {
    /// The metric: that of the model, or else the accuracy for classes and the RMSE for numbers.
    pub metric: Metric,
    /// The tasks, in order of time.
    pub tasks: Vec<PastTask>,
}

/// An accuracy that is lower by less than this is no finding.
const LOST_SHARE: f64 = 0.05;
/// Another error that is higher by less than this share is no finding.
const MORE_ERROR: f64 = 0.1;

impl Forgetting {
    /// The scores that a model keeps; `None` if it keeps none.
    pub fn of(model: &SavedModel) -> Option<Self> {
        let memory: &Memory = model.summary.memory.as_ref()?;
        let metric = model.summary.metric.as_deref();
        let metric = metric.and_then(|name| name.parse().ok());
        Some(Self {
            metric: metric.unwrap_or(match model.target.task() {
                Task::Regression => Metric::Rmse,
                Task::Classification => Metric::Accuracy,
            }),
            tasks: memory.tasks.clone(),
        })
    }

    /// How much worse the last score of a task is than its best one before: the difference of the errors, which is below
    /// 0 if it is better. `None` for a task with fewer than two scores.
    pub fn of_task(&self, task: usize) -> Option<f64> {
        let (last, before) = self.tasks.get(task)?.scores.split_last()?;
        let errors = before
            .iter()
            .flatten()
            .map(|score| self.metric.error(*score));
        let lowest = errors.reduce(f64::min)?;
        Some(self.metric.error((*last)?) - lowest)
    }

    /// The mean over the earlier tasks of [`of_task`](Self::of_task), the forgetting of Chaudhry and others (2018).
    pub fn mean(&self) -> Option<f64> {
        let tasks = (0..self.tasks.len()).filter_map(|task| self.of_task(task));
        let tasks: Vec<f64> = tasks.collect();
        (!tasks.is_empty()).then(|| tasks.iter().sum::<f64>() / tasks.len() as f64)
    }

    /// The matrix as lines of text: a line for each task, and a column for each time.
    pub fn lines(&self) -> Vec<String> {
        let times = (1..=self.tasks.len()).map(|time| format!("{time:>9}"));
        let title = format!("{} after task", self.metric.title());
        let head = format!("{title:<24} {:>6}{}", "rows", times.collect::<String>());
        let lines = self.tasks.iter().enumerate().map(|(task, past)| {
            let name = format!("{} {}", task + 1, shown(&past.table));
            let name: String = match name.chars().count() > 24 {
                true => name.chars().take(23).chain(['…']).collect(),
                false => name,
            };
            let scores = past.scores.iter().map(|score| match score {
                Some(score) => format!("{:>9}", number(*score)),
                None => format!("{:>9}", "-"),
            });
            let scores: String = scores.collect();
            let blank = " ".repeat(9 * task);
            format!("{name:<24} {:>6}{blank}{scores}", integer(past.held_out))
        });
        [head].into_iter().chain(lines).collect()
    }

    /// The matrix as JSON.
    pub fn json(&self) -> Value {
        let tasks = self.tasks.iter().enumerate().map(|(task, past)| {
            json!({
                "table": past.table,
                "rows": past.rows,
                "held_out": past.held_out,
                "scores": past.scores,
                "forgetting": self.of_task(task),
            })
        });
        json!({
            "metric": self.metric.name(),
            "tasks": tasks.collect::<Vec<Value>>(),
            "mean": self.mean(),
        })
    }

    /// The finding that the model has forgotten the most of a task, if it is more than chance explains. `errors` has
    /// the standard error of the last score of each task, as far as it is known.
    pub(crate) fn finding(&self, memory: &Memory, errors: &[Option<f64>]) -> Option<Finding> {
        let lost = (0..self.tasks.len()).filter_map(|task| {
            let lost = self.of_task(task)?;
            let error = errors.get(task).copied().flatten().unwrap_or(0.0);
            let last = (*self.tasks[task].scores.last()?)?;
            let before = self.metric.error(last) - lost;
            let enough = match self.metric.is_higher_better() {
                true => LOST_SHARE,
                false => MORE_ERROR * before.abs(),
            };
            (lost > enough && lost > 2.0 * error).then_some((task, lost, last))
        });
        let (task, lost, last) = lost.max_by(|(_, a, _), (_, b, _)| a.total_cmp(b))?;
        let before = match self.metric.is_higher_better() {
            true => last + lost,
            false => last - lost,
        };
        Some(Finding {
            name: Diagnosis::Forgetting,
            layer: None,
            epoch: None,
            evidence: format!(
                "on {} rows of task {} ({}) that were not trained on, the {} was {} and is now {}",
                integer(self.tasks[task].held_out),
                task + 1,
                shown(&self.tasks[task].table),
                self.metric.title(),
                number(before),
                number(last)
            ),
            remedy: remedy(memory),
            settings: Vec::new(),
        })
    }
}

/// What helps against forgetting, beside what was done already.
fn remedy(memory: &Memory) -> String {
    match memory.remember.replay {
        None => "train on old rows again with each update: train the first model with --remember replay, or give its \
                 rows with --old-rows"
            .to_string(),
        Some(rows) => format!(
            "keep more old rows (--remember replay={}), or train a new model on all rows",
            rows.saturating_mul(4)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::continual::Remember;

    fn forgetting(metric: Metric, scores: &[&[f64]]) -> Forgetting {
        let tasks = scores.iter().map(|scores| PastTask {
            table: "new.csv".to_string(),
            rows: 900,
            held_out: 100,
            scores: scores.iter().map(|score| Some(*score)).collect(),
        });
        Forgetting {
            metric,
            tasks: tasks.collect(),
        }
    }

    fn found(forgetting: &Forgetting, error: f64) -> Option<Finding> {
        let errors = vec![Some(error); forgetting.tasks.len()];
        forgetting.finding(&Memory::default(), &errors)
    }

    #[test]
    fn a_task_that_got_worse_is_found() {
        let matrix = forgetting(Metric::Accuracy, &[&[0.9, 0.95, 0.6], &[0.8, 0.9], &[0.7]]);
        assert!((matrix.of_task(0).unwrap() - 0.35).abs() < 1e-12);
        assert!((matrix.of_task(1).unwrap() + 0.1).abs() < 1e-12);
        assert_eq!(matrix.of_task(2), None);
        assert!((matrix.mean().unwrap() - 0.125).abs() < 1e-12);
        let finding = found(&matrix, 0.02).unwrap();
        assert_eq!(finding.name, Diagnosis::Forgetting);
        let evidence = "on 100 rows of task 1 (new.csv) that were not trained on, the accuracy was 0.9500 and is now \
                        0.6000";
        assert_eq!(finding.evidence, evidence);
        assert!(finding.remedy.contains("--remember replay"));
        // So few rows say nothing.
        assert_eq!(found(&matrix, 0.2), None);
        let steady = forgetting(Metric::Accuracy, &[&[0.9, 0.88], &[0.8]]);
        assert_eq!(found(&steady, 0.001), None);
    }

    #[test]
    fn a_higher_error_is_found_and_the_remedy_leaves_out_what_was_done() {
        let matrix = forgetting(Metric::Rmse, &[&[10.0, 12.0], &[30.0]]);
        let memory = Memory {
            remember: Remember::REPLAY,
            ..Memory::default()
        };
        let finding = matrix.finding(&memory, &[Some(0.5), None]).unwrap();
        assert!(
            finding.evidence.ends_with("was 10.00 and is now 12.00"),
            "{}",
            finding.evidence
        );
        assert!(finding.remedy.contains("replay=4000"), "{}", finding.remedy);
        let steady = forgetting(Metric::Rmse, &[&[10.0, 10.9], &[30.0]]);
        assert_eq!(found(&steady, 0.1), None);
    }

    #[test]
    fn the_matrix_is_printed_by_task_and_time() {
        let matrix = forgetting(Metric::Accuracy, &[&[0.9, 0.6], &[0.8]]);
        assert_eq!(
            matrix.lines(),
            [
                "accuracy after task        rows        1        2",
                "1 new.csv                   100   0.9000   0.6000",
                "2 new.csv                   100            0.8000",
            ]
        );
        assert_eq!(matrix.json()["tasks"][0]["scores"][1], 0.6);
    }
}
