"""Malformed, slow and huge requests against `trainer serve`, for minutes: is it alive, and does its memory stay bounded?

usage: python benchmarks/soak_server.py [--trainer PROGRAM] [--minutes 10] [--idle 9000]
needs: Linux, and a build with `cargo build --release -p trainer --features serve`

Clients of several kinds run at the same time, all on this machine:

- valid requests, whose answers must stay the same;
- malformed ones: other types, wrong columns, deep JSON, random bytes, broken HTTP, clients that go away;
- slow ones, byte by byte;
- huge ones: bodies of 100 MB with and without their size, and more rows than allowed;
- idle connections;
- a model file that is replaced, by turns, by garbage and by a model.

Each minute, a line has the memory, the descriptors and the slowest health check of the server, and the requests so far. The
program fails if the server ends, if a health check takes over 10 seconds, if a valid request gets another answer, if a
malformed one is accepted or is answered by a fault of the server, or if the memory of the second half of the time is more
than a quarter above that of the first half.
"""
import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import re
import resource
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLE = ROOT / "crates/trainer/data/penguins.csv"
JSON, CSV = "application/json", "text/csv"
HUGE = 100_000_000
# Answers that refuse a request. 503 asks to come back later.
REFUSED = {400, 401, 404, 405, 406, 408, 411, 413, 414, 415, 417, 422, 431, 503, 505}


class Soak:
    """What all clients share."""

    def __init__(self, address, row):
        self.address, self.row, self.expected = address, row, None
        self.counts, self.failures = collections.Counter(), []
        self.slowest, self.stopped = 0.0, threading.Event()
        self.lock = threading.Lock()

    def count(self, kind):
        with self.lock:
            self.counts[kind] += 1

    def fail(self, text):
        with self.lock:
            self.failures.append(text)

    def connect(self, seconds=90):
        return socket.create_connection(self.address, seconds)

    def ask(self, method, path, body=None, headers={}):
        connection = http.client.HTTPConnection(*self.address, timeout=90)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def status_of(stream):
    """The status of the answer, or `None` if the connection is closed without one."""
    try:
        found = re.match(rb"HTTP/1\.. (\d+)", stream.recv(4096))
    except (ConnectionError, TimeoutError):
        return None
    return int(found[1]) if found else None


def header(media, length, more=""):
    return f"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n{more}\r\n".encode()


def posted(media, body):
    return header(media, len(body)) + body


def malformed(row, rng):
    """A request that must be refused, as bytes."""
    without = {name: value for name, value in row.items() if name != next(iter(row))}
    wrong = {**row, "bill_length_mm": "long"}
    noise = rng.randbytes(rng.randrange(1, 5000))
    return rng.choice([
        posted("text/plain", b"1"),
        posted("", json.dumps(row).encode()),
        posted(JSON, json.dumps(without).encode()),
        posted(JSON, json.dumps(wrong).encode()),
        posted(JSON, b"[" * rng.randrange(1, 200_000)),
        posted(JSON, b'{"a":' * 1000),
        posted(JSON, json.dumps({f"c{n}": 0 for n in range(5000)}).encode()),
        posted(JSON, b""),
        posted(JSON, noise),
        posted(CSV, b'"' + noise),
        posted(CSV, b",".join([b"a"] * 50_000) + b"\n"),
        posted("application/vnd.apache.arrow.stream", noise),
        posted("application/vnd.apache.arrow.stream", b"\xff\xff\xff\xff\xff\xff\xff\x7f" + noise),
        b"\x16\x03\x01" + noise,
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /predict HTTP/9.9\r\n\r\n",
        b"DELETE /models HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
        posted(JSON, json.dumps(row).encode()).replace(b"/predict", b"/models/%00/predict"),
    ])


def send_malformed(soak, rng):
    with soak.connect() as stream:
        try:
            stream.sendall(malformed(soak.row, rng))
            if rng.random() < 0.2:
                soak.count("gone")
                return
        except OSError:
            # It was refused before all of it was sent.
            pass
        status = status_of(stream)
    soak.count("malformed")
    if status is not None and status not in REFUSED:
        soak.fail(f"a malformed request was answered with {status}")
    time.sleep(0.02)


