//! Progress while a network trains.

use std::io::IsTerminal;
use std::ops::ControlFlow;

use backburn_training::{Checkpoint, EpochReport, Observer, StartReport, StepReport};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::Console;
use crate::interrupt;
use crate::score::Scorer;
use crate::training::Manner;

/// Shows a bar on standard error while it is a terminal, and a line for some epochs: the first
/// ones, then ever fewer.
pub struct Progress<'a> {
    bar: ProgressBar,
    lines: bool,
    scorer: &'a Scorer<'a>,
    unit: &'a str,
    epochs: usize,
    most_epochs: Option<usize>,
    next_line: usize,
    /// In an epoch.
    steps: usize,
}

impl<'a> Progress<'a> {
    /// `epochs` is how many there will be at most.
    pub fn new(scorer: &'a Scorer<'a>, epochs: usize, manner: Manner<'a>) -> Self {
        let bar = match (std::io::stderr().is_terminal(), manner.bars) {
            (true, Some(bars)) => bars.add(ProgressBar::new(0)),
            (true, None) => ProgressBar::new(0),
            (false, _) => ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
        };
        let style = ProgressStyle::with_template("{prefix:10} {wide_bar} {msg} {eta:>4}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix("training");
        Self {
            bar,
            lines: manner.wordy,
            scorer,
            unit: manner.unit,
            epochs: manner.most_epochs.map_or(epochs, |most| most.min(epochs)),
            most_epochs: manner.most_epochs,
            next_line: 1,
            steps: 0,
        }
    }
}

impl Observer for Progress<'_> {
    fn on_start(&mut self, start: &StartReport) {
        let steps = self.epochs.saturating_mul(start.steps);
        self.bar.set_length(steps as u64);
        self.steps = start.steps;
    }

    fn on_resume(&mut self, checkpoint: &Checkpoint) {
        let (epoch, step) = checkpoint.epoch_and_step();
        while self.next_line < epoch {
            self.next_line = next_line(self.next_line);
        }
        let steps = (epoch - 1).saturating_mul(self.steps).saturating_add(step);
        self.bar.set_position(steps as u64);
        self.bar.reset_eta();
    }

    fn on_step(&mut self, _step: &StepReport) -> ControlFlow<()> {
        self.bar.inc(1);
        match interrupt::requested() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn on_epoch(&mut self, epoch: &EpochReport) -> ControlFlow<()> {
        let line_due = self.lines && epoch.epoch == self.next_line;
        if line_due || !self.bar.is_hidden() {
            let mut words = format!("loss {:.4}", epoch.training_loss);
            if let Some(validation) = &epoch.validation {
                words += &format!(", validation {:.4}", validation.loss);
            }
            if let Some(score) = self.scorer.score(epoch) {
                words += &format!(", {}", score.headline(self.unit));
            }
            if line_due {
                let line = format!("epoch {:<4} {words}", epoch.epoch);
                self.bar.suspend(|| Console::Error.say(line));
                self.next_line = next_line(epoch.epoch);
            }
            self.bar.set_message(words);
        }
        match self.most_epochs.is_some_and(|most| epoch.epoch >= most) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// 1, 2, 5, 10, 20, 50, ...
fn next_line(epoch: usize) -> usize {
    match epoch.to_string().as_bytes()[0] {
        b'2' => epoch * 5 / 2,
        _ => epoch * 2,
    }
}

/// Seconds in a few words.
pub fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => format!("{s:.2} s"),
        s => format!("{} min {:.0} s", (s / 60.0) as u64, s % 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_grow_rarer() {
        let mut epoch = 1;
        let mut epochs = Vec::new();
        while epoch <= 200 {
            epochs.push(epoch);
            epoch = next_line(epoch);
        }
        assert_eq!(epochs, [1, 2, 5, 10, 20, 50, 100, 200]);
    }
}
