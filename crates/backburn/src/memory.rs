//! Memory limits: work that does not fit into memory is refused before it begins.

use std::num::NonZero;
use std::path::Path;
use std::thread;

use backburn_table::{ReadOptions, Table};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use crate::error::Error;
use crate::text::path_name;

/// The smallest amount that is checked, in bytes.
const SMALL: u64 = 64 << 20;
/// The bytes of a row in addition to its cells: its target as text and as a number, and its indices in
/// splits. Measured on tables with two columns.
const BYTES_OF_ROW: u64 = 64;

/// Reads a whole table, if it fits into memory.
///
/// # Errors
///
/// The file is not a table, or does not fit into memory.
pub fn read_table(path: &Path, options: &ReadOptions) -> Result<Table, Error> {
    let free = available();
    let name = path_name(path);
    Table::read_while(path, options, |size| {
        let needed = size
            .bytes
            .saturating_add(size.rows.saturating_mul(BYTES_OF_ROW));
        let advice = "use a part of its rows; only the command predict reads tables of any size";
        fits(&name, "reading it takes at least", needed, free, advice)
    })
}

/// Checks that networks can be trained on `rows` rows of `inputs` inputs. The rows are held once as a
/// table, and once for each training that runs at the same time.
pub(crate) fn room_for_training(
    table: &str,
    rows: usize,
    inputs: usize,
    networks: usize,
) -> Result<(), Error> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let copies = 1 + networks.clamp(1, cores) as u64;
    let numbers = rows as u64 * inputs as u64;
    let advice = format!(
        "take fewer rows, or fewer than {inputs} inputs (fewer data.bins, a smaller data.one_hot_max)"
    );
    room_for(
        table,
        "training on it takes about",
        numbers.saturating_mul(copies * 4),
        &advice,
    )
}

/// Checks that a model with `inputs` inputs can be explained with `rows` rows. The rows are in memory twice:
/// as they are, and with a shuffled column.
///
/// # Errors
///
/// They do not fit.
pub fn room_to_explain(table: &str, rows: usize, inputs: usize) -> Result<(), Error> {
    let numbers = rows as u64 * inputs as u64;
    let advice = "take fewer rows";
    room_for(
        table,
        "explaining a model with it takes about",
        numbers.saturating_mul(2 * 4),
        advice,
    )
}

fn room_for(what: &str, to_do: &str, needed: u64, advice: &str) -> Result<(), Error> {
    match needed < SMALL {
        true => Ok(()),
        false => fits(what, to_do, needed, available(), advice),
    }
}

fn fits(
    what: &str,
    to_do: &str,
    needed: u64,
    free: Option<u64>,
    advice: &str,
) -> Result<(), Error> {
    match free {
        Some(free) if free < needed && needed >= SMALL => Err(Error::Failed(format!(
            "{what}: {to_do} {}, and {} of memory are free: {advice}",
            gigabytes(needed),
            gigabytes(free)
        ))),
        _ => Ok(()),
    }
}

/// One part in `parts` of the memory that this process can still allocate; without a limit if the system does
/// not report it.
pub(crate) fn share_of_free(parts: u64) -> u64 {
    available().map_or(u64::MAX, |bytes| bytes / parts)
}

/// The memory that this process can still allocate, in bytes; `None` if the system does not report it.
fn available() -> Option<u64> {
    let memory = MemoryRefreshKind::nothing().with_ram();
    let system = System::new_with_specifics(RefreshKind::nothing().with_memory(memory));
    let of_machine = Some(system.available_memory()).filter(|&bytes| bytes > 0);
    // A container has limits of its own; its cache of files can be freed.
    let limits = system.cgroup_limits();
    let of_group = limits.map(|limits| limits.total_memory.saturating_sub(limits.rss));
    [of_machine, of_group, free_address_space()]
        .into_iter()
        .flatten()
        .min()
}

/// The address space that the process can still use, if it is limited (`ulimit -v`).
#[cfg(target_os = "linux")]
fn free_address_space() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate};

    let limit = getrlimit(Resource::As).current?;
    let this = sysinfo::get_current_pid().ok()?;
    let mut system = System::new();
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[this]), false, memory);
    let taken = system.process(this)?.virtual_memory();
    Some(limit.saturating_sub(taken))
}

#[cfg(not(target_os = "linux"))]
fn free_address_space() -> Option<u64> {
    None
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_figures() {
        assert!(room_for_training("t.csv", 1_000_000, 5, 2).is_ok());
        let error = room_for_training("t.csv", 1 << 40, 100, 1)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("t.csv: training on it takes about 879609.3 GB, and "),
            "{error}"
        );
        assert!(error.contains("fewer than 100 inputs"), "{error}");
        let error = room_to_explain("t.csv", 1 << 40, 100).unwrap_err();
        assert!(error.to_string().ends_with("are free: take fewer rows"));
    }
}
