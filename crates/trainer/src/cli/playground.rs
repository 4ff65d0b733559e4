//! `trainer playground`.

use backburn_page::{Limits, PageError, PlaygroundArgs, listen, open_in_browser, serve};

use crate::error::Error;
use crate::ui::console::Console;

pub fn run(args: &PlaygroundArgs) -> Result<(), Error> {
    let failed = |error: PageError| Error::Failed(error.to_string());
    let site = args.site().map_err(failed)?;
    let (listener, address) = listen(args.port).map_err(failed)?;
    let address = format!("http://{address}/");
    Console::Output.say(format_args!(
        "The playground is at {address}. Ctrl-C ends it."
    ));
    if args.open && open_in_browser(&address).is_err() {
        Console::Error.say("No browser could be started: open the address yourself.");
    }
    serve(&listener, &site, Limits::default());
    Ok(())
}
