//! `trainer report`.

use std::path::{Path, PathBuf};

use backburn::CommandFiles;
use backburn_report::{Report, ReportFile};

use super::args::ReportArgs;
use super::saving::write_report;
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::ui::console::Console;

pub fn run(args: &ReportArgs) -> Result<(), Error> {
    let table = args.table.as_deref();
    once_from_standard_input(&args.model, table.unwrap_or(Path::new("")))?;
    let device = device::choose(args.device.name())?;
    let usual = PathBuf::from(args.model.file_stem().unwrap_or_default()).with_extension("html");
    let out = args.out.as_deref().unwrap_or(&usual);
    let files = CommandFiles::new().model(&args.model);
    let files = table.into_iter().fold(files, CommandFiles::table);
    files.output("--out", out).printed(false).check()?;
    let file = ReportFile::of_option("--out", out)?;
    let read = args.read.options();
    let model = (args.model.as_path(), args.target.as_deref());
    let console = Console::Output;
    console.detail("now", "writing the report");
    let (report, notes) = Report::of_files(model, table, read, device.get()?)?;
    console.notes(&notes);
    write_report(&file, &report, console)
}