def send_valid(soak, rng):
    rows = rng.choice([1, 1, 1, 20, 2000])
    body = json.dumps(soak.row if rows == 1 else [soak.row] * rows)
    status, answer = soak.ask("POST", "/predict", body, {"Content-Type": JSON})
    soak.count("busy" if status == 503 else "valid")
    if status == 200:
        found = json.loads(answer)["predictions"]
        if len(found) != rows or any(row != soak.expected for row in found):
            soak.fail(f"a valid request of {rows} rows got another answer: {answer[:200]}")
    elif status != 503:
        soak.fail(f"a valid request was answered with {status}: {answer[:200]}")
    time.sleep(0.02)


def send_slowly(soak, rng):
    """A request byte by byte, which may be too slow, or half of one."""
    body = json.dumps(soak.row).encode()
    request = posted(JSON, body)
    pause = rng.choice([0.01, 0.1, 1.0])
    until = rng.choice([len(request), len(request) - 5, 30])
    with soak.connect() as stream:
        for place in range(until):
            if soak.stopped.wait(pause):
                return
            try:
                stream.sendall(request[place : place + 1])
            except ConnectionError:
                break
        status = status_of(stream)
    soak.count("slow")
    if status not in {None, 200, 408, 503} or (status == 200 and until < len(request)):
        soak.fail(f"a slow request was answered with {status}")


