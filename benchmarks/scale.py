"""Where the time of a fit by several processes goes: its jobs, the bytes that are sent, and what is serial.

usage: python benchmarks/scale.py TABLE TARGET [--preset best] [--workers 1,2] [--nodes 1,2,8,100]
needs: pip install ./crates/python pandas

First, the jobs are run one after the other by one process with one thread. For each round it prints the number of
jobs, their seconds, and the bytes of a job and of a result. Then the whole fit is timed in this process with all
threads, and by pools of one-thread processes. At last, the seconds on a cluster are computed from these numbers, by the
equation of docs/scale.md, for a network of 1 GB/s and nodes that run one job at a time.
"""
import argparse, math, multiprocessing, time
from concurrent.futures import ProcessPoolExecutor

import pandas
import pyarrow

from backburn import BackburnClassifier, BackburnRegressor, distributed
from backburn._shared_table import stream_of

BANDWIDTH = 1e9


class Recorder:
    """An executor that notes the bytes and the seconds of each call, and of what is done between them."""

    def __init__(self, pool):
        self.pool, self.rounds, self.between = pool, [], time.perf_counter()

    def submit(self, function, shared, job, threads):
        if self.between is not None:
            self.rounds.append({"serial": time.perf_counter() - self.between, "jobs": [], "seconds": [], "results": []})
            self.between = None
        self.rounds[-1]["jobs"].append(len(job))
        return Recorded(self, self.pool, (function, shared, job, threads))


class Recorded:
    """A call that is made when its result is asked for, so that no two run at the same time."""

    def __init__(self, recorder, pool, call):
        self.recorder, self.pool, self.call = recorder, pool, call

    def result(self):
        start = time.perf_counter()
        result = self.pool.submit(*self.call).result()
        latest = self.recorder.rounds[-1]
        latest["seconds"].append(time.perf_counter() - start)
        latest["results"].append(len(result))
        if len(latest["results"]) == len(latest["jobs"]):
            self.recorder.between = time.perf_counter()
        return result

    def cancel(self):
        pass


def start_worker(_):
    """The module has been imported by now; while this process sleeps, the others are started."""
    time.sleep(1)


def pool_of(workers):
    """A pool whose processes were started before anything is timed."""
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    list(pool.map(start_worker, range(workers)))
    return pool


def on_nodes(rounds, end, table, nodes):
    """The seconds of a fit on some nodes: the equation of docs/scale.md."""
    used = min(nodes, max(len(latest["jobs"]) for latest in rounds))
    total = end + used * table / BANDWIDTH
    for latest in rounds:
        turns = math.ceil(len(latest["jobs"]) / nodes)
        sent = sum(latest["jobs"]) + sum(latest["results"])
        total += latest["serial"] + turns * max(latest["seconds"]) + sent / BANDWIDTH
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("table")
    parser.add_argument("target")
    parser.add_argument("--preset", default="default")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--nodes", default="1,2,8,100")
    options = parser.parse_args()
    read = pandas.read_parquet if options.table.endswith(".parquet") else pandas.read_csv
    table = read(options.table)
    X, y = table.drop(columns=options.target), table[options.target]
    is_number = pandas.api.types.is_numeric_dtype(y) and not pandas.api.types.is_bool_dtype(y)
    kind = BackburnRegressor if is_number else BackburnClassifier
    estimator = kind(preset=options.preset, random_state=0)

    with pool_of(1) as pool:
        recorder = Recorder(pool)
        distributed.fit(estimator, X, y, executor=recorder, threads=1)
        end = time.perf_counter() - recorder.between
    expected = estimator._model.to_bytes()
    sent = len(stream_of(pyarrow.Table.from_pandas(table, preserve_index=False)))
    print(f"{len(table)} rows, {table.shape[1]} columns, {sent:,} bytes as an Arrow stream\n")
    print("| round | jobs | seconds of all | of the longest | bytes of a job | of a result | serial seconds before |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for index, latest in enumerate(recorder.rounds):
        seconds, jobs, results = (latest[name] for name in ("seconds", "jobs", "results"))
        print(f"| {index + 1} | {len(jobs)} | {sum(seconds):.2f} | {max(seconds):.2f} "
              f"| {max(jobs):,} | {max(results):,} | {latest['serial']:.2f} |")
    print(f"\nserial seconds after the last round: {end:.2f}; bytes of the model: {len(expected):,}\n")

    start = time.perf_counter()
    estimator.fit(X, y)
    print(f"fit in one process, all threads: {time.perf_counter() - start:.2f} s")
    for workers in map(int, options.workers.split(",")):
        with pool_of(workers) as pool:
            start = time.perf_counter()
            distributed.fit(estimator, X, y, executor=pool, threads=1)
            seconds = time.perf_counter() - start
        assert estimator._model.to_bytes() == expected
        print(f"fit by {workers} processes of one thread: {seconds:.2f} s, the same bytes")
    for nodes in map(int, options.nodes.split(",")):
        print(f"computed for {nodes} nodes: {on_nodes(recorder.rounds, end, sent, nodes):.2f} s")


if __name__ == "__main__":
    main()
