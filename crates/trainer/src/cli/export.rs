//! `trainer export`.

use backburn::SavedModel;
use backburn::text::path_argument;
use backburn_export::{OnnxOptions, export_files};
use backburn_report::training_rows_note;

use super::args::ExportArgs;
use crate::device;
use crate::error::Error;
use crate::ui::console::Console;

pub fn run(args: &ExportArgs) -> Result<(), Error> {
    let device = device::choose(None)?;
    let model = SavedModel::load(&args.model, device.get()?)?;
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
