//! Memory limits: work that does not fit into memory is refused before it begins.

use std::path::Path;

use backburn_table::{ReadOptions, Table, TableReader};
use backburn_training::{MemoryUse, NetworkSize};

use crate::config::Config;
use crate::error::Error;
use crate::free_memory::FreeMemory;
use crate::model_file::SavedModel;
use crate::text::path_name;

/// The bytes of a row in addition to its cells: its target as text and as a number, and its indices in
/// splits. Measured on tables with two columns.
const BYTES_OF_ROW: u64 = 64;
/// The memory that the program takes beside what is counted, in bytes.
const OTHERS: u64 = 32 << 20;
/// Outputs that are computed at a time, at most.
const OUTPUTS: f64 = (1u64 << 20) as f64;
/// Bytes of a 32-bit number.
const NUMBER: f64 = 4.0;

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

/// Checks that there is memory for scoring a model that is yet to be trained on test rows, so that the training is not
/// in vain: `outputs` are those of a row.
///
/// # Errors
///
/// The predictions do not fit into memory.
pub(crate) fn room_to_test(test: &Table, outputs: usize) -> Result<(), Error> {
    let memory = MemoryUse {
        rows: test.memory() as f64 + BYTES_OF_ROW as f64 * test.rows() as f64,
        outputs: memory_of_outputs(test.rows(), outputs),
        ..MemoryUse::default()
    };
    let to_do = "scoring the model on it takes about";
    room_for(test.name(), to_do, bytes_of(memory), "take fewer rows")
}

/// Checks that there is memory for predicting a table part by part, and for writing the predictions. `outputs` are those
/// of a row.
///
/// # Errors
///
/// A part does not fit into memory.
pub(crate) fn room_to_predict(table: &str, outputs: usize) -> Result<(), Error> {
    /// Rows in a part, at most.
    const ROWS: f64 = 8192.0;
    /// Bytes of an output: as numbers of 32 and 64 bits, in a column, and as text.
    const BYTES: f64 = 32.0;
    /// A file of more columns than these buffers up to so many bytes for each of them, and at most so many in all.
    const COLUMNS: usize = 256;
    const COLUMN_BYTES: f64 = 96.0 * 1024.0;
    const FILE_BYTES: f64 = (192u64 << 20) as f64;
    if outputs <= COLUMNS {
        return Ok(());
    }
    let of_file = (COLUMN_BYTES * outputs as f64).min(FILE_BYTES);
    let memory = MemoryUse {
        outputs: BYTES * (ROWS * outputs as f64).min(OUTPUTS) + of_file,
        ..MemoryUse::default()
    };
    let to_do = "predicting a part of it takes about";
    let advice = "free some memory";
    room_for(table, to_do, bytes_of(memory), advice)
}

/// Checks that there is memory for training a model further on the rows of a table. `old_rows` are those that it keeps,
/// and those that are given again.
///
/// # Errors
///
/// They do not fit.
pub(crate) fn room_to_update(
    table: &Table,
    model: &SavedModel,
    config: &Config,
    old_rows: usize,
) -> Result<(), Error> {
    // The rows as they are encoded, with their targets, in parts by what they are for, and as tensors.
    const COPIES: f64 = 8.0;
    // The networks before, how much each weight matters, and the gradients that say so.
    const COPIES_OF_NETWORKS: f64 = 4.0;
    let network = NetworkSize::of(&model.config);
    let members = &model.network.members;
    let fuses = members
        .first()
        .is_some_and(|network| config.training.fuses(network));
    let rows = table.rows() + old_rows;
    let validation = (rows as f64 * config.data.validation_fraction) as usize;
    let fit = config
        .training
        .memory_of_fit(&network, rows - validation, validation, fuses);
    let width = model.encoder.width() as f64;
    let networks = members.len() as f64 * network.parameters as f64;
    let memory = MemoryUse {
        rows: memory_of_reading(table, model) + NUMBER * COPIES * width * rows as f64,
        network: NUMBER * COPIES_OF_NETWORKS * networks,
        outputs: memory_of_outputs(table.rows(), network.outputs),
    };
    let to_do = "training the model further on it takes about";
    room_for(
        table.name(),
        to_do,
        bytes_of(memory + fit),
        "take fewer rows",
    )
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
        rows: NUMBER * width * (rows + 2.0 * shuffled),
        // Their gradients.
        network: 4.0 * NUMBER * network.parameters as f64,
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
    /// Numbers of a layer, at most.
    const OF_LAYER: f64 = 1e6;
    let network = NetworkSize::of(&model.config);
    let at_a_time = table.batches().iter().map(|batch| batch.num_rows()).max();
    let at_a_time = at_a_time.unwrap_or(0) as f64;
    let of_layers = 2.0 * (network.widest as f64).max(OF_LAYER);
    let threads = rayon::current_num_threads() as f64;
    MemoryUse {
        rows: memory_of_reading(table, model),
        network: NUMBER * (2.0 * at_a_time * network.columns as f64 + threads * of_layers),
        outputs: memory_of_outputs(table.rows(), network.outputs),
    }
}

/// A table as a model reads it. Text that is read in a format of its own is there twice.
fn memory_of_reading(table: &Table, model: &SavedModel) -> f64 {
    let read = match model.format.is_plain() {
        true => 0.0,
        false => table.memory() as f64,
    };
    read + BYTES_OF_ROW as f64 * table.rows() as f64
}

/// The predictions of rows, and what is computed for some of them at a time.
fn memory_of_outputs(rows: usize, outputs: usize) -> f64 {
    let all = rows as f64 * outputs as f64;
    8.0 * all + 16.0 * all.min(OUTPUTS)
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
