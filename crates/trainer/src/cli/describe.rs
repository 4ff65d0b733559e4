//! `trainer describe`.

use backburn::text::count;
use backburn::{CommandFiles, DescribeOptions, describe};
use serde_json::json;

use super::args::DescribeArgs;
use crate::error::Error;
use crate::ui::console::{self, Console};

pub fn run(args: &DescribeArgs) -> Result<(), Error> {
    let files = CommandFiles::new().table(&args.table);
    files.printed(true).check()?;
    let options = DescribeOptions {
        read: args.read.options(),
        target: args.target.clone(),
        task: args.task,
        columns: args.columns.options(),
    };
    let description = describe(&args.table, &options)?;
    if args.json {
        console::json(&json!(description));
        return Ok(());
    }
    let console = Console::Output;
    let rows = count(description.rows, "row");
    let columns = count(description.columns.len(), "column");
    console.entry("data", format!("{}: {rows}, {columns}", description.table));
    if let Some(target) = &description.target {
        console.entry("target", target.line());
    }
    console.say("");
    for line in description.lines() {
        console.say(line);
    }
    if !description.notes.is_empty() {
        console.say("");
    }
    console.notes(&description.notes);
    Ok(())
}
