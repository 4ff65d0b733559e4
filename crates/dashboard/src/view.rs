//! The training of a network, drawn in a terminal.

use std::time::Instant;

use backburn::text::{count, integer, number, seconds, shown};
use backburn::{BatchReport, EpochReport, Event, LayerReport, Scorer, StartReport};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{
    Axis, Block, Cell, Chart, Dataset, Gauge, GraphType, Paragraph, Row, Table, Widget,
};

use crate::chart::bounds;

type Points = Vec<(f64, f64)>;

/// The training of a network: its losses, its score and its gradients so far. It is a widget.
pub struct TrainingView {
    target: String,
    unit: String,
    start: StartReport,
    started: Instant,
    step: usize,
    epoch: usize,
    training: Points,
    validation: Points,
    scores: Points,
    score: String,
    best: String,
    learning_rate: f64,
    layers: Vec<Vec<LayerReport>>,
    stopping: bool,
}

impl TrainingView {
    /// A training that begins now. `unit` is written before amounts of the target.
    pub fn new(target: &str, unit: &str) -> Self {
        Self {
            target: shown(target),
            unit: unit.to_string(),
            start: StartReport::default(),
            started: Instant::now(),
            step: 0,
            epoch: 0,
            training: Vec::new(),
            validation: Vec::new(),
            scores: Vec::new(),
            score: String::new(),
            best: String::new(),
            learning_rate: 0.0,
            layers: Vec::new(),
            stopping: false,
        }
    }

    /// The training loss of each epoch so far.
    pub fn losses(&self) -> &[(f64, f64)] {
        &self.training
    }

    /// Shows that the run stops after the current step.
    pub fn set_stopping(&mut self) {
        self.stopping = true;
    }

    /// Takes the values of an event of this training. Other events have no effect.
    pub fn update(&mut self, event: &Event) {
        match event {
            Event::FitStart { start, .. } => self.start = (*start).clone(),
            Event::Resumed { epoch, batch, .. } => {
                let steps = self.start.steps;
                self.step = epoch.saturating_sub(1).saturating_mul(steps) + batch;
            }
            Event::BatchEnd { batch, .. } => self.batch_end(batch),
            Event::EpochEnd { report, scorer, .. } => self.epoch_end(report, scorer),
            _ => {}
        }
    }

    fn batch_end(&mut self, batch: &BatchReport) {
        self.step += 1;
        self.epoch = batch.epoch;
        self.learning_rate = batch.learning_rate;
    }

    fn epoch_end(&mut self, epoch: &EpochReport, scorer: &Scorer) {
        let x = epoch.epoch as f64;
        self.training.push((x, epoch.training_loss));
        self.layers.push(epoch.layers.clone());
        let validation = epoch.validation.as_ref();
        self.validation.extend(validation.map(|v| (x, v.loss)));
        if let Some(score) = scorer.score(epoch) {
            self.scores.push((x, score.main()));
            self.score = score.headline(&self.unit);
            if epoch.best {
                self.best = format!("{} in epoch {}", self.score, epoch.epoch);
            }
        }
    }
}

impl Widget for &TrainingView {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        draw(area, buffer, self);
    }
}

fn draw(area: Rect, buffer: &mut Buffer, state: &TrainingView) {
    let layers = state.layers.last().map_or(0, Vec::len) as u16;
    let [head, curves, flow, foot] = Layout::vertical([
        Constraint::Length(4),
        Constraint::Min(8),
        Constraint::Length((layers + 3).min(16)),
        Constraint::Length(1),
    ])
    .areas(area);
    draw_head(buffer, head, state);
    let [left, right] = Layout::horizontal([Constraint::Ratio(1, 2); 2]).areas(curves);
    let mut losses = vec![("training", Color::Blue, &state.training)];
    if !state.validation.is_empty() {
        losses.push(("validation", Color::Yellow, &state.validation));
    }
    draw_curves(buffer, left, " loss ", &losses);
    let title = match state.score.is_empty() {
        true => " score ".to_string(),
        false => format!(" {} ", state.score),
    };
    draw_curves(buffer, right, &title, &[("", Color::Green, &state.scores)]);
    draw_layers(buffer, flow, state);
    let foot_text = match state.stopping {
        true => "stopping: the best network so far is kept",
        false => "q stops, and keeps the best",
    };
    Paragraph::new(foot_text).dim().render(foot, buffer);
}

fn draw_head(buffer: &mut Buffer, area: Rect, state: &TrainingView) {
    let StartReport {
        epochs,
        steps,
        rows: training_rows,
        batch_size,
        parameters,
        ..
    } = state.start;
    let all = epochs.saturating_mul(steps).max(1);
    let share = (state.step as f64 / all as f64).clamp(0.0, 1.0);
    let elapsed = state.started.elapsed().as_secs_f64();
    let speed = (state.step * batch_size) as f64 / elapsed.max(1e-9);
    let left = match state.step {
        0 => String::new(),
        _ => format!(
            ", {} left at most",
            seconds(elapsed / share * (1.0 - share))
        ),
    };
    let best = match state.best.is_empty() {
        true => String::new(),
        false => format!("best {}, ", state.best),
    };
    let block = Block::bordered().title(format!(
        " {}: {}, {} parameters ",
        state.target,
        count(training_rows, "row"),
        integer(parameters)
    ));
    let [bar, words] = Layout::vertical([Constraint::Length(1); 2]).areas(block.inner(area));
    block.render(area, buffer);
    let label = format!("epoch {} of {epochs}{left}", state.epoch);
    let gauge = Gauge::default().ratio(share).label(label);
    gauge
        .gauge_style(Style::new().fg(Color::Blue))
        .render(bar, buffer);
    let text = format!(
        "{best}{} rows a second, learning rate {:.2e}",
        integer(speed.round() as usize),
        state.learning_rate
    );
    Paragraph::new(text).render(words, buffer);
}

