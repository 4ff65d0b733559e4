"""Removes numbers from the test rows of tables: values that are missing in the rows to predict only.

usage: python benchmarks/missing_numbers.py FROM TO [--share 0.2]
then:  python benchmarks/accuracy.py TO --only lightgbm,xgboost,default
       python benchmarks/accuracy.py TO --only default --set data.impute=false
needs: pip install numpy pandas

FROM has a folder for each table, with train.csv and test.csv, as accuracy.py reads them. In TO, every number of a test
row except the target is missing with this probability. Training rows that lack a number are left out, since the network
learns what a missing value means there. Tables with fewer than two numeric columns, or where more than a tenth of the rows
lack a number, are skipped.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from accuracy import TARGETS


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("to", type=Path)
    parser.add_argument("--share", type=float, default=0.2)
    args = parser.parse_args()
    for folder in sorted(f.parent for f in args.source.glob("*/train.csv")):
        train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
        target = TARGETS.get(folder.name.split(".")[0], train.columns[-1])
        is_number = lambda column: column.dtype.kind in "iuf"
        numbers = [c for c in train if c != target and is_number(train[c]) and train[c].nunique() > 1]
        complete = train.dropna(subset=numbers)
        if len(numbers) < 2 or len(complete) < 0.9 * len(train) or not all(is_number(test[c]) for c in numbers):
            continue
        taken = np.random.default_rng(0).random((len(test), len(numbers))) < args.share
        test[numbers] = test[numbers].astype(float).mask(taken)
        to = args.to / folder.name
        to.mkdir(parents=True, exist_ok=True)
        complete.to_csv(to / "train.csv", index=False)
        test.to_csv(to / "test.csv", index=False)


if __name__ == "__main__":
    main()
