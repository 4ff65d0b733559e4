//! `trainer serve`.

use backburn_server::{ServerEvent, ServerLog};

use super::args::ServeArgs;
use crate::device;
use crate::error::Error;
use crate::ui::console::{self, Console, Verbosity};

pub fn run(args: &ServeArgs) -> Result<(), Error> {
    let device = device::choose(args.device.name())?.get()?.clone();
    let config = args.serve.config(device)?;
    Ok(backburn_server::run(config, ServerLog::new(show))?)
}

/// Prints an event, to standard error.
fn show(event: &ServerEvent) {
    let needed = match event {
        ServerEvent::Request { .. } => Verbosity::Verbose,
        ServerEvent::Listening { .. } | ServerEvent::Stopping => Verbosity::Normal,
        _ => Verbosity::Quiet,
    };
    if console::verbosity() >= needed {
        Console::Error.say(event);
    }
}
