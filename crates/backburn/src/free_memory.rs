//! The memory that this process can still allocate.

use std::num::NonZero;
use std::thread;

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// The memory that this process can still allocate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FreeMemory {
    /// In bytes; `None` if the system does not report it.
    bytes: Option<u64>,
    /// Whether an allocation of more is certain to fail. Otherwise the system may free some memory, such as that of
    /// its caches.
    is_hard: bool,
}

/// Less memory than this is never refused where the limit is not hard, in bytes.
const SMALL: u64 = 64 << 20;

impl FreeMemory {
    /// What is free now.
    pub fn now() -> Self {
        let memory = MemoryRefreshKind::nothing().with_ram();
        let system = System::new_with_specifics(RefreshKind::nothing().with_memory(memory));
        let of_machine = Some(system.available_memory()).filter(|&bytes| bytes > 0);
        // A container has limits of its own; its cache of files can be freed.
        let limits = system.cgroup_limits();
        let of_group = limits.map(|limits| limits.total_memory.saturating_sub(limits.rss));
        let of_address_space = free_address_space().map(without_threads);
        let soft = [of_machine, of_group].into_iter().flatten().min();
        match of_address_space {
            Some(hard) if soft.is_none_or(|soft| hard <= soft) => Self {
                bytes: Some(hard),
                is_hard: true,
            },
            _ => Self {
                bytes: soft,
                is_hard: false,
            },
        }
    }

    /// In bytes; without a limit if the system does not report it.
    pub fn bytes(self) -> u64 {
        self.bytes.unwrap_or(u64::MAX)
    }

    /// Whether this many bytes are to be refused.
    pub fn is_less_than(self, needed: u64) -> bool {
        self.bytes() < needed && (self.is_hard || needed >= SMALL)
    }
}

/// What is left of an address space when further threads have started. Each has a stack, and the allocator of the
/// C library reserves a part for it, as long as there is enough.
fn without_threads(free: u64) -> u64 {
    const STACK: u64 = 2 << 20;
    const ARENA: u64 = 64 << 20;
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    // A thread of each core that trains networks, and two that show the progress.
    (0..cores + 2).fold(free, |free, _| {
        // A thread that has its stack already takes its part before that of the next one.
        let left = match free >= ARENA {
            true => free - ARENA,
            false => free,
        };
        left.saturating_sub(STACK)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_refused_only_where_it_fails_for_certain() {
        let free = |bytes, is_hard| FreeMemory { bytes, is_hard };
        assert!(free(Some(10), true).is_less_than(11));
        assert!(!free(Some(10), true).is_less_than(10));
        assert!(!free(Some(10), false).is_less_than(11));
        assert!(free(Some(10), false).is_less_than(SMALL));
        assert!(!free(None, false).is_less_than(u64::MAX));
        assert!(!FreeMemory::now().is_less_than(1 << 20));
    }

    #[test]
    fn threads_take_address_space_as_long_as_there_is_enough() {
        const MEGABYTE: u64 = 1 << 20;
        assert!(without_threads(100 * MEGABYTE) < 100 * MEGABYTE);
        assert_eq!(without_threads(0), 0);
        assert_eq!(without_threads(65 * MEGABYTE), 0);
        let left = without_threads(1 << 40);
        assert!(left < (1 << 40) - 2 * 64 * MEGABYTE && left > 1 << 39);
    }
}
