//! The scores of earlier tasks, of a model that was trained further on new rows.

use backburn::text::{integer, number};
use backburn::{Forgetting, PastTask};
use maud::{Markup, html};

use crate::figure::wide_table;
use crate::format::truncate;

/// The largest number of tasks with a column and a row of their own. Of more, the latest are shown.
const TASKS: usize = 12;

/// How well the model predicts the rows of each task, after that task and after each later one.
pub fn tasks(forgetting: Option<&Forgetting>) -> Markup {
    let Some(forgetting) = forgetting else {
        return html! {};
    };
    let metric = forgetting.metric.title();
    let all = forgetting.tasks.len();
    let first = all.saturating_sub(TASKS);
    html! {
        h2 id="tasks" { "Earlier tasks" }
        figure data-figure="tasks" {
            figcaption {
                b { "The " (metric) " of each task over time" }
                "A task is the first training, or a later training on new rows. Each line has the scores on rows of one task that "
                "were not trained on: after that task, and after each later one. Where a line gets worse, the model has forgotten."
            }
            (wide_table("The scores of each task over time", "numbers", html! {
                tr {
                    th { "task" } th { "rows" }
                    @for time in first..all { th { "after task " (time + 1) } }
                }
                @for (index, task) in forgetting.tasks.iter().enumerate().skip(first) {
                    tr {
                        td { (index + 1) " " (truncate(&task.table, 40)) }
                        td { (integer(task.held_out)) }
                        @for time in first..all { td { (score(task, index, time)) } }
                    }
                }
            }))
            @if let Some(mean) = forgetting.mean() {
                p { "Mean forgetting: " (number(mean)) ". It is how much worse the last score of an earlier task is than its best one." }
            }
            @if first > 0 {
                p class="faint" { "The last " (TASKS) " of " (all) " tasks." }
            }
        }
    }
}

/// The score of a task after a later one; empty before the task, and where it is not known.
fn score(task: &PastTask, index: usize, time: usize) -> String {
    let place = time.checked_sub(index);
    let score = place.and_then(|place| task.scores.get(place).copied().flatten());
    score.map(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use backburn::Metric;

    use super::*;

    #[test]
    fn scores_stand_below_the_task_that_they_follow() {
        let task = |table: &str, scores: &[Option<f64>]| PastTask {
            table: table.to_string(),
            rows: 90,
            held_out: 10,
            scores: scores.to_vec(),
        };
        let forgetting = Forgetting {
            metric: Metric::Rmse,
            tasks: vec![
                task("<old>.csv", &[Some(0.25), Some(1.5)]),
                task("new.csv", &[Some(0.5)]),
            ],
        };
        let html = tasks(Some(&forgetting)).into_string();
        let cells = "<td>1 &lt;old&gt;.csv</td><td>10</td><td>0.2500</td><td>1.5000</td>";
        assert!(html.contains(cells), "{html}");
        let cells = "<td>2 new.csv</td><td>10</td><td></td><td>0.5000</td>";
        assert!(html.contains(cells), "{html}");
        assert!(html.contains("Mean forgetting: 1.2500"), "{html}");
        assert_eq!(tasks(None).into_string(), "");
    }
}
