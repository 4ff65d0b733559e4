"""Federated learning with Flower: five sites train one network together, and no row leaves its site.

usage: python federated.py TABLE.csv [TARGET [COLUMN [ROUNDS]]]
needs: pip install ./crates/python flwr ray numpy pandas safetensors

The defaults are those of the table Adult (https://doi.org/10.24432/C5XW20): TARGET is `income` (classes), and the
values of COLUMN, `occupation`, are dealt out to five sites. Adult is not in this repository: docs/scale.md has the
command that downloads it, and one for a table of the repository. The sites are simulated on this machine. What a site
sends are

1. statistics of its columns: quantiles without the extremes, and counts of categories and classes that at least ten
   rows have. From their sums, the server draws a table with independent columns, and fits a model to it for one epoch.
   Of this model the encoder is kept, which depends on nothing else than these statistics;
2. in each round, the weights of the network after two epochs on its own rows. The server averages them (FedAvg). With
   FedProx, a term of the loss keeps them near those of the server. In a third run, a site drops out after some rounds.

At the end, the weights are put into the model file. It is compared with models of the same size that were fitted to the
training rows of all sites, and of one site alone, on the test rows of all sites.
"""
import json
import os
import pathlib
import sys
import tempfile
import time

os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")
# The clients run side by side, one thread each.
os.environ.setdefault("RAYON_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy
import pandas
from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg, FedProx
from flwr.simulation import run_simulation
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn.model_selection import train_test_split

from backburn import BackburnClassifier

SITES = 5
# The least number of rows that a count tells of.
LEAST = 10
# Quantiles that a site tells of: the extremes would be values of single rows.
LEVELS = numpy.linspace(0.002, 0.998, 257)
# One plain network, whose inputs are scaled numbers, bins and one-hot categories.
SETTINGS = {
    "preset": "fast",
    "hidden": (64,),
    "activation": "silu",
    "normalization": "none",
    "residual": False,
    "impute": False,
    "neighbor_features": False,
    "knn_features": "never",
    "one_hot_max": 1000,
    "ensemble_members": 1,
    "random_state": 0,
}
LOCAL_EPOCHS, BATCH, LEARNING_RATE = 2, 256, 0.002
PROXIMAL = 0.01


# The statistics, and the encoder.


def statistics(rows, kinds):
    """What a site tells of its rows: for each column its missing values, and its quantiles or its counts."""
    told = {"rows": len(rows), "columns": {}}
    for name, kind in kinds.items():
        present = rows[name].dropna()
        column = {"missing": int(len(rows) - len(present))}
        if kind == "numeric":
            column["quantiles"] = numpy.quantile(present, LEVELS).tolist() if len(present) >= LEAST else []
            column["present"] = len(present)
        else:
            counts = present.value_counts()
            column["counts"] = {name: int(count) for name, count in counts.items() if count >= LEAST}
        told["columns"][name] = column
    return told


def drawn_table(all_told, kinds, rows=8192):
    """A table whose columns have the distributions that the sites told, and are independent of each other."""
    random = numpy.random.default_rng(0)
    total = sum(told["rows"] for told in all_told)
    table = {}
    for name, kind in kinds.items():
        columns = [told["columns"][name] for told in all_told]
        if kind == "numeric":
            known = [column for column in columns if column["quantiles"]]
            if not known:
                continue
            shares = numpy.array([column["present"] for column in known], float)
            site = random.choice(len(known), rows, p=shares / shares.sum())
            quantiles = numpy.array([column["quantiles"] for column in known])
            values = quantiles[site, random.integers(len(LEVELS), size=rows)]
        else:
            counts = {}
            for column in columns:
                for category, count in column["counts"].items():
                    counts[category] = counts.get(category, 0) + count
            if not counts:
                continue
            names, shares = list(counts), numpy.array(list(counts.values()), float)
            values = random.choice(numpy.array(names, object), rows, p=shares / shares.sum())
            # Every category is there, however rare it is.
            values[: len(names)] = names
        missing = sum(column["missing"] for column in columns) / total
        table[name] = pandas.Series(values).where(random.random(rows) >= missing)
    return pandas.DataFrame(table)


def encode(about, rows):
    """The inputs of the network for some rows, by the encoder in the settings of a model file."""
    blocks = []
    for column in about["encoder"]["columns"]:
        values = rows[column["name"]]
        if column["kind"] == "one_hot":
            slots = [values == category for category in column["categories"]]
            blocks.append(numpy.stack(slots + [values.isna()] * column["missing"], 1))
            continue
        numbers = values.to_numpy(float)
        missing = numpy.isnan(numbers)
        numbers = numpy.where(missing, column.get("missing") or 0.0, numbers)
        scale, edges = column["scale"], numpy.array(column.get("edges", []))
        z = (numbers - scale["mean"]) / scale["std"]
        z = z / numpy.sqrt(1 + (z / 3) ** 2) if scale["clipped"] else z
        bins = (numbers[:, None] - edges[:-1]) / numpy.diff(edges) if len(edges) else numpy.zeros((len(rows), 0))
        block = numpy.concatenate([z[:, None], numpy.clip(bins, 0, 1)], 1)
        if column["indicator"]:
            block = numpy.concatenate([numpy.where(missing[:, None], 0, block), missing[:, None]], 1)
        blocks.append(block)
    return numpy.concatenate(blocks, 1).astype(numpy.float32)


# The network: its weights are a dict of arrays with the names of the model file.


def layers(weights):
    count = sum(name.endswith(".linear.weight") for name in weights)
    return [*(f"hidden.{index}.linear" for index in range(count)), "output"]


def forward(weights, x):
    """The probabilities of the classes, and what the layers got and computed."""
    steps = []
    for name in layers(weights):
        z = x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]
        steps.append((name, x, z))
        x = z / (1 + numpy.exp(-numpy.clip(z, -80, 80)))
    powers = numpy.exp(z - z.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True), steps


