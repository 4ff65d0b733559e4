//! `trainer report`.

use std::path::{Path, PathBuf};

use backburn_report::Report;

use super::args::ReportArgs;
use super::saving::{report_file, write_report};
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::ui::console::Console;

pub fn run(args: &ReportArgs) -> Result<(), Error> {
    let table = args.table.as_deref();
    once_from_standard_input(&args.model, table.unwrap_or(Path::new("")))?;
    let device = device::choose(args.device.name())?.device;
    let usual = PathBuf::from(args.model.file_stem().unwrap_or_default()).with_extension("html");
    let others: Vec<_> = [args.model.as_path()].into_iter().chain(table).collect();
    let file = report_file("--out", args.out.as_deref().unwrap_or(&usual), &others)?;
    let (report, notes) = Report::of_files(&args.model, table, args.read.options(), &device)?;
    let console = Console::Output;
    notes
        .iter()
        .for_each(|note| console.paragraph("note", note));
    write_report(&file, &report, console)
}