fn draw_curves(buffer: &mut Buffer, area: Rect, title: &str, curves: &[(&str, Color, &Points)]) {
    let all: Vec<(f64, f64)> = curves
        .iter()
        .flat_map(|(_, _, points)| points.iter().copied())
        .collect();
    let [xs, ys] = bounds(&all);
    let label = |range: [f64; 2]| match all.is_empty() {
        true => Vec::new(),
        false => vec![number(range[0]), number(range[1])],
    };
    let whole = |x: f64| format!("{x:.0}");
    let datasets = curves.iter().map(|(name, color, points)| {
        Dataset::default()
            .name(*name)
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(Style::new().fg(*color))
            .data(points)
    });
    let mut chart = Chart::new(datasets.collect())
        .block(Block::bordered().title(Line::from(title.to_string())))
        .x_axis(
            Axis::default()
                .bounds(xs)
                .labels([whole(xs[0]), whole(xs[1])]),
        )
        .y_axis(Axis::default().bounds(ys).labels(label(ys)));
    if curves.len() < 2 {
        chart = chart.legend_position(None);
    }
    chart.render(area, buffer);
}

fn draw_layers(buffer: &mut Buffer, area: Rect, state: &TrainingView) {
    let header = Row::new([
        "layer",
        "gradient",
        "over the epochs",
        "update",
        "dead",
        "saturated",
    ]);
    let last = state.layers.last();
    let rows = last
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(index, layer)| {
            let flow: Vec<f64> = state
                .layers
                .iter()
                .filter_map(|layers| Some(layers.get(index)?.gradient_mean_abs.log10()))
                .collect();
            let share = |share: fn(&backburn_training::ActivationReport) -> f64| {
                let activation = layer.activation.as_ref();
                activation.map_or(String::new(), |a| format!("{:.0} %", share(a) * 100.0))
            };
            Row::new([
                Cell::from(layer.layer.clone()),
                Cell::from(format!("{:.1e}", layer.gradient_mean_abs)),
                Cell::from(sparkline(&flow, 40)).style(Style::new().fg(Color::Magenta)),
                Cell::from(format!("{:.1e}", layer.update_ratio)),
                Cell::from(share(|a| a.dead)),
                Cell::from(share(|a| a.saturated)),
            ])
        });
    let widths = [
        Constraint::Length(14),
        Constraint::Length(9),
        Constraint::Min(10),
        Constraint::Length(9),
        Constraint::Length(6),
        Constraint::Length(9),
    ];
    let table = Table::new(rows, widths)
        .header(header.dim())
        .block(Block::bordered().title(" gradient flow "));
    table.render(area, buffer);
}

/// The last numbers as blocks whose height is the number.
fn sparkline(numbers: &[f64], width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let last = &numbers[numbers.len().saturating_sub(width)..];
    let points: Vec<(f64, f64)> = last.iter().map(|&y| (0.0, y)).collect();
    let [_, [low, high]] = bounds(&points);
    last.iter()
        .map(|y| match y.is_finite() {
            true => BLOCKS[(((y - low) / (high - low) * 7.0).round() as usize).min(7)],
            false => ' ',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use backburn_training::ActivationReport;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn layer(name: &str, gradient: f64) -> LayerReport {
        LayerReport {
            layer: name.to_string(),
            gradient_norm: gradient,
            first_gradient_norm: gradient,
            gradient_mean_abs: gradient,
            gradient_noise: 1.0,
            weight_norm: 1.0,
            weight_mean_abs: 1.0,
            update_ratio: 0.001,
            activation: Some(ActivationReport {
                mean: 0.5,
                std: 0.5,
                dead: 0.25,
                saturated: 0.0,
            }),
        }
    }

    #[test]
    fn everything_has_its_place_in_any_terminal() {
        let mut state = TrainingView::new("price", "");
        state.start = StartReport {
            rows: 2000,
            epochs: 10,
            steps: 5,
            batch_size: 400,
            parameters: 1234,
            ..StartReport::default()
        };
        for (width, height) in [(100, 30), (40, 12), (5, 3), (1, 1)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal
                .draw(|frame| frame.render_widget(&state, frame.area()))
                .unwrap();
        }
        state.step = 15;
        state.epoch = 3;
        for epoch in 1..=3 {
            state
                .training
                .push((f64::from(epoch), 1.0 / f64::from(epoch)));
            state.validation.push((f64::from(epoch), f64::NAN));
            state.layers.push(vec![
                layer("hidden.0", 0.1 / f64::from(epoch)),
                layer("output", 0.0),
            ]);
        }
        state.best = "RMSE 12 in epoch 2".to_string();
        let mut terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
        terminal
            .draw(|frame| frame.render_widget(&state, frame.area()))
            .unwrap();
        let text = terminal.backend().to_string();
        for words in [
            "price: 2,000 rows, 1,234 parameters",
            "epoch 3 of 10",
            "RMSE 12 in epoch 2",
            "rows a second",
            "hidden.0",
            "█▄▁",
            "25 %",
            "q stops",
        ] {
            assert!(text.contains(words), "no {words} in\n{text}");
        }
    }
}
