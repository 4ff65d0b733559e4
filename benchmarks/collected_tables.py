"""Writes tables of four collections on GitHub, a fifth of the rows set aside, for accuracy.py.

usage: python benchmarks/collected_tables.py CLONES FOLDER; then python benchmarks/accuracy.py FOLDER
needs: pip install numpy pandas scikit-learn; in CLONES a clone of each of mwaskom/seaborn-data,
selva86/datasets, stedy/Machine-Learning-with-R-datasets and jbrownlee/Datasets, by the repository's name

FOLDER gets a folder NAME for each table, with train.csv and test.csv; the target is the last column. Folds of these
tables chose the learning rate and nothing else of the defaults (docs/experiments.md). Left out are row numbers, other forms of
the target, and columns that are known only together with it.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold

# By collection: the target, and what is left out.
TABLES = {
    "seaborn-data": {
        "healthexp": ("Life_Expectancy", []),
        "mpg": ("mpg", ["name"]),
        "taxis": ("fare", ["total", "tip"]),
        "titanic": ("survived", ["alive"]),
    },
    "datasets": {
        "Admission": ("Chance of Admit", ["Serial No."]),
        "Carseats": ("Sales", []),
        "Churn_Modelling": ("Exited", ["RowNumber", "CustomerId", "Surname"]),
        "College": ("Apps", []),
        "GlaucomaM": ("Class", []),
        "Hitters": ("Salary", []),
        "HouseVotes84": ("Class", []),
        "Life_Expectancy_Data": ("Life expectancy", []),
        "Sacramento": ("price", []),
        "Soybean": ("Class", []),
        "Vehicle": ("Class", []),
        "Vowel": ("Class", []),
        "Wage": ("wage", ["logwage", "region"]),
        "bank_marketing_test": ("y", ["duration"]),
        "caschool": ("testscr", ["observation_number", "dist_cod", "district", "read_scr", "math_scr"]),
        "musk": ("Class", []),
        "orange_juice_withmissing": ("Purchase", []),
        "ozone": ("ozone_reading", []),
        "segmentationData": ("Class", ["Cell", "Case"]),
    },
    "Machine-Learning-with-R-datasets": {
        "concrete": ("strength", []),
        "credit": ("default", []),
        "insurance": ("charges", []),
        "letterdata": ("letter", []),
        "mushrooms": ("type", []),
    },
    # Without names of columns: the target's place, the last unless it is another one.
    "Datasets": {
        "abalone": (-1, []),
        "auto_imports": (-1, []),
        "banknote_authentication": (-1, []),
        "breast-cancer": (-1, []),
        "ecoli": (-1, []),
        "glass": (-1, []),
        "haberman": (-1, []),
        "horse-colic": (23, [2, 24, 25, 26, 27]),
        "ionosphere": (-1, []),
        "mammography": (-1, []),
        "oil-spill": (-1, []),
        "phoneme": (-1, []),
        "sonar": (-1, []),
        "winequality-red": (-1, []),
        "winequality-white": (-1, []),
    },
}
# Amounts and grades; the others are classes, also where they are written as numbers.
NUMBERS = """Admission Carseats College Hitters Life_Expectancy_Data Sacramento Wage abalone auto_imports caschool
concrete healthexp insurance mpg ozone taxis winequality-red winequality-white""".split()


def table(collection, name, target, left_out):
    path = next(collection.rglob(f"{name}.csv"))
    quote = "'" if path.read_text()[:2000].count("'") > 10 else '"'
    header = None if collection.name == "Datasets" else 0
    frame = pd.read_csv(path, sep=None, engine="python", header=header, na_values=["?"], quotechar=quote)
    if header is None:
        target = frame.columns[target] if target < 0 else target
    else:
        frame = frame.rename(columns=str.strip)
    frame = frame.drop(columns=left_out).dropna(subset=[target])
    values = frame.pop(target)
    frame[target] = values if name in NUMBERS else "class " + values.astype(str)
    return frame.rename(columns=lambda column: f"column {column}" if header is None else column)


def main():
    clones, folder = Path(sys.argv[1]), Path(sys.argv[2])
    for collection, tables in TABLES.items():
        for name, (target, left_out) in tables.items():
            frame = table(clones / collection, name, target, left_out)
            target = frame.columns[-1]
            classes = name not in NUMBERS
            kind = StratifiedKFold if classes else KFold
            parts = kind(5, shuffle=True, random_state=7).split(frame, frame[target] if classes else None)
            train, test = next(parts)
            place = folder / name
            place.mkdir(parents=True, exist_ok=True)
            frame.iloc[np.sort(train)].to_csv(place / "train.csv", index=False)
            frame.iloc[np.sort(test)].to_csv(place / "test.csv", index=False)
            print(f"{name}: {len(frame):,} rows, {frame.shape[1] - 1} columns")


if __name__ == "__main__":
    main()
