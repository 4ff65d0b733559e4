//! `trainer neighbors`.

use backburn::{SimilarRows, Table, Warning, read_table, row_index};
use serde_json::json;

use super::args::NeighborsArgs;
use crate::error::{Error, once_from_standard_input};
use crate::ui::console::{self, Console};

pub fn run(args: &NeighborsArgs) -> Result<(), Error> {
    let on = &args.on;
    let among = args.among.iter();
    let files = among.fold(on.files(), |files, path| files.table(path));
    files.printed(true).check()?;
    if let Some(path) = &args.among {
        once_from_standard_input(&on.model, path)?;
        once_from_standard_input(&on.table, path)?;
    }
    let predictor = on.predictor()?;
    let embedder = predictor.embedder()?;
    let further = [predictor.model().target.column().to_string()];
    let read = predictor.model().read_options(on.read.options(), &further);
    let table = read_table(&on.table, &read)?;
    let row = row_index("--of", args.of, &table)?;
    let among = args.among.as_deref().map(|path| read_table(path, &read));
    let among = among.transpose()?;
    let similar = SimilarRows::find(&embedder, (&table, row), among.as_ref(), args.top.into())?;
    let console = Console::for_json(on.json);
    let notes = [&table].into_iter().chain(&among).flat_map(Table::notes);
    let warnings: Vec<Warning> = notes.map(|note| Warning::Layout { note }).collect();
    console.notes(&warnings);
    console.entries("neighbors", similar.lines());
    if on.json {
        let mut result = similar.to_json();
        result["warnings"] = json!(warnings);
        console::json(&result);
    }
    Ok(())
}
