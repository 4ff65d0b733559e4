//! `trainer tune`.

use backburn::{CommandFiles, CommandLine, FitContext, TuningFiles};
use backburn_report::{Report, ReportFile};

use super::args::TuneArgs;
use super::dataset::read_dataset;
use super::saving::{save_history, write_report};
use crate::ui::console::{self, Console};
use crate::ui::progress::Progress;
use crate::{device, error::Error, interrupt};

pub fn run(args: &TuneArgs, line: &CommandLine) -> Result<(), Error> {
    let mut config = args.run.settings()?;
    args.scoring.set(&mut config.scoring)?;
    let device = device::choose(args.run.device.name())?;
    let (table, report) = (&args.table.table, args.report.as_deref());
    let inputs = args.run.input(CommandFiles::new()).printed(args.run.json);
    let (out, space) = (args.out.as_deref(), args.search.space.as_deref());
    let files = TuningFiles::of_command(inputs, table, out, report, space)?;
    let report = ReportFile::of_report(report)?;
    let space = args.search.search_space()?;
    let data = read_dataset(&args.table, &mut config)?;
    let console = Console::for_json(args.run.json);
    let progress = Progress::new(console, "");
    let context = FitContext::of_run(device, &progress, interrupt::catch(), args.time_limit);
    console.paragraphs(data.in_words(None));
    let tuner = args.search.tuner(config, space);
    let tuned = tuner.run(&data, files, args.search.outer_folds, &context);
    progress.finish();
    let (tuned, program) = (tuned?, console::program());
    if let Some(model) = &tuned.model {
        save_history(model, &tuned.model_path, console);
        if let Some(file) = report {
            let report = Report::of_tuning(model, &tuned, &data, &line.command(program))?;
            write_report(&file, &report, console)?;
        }
    }
    for (heading, text) in tuned.lines(program, table) {
        match heading {
            "note" | "next" | "" => console.paragraph(heading, text),
            _ => console.entry(heading, text),
        }
    }
    if args.run.json {
        console::json(&tuned.json(&[data.warnings(), &progress.warnings()].concat()));
    }
    Ok(())
}
