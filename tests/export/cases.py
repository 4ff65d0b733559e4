"""Random tables, and small models of them with every setting; for check_onnx.py and check_pytorch.py."""
import csv
import datetime
import math
import pathlib
import random
import subprocess
import sys
import tempfile

TOLERANCE = 1e-5
ACTIVATIONS = (
    "identity relu relu6 leaky_relu(0.1) prelu elu(0.7) celu(0.7) selu gelu gelu_tanh silu hard_swish mish tanh "
    "hard_tanh tanh_shrink sigmoid hard_sigmoid log_sigmoid softplus(2) softsign thresholded_relu(0.2) "
    "hard_shrink(0.1) soft_shrink(0.1) step"
).split()


def make_table(path, rows, seed, unusual=False):
    """A table whose targets depend on its columns: `amount` (positive), `level` (any sign), `kind` (3 classes) and
    `answer` (2 classes)."""
    rng = random.Random(seed)
    streets = [f"street {n}" for n in range(60)]
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        names = "x,y,size,rooms,gap,rare,color,street,code,flag,sold,seen,amount,level,kind,answer"
        out.writerow(names.split(","))
        for row in range(rows):
            x, y = rng.uniform(0, 10), rng.uniform(0, 10)
            size = rng.lognormvariate(3, 0.6)
            rooms = rng.choice([0, 0, 0, 1, 2, 3, 4])
            gap = "" if rng.random() < 0.2 else round(rng.gauss(100, 30), 2)
            rare = round(rng.gauss(-5, 2), 3)
            color = rng.choice(["red", "green", "blue", ""])
            street = rng.choice(streets)
            code = rng.choice(["007", "010", "1", "2.50"])
            flag = rng.choice(["yes", "no", "No", ""])
            sold = datetime.date(2015, 1, 1) + datetime.timedelta(days=rng.randrange(2000))
            seen = datetime.datetime(2020, 1, 1) + datetime.timedelta(minutes=rng.randrange(10**6))
            base = math.sin(x) * math.cos(y) * 2 + math.log(size) + rooms * 0.3 + (color == "red")
            base += (sold.year - 2015) * 0.2 + (flag == "yes") * 0.5 + streets.index(street) % 7 * 0.1
            amount = round(math.exp(base) * 100, 2)
            kind = ["low", "middle", "high"][min(2, max(0, int(base / 2.5)))]
            if row < 2:
                rare = ""
            if row == 2:
                x = ""
            if unusual:
                if row % 5 == 0:
                    x, rare = "", ""
                if row % 7 == 0:
                    color, street, code = "violet", "nowhere", "8"
                if row % 11 == 0:
                    size, rooms, y = "", "", ""
                if row % 13 == 0:
                    size, gap, rare = 1e9, -1e12, 1e300
                if row % 17 == 0:
                    sold, seen, flag = "1960-02-29", "1969-12-31 23:59:58", "T"
                if row % 19 == 0:
                    sold, seen, flag = "", "", "NA"
                if row % 23 == 0:
                    x = y = size = rooms = gap = rare = color = street = code = flag = sold = seen = ""
            out.writerow([x, y, size, rooms, gap, rare, color, street, code, flag, sold, seen, amount,
                          round(base - 3, 4), kind, "in" if base > 4 else "out"])


def cases():
    """The name of each case, the target, the number of training rows, options of `train`, and settings."""
    quick = ["training.epochs=3", "ensemble.members=1", "network.hidden=[16,16]", "data.knn_features=never",
             "data.neighbor_features=false"]
    columns = ["--categorical", "code"]
    for target in ("amount", "level", "kind", "answer"):
        yield f"default {target}", target, 1200, columns, ["training.epochs=5"]
    for activation in ACTIVATIONS:
        yield f"activation {activation}", "level", 200, columns, quick + [f"network.activation={activation}"]
    for normalization in ("batch", "layer"):
        settings = quick + [f"network.normalization={normalization}", "network.residual=true"]
        yield f"normalization {normalization}", "level", 200, columns, settings
    for scaler in ("standard", "robust", "quantile"):
        for bins in ("0", "8", "auto"):
            settings = quick + [f"data.numeric_scaler={scaler}", f"data.bins={bins}"]
            yield f"scaler {scaler}, {bins} bins", "level", 1200, columns, settings
    yield "without imputation", "level", 300, columns, quick + ["data.impute=false"]
    yield "embeddings", "kind", 300, columns, quick + ["data.one_hot_max=2", "data.embedding_dimension=3"]
    yield "linear", "level", 200, columns, quick + ["network.hidden=[]"]
    yield "one logit", "answer", 300, columns, quick + ["training.loss=binary_cross_entropy"]
    yield "no bounds", "amount", 300, columns, quick + ["data.clip_predictions=false", "data.target_transform=log"]
    yield "no transform", "level", 300, columns, quick + ["data.target_transform=none"]
    yield "widths", "level", 300, columns, quick + ["ensemble.members=3", "ensemble.widths=[2,1]"]
    yield "all rows", "level", 300, columns, quick + ["data.validation_fraction=0"]
    for scaler in ("robust", "quantile"):
        settings = quick + ["data.knn_features=always", "data.neighbor_features=true", f"data.numeric_scaler={scaler}"]
        for target in ("level", "kind"):
            yield f"neighbors, {scaler}, {target}", target, 1500, columns, settings
    yield "few neighbors", "level", 12, columns, quick + ["data.knn_features=always", "data.bins=0"]
    yield "missing words", "level", 300, columns + ["--na", "red", "--na", "3"], quick
    yield "kept words", "level", 300, columns + ["--keep-na", "--categorical", "flag"], quick
    yield "numbers alone", "level", 300, ["--features", "x,y,size"], quick
    yield "categories alone", "kind", 300, columns + ["--features", "color,street,code"], quick
    settings = quick + ["data.one_hot_max=1"]
    yield "embeddings alone", "kind", 300, columns + ["--features", "color,street"], settings
    yield "dates alone", "level", 300, ["--features", "sold,seen"], quick


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def read(path):
    """The rows of a CSV file."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def check_all(trainer, words, check):
    """Trains a model for each case whose name contains one of the words. `check` takes the trainer, the model, a
    table, a folder and the name, and returns the largest difference. Ends the program."""
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        make_table(folder / "test.csv", 300, 99, unusual=True)
        for name, target, rows, options, settings in cases():
            if words and not any(word in name for word in words):
                continue
            make_table(folder / "train.csv", rows, rows)
            model = folder / "model.safetensors"
            model.unlink(missing_ok=True)
            others = ",".join(sorted({"amount", "level", "kind", "answer"} - {target}))
            ignored = [] if "--features" in options else ["--ignore", others]
            assignments = [part for setting in settings for part in ("--set", setting)]
            run(trainer, "train", folder / "train.csv", "--target", target, "--preset", "fast",
                "--out", model, *ignored, *options, *assignments)
            if check(trainer, model, folder / "test.csv", folder, name) > TOLERANCE:
                failed.append(name)
    print(f"{len(failed)} failed" + "".join(f": {name}" for name in failed))
    sys.exit(bool(failed))
