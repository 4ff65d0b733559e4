//! The words of events.

use crate::event::Event;
use crate::text::{count, integer, shown};

/// The name of the run of the model itself.
const MAIN: &str = "network";

impl Event<'_> {
    /// What the event says to a person who watches the fit: a short heading, and a text in one line. The unit is
    /// written before amounts. `None` for events that only move a bar, and for most of those of a run inside of the
    /// fit, such as that of a fold.
    pub fn words(&self, unit: &str) -> Option<(String, String)> {
        let (heading, text) = match self {
            Self::FoldEnd {
                fold, name, score, ..
            } => {
                let number = (fold + 1).to_string();
                let name = name.map_or(number, shown);
                return Some((format!("fold {name}"), score.line(unit)));
            }
            Self::SelectionStart {
                run,
                selection,
                trials,
            } if *run == MAIN => {
                let trials = count(*trials, "small network");
                ("choosing", format!("{selection}, by {trials}"))
            }
            Self::Selected { run, selected } if *run == MAIN => ("chosen", selected.to_string()),
            Self::EnsembleStart {
                run,
                members,
                hidden,
            } if *run == MAIN => ("networks", ensemble(*members, hidden)),
            Self::MemberEnd {
                run,
                member,
                members,
                score: Some(score),
                ..
            } if *run == MAIN => {
                let (done, members) = (member + 1, integer(*members));
                let score = score.line(unit);
                let text = format!("{done} of {members} networks: {score}, out of fold so far");
                ("averaged", text)
            }
            Self::RefitEnd { rows, epochs } => {
                let text = format!("{} for {}", count(*rows, "row"), count(*epochs, "epoch"));
                ("refit", text)
            }
            Self::FitEnd {
                learning_rate: Some(rate),
                ..
            } => ("rate", format!("{rate:.1e}, by a range test")),
            Self::TuningTrialEnd(report) => ("trial", report.to_string()),
            _ => return None,
        };
        Some((heading.to_string(), text))
    }

    /// The losses and the score of an epoch that has ended; `None` for other events.
    pub fn epoch_words(&self, unit: &str) -> Option<String> {
        let Self::EpochEnd { report, scorer, .. } = self else {
            return None;
        };
        let mut text = format!("loss {:.4}", report.training_loss);
        if let Some(validation) = &report.validation {
            text += &format!(", validation {:.4}", validation.loss);
        }
        if let Some(score) = scorer.score(report) {
            text += &format!(", {}", score.headline(unit));
        }
        Some(text)
    }
}

/// The epoch after this one that is shown, while fewer are as training continues: 1, 2, 5, 10, 20, 50, ...
pub fn next_shown_epoch(epoch: usize) -> usize {
    match epoch.to_string().as_bytes()[0] {
        b'2' => epoch * 5 / 2,
        _ => epoch * 2,
    }
}

/// The number of networks, and their shapes where these differ.
fn ensemble(members: usize, hidden: &[Vec<usize>]) -> String {
    let shapes: Vec<String> = hidden.iter().map(|shape| format!("{shape:?}")).collect();
    match shapes.as_slice() {
        [_] => members.to_string(),
        _ => format!(
            "{members}, whose hidden layers alternate between {}",
            shapes.join(" and ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_the_fit_itself_have_words() {
        let hidden = [vec![64, 32], vec![32]];
        let start = |run| Event::EnsembleStart {
            run,
            members: 8,
            hidden: &hidden,
        };
        let (heading, text) = start("network").words("").unwrap();
        let expected = "8, whose hidden layers alternate between [64, 32] and [32]";
        assert_eq!((heading.as_str(), text.as_str()), ("networks", expected));
        assert_eq!(start("fold-1").words(""), None);
        let refit = Event::RefitEnd { rows: 1, epochs: 7 };
        let (heading, text) = refit.words("").unwrap();
        let expected = "1 row for 7 epochs";
        assert_eq!((heading.as_str(), text.as_str()), ("refit", expected));
        assert_eq!(refit.epoch_words(""), None);
    }

    #[test]
    fn shown_epochs_grow_rarer() {
        let mut epoch = 1;
        let mut epochs = Vec::new();
        while epoch <= 200 {
            epochs.push(epoch);
            epoch = next_shown_epoch(epoch);
        }
        assert_eq!(epochs, [1, 2, 5, 10, 20, 50, 100, 200]);
    }
}