def gradients(weights, x, classes):
    """The gradients of the mean cross-entropy of a batch."""
    probabilities, steps = forward(weights, x)
    probabilities[numpy.arange(len(x)), classes] -= 1
    gradient, found = probabilities / len(x), {}
    for index in reversed(range(len(steps))):
        name, inputs, _ = steps[index]
        found[f"{name}.weight"], found[f"{name}.bias"] = inputs.T @ gradient, gradient.sum(0)
        if index > 0:
            z = steps[index - 1][2]
            sigmoid = 1 / (1 + numpy.exp(-numpy.clip(z, -80, 80)))
            gradient = gradient @ weights[f"{name}.weight"].T * sigmoid * (1 + z * (1 - sigmoid))
    return found


def train(start, x, classes, proximal, seed):
    """Weights after some epochs of Adam from those of the server, with the proximal term of FedProx."""
    random = numpy.random.default_rng(seed)
    weights = {name: values.copy() for name, values in start.items()}
    means, squares = ({name: numpy.zeros_like(values) for name, values in start.items()} for _ in range(2))
    step = 0
    for _ in range(LOCAL_EPOCHS):
        order = random.permutation(len(x))
        for rows in numpy.array_split(order, max(1, len(x) // BATCH)):
            step += 1
            for name, gradient in gradients(weights, x[rows], classes[rows]).items():
                gradient = gradient + proximal * (weights[name] - start[name])
                means[name] += 0.1 * (gradient - means[name])
                squares[name] += 0.01 * (gradient**2 - squares[name])
                mean, square = means[name] / (1 - 0.9**step), squares[name] / (1 - 0.99**step)
                weights[name] -= LEARNING_RATE * mean / (numpy.sqrt(square) + 1e-8)
    return weights


# The sites, and the server.


def client_app(folder, target):
    """The program of a site, which reads no other rows than its own."""
    app = ClientApp()

    def own_rows(context):
        site = context.node_config["partition-id"]
        return site, pandas.read_pickle(pathlib.Path(folder) / f"site-{site}.pickle")

    @app.query("statistics")
    def tell(message, context):
        kinds = json.loads(message.content["config"]["kinds"])
        told = json.dumps(statistics(own_rows(context)[1], kinds))
        return Message(RecordDict({"told": ConfigRecord({"statistics": told})}), reply_to=message)

    @app.train()
    def train_here(message, context):
        config = message.content["config"]
        site, rows = own_rows(context)
        if site == config["absent"] and config["server-round"] > config["absent-after"]:
            raise ConnectionError(f"site {site} has dropped out")
        about = json.loads(config["about"])
        names = config["names"].split()
        start = dict(zip(names, message.content["arrays"].to_numpy_ndarrays(), strict=True))
        known = {label: index for index, label in enumerate(about["target"]["classes"])}
        rows = rows[rows[target].isin(list(known))]
        classes = rows[target].map(known).to_numpy(int)
        weights = train(start, encode(about, rows), classes, config.get("proximal-mu", 0.0), config["server-round"])
        arrays = ArrayRecord([weights[name].astype(numpy.float32) for name in names])
        return Message(
            RecordDict({"arrays": arrays, "metrics": MetricRecord({"num-examples": len(rows)})}),
            reply_to=message,
        )

    return app


def server_app(folder, target, kinds, rounds, results):
    """The program of the server. `results` gets the path of the model of each run."""
    app = ServerApp()

    @app.main()
    def main(grid, context):
        while len(nodes := list(grid.get_node_ids())) < SITES:
            time.sleep(0.5)
        asked = RecordDict({"config": ConfigRecord({"kinds": json.dumps(kinds)})})
        questions = [Message(asked, node, "query.statistics") for node in nodes]
        replies = grid.send_and_receive(questions)
        # They come in any order: sorted, the same sites have the same encoder in each run.
        all_told = [json.loads(told) for told in sorted(reply.content["told"]["statistics"] for reply in replies)]
        first = pathlib.Path(folder) / "first.safetensors"
        drawn = drawn_table(all_told, kinds)
        # A column of which no site told anything is left out.
        of_features = {name: kind for name, kind in kinds.items() if name in drawn and name != target}
        model = BackburnClassifier(**SETTINGS, epochs=1, columns=of_features)
        drawn = drawn.dropna(subset=[target])
        model.fit(drawn.drop(columns=target), drawn[target]).save(first)
        with safe_open(first, "numpy") as file:
            metadata = file.metadata()
            weights = {name: file.get_tensor(name) for name in sorted(file.keys())}
        about = json.loads(metadata["backburn"])
        # Probabilities of a model of drawn rows are not to be calibrated by them.
        about["target"]["temperature"] = 1.0
        common = {
            "about": json.dumps({"encoder": about["encoder"], "target": about["target"]}),
            "names": " ".join(weights),
            "absent-after": rounds // 3,
        }
        runs = {
            "FedAvg": (FedAvg(fraction_evaluate=0.0), -1),
            "FedProx": (FedProx(fraction_evaluate=0.0, proximal_mu=PROXIMAL), -1),
            "FedAvg, a site drops out": (FedAvg(fraction_evaluate=0.0), SITES - 1),
        }
        for name, (strategy, absent) in runs.items():
            result = strategy.start(
                grid=grid,
                initial_arrays=ArrayRecord(list(weights.values())),
                num_rounds=rounds,
                train_config=ConfigRecord({**common, "absent": absent}),
            )
            trained = dict(zip(weights, result.arrays.to_numpy_ndarrays(), strict=True))
            path = pathlib.Path(folder) / f"{len(results)}.safetensors"
            save_file(trained, path, {**metadata, "backburn": json.dumps(about)})
            results[name] = path

    return app


def sites_of(column):
    """The site of each row: the values of a column are dealt out, the most frequent first, to the smallest site."""
    sizes, site_of = [0] * SITES, {}
    for value, count in column.value_counts().items():
        site_of[value] = sizes.index(min(sizes))
        sizes[site_of[value]] += count
    return column.map(site_of)


def show(name, rows, model, X, y):
    scores = model.evaluate(X, y)
    print(f"| {name} | {rows:,} | {scores['accuracy']:.4f} | {scores['log_loss']:.4f} |", flush=True)


def main(path, target="income", column="occupation", rounds="30"):
    table = pandas.read_csv(path).dropna(subset=[target])
    table[target] = table[target].astype(str)
    numeric = {name: pandas.api.types.is_numeric_dtype(table[name]) for name in table if name != target}
    kinds = {name: "numeric" if numeric[name] else "categorical" for name in numeric}
    training, test = train_test_split(table, test_size=0.2, random_state=0, stratify=table[target])
    site = sites_of(training[column].fillna("missing").astype(str))
    if site.nunique() < SITES:
        sys.exit(f"{column} has fewer than {SITES} values, so that they cannot be dealt out to {SITES} sites")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for index in range(SITES):
            training[site == index].to_pickle(pathlib.Path(folder) / f"site-{index}.pickle")
        run_simulation(
            server_app=server_app(folder, target, {**kinds, target: "categorical"}, int(rounds), results),
            client_app=client_app(folder, target),
            num_supernodes=SITES,
            backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0.0}},
        )
        X, y = test.drop(columns=target), test[target]
        print(f"\n{len(test):,} test rows of all sites\n\n| trained by | rows | accuracy | log loss |")
        print("| --- | ---: | ---: | ---: |")
        for name, model in results.items():
            show(name, len(training), BackburnClassifier.load(model), X, y)
    parts = {"all rows in one place": training, **{f"site {i} alone": training[site == i] for i in range(SITES)}}
    for name, rows in parts.items():
        model = BackburnClassifier(**SETTINGS, columns=kinds).fit(rows.drop(columns=target), rows[target])
        show(name, len(rows), model, X, y)


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
