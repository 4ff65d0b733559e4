"""Measures what each ingredient of the default preset is worth, by cross-validation on training rows.

usage: python benchmarks/ablation.py FOLDER SEED,... [TABLE ...]
needs: cargo build --release -p trainer; FOLDER is as for accuracy.py

Each line removes one ingredient from the default. Numbers are the mean RMSE or log loss over three folds and the
seeds. The results are in docs/experiments.md.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from accuracy import TARGETS

WITHOUT = {
    "default": [],
    "no neighbor features": ["data.neighbor_features=false"],
    "no bins": ["data.bins=0"],
    "standard scaler instead of robust": ["data.numeric_scaler=standard"],
    "quantile scaler instead of robust": ["data.numeric_scaler=quantile"],
    "target never log-transformed": ["data.target_transform=standard"],
    "predictions not clipped": ["data.clip_predictions=false"],
    "ReLU instead of SiLU": ["network.activation=relu"],
    "no dropout": ["network.dropout=0"],
    "a learning rate of 0.0005": ["training.learning_rate=0.0005"],
    "one network": ["ensemble.members=1"],
    "networks of one width": ["ensemble.widths=[1]"],
    "dropout 0.2": ["network.dropout=0.2"],
}


def error(folder, settings, seed):
    target = TARGETS[folder.name]
    with tempfile.TemporaryDirectory() as out:
        command = ["target/release/trainer", "train", folder / "train.csv", "--target", target, "--folds", "3"]
        command += ["--seed", str(seed), "--json", "--out", f"{out}/m.safetensors"]
        for setting in settings:
            command += ["--set", setting]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    folds = json.loads(done.stdout.splitlines()[-1])["cross_validation"]["folds"]
    return sum(fold.get("rmse", fold.get("log_loss")) for fold in folds) / len(folds)


def main():
    seeds = [int(seed) for seed in sys.argv[2].split(",")]
    tables = sys.argv[3:] or list(TARGETS)
    print("| | " + " | ".join(tables) + " |\n|" + " --- |" * (len(tables) + 1), flush=True)
    for name, settings in WITHOUT.items():
        print(f"| {name} |", end="", flush=True)
        for table in tables:
            errors = [error(Path(sys.argv[1]) / table, settings, seed) for seed in seeds]
            mean = sum(errors) / len(errors)
            print(f" {mean:,.0f} |" if mean > 10 else f" {mean:.4f} |", end="", flush=True)
        print(flush=True)


if __name__ == "__main__":
    main()
