//! The terminal as a whole, with the training of a network in it.

use std::io::{self, IsTerminal, Stderr};
use std::time::{Duration, Instant};

use backburn::Event;
use ratatui::Terminal;
use ratatui::crossterm::event::{
    self as terminal_event, Event as TerminalEvent, KeyCode, KeyEventKind, KeyModifiers,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, is_raw_mode_enabled,
};
use ratatui::prelude::CrosstermBackend;

use crate::view::TrainingView;

/// The time between two frames.
const PAUSE: Duration = Duration::from_millis(100);

/// The whole terminal, while it shows the training of a network. Dropping it restores the terminal.
pub struct Screen {
    /// `None` after drawing failed.
    terminal: Option<Terminal<CrosstermBackend<Stderr>>>,
    view: TrainingView,
    stopping: bool,
    drawn: Instant,
}

/// Restores the terminal for the shell, whatever state it is in.
pub fn release_terminal() {
    if matches!(is_raw_mode_enabled(), Ok(true)) {
        let _ = execute!(io::stderr(), LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

impl Screen {
    /// Takes over the terminal; `None` if standard input or standard error is no terminal. `unit` is written
    /// before amounts of the target.
    pub fn open(target: &str, unit: &str) -> Option<Self> {
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

    /// Adds an event of the training.
    pub fn update(&mut self, event: &Event) {
        self.view.update(event);
    }

    /// The training loss of each epoch so far.
    pub fn losses(&self) -> &[(f64, f64)] {
        self.view.losses()
    }

    /// Draws the training as it is now.
    pub fn draw(&mut self) {
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

    /// At intervals, reads keys and draws. Returns whether to stop the run: by `q`, Escape or Ctrl-C. Calls
    /// `interrupted` for Ctrl-C.
    pub fn stops(&mut self, interrupted: impl Fn()) -> bool {
        if self.drawn.elapsed() >= PAUSE {
            self.keys(interrupted);
            self.draw();
        }
        self.stopping
    }

    fn keys(&mut self, interrupted: impl Fn()) {
        while terminal_event::poll(Duration::ZERO).unwrap_or(false) {
            let Ok(event) = terminal_event::read() else {
                return;
            };
            if let TerminalEvent::Key(key) = event
                && key.kind == KeyEventKind::Press
            {
                let control_c =
                    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
                if control_c {
                    interrupted();
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
        release_terminal();
    }
}
