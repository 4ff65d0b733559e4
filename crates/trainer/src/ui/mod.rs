//! Output for people: lines, progress bars, the dashboard.

pub mod console;
pub mod dashboard;
pub mod progress;
