//! Memory limits: work that does not fit into memory is refused before it begins.

use std::path::Path;

use backburn_table::{ReadOptions, Table, TableReader};
use backburn_training::{MemoryUse, NetworkSize};

use crate::error::Error;
use crate::free_memory::FreeMemory;
use crate::model_file::SavedModel;
use crate::text::path_name;

/// The bytes of a row in addition to its cells: its target as text and as a number, and its indices in
/// splits. Measured on tables with two columns.
const BYTES_OF_ROW: u64 = 64;
/// The memory that the program takes beside what is counted, in bytes.
const OTHERS: u64 = 32 << 20;

/// Reads a whole table, if it fits into memory.
///
/// # Errors
///
/// The file is not a table, or does not fit into memory.
pub fn read_table(path: &Path, options: &ReadOptions) -> Result<Table, Error> {
    let free = FreeMemory::now();
    let name = path_name(path);
    let options = within(free, options.clone());
    Table::read_while(path, &options, |size| {
        let of_rows = size.rows.saturating_mul(BYTES_OF_ROW);
        let needed = [size.at_once, of_rows, OTHERS]
            .into_iter()
            .fold(size.bytes, u64::saturating_add);
        let advice =
            "use a part of its rows; only the commands predict and embed read tables of any size";
        fits(&name, "reading it takes at least", needed, free, advice)
    })
}

/// Opens a table that is read one part after the other, if a part fits into memory.
///
/// # Errors
///
/// The file is not a table, or a part of it does not fit into memory.
pub fn open_table(path: &Path, options: &ReadOptions) -> Result<TableReader, Error> {
    let free = FreeMemory::now();
    let reader = TableReader::open(path, &within(free, options.clone()))?;
    let needed = reader.at_least().at_once.saturating_add(OTHERS);
    let advice = "write the table in smaller row groups or batches";
    let to_do = "reading a part of it takes about";
    fits(reader.name(), to_do, needed, free, advice)?;
    Ok(reader)
}

/// Options under which reading takes no more memory at a time than is free.
fn within(free: FreeMemory, options: ReadOptions) -> ReadOptions {
    ReadOptions {
        memory: Some(free.bytes().min(options.memory.unwrap_or(u64::MAX))),
        ..options
    }
}

/// Checks that there is memory for finding out what the columns of a table hold, and for reading its text as that.
///
/// # Errors
///
/// The values do not fit into memory once more.
pub(crate) fn room_to_infer(table: &Table) -> Result<(), Error> {
    /// Different values of a column that are compared, at most, and the bytes of each.
    const DIFFERENT: u64 = 100_000;
    const BYTES_OF_DIFFERENT: u64 = 100;
    let columns = table.columns().count().min(rayon::current_num_threads());
    let rows = table.rows() as u64;
    let different = columns as u64 * rows.min(DIFFERENT) * BYTES_OF_DIFFERENT;
    let needed = table.memory() + different + rows * BYTES_OF_ROW + OTHERS;
    let to_do = "inferring its column types takes about";
    room_for(table.name(), to_do, needed, "use a part of its rows")
}

/// Checks that there is memory for loading a model file.
///
/// # Errors
///
/// Its networks do not fit into memory.
pub fn room_to_load(path: &Path) -> Result<(), Error> {
    // The bytes of the file, the networks with what they are read into, and their arrays.
    const COPIES: u64 = 5;
    let file = path.metadata().ok().filter(|file| file.is_file());
    let bytes = file.map_or(0, |file| file.len());
    let needed = bytes.saturating_mul(COPIES).saturating_add(OTHERS);
    let name = path_name(path);
    let advice = "free some memory";
    room_for(&name, "loading the model takes about", needed, advice)
}

/// Checks that there is memory for predicting and scoring a table.
///
/// # Errors
///
/// The predictions do not fit into memory.
pub fn room_to_evaluate(table: &Table, model: &SavedModel) -> Result<(), Error> {
    let memory = memory_of_predictions(table, model);
    let to_do = "scoring a model on it takes about";
    room_for(table.name(), to_do, bytes_of(memory), "take fewer rows")
}

/// Checks that there is memory for explaining a model with the rows of a table.
///
/// # Errors
///
/// They do not fit.
pub fn room_to_explain(table: &Table, model: &SavedModel) -> Result<(), Error> {
    /// Rows of which columns are shuffled, at most.
    const SHUFFLED: f64 = 2_000.0;
    let (rows, width) = (table.rows() as f64, model.encoder.width() as f64);
    let network = NetworkSize::of(&model.config);
    let shuffled = rows.min(SHUFFLED);
    let memory = MemoryUse {
        rows: 4.0 * width * (rows + 2.0 * shuffled),
        // Their gradients.
        network: 4.0 * 4.0 * network.parameters as f64,
        outputs: 3.0 * 8.0 * shuffled * network.outputs as f64,
    };
    let memory = memory + memory_of_predictions(table, model);
    let to_do = "explaining a model with it takes about";
    room_for(table.name(), to_do, bytes_of(memory), "take fewer rows")
}

