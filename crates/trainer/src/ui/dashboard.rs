//! The dashboard: training in the whole terminal.

use std::io::{self, IsTerminal, Stderr};
use std::time::{Duration, Instant};

use std::sync::{Mutex, PoisonError};

use backburn::text::{integer, number, seconds, shown};
use backburn::{EpochReport, Event, Observer, Scorer, StopToken};
use backburn_training::{BatchReport, LayerReport, StartReport};
use ratatui::crossterm::event::{
    self, Event as TerminalEvent, KeyCode, KeyEventKind, KeyModifiers,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, enable_raw_mode};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::prelude::CrosstermBackend;
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{
    Axis, Block, Cell, Chart, Dataset, Gauge, GraphType, Paragraph, Row, Table,
};
use ratatui::{Frame, Terminal};

use super::chart::{self, bounds};
use super::progress::Progress;
use super::terminal;
use super::words::rows;
use crate::interrupt;

type Points = Vec<(f64, f64)>;

/// The time between two frames.
const PAUSE: Duration = Duration::from_millis(100);

/// Shows the training of the network that is diagnosed in the whole terminal, and all other events as
/// [`Progress`] does. `q` stops the run.
pub struct Dashboard<'a> {
    progress: &'a Progress<'a>,
    unit: &'a str,
    stop: StopToken,
    screen: Mutex<Option<Screen>>,
}

/// The terminal, while the dashboard uses it.
struct Screen {
    /// `None` after drawing failed.
    terminal: Option<Terminal<CrosstermBackend<Stderr>>>,
    state: State,
    drawn: Instant,
}

/// The values that are shown.
struct State {
    target: String,
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

impl<'a> Dashboard<'a> {
    /// A dashboard that forwards other events to `progress`, and stops the run by the token.
    pub fn new(progress: &'a Progress<'a>, unit: &'a str, stop: StopToken) -> Self {
        Self {
            progress,
            unit,
            stop,
            screen: Mutex::new(None),
        }
    }

    /// Restores the terminal, and prints the loss curve.
    fn close(&self, screen: Screen) {
        let training = screen.state.training.clone();
        drop(screen);
        if training.len() > 1 {
            self.progress.print(|console| {
                for line in chart::lines(&training, "training loss", "epoch") {
                    console.say(line);
                }
            });
        }
    }
}

impl Observer for Dashboard<'_> {
    fn on_event(&self, event: &Event) {
        let mut screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        match (event, screen.as_mut()) {
            (Event::NetworkStart { job, network }, None) if job.diagnose => {
                self.progress.on_event(event);
                *screen = Screen::open(&network.target);
            }
            (Event::FitStart { start, .. }, Some(screen)) => {
                screen.state.start = (*start).clone();
                screen.draw();
            }
            (Event::Resumed { epoch, batch, .. }, Some(screen)) => {
                let steps = screen.state.start.steps;
                screen.state.step = epoch.saturating_sub(1).saturating_mul(steps) + batch;
            }
            (Event::BatchEnd { batch, .. }, Some(screen)) => {
                if screen.batch_end(batch) {
                    self.stop.stop();
                }
            }
            (Event::EpochEnd { report, scorer, .. }, Some(screen)) => {
                screen.state.epoch_end(report, scorer, self.unit);
            }
            (Event::FitEnd { .. }, Some(_)) => {
                if let Some(mut screen) = screen.take() {
                    screen.draw();
                    self.close(screen);
                }
                self.progress.on_event(event);
            }
            _ => self.progress.on_event(event),
        }
    }
}

impl Screen {
    /// Takes over the terminal; `None` if there is no terminal.
    fn open(target: &str) -> Option<Self> {
        if !io::stderr().is_terminal() || !io::stdin().is_terminal() {
            return None;
        }
        enable_raw_mode().ok()?;
        let mut screen = Self {
            terminal: None,
            state: State::new(target),
            drawn: Instant::now(),
        };
        // From here on, dropping the screen restores the terminal.
        execute!(io::stderr(), EnterAlternateScreen).ok()?;
        // Not every terminal has an alternate screen.
        execute!(io::stderr(), Clear(ClearType::All)).ok()?;
        screen.terminal = Some(Terminal::new(CrosstermBackend::new(io::stderr())).ok()?);
        Some(screen)
    }

