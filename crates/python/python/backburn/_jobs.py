"""Running a job of a fit in this process, as a worker does."""

from __future__ import annotations

import os
from threading import Lock

from ._backburn import JobRunner
from ._shared_table import SharedTable

#: Jobs of a process run one after the other: networks share the random numbers of its device.
_lock = Lock()
#: The runner of the last table. It has read the table, and keeps the encoded rows of an ensemble.
_last: tuple[str, JobRunner] | None = None


def run_job(shared: SharedTable, job: bytes, threads: int | None = None) -> bytes:
    """Run a job, and return the bytes of its result, which depend on the table and the job alone.

    `threads` is the number of threads that compute. It is that of the process: it has an effect where the process
    has not computed yet.
    """
    global _last
    if threads is not None:
        os.environ["RAYON_NUM_THREADS"] = str(threads)
    with _lock:
        if _last is None or _last[0] != shared.key:
            # Without the old table first: there may be no room for both.
            _last = None
            _last = (shared.key, JobRunner(shared.dataset()))
        return _last[1].run(job)