def send_huge(soak, rng):
    part = b"1,2,3,4,5,6\n" * 10_000
    chunk = b"%x\r\n%b\r\n" % (len(part), part)
    kind = rng.choice(["sized", "chunked", "rows"])
    with soak.connect() as stream:
        try:
            if kind == "rows":
                line = ",".join("" if value is None else str(value) for value in soak.row.values()) + "\n"
                body = (",".join(soak.row) + "\n" + line * 150_000).encode()
                stream.sendall(posted(CSV, body))
            else:
                more = b"Transfer-Encoding: chunked\r\n\r\n"
                start = header(CSV, HUGE)
                stream.sendall(start if kind == "sized" else re.sub(rb"Content-Length.*\r\n\r\n", more, start))
                for _ in range(HUGE // len(part)):
                    stream.sendall(part if kind == "sized" else chunk)
        except ConnectionError:
            pass
        status = status_of(stream)
    soak.count("huge")
    if status not in {None, 413, 408, 503}:
        soak.fail(f"a huge request ({kind}) was answered with {status}")
    soak.stopped.wait(0.5)


def repeat(soak, client, seed):
    rng = random.Random(seed)
    while not soak.stopped.is_set():
        try:
            client(soak, rng)
        except (OSError, http.client.HTTPException) as error:
            if not soak.stopped.is_set():
                soak.fail(f"{client.__name__}: {error!r}")
                soak.stopped.wait(1)


def stay_idle(soak, connections):
    """Keeps this number of idle connections, and opens others for those that the server closes."""
    with selectors.DefaultSelector() as selector:
        while not soak.stopped.is_set():
            for _ in range(min(200, connections - len(selector.get_map()))):
                try:
                    selector.register(soak.connect(5), selectors.EVENT_READ)
                except OSError:
                    # The server has as many as it accepts, and the queue of the system is full.
                    break
            for key, _ in selector.select(0.1):
                selector.unregister(key.fileobj)
                key.fileobj.close()
                soak.count("idle")
        for key in list(selector.get_map().values()):
            key.fileobj.close()


def replace_model(soak, model, good):
    """Replaces the model file, by turns, by garbage and by the model."""
    new = model.with_suffix(".new")
    while not soak.stopped.wait(5):
        new.write_bytes(random.randbytes(50_000))
        new.replace(model)
        soak.stopped.wait(5)
        shutil.copy(good, new)
        new.replace(model)
        soak.count("reload")


def check_health(soak):
    while not soak.stopped.wait(1):
        start = time.monotonic()
        try:
            status, _ = soak.ask("GET", "/health")
        except OSError as error:
            status = repr(error)
        took = time.monotonic() - start
        soak.slowest = max(soak.slowest, took)
        if status != 200 or took > 10:
            soak.fail(f"a health check was answered with {status} after {took:.1f} s")


def memory(process):
    """The resident memory in MB, and the number of descriptors."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    kilobytes = int(re.search(r"VmRSS:\s+(\d+)", status)[1])
    return kilobytes / 1000, len(os.listdir(f"/proc/{process.pid}/fd"))


def start_server(trainer, folder):
    """The process, its address, its model file, and a copy of it."""
    good, model = folder / "good.safetensors", folder / "penguins.safetensors"
    train = [trainer, "train", TABLE, "--target", "species", "--preset", "fast", "--out", good]
    subprocess.run([str(part) for part in train], check=True, capture_output=True)
    shutil.copy(good, model)
    serve = [str(trainer), "serve", str(model), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(serve, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        found = re.search(r"http://([\d.]+):(\d+)", line)
        if found:
            break
    else:
        raise SystemExit(f"{trainer} serve did not start: is it built with --features serve?")
    # What it prints later is read too, so that it is never held up.
    threading.Thread(target=collections.deque, args=(process.stderr, 0), daemon=True).start()
    return process, (found[1], int(found[2])), model, good


def first_row():
    names, values = (line.strip().split(",") for line in TABLE.read_text().splitlines()[:2])
    row = dict(zip(names, values))
    row.pop("species")
    return {name: float(value) if re.fullmatch(r"[\d.]+", value) else value for name, value in row.items()}


def run_clients(soak, process, args, files):
    clients = [send_valid] * 2 + [send_malformed] * 2 + [send_huge] * 2 + [send_slowly] * 40
    threads = [threading.Thread(target=repeat, args=(soak, client, seed)) for seed, client in enumerate(clients)]
    threads.append(threading.Thread(target=stay_idle, args=(soak, args.idle)))
    threads.append(threading.Thread(target=replace_model, args=(soak, *files)))
    threads.append(threading.Thread(target=check_health, args=(soak,)))
    for thread in threads:
        thread.start()
    kinds = ("valid", "busy", "malformed", "gone", "slow", "huge", "idle", "reload")
    print("| minute | memory, MB | descriptors | slowest health check, s | " + " | ".join(kinds) + " |")
    print("| ---: " * (4 + len(kinds)) + "|", flush=True)
    used, start = [], time.monotonic()
    for minute in range(1, args.minutes + 1):
        while time.monotonic() < start + minute * args.seconds and process.poll() is None:
            time.sleep(0.2)
        if process.poll() is not None:
            soak.fail(f"the server ended with {process.returncode}")
            break
        megabytes, descriptors = memory(process)
        used.append(megabytes)
        counts = " | ".join(f"{soak.counts[kind]:,}" for kind in kinds)
        print(f"| {minute} | {megabytes:,.0f} | {descriptors:,} | {soak.slowest:.2f} | {counts} |", flush=True)
        soak.slowest = 0.0
    soak.stopped.set()
    for thread in threads:
        thread.join()
    return used


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trainer", type=pathlib.Path, default=ROOT / "target/release/trainer")
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--idle", type=int, default=9000, help="idle connections; the server accepts 10,000 in all")
    parser.add_argument("--seconds", type=float, default=60, help="the length of a minute, for a short trial")
    args = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        process, address, *files = start_server(args.trainer, pathlib.Path(folder))
        try:
            soak = Soak(address, first_row())
            status, answer = soak.ask("POST", "/predict", json.dumps(soak.row), {"Content-Type": JSON})
            assert status == 200, answer
            soak.expected = json.loads(answer)["predictions"][0]
            used = run_clients(soak, process, args, files)
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                if process.wait(60) != 0:
                    soak.fail(f"the server ended with {process.returncode} after SIGTERM")
        finally:
            process.kill()
            process.wait()
    half = len(used) // 2
    if half and max(used[half:]) > 1.25 * max(used[:half]):
        soak.fail("the memory grows")
    for text, times in collections.Counter(soak.failures).most_common(20):
        print(f"FAILED, {times} times: {text}")
    print("passed" if not soak.failures else "failed")
    sys.exit(bool(soak.failures))


if __name__ == "__main__":
    main()
