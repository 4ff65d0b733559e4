"""A CSV file to encoded numbers: Backburn beside Polars and scikit-learn, by turns.

usage: python benchmarks/encode_time.py [ROWS [ROUNDS]]
needs: pip install polars pyarrow scikit-learn

The table has 16 columns of numbers and 4 of categories (5, 8, 12 and 30 of them), made from a fixed
seed. Polars reads it; scikit-learn standardizes the numbers and makes the categories one-hot, as
32-bit numbers. Prints medians over the rounds (five unless given), and the most memory in use.
"""
import json, pathlib, resource, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[1]


def make(path, rows):
    import numpy, polars

    rng = numpy.random.default_rng(0)
    columns = {f"number_{i}": rng.normal(i, 1 + i, rows).round(4) for i in range(15)}
    for count in (5, 8, 12, 30):
        names = numpy.array([f"category {chr(97 + i % 26)}{i}" for i in range(count)])
        columns[f"category_{count}"] = names[rng.integers(0, count, rows)]
    columns["target"] = rng.normal(0, 1, rows).round(4)
    polars.DataFrame(columns).write_csv(path)


def peer(path):
    start = time.perf_counter()
    import numpy, polars
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    imported = time.perf_counter()
    table = polars.read_csv(path).drop("target")
    read = time.perf_counter()
    names = [name for name in table.columns if name.startswith("category")]
    encoder = ColumnTransformer([
        ("numbers", StandardScaler(), [name for name in table.columns if name not in names]),
        ("categories", OneHotEncoder(sparse_output=False, dtype=numpy.float32), names),
    ])
    encoder.set_output(transform="default")
    numbers = encoder.fit_transform(table).astype(numpy.float32)
    end = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": end - imported, "read": read - imported, "encode": end - read,
                      "shape": numbers.shape, "matrix": numbers.nbytes, "peak": peak}))


def run(*command):
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(output.stdout)


def compare(rows, rounds):
    build = ["cargo", "build", "--release", "-p", "backburn-preprocessing", "--example", "encode_time"]
    subprocess.run(build, cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "table.csv")
        make(path, rows)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(run(str(ROOT / "target/release/examples/encode_time"), path, "target"))
            theirs.append(run(sys.executable, str(pathlib.Path(__file__).resolve()), "peer", path))
    median = lambda runs, key: statistics.median(run[key] for run in runs)
    print("| | seconds | most memory, in encoded matrices |")
    print("| --- | ---: | ---: |")
    for name, runs in (("Polars and scikit-learn", theirs), ("Backburn", ours)):
        memory = median(runs, "peak") / median(runs, "matrix")
        print(f"| {name} | {median(runs, 'seconds'):.2f} | {memory:.1f} |")
    ratio = statistics.median(t["seconds"] / o["seconds"] for o, t in zip(ours, theirs))
    parts = {key: round(median(ours, key), 2) for key in ("read", "infer", "fit", "encode")}
    print(f"\n{ratio:.1f} times as fast; ours in parts: {parts}; "
          f"{ours[0]['shape']} and {theirs[0]['shape']}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(sys.argv[2], int(sys.argv[3]))
        sys.exit()
    if sys.argv[1:2] == ["peer"]:
        peer(sys.argv[2])
    else:
        compare(*[int(a) for a in sys.argv[1:]] or [1_000_000], *([5] if len(sys.argv) < 3 else []))