    fn draw(&mut self) {
        self.drawn = Instant::now();
        let state = &self.state;
        if let Some(terminal) = &mut self.terminal
            && terminal.draw(|frame| draw(frame, state)).is_err()
        {
            // Training continues without the dashboard.
            self.terminal = None;
        }
    }

    /// Counts a batch, and at intervals reads keys and draws. Returns whether to stop the run.
    fn batch_end(&mut self, batch: &BatchReport) -> bool {
        self.state.step += 1;
        self.state.epoch = batch.epoch;
        self.state.learning_rate = batch.learning_rate;
        if self.drawn.elapsed() >= PAUSE {
            self.keys();
            self.draw();
        }
        self.state.stopping
    }

    fn keys(&mut self) {
        while event::poll(Duration::ZERO).unwrap_or(false) {
            let Ok(event) = event::read() else {
                return;
            };
            if let TerminalEvent::Key(key) = event
                && key.kind == KeyEventKind::Press
            {
                let control_c =
                    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
                if control_c {
                    interrupt::request();
                }
                if control_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                    self.state.stopping = true;
                }
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        terminal::release();
    }
}

impl State {
    fn new(target: &str) -> Self {
        Self {
            target: shown(target),
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

    fn epoch_end(&mut self, epoch: &EpochReport, scorer: &Scorer, unit: &str) {
        let x = epoch.epoch as f64;
        self.training.push((x, epoch.training_loss));
        self.layers.push(epoch.layers.clone());
        let validation = epoch.validation.as_ref();
        self.validation.extend(validation.map(|v| (x, v.loss)));
        if let Some(score) = scorer.score(epoch) {
            self.scores.push((x, score.main()));
            self.score = score.headline(unit);
            if epoch.best {
                self.best = format!("{} in epoch {}", self.score, epoch.epoch);
            }
        }
    }
}

fn draw(frame: &mut Frame, state: &State) {
    let layers = state.layers.last().map_or(0, Vec::len) as u16;
    let [head, curves, flow, foot] = Layout::vertical([
        Constraint::Length(4),
        Constraint::Min(8),
        Constraint::Length((layers + 3).min(16)),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    draw_head(frame, head, state);
    let [left, right] = Layout::horizontal([Constraint::Ratio(1, 2); 2]).areas(curves);
    let mut losses = vec![("training", Color::Blue, &state.training)];
    if !state.validation.is_empty() {
        losses.push(("validation", Color::Yellow, &state.validation));
    }
    draw_curves(frame, left, " loss ", &losses);
    let title = match state.score.is_empty() {
        true => " score ".to_string(),
        false => format!(" {} ", state.score),
    };
    draw_curves(frame, right, &title, &[("", Color::Green, &state.scores)]);
    draw_layers(frame, flow, state);
    let foot_text = match state.stopping {
        true => "stopping: the best network so far is kept",
        false => "q stops, and keeps the best",
    };
    frame.render_widget(Paragraph::new(foot_text).dim(), foot);
}

fn draw_head(frame: &mut Frame, area: Rect, state: &State) {
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
        rows(training_rows),
        integer(parameters)
    ));
    let [bar, words] = Layout::vertical([Constraint::Length(1); 2]).areas(block.inner(area));
    frame.render_widget(block, area);
    let label = format!("epoch {} of {epochs}{left}", state.epoch);
    let gauge = Gauge::default().ratio(share).label(label);
    frame.render_widget(gauge.gauge_style(Style::new().fg(Color::Blue)), bar);
    let text = format!(
        "{best}{} rows a second, learning rate {:.2e}",
        integer(speed.round() as usize),
        state.learning_rate
    );
    frame.render_widget(Paragraph::new(text), words);
}

fn draw_curves(frame: &mut Frame, area: Rect, title: &str, curves: &[(&str, Color, &Points)]) {
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
    frame.render_widget(chart, area);
}

fn draw_layers(frame: &mut Frame, area: Rect, state: &State) {
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
    frame.render_widget(table, area);
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
        let mut state = State::new("price");
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
            terminal.draw(|frame| draw(frame, &state)).unwrap();
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
        terminal.draw(|frame| draw(frame, &state)).unwrap();
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
