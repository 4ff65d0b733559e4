//! `trainer export`.

use backburn::text::path_argument;
use backburn::{CommandFiles, SavedTargets, room_to_load};
use backburn_export::{OnnxOptions, export_files};
use backburn_report::training_rows_note;

use super::args::ExportArgs;
use crate::device;
use crate::error::Error;
use crate::ui::console::Console;

pub fn run(args: &ExportArgs) -> Result<(), Error> {
    let files = CommandFiles::new().model(&args.model);
    let outputs = args.format.paths(&args.out).into_iter();
    let files = outputs.fold(files, |files, path| files.output("--out", &path));
    files.printed(false).check()?;
    let device = device::choose(None)?;
    room_to_load(&args.model)?;
    let models = SavedTargets::load(&args.model, device.get()?)?;
    let model = models.into_one(args.target.as_deref())?;
    let options = OnnxOptions {
        interval: args.interval,
    };
    for path in export_files(&model, &args.out, args.format, &options)? {
        Console::Output.entry("exported", path_argument(&path));
    }
    if let Some(note) = training_rows_note(&model) {
        Console::Output.paragraph("note", note);
    }
    Ok(())
}
