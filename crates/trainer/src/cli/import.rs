//! `trainer import`.

use backburn::text::path_argument;
use backburn::{CommandFiles, room_to_load};
use backburn_export::{ImportOptions, import_file};

use super::args::ImportArgs;
use super::saving::model_file;
use crate::device;
use crate::error::Error;
use crate::ui::console::Console;

pub fn run(args: &ImportArgs) -> Result<(), Error> {
    let files = CommandFiles::new().input("the network", &args.network);
    let files = files.output("--out", &args.out);
    files.printed(false).check()?;
    let file = model_file(Some(&args.out), &args.out)?;
    room_to_load(&args.network)?;
    let options = ImportOptions {
        inputs: args.inputs.clone(),
        target: args.target.clone(),
        classes: args.classes.clone(),
        activation: args.activation,
    };
    let model = import_file(&args.network, &options, device::choose(None)?.get()?)?;
    let path = file.write_or_rescue(&model)?;
    Console::Output.entry("saved", path_argument(&path));
    Ok(())
}
