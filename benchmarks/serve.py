"""Load on loopback: `trainer serve` beside FastAPI with ONNX Runtime, on the same model.

usage: python benchmarks/serve.py MODEL ONNX ROWS_JSONL [SECONDS]
needs: wrk, cargo build --release -p trainer --features serve, and pip install fastapi numpy onnxruntime 'uvicorn[standard]'

MODEL is a model of `trainer`, and ONNX the same model, written by `trainer export`. Its columns must be numbers and
categories, since dates are seconds in ONNX. Each request has one row, the first of ROWS_JSONL. Both servers run by turns, each on
all processors, and their answers are compared. BACKBURN_TRAINER names another program than target/release/trainer.
"""
import json, os, pathlib, re, subprocess, sys, tempfile, time, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
TRAINER = os.environ.get("BACKBURN_TRAINER", str(ROOT / "target/release/trainer"))
PORTS = {"trainer": 8471, "FastAPI": 8472}
CONNECTIONS = (1, 16, 128)

PEER = '''
import numpy, onnxruntime, os
from fastapi import FastAPI, Request

app = FastAPI()
# There is a process for each processor.
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["ONNX"], options, providers=["CPUExecutionProvider"])

@app.post("/predict")
async def predict(request: Request):
    row = await request.json()
    feeds = {}
    for tensor in session.get_inputs():
        value = row.get(tensor.name)
        if tensor.type == "tensor(string)":
            array = numpy.array(["" if value is None else str(value).strip()], dtype=object)
        else:
            kind = numpy.float64 if tensor.type == "tensor(double)" else numpy.float32
            array = numpy.array([float("nan") if value is None else value], kind)
        feeds[tensor.name] = array.reshape([1] * len(tensor.shape))
    output = session.run(["prediction"], feeds)[0]
    return {"predictions": [{"prediction": numpy.ravel(output).tolist()[0]}]}
'''

SCRIPT = '''
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[%s]==]
done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %%d %%d %%f %%f %%f %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), failed))
end
'''


def ask(port, body):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/predict", body.encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["predictions"][0]["prediction"]


def started(name, command, port, body, **options):
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    for _ in range(300):
        try:
            return server, ask(port, body)
        except OSError:
            assert server.poll() is None, f"{name} ended"
            time.sleep(0.1)
    raise SystemExit(f"{name} does not answer")


def load(port, connections, seconds, script):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", script, f"http://127.0.0.1:{port}/predict"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    numbers = [float(n) for n in re.search(r"RESULT (.*)", output).group(1).split()]
    requests, microseconds, *times, failed = numbers
    assert failed == 0, f"{failed:.0f} requests failed"
    return requests / microseconds * 1e6, [t / 1e3 for t in times]


def main(model, onnx, rows, seconds="10"):
    body = open(rows).readline().strip()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "peer.py").write_text(PEER)
        (folder / "load.lua").write_text(SCRIPT % body)
        ours = [TRAINER, "serve", model, "--listen", f"127.0.0.1:{PORTS['trainer']}"]
        theirs = [sys.executable, "-m", "uvicorn", "peer:app", "--port", str(PORTS["FastAPI"]), "--no-access-log"]
        theirs += ["--workers", str(os.cpu_count())]
        servers = {
            "trainer": (ours, {}),
            "FastAPI": (theirs, {"cwd": folder, "env": {**os.environ, "ONNX": str(pathlib.Path(onnx).resolve())}}),
        }
        answers = {}
        print("| server | connections | requests a second | p50, ms | p99, ms | p99.9, ms |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for connections in CONNECTIONS:
            for name, (command, options) in servers.items():
                server, answers[name] = started(name, command, PORTS[name], body, **options)
                try:
                    load(PORTS[name], connections, 2, str(folder / "load.lua"))
                    rate, times = load(PORTS[name], connections, seconds, str(folder / "load.lua"))
                finally:
                    server.terminate()
                    server.wait()
                times = " | ".join(f"{t:.2f}" for t in times)
                print(f"| {name} | {connections} | {rate:,.0f} | {times} |")
            a, b = answers["trainer"], answers["FastAPI"]
            is_close = a == b or not isinstance(a, str) and abs(a - b) <= 1e-4 * abs(a)
            assert is_close, f"the predictions differ: {a} and {b}"


if __name__ == "__main__":
    main(*sys.argv[1:])
