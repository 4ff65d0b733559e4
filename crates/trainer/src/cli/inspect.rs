//! `trainer inspect`.

use backburn::text::{escaped, path_name, shown};
use backburn::{CommandFiles, SavedTargets, room_to_load};
use backburn_report::{column_summary, model_summary, models_json};

use super::args::InspectArgs;
use crate::device;
use crate::error::Error;
use crate::ui::console::{self, Console};

pub fn run(args: &InspectArgs) -> Result<(), Error> {
    let files = CommandFiles::new().model(&args.model);
    files.printed(true).check()?;
    let device = device::choose(None)?;
    room_to_load(&args.model)?;
    let models = SavedTargets::load(&args.model, device.get()?)?.into_models();
    if args.json {
        console::json(&models_json(&models));
        return Ok(());
    }
    let (console, model) = (Console::Output, &models[0]);
    let summary = &model.summary;

    let name = path_name(&args.model);
    console.entry("model", format!("{name}, by {}", shown(&summary.program)));
    for (heading, fact) in models.iter().flat_map(model_summary) {
        console.text(heading, fact);
    }
    console.say("");
    console.say(format_args!("{:<30} {}", "column", "kind"));
    for (column, use_of_it) in column_summary(model) {
        console.say(format_args!("{column:<30} {use_of_it}"));
    }
    if !summary.settings.is_empty() {
        console.say("\nsettings");
        console.say(escaped(summary.settings.trim_end()));
    }
    Ok(())
}
