//! The dashboard: training in the whole terminal.

use std::io::{self, IsTerminal, Stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use backburn::{Event, Observer, StopToken};
use backburn_dashboard::{TrainingView, lines};
use ratatui::Terminal;
use ratatui::crossterm::event::{
    self, Event as TerminalEvent, KeyCode, KeyEventKind, KeyModifiers,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, enable_raw_mode};
use ratatui::prelude::CrosstermBackend;

use super::progress::Progress;
use super::terminal;
use crate::interrupt;

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
    view: TrainingView,
    stopping: bool,
    drawn: Instant,
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
        let losses = screen.view.losses().to_vec();
        drop(screen);
        if losses.len() > 1 {
            self.progress.print(|console| {
                for line in lines(&losses, "training loss", "epoch") {
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
                *screen = Screen::open(&network.target, self.unit);
            }
            (Event::FitStart { .. }, Some(screen)) => {
                screen.view.update(event);
                screen.draw();
            }
            (Event::BatchEnd { .. }, Some(screen)) => {
                screen.view.update(event);
                if screen.stops() {
                    self.stop.stop();
                }
            }
            (Event::Resumed { .. } | Event::EpochEnd { .. }, Some(screen)) => {
                screen.view.update(event);
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
    fn open(target: &str, unit: &str) -> Option<Self> {
        if !io::stderr().is_terminal() || !io::stdin().is_terminal() {
            return None;
        }
        enable_raw_mode().ok()?;
        let mut screen = Self {
            terminal: None,
            view: TrainingView::new(target, unit),
            stopping: false,
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
        let view = &self.view;
        let draw = |frame: &mut ratatui::Frame| frame.render_widget(view, frame.area());
        if let Some(terminal) = &mut self.terminal
            && terminal.draw(draw).is_err()
        {
            // Training continues without the dashboard.
            self.terminal = None;
        }
    }

    /// At intervals, reads keys and draws. Returns whether to stop the run.
    fn stops(&mut self) -> bool {
        if self.drawn.elapsed() >= PAUSE {
            self.keys();
            self.draw();
        }
        self.stopping
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
                    self.stopping = true;
                    self.view.set_stopping();
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