/// Checks that work on the rows of a table fits: `inputs` are the numbers in an encoded row.
pub(crate) fn room_to_work(
    table: &str,
    memory: MemoryUse,
    inputs: usize,
    free: FreeMemory,
) -> Result<(), Error> {
    let MemoryUse {
        rows,
        network,
        outputs,
    } = memory;
    let advice = match () {
        () if network > rows.max(outputs) => {
            "take a smaller network (network.hidden), or fewer networks (ensemble.members)"
                .to_string()
        }
        () if outputs > rows => "take fewer rows, or fewer classes".to_string(),
        () => format!(
            "take fewer rows, or fewer than {inputs} inputs (fewer data.bins, a smaller \
             data.one_hot_max)"
        ),
    };
    let to_do = "training on it takes about";
    fits(table, to_do, bytes_of(memory), free, &advice)
}

/// The predictions of a table with what they are computed from, part by part.
fn memory_of_predictions(table: &Table, model: &SavedModel) -> MemoryUse {
    /// Outputs that are computed at a time, and numbers of a layer, at most.
    const OUTPUTS: f64 = 4e6;
    const OF_LAYER: f64 = 1e6;
    let network = NetworkSize::of(&model.config);
    let rows = table.rows() as f64;
    let at_a_time = table.batches().iter().map(|batch| batch.num_rows()).max();
    let at_a_time = at_a_time.unwrap_or(0) as f64;
    let outputs = network.outputs as f64;
    let of_layers = 2.0 * (network.widest as f64).max(OF_LAYER);
    let threads = rayon::current_num_threads() as f64;
    // Text that is read in a format of its own is there twice.
    let read = match model.format.is_plain() {
        true => 0.0,
        false => table.memory() as f64,
    };
    MemoryUse {
        rows: read + BYTES_OF_ROW as f64 * rows,
        network: 4.0 * (2.0 * at_a_time * network.columns as f64 + threads * of_layers),
        outputs: 8.0 * rows * outputs + 16.0 * (at_a_time * outputs).min(OUTPUTS),
    }
}

fn bytes_of(memory: MemoryUse) -> u64 {
    memory.total().saturating_add(OTHERS)
}

fn room_for(what: &str, to_do: &str, needed: u64, advice: &str) -> Result<(), Error> {
    fits(what, to_do, needed, FreeMemory::now(), advice)
}

fn fits(what: &str, to_do: &str, needed: u64, free: FreeMemory, advice: &str) -> Result<(), Error> {
    match free.is_less_than(needed) {
        true => Err(Error::Failed(format!(
            "{what}: {to_do} {}, and {} of memory are free: {advice}",
            amount(needed),
            amount(free.bytes())
        ))),
        false => Ok(()),
    }
}

/// One part in `parts` of the memory that this process can still allocate; without a limit if the system does
/// not report it.
pub(crate) fn share_of_free(parts: u64) -> u64 {
    FreeMemory::now().bytes() / parts.max(1)
}

/// An amount of memory: `1.2 GB`, `640 MB`.
fn amount(bytes: u64) -> String {
    match bytes < 1_000_000_000 {
        true => format!("{} MB", bytes.div_ceil(1_000_000)),
        false => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_figures() {
        let small = MemoryUse {
            rows: 1e6,
            ..MemoryUse::default()
        };
        assert!(room_to_work("t.csv", small, 5, FreeMemory::now()).is_ok());
        let large = |rows: f64, network: f64, outputs: f64| {
            let memory = MemoryUse {
                rows,
                network,
                outputs,
            };
            let refused = room_to_work("t.csv", memory, 100, FreeMemory::now());
            refused.unwrap_err().to_string()
        };
        let error = large(8e15, 1e15, 1e15);
        assert!(
            error.starts_with("t.csv: training on it takes about 10000000.0 GB, and "),
            "{error}"
        );
        assert!(error.contains("fewer than 100 inputs"), "{error}");
        assert!(large(1e15, 8e15, 1e15).contains("a smaller network"));
        assert!(large(1e15, 1e15, 8e15).contains("fewer classes"));
    }

    #[test]
    fn amounts_are_megabytes_or_gigabytes() {
        assert_eq!(amount(0), "0 MB");
        assert_eq!(amount(639_100_000), "640 MB");
        assert_eq!(amount(1_240_000_000), "1.2 GB");
    }
}
