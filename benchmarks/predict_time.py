"""Predictions from a CSV file into a CSV file: `trainer predict` beside pandas and ONNX Runtime.

usage: python benchmarks/predict_time.py [ROWS [ROUNDS]]
needs: pip install numpy onnx onnxruntime pandas polars safetensors

Both run the same network (70-128-128-1, trained for two epochs first) on the same table of 16 columns
of numbers and 4 of categories, by turns. Times are of whole processes without the imports of Python;
memory is the most that was in use, also for a table of a tenth of the rows. The last line is the time
of a whole `trainer predict` of one row.
"""
import json, os, pathlib, resource, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TRAINER = str(ROOT / "target/release/trainer")


def peer(model, table, out):
    import numpy, onnx, onnxruntime, pandas
    from safetensors import safe_open

    start = time.perf_counter()
    file = safe_open(model, "np")
    about = json.loads(file.metadata()["backburn"])
    nodes, weights, last = [], [], "rows"
    names = [f"hidden.{i}.linear" for i in range(len(about["network"]["hidden"]))] + ["output"]
    for name in names:
        for part in ("weight", "bias"):
            tensor = file.get_tensor(f"{name}.{part}")
            weights.append(onnx.numpy_helper.from_array(tensor, f"{name}.{part}"))
        nodes.append(onnx.helper.make_node("Gemm", [last, f"{name}.weight", f"{name}.bias"], [name]))
        last = name
        if name != "output":
            nodes.append(onnx.helper.make_node("Relu", [last], [name + ".relu"]))
            last = name + ".relu"
    value = lambda name, width: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, width])
    graph = onnx.helper.make_graph(nodes, "mlp", [value("rows", about["network"]["inputs"])],
                                   [value("output", 1)], weights)
    network = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(network.SerializeToString())
    read = pandas.read_csv(table)
    rows = numpy.zeros((len(read), about["network"]["inputs"]), numpy.float32)
    place = 0
    for column in about["encoder"]["columns"]:
        values = read[column["name"]]
        if column["kind"] == "numeric":
            scale = column["scale"]
            rows[:, place] = (values.to_numpy() - scale["mean"]) / scale["std"]
            place += 1
        else:
            codes = pandas.Categorical(values, column["categories"]).codes
            seen = numpy.flatnonzero(codes >= 0)
            rows[seen, place + codes[seen]] = 1
            place += len(column["categories"])
    batches = [session.run(None, {"rows": rows[i : i + 8192]})[0] for i in range(0, len(rows), 8192)]
    target = about["target"]
    predictions = numpy.concatenate(batches)[:, 0].astype(float) * target["std"] + target["mean"]
    pandas.DataFrame({"prediction": predictions}).to_csv(out, index=False)
    print(json.dumps({"seconds": time.perf_counter() - start,
                      "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


def run_peer(*arguments):
    command = [sys.executable, str(pathlib.Path(__file__).resolve()), "peer", *arguments]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(output.stdout)


def run_ours(model, table, out):
    start = time.perf_counter()
    process = subprocess.Popen([TRAINER, "predict", model, table, "--out", out], stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, "trainer predict failed"
    return {"seconds": time.perf_counter() - start, "peak": used.ru_maxrss * 1024}


def compare(rows, rounds):
    make = [sys.executable, str(ROOT / "benchmarks/encode_time.py"), "make"]
    build = ["cargo", "build", "--release", "-p", "trainer"]
    subprocess.run(build, cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        file = lambda name: str(pathlib.Path(folder) / name)
        for name, count in (("train", 20_000), ("table", rows), ("tenth", rows // 10), ("one", 1)):
            subprocess.run([*make, file(f"{name}.csv"), str(count)], check=True)
        train = [TRAINER, "train", file("train.csv"), "--target", "target", "--out", file("model.safetensors")]
        # The same inputs for both: scaled numbers, and no bins.
        plain = ["data.numeric_scaler=standard", "data.bins=0", "network.activation=relu", "training.epochs=2"]
        train += [word for setting in plain for word in ("--set", setting)]
        subprocess.run(train, check=True, capture_output=True)
        model, table = file("model.safetensors"), file("table.csv")
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(run_ours(model, table, file("ours.csv")))
            theirs.append(run_peer(model, table, file("theirs.csv")))
        tenth = run_ours(model, file("tenth.csv"), file("out.csv"))
        one = [run_ours(model, file("one.csv"), file("out.csv"))["seconds"] for _ in range(20)]
        tenth_of_theirs = run_peer(model, file("tenth.csv"), file("out.csv"))
        for a, b in zip(open(file("ours.csv")), open(file("theirs.csv"))):
            assert a == b or abs(float(a) - float(b)) < 1e-4, "the predictions differ"
    print("| | rows a second | memory, MB | with a tenth of the rows, MB |")
    print("| --- | ---: | ---: | ---: |")
    for name, runs, small in (("pandas and ONNX Runtime", theirs, tenth_of_theirs), ("trainer predict", ours, tenth)):
        median = lambda key: statistics.median(run[key] for run in runs)
        print(f"| {name} | {rows / median('seconds'):,.0f} | {median('peak') / 1e6:,.0f} | {small['peak'] / 1e6:,.0f} |")
    ratio = statistics.median(t["seconds"] / o["seconds"] for o, t in zip(ours, theirs))
    print(f"\n{ratio:.1f} times as many rows a second; a whole process for one row: "
          f"{statistics.median(one) * 1e3:.1f} ms")


if __name__ == "__main__":
    if sys.argv[1:2] == ["peer"]:
        peer(*sys.argv[2:5])
    else:
        numbers = [int(a) for a in sys.argv[1:]]
        compare(*(numbers + [1_000_000, 5][len(numbers):]))
